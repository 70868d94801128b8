//! The lease port: who works for a tenant.
//!
//! Runs, and whatever else changes what a run stands on, are done by whoever holds the tenant's lease. One does at a time,
//! among all processes and hosts that share the database.

use std::any::Any;
use std::fmt;

use async_trait::async_trait;

use super::{Outcome, TenantId};

/// The right to work for a tenant, until it is dropped or its holder ends, however that happens.
///
/// Where hosts share the database it can be lost: whoever is not heard of for a while (stopped, or cut off) loses it to the
/// next that asks, and whatever it still writes is refused with `lease-lost`.
pub struct Lease {
    _held: Box<dyn Any + Send + Sync>,
}

impl Lease {
    /// A lease that is given back when what stands behind it is dropped.
    #[must_use]
    pub fn new(held: impl Any + Send + Sync) -> Self {
        Self {
            _held: Box::new(held),
        }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lease")
    }
}

/// Who works for which tenant.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Takes a tenant's lease at once, or not at all. The tenant need not be known yet. Refuses `tenant-busy` while
    /// somebody else holds it.
    async fn lease(&self, tenant: &TenantId) -> Outcome<Lease>;
}
