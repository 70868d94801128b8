//! The people that a run could not bring over, as CSV.

use axum::body::Body;
use axum::http::header;
use axum::response::IntoResponse;
use futures_util::stream::unfold;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::refusal::{Answer, Document, Refusal};
use super::scope::{Scope, Viewer};
use super::sent::Asked;
use crate::ports::RunId;
use crate::tenant::Refused;
use crate::tenant::export::{Of, PIECE};

/// Of whom.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Whose {
    /// Of one run.
    #[default]
    Last,
    /// Of all of them, as far as it was not mended.
    Open,
}

/// Which export.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// `last`, or whoever still is unsynced, whichever run said so last: `open`.
    #[serde(default)]
    #[param(inline)]
    of: Whose,
    /// Of this run; of the newest one with a plan where nothing is said.
    run: Option<i64>,
    /// Put an apostrophe before cells that a spreadsheet would run as a formula; without it every value is exact.
    #[serde(default)]
    spreadsheet_safe: bool,
}

/// The unsynced of a run, or whoever still is so, as CSV (RFC 4180), made while it is read. It alters nothing.
#[utoipa::path(get, path = "/tenants/{tenant}/unsynced.csv", tag = "runs", params(("tenant" = String, Path), Which), responses(
    (status = 200, content_type = "text/csv", body = String), (status = 404, body = Document),
    (status = 410, body = Document)))]
pub(super) async fn export(
    scope: Scope<Viewer>,
    Asked(which): Asked<Which>,
) -> Answer<impl IntoResponse> {
    let tenant = scope.tenant().await?;
    let of = match (which.of, which.run) {
        (Whose::Open, None) => Of::Open,
        (Whose::Open, Some(_)) => {
            return Err(Refusal::new(
                "bad-request",
                "Whoever still is unsynced is not of one run",
                "Give `of=open` or `run`, not both.",
            ));
        }
        (Whose::Last, run) => Of::Run(tenant.run(run.map(RunId)).await?.id),
    };
    let name = match of {
        Of::Open => "open".to_owned(),
        Of::Run(run) => run.to_string(),
    };
    let export = tenant.open_export(of, which.spreadsheet_safe).await?;
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
        name
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
