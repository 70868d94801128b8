//! Trouble as `application/problem+json` (RFC 9457), with the command line's codes.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::service::console::Denied;
use crate::shape;
use crate::tenant::Refused;

/// Why a request was not done.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    status: StatusCode,
    refused: Refused,
    /// Seconds after which it is worth asking again.
    later: Option<u64>,
}

/// Why a request was not done (RFC 9457, section 3).
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Document {
    /// `urn:rollcall:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// What happened, and where.
    title: String,
    /// The HTTP status.
    status: u16,
    /// Stable: what programs go by.
    code: String,
    /// What to do.
    remedy: String,
    /// Every problem, this one first: a form's wrong fields are told at once.
    problems: Vec<shape::Problem>,
}

pub(super) type Answer<T> = Result<T, Refusal>;

impl Refusal {
    pub(super) fn new(code: &str, message: &str, remedy: &str) -> Self {
        crate::Problem::new(code, message, remedy).into()
    }

    /// Says after how many seconds it is worth asking again.
    pub(super) fn later(mut self, seconds: u64) -> Self {
        self.later = Some(seconds);
        self
    }

    /// Somebody who does not come in.
    pub(super) fn denied(denied: Denied) -> Self {
        Self {
            later: denied.wait.map(|wait| wait.as_secs()),
            ..Self::from(denied.problem)
        }
    }

    pub(super) fn code(&self) -> &str {
        self.refused.code()
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// Every problem, the first one first.
    pub(super) fn problems(&self) -> Vec<shape::Problem> {
        self.refused.problems().map(shape::Problem::from).collect()
    }

    /// Says in an answer's head when it is worth asking again.
    pub(super) fn say_when(&self, headers: &mut HeaderMap) {
        if let Some(seconds) = self.later {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
    }
}

impl<T: Into<Refused>> From<T> for Refusal {
    fn from(trouble: T) -> Self {
        let refused = trouble.into();
        Self {
            status: status(refused.code()),
            refused,
            later: None,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let problems = self.problems();
        let first = self.refused.clone().into_problem();
        let document = Document {
            kind: format!("urn:rollcall:{}", first.code),
            title: first.message,
            status: self.status.as_u16(),
            code: first.code,
            remedy: first.remedy,
            problems,
        };
        let mut response = (self.status, Json(document)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        self.say_when(response.headers_mut());
        // Whoever reads pages gets one of it instead.
        response.extensions_mut().insert(self);
        response
    }
}

/// What a code is in HTTP: whose trouble it is.
fn status(code: &str) -> StatusCode {
    match code {
        "no-such-route" | "not-installed" | "unknown-run" | "unknown-person" | "unknown-token"
        | "unknown-user" | "no-run" | "not-scheduled" | "no-receipt" => StatusCode::NOT_FOUND,
        "method-not-allowed" => StatusCode::METHOD_NOT_ALLOWED,
        "body-too-slow" => StatusCode::REQUEST_TIMEOUT,
        "rows-pruned" => StatusCode::GONE,
        "not-authenticated" | "login-refused" => StatusCode::UNAUTHORIZED,
        "rank-too-low" | "reach-too-small" | "cross-site" | "set-up-refused" => {
            StatusCode::FORBIDDEN
        }
        "login-limited" | "too-many-requests" => StatusCode::TOO_MANY_REQUESTS,
        "if-match-missing" => StatusCode::PRECONDITION_REQUIRED,
        "tenant-busy"
        | "run-unfinished"
        | "wrong-status"
        | "not-held"
        | "not-planned"
        | "guard-held"
        | "digest-mismatch"
        | "configuration-changed"
        | "already-installed"
        | "same-plugin"
        | "no-rollback"
        | "not-undoable"
        | "set-up-done"
        | "user-exists"
        | "conflict"
        | "last-admin"
        | "no-session" => StatusCode::CONFLICT,
        "settings-changed" | "mapping-changed" | "schedule-changed" => {
            StatusCode::PRECONDITION_FAILED
        }
        "store-busy" | "login-busy" => StatusCode::SERVICE_UNAVAILABLE,
        "component-too-large" | "body-too-large" => StatusCode::PAYLOAD_TOO_LARGE,
        "policy-broken" | "internal" => StatusCode::INTERNAL_SERVER_ERROR,
        code if code.starts_with("store-") || code.starts_with("plugin-") => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
        code if code.starts_with("connect-")
            || code.starts_with("tls-")
            || code.starts_with("ldap-")
            || matches!(
                code,
                "resolve-failed" | "timeout" | "connection-lost" | "server-unavailable"
            ) =>
        {
            StatusCode::BAD_GATEWAY
        }
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}
