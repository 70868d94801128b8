//! Why somebody does not come in.

use std::time::Duration;

use crate::Problem;

/// Why somebody does not come in, and when it is worth trying again.
#[derive(Debug, Clone, PartialEq)]
pub struct Denied {
    /// What to tell.
    pub problem: Problem,
    /// How long to wait before the next try.
    pub wait: Option<Duration>,
}

impl From<Problem> for Denied {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            wait: None,
        }
    }
}

impl Denied {
    /// Too many tries; the next one is worth it at this moment (both Unix milliseconds).
    pub(super) fn until(not_before: i64, now: i64) -> Self {
        let millis = u64::try_from(not_before - now).unwrap_or_default();
        let wait = Duration::from_secs(millis.div_ceil(1_000).max(1));
        Self {
            problem: Problem::new(
                "login-limited",
                format!(
                    "There were too many tries; this one was not looked at. The next may be made in {} s",
                    wait.as_secs()
                ),
                "Wait. Whoever has forgotten the password lets an admin set another, or uses `rollcall user password`.",
            ),
            wait: Some(wait),
        }
    }

    /// The same for a wrong name, a wrong password, and a user who may not log in.
    pub(super) fn refused() -> Self {
        Problem::new(
            "login-refused",
            "There is no user with this name and this password who may log in",
            "Check both. An admin can set another password.",
        )
        .into()
    }
}
