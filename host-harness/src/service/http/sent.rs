//! What a request carries. What cannot be read is told like every other trouble.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::refusal::Refusal;
use super::scope::Api;

/// The body, as JSON.
pub(super) struct Sent<T>(pub(super) T);

/// The query.
pub(super) struct Asked<T>(pub(super) T);

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
