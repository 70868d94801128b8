//! Who still is unsynced, and how long rows are kept.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::refusal::{Answer, Document};
use super::scope::{Operator, Scope, Viewer};
use super::sent::{Asked, Sent};
use crate::shape;

const MOST: u32 = 1_000;

/// Which failures.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only those with this code.
    code: Option<String>,
    /// Only those after this number.
    after: Option<u64>,
    /// At most so many, up to 1,000.
    limit: Option<u32>,
}

/// Failures, and where to go on.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Failures {
    /// How many are open, with the code that was asked for.
    all: u64,
    /// By ascending number.
    failures: Vec<shape::Failure>,
    /// What to give as `after` for the next ones; none at the end.
    next: Option<u64>,
}

/// How long rows are kept.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Retention {
    /// For so many days after the run's end; 0: for ever. The line of each run stays for ever.
    days: u32,
}

/// People who could not be brought over and still are not, one failure each.
#[utoipa::path(get, path = "/tenants/{tenant}/failures", tag = "runs", params(("tenant" = String, Path), Which), responses(
    (status = 200, body = Failures), (status = 404, body = Document)))]
pub(super) async fn list(
    scope: Scope<Viewer>,
    Asked(which): Asked<Which>,
) -> Answer<Json<Failures>> {
    let plans = scope.plans()?;
    let limit = which.limit.unwrap_or(100).clamp(1, MOST);
    let (code, after) = (which.code.as_deref(), which.after.unwrap_or(0));
    let failures = plans.failures(code, after, limit).await?;
    let full = failures.len() >= limit as usize;
    Ok(Json(Failures {
        all: plans.count_failures(code).await?,
        next: failures.last().filter(|_| full).map(|last| last.id),
        failures: shape::each(&failures),
    }))
}

/// For how long the rows of runs are kept.
#[utoipa::path(get, path = "/tenants/{tenant}/retention", tag = "runs", params(("tenant" = String, Path)), responses(
    (status = 200, body = Retention), (status = 404, body = Document)))]
pub(super) async fn kept(scope: Scope<Viewer>) -> Answer<Json<Retention>> {
    let days = scope.plans()?.days().await?;
    Ok(Json(Retention { days }))
}

/// Says for how long the rows of runs are kept.
#[utoipa::path(put, path = "/tenants/{tenant}/retention", tag = "runs", params(("tenant" = String, Path)),
    request_body = Retention, responses((status = 200, body = Retention), (status = 404, body = Document),
    (status = 422, body = Document)))]
pub(super) async fn keep(
    scope: Scope<Operator>,
    Sent(wanted): Sent<Retention>,
) -> Answer<Json<Retention>> {
    let stored = async {
        scope.tenant().await?.set_retention(wanted.days).await?;
        Ok(wanted)
    };
    scope.deed("retention", "", stored).await.map(Json)
}
