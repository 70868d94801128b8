//! The receipts port: what a tenant's last uninstall removed and left.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::access::Holder;
use super::{Outcome, TenantId};
use crate::contract::hooks::lifecycle::Receipt;

/// A receipt as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// Unix milliseconds: when the uninstall ended.
    pub at: i64,
    /// What it removed and left.
    pub receipt: Receipt,
}

/// The receipts.
#[async_trait]
pub trait Receipts: Send + Sync {
    /// Keeps a tenant's receipt in place of an earlier one. Refuses `not-installed` where nothing was ever installed.
    async fn keep_receipt(&self, tenant: &TenantId, kept: &Kept) -> Outcome<()>;
    /// The receipt of the last uninstall. Refuses `no-receipt`.
    async fn receipt(&self, tenant: &TenantId) -> Outcome<Kept>;
    /// Takes a tenant who leaves from whoever reaches it by name, so that they do not reach the next of that name; they may still
    /// read the receipt, until the next one. Says how many they are.
    async fn withdraw(&self, tenant: &TenantId) -> Outcome<u64>;
    /// Whether somebody reached a tenant when it left last.
    async fn may_read(&self, tenant: &TenantId, holder: Holder) -> Outcome<bool>;
}
