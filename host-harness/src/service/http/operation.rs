//! What an operator's tools ask for: whether the process lives, whether the service does what it should, and in numbers.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use super::refusal::Refusal;
use super::scope::{Api, Viewer, Whole};
use crate::Problem;
use crate::service::Concern;
use crate::telemetry::metrics::{Exposition, metrics};

/// How the service does.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Ready {
    /// `ready`: there is nothing to look at. `degraded`: there is, and this host serves. `unready`: it cannot serve.
    #[schema(example = "degraded")]
    status: &'static str,
    /// Whether this host can serve: the answer's status is 200, and else 503.
    ready: bool,
    /// Runs under way on this host.
    under_way: usize,
    /// Runs that wait.
    waiting: u64,
    /// Tenants whose time has passed without a run.
    overdue: u64,
    /// Tenants whose newest run failed.
    failing: u64,
    /// What to look at, and what to do.
    concerns: Vec<Told>,
}

/// Something to look at.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Told {
    /// Stable: what programs go by.
    #[schema(example = "directory-failing")]
    code: String,
    /// What is wrong, in numbers.
    message: String,
    /// What to do.
    remedy: String,
    /// Whether this host cannot serve because of it.
    stops: bool,
    /// How many tenants it concerns; 0 where it is the host itself.
    tenants: u64,
    /// The first of them; only for whoever shows a token that reaches every tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    named: Option<Vec<String>>,
}

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "operation", security(()), responses(
    (status = 200, content_type = "text/plain", body = String)))]
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// Whether this host can serve, and what to look at. Tenants are named only to whoever may see them all
#[utoipa::path(get, path = "/readyz", tag = "operation", security((), ("token" = []), ("session" = [])), responses(
    (status = 200, body = Ready), (status = 503, body = Ready)))]
pub(super) async fn ready(
    State(api): State<Api>,
    caller: Result<Whole<Viewer>, Refusal>,
) -> impl IntoResponse {
    let health = api.health().await;
    let named = caller.is_ok();
    let (ready, sound) = (health.ready(), health.concerns.is_empty());
    let (code, status) = match (ready, sound) {
        (true, true) => (StatusCode::OK, "ready"),
        (true, false) => (StatusCode::OK, "degraded"),
        (false, _) => (StatusCode::SERVICE_UNAVAILABLE, "unready"),
    };
    let concerns = health.concerns.into_iter();
    let ready = Ready {
        status,
        ready,
        under_way: health.under_way,
        waiting: health.waiting,
        overdue: health.overdue,
        failing: health.failing,
        concerns: concerns.map(|concern| told(concern, named)).collect(),
    };
    (code, Json(ready))
}

/// The numbers, as Prometheus reads them: as text of OpenMetrics, or of Prometheus where that is what is accepted.
#[utoipa::path(get, path = "/metrics", tag = "operation", security(()), responses(
    (status = 200, content_type = "application/openmetrics-text", body = String)))]
pub(super) async fn numbers(State(api): State<Api>, headers: HeaderMap) -> impl IntoResponse {
    // The gauges are as of now.
    api.health().await;
    let accept = headers.get(header::ACCEPT);
    let accept = accept.and_then(|accept| accept.to_str().ok());
    let how = Exposition::accepted(accept.unwrap_or_default());
    let text = metrics().text(how).map_err(|_| {
        Problem::new(
            "internal",
            "The numbers cannot be written",
            "Look into the host's log; this is a fault in the host.",
        )
    });
    let text = text.map_err(Refusal::from);
    text.map(|text| ([(header::CONTENT_TYPE, how.kind())], text))
}

fn told(concern: Concern, named: bool) -> Told {
    let Concern {
        problem,
        tenants,
        first,
        stops,
    } = concern;
    Told {
        code: problem.code,
        message: problem.message,
        remedy: problem.remedy,
        stops,
        tenants,
        named: named.then(|| first.into_iter().map(String::from).collect()),
    }
}
