//! The plan port: runs, their rows, and applying them.
//!
//! A run that was asked for is `queued`; when it begins, or without that, it goes `planning` → `planned` → `applying` → `applied`, or to `held` (a guard tripped, until that digest is
//! approved), `failed`, `cancelled`, `abandoned` (its host died while planning) or `discarded`; an interrupted `applying`
//! run can be resumed or `discarded`.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{History, Outcome, TenantId};
use crate::Problem;
use crate::contract::plan::{
    Absence, Guard, Link, Party, Proof, Rejection, Row, RowKind, Summary, UnsyncedRow,
};

/// The mode of a run that takes everybody back whom a sync brought.
pub const UNINSTALL: &str = "uninstall";
/// The mode of a run that gives people other external ids and changes nothing else.
pub const MIGRATE_IDS: &str = "migrate-ids";
/// The mode of a run that puts back what another changed.
pub const UNDO: &str = "undo";

/// A run's number, unique in its database and ascending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub i64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunStatus {
    /// It was asked for, and waits for a host to begin it.
    Queued,
    /// The plugin is recording rows.
    Planning,
    /// The plan is finished and no guard tripped.
    Planned,
    /// The plan is finished and waits for an approval of its digest.
    Held,
    /// Rows are being applied; a run found so after a kill is resumed.
    Applying,
    /// Every row has an outcome.
    Applied,
    /// The plan could not be made; nothing was applied.
    Failed,
    /// Somebody stopped it; nothing was applied after that.
    Cancelled,
    /// Its host died while planning; nothing was applied.
    Abandoned,
    /// Somebody threw the plan away, or what was left of it, or a newer plan took its place.
    Discarded,
}

impl RunStatus {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Queued,
        Self::Planning,
        Self::Planned,
        Self::Held,
        Self::Applying,
        Self::Applied,
        Self::Failed,
        Self::Cancelled,
        Self::Abandoned,
        Self::Discarded,
    ];

    /// The stable name, as it is stored, serialised and shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Planning => "planning",
            Self::Planned => "planned",
            Self::Held => "held",
            Self::Applying => "applying",
            Self::Applied => "applied",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Abandoned => "abandoned",
            Self::Discarded => "discarded",
        }
    }
}

/// How a run begins.
#[derive(Debug, Clone)]
pub struct Begin {
    /// `full`, `changes` or `unsynced`, `dry-run`, `migrate-ids`, `uninstall`: what was asked for.
    pub mode: String,
    /// The plugin's digest.
    pub plugin: String,
    /// The configuration's digest.
    pub configuration: String,
    /// The run that was asked for, if one was.
    pub queued: Option<RunId>,
}

/// A run as it is remembered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// Its tenant.
    pub tenant: TenantId,
    /// See [`Begin::mode`].
    pub mode: String,
    /// Where it stands.
    pub status: RunStatus,
    /// The plugin's digest.
    pub plugin: String,
    /// The configuration's digest at the start.
    pub configuration: String,
    /// Unix milliseconds.
    pub started_at: i64,
    /// Unix milliseconds: when planning ended.
    pub planned_at: Option<i64>,
    /// Unix milliseconds: when the last row got its outcome, or the run ended otherwise.
    pub ended_at: Option<i64>,
    /// The plan's digest, once finished.
    pub digest: Option<String>,
    /// The plugin's summary, once finished.
    pub summary: Option<Summary>,
    /// The proof, once finished.
    pub proof: Option<Proof>,
    /// The guards as the host computed them for itself.
    pub guards: Vec<Guard>,
    /// Rows by kind and outcome, counted from the rows themselves.
    pub counts: Vec<Count>,
    /// Why it failed.
    pub problem: Option<Problem>,
    /// Unix milliseconds: since when its rows are kept no longer.
    pub pruned_at: Option<i64>,
}

impl Figures {
    /// Rows of a kind that were applied.
    #[must_use]
    pub fn applied(&self, kind: RowKind) -> u64 {
        let of = self.counts.iter();
        let of = of.filter(|c| c.kind == kind && c.outcome == "applied");
        of.map(|c| c.rows).sum()
    }

