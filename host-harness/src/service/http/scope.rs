//! Who calls, and for which tenant.
//!
//! [`Api`]'s ports are private to this module, and what it hands out names the tenant by itself ([`Own`]). A handler gets at a tenant by asking for a [`Scope`] of the rank that its work needs;
//! whoever may not reach the tenant hears the same as of one that does not exist.

mod leaver;
mod whole;

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::header;
use axum::http::request::Parts;
use sha2::{Digest as _, Sha256};

use super::own::Own;
use super::refusal::{Answer, Refusal};
use super::sent::unreadable;
use super::{browser, observe};
use crate::ports::access::{Access, Deed, DeedQuery, Holder, Rank, Reach, Token};
use crate::ports::endpoints::{Allowed, permit};
use crate::ports::tenants::Installation;
use crate::ports::users::Session;
use crate::ports::{Plans, Portal, Queue, TenantId, Tenants};
use crate::sandbox::{BUNDLED, Plugin};
use crate::service::console::Console;
use crate::service::token::hash;
use crate::service::{Health, Host, Lasting, Watcher};
use crate::tenant::{Platform, Tenant};

pub(super) use leaver::Leaver;
pub(super) use whole::Whole;

/// What the routes stand on. Clones share it.
#[derive(Clone)]
pub struct Api {
    host: Host,
    watcher: Watcher,
    access: Arc<dyn Access>,
    tenants: Arc<dyn Tenants>,
    console: Console,
    demo: bool,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

/// Somebody who showed a token, or has logged in.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    shown: Shown,
    /// Of the secret that was shown.
    hash: [u8; 32],
    /// In the log.
    who: String,
    from: String,
    api: Api,
}

/// What somebody showed.
#[derive(Debug, Clone)]
enum Shown {
    Token(Token),
    Session(Session),
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

/// A tenant's name that is within the caller's reach, for a caller of at least this rank, whether or not anything is installed there.
pub(super) struct Place<N> {
    caller: Caller,
    tenant: TenantId,
    needs: PhantomData<N>,
}

/// A tenant whom the caller may reach, with at least this rank.
pub(super) struct Scope<N>(Place<N>);

impl Api {
    /// The routes' ground.
    #[must_use]
    pub fn new(
        watcher: Watcher,
        access: Arc<dyn Access>,
        tenants: Arc<dyn Tenants>,
        console: Console,
    ) -> Self {
        Self {
            host: watcher.host().clone(),
            watcher,
            access,
            tenants,
            console,
            demo: false,
        }
    }

    /// Whether it is a demo's: then the link that it prints logs whoever opens it in.
    #[must_use]
    pub fn of_demo(mut self, demo: bool) -> Self {
        self.demo = demo;
        self
    }

    pub(super) fn is_demo(&self) -> bool {
        self.demo
    }

    /// Users and their sessions: no tenant's data is in them.
    pub(super) fn console(&self) -> &Console {
        &self.console
    }

    /// How the service does. Tenants are named in it, beside the messages.
    pub(super) async fn health(&self) -> Health {
        self.watcher.health().await
    }
}

impl Caller {
    pub(super) fn name(&self) -> &str {
        match &self.shown {
            Shown::Token(token) => &token.name,
            Shown::Session(session) => &session.user.name,
        }
    }

    pub(super) fn rank(&self) -> Rank {
        match &self.shown {
            Shown::Token(token) => token.rank,
            Shown::Session(session) => session.user.rank,
        }
    }

    pub(super) fn reach(&self) -> &Reach {
        match &self.shown {
            Shown::Token(token) => &token.reach,
            Shown::Session(session) => &session.user.reach,
        }
    }

    /// Unix milliseconds from which on what was shown is refused.
    pub(super) fn expires_at(&self) -> i64 {
        match &self.shown {
            Shown::Token(token) => token.expires_at,
            Shown::Session(session) => session.ends_at,
        }
    }

    /// Whether what was shown is still good, and means the same. That it is looked at is no use of a session.
    async fn lasts(&self) -> Answer<bool> {
        Ok(match &self.shown {
            Shown::Token(shown) => {
                let token = self.api.access.token(&self.hash).await?;
                let now = chrono::Utc::now().timestamp_millis();
                token.is_some_and(|token| token == *shown && token.expires_at > now)
            }
            Shown::Session(shown) => {
                let session = self.api.console.look(&self.hash).await?;
                session.is_some_and(|session| session.user == shown.user)
            }
        })
    }

    /// What only this service comes to, for what the caller has shown and a purpose: the same each time, and nothing that anybody could
    /// guess.
    pub(super) fn seed(&self, purpose: &str) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(self.hash);
        digest.update(purpose);
        // Once more: of the first nobody could go on to others.
        Sha256::digest(digest.finalize()).into()
    }

    /// The session, where the caller has logged in.
    pub(super) fn session(&self) -> Option<&Session> {
        match &self.shown {
            Shown::Token(_) => None,
            Shown::Session(session) => Some(session),
        }
    }

    fn holder(&self) -> Holder {
        match &self.shown {
            Shown::Token(token) => Holder::Token(token.id),
            Shown::Session(session) => Holder::User(session.user.id),
        }
    }

