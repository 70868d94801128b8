//! The endpoints port: what each tenant's plugin may connect to, as whoever runs the host decided. No plugin and no form reaches it.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Outcome, TenantId};

/// What a tenant's plugin may connect to beyond ordinary addresses. The default is nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Allowed {
    /// The machine itself (127.0.0.0/8, ::1).
    pub loopback: bool,
    /// Link-local addresses (169.254.0.0/16, fe80::/10).
    pub link_local: bool,
    /// The addresses at which clouds serve their metadata and credentials.
    pub metadata: bool,
}

/// Changes what a tenant's plugin may connect to, from its next connection on; none changes nothing. Gives what holds now. What cannot be
/// read allows nothing, and is put right by any change.
///
/// # Errors
/// `not-installed`; `policy-broken` where nothing is changed.
pub async fn permit(
    endpoints: &dyn Endpoints,
    tenant: &TenantId,
    change: impl FnOnce(Allowed) -> Option<Allowed> + Send,
) -> Outcome<Allowed> {
    let (before, broken) = match endpoints.allowed(tenant).await {
        Ok(before) => (before, None),
        Err(problem) if problem.code == "policy-broken" => (Allowed::default(), Some(problem)),
        Err(problem) => return Err(problem),
    };
    match (change(before), broken) {
        (None, Some(problem)) => Err(problem),
        (None, None) => Ok(before),
        (Some(after), None) if after == before => Ok(after),
        (Some(after), _) => {
            endpoints.allow(tenant, after).await?;
            Ok(after)
        }
    }
}

/// The endpoint policies. All refuse `not-installed`; an uninstall forgets the policy, and an installation begins without any.
#[async_trait]
pub trait Endpoints: Send + Sync {
    /// What is allowed now. Refuses `policy-broken` where what is stored cannot be read: then nothing is.
    async fn allowed(&self, tenant: &TenantId) -> Outcome<Allowed>;
    /// Allows this from now on, and nothing else.
    async fn allow(&self, tenant: &TenantId, allowed: Allowed) -> Outcome<()>;
    /// The same for a tenant of whom nothing was ever decided here, as where policies were files; says whether it was so.
    async fn allow_first(&self, tenant: &TenantId, allowed: Allowed) -> Outcome<bool>;
}
