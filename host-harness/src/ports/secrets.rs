//! The secrets port: passwords behind handles.

use async_trait::async_trait;
use zeroize::Zeroizing;

use super::{Outcome, TenantId};

/// Stores passwords encrypted, bound to tenant and name.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// Stores a password under a name and returns the handle a plugin may hold. Refuses an empty one
    /// (`empty-password`): a directory takes a bind without password for an anonymous one (RFC 4513 section 5.1.2).
    async fn store(
        &self,
        tenant: &TenantId,
        name: &str,
        password: Zeroizing<String>,
    ) -> Outcome<String>;
    /// The password behind a handle of this tenant (`unknown-credential` for any other).
    async fn reveal(&self, tenant: &TenantId, handle: &str) -> Outcome<Zeroizing<String>>;
    /// The handle stored under a name, if there is one.
    async fn handle(&self, tenant: &TenantId, name: &str) -> Outcome<Option<String>>;
    /// Under which names there are any.
    async fn names(&self, tenant: &TenantId) -> Outcome<Vec<String>>;
    /// Destroys the password behind one handle; one that is gone already is no trouble.
    async fn forget(&self, tenant: &TenantId, handle: &str) -> Outcome<()>;
    /// Destroys every password of a tenant; says how many.
    async fn destroy(&self, tenant: &TenantId) -> Outcome<u64>;
}
