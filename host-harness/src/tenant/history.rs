//! Runs, their rows, and releasing a held plan.

use std::sync::Arc;

use crate::Problem;
use crate::ports::RunId;
use crate::ports::plan::{RowQuery, Run, RunQuery, RunStatus, StoredRow};
use crate::ports::queue::Ask;

use super::watch::Watch;
use super::{Hook, Tenant};

/// How far back a run is looked for by what it holds.
const RECENT: u32 = 50;

impl Tenant {
    /// The tenant's runs, the newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn runs(&self, limit: u32) -> Hook<Vec<Run>> {
        Ok(self
            .plans()
            .runs(self.id(), &RunQuery::default(), limit)
            .await?)
    }

    /// One run, or the newest one that has a plan.
    ///
    /// # Errors
    /// `unknown-run`, `no-run`.
    pub async fn run(&self, run: Option<RunId>) -> Hook<Run> {
        if let Some(run) = run {
            return Ok(self.plans().run(self.id(), run).await?);
        }
        let runs = self
            .plans()
            .runs(self.id(), &RunQuery::default(), RECENT)
            .await?;
        runs.into_iter()
            .find(|r| r.digest.is_some())
            .ok_or_else(|| {
                Problem::new(
                    "no-run",
                    format!("{} has no run with a plan yet", self.id()),
                    "Make one: a plan, or a sync.",
                )
                .into()
            })
    }

    /// Rows of a run by ascending sequence, after `after`.
    ///
    /// # Errors
    /// `unknown-run`.
    pub async fn rows(
        &self,
        run: RunId,
        query: &RowQuery,
        after: u64,
        limit: u32,
    ) -> Hook<Vec<StoredRow>> {
        Ok(self
            .plans()
            .rows(self.id(), run, query, after, limit)
            .await?)
    }

    /// Releases a held plan, once, for one digest; [`Tenant::apply`] then applies it. The beginning of the digest will
    /// do, from 8 digits.
    ///
    /// # Errors
    /// `not-held`, `digest-mismatch`, `configuration-changed`, `tenant-busy`.
    pub async fn approve(&self, run: RunId, digest: &str) -> Hook<Run> {
        let _lease = self.lease().await?;
        self.release(run, digest).await?;
        Ok(self.plans().run(self.id(), run).await?)
    }

    /// Releases a held plan and applies it, with nobody in between.
    ///
    /// # Errors
    /// `not-held`, `digest-mismatch`, `configuration-changed`, `tenant-busy`.
    pub async fn approve_and_apply(
        &self,
        run: RunId,
        digest: &str,
        watch: Arc<dyn Watch>,
    ) -> Hook<Run> {
        let _lease = self.lease().await?;
        self.release(run, digest).await?;
        self.apply_rows(run, &*watch, "apply").await
    }

    async fn release(&self, run: RunId, digest: &str) -> Hook<()> {
        self.configured_digest().await?;
        let held = self.plans().run(self.id(), run).await?;
        let digest = match held.digest.as_deref() {
            Some(whole) if digest.len() >= 8 && whole.starts_with(digest) => whole,
            _ => digest,
        };
        Ok(self.plans().approve(self.id(), run, digest).await?)
    }

    /// Gives up a run whose host died while planning it. Nothing of it was applied. It is asked for again where that is wanted, and
    /// otherwise ends as stopped, or as failed where there is a problem.
    ///
    /// # Errors
    /// `tenant-busy` where it is being planned after all.
    pub async fn abandon(
        &self,
        run: RunId,
        again: Option<&Ask>,
        problem: Option<Problem>,
    ) -> Hook<()> {
        let _lease = self.lease().await?;
        if self.run(Some(run)).await?.status == RunStatus::Planning {
            let status = match (again, &problem) {
                (Some(_), _) => RunStatus::Abandoned,
                (None, Some(_)) => RunStatus::Failed,
                (None, None) => RunStatus::Cancelled,
            };
            self.plans().end(self.id(), run, status, problem).await?;
            if let Some(again) = again {
                self.queue().ask_again(self.id(), run, again).await?;
            }
        }
        Ok(())
    }

    /// Throws a planned or held plan away, or what is left of a plan whose applying was interrupted: rows applied
    /// stay applied, the others come to nothing.
    ///
    /// # Errors
    /// `not-planned` for a run that is over; `tenant-busy`, also while it is being applied.
    pub async fn discard(&self, run: RunId) -> Hook<Run> {
        let _lease = self.lease().await?;
        let found = self.plans().run(self.id(), run).await?;
        if !matches!(
            found.status,
            RunStatus::Planned | RunStatus::Held | RunStatus::Applying
        ) {
            return Err(Problem::new(
                "not-planned",
                format!("Run {run} is not waiting to be applied"),
                "Only a planned, held or interrupted run can be discarded; look at the list of runs to see how each stands.",
            )
            .into());
        }
        self.plans()
            .end(self.id(), run, RunStatus::Discarded, None)
            .await?;
        Ok(self.plans().run(self.id(), run).await?)
    }
}
