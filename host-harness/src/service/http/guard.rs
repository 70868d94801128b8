//! What every request goes through, whoever asks: changes are done to their end though whoever asked hangs up, one tenant's requests
//! leave room for the others', passwords come in small bodies, and no cache keeps what is answered.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use http_body_util::Limited;
use tracing::Instrument as _;

use super::refusal::Refusal;

/// Requests of one tenant that are answered at once.
const OF_ONE_TENANT: usize = 16;
/// Bytes of a request that anybody may make: a name and a password.
const OF_ANYBODY: usize = 16 << 10;

/// How many requests of each tenant are being answered, or how many connections each address has: none more than so many. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Busy {
    most: usize,
    counts: Arc<Mutex<HashMap<String, usize>>>,
}

/// One of them.
pub(super) struct Turn {
    busy: Busy,
    whose: String,
}

impl Default for Busy {
    /// Requests of tenants.
    fn default() -> Self {
        Self::of(OF_ONE_TENANT)
    }
}

impl Busy {
    pub(super) fn of(most: usize) -> Self {
        Self {
            most,
            counts: Arc::default(),
        }
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, HashMap<String, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins one; none where there are too many.
    pub(super) fn enter(&self, whose: &str) -> Option<Turn> {
        let mut counts = self.counts();
        let count = counts.entry(whose.to_owned()).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Turn {
            busy: self.clone(),
            whose: whose.to_owned(),
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut counts = self.busy.counts();
        if let Some(count) = counts.get_mut(&self.whose) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.whose);
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
    let response = if [Method::GET, Method::HEAD].contains(request.method()) {
        let response = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        drop(turn);
        response.ok()
    } else {
        let work = async move {
            let _turn = turn;
            next.run(request).await
        };
        tokio::spawn(work.in_current_span()).await.ok()
    };
    let mut response = response.unwrap_or_else(|| {
        Refusal::new(
            "internal",
            "The request was not done to its end",
            "Report this, with the host's log.",
        )
        .into_response()
    });
    let headers = response.headers_mut();
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use axum::routing::get;
    use axum::{Router, middleware};
    use tower::ServiceExt as _;

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

    #[tokio::test]
    #[expect(clippy::panic, reason = "what is caught")]
    async fn whatever_breaks_is_told_like_every_other_trouble() {
        async fn breaks() -> &'static str {
            panic!("broken on purpose")
        }
        let whole = get(|| async { "well" }).post(|| async { "well" });
        let layer = middleware::from_fn_with_state(Busy::default(), guard);
        let routes = Router::new()
            .route("/breaks", get(breaks).post(breaks))
            .route("/whole", whole)
            .layer(layer);
        for method in ["GET", "POST"] {
            for (path, status) in [("/breaks", 500), ("/whole", 200)] {
                let request = Request::builder().method(method).uri(path);
                let request = request.body(Body::empty()).unwrap();
                let response = routes.clone().oneshot(request).await.unwrap();
                assert_eq!(response.status(), status, "{method} {path}");
                let kind = response.headers()[header::CONTENT_TYPE].to_str().unwrap();
                let told = kind == "application/problem+json";
                assert_eq!(told, status == 500, "{method} {path}");
            }
        }
    }
}
