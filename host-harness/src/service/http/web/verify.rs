//! What a sync would meet, stage by stage. The page is sent as it becomes known: nobody waits before an empty one.

use std::convert::Infallible;

use askama::Template;
use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use futures_util::stream::{iter, once};

use super::configuration::ConfigurationPage;
use super::words::number;
use crate::contract::hooks::lifecycle::Report;
use crate::shape;
use crate::tenant::{Change, Refused, Tenant};

/// Stands in the page where the stages come.
const PLACE: &str = "<!--stages-->";

/// What a verification ended with.
#[derive(Template)]
#[template(path = "verified.html")]
pub(super) struct Tried {
    pub(super) stages: Vec<shape::problem::Stage>,
    profile: String,
    evidence: Vec<String>,
    pub(super) bases: Vec<String>,
    /// Those who would come, by a sample.
    tally: Option<Tally>,
    /// Why nothing could be tried.
    problems: Vec<shape::Problem>,
    worst: &'static str,
}

/// Counts of people.
struct Tally {
    matched: String,
    sampled: String,
    would_map: String,
    would_fail: String,
    disabled: String,
    reasons: Vec<(String, String)>,
}

impl Tried {
    fn new(report: &Report) -> Self {
        let tally = &report.tally;
        let counted = Tally {
            matched: number(tally.matched),
            sampled: number(tally.sampled),
            would_map: number(tally.would_map),
            would_fail: number(tally.would_fail),
            disabled: number(tally.disabled),
            reasons: tally
                .reasons
                .iter()
                .map(|one| (one.key.clone(), one.value.clone()))
                .collect(),
        };
        let stages: Vec<shape::problem::Stage> = shape::each(&report.stages);
        let verdicts = ["failed", "warned"];
        let worst = verdicts
            .into_iter()
            .find(|verdict| stages.iter().any(|stage| stage.verdict == *verdict));
        Self {
            worst: worst.unwrap_or("passed"),
            stages,
            profile: report.profile.clone(),
            evidence: report.evidence.clone(),
            bases: report.bases.clone(),
            tally: (tally.matched > 0).then_some(counted),
            problems: Vec::new(),
        }
    }

    /// What was found while looking for bases: trouble on the way there, and no more.
    pub(super) fn bases(report: &Report) -> Self {
        let mut tried = Self::new(report);
        tried.stages.retain(|stage| {
            let way = ["resolve", "connect", "tls", "bind"].contains(&stage.name.as_str());
            way && stage.verdict == "failed"
        });
        tried.tally = None;
        tried
    }

    fn refused(refused: &Refused) -> Self {
        Self {
            stages: Vec::new(),
            profile: String::new(),
            evidence: Vec::new(),
            bases: Vec::new(),
            tally: None,
            problems: refused.problems().map(shape::Problem::from).collect(),
            worst: "failed",
        }
    }
}

/// The page at once, and what is found in it when it is.
pub(super) fn answer(shown: ConfigurationPage, tenant: Tenant, change: Option<Change>) -> Response {
    let shown = shown.with_stages();
    let text = match shown.render() {
        Ok(text) => text,
        Err(error) => {
            tracing::error!(%error, "a page could not be made");
            return axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let (before, after) = text.split_once(PLACE).unwrap_or((&text, ""));
    let (before, after) = (before.to_owned(), after.to_owned());
    let found = once(async move {
        let report = tenant.verify(change.as_ref()).await;
        let tried = match &report {
            Ok(report) => Tried::new(report),
            Err(refused) => Tried::refused(refused),
        };
        tried.render().unwrap_or_default()
    });
    let pieces = iter([before]).chain(found).chain(iter([after]));
    let pieces = pieces.map(|piece| Ok::<_, Infallible>(Bytes::from(piece)));
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (kind, Body::from_stream(pieces)).into_response()
}
