//! Named users, how they log in, and their sessions.
//!
//! Passwords are kept as Argon2id hashes, secrets of sessions and of the set-up link as SHA-256. Whoever cannot log in hears the
//! same whether the name, the password or both are wrong, or the user is disabled, and after the same work. Everything is noted in
//! the log of what was done; of what was typed as a name only what a user is called.
//!
//! - [`password`]: hashing and comparing; [`rules`]: which names and passwords there can be
//! - [`login`]: from a password to a session; [`setup`]: the first user; [`manage`]: users, by those who may
//! - [`denied`]: why somebody does not come in

mod denied;
mod login;
mod manage;
mod password;
mod rules;
mod setup;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests;

use std::fmt;
use std::sync::Arc;

pub use denied::Denied;
pub use login::LoggedIn;
pub(super) use login::place;
pub use manage::Actor;

use crate::ports::access::{Access, Deed};
use crate::ports::{Outcome, Tenants, Users};
use password::Passwords;

/// Who stands in the log where no user is known.
pub const UNKNOWN: &str = "unknown";

/// Users and their sessions. Clones share it.
#[derive(Clone)]
pub struct Console {
    users: Arc<dyn Users>,
    access: Arc<dyn Access>,
    tenants: Arc<dyn Tenants>,
    passwords: Passwords,
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").finish_non_exhaustive()
    }
}

impl Console {
    /// On a database. Hashes once, so that a login with a name that nobody has takes as long as any other.
    ///
    /// # Errors
    /// `internal` where there is no memory to hash with.
    pub fn new(
        users: Arc<dyn Users>,
        access: Arc<dyn Access>,
        tenants: Arc<dyn Tenants>,
    ) -> Outcome<Self> {
        Ok(Self {
            users,
            access,
            tenants,
            passwords: Passwords::new()?,
        })
    }

    async fn note(&self, actor: Actor<'_>, what: &str, which: &str, refused: &str) -> Outcome<()> {
        let deed = Deed::now((actor.who, actor.from), None, what, which, refused);
        self.access.note(&deed).await
    }
}

/// Unix milliseconds.
fn now() -> i64 {
    chrono::Utc::now().timestamp_millis()
}
