//! The main job: resume what a kill left, plan, let the guards look, apply.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::Problem;
use crate::contract::hooks::sync::{Mode, Options, Step};
use crate::ports::RunId;
use crate::ports::plan::{Begin, MIGRATE_IDS, Run, RunStatus, UNINSTALL};
use crate::ports::tenants::HostSetting;
use crate::sandbox::Enumeration;

use super::watch::{Progress, Watch};
use super::{Hook, Tenant, trace};

/// Pages a step: every call of the plugin stays short, so that a stop is heard within a second or so.
const PAGES_A_STEP: u32 = 4;
/// Rows applied in one transaction. Ids are random, so each batch touches most pages of the indexes: a few hundred
/// rows cost twice as much in all, and many thousands hold more in memory.
const ROWS_A_BATCH: u32 = 2_000;

/// How to sync.
#[derive(Debug, Clone, Copy)]
pub struct SyncOptions {
    /// All of the directory, or what changed since the last applied plan, or whom that left unsynced, or all of it to give people
    /// other ids.
    pub mode: Mode,
    /// Stop after the plan.
    pub dry_run: bool,
    /// The run that was asked for, if one was.
    pub queued: Option<RunId>,
    /// How long the plan may take to make: 12 h. Neither a directory without end nor a plugin may keep the tenant's
    /// lock for ever.
    pub deadline: Duration,
}

impl Default for SyncOptions {
    fn default() -> Self {
        Self {
            mode: Mode::Full,
            dry_run: false,
            queued: None,
            deadline: Duration::from_secs(12 * 60 * 60),
        }
    }
}

/// What a sync did.
#[derive(Debug, Clone)]
pub struct Synced {
    /// The run of a killed or stopped sync that was finished first.
    pub resumed: Option<Run>,
    /// The run, as it stands now: `planned` (a dry run), `held` (a guard tripped; nothing was applied),
    /// `applied`, or `applying` (stopped; the next sync resumes it).
    pub run: Run,
}

impl Tenant {
    /// Resumes what an earlier sync left, makes a plan, and, unless a guard holds it or it is a dry run, applies it.
    ///
    /// # Errors
    /// `tenant-busy`; `cancelled` when stopped while planning; `run-deadline`; what the plugin refuses with; the run is then `failed` or
    /// `cancelled` and nothing of it was applied.
    pub async fn sync(&self, options: SyncOptions, watch: Arc<dyn Watch>) -> Hook<Synced> {
        let work = self.sync_untold(options, watch);
        self.traced(
            mode(options),
            options.queued,
            |synced: &Synced| &synced.run,
            work,
        )
        .await
    }

    async fn sync_untold(&self, options: SyncOptions, watch: Arc<dyn Watch>) -> Hook<Synced> {
        let _lease = self.lease().await?;
        let resumed = self.resume(&*watch).await?;
        if let Some(run) = resumed
            .as_ref()
            .filter(|run| run.status == RunStatus::Applying)
        {
            return Ok(Synced {
                resumed: None,
                run: run.clone(),
            });
        }
        let run = self.make_plan(options, &watch).await?;
        let run = if options.dry_run || run.status == RunStatus::Held {
            run
        } else {
            self.apply_rows(run.id, &*watch, "apply").await?
        };
        Ok(Synced { resumed, run })
    }

    /// Applies a plan that was made before: planned by a dry run, or held and approved since.
    ///
    /// # Errors
    /// `tenant-busy`, `guard-held`, `configuration-changed`, `digest-mismatch`, `not-planned`.
    pub async fn apply(&self, run: RunId, watch: Arc<dyn Watch>) -> Hook<Run> {
        let work = self.apply_untold(run, watch);
        self.traced("apply", Some(run), |run: &Run| run, work).await
    }

    async fn apply_untold(&self, run: RunId, watch: Arc<dyn Watch>) -> Hook<Run> {
        let _lease = self.lease().await?;
        let status = self.plans().run(self.id(), run).await?.status;
        if matches!(
            status,
            RunStatus::Planned | RunStatus::Held | RunStatus::Applying
        ) {
            self.configured_digest().await?;
            return self.apply_rows(run, &*watch, "apply").await;
        }
        Err(Problem::new(
            "not-planned",
            format!("Run {run} has no plan that waits to be applied"),
            "Only a plan that waits can be applied, once; look at the list of runs to see how each stands.",
        )
        .into())
    }

