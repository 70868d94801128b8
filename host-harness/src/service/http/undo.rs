//! Putting back what a run changed.

use std::sync::Arc;

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

use super::key::Key;
use super::refusal::{Answer, Document};
use super::scope::{Admin, Scope};
use super::sent::Numbered;
use crate::ports::RunId;
use crate::ports::plan::Run;
use crate::shape;
use crate::tenant::Unwatched;

/// Makes a plan that puts back what a run changed, where nothing has changed since. It is looked at, approved where a guard holds it, applied
/// or discarded like every other plan. With the header `Idempotency-Key` asking again gives the same plan, as it stands then.
#[utoipa::path(post, path = "/tenants/{tenant}/runs/{run}/undo", tag = "runs", params(("tenant" = String, Path), ("run" = i64, Path),
    ("Idempotency-Key" = Option<String>, Header, description = "Asked with it again, it is the same plan")),
    responses((status = 201, body = shape::Run), (status = 404, body = Document), (status = 409, body = Document), (status = 410, body = Document),
    (status = 422, body = Document)))]
pub(super) async fn plan(
    scope: Scope<Admin>,
    Numbered(run): Numbered,
    Key(key): Key,
) -> Answer<impl IntoResponse> {
    let planned = plan_one(&scope, run, key.as_deref()).await?;
    let place = format!("/api/v1/tenants/{}/runs/{}", scope.id(), planned.id);
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, place)],
        Json(shape::Run::from(&planned)),
    ))
}

/// Plans to put back what a run changed; with the same key it is the same plan.
pub(super) async fn plan_one(scope: &Scope<Admin>, run: i64, key: Option<&str>) -> Answer<Run> {
    let work = async {
        let watch = Arc::new(Unwatched::default());
        let (tenant, run) = (scope.tenant().await?, RunId(run));
        Ok(match key {
            Some(key) => tenant.undo_once(run, key, watch).await?,
            None => tenant.undo(run, true, watch).await?,
        })
    };
    scope.deed("run.undo", run, work).await
}
