//! Putting back what a run changed.

use std::sync::Arc;

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

use super::refusal::{Answer, Document};
use super::scope::{Admin, Scope};
use super::sent::Numbered;
use crate::ports::RunId;
use crate::ports::plan::Run;
use crate::shape;
use crate::tenant::Unwatched;

/// Makes a plan that puts back what a run changed, where nothing has changed since. It is looked at, approved where a guard holds it, applied
/// or discarded like every other plan.
#[utoipa::path(post, path = "/tenants/{tenant}/runs/{run}/undo", tag = "runs", params(("tenant" = String, Path), ("run" = i64, Path)),
    responses((status = 201, body = shape::Run), (status = 404, body = Document), (status = 409, body = Document)))]
pub(super) async fn plan(
    scope: Scope<Admin>,
    Numbered(run): Numbered,
) -> Answer<impl IntoResponse> {
    let planned = plan_one(&scope, run).await?;
    let place = format!("/api/v1/tenants/{}/runs/{}", scope.id(), planned.id);
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, place)],
        Json(shape::Run::from(&planned)),
    ))
}

/// Plans to put back what a run changed.
pub(super) async fn plan_one(scope: &Scope<Admin>, run: i64) -> Answer<Run> {
    let work = async {
        let watch = Arc::new(Unwatched::default());
        Ok(scope.tenant().await?.undo(RunId(run), true, watch).await?)
    };
    scope.deed("run.undo", run, work).await
}