    /// People whom the run could not bring over: by the plan, and by the portal.
    #[must_use]
    pub fn unsynced(&self) -> u64 {
        let of = self.counts.iter();
        let of = of.filter(|c| c.kind == RowKind::Unsynced || c.outcome == "failed");
        of.map(|c| c.rows).sum()
    }
}

impl Run {
    /// Rows of a kind, whatever became of them.
    #[must_use]
    pub fn rows_of(&self, kind: RowKind) -> u64 {
        let of = self.counts.iter().filter(|c| c.kind == kind);
        of.map(|c| c.rows).sum()
    }

    /// Rows with an outcome, whatever their kind.
    #[must_use]
    pub fn rows_with(&self, outcome: &str) -> u64 {
        let with = self.counts.iter().filter(|c| c.outcome == outcome);
        with.map(|c| c.rows).sum()
    }
}

/// Rows of one kind with one outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// The rows' kind.
    pub kind: RowKind,
    /// `pending`, `applied`, `failed`, `discarded` for those of a discarded run that were not applied, or `reported` for the
    /// unsynced.
    pub outcome: String,
    /// How many.
    pub rows: u64,
}

/// What a run came to, in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// Its number.
    pub run: RunId,
    /// Where it stands.
    pub status: RunStatus,
    /// Unix milliseconds.
    pub started_at: i64,
    /// Unix milliseconds: when planning ended.
    pub planned_at: Option<i64>,
    /// Entries seen, once finished.
    pub seen: Option<u64>,
    /// It is proven that everybody was read.
    pub everybody: bool,
    /// See [`Run::counts`].
    pub counts: Vec<Count>,
}

/// Which runs to list. Empty fields do not restrict.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunQuery {
    /// Only those that were asked for before this one.
    pub before: Option<RunId>,
    /// Only those that were asked for after this one.
    pub after: Option<RunId>,
    /// Only those that stand so.
    pub status: Option<RunStatus>,
}

/// Which rows to list. Empty fields do not restrict.
#[derive(Debug, Clone, Default)]
pub struct RowQuery {
    /// Only this kind.
    pub kind: Option<RowKind>,
    /// Only rows with this reason.
    pub reason: Option<String>,
    /// Only the person with this external id, DN, or a part of the shown name.
    pub person: Option<String>,
    /// Only the person with this external id. In a finished plan an index finds them.
    pub external_id: Option<String>,
    /// Only this outcome.
    pub outcome: Option<String>,
}

/// A row as it is remembered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredRow {
    /// Ascending in its run, from 1.
    pub sequence: u64,
    /// What the plugin recorded.
    pub row: Row,
    /// See [`Count::outcome`].
    pub outcome: String,
    /// Why it failed to apply.
    pub outcome_problem: Option<Problem>,
    /// Who has the value that it failed over.
    pub outcome_other: Option<Party>,
}

/// What one batch did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// Rows that changed the portal.
    pub applied: u64,
    /// Rows that the portal refused, each with its problem.
    pub failed: u64,
    /// Rows still without outcome; 0 ends the run.
    pub pending: u64,
}

