//! From timetables to runs that wait.
//!
//! Whatever was missed becomes one run: the next occurrence is asked for from now on, not from the last one.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use chrono::Utc;

use super::host::{Host, millis, now};
use crate::cause::known;
use crate::ports::TenantId;
use crate::ports::queue::{Ask, Due};
use crate::tenant::Hook;

/// Tenants looked at in one go: those that are left alone for a while are among them.
const AT_ONCE: u32 = 10_000;
/// How long a tenant whose timetable cannot be read is left alone. It stays due, and is told as overdue.
const REST: Duration = Duration::from_secs(60);

impl Host {
    /// Turns what is due into runs that wait, for ever.
    pub(super) async fn watch_the_time(self) {
        loop {
            match self.queue.due(now(), AT_ONCE).await {
                Ok(due) => {
                    for due in due.iter().filter(|due| !self.rests(&due.tenant)) {
                        self.at_work().unread.remove(&due.tenant);
                        if let Err(refused) = self.meet(due).await {
                            let code = known(refused.code());
                            tracing::warn!(tenant = %due.tenant, code, "a timetable cannot be read");
                            self.rest(&due.tenant, REST);
                            self.at_work().unread.insert(due.tenant.clone(), code);
                        }
                    }
                }
                Err(problem) => tracing::warn!(code = problem.code, "what is due cannot be read"),
            }
            tokio::time::sleep(self.config.pause).await;
        }
    }

    async fn meet(&self, due: &Due) -> Hook<()> {
        let tenant = self.tenant(&due.tenant).await?;
        let next = tenant.due_after(Utc::now()).await?;
        let changes = tenant
            .timetable()
            .await
            .is_ok_and(|timetable| timetable.full_every.is_some());
        let ask = Ask {
            mode: if changes { "changes" } else { "full" }.to_owned(),
            by: "schedule".to_owned(),
            key: None,
            not_before: now() + self.jitter(&due.tenant, due.at),
            attempt: 0,
        };
        if let Some(run) = self.queue.meet(due, next, &ask).await? {
            tracing::info!(tenant = %due.tenant, %run, "due");
        }
        Ok(())
    }

    /// The same on every host, another at every occurrence.
    fn jitter(&self, tenant: &TenantId, at: i64) -> i64 {
        let mut hasher = DefaultHasher::new();
        (tenant, at).hash(&mut hasher);
        let spread = u64::try_from(self.config.jitter.as_millis()).unwrap_or(u64::MAX);
        let jitter = Duration::from_millis(hasher.finish().checked_rem(spread).unwrap_or(0));
        millis(jitter)
    }
}
