//! The people that a run could not bring over, as CSV.

use axum::body::Body;
use axum::http::header;
use axum::response::IntoResponse;
use futures_util::stream::unfold;
use serde::Deserialize;
use utoipa::IntoParams;

use super::refusal::{Answer, Document};
use super::scope::{Scope, Viewer};
use super::sent::Asked;
use crate::ports::RunId;
use crate::tenant::Refused;
use crate::tenant::export::PIECE;

/// Which export.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Of this run; of the newest one with a plan where nothing is said.
    run: Option<i64>,
    /// Put an apostrophe before cells that a spreadsheet would run as a formula; without it every value is exact.
    #[serde(default)]
    spreadsheet_safe: bool,
}

/// The unsynced of a run as CSV (RFC 4180), made while it is read. It alters nothing.
#[utoipa::path(get, path = "/tenants/{tenant}/unsynced.csv", tag = "runs", params(("tenant" = String, Path), Which), responses(
    (status = 200, content_type = "text/csv", body = String), (status = 404, body = Document)))]
pub(super) async fn export(
    scope: Scope<Viewer>,
    Asked(which): Asked<Which>,
) -> Answer<impl IntoResponse> {
    let tenant = scope.tenant().await?;
    let run = tenant.run(which.run.map(RunId)).await?;
    let export = tenant.open_export(run.id, which.spreadsheet_safe).await?;
    let pieces = unfold(Some(export), |export| async {
        let mut export = export?;
        match export.read(PIECE).await {
            Ok(piece) if piece.is_empty() => None,
            Ok(piece) => Some((Ok(piece), Some(export))),
            // The answer has begun: it is cut off, and whoever reads it sees that.
            Err(problem) => Some((Err(Refused::from(problem)), None)),
        }
    });
    let name = format!(
        "attachment; filename=\"unsynced-{}-{}.csv\"",
        scope.id(),
        run.id
    );
    let headers = [
        (
            header::CONTENT_TYPE,
            "text/csv; charset=utf-8; header=present".to_owned(),
        ),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(pieces)))
}
