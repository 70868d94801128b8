//! Pages that are sent as they become known: nobody waits before an empty one.

use std::convert::Infallible;

use askama::Template;
use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream::{Stream, StreamExt as _, iter, once};
use tracing::Instrument as _;

use super::entered::Shown;
use super::frame::text;
use crate::shape;

/// Stands in a page where what takes long begins.
const PLACE: &str = "<!--later-->";
/// Shown meanwhile; the style hides it as soon as something follows.
const ASKING: &str = "<p class=\"asking\" role=\"status\">Asking the directory…</p>\n";

/// Why the rest of a page does not come.
#[derive(Template)]
#[template(path = "refused.html")]
struct Refused {
    problems: Vec<shape::Problem>,
}

/// A page of which the pieces come one after the other.
pub(super) fn in_pieces(
    shown: &impl Template,
    pieces: impl Stream<Item = String> + Send + 'static,
) -> Shown {
    let (before, after) = parted(&text(shown)?);
    Ok(sent(iter([before]).chain(pieces).chain(iter([after]))))
}

/// The beginning of a page at once, and what follows it when the directory has answered. Both have the same beginning.
pub(super) fn later<T: Template>(
    begun: &impl Template,
    whole: impl Future<Output = Shown<T>> + Send + 'static,
) -> Shown {
    let (before, after) = parted(&text(begun)?);
    let rest = async move {
        match whole.await.and_then(|whole| Ok(text(&whole)?)) {
            Ok(whole) => parted(&whole).1,
            Err(trouble) => {
                let problems = trouble.problems();
                let told = Refused { problems }.render().unwrap_or_default();
                told + &after
            }
        }
    };
    let begun = iter([before, ASKING.to_owned()]);
    Ok(sent(begun.chain(once(rest.in_current_span()))))
}

fn parted(text: &str) -> (String, String) {
    let (before, after) = text.split_once(PLACE).unwrap_or((text, ""));
    (before.to_owned(), after.to_owned())
}

fn sent(pieces: impl Stream<Item = String> + Send + 'static) -> Response {
    let pieces = pieces.map(|piece| Ok::<_, Infallible>(Bytes::from(piece)));
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (kind, Body::from_stream(pieces)).into_response()
}
