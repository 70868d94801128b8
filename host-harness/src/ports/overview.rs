//! The overview port: what an operator looks at, over all tenants. Nothing of people is in it.

use async_trait::async_trait;

use super::{Outcome, TenantId};

/// A tenant whose newest run that came to an end failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// Who.
    pub tenant: TenantId,
    /// The digest of the plugin in use.
    pub plugin: String,
    /// The trouble's code, as the run has it: a plugin may have made it up.
    pub code: String,
    /// Unix milliseconds: when it failed.
    pub at: i64,
}

/// A lease that was not given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lessee {
    /// Whose.
    pub tenant: TenantId,
    /// Which process holds it: machine, process id, and what tells it from others.
    pub name: String,
    /// For how many seconds longer; less than 0 where it is heard of no more.
    pub left: i64,
}

/// How the stored passwords are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Passwords {
    /// How many open with the key.
    pub open: u64,
    /// Whose do not.
    pub closed: Vec<TenantId>,
}

/// What an operator looks at.
#[async_trait]
pub trait Overview: Send + Sync {
    /// The version of the database's shape as it is now, which another program may have changed since it was opened.
    async fn shape(&self) -> Outcome<i64>;
    /// Unix milliseconds by the clock of the database's server; none where that is this machine's.
    async fn clock(&self) -> Outcome<Option<i64>>;
    /// Tenants whose newest run that was applied, planned, held, thrown away or failed is one that failed; the longest failing first.
    async fn failing(&self, limit: u32) -> Outcome<Vec<Failing>>;
    /// Tenants with a run that waits and could begin at a moment.
    async fn kept_waiting(&self, now: i64) -> Outcome<Vec<TenantId>>;
    /// Tenants with a run that is planned or applied at this moment.
    async fn at_work(&self) -> Outcome<Vec<TenantId>>;
    /// When each tenant's newest applied run ended, in Unix milliseconds.
    async fn synced(&self) -> Outcome<Vec<(TenantId, i64)>>;
    /// Leases that were not given back, on all hosts; none where the system itself releases them.
    async fn lessees(&self) -> Outcome<Vec<Lessee>>;
    /// Whether stored passwords open with the key. None of them leaves the store.
    async fn passwords(&self) -> Outcome<Passwords>;
}
