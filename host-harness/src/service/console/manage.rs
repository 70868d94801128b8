//! Users, by those who may give others access.

use super::{Console, now, rules};
use crate::Problem;
use crate::ports::Outcome;
use crate::ports::access::{Rank, Reach};
use crate::ports::users::User;

/// Who does something, and from where.
#[derive(Debug, Clone, Copy)]
pub struct Actor<'a> {
    /// As [`crate::ports::access::Deed::who`] has it.
    pub who: &'a str,
    /// The address; empty on this machine.
    pub from: &'a str,
}

impl Actor<'_> {
    /// Whoever types on this machine.
    pub const COMMAND_LINE: Actor<'static> = Actor {
        who: "command line",
        from: "",
    };
}

impl Console {
    /// Every user by name.
    ///
    /// # Errors
    /// What the database refuses.
    pub async fn users(&self) -> Outcome<Vec<User>> {
        self.users.users().await
    }

    /// A user.
    ///
    /// # Errors
    /// `unknown-user`.
    pub async fn user(&self, id: i64) -> Outcome<User> {
        self.users.user(id).await
    }

    /// A user by name.
    ///
    /// # Errors
    /// `unknown-user`.
    pub async fn user_named(&self, name: &str) -> Outcome<User> {
        let folded = rules::folded(name);
        let found = if rules::is_name(&folded) {
            self.users.user_named(&folded).await?
        } else {
            None
        };
        let (user, _) = found.ok_or_else(|| {
            Problem::new(
                "unknown-user",
                "There is no user of this name",
                "Look at the list of users.",
            )
        })?;
        Ok(user)
    }

    /// Adds a user. A set-up link is good no more.
    ///
    /// # Errors
    /// `bad-user-name`, `unknown-tenant`, `weak-password`, `user-exists`, `login-busy`.
    pub async fn create(
        &self,
        actor: Actor<'_>,
        name: &str,
        rank: Rank,
        reach: Reach,
        password: &str,
    ) -> Outcome<User> {
        let name = rules::name(name)?;
        let done = async {
            self.known(&reach, None).await?;
            let password = rules::password(password, &name)?;
            let kept = self.passwords.hash(password).await?;
            let now = now();
            let mut user = User {
                id: 0,
                name: name.clone(),
                rank,
                reach,
                disabled: false,
                created_at: now,
                changed_at: now,
            };
            user.id = self.users.add_user(&user, &kept).await?;
            Ok(user)
        };
        self.noted(actor, "user.create", &name, done).await
    }

    /// Changes what a user may do, whose data the user reaches, and whether the user may log in. The user's sessions end.
    ///
    /// # Errors
    /// `unknown-user`; `unknown-tenant`; `last-admin` where nobody else may give others access.
    pub async fn change(
        &self,
        actor: Actor<'_>,
        id: i64,
        rank: Rank,
        reach: Reach,
        disabled: bool,
    ) -> Outcome<User> {
        let old = self.users.user(id).await?;
        let what = match (old.disabled, disabled) {
            (false, true) => "user.disable",
            (true, false) => "user.enable",
            _ => "user.change",
        };
        let before = old.reach.clone();
        let user = User {
            rank,
            reach,
            disabled,
            changed_at: now(),
            ..old
        };
        let name = user.name.clone();
        let done = async {
            self.known(&user.reach, Some(&before)).await?;
            self.users.change_user(&user).await?;
            Ok(user)
        };
        self.noted(actor, what, &name, done).await
    }

    /// Sets another password for a user, whose sessions end.
    ///
    /// # Errors
    /// `unknown-user`, `weak-password`, `login-busy`.
    pub async fn reset_password(&self, actor: Actor<'_>, id: i64, password: &str) -> Outcome<User> {
        let user = self.users.user(id).await?;
        let name = user.name.clone();
        let done = async {
            let password = rules::password(password, &user.name)?;
            let kept = self.passwords.hash(password).await?;
            self.users.set_password(id, &kept, now()).await?;
            Ok(user)
        };
        self.noted(actor, "user.password", &name, done).await
    }

    /// Refuses tenants that are not installed, but for those that were named before: otherwise a user would reach whatever is installed
    /// by that name later, and whoever mistyped one would hear of it from the user.
    async fn known(&self, reach: &Reach, before: Option<&Reach>) -> Outcome<()> {
        let Reach::Tenants(tenants) = reach else {
            return Ok(());
        };
        let named = match before {
            Some(Reach::Tenants(named)) => named.clone(),
            _ => std::collections::BTreeSet::new(),
        };
        for tenant in tenants.difference(&named) {
            match self.tenants.get(tenant).await {
                Ok(_) => {}
                Err(problem) if problem.code == "not-installed" => {
                    return Err(Problem::new(
                        "unknown-tenant",
                        format!("Nothing is installed for the tenant {tenant}"),
                        "Look whether the name is right. A tenant is installed first, and then users reach it.",
                    )
                    .of_field("tenants"));
                }
                Err(problem) => return Err(problem),
            }
        }
        Ok(())
    }

    /// Does something to a user and notes it, whether it was done or refused.
    async fn noted<T>(
        &self,
        actor: Actor<'_>,
        what: &str,
        name: &str,
        done: impl Future<Output = Outcome<T>>,
    ) -> Outcome<T> {
        let done = done.await;
        let refused = done.as_ref().err().map_or("", |problem| &problem.code);
        self.note(actor, what, name, refused).await?;
        done
    }
}
