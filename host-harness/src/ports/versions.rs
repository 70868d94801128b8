//! The versions port: which component a tenant is pinned to, and which one it could go back to.

use async_trait::async_trait;

use super::{Outcome, TenantId};

/// Another component for a tenant.
#[derive(Debug, Clone, Copy)]
pub struct Switch<'s> {
    /// Its digest.
    pub plugin: &'s str,
    /// Its bytes.
    pub component: &'s [u8],
    /// The digest of the configuration in force, as this component computes it; empty before the first.
    pub configuration: &'s str,
}

/// The components side by side. All refuse `not-installed`.
#[async_trait]
pub trait Versions: Send + Sync {
    /// The digest of the component that was in use before the present one; none where there was none since the installation.
    async fn before(&self, tenant: &TenantId) -> Outcome<Option<String>>;
    /// Pins the tenant to another component, and keeps the present one to go back to; both or neither. The checkpoint of the last
    /// sync is dropped: it is the other plugin's. Components that nobody uses or could go back to are removed.
    async fn switch(&self, tenant: &TenantId, to: Switch<'_>) -> Outcome<()>;
}
