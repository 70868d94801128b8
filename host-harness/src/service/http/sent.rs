//! What a request carries. What cannot be read is told like every other trouble.

use std::error::Error;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use http_body_util::LengthLimitError;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use sha2::{Digest as _, Sha256};

use super::refusal::Refusal;
use super::scope::Api;
use crate::sandbox::{BUNDLED, SandboxConfig};

/// Bytes of a body of JSON.
const JSON: usize = 2 << 20;
/// How long a body of JSON, or a form, may take to arrive, and how long a component, which is larger.
pub(super) const JSON_TIME: Duration = Duration::from_secs(30);
const COMPONENT_TIME: Duration = Duration::from_secs(300);

/// The body, as JSON.
pub(super) struct Sent<T>(pub(super) T);

/// The query.
pub(super) struct Asked<T>(pub(super) T);

/// The body, as a component; an empty one is the plugin that comes with this program.
pub(super) struct Component(Bytes);

impl Component {
    /// The plugin that comes with this program.
    pub(super) fn bundled() -> Self {
        Self(Bytes::new())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        if self.0.is_empty() { BUNDLED } else { &self.0 }
    }

    /// What tells it from others.
    pub(super) fn digest(&self) -> String {
        let digest = Sha256::digest(self.bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
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

/// The number of the path, beside the tenant's name.
pub(super) struct Numbered(pub(super) i64);

/// The number of the path, where nothing else is in it.
pub(super) struct Id(pub(super) i64);

impl<T: DeserializeOwned> FromRequest<Api> for Sent<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &Api) -> Result<Self, Refusal> {
        let bytes = arrived(request.into_body(), JSON, JSON_TIME, too_large).await?;
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
        let bytes = arrived(request.into_body(), most, COMPONENT_TIME, || {
            Refusal::new(
                "component-too-large",
                &format!("The component has more than {most} bytes"),
                "Build it in release mode, without debug information.",
            )
        });
        bytes.await.map(Self)
    }
}

pub(super) fn too_large() -> Refusal {
    Refusal::new(
        "body-too-large",
        "The request's body is larger than is taken here",
        "Send less at once.",
    )
}

/// A whole body, if it arrives in time and is not too large.
pub(super) async fn arrived(
    body: Body,
    most: usize,
    time: Duration,
    too_large: impl FnOnce() -> Refusal,
) -> Result<Bytes, Refusal> {
    let Ok(bytes) = tokio::time::timeout(time, to_bytes(body, most)).await else {
        return Err(Refusal::new(
            "body-too-slow",
            &format!(
                "The request's body did not arrive within {} s",
                time.as_secs()
            ),
            "Look at the connection, and ask again.",
        ));
    };
    bytes.map_err(|error| {
        let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
        while let Some(one) = cause {
            if one.is::<LengthLimitError>() {
                return too_large();
            }
            cause = one.source();
        }
        unreadable("it broke off")
    })
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

impl FromRequestParts<Api> for Id {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refusal> {
        match Path::<i64>::from_request_parts(parts, api).await {
            Ok(Path(number)) => Ok(Self(number)),
            Err(why) => Err(unreadable(&why.body_text())),
        }
    }
}

pub(super) fn unreadable(why: &str) -> Refusal {
    Refusal::new(
        "bad-request",
        &format!("The request cannot be read: {why}"),
        "In the console, go back and use the page's own form or link. For a program the OpenAPI document says what is read.",
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use futures_util::stream::{self, StreamExt as _};

    use super::*;

    async fn told(body: Body, most: usize) -> Result<Bytes, String> {
        let large = || Refusal::new("component-too-large", "", "");
        let arrived = arrived(body, most, Duration::from_millis(200), large).await;
        arrived.map_err(|refused| refused.code().to_owned())
    }

    #[tokio::test]
    async fn a_body_arrives_in_time_and_is_not_too_large() {
        assert_eq!(told(Body::from("12345"), 5).await.unwrap(), "12345");
        let large = told(Body::from("123456"), 5).await;
        assert_eq!(large.unwrap_err(), "component-too-large");
        // Whoever may make only a small request has a limit within the limit.
        let small = Body::new(http_body_util::Limited::new(Body::from("123456"), 5));
        assert_eq!(told(small, 10).await.unwrap_err(), "component-too-large");
        let begun = stream::iter([Ok::<_, std::io::Error>("12")]);
        let stalls = Body::from_stream(begun.chain(stream::pending()));
        assert_eq!(told(stalls, 5).await.unwrap_err(), "body-too-slow");
        let breaks = stream::iter([Ok("12"), Err(std::io::Error::other("gone"))]);
        let breaks = told(Body::from_stream(breaks), 5).await;
        assert_eq!(breaks.unwrap_err(), "bad-request");
    }
}
