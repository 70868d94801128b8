//! Leaving: what becomes of the people, and a receipt of what is gone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;

use crate::contract::hooks::lifecycle::{Afterwards, Receipt, ReceiptLine};
use crate::ports::plan::{Begin, Run, RunQuery, RunStatus, UNINSTALL};
use crate::ports::receipts::Kept;
use crate::ports::{Lease, RunId};

use super::watch::Watch;
use super::{Hook, Refused, Tenant};

/// How often it is looked whether a run has stopped.
const LOOK: Duration = Duration::from_millis(200);
/// How far back runs are looked at that may be under way.
const RECENT: u32 = 50;

/// What an uninstall did.
#[derive(Debug, Clone)]
pub struct Uninstalled {
    /// What was removed and what is left, of the plugin's and of the host's.
    pub receipt: Receipt,
    /// The plan that deactivated the people, where that was asked for.
    pub deactivated: Option<Run>,
}

impl Tenant {
    /// Removes the plugin's state, the credential, the runs and the installation. The portal's people stay; with
    /// [`Afterwards::Deactivate`] those whom a sync brought are deactivated first, through a plan as always. That
    /// they all are is what was asked for, so no guard stands in the way.
    ///
    /// Stopped or refused before the plan is applied, nothing is removed; called again it goes on.
    ///
    /// # Errors
    /// `tenant-busy`, `run-unfinished`, `cancelled`, what the plugin refuses with.
    pub async fn uninstall(self, people: Afterwards, watch: Arc<dyn Watch>) -> Hook<Uninstalled> {
        let lease = self.lease().await?;
        self.leave(people, watch, lease).await
    }

    /// The same, but runs that wait are cancelled first, and one under way is stopped: at its next safe point, for which it has some time.
    ///
    /// # Errors
    /// As [`Tenant::uninstall`]; `tenant-busy` where the run does not end in time, or is one that no service works on.
    pub async fn uninstall_cancelling(
        self,
        people: Afterwards,
        patience: Duration,
        watch: Arc<dyn Watch>,
    ) -> Hook<Uninstalled> {
        let until = Instant::now() + patience;
        let lease = loop {
            self.stop_runs().await?;
            match self.lease().await {
                Err(refused) if refused.code() == "tenant-busy" && Instant::now() < until => {
                    tokio::time::sleep(LOOK).await;
                }
                taken => break taken?,
            }
        };
        self.leave(people, watch, lease).await
    }

    /// Whoever works on them hears of it.
    async fn stop_runs(&self) -> Hook<()> {
        for run in self
            .plans()
            .runs(self.id(), &RunQuery::default(), RECENT)
            .await?
        {
            if matches!(
                run.status,
                RunStatus::Queued | RunStatus::Planning | RunStatus::Applying
            ) {
                match self.queue().stop(self.id(), run.id).await {
                    Err(problem) if problem.code != "wrong-status" => return Err(problem.into()),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    async fn leave(
        self,
        people: Afterwards,
        watch: Arc<dyn Watch>,
        lease: Lease,
    ) -> Hook<Uninstalled> {
        let synced = self.count_synced().await?;
        let begin = Begin {
            mode: UNINSTALL.to_owned(),
            plugin: self.plugin_digest().to_owned(),
            configuration: self.installation().await?.configuration,
            queued: None,
        };
        let (receipt, deactivated) = match people {
            Afterwards::Keep => {
                // What is half applied ends there, with nobody's manager being somebody who did not come.
                if let Some(unfinished) = self.plans().unfinished(self.id()).await? {
                    self.plans()
                        .end(self.id(), unfinished, RunStatus::Discarded, None)
                        .await?;
                }
                (self.hooks().uninstall(people).await?, None)
            }
            Afterwards::Deactivate => {
                if let Some(unfinished) = self.plans().unfinished(self.id()).await? {
                    self.apply_rows(unfinished, &*watch, "resume").await?;
                }
                let run = self.plans().begin(self.id(), begin).await?;
                let receipt = match self.hooks_watched(run, &watch).uninstall(people).await {
                    Ok(receipt) => receipt,
                    Err(problems) => {
                        let refused = Refused::from(problems);
                        let problem = refused.clone().into_problem();
                        self.plans()
                            .end(self.id(), run, RunStatus::Failed, Some(problem))
                            .await?;
                        return Err(refused);
                    }
                };
                (receipt, Some(self.deactivate(run, &*watch).await?))
            }
        };
        let Receipt {
            mut removed,
            mut left,
        } = receipt;
        // A plugin that is asked to deactivate only counts what it keeps, so that a stopped uninstall leaves it whole.
        let cleared = self.state().clear(self.id()).await?;
        let untold = beyond(cleared, &removed);
        removed.push(line("settings of the plugin", untold));
        let credentials = self.secrets().destroy(self.id()).await?;
        removed.push(line("credentials destroyed", credentials));
        // First: a kill in between must leave nobody who reaches the next tenant of this name.
        let withdrawn = self.receipts().withdraw(self.id()).await?;
        removed.push(line("tokens and users that reach it no more", withdrawn));
        for (what, count) in self.tenants().uninstall(self.id()).await? {
            removed.push(ReceiptLine { what, count });
        }
        removed.retain(|l| l.count > 0);
        if !left.iter().any(|l| l.what.contains("people")) {
            let what = match people {
                Afterwards::Keep => "people in the portal, as they are",
                Afterwards::Deactivate => "people in the portal, deactivated",
            };
            left.push(line(what, synced));
        }
        let receipt = Receipt { removed, left };
        let kept = Kept {
            at: Utc::now().timestamp_millis(),
            receipt: receipt.clone(),
        };
        self.receipts().keep_receipt(self.id(), &kept).await?;
        drop(lease);
        Ok(Uninstalled {
            receipt,
            deactivated,
        })
    }

    async fn deactivate(&self, run: RunId, watch: &dyn Watch) -> Hook<Run> {
        let planned = self.plans().run(self.id(), run).await?;
        if let (RunStatus::Held, Some(digest)) = (planned.status, &planned.digest) {
            self.plans().approve(self.id(), run, digest).await?;
        }
        let run = self.apply_rows(run, watch, "deactivate").await?;
        if run.status == RunStatus::Applied {
            return Ok(run);
        }
        Err(crate::Problem::new(
            "cancelled",
            "The uninstall was stopped while people were being deactivated; nothing was removed",
            "Start it again: it goes on where it stopped.",
        )
        .into())
    }

    async fn count_synced(&self) -> Hook<u64> {
        let mut after = String::new();
        let mut count = 0;
        loop {
            let index = self.portal().index(self.id(), &after, 10_000).await?;
            count += index.external_ids.len() as u64;
            match index.external_ids.into_iter().next_back() {
                Some(last) if index.more => after = last,
                _ => return Ok(count),
            }
        }
    }
}

/// How many of the removed keys the plugin's own lines do not tell.
fn beyond(cleared: u64, told: &[ReceiptLine]) -> u64 {
    cleared.saturating_sub(told.iter().map(|line| line.count).sum())
}

fn line(what: &str, count: u64) -> ReceiptLine {
    ReceiptLine {
        what: what.to_owned(),
        count,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_plugin_counted_is_told_once() {
        let told = [line("settings", 1), line("timetable", 1)];
        assert_eq!(beyond(2, &told), 0);
        assert_eq!(beyond(0, &told), 0, "the plugin removed it itself");
        assert_eq!(beyond(3, &told), 1);
        assert_eq!(beyond(3, &[]), 3);
    }
}
