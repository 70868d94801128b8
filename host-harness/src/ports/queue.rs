//! The queue port: runs that wait for a host, and when each tenant is due.
//!
//! A run that was asked for is `queued` until a host begins it ([`super::plan::Begin::queued`]). What is listed here is a hint:
//! that a tenant has one run at a time, and that a run is begun once, is decided when it begins.

use async_trait::async_trait;

use super::{Outcome, RunId, TenantId};
use crate::contract::state::Operation;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// `full`, `changes`, `unsynced` or `dry-run`.
    pub mode: String,
    /// Who asks: `schedule`, or the name of a user or token.
    pub by: String,
    /// The same key gives the same run, however often it is asked for.
    pub key: Option<String>,
    /// Unix milliseconds before which no host begins it.
    pub not_before: i64,
    /// How often the same was tried before.
    pub attempt: u32,
}

/// A run for a host to begin, or to go on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// Whose.
    pub tenant: TenantId,
    /// The run.
    pub run: RunId,
    /// What is to be done.
    pub what: Wanted,
    /// Whether somebody wants it stopped.
    pub stop: bool,
}

/// What is to be done with a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// It is queued: begin it.
    Begin(Ask),
    /// Its plan was released to be applied, or its host died while applying it.
    Apply,
    /// It is being planned. If nobody does so any more, it is to be asked for again.
    Plan(Ask),
}

/// A tenant whose timetable says that it is time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Who.
    pub tenant: TenantId,
    /// Unix milliseconds: since when.
    pub at: i64,
}

/// How far the work on a run has come.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Heard {
    /// See [`crate::tenant::Progress::phase`].
    pub phase: String,
    /// People, entries or rows done.
    pub done: u64,
    /// An estimate of all of them; 0 where unknown.
    pub total: u64,
    /// Unix milliseconds.
    pub at: i64,
    /// Which host told it.
    pub host: String,
}

/// Runs that wait for a host, and when each tenant is due.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Asks for a run. Where one is queued already, that is the one, and it begins at the earlier of both times.
    async fn ask(&self, tenant: &TenantId, ask: &Ask) -> Outcome<RunId>;
    /// The run that a key stands for, of a wish that is done at once and not queued; none where it stands for nothing. Refuses
    /// `key-reused` where it stands for another wish.
    async fn known(&self, tenant: &TenantId, key: &str, wish: &str) -> Outcome<Option<RunId>>;
    /// A key stands for a wish and its run from now on; run 0 where the wish has none. Refuses `key-reused`.
    async fn remember(&self, tenant: &TenantId, key: &str, wish: &str, run: RunId) -> Outcome<()>;
    /// Asks for the same again as a run that ended before it was done. Nothing where somebody wanted that run stopped, or its
    /// tenant is gone.
    async fn ask_again(&self, tenant: &TenantId, run: RunId, ask: &Ask) -> Outcome<Option<RunId>>;
    /// Asks for a planned run to be applied. Refuses `not-planned`.
    async fn ask_apply(&self, tenant: &TenantId, run: RunId) -> Outcome<()>;
    /// What there is to do at a moment, the oldest first.
    async fn waiting(&self, now: i64, limit: u32) -> Outcome<Vec<Work>>;
    /// How many runs wait, and since when the oldest could have begun.
    async fn backlog(&self, now: i64) -> Outcome<(u64, Option<i64>)>;

    /// Ends a run at a safe point: a queued one at once, another when its host hears of it. Refuses `unknown-run`, and `wrong-status`
    /// for one that is over.
    async fn stop(&self, tenant: &TenantId, run: RunId) -> Outcome<()>;
    /// Tells how far a run has come; says whether somebody wants it stopped.
    async fn tell(&self, tenant: &TenantId, run: RunId, heard: &Heard) -> Outcome<bool>;
    /// How far a run has come, as far as it was told.
    async fn heard(&self, tenant: &TenantId, run: RunId) -> Outcome<Option<Heard>>;
    /// What was asked for with a run, also when it waits no more; none where nobody asked the queue for it.
    async fn asked(&self, tenant: &TenantId, run: RunId) -> Outcome<Option<Ask>>;

    /// Whether a run is to go on without anybody asking: it waits for a host, or one works on it; between plan and apply too.
    async fn goes_on(&self, tenant: &TenantId, run: RunId) -> Outcome<bool>;

    /// Notes when a tenant is due next (none: never), and stores what its timetable changed among the plugin's settings: both or
    /// neither. Refuses as [`super::State::commit`].
    async fn set_due(
        &self,
        tenant: &TenantId,
        at: Option<i64>,
        changed: &[Operation],
    ) -> Outcome<()>;
    /// When a tenant is due next.
    async fn due_at(&self, tenant: &TenantId) -> Outcome<Option<i64>>;
    /// Who is due at a moment, the longest waiting first.
    async fn due(&self, now: i64, limit: u32) -> Outcome<Vec<Due>>;
    /// Asks for the run of a tenant who is due, and notes when it is due next, both or neither. Nothing where another host
    /// did so, or the timetable changed.
    async fn meet(&self, due: &Due, next: Option<i64>, ask: &Ask) -> Outcome<Option<RunId>>;
}
