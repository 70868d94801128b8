//! The state port: small versioned key-value storage, a space for each tenant.

use async_trait::async_trait;

use super::{Outcome, TenantId};
use crate::contract::state::{Operation, Versioned};

/// The plugin's own settings. See the contract's `state` interface.
#[async_trait]
pub trait State: Send + Sync {
    /// The value of a key; version 0 where it is absent.
    async fn get(&self, tenant: &TenantId, key: &str) -> Outcome<Versioned>;
    /// All keys with a prefix, ascending.
    async fn keys(&self, tenant: &TenantId, prefix: &str) -> Outcome<Vec<String>>;
    /// All operations or none.
    async fn commit(&self, tenant: &TenantId, operations: &[Operation]) -> Outcome<()>;
    /// Removes everything of a tenant; says how many keys went.
    async fn clear(&self, tenant: &TenantId) -> Outcome<u64>;
}