    /// The tenants that the caller reaches.
    pub(super) async fn tenants(&self) -> Answer<Vec<Installation>> {
        let mut all = self.api.tenants.list().await?;
        all.retain(|one| self.reach().has(&one.tenant));
        Ok(all)
    }

    /// The tenants that the caller reaches, ready to be looked at.
    pub(super) async fn scopes(&self) -> Answer<Vec<Scope<Viewer>>> {
        let all = self.tenants().await?;
        let scope = |one: crate::ports::tenants::Installation| {
            Scope(Place {
                caller: self.clone(),
                tenant: one.tenant,
                needs: PhantomData,
            })
        };
        Ok(all.into_iter().map(scope).collect())
    }

    /// Those of whom something lasts at this moment, within the caller's reach or not.
    pub(super) async fn lasting(&self, lasting: Lasting) -> Answer<HashSet<TenantId>> {
        Ok(self.api.watcher.tenants(lasting).await?)
    }

    /// A tenant's name within the caller's reach, as somebody typed it, for what the rank allows there.
    pub(super) fn place<N: Needs>(&self, tenant: TenantId) -> Answer<Place<N>> {
        if !self.reach().has(&tenant) {
            return Err(no_such_tenant());
        }
        self.needs(N::RANK)?;
        Ok(Place {
            caller: self.clone(),
            tenant,
            needs: PhantomData,
        })
    }

    /// A tenant whom the caller reaches, for what the rank allows there.
    pub(super) async fn scope<N: Needs>(&self, tenant: TenantId) -> Answer<Scope<N>> {
        let place = self.place(tenant)?;
        match self.api.tenants.get(place.id()).await {
            Ok(_) => Ok(Scope(place)),
            // In the same words: nobody is told whether a tenant was there once.
            Err(problem) if problem.code == "not-installed" => Err(no_such_tenant()),
            Err(problem) => Err(problem.into()),
        }
    }

    /// The plugin that comes with the program, for whoever may install it: nothing of a tenant is in it.
    pub(super) async fn bundled(&self) -> Answer<Plugin> {
        self.needs(Rank::Admin)?;
        let nobody = TenantId::new("none")?;
        let platform = (self.api.host.platforms)(&nobody)?;
        Ok(platform.sandbox.load(BUNDLED).await?)
    }

    async fn note(
        &self,
        tenant: Option<&TenantId>,
        what: &str,
        which: String,
        refused: &str,
    ) -> Answer<()> {
        let deed = Deed::now((&self.who, &self.from), tenant, what, &which, refused);
        Ok(self.api.access.note(&deed).await?)
    }

    fn needs(&self, rank: Rank) -> Answer<()> {
        if self.rank() >= rank {
            return Ok(());
        }
        Err(Refusal::new(
            "rank-too-low",
            &format!(
                "This needs the rank {}; {} has {}",
                rank.name(),
                self.name(),
                self.rank().name()
            ),
            "Come as somebody of that rank, or ask whoever gave you this one.",
        ))
    }
}

impl<N> Place<N> {
    pub(super) fn caller(&self) -> &Caller {
        &self.caller
    }

    pub(super) fn id(&self) -> &TenantId {
        &self.tenant
    }

    /// The ports: for this module alone, since they take any tenant.
    fn platform(&self) -> Answer<Platform> {
        Ok((self.caller.api.host.platforms)(&self.tenant)?)
    }

    /// The tenant, ready for its hooks.
    pub(super) async fn tenant(&self) -> Answer<Tenant> {
        Ok(self.caller.api.host.tenant(&self.tenant).await?)
    }

    /// Installs a component, and says what it may connect to.
    pub(super) async fn install(&self, component: &[u8], allowed: Allowed) -> Answer<Tenant> {
        let platform = self.platform()?;
        let tenant = platform.install(&self.tenant, component).await?;
        self.permit(allowed).await?;
        Ok(tenant)
    }

    /// Says what the plugin may connect to.
    pub(super) async fn permit(&self, allowed: Allowed) -> Answer<Allowed> {
        let platform = self.platform()?;
        Ok(permit(&*platform.endpoints, &self.tenant, |_| Some(allowed)).await?)
    }

    /// What the plugin may connect to.
    pub(super) async fn allowed(&self) -> Answer<Allowed> {
        Ok(self.platform()?.endpoints.allowed(&self.tenant).await?)
    }

    /// The digest of the component before the present one.
    pub(super) async fn before(&self) -> Answer<Option<String>> {
        Ok(self.platform()?.versions.before(&self.tenant).await?)
    }

    /// The component before the present one.
    pub(super) async fn plugin_before(&self) -> Answer<Option<Plugin>> {
        let platform = self.platform()?;
        let Some(before) = platform.versions.before(&self.tenant).await? else {
            return Ok(None);
        };
        let component = platform.tenants.component(&before).await?;
        Ok(Some(platform.sandbox.load(&component).await?))
    }

    /// The names of stored passwords and keys.
    pub(super) async fn credentials(&self) -> Answer<Vec<String>> {
        Ok(self.platform()?.secrets.names(&self.tenant).await?)
    }

