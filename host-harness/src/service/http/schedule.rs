//! When a tenant is synced.

use axum::Json;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::refusal::{Answer, Document};
use super::scope::{Operator, Scope, Viewer};
use super::sent::{Asked, Sent};
use super::tag::{self, Seen, etag};
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

/// The timetable and the next runs. The `ETag` is what a change must name.
#[utoipa::path(get, path = "/tenants/{tenant}/schedule", tag = "schedule", params(("tenant" = String, Path), Ahead), responses(
    (status = 200, body = Scheduled, headers(("ETag" = String))), (status = 404, body = Document)))]
pub(super) async fn show(
    scope: Scope<Viewer>,
    Asked(ahead): Asked<Ahead>,
) -> Answer<impl IntoResponse> {
    let tenant = scope.tenant().await?;
    let scheduled = scheduled(&tenant, ahead.count.unwrap_or(5)).await?;
    let tag = tag::of(&scheduled.timetable)?;
    Ok(([etag(&tag)], Json(scheduled)))
}

/// Checks and stores a timetable. `If-Match` names the one that was looked at, so that nobody overwrites what somebody else has changed
/// meanwhile; `""` is that of none yet.
#[utoipa::path(put, path = "/tenants/{tenant}/schedule", tag = "schedule", params(("tenant" = String, Path),
    ("If-Match" = String, Header, description = "The ETag of what was looked at, several, or `*` for whatever is there")),
    request_body = shape::Timetable, responses((status = 200, body = Scheduled, headers(("ETag" = String))),
    (status = 404, body = Document), (status = 412, body = Document), (status = 422, body = Document), (status = 428, body = Document)))]
pub(super) async fn set(
    scope: Scope<Operator>,
    seen: Seen,
    Sent(timetable): Sent<shape::Timetable>,
) -> Answer<impl IntoResponse> {
    let scheduled = store(&scope, seen, timetable).await?;
    let tag = tag::of(&scheduled.timetable)?;
    Ok(([etag(&tag)], Json(scheduled)))
}

/// Checks and stores a timetable in the place of what was seen, and notes it.
pub(super) async fn store(
    scope: &Scope<Operator>,
    seen: Seen,
    timetable: shape::Timetable,
) -> Answer<Scheduled> {
    let stored = async {
        let tenant = scope.tenant().await?;
        match seen {
            Seen::Whatever => tenant.submit_timetable(timetable.into()).await?,
            Seen::These(tags) => {
                let named = |stored: Option<&Timetable>| {
                    tag_of(stored).is_ok_and(|stored| tags.contains(&stored))
                };
                tenant.replace_timetable(timetable.into(), named).await?;
            }
        }
        scheduled(&tenant, 5).await
    };
    scope.deed("schedule", "", stored).await
}

/// Empty where there is none.
fn tag_of(timetable: Option<&Timetable>) -> Answer<String> {
    timetable.map_or_else(
        || Ok(String::new()),
        |timetable| tag::of(&shape::Timetable::from(timetable)),
    )
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
