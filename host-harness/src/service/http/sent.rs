//! What a request carries. What cannot be read is told like every other trouble.

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use http_body_util::LengthLimitError;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::refusal::Refusal;
use super::scope::Api;
use crate::sandbox::{BUNDLED, SandboxConfig};

/// The body, as JSON.
pub(super) struct Sent<T>(pub(super) T);

/// The query.
pub(super) struct Asked<T>(pub(super) T);

/// The body, as a component; an empty one is the plugin that comes with this program.
pub(super) struct Component(Bytes);

impl Component {
    pub(super) fn bytes(&self) -> &[u8] {
        if self.0.is_empty() { BUNDLED } else { &self.0 }
    }

    /// For the log.
    pub(super) fn told(&self) -> String {
        if self.0.is_empty() {
            "bundled".to_owned()
        } else {
            format!("{} bytes", self.0.len())
        }
    }
}

/// The tenant's name and a number of the path.
pub(super) struct Numbered(pub(super) i64);

impl<T: DeserializeOwned> FromRequest<Api> for Sent<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Refusal> {
        let bytes = Bytes::from_request(request, api).await;
        let bytes = bytes.map_err(|why| unreadable(&why.body_text()))?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            // What serde says repeats what was sent, which may be a password.
            let what = match error.classify() {
                Category::Data => "a field is unknown, missing, or of another type",
                _ => "it is no JSON",
            };
            let place = format!("{what} (line {}, column {})", error.line(), error.column());
            unreadable(&place)
        })
    }
}

impl FromRequest<Api> for Component {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &Api) -> Result<Self, Refusal> {
        let most = SandboxConfig::default().component_size;
        let bytes = to_bytes(request.into_body(), most).await;
        bytes.map(Self).map_err(|error| {
            let source = std::error::Error::source(&error);
            if source.is_some_and(|source| source.is::<LengthLimitError>()) {
                return Refusal::new(
                    "component-too-large",
                    &format!("The component has more than {most} bytes"),
                    "Build it in release mode, without debug information.",
                );
            }
            unreadable("it broke off")
        })
    }
}

impl<T: DeserializeOwned + Send> FromRequestParts<Api> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refusal> {
        match Query::from_request_parts(parts, api).await {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(why) => Err(unreadable(&why.body_text())),
        }
    }
}

impl FromRequestParts<Api> for Numbered {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refusal> {
        match Path::<(String, i64)>::from_request_parts(parts, api).await {
            Ok(Path((_, number))) => Ok(Self(number)),
            Err(why) => Err(unreadable(&why.body_text())),
        }
    }
}

fn unreadable(why: &str) -> Refusal {
    Refusal::new(
        "bad-request",
        &format!("The request cannot be read: {why}"),
        "Compare it with the OpenAPI document.",
    )
}
