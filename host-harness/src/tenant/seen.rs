//! Changes of what somebody has looked at: made where that still is there, and nowhere else.

use crate::Problem;
use crate::contract::hooks::mapping::Rule;
use crate::contract::hooks::schedule::Timetable;

use super::{Hook, Tenant};

impl Tenant {
    /// [`Tenant::submit_rules`], where the stored ones still are those that were looked at. Nobody stores others in between: that
    /// takes the tenant's lease.
    ///
    /// # Errors
    /// `mapping-changed`, and those of [`Tenant::submit_rules`].
    pub async fn replace_rules(
        &self,
        rules: Vec<Rule>,
        seen: impl FnOnce(&[Rule]) -> bool + Send,
    ) -> Hook<String> {
        let _lease = self.lease().await?;
        if !seen(&self.rules().await?) {
            return Err(Problem::new(
                "mapping-changed",
                "Somebody else has changed the rules since they were looked at",
                "Look at them again, and change what is still to be changed.",
            )
            .into());
        }
        self.store_rules(rules).await
    }

    /// [`Tenant::submit_timetable`], where the stored one, if any, still is the one that was looked at. It is stored only over the
    /// version that was compared: a run may be under way, and whoever else stores one takes no lease.
    ///
    /// # Errors
    /// `schedule-changed`, and those of [`Tenant::submit_timetable`].
    pub async fn replace_timetable(
        &self,
        timetable: Timetable,
        seen: impl FnOnce(Option<&Timetable>) -> bool + Send,
    ) -> Hook<()> {
        let draft = self.draft();
        let stored = match self.hooks_on(&draft).timetable().await {
            Ok(stored) => Some(stored),
            Err(problems) if problems.iter().all(|one| one.code == "not-scheduled") => None,
            Err(problems) => return Err(problems.into()),
        };
        if !seen(stored.as_ref()) {
            return Err(schedule_changed().into());
        }
        self.hooks_on(&draft).submit_timetable(timetable).await?;
        self.keep_timetable(&draft).await.map_err(|refused| {
            if refused.code() == "conflict" {
                schedule_changed().into()
            } else {
                refused
            }
        })
    }
}

fn schedule_changed() -> Problem {
    Problem::new(
        "schedule-changed",
        "Somebody else has changed the timetable since it was looked at",
        "Look at it again, and change what is still to be changed.",
    )
}
