//! Tenants, as far as a caller reaches them.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use super::refusal::{Answer, Document};
use super::scope::{Caller, Scope, Viewer};
use crate::ports::plan::RunQuery;
use crate::ports::tenants::{HostSetting, Installation};
use crate::shape;

/// A tenant with a plugin.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ListedTenant {
    /// Its name.
    tenant: String,
    /// When the plugin was installed.
    installed_at: Option<String>,
    /// The plugin's digest.
    plugin: String,
    /// The configuration's digest; empty before the first.
    configuration: String,
    /// The directory.
    url: String,
}

/// A tenant, and how it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Standing {
    #[serde(flatten)]
    listed: ListedTenant,
    /// When it is synced next.
    due_at: Option<String>,
    /// The newest run.
    last_run: Option<shape::Run>,
}

impl From<&Installation> for ListedTenant {
    fn from(installation: &Installation) -> Self {
        Self {
            tenant: installation.tenant.to_string(),
            installed_at: shape::moment(installation.installed_at.saturating_mul(1000)),
            plugin: installation.plugin.clone(),
            configuration: installation.configuration.clone(),
            url: HostSetting::value_of(&installation.settings, "url").to_owned(),
        }
    }
}

/// The tenants that the token reaches.
#[utoipa::path(get, path = "/tenants", tag = "tenants", responses(
    (status = 200, body = [ListedTenant])))]
pub(super) async fn list(caller: Caller) -> Answer<Json<Vec<ListedTenant>>> {
    let tenants = caller.tenants().await?;
    Ok(Json(tenants.iter().map(ListedTenant::from).collect()))
}

/// One tenant, and how it stands.
#[utoipa::path(get, path = "/tenants/{tenant}", tag = "tenants", params(("tenant" = String, Path)), responses(
    (status = 200, body = Standing), (status = 404, body = Document)))]
pub(super) async fn one(scope: Scope<Viewer>) -> Answer<Json<Standing>> {
    let installation = scope.installation().await?;
    let runs = scope.plans()?.runs(&RunQuery::default(), 1).await?;
    let due = scope.queue().due_at().await?;
    Ok(Json(Standing {
        listed: ListedTenant::from(&installation),
        due_at: due.and_then(shape::moment),
        last_run: runs.first().map(shape::Run::from),
    }))
}
