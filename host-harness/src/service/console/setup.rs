//! The first user: made with a link that is shown to whoever starts the service.

use zeroize::Zeroizing;

use super::login::trier;
use super::{Actor, Console, Denied, LoggedIn, UNKNOWN, now, rules};
use crate::ports::Outcome;
use crate::ports::access::{Rank, Reach};
use crate::ports::users::User;
use crate::service::token::{hash, secret};

/// What every set-up secret begins with.
const MARK: &str = "rollcall_setup_";
/// For how long one is good.
const GOOD: i64 = 24 * 60 * 60 * 1_000;
/// Whose tries these are: no user's, for no name is this.
const NOBODY: &str = "";

impl Console {
    /// Makes a set-up secret, good for 24 hours and until there is a user. Those that were made before stay good: another host may
    /// have shown one.
    ///
    /// # Errors
    /// `set-up-done` where there is a user.
    pub async fn offer_setup(&self) -> Outcome<Zeroizing<String>> {
        let secret = Zeroizing::new(secret(MARK));
        self.users.offer_setup(&hash(&secret), now() + GOOD).await?;
        Ok(secret)
    }

    /// The same; those that were made before are good no more.
    ///
    /// # Errors
    /// `set-up-done` where there is a user.
    pub async fn offer_setup_alone(&self) -> Outcome<Zeroizing<String>> {
        self.users.forget_setup().await?;
        self.offer_setup().await
    }

    /// Makes the first user, an admin who reaches everything, and logs in.
    ///
    /// # Errors
    /// `set-up-done` where there is a user; `set-up-refused` where the secret is not good; `login-limited`, `login-busy`;
    /// `bad-user-name`, `weak-password`.
    pub async fn set_up(
        &self,
        secret: &str,
        name: &str,
        password: &str,
        from: &str,
    ) -> Result<LoggedIn, Denied> {
        let name = rules::name(name)?;
        let password = rules::password(password, &name)?;
        let hash = hash(secret);
        let trier = trier(NOBODY, from);
        self.may_try(&trier).await?;
        let now = now();
        let made = async {
            // Before the work of hashing.
            self.users.check_setup(&hash, now).await?;
            let kept = self.passwords.hash(password).await?;
            let mut user = User {
                id: 0,
                name,
                rank: Rank::Admin,
                reach: Reach::Everything,
                disabled: false,
                created_at: now,
                changed_at: now,
            };
            user.id = self.users.set_up(&hash, &user, &kept).await?;
            Ok::<_, crate::Problem>((user, kept))
        };
        match made.await {
            Ok((user, kept)) => {
                self.users.tried_well(&trier, now).await?;
                self.begin(user, &kept, from, "set-up").await
            }
            Err(problem) => {
                let actor = Actor { who: UNKNOWN, from };
                self.note(actor, "set-up", "", &problem.code).await?;
                Err(problem.into())
            }
        }
    }
}