    async fn resume(&self, watch: &dyn Watch) -> Hook<Option<Run>> {
        match self.plans().unfinished(self.id()).await? {
            // An uninstall that was stopped is not wanted by whoever syncs.
            Some(run) if self.plans().run(self.id(), run).await?.mode == UNINSTALL => {
                self.plans()
                    .end(self.id(), run, RunStatus::Discarded, None)
                    .await?;
                Ok(None)
            }
            Some(run) => {
                tracing::info!(tenant = %self.id(), %run, "resuming a run that was not finished");
                self.apply_rows(run, watch, "resume").await.map(Some)
            }
            None => Ok(None),
        }
    }

    async fn make_plan(&self, options: SyncOptions, watch: &Arc<dyn Watch>) -> Hook<Run> {
        let configuration = self.configured_digest().await?;
        let begin = Begin {
            mode: mode(options).to_owned(),
            plugin: self.plugin_digest().to_owned(),
            configuration,
            queued: options.queued,
        };
        let run = self.plans().begin(self.id(), begin).await?;
        if options.queued.is_none() {
            trace::begun(run);
        }
        match self.drive(run, options, watch).await {
            Ok(()) => Ok(self.plans().run(self.id(), run).await?),
            Err(refused) => {
                let status = if refused.code() == "cancelled" {
                    RunStatus::Cancelled
                } else {
                    RunStatus::Failed
                };
                let problem = refused.clone().into_problem();
                self.plans()
                    .end(self.id(), run, status, Some(problem))
                    .await?;
                Err(refused)
            }
        }
    }

    /// Steps the plugin until its plan is finished.
    async fn drive(&self, run: RunId, how: SyncOptions, watch: &Arc<dyn Watch>) -> Hook<()> {
        let begun = Instant::now();
        let SyncOptions { mode, deadline, .. } = how;
        // A full sync too goes on from it: then it can tell what a sync of changes would have missed.
        let checkpoint = self.plans().checkpoint(self.id()).await?;
        let since = matches!(mode, Mode::Changes | Mode::Unsynced) && !checkpoint.is_empty();
        let (high, low) = uuid::Uuid::new_v4().as_u64_pair();
        let options = Options {
            mode,
            checkpoint,
            seed: high ^ low.rotate_left(17),
        };
        let enumeration = enumeration(&self.installation().await?.settings, since);
        let hooks = self.hooks_syncing(run, watch, enumeration);
        let mut stepping = hooks.sync(options).await?;
        loop {
            if watch.stop().is_cancelled() {
                return Err(cancelled().into());
            }
            if begun.elapsed() >= deadline {
                return Err(overdue(deadline).into());
            }
            if let Step::Finished(_) = stepping.step(PAGES_A_STEP).await? {
                return Ok(());
            }
        }
    }

    /// Applies in batches until nothing is pending, or the watcher says stop.
    pub(super) async fn apply_rows(&self, run: RunId, watch: &dyn Watch, phase: &str) -> Hook<Run> {
        let before = self.plans().run(self.id(), run).await?;
        let total: u64 = before
            .counts
            .iter()
            .filter(|c| c.outcome == "pending")
            .map(|c| c.rows)
            .sum();
        let mut done = 0;
        while !watch.stop().is_cancelled() {
            let batch = self.plans().apply(self.id(), run, ROWS_A_BATCH).await?;
            done += batch.applied + batch.failed;
            watch.progress(&Progress {
                phase: phase.to_owned(),
                done,
                total: total.max(done),
            });
            if batch.pending == 0 {
                break;
            }
        }
        Ok(self.plans().run(self.id(), run).await?)
    }
}

/// What a run of these options is called.
fn mode(options: SyncOptions) -> &'static str {
    match (options.dry_run, options.mode) {
        // It waits for an approval in any case, and a plan made to be looked at only is held to the same.
        (_, Mode::MigrateIds) => MIGRATE_IDS,
        (true, _) => "dry-run",
        (false, Mode::Full) => "full",
        (false, Mode::Changes) => "changes",
        (false, Mode::Unsynced) => "unsynced",
    }
}

/// What the settings say must be searched.
fn enumeration(settings: &[HostSetting], changes: bool) -> Enumeration {
    let value = |key: &str| HostSetting::value_of(settings, key);
    let lines = value("base-dn").lines().map(str::trim);
    Enumeration {
        bases: lines
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect(),
        subtree: value("scope") != "one",
        changes,
    }
}

fn overdue(deadline: Duration) -> Problem {
    Problem::new(
        "run-deadline",
        format!(
            "The plan was not finished within {} s; nothing was applied",
            deadline.as_secs()
        ),
        "Look whether base and filter give the people that are meant, and how fast the directory answers; read it in parts \
         if it is that large.",
    )
}

fn cancelled() -> Problem {
    Problem::new(
        "cancelled",
        "The run was stopped before its plan was finished; nothing was applied",
        "Start it again when it suits.",
    )
}
