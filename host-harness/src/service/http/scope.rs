//! Who calls, and for which tenant.
//!
//! [`Api`]'s ports are private to this module. A handler gets at a tenant by asking for a [`Scope`] of the rank that its work needs;
//! whoever may not reach the tenant hears the same as of one that does not exist.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts, RawPathParams};
use axum::http::header;
use axum::http::request::Parts;

use super::door::Peer;
use super::refusal::{Answer, Refusal};
use crate::ports::access::{Access, Deed, Rank, Reach, Token};
use crate::ports::{Plans, Queue, TenantId, Tenants};
use crate::service::token::hash;
use crate::service::{Health, Host, Watcher};
use crate::tenant::{Platform, Tenant};

/// What the routes stand on. Clones share it.
#[derive(Clone)]
pub struct Api {
    host: Host,
    watcher: Watcher,
    access: Arc<dyn Access>,
    tenants: Arc<dyn Tenants>,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

/// Somebody who showed a token.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    token: Token,
    from: String,
    api: Api,
}

/// A rank that a route needs.
pub(super) trait Needs: Send + Sync + 'static {
    const RANK: Rank;
}

pub(super) struct Viewer;
pub(super) struct Operator;
pub(super) struct Admin;

impl Needs for Viewer {
    const RANK: Rank = Rank::Viewer;
}

impl Needs for Operator {
    const RANK: Rank = Rank::Operator;
}

impl Needs for Admin {
    const RANK: Rank = Rank::Admin;
}

/// A tenant whom the caller may reach, with at least this rank.
pub(super) struct Scope<N> {
    caller: Caller,
    tenant: TenantId,
    needs: PhantomData<N>,
}

/// What concerns no tenant alone, for a caller of at least this rank who reaches everything.
pub(super) struct Whole<N> {
    caller: Caller,
    needs: PhantomData<N>,
}

impl Api {
    /// The routes' ground.
    #[must_use]
    pub fn new(watcher: Watcher, access: Arc<dyn Access>, tenants: Arc<dyn Tenants>) -> Self {
        Self {
            host: watcher.host().clone(),
            watcher,
            access,
            tenants,
        }
    }

    /// How the service does. Tenants are named in it, beside the messages.
    pub(super) async fn health(&self) -> Health {
        self.watcher.health().await
    }
}

impl Caller {
    pub(super) fn name(&self) -> &str {
        &self.token.name
    }

    pub(super) fn rank(&self) -> Rank {
        self.token.rank
    }

    pub(super) fn reach(&self) -> &Reach {
        &self.token.reach
    }

    /// The tenants that the caller reaches.
    pub(super) async fn tenants(&self) -> Answer<Vec<crate::ports::tenants::Installation>> {
        let mut all = self.api.tenants.list().await?;
        all.retain(|one| self.reach().has(&one.tenant));
        Ok(all)
    }

    async fn note(
        &self,
        tenant: Option<&TenantId>,
        what: &str,
        which: String,
        refused: &str,
    ) -> Answer<()> {
        let deed = Deed {
            at: chrono::Utc::now().timestamp_millis(),
            who: self.token.name.clone(),
            from: self.from.clone(),
            tenant: tenant.cloned(),
            what: what.to_owned(),
            which,
            refused: refused.to_owned(),
        };
        Ok(self.api.access.note(&deed).await?)
    }

    fn needs(&self, rank: Rank) -> Answer<()> {
        if self.token.rank >= rank {
            return Ok(());
        }
        Err(Refusal::new(
            "rank-too-low",
            &format!(
                "This needs the rank {}; the token {} has {}",
                rank.name(),
                self.name(),
                self.rank().name()
            ),
            "Use a token of that rank, or ask whoever gave you this one.",
        ))
    }
}

impl<N> Scope<N> {
    pub(super) fn caller(&self) -> &Caller {
        &self.caller
    }

    pub(super) fn id(&self) -> &TenantId {
        &self.tenant
    }

    /// The tenant's ports.
    pub(super) fn platform(&self) -> Answer<Platform> {
        Ok((self.caller.api.host.platforms)(&self.tenant)?)
    }

