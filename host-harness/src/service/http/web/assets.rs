//! The style and the scripts. Their address changes with what they hold, so a browser keeps them for ever.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::sync::LazyLock;

/// A file that pages name.
struct Asset {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
}

const ASSETS: [Asset; 3] = [
    Asset {
        name: "console.css",
        kind: "text/css; charset=utf-8",
        text: include_str!("../../../../assets/console.css"),
    },
    Asset {
        name: "console.js",
        kind: "text/javascript; charset=utf-8",
        text: include_str!("../../../../assets/console.js"),
    },
    // htmx 2.0.11, licence 0BSD beside it.
    Asset {
        name: "htmx.js",
        kind: "text/javascript; charset=utf-8",
        text: include_str!("../../../../assets/htmx-2.0.11.min.js"),
    },
];

/// Digits of what the files hold.
static STAMP: LazyLock<String> = LazyLock::new(|| {
    let mut digest = Sha256::new();
    for asset in &ASSETS {
        digest.update(asset.text);
    }
    let mut stamp = String::new();
    for byte in digest.finalize().iter().take(6) {
        let _ = write!(stamp, "{byte:02x}");
    }
    stamp
});

/// Where the files are, for this program.
pub(super) fn stamp() -> &'static str {
    &STAMP
}

/// The OpenAPI document, which a test holds to what the code says.
pub(super) async fn document() -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, include_str!("../../../../openapi.json")).into_response()
}

/// One of them.
pub(super) async fn get(Path((_, name)): Path<(String, String)>) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, asset.kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, asset.text).into_response()
}
