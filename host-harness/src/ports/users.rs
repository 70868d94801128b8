//! The users port: who may log in, who has, and who tries.
//!
//! Of every secret only its SHA-256 is kept. Moments are Unix milliseconds and given by the caller.

use std::fmt;

use async_trait::async_trait;

use super::Outcome;
use super::access::{Rank, Reach};

/// The SHA-256 of a secret with 244 random bits, or of what somebody tries.
pub type Hash = [u8; 32];

/// Somebody who may log in, without the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The user's number.
    pub id: i64,
    /// What the user is called here and in the log of what was done.
    pub name: String,
    /// What the user may do.
    pub rank: Rank,
    /// Whose data the user reaches.
    pub reach: Reach,
    /// May not log in.
    pub disabled: bool,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Unix milliseconds of the last change of anything here, or of the password.
    pub changed_at: i64,
}

impl User {
    /// How the user stands in the log.
    #[must_use]
    pub fn who(&self) -> String {
        format!("user:{}", self.name)
    }
}

/// What is kept of a password: Argon2id in PHC form. It is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Somebody who has logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who.
    pub user: User,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Unix milliseconds of when it was last used, to a minute.
    pub seen_at: i64,
    /// Unix milliseconds from which on it is over unless it is used.
    pub idle_at: i64,
    /// Unix milliseconds from which on it is over.
    pub ends_at: i64,
    /// The address that logged in.
    pub from: String,
}

/// Who tries: the name at this address, and the address alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trier {
    /// The hash of name and address.
    pub pair: Hash,
    /// The hash of the address.
    pub address: Hash,
}

/// Whether somebody may try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Try {
    /// Yes, and it counts as failed until it is told otherwise.
    Allowed,
    /// Not before this moment.
    NotBefore(i64),
}

/// Who may log in, who has, and who tries.
#[async_trait]
pub trait Users: Send + Sync {
    /// Every user by name.
    async fn users(&self) -> Outcome<Vec<User>>;
    /// A user. Refuses `unknown-user`.
    async fn user(&self, id: i64) -> Outcome<User>;
    /// A user by name, with the password's hash.
    async fn user_named(&self, name: &str) -> Outcome<Option<(User, PasswordHash)>>;
    /// Adds a user; no set-up secret is good any more. Refuses `user-exists`.
    async fn add_user(&self, user: &User, password: &PasswordHash) -> Outcome<i64>;
    /// Changes rank, reach and whether the user may log in, and ends the user's sessions. Refuses `unknown-user`, and
    /// `last-admin` where nobody would be left who may log in and give others access.
    async fn change_user(&self, user: &User) -> Outcome<()>;
    /// Changes the password and ends the user's sessions. Refuses `unknown-user`.
    async fn set_password(&self, id: i64, password: &PasswordHash, now: i64) -> Outcome<()>;
    /// The same password, hashed anew; nothing happens where it was changed meanwhile.
    async fn rehash(&self, id: i64, old: &PasswordHash, new: &PasswordHash) -> Outcome<()>;

    /// Adds a session of a user who may log in and whose password is still the one that was shown; none of a user who may not.
    /// Sessions that are over go, and the user's oldest where there are many.
    async fn add_session(
        &self,
        hash: &Hash,
        session: &Session,
        password: &PasswordHash,
    ) -> Outcome<bool>;
    /// The session of a secret, unless it is over or its user may not log in.
    async fn session(&self, hash: &Hash, now: i64) -> Outcome<Option<Session>>;
    /// A session was used: it is over later.
    async fn touch_session(&self, hash: &Hash, seen_at: i64, idle_at: i64) -> Outcome<()>;
    /// Ends a session, if there is one.
    async fn end_session(&self, hash: &Hash) -> Outcome<()>;

    /// Keeps the hash of another set-up secret, beside those that are still good: hosts that share a database may each have given
    /// one. The oldest go where there are more than 100. Refuses `set-up-done` where there is a user.
    async fn offer_setup(&self, hash: &Hash, expires_at: i64) -> Outcome<()>;
    /// Forgets every set-up secret.
    async fn forget_setup(&self) -> Outcome<()>;
    /// Whether a set-up secret is good. Refuses `set-up-done` where there is a user, and `set-up-refused` where it is not.
    async fn check_setup(&self, hash: &Hash, now: i64) -> Outcome<()>;
    /// Uses a set-up secret up and adds the first user: both or neither. Refuses like [`Self::check_setup`].
    async fn set_up(&self, hash: &Hash, user: &User, password: &PasswordHash) -> Outcome<i64>;

    /// Somebody wants to try: says whether, and counts it. Two at once count as two.
    async fn may_try(&self, who: &Trier, now: i64) -> Outcome<Try>;
    /// A try that was allowed has succeeded: it does not count. The name at this address is known for a while, and held to its own
    /// tries alone, so that others at the same address do not lock it out.
    async fn tried_well(&self, who: &Trier, now: i64) -> Outcome<()>;
}