    /// The tenant, ready for its hooks.
    pub(super) async fn tenant(&self) -> Answer<Tenant> {
        Ok(self.caller.api.host.tenant(&self.tenant).await?)
    }

    pub(super) fn plans(&self) -> Answer<Arc<dyn Plans>> {
        Ok(self.platform()?.plans)
    }

    pub(super) fn queue(&self) -> &dyn Queue {
        &*self.caller.api.host.queue
    }

    /// What was done for the tenant.
    pub(super) async fn deeds(&self, skip: u32, limit: u32) -> Answer<Vec<Deed>> {
        Ok(self
            .caller
            .api
            .access
            .deeds(Some(&self.tenant), skip, limit)
            .await?)
    }

    /// Something was asked for: no need to wait for the next look.
    pub(super) fn wake(&self) {
        self.caller.api.host.wake();
    }

    /// Does something and notes it, whether it was done or refused.
    pub(super) async fn deed<T>(
        &self,
        what: &str,
        which: impl fmt::Display,
        done: impl Future<Output = Answer<T>>,
    ) -> Answer<T> {
        let done = done.await;
        let refused = done.as_ref().err().map_or("", Refusal::code);
        self.caller
            .note(Some(&self.tenant), what, which.to_string(), refused)
            .await?;
        done
    }
}

impl<N> Whole<N> {
    pub(super) fn access(&self) -> &dyn Access {
        &*self.caller.api.access
    }

    /// Notes what was done.
    pub(super) async fn note(&self, what: &str, which: impl fmt::Display) -> Answer<()> {
        self.caller.note(None, what, which.to_string(), "").await
    }
}

impl FromRequestParts<Api> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refusal> {
        let shown = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let secret = shown.and_then(|value| value.strip_prefix("Bearer "));
        let Some(secret) = secret else {
            return Err(unknown(
                "No token was shown",
                "Send it as `Authorization: Bearer …`.",
            ));
        };
        let token = api.access.token(&hash(secret)).await?;
        let Some(token) = token else {
            return Err(unknown(
                "The token is not known, or was revoked",
                "Make one with `rollcall token create`.",
            ));
        };
        if token.expires_at <= chrono::Utc::now().timestamp_millis() {
            return Err(unknown(
                "The token has expired",
                "Make a new one with `rollcall token create`.",
            ));
        }
        let peer = parts.extensions.get::<ConnectInfo<Peer>>();
        Ok(Self {
            token,
            from: peer.map_or_else(String::new, |ConnectInfo(peer)| {
                peer.from(&parts.headers).to_string()
            }),
            api: api.clone(),
        })
    }
}

impl<N: Needs> FromRequestParts<Api> for Scope<N> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refusal> {
        let caller = Caller::from_request_parts(parts, api).await?;
        let path = RawPathParams::from_request_parts(parts, api).await;
        let named = path.ok().and_then(|path| {
            let mut named = path.iter().filter(|(name, _)| *name == "tenant");
            named
                .next()
                .and_then(|(_, value)| TenantId::new(value).ok())
        });
        let Some(tenant) = named.filter(|tenant| caller.reach().has(tenant)) else {
            return Err(Refusal::new(
                "not-installed",
                "There is no such tenant, or this token does not reach it",
                "List the tenants to see which it reaches.",
            ));
        };
        caller.needs(N::RANK)?;
        Ok(Self {
            caller,
            tenant,
            needs: PhantomData,
        })
    }
}

impl<N: Needs> FromRequestParts<Api> for Whole<N> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refusal> {
        let caller = Caller::from_request_parts(parts, api).await?;
        caller.needs(N::RANK)?;
        if *caller.reach() != Reach::Everything {
            return Err(Refusal::new(
                "reach-too-small",
                "This concerns every tenant, and the token reaches some",
                "Use a token that reaches everything.",
            ));
        }
        Ok(Self {
            caller,
            needs: PhantomData,
        })
    }
}

fn unknown(message: &str, remedy: &str) -> Refusal {
    Refusal::new("not-authenticated", message, remedy)
}
