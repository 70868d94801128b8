//! The plugin of a tenant: installing it, looking at it, exchanging it for another.

use axum::Json;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::key::Key;
use super::refusal::{Answer, Document, Refusal};
use super::scope::{Admin, Caller, Place, Scope, Viewer};
use super::sent::{Asked, Component, Sent};
use crate::ports::RunId;
use crate::ports::access::Reach;
use crate::ports::endpoints::Allowed;
use crate::sandbox::CallLimits;
use crate::shape;
use crate::tenant::Tenant;

/// The plugin of a tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Installed {
    /// The component's digest.
    pub(super) digest: String,
    /// The digest of the one before, to which one can go back.
    pub(super) before: Option<String>,
    #[serde(flatten)]
    pub(super) description: shape::Description,
    /// What it may do.
    pub(super) imports: Vec<shape::Import>,
    /// What one call may use.
    pub(super) limits: shape::Limits,
    /// What it may connect to beyond ordinary addresses.
    pub(super) endpoints: Endpoints,
}

/// What a plugin may connect to beyond ordinary addresses.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Endpoints {
    /// The host's own machine.
    pub(super) loopback: bool,
    /// Link-local addresses.
    pub(super) link_local: bool,
    /// The addresses where clouds serve their metadata and credentials.
    pub(super) metadata: bool,
}

/// What the plugin may connect to beyond ordinary addresses. Only a token that reaches everything may allow any of it.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Policy {
    /// Servers on the host's own machine.
    #[serde(default)]
    allow_loopback: bool,
    /// Link-local addresses.
    #[serde(default)]
    allow_link_local: bool,
    /// The addresses where clouds serve their metadata and credentials.
    #[serde(default)]
    allow_metadata: bool,
}

/// How to exchange it.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct How {
    /// Check everything and tell the difference, without changing anything.
    #[serde(default)]
    dry_run: bool,
}

impl From<Policy> for Allowed {
    fn from(policy: Policy) -> Self {
        Self {
            loopback: policy.allow_loopback,
            link_local: policy.allow_link_local,
            metadata: policy.allow_metadata,
        }
    }
}

impl From<Endpoints> for Allowed {
    fn from(endpoints: Endpoints) -> Self {
        Self {
            loopback: endpoints.loopback,
            link_local: endpoints.link_local,
            metadata: endpoints.metadata,
        }
    }
}

impl From<Allowed> for Endpoints {
    fn from(allowed: Allowed) -> Self {
        Self {
            loopback: allowed.loopback,
            link_local: allowed.link_local,
            metadata: allowed.metadata,
        }
    }
}

/// What the plugin is: its form, the directories it knows, what it needs, what it may do.
#[utoipa::path(get, path = "/tenants/{tenant}/plugin", tag = "plugin", params(("tenant" = String, Path)), responses(
    (status = 200, body = Installed), (status = 404, body = Document)))]
pub(super) async fn describe(scope: Scope<Viewer>) -> Answer<Json<Installed>> {
    let tenant = scope.tenant().await?;
    Ok(Json(installed(scope.place(), &tenant).await?))
}

/// Installs a plugin for a new tenant: the component that is sent, or with an empty body the one that comes with the program. With the
/// header `Idempotency-Key` asking again for the same gives what is installed; without it, it is `already-installed`.
#[utoipa::path(post, path = "/tenants/{tenant}/plugin", tag = "plugin", params(("tenant" = String, Path), Policy,
    ("Idempotency-Key" = Option<String>, Header, description = "Asked with it again, it is the same installation")),
    request_body(content = Vec<u8>, content_type = "application/wasm"), responses((status = 201, body = Installed),
    (status = 404, body = Document), (status = 409, body = Document), (status = 413, body = Document),
    (status = 422, body = Document)))]
pub(super) async fn install(
    place: Place<Admin>,
    Asked(policy): Asked<Policy>,
    Key(key): Key,
    component: Component,
) -> Answer<(StatusCode, Json<Installed>)> {
    let installed = begin(&place, policy.into(), &component, key.as_deref()).await?;
    Ok((StatusCode::CREATED, Json(installed)))
}

/// Installs a component, and notes it; with the same key it is the same installation.
pub(super) async fn begin(
    place: &Place<Admin>,
    allowed: Allowed,
    component: &Component,
    key: Option<&str>,
) -> Answer<Installed> {
    // Otherwise whoever administers one tenant could look around on the host's own network.
    ordinary(
        place.caller(),
        allowed,
        "What is not an ordinary address is for the host to allow, and the token reaches some tenants only",
        "Install without it, or with a token that reaches everything.",
    )?;
    let work = async {
        let queue = place.queue();
        let Allowed {
            loopback,
            link_local,
            metadata,
        } = allowed;
        let digest = component.digest();
        let wish = format!("install {digest} {loopback} {link_local} {metadata}");
        if let Some(key) = key
            && queue.known(key, &wish).await?.is_some()
        {
            return installed(place, &place.tenant().await?).await;
        }
        let tenant = place.install(component.bytes(), allowed).await?;
        if let Some(key) = key {
            queue.remember(key, &wish, RunId(0)).await?;
        }
        installed(place, &tenant).await
    };
    place.deed("install", component.told(), work).await
}

