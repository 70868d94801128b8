//! When a tenant is synced.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::refusal::{Answer, Document};
use super::scope::{Operator, Scope, Viewer};
use super::sent::{Asked, Sent};
use crate::contract::hooks::schedule::Timetable;
use crate::shape;
use crate::tenant::Tenant;

/// How many occurrences.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Ahead {
    /// From 1 to 1,000; 5 where nothing is said.
    count: Option<u32>,
}

/// A timetable and what follows from it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Scheduled {
    /// As stored.
    timetable: shape::Timetable,
    /// The next runs.
    next: Vec<shape::Occurrence>,
}

/// The timetable and the next runs.
#[utoipa::path(get, path = "/tenants/{tenant}/schedule", tag = "schedule", params(("tenant" = String, Path), Ahead), responses(
    (status = 200, body = Scheduled), (status = 404, body = Document)))]
pub(super) async fn show(
    scope: Scope<Viewer>,
    Asked(ahead): Asked<Ahead>,
) -> Answer<Json<Scheduled>> {
    let tenant = scope.tenant().await?;
    Ok(Json(scheduled(&tenant, ahead.count.unwrap_or(5)).await?))
}

/// Checks and stores a timetable.
#[utoipa::path(put, path = "/tenants/{tenant}/schedule", tag = "schedule", params(("tenant" = String, Path)),
    request_body = shape::Timetable, responses((status = 200, body = Scheduled), (status = 404, body = Document),
    (status = 422, body = Document)))]
pub(super) async fn set(
    scope: Scope<Operator>,
    Sent(timetable): Sent<shape::Timetable>,
) -> Answer<Json<Scheduled>> {
    store(&scope, timetable).await.map(Json)
}

/// Checks and stores a timetable, and notes it.
pub(super) async fn store(
    scope: &Scope<Operator>,
    timetable: shape::Timetable,
) -> Answer<Scheduled> {
    let stored = async {
        let tenant = scope.tenant().await?;
        tenant.submit_timetable(timetable.into()).await?;
        scheduled(&tenant, 5).await
    };
    scope.deed("schedule", "", stored).await
}

async fn scheduled(tenant: &Tenant, count: u32) -> Answer<Scheduled> {
    let timetable = tenant.timetable().await?;
    Ok(Scheduled {
        timetable: shape::Timetable::from(&timetable),
        next: ahead(tenant, timetable, count).await?,
    })
}

/// The next runs by a timetable, stored or not.
pub(super) async fn ahead(
    tenant: &Tenant,
    timetable: Timetable,
    count: u32,
) -> Answer<Vec<shape::Occurrence>> {
    let now = u64::try_from(chrono::Utc::now().timestamp()).unwrap_or_default();
    let next = tenant.next_occurrences(timetable, now, count).await?;
    Ok(shape::each(&next))
}
