//! Tenants, as far as a caller reaches them.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use super::refusal::{Answer, Document};
use super::scope::{Caller, Scope, Viewer};
use crate::ports::tenants::{HostSetting, Installation};
use crate::shape;

/// A tenant with a plugin.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Listed {
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
    listed: Listed,
    /// When it is synced next.
    due_at: Option<String>,
    /// The newest run.
    last_run: Option<shape::Run>,
}

impl From<&Installation> for Listed {
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
    (status = 200, body = [Listed]), (status = 401, body = Document)))]
pub(super) async fn list(caller: Caller) -> Answer<Json<Vec<Listed>>> {
    let tenants = caller.tenants().await?;
    Ok(Json(tenants.iter().map(Listed::from).collect()))
}

/// One tenant, and how it stands.
#[utoipa::path(get, path = "/tenants/{tenant}", tag = "tenants", params(("tenant" = String, Path)), responses(
    (status = 200, body = Standing), (status = 404, body = Document)))]
pub(super) async fn one(scope: Scope<Viewer>) -> Answer<Json<Standing>> {
    let platform = scope.platform()?;
    let installation = platform.tenants.get(scope.id()).await?;
    let runs = platform.plans.runs(scope.id(), 1).await?;
    let due = scope.queue().due_at(scope.id()).await?;
    Ok(Json(Standing {
        listed: Listed::from(&installation),
        due_at: due.and_then(shape::moment),
        last_run: runs.first().map(shape::Run::from),
    }))
}
