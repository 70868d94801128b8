//! What an operator sees of a request: a span around it, a line at its end, and numbers.
//!
//! Of the address only the route's pattern is told, and the tenant where the caller reaches it: paths, queries and bodies can hold people's
//! names.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::{Instrument as _, Span, field};
use uuid::Uuid;

use crate::ports::TenantId;
use crate::telemetry::metrics::metrics;

/// Names a request in the log; one that a proxy gave is kept where it is a UUID, and so says nothing of anybody.
const ID: HeaderName = HeaderName::from_static("x-request-id");

/// Answers a request, and tells of it.
pub(super) async fn observe(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let given = request.headers().get(&ID);
    let given = given.and_then(|id| Uuid::parse_str(id.to_str().ok()?).ok());
    let id = given.unwrap_or_else(Uuid::new_v4).to_string();
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("none", MatchedPath::as_str).to_owned();
    let method = named(request.method().as_str());
    let span = tracing::info_span!(
        "request",
        id,
        method,
        route,
        tenant = field::Empty,
        status = field::Empty
    );
    let mut response = next.run(request).instrument(span.clone()).await;
    let (status, took) = (response.status().as_u16(), begun.elapsed());
    span.record("status", status);
    metrics().request(method, &route, status, took);
    span.in_scope(|| {
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        // Probes come every few seconds, and would be most of the log.
        if status < 400 && ["/healthz", "/readyz", "/metrics"].contains(&route.as_str()) {
            tracing::debug!(milliseconds, "answered");
        } else {
            tracing::info!(milliseconds, "answered");
        }
    });
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(ID, id);
    }
    response
}

/// The request being answered is of a tenant whom its caller reaches.
pub(super) fn of_tenant(tenant: &TenantId) {
    Span::current().record("tenant", field::display(tenant));
}

/// A method by its name; those that no route takes have one name together, for anybody can make up others.
fn named(method: &str) -> &'static str {
    const USED: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
    let used = USED.into_iter().find(|used| *used == method);
    used.unwrap_or("other")
}
