//! Hashing and comparing passwords: Argon2id (RFC 9106), off the threads that answer, a few at a time.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::Problem;
use crate::ports::Outcome;
use crate::ports::users::PasswordHash;

/// KiB: 19 MiB with two passes is what OWASP asks for at least.
const MEMORY: u32 = 19 * 1_024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Passwords that are hashed at once: what they need of memory and processors is bounded.
const AT_ONCE: usize = 2;
/// How long one waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// Hashes and compares. Clones share the bound.
#[derive(Clone)]
pub(super) struct Passwords {
    turns: Arc<Semaphore>,
    /// Nobody's: it is compared with where there is no user.
    decoy: PasswordHash,
}

/// What came of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Compared {
    /// It is the password.
    pub(super) right: bool,
    /// It was hashed with less than what is asked for today.
    pub(super) weak: bool,
}

impl Passwords {
    pub(super) fn new() -> Outcome<Self> {
        let nobody = uuid::Uuid::new_v4().to_string();
        Ok(Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            decoy: hash(nobody.as_bytes())?,
        })
    }

    /// What is kept of a password.
    ///
    /// # Errors
    /// `login-busy`, `internal`.
    pub(super) async fn hash(&self, password: Zeroizing<String>) -> Outcome<PasswordHash> {
        self.in_turn(move || hash(password.as_bytes())).await?
    }

    /// Compares a password with what is kept of one; with nobody's where nothing is. That is never right, and no faster.
    ///
    /// # Errors
    /// `login-busy`, `internal`.
    pub(super) async fn compare(
        &self,
        password: Zeroizing<String>,
        kept: Option<PasswordHash>,
    ) -> Outcome<Compared> {
        let somebodys = kept.is_some();
        let kept = kept.unwrap_or_else(|| self.decoy.clone());
        let compared = self
            .in_turn(move || compare(password.as_bytes(), &kept))
            .await?;
        Ok(Compared {
            right: compared.right && somebodys,
            ..compared
        })
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Outcome<T> {
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            return Err(Problem::new(
                "login-busy",
                "Too many passwords wait to be looked at",
                "Try again in a moment. Where it stays so, look in the log for who tries.",
            ));
        };
        // The turn goes with the work: it goes on where whoever asked has gone.
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await.map_err(|error| fault(&error))
    }
}

fn argon2() -> Outcome<Argon2<'static>> {
    let params = Params::new(MEMORY, PASSES, LANES, None).map_err(|error| fault(&error))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &[u8]) -> Outcome<PasswordHash> {
    let hashed = argon2()?.hash_password(password);
    Ok(PasswordHash(
        hashed.map_err(|error| fault(&error))?.to_string(),
    ))
}

/// With the parameters that stand in the hash. One that cannot be read is nobody's password.
fn compare(password: &[u8], kept: &PasswordHash) -> Compared {
    let nothing = Compared {
        right: false,
        weak: false,
    };
    let Ok(parsed) = phc::PasswordHash::new(&kept.0) else {
        return nothing;
    };
    let Ok(params) = Params::try_from(&parsed) else {
        return nothing;
    };
    let right = Argon2::default().verify_password(password, &parsed).is_ok();
    let weak = params.m_cost() < MEMORY || params.t_cost() < PASSES;
    Compared { right, weak }
}

fn fault(error: &dyn std::fmt::Display) -> Problem {
    Problem::new(
        "internal",
        format!("The password could not be hashed: {error}"),
        "Look whether the machine has memory left.",
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
pub(super) mod tests {
    use super::*;

    /// A hash as an older version of this program made it.
    pub(in crate::service::console) fn weakly_hashed(password: &str) -> PasswordHash {
        let params = Params::new(8 * 1_024, 1, 1, None).unwrap();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        PasswordHash(
            argon2
                .hash_password(password.as_bytes())
                .unwrap()
                .to_string(),
        )
    }

    fn typed(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_and_another_is_not() {
        let passwords = Passwords::new().unwrap();
        let kept = passwords.hash(typed("correct horse")).await.unwrap();
        let start = "$argon2id$v=19$m=19456,t=2,p=1$";
        assert!(kept.0.starts_with(start), "{}", kept.0);
        assert_ne!(
            kept,
            passwords.hash(typed("correct horse")).await.unwrap(),
            "salt"
        );
        for (text, right) in [
            ("correct horse", true),
            ("correct horsf", false),
            ("", false),
        ] {
            let compared = passwords.compare(typed(text), Some(kept.clone())).await;
            assert_eq!(compared.unwrap(), Compared { right, weak: false });
        }
        for nobody in [None, Some(PasswordHash("no hash".into()))] {
            let compared = passwords.compare(typed("correct horse"), nobody).await;
            assert!(!compared.unwrap().right);
        }
    }

    #[tokio::test]
    async fn a_hash_of_less_work_is_told_to_be_weak() {
        let passwords = Passwords::new().unwrap();
        let kept = Some(weakly_hashed("correct horse"));
        let compared = passwords.compare(typed("correct horse"), kept).await;
        let expected = Compared {
            right: true,
            weak: true,
        };
        assert_eq!(compared.unwrap(), expected);
    }

    #[tokio::test]
    async fn no_more_than_two_are_hashed_at_once() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let passwords = Passwords::new().unwrap();
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let work = (0..8).map(|_| {
            let (now, most) = (now.clone(), most.clone());
            passwords.in_turn(move || {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(20));
                now.fetch_sub(1, Ordering::SeqCst);
            })
        });
        futures_util::future::join_all(work).await;
        assert_eq!(most.load(Ordering::SeqCst), AT_ONCE);
    }
}