/// Runs and their rows.
#[async_trait]
pub trait Plans: History + Send + Sync {
    /// Starts a run in `planning`, the queued one where that is named (`wrong-status` if it waits no more); runs of the tenant left in `planning`, `planned` or `held` become `abandoned` or
    /// `discarded`. Refuses `run-unfinished` while one is `applying`: resume or discard that first.
    async fn begin(&self, tenant: &TenantId, begin: Begin) -> Outcome<RunId>;
    /// Records rows (contract: `plan.record-rows`).
    async fn record(&self, tenant: &TenantId, run: RunId, rows: Vec<Row>) -> Outcome<()>;
    /// Rejects rows (contract: `plan.reject`).
    async fn reject(
        &self,
        tenant: &TenantId,
        run: RunId,
        rejections: Vec<Rejection>,
    ) -> Outcome<()>;
    /// Adds fields that hold other people to rows (contract: `plan.record-links`). A field that refers to somebody whom the
    /// plan in the end does not create, because that row failed or was thrown away, is given back what it held.
    async fn link(&self, tenant: &TenantId, run: RunId, links: Vec<Link>) -> Outcome<()>;
    /// Notes absences (contract: `plan.note-absent`); they hold once the run is applied.
    async fn note_absent(
        &self,
        tenant: &TenantId,
        run: RunId,
        absences: Vec<Absence>,
    ) -> Outcome<()>;
    /// Finishes the plan (contract: `plan.finish`): computes the digest over the rows in sequence, computes the guards
    /// from the rows with the tenant's own limits, and sets `planned` or `held`. Refuses `bad-row` where a run of the mode
    /// `uninstall` has rows that do not just deactivate: nobody looks at them before they are applied; and where one of the
    /// mode `migrate-ids` has rows that change anything but the external ids of people whom a sync brought.
    async fn finish(
        &self,
        tenant: &TenantId,
        run: RunId,
        summary: Summary,
        proof: Proof,
        checkpoint: Vec<u8>,
    ) -> Outcome<String>;
    /// Ends a run as `failed`, `cancelled`, `abandoned` or `discarded`. Rows that were applied stay so; the checkpoint and the absences
    /// of a run that was not applied whole are not kept.
    async fn end(
        &self,
        tenant: &TenantId,
        run: RunId,
        status: RunStatus,
        problem: Option<Problem>,
    ) -> Outcome<()>;

    /// Approves a held plan, once, for one digest. Refuses `digest-mismatch`, `not-held`, `configuration-changed` (the
    /// run is then `discarded`).
    async fn approve(&self, tenant: &TenantId, run: RunId, digest: &str) -> Outcome<()>;
    /// Applies the next rows, at most `limit`, each with its outcome in the same transaction as the portal's change.
    /// The first call checks again: digest, guards (or their approval), configuration (`configuration-changed`; the run is then
    /// `discarded`).
    /// Rows that exchange unique values are applied together. With the last row the checkpoint is kept and the run
    /// is `applied`.
    async fn apply(&self, tenant: &TenantId, run: RunId, limit: u32) -> Outcome<Applied>;
    /// Whom of these people a later run created, deactivated or reactivated. At most 1,000.
    async fn changed_status_since(
        &self,
        tenant: &TenantId,
        run: RunId,
        external_ids: &[String],
    ) -> Outcome<Vec<String>>;
    /// The run that must be resumed, if there is one.
    async fn unfinished(&self, tenant: &TenantId) -> Outcome<Option<RunId>>;

    /// One run. Refuses `unknown-run`.
    async fn run(&self, tenant: &TenantId, run: RunId) -> Outcome<Run>;
    /// The tenant's runs, the newest first.
    async fn runs(&self, tenant: &TenantId, query: &RunQuery, limit: u32) -> Outcome<Vec<Run>>;
    /// What the runs that began since then (Unix milliseconds) came to, the newest first.
    async fn figures(&self, tenant: &TenantId, since: i64, limit: u32) -> Outcome<Vec<Figures>>;
    /// The reasons that a run's rows have, ascending, the first 100 of them; none where its rows are no longer kept.
    async fn reasons(&self, tenant: &TenantId, run: RunId) -> Outcome<Vec<String>>;
    /// A run's rows by ascending sequence, after `after`.
    async fn rows(
        &self,
        tenant: &TenantId,
        run: RunId,
        query: &RowQuery,
        after: u64,
        limit: u32,
    ) -> Outcome<Vec<StoredRow>>;
    /// A run's unsynced people by ascending sequence (contract: `plan.unsynced-rows`): those whom the plan could not
    /// bring over, and those whose rows the portal refused. Fewer than `limit`, but at least one if there is any, where they
    /// are large; none is the end.
    async fn unsynced(
        &self,
        tenant: &TenantId,
        run: RunId,
        after: u64,
        limit: u32,
    ) -> Outcome<Vec<UnsyncedRow>>;
    /// What the last applied plan left for the next changes-only sync; empty for none.
    async fn checkpoint(&self, tenant: &TenantId) -> Outcome<Vec<u8>>;
}
