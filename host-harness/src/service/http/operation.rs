//! What an operator's tools ask for: whether the process lives, whether the service does what it should, and in numbers.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use super::scope::Api;
use crate::service::Health;
use crate::shape;

/// How the service does.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Ready {
    /// There is nothing to look at.
    ready: bool,
    /// Runs under way on this host.
    under_way: usize,
    /// Runs that wait.
    waiting: u64,
    /// Tenants whose time has passed without a run.
    overdue: u64,
    /// What to look at, and what to do.
    concerns: Vec<shape::Problem>,
}

/// The process answers.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// Whether the service does what it should; what it says names no tenant's people.
#[utoipa::path(get, path = "/readyz", tag = "operation", responses((status = 200, body = Ready), (status = 503, body = Ready)))]
pub(super) async fn ready(State(api): State<Api>) -> impl IntoResponse {
    let health = api.health().await;
    let ready = Ready {
        ready: health.concerns.is_empty(),
        under_way: health.under_way,
        waiting: health.waiting,
        overdue: health.overdue,
        concerns: health
            .concerns
            .iter()
            .map(|concern| shape::Problem::from(&concern.problem))
            .collect(),
    };
    let status = if ready.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(ready))
}

/// The same in the text format of Prometheus.
pub(super) async fn metrics(State(api): State<Api>) -> impl IntoResponse {
    let health = api.health().await;
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4")],
        text(&health),
    )
}

fn text(health: &Health) -> String {
    let gauges = [
        (
            "rollcall_runs_under_way",
            "Runs under way on this host.",
            health.under_way as u64,
        ),
        (
            "rollcall_runs_waiting",
            "Runs that wait for a host.",
            health.waiting,
        ),
        (
            "rollcall_oldest_wait_seconds",
            "For how long the oldest of them waits.",
            health.oldest,
        ),
        (
            "rollcall_tenants_overdue",
            "Tenants whose time has passed without a run.",
            health.overdue,
        ),
        (
            "rollcall_concerns",
            "What the readiness probe tells to look at.",
            health.concerns.len() as u64,
        ),
    ];
    gauges
        .iter()
        .map(|(name, help, value)| {
            format!("# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n")
        })
        .collect()
}
