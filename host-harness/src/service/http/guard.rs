//! What every request goes through, whoever asks: changes are done to their end though whoever asked hangs up, one tenant's requests
//! leave room for the others', passwords come in small bodies, and no cache keeps what is answered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::Limited;
use tracing::Instrument as _;

use super::refusal::Refusal;

/// Requests of one tenant that are answered at once.
const OF_ONE_TENANT: usize = 16;
/// Bytes of a request that anybody may make: a name and a password.
const OF_ANYBODY: usize = 16 << 10;

/// How many requests of each tenant are being answered. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Busy(Arc<Mutex<HashMap<String, usize>>>);

/// A request that is being answered.
struct Turn {
    busy: Busy,
    tenant: String,
}

impl Busy {
    fn counts(&self) -> std::sync::MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a request; none where the tenant has too many.
    fn enter(&self, tenant: &str) -> Option<Turn> {
        let mut counts = self.counts();
        let count = counts.entry(tenant.to_owned()).or_default();
        if *count >= OF_ONE_TENANT {
            return None;
        }
        *count += 1;
        Some(Turn {
            busy: self.clone(),
            tenant: tenant.to_owned(),
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut counts = self.busy.counts();
        if let Some(count) = counts.get_mut(&self.tenant) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.tenant);
            }
        }
    }
}

/// Lets a request through.
pub(super) async fn guard(State(busy): State<Busy>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let tenant = path
        .trim_start_matches("/api/v1")
        .strip_prefix("/tenants/")
        .and_then(|rest| rest.split('/').next())
        .filter(|tenant| !tenant.is_empty());
    let turn = match tenant.map(|tenant| busy.enter(tenant)) {
        Some(None) => {
            return Refusal::new(
                "too-many-requests",
                "Too many requests of this tenant are being answered",
                "Ask again when some of them are.",
            )
            .later(1)
            .into_response();
        }
        turn => turn.flatten(),
    };
    let anybody = path.starts_with("/api/v1/session")
        || ["/api/v1/setup", "/setup", "/login"].contains(&path);
    let request = if anybody {
        request.map(|body| Body::new(Limited::new(body, OF_ANYBODY)))
    } else {
        request
    };
    let mut response = if [Method::GET, Method::HEAD].contains(request.method()) {
        let response = next.run(request).await;
        drop(turn);
        response
    } else {
        let work = async move {
            let _turn = turn;
            next.run(request).await
        };
        match tokio::spawn(work.in_current_span()).await {
            Ok(response) => response,
            Err(_) => Refusal::new(
                "internal",
                "The request was not done to its end",
                "Report this, with the host's log.",
            )
            .into_response(),
        }
    };
    let headers = response.headers_mut();
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_has_so_many_requests_at_once_and_others_have_theirs() {
        let busy = Busy::default();
        let turns: Vec<Turn> = (0..OF_ONE_TENANT)
            .map(|_| busy.enter("acme").unwrap())
            .collect();
        assert!(busy.enter("acme").is_none());
        assert!(busy.enter("other").is_some());
        drop(turns);
        assert!(busy.enter("acme").is_some());
        assert!(busy.counts().is_empty());
    }
}
