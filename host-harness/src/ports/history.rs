//! The history port: who could not be brought over, since when, and how long the rows of runs are kept.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Outcome, RunId, TenantId};
use crate::Problem;
use crate::contract::plan::{Party, UnsyncedRow};

/// For how many days the rows of runs are kept where nobody said otherwise.
pub const DAYS: u32 = 90;
/// The most days that can be said.
pub const MOST_DAYS: u32 = 36_500;

/// Somebody who could not be brought over, and still is not.
///
/// What makes two the same is the person: the external id, or the entry's DN where the id cannot be read. The code is what
/// was said of the person last; another code is the same failure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// Its number, ascending in the order in which failures began.
    pub id: u64,
    /// Empty where it cannot be read.
    pub external_id: String,
    /// The entry, as far as known.
    pub dn: String,
    /// A name to show.
    pub display: String,
    /// Why.
    pub problem: Problem,
    /// The other person of a duplicate; who has the value that the portal wants once.
    pub other: Option<Party>,
    /// Unix milliseconds: the end of the first run that said so.
    pub first_at: i64,
    /// That run.
    pub first_run: RunId,
    /// Unix milliseconds: the end of the last one.
    pub last_at: i64,
    /// That run.
    pub last_run: RunId,
    /// The sequence of its row that says so.
    pub sequence: u64,
    /// How many runs tried.
    pub attempts: u64,
}

/// People who could not be brought over for one reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Cause {
    /// What was said of one of them; its code is the reason.
    pub problem: Problem,
    /// How many there are.
    pub people: u64,
}

/// What became of rows that were kept long enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pruned {
    /// How many are gone.
    pub rows: u64,
    /// There are others.
    pub more: bool,
}

/// Failures, and how long rows are kept.
///
/// Failures are noted in the transaction that concludes a run which reads the directory: whoever is unsynced, and whose row the
/// portal refused. They are closed when the person has an applied row, or when the run's proof says that the person was
/// read: everybody in an enumeration, everybody with an external id in a complete run of changes, which reads those whom
/// the last plans left unsynced again.
#[async_trait]
pub trait History: Send + Sync {
    /// Open failures by ascending number, after `after`; with this code alone where one is given.
    async fn failures(
        &self,
        tenant: &TenantId,
        code: Option<&str>,
        after: u64,
        limit: u32,
    ) -> Outcome<Vec<Failure>>;
    /// How many are open, with this code alone where one is given.
    async fn count_failures(&self, tenant: &TenantId, code: Option<&str>) -> Outcome<u64>;
    /// Open failures by their code, those of most people first.
    async fn open_causes(&self, tenant: &TenantId) -> Outcome<Vec<Cause>>;
    /// The same of whom one run could not bring over, whether the plan or the portal said so; none where its rows are no longer kept.
    async fn causes(&self, tenant: &TenantId, run: RunId) -> Outcome<Vec<Cause>>;
    /// The open failures as the unsynced people of an export, numbered as they are. Values are those of the row that says it
    /// last; there are none where it is no longer kept. In portions as [`super::Plans::unsynced`].
    async fn open_unsynced(
        &self,
        tenant: &TenantId,
        after: u64,
        limit: u32,
    ) -> Outcome<Vec<UnsyncedRow>>;

    /// For how many days rows are kept; 0: for ever.
    async fn days(&self, tenant: &TenantId) -> Outcome<u32>;
    /// Says for how many days.
    async fn keep_days(&self, tenant: &TenantId, days: u32) -> Outcome<()>;
    /// Who has rows that were kept long enough.
    async fn prunable(&self, now: i64) -> Outcome<Vec<TenantId>>;
    /// Removes some rows, at most about `limit`, of the oldest run that ended long enough before `now` (Unix milliseconds). The
    /// newest applied run and those that are not over keep theirs. A run's counts stay as they were; its rows are refused with
    /// `rows-pruned` from then on. Nothing while a run of the tenant is planned or applied.
    async fn prune(&self, tenant: &TenantId, now: i64, limit: u32) -> Outcome<Pruned>;
}