    pub(super) fn queue(&self) -> Own<dyn Queue> {
        Own::of(&self.tenant, Arc::clone(&self.caller.api.host.queue))
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

impl<N> Scope<N> {
    pub(super) fn caller(&self) -> &Caller {
        self.0.caller()
    }

    pub(super) fn id(&self) -> &TenantId {
        self.0.id()
    }

    pub(super) fn place(&self) -> &Place<N> {
        &self.0
    }

    /// The tenant, ready for its hooks.
    pub(super) async fn tenant(&self) -> Answer<Tenant> {
        self.0.tenant().await
    }

    /// What is installed.
    pub(super) async fn installation(&self) -> Answer<Installation> {
        Ok(self.0.platform()?.tenants.get(self.id()).await?)
    }

    pub(super) fn plans(&self) -> Answer<Own<dyn Plans>> {
        Ok(Own::of(self.id(), self.0.platform()?.plans))
    }

    pub(super) fn portal(&self) -> Answer<Own<dyn Portal>> {
        Ok(Own::of(self.id(), self.0.platform()?.portal))
    }

    pub(super) fn queue(&self) -> Own<dyn Queue> {
        self.0.queue()
    }

    /// Whether an answer that takes long may go on: the caller may still hear it, and this host does not end.
    pub(super) async fn lasts(&self) -> bool {
        let caller = self.caller();
        !caller.api.host.ending.is_cancelled() && caller.lasts().await.unwrap_or(false)
    }

    /// What was done for the tenant, of what is asked for: of no other, whomever that names.
    pub(super) async fn deeds(&self, query: DeedQuery, skip: u32, limit: u32) -> Answer<Vec<Deed>> {
        let tenant = Some(self.id().clone());
        let query = DeedQuery { tenant, ..query };
        let access = &self.caller().api.access;
        Ok(access.deeds(&query, skip, limit).await?)
    }

    /// Something was asked for: no need to wait for the next look.
    pub(super) fn wake(&self) {
        self.caller().api.host.wake();
    }

    /// Does something and notes it, whether it was done or refused.
    pub(super) async fn deed<T>(
        &self,
        what: &str,
        which: impl fmt::Display,
        done: impl Future<Output = Answer<T>>,
    ) -> Answer<T> {
        self.0.deed(what, which, done).await
    }
}

impl FromRequestParts<Api> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refusal> {
        let (shown, hash) = match browser::cookie(parts) {
            // Whoever shows a token is known by that alone.
            Some(secret) if !parts.headers.contains_key(header::AUTHORIZATION) => {
                browser::check_origin(parts)?;
                (Shown::Session(logged_in(api, secret).await?), hash(secret))
            }
            _ => {
                let secret = bearer(parts)?;
                let hash = hash(secret);
                (Shown::Token(token(&hash, api).await?), hash)
            }
        };
        let who = match &shown {
            Shown::Token(token) => token.who(),
            Shown::Session(session) => session.user.who(),
        };
        Ok(Self {
            shown,
            hash,
            who,
            from: browser::address(parts),
            api: api.clone(),
        })
    }
}

async fn logged_in(api: &Api, secret: &str) -> Answer<Session> {
    let session = api.console.session(secret).await?;
    session.ok_or_else(|| unknown("The session is not known, or is over", "Log in again."))
}

fn bearer(parts: &Parts) -> Answer<&str> {
    let shown = parts
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let secret = shown.and_then(|value| value.strip_prefix("Bearer "));
    secret.ok_or_else(|| {
        unknown(
            "No token was shown, and nobody has logged in",
            "Send a token as `Authorization: Bearer …`, or log in.",
        )
    })
}

async fn token(hash: &[u8; 32], api: &Api) -> Answer<Token> {
    let token = api.access.token(hash).await?;
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
    Ok(token)
}

impl<N: Needs> FromRequestParts<Api> for Place<N> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refusal> {
        let caller = Caller::from_request_parts(parts, api).await?;
        let tenant = named(parts, api).await?.ok_or_else(no_such_tenant)?;
        if caller.reach().has(&tenant) {
            observe::of_tenant(&tenant);
        }
        caller.place(tenant)
    }
}

/// The tenant in the path.
async fn named(parts: &mut Parts, api: &Api) -> Answer<Option<TenantId>> {
    let path = RawPathParams::from_request_parts(parts, api).await;
    let path = path.map_err(|why| unreadable(&why.body_text()))?;
    let named = path.iter().find(|(name, _)| *name == "tenant");
    Ok(named.and_then(|(_, value)| TenantId::new(value).ok()))
}

impl<N: Needs> FromRequestParts<Api> for Scope<N> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refusal> {
        let place: Place<N> = Place::from_request_parts(parts, api).await?;
        place.caller.scope(place.tenant).await
    }
}

fn no_such_tenant() -> Refusal {
    Refusal::new(
        "not-installed",
        "There is no such tenant, or you do not reach it",
        "Look among the integrations, or list the tenants, to see which you reach.",
    )
}

fn unknown(message: &str, remedy: &str) -> Refusal {
    Refusal::new("not-authenticated", message, remedy)
}
