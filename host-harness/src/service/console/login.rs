//! From a password to a session, and what becomes of it.

use std::fmt;
use std::net::IpAddr;

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{Actor, Console, Denied, UNKNOWN, now, rules};
use crate::ports::Outcome;
use crate::ports::users::{Hash, PasswordHash, Session, Trier, Try, User};
use crate::service::token::{hash, secret};

/// What every secret of a session begins with.
const MARK: &str = "rollcall_session_";
const MINUTE: i64 = 60 * 1_000;
/// A session that is not used is over after an hour, and any after twelve.
const IDLE: i64 = 60 * MINUTE;
const LONGEST: i64 = 12 * 60 * MINUTE;

/// A session that has just begun. Its secret is not shown by `Debug`.
pub struct LoggedIn {
    /// The session.
    pub session: Session,
    /// What the browser shows of it from now on. Only its hash is kept.
    pub secret: Zeroizing<String>,
}

impl fmt::Debug for LoggedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoggedIn")
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

/// Somebody whose password was right.
struct Checked {
    user: User,
    kept: PasswordHash,
    /// The password, where it is to be hashed anew.
    weak: Option<Zeroizing<String>>,
}

impl Console {
    /// Begins a session, always with a new secret.
    ///
    /// # Errors
    /// `login-refused` whatever is wrong; `login-limited` with the time to wait, right password or not; `login-busy`.
    pub async fn login(&self, name: &str, password: &str, from: &str) -> Result<LoggedIn, Denied> {
        let name = rules::folded(name);
        let checked = self.checked(&name, password, from, "login").await?;
        let id = checked.user.id;
        let begun = self
            .begin(checked.user, &checked.kept, from, "login")
            .await?;
        // Afterwards: the session is of the hash that was compared, whatever became of it meanwhile.
        if let Some(typed) = checked.weak {
            let stronger = self.passwords.hash(typed).await?;
            self.users.rehash(id, &checked.kept, &stronger).await?;
        }
        Ok(begun)
    }

    /// The session of a secret, unless it is over. It is over later from now on.
    ///
    /// # Errors
    /// What the database refuses.
    pub async fn session(&self, secret: &str) -> Outcome<Option<Session>> {
        let (hash, now) = (hash(secret), now());
        let Some(session) = self.users.session(&hash, now).await? else {
            return Ok(None);
        };
        if now - session.seen_at >= MINUTE {
            let idle_at = (now + IDLE).min(session.ends_at);
            // A database that is busy for once ends nobody's session.
            if let Err(problem) = self.users.touch_session(&hash, now, idle_at).await {
                tracing::warn!(
                    code = problem.code,
                    "a session's use could not be remembered"
                );
            }
        }
        Ok(Some(session))
    }

    /// The session of a secret with this hash, unless it is over. It is not used by that.
    ///
    /// # Errors
    /// What the database refuses.
    pub async fn look(&self, hash: &Hash) -> Outcome<Option<Session>> {
        self.users.session(hash, now()).await
    }

    /// Ends a session.
    ///
    /// # Errors
    /// What the database refuses.
    pub async fn log_out(&self, secret: &str, session: &Session, from: &str) -> Outcome<()> {
        self.users.end_session(&hash(secret)).await?;
        let who = session.user.who();
        let actor = Actor { who: &who, from };
        self.note(actor, "logout", "", "").await
    }

    /// Forgets a session that another has taken the place of.
    ///
    /// # Errors
    /// What the database refuses.
    pub async fn forget(&self, secret: &str) -> Outcome<()> {
        self.users.end_session(&hash(secret)).await
    }

    /// Changes somebody's own password. Every session of the user ends, and one begins.
    ///
    /// # Errors
    /// `login-refused` where the old one is wrong, `login-limited`, `login-busy`, `weak-password`.
    pub async fn change_own_password(
        &self,
        user: &User,
        old: &str,
        new: &str,
        from: &str,
    ) -> Result<LoggedIn, Denied> {
        let password = rules::password(new, &user.name)?;
        let user = self
            .checked(&user.name, old, from, "password.change")
            .await?
            .user;
        let kept = self.passwords.hash(password).await?;
        self.users.set_password(user.id, &kept, now()).await?;
        self.begin(user, &kept, from, "password.change").await
    }

    /// The user whose password this is.
    async fn checked(
        &self,
        name: &str,
        password: &str,
        from: &str,
        what: &str,
    ) -> Result<Checked, Denied> {
        let trier = trier(name, from);
        self.may_try(&trier).await?;
        let found = if rules::is_name(name) {
            self.users.user_named(name).await?
        } else {
            None
        };
        let (user, kept) = found.unzip();
        let typed = rules::normal(password);
        let compared = self.passwords.compare(typed.clone(), kept.clone()).await?;
        let who = user.as_ref().map_or_else(|| UNKNOWN.to_owned(), User::who);
        let good = user.zip(kept).filter(|(user, _)| !user.disabled);
        let Some((user, kept)) = good.filter(|_| compared.right) else {
            let actor = Actor { who: &who, from };
            return Err(self.refuse(actor, what).await?);
        };
        self.users.tried_well(&trier, now()).await?;
        Ok(Checked {
            user,
            kept,
            weak: compared.weak.then_some(typed),
        })
    }

    /// Begins a session of somebody whose password was checked, and notes it.
    pub(super) async fn begin(
        &self,
        user: User,
        kept: &PasswordHash,
        from: &str,
        what: &str,
    ) -> Result<LoggedIn, Denied> {
        let now = now();
        let session = Session {
            user,
            created_at: now,
            seen_at: now,
            idle_at: now + IDLE,
            ends_at: now + LONGEST,
            from: from.to_owned(),
        };
        let secret = Zeroizing::new(secret(MARK));
        let begun = self
            .users
            .add_session(&hash(&secret), &session, kept)
            .await?;
        let who = session.user.who();
        let actor = Actor { who: &who, from };
        if !begun {
            // The user was disabled, or has another password, since it was checked.
            return Err(self.refuse(actor, what).await?);
        }
        self.note(actor, what, "", "").await?;
        Ok(LoggedIn { session, secret })
    }

    async fn refuse(&self, actor: Actor<'_>, what: &str) -> Result<Denied, Denied> {
        let denied = Denied::refused();
        self.note(actor, what, "", &denied.problem.code).await?;
        Ok(denied)
    }

    /// Counts a try. One that is refused here is not noted: the log would grow with every one of them.
    pub(super) async fn may_try(&self, trier: &Trier) -> Result<(), Denied> {
        let now = now();
        match self.users.may_try(trier, now).await? {
            Try::Allowed => Ok(()),
            Try::NotBefore(not_before) => Err(Denied::until(not_before, now)),
        }
    }
}

/// Who tries. Names are kept as hashes: passwords are typed into their field too.
pub(super) fn trier(name: &str, from: &str) -> Trier {
    let place = place(from);
    let digest = |parts: &[&str]| -> Hash {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        digest.finalize().into()
    };
    Trier {
        pair: digest(&["name", name, &place]),
        address: digest(&["address", &place]),
    }
}

/// Whoever has an IPv6 address has as many as there are in a network of 64 bits.
pub(crate) fn place(from: &str) -> String {
    match from.parse() {
        Ok(IpAddr::V6(address)) => format!("{:x}", u128::from(address) >> 64),
        _ => from.to_owned(),
    }
}
