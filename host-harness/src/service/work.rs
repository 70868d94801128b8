//! From runs that wait to runs that are over.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::host::{Host, millis, now};
use crate::Problem;
use crate::cause::known;
use crate::contract::hooks::sync::Mode;
use crate::ports::TenantId;
use crate::ports::plan::RunStatus;
use crate::ports::queue::{Ask, Wanted, Work};
use crate::tenant::{Hook, Refused, SyncOptions};

/// How often a sync that the directory failed is tried again.
const ATTEMPTS: u32 = 5;
/// Before the first time; twice as long before each further one.
const FIRST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// How long a tenant with whom another is busy is left alone.
const BUSY: Duration = Duration::from_secs(3);

/// Runs that are left alone for a while, as many as are looked past.
const RESTING: u32 = 1_000;

/// Codes of trouble that may be gone later.
const PASSING: [&str; 8] = [
    "resolve-failed",
    "timeout",
    "connection-lost",
    "server-unavailable",
    "search-ended",
    "operations-error",
    "store-busy",
    "store-unreachable",
];

impl Host {
    /// Begins what waits, as far as there is room.
    pub(super) async fn take_up(&self, runs: &mut JoinSet<()>) {
        let under_way = self.under_way();
        let room = self.config.runs.saturating_sub(under_way);
        if room == 0 {
            return;
        }
        // Those under way are listed too, and those that are left alone for a while.
        let limit =
            u32::try_from(2 * self.config.runs + room).map_or(u32::MAX, |one| one + RESTING);
        let waiting = match self.queue.waiting(now(), limit).await {
            Ok(waiting) => waiting,
            Err(problem) => {
                tracing::warn!(code = problem.code, "the queue cannot be read");
                return;
            }
        };
        for work in waiting {
            if self.under_way() >= self.config.runs {
                break;
            }
            if self.rests(&work.tenant) {
                continue;
            }
            let stop = self.stopping.child_token();
            {
                let mut at_work = self.at_work();
                if at_work.tenants.contains_key(&work.tenant) {
                    continue;
                }
                at_work.tenants.insert(work.tenant.clone(), stop.clone());
            }
            let host = self.clone();
            runs.spawn(async move {
                let span = tracing::info_span!("host", host = host.config.name);
                host.work(&work, &stop).instrument(span).await;
                host.at_work().tenants.remove(&work.tenant);
                host.wake();
            });
        }
    }

    pub(super) fn rests(&self, tenant: &TenantId) -> bool {
        let mut at_work = self.at_work();
        at_work.resting.retain(|_, until| Instant::now() < *until);
        at_work.resting.contains_key(tenant)
    }

    pub(super) fn rest(&self, tenant: &TenantId, time: Duration) {
        let until = Instant::now() + time;
        self.at_work().resting.insert(tenant.clone(), until);
    }

    /// What cannot be gone on with is not tried again at once; and less often, the longer that lasts.
    fn rest_longer(&self, tenant: &TenantId, what: &Wanted) {
        if matches!(what, Wanted::Begin(_)) {
            return;
        }
        let failed = {
            let mut at_work = self.at_work();
            let failed = at_work.failed.entry(tenant.clone()).or_default();
            *failed += 1;
            *failed
        };
        self.rest(tenant, BUSY.saturating_mul(1 << failed.min(8)));
    }

    async fn work(&self, work: &Work, stop: &CancellationToken) {
        let done = self.attempt(work, stop).await;
        let Err(refused) = done else {
            self.at_work().failed.remove(&work.tenant);
            return;
        };
        let (tenant, run, code) = (&work.tenant, work.run, refused.code());
        match code {
            // Another host, or a command, is at it; or was.
            "tenant-busy" | "lease-lost" => self.rest(tenant, BUSY),
            "wrong-status" | "not-planned" => {}
            _ => {
                self.rest_longer(tenant, &work.what);
                tracing::warn!(%tenant, %run, code = known(code), "a run failed");
                if let Err(problem) = self.after_failure(work, &refused, stop).await {
                    tracing::warn!(%tenant, %run, code = known(problem.code()), "a failed run is not cleared up");
                    self.rest(tenant, BUSY);
                }
            }
        }
    }

    async fn attempt(&self, work: &Work, stop: &CancellationToken) -> Hook<()> {
        let tenant = self.tenant(&work.tenant).await?;
        match &work.what {
            Wanted::Begin(ask) => {
                let options = SyncOptions {
                    mode: match ask.mode.as_str() {
                        "changes" => Mode::Changes,
                        "unsynced" => Mode::Unsynced,
                        "migrate-ids" => Mode::MigrateIds,
                        _ => Mode::Full,
                    },
                    dry_run: ask.mode == "dry-run",
                    queued: Some(work.run),
                    ..SyncOptions::default()
                };
                tenant.sync(options, self.report(work, stop)).await?;
            }
            Wanted::Apply => {
                tenant.apply(work.run, self.report(work, stop)).await?;
            }
            Wanted::Plan(_) if work.stop => tenant.abandon(work.run, None, None).await?,
            Wanted::Plan(ask) if ask.attempt >= ATTEMPTS => {
                tenant.abandon(work.run, None, Some(fatal())).await?;
            }
            Wanted::Plan(ask) => {
                // At once the first time: a host may end at any moment.
                let wait = match ask.attempt {
                    0 => Duration::ZERO,
                    more => pause(more - 1),
                };
                let again = again(ask, now() + millis(wait));
                tenant.abandon(work.run, Some(&again), None).await?;
            }
        }
        Ok(())
    }

    /// What becomes of a run that failed: one that never began ends, and what may go better later is asked for again.
    async fn after_failure(
        &self,
        work: &Work,
        refused: &Refused,
        stop: &CancellationToken,
    ) -> Hook<()> {
        let Wanted::Begin(ask) = &work.what else {
            return Ok(());
        };
        let platform = (self.platforms)(&work.tenant)?;
        let run = platform.plans.run(&work.tenant, work.run).await?;
        if run.status == RunStatus::Queued {
            let problem = refused.clone().into_problem();
            let failed = RunStatus::Failed;
            platform
                .plans
                .end(&work.tenant, work.run, failed, Some(problem))
                .await?;
        }
        let again = if refused.code() == "cancelled" {
            // The host ends. Who wanted the run itself to, is known by the queue alone.
            let ends = self.stopping.is_cancelled() && stop.is_cancelled();
            ends.then(|| ask.clone())
        } else {
            let more = may_pass(refused.code()) && ask.attempt < ATTEMPTS;
            more.then(|| again(ask, now() + millis(pause(ask.attempt))))
        };
        if let Some(again) = again {
            self.queue.ask_again(&work.tenant, work.run, &again).await?;
        }
        Ok(())
    }
}

/// Whether trouble of this code may be gone later. A refused password is not among them: trying again locks accounts.
fn may_pass(code: &str) -> bool {
    code.starts_with("connect-") || PASSING.contains(&code)
}

/// How long to wait after so many tries.
fn pause(attempts: u32) -> Duration {
    FIRST.saturating_mul(1 << attempts.min(16)).min(LONGEST)
}

/// Every host that planned the run died.
fn fatal() -> Problem {
    Problem::new(
        "hosts-lost",
        "Every host that planned this run ended before it was done",
        "Look into the hosts' logs and their memory before it is asked for again.",
    )
}

fn again(ask: &Ask, not_before: i64) -> Ask {
    Ask {
        not_before,
        attempt: ask.attempt + 1,
        key: None,
        ..ask.clone()
    }
}