/// Gives the tenant another component, with the settings that are stored. Plans that wait are thrown away, and the next sync reads everybody.
/// Asked again it is harmless: the tenant has the component already (`same-plugin`).
#[utoipa::path(post, path = "/tenants/{tenant}/plugin/upgrade", tag = "plugin", params(("tenant" = String, Path), How),
    request_body(content = Vec<u8>, content_type = "application/wasm"), responses((status = 200, body = shape::Upgrade),
    (status = 404, body = Document), (status = 409, body = Document), (status = 413, body = Document), (status = 422, body = Document)))]
pub(super) async fn upgrade(
    scope: Scope<Admin>,
    Asked(how): Asked<How>,
    component: Component,
) -> Answer<Json<shape::Upgrade>> {
    forth(&scope, &component, how.dry_run).await.map(Json)
}

/// Gives the tenant this component, and notes it.
pub(super) async fn forth(
    scope: &Scope<Admin>,
    component: &Component,
    dry_run: bool,
) -> Answer<shape::Upgrade> {
    let work = async {
        exchangeable(scope).await?;
        let tenant = scope.tenant().await?;
        Ok(tenant.upgrade(component.bytes(), dry_run).await?)
    };
    let what = if dry_run {
        "plugin.upgrade dry-run"
    } else {
        "plugin.upgrade"
    };
    let upgraded = scope.deed(what, component.told(), work).await?;
    Ok(shape::Upgrade::from(&upgraded))
}

/// Gives the tenant the component back that it had before the last upgrade. Asked again it goes forth again.
#[utoipa::path(post, path = "/tenants/{tenant}/plugin/rollback", tag = "plugin", params(("tenant" = String, Path), How),
    responses((status = 200, body = shape::Upgrade), (status = 404, body = Document), (status = 409, body = Document),
    (status = 422, body = Document)))]
pub(super) async fn rollback(
    scope: Scope<Admin>,
    Asked(how): Asked<How>,
) -> Answer<Json<shape::Upgrade>> {
    back(&scope, how.dry_run).await.map(Json)
}

/// Gives the tenant the component back that it had before, and notes it.
pub(super) async fn back(scope: &Scope<Admin>, dry_run: bool) -> Answer<shape::Upgrade> {
    let work = async {
        exchangeable(scope).await?;
        Ok(scope.tenant().await?.rollback(dry_run).await?)
    };
    let what = if dry_run {
        "plugin.rollback dry-run"
    } else {
        "plugin.rollback"
    };
    let back = scope.deed(what, "", work).await?;
    Ok(shape::Upgrade::from(&back))
}

/// Says what the plugin may connect to beyond ordinary addresses, from its next connection on, and nothing else. It is for whoever reaches
/// everything: others could look around on the host's own network.
#[utoipa::path(put, path = "/tenants/{tenant}/plugin/endpoints", tag = "plugin", params(("tenant" = String, Path)), request_body = Endpoints,
    responses((status = 200, body = Endpoints), (status = 404, body = Document), (status = 422, body = Document)))]
pub(super) async fn allow(
    scope: Scope<Admin>,
    Sent(wanted): Sent<Endpoints>,
) -> Answer<Json<Endpoints>> {
    allow_these(&scope, wanted).await.map(Json)
}

/// Says what it may connect to, and notes it.
pub(super) async fn allow_these(scope: &Scope<Admin>, wanted: Endpoints) -> Answer<Endpoints> {
    let work = async {
        if *scope.caller().reach() != Reach::Everything {
            return Err(Refusal::new(
                "reach-too-small",
                "What is not an ordinary address is for the host to allow, and you reach some tenants only",
                "Let somebody change it who reaches everything.",
            ));
        }
        Ok(scope.place().permit(wanted.into()).await?.into())
    };
    let each = [
        (wanted.loopback, "loopback"),
        (wanted.link_local, "link-local"),
        (wanted.metadata, "metadata"),
    ];
    let named: Vec<&str> = each
        .into_iter()
        .filter_map(|(on, name)| on.then_some(name))
        .collect();
    scope.deed("plugin.endpoints", named.join(" "), work).await
}

/// What a tenant's plugin is.
pub(super) async fn installed<N>(place: &Place<N>, tenant: &Tenant) -> Answer<Installed> {
    let description = tenant.describe().await?;
    let allowed = place.allowed().await?;
    Ok(Installed {
        digest: tenant.plugin_digest().to_owned(),
        before: place.before().await?,
        description: shape::Description::from(&description),
        imports: shape::each(tenant.imports()),
        limits: CallLimits::default().into(),
        endpoints: allowed.into(),
    })
}

/// Refuses another plugin for a tenant whose plugin may connect to more than ordinary addresses: whoever allowed that knew the one
/// before.
async fn exchangeable(scope: &Scope<Admin>) -> Answer<()> {
    ordinary(
        scope.caller(),
        scope.place().allowed().await?,
        "The host allows this tenant's plugin addresses that are not ordinary, and the token reaches some tenants only",
        "Let whoever runs the host exchange the plugin, or take back what it may connect to.",
    )
}

/// Refuses what has to do with addresses that are not ordinary, unless the caller reaches everything.
fn ordinary(caller: &Caller, allowed: Allowed, message: &str, remedy: &str) -> Answer<()> {
    if allowed == Allowed::default() || *caller.reach() == Reach::Everything {
        return Ok(());
    }
    Err(Refusal::new("reach-too-small", message, remedy))
}
