//! Who may see a page, and how it looks where somebody may not, or something went wrong.

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::super::refusal::Refusal;
use super::super::scope::Api;
use super::frame::{Frame, page};
use crate::shape;

/// What a page needs of its request. Whoever has not logged in is led there, and comes back.
pub(super) struct In<T>(pub(super) T);

/// Why a page is not shown.
pub(super) enum Trouble {
    /// Nobody has logged in; what was asked for.
    Stranger(String),
    /// Something was refused.
    Refused(Refusal),
}

/// What a page's work answers.
pub(super) type Shown<T = Response> = Result<T, Trouble>;

#[derive(Template)]
#[template(path = "trouble.html")]
struct TroublePage {
    frame: Frame,
    problems: Vec<shape::Problem>,
    /// Whoever reads it has to log in.
    stranger: bool,
}

impl<T> FromRequestParts<Api> for In<T>
where
    T: FromRequestParts<Api, Rejection = Refusal>,
{
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Trouble> {
        match T::from_request_parts(parts, api).await {
            Ok(entered) => Ok(Self(entered)),
            Err(refusal) if refusal.code() == "not-authenticated" => {
                if !parts.method.is_safe() {
                    return Err(over().into());
                }
                let asked = parts.uri.path_and_query();
                let asked = asked.map_or("/", |asked| asked.as_str());
                Err(Trouble::Stranger(asked.to_owned()))
            }
            Err(refusal) => Err(Trouble::Refused(refusal)),
        }
    }
}

impl<T: Into<Refusal>> From<T> for Trouble {
    fn from(refused: T) -> Self {
        Self::Refused(refused.into())
    }
}

impl Trouble {
    /// What is told of it within a page.
    pub(super) fn problems(&self) -> Vec<shape::Problem> {
        match self {
            Self::Stranger(_) => over().problems(),
            Self::Refused(refusal) => refusal.problems(),
        }
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        match self {
            Self::Stranger(asked) => {
                let mut to = form_urlencoded::Serializer::new(String::from("/login?"));
                if asked != "/" {
                    to.append_pair("next", &asked);
                }
                Redirect::to(to.finish().trim_end_matches('?')).into_response()
            }
            Self::Refused(refusal) => {
                let status = refusal.status();
                let shown = page(&TroublePage {
                    frame: Frame::bare("This did not work"),
                    problems: refusal.problems(),
                    stranger: refusal.code() == "not-authenticated",
                });
                let mut response = (status, shown).into_response();
                refusal.say_when(response.headers_mut());
                response
            }
        }
    }
}

/// A form came after its session was over. Reloading sends it again, so what was typed is not lost.
fn over() -> Refusal {
    Refusal::new(
        "not-authenticated",
        "You have not logged in, or the session is over; nothing was done",
        "Log in in another tab, then reload this page: the browser sends what you typed again.",
    )
}

/// An address at which there is nothing: told as a page to whoever reads pages.
pub(in super::super) async fn nowhere(headers: HeaderMap) -> Response {
    told(
        &headers,
        Refusal::new(
            "no-such-route",
            "There is nothing at this address",
            "Look into the OpenAPI document for what there is, or go back to the integrations.",
        ),
    )
}

/// An address at which something else is asked for.
pub(in super::super) async fn no_such_method(headers: HeaderMap) -> Response {
    told(
        &headers,
        Refusal::new(
            "method-not-allowed",
            "Nothing at this address is asked for by this method",
            "Use one of those that the header `Allow` names.",
        ),
    )
}

fn told(headers: &HeaderMap, refusal: Refusal) -> Response {
    let accepted = headers.get(header::ACCEPT);
    let reads = accepted
        .and_then(|accepted| accepted.to_str().ok())
        .is_some_and(|accepted| accepted.contains("text/html"));
    if reads {
        Trouble::Refused(refusal).into_response()
    } else {
        refusal.into_response()
    }
}

/// A form's page again, after a refusal with this status: with that status where it is not for the form to mend, and else as what is wrong
/// with what was sent.
pub(super) fn answered(status: StatusCode, page: Response) -> Response {
    if status.is_server_error() || status == StatusCode::FORBIDDEN {
        (status, page).into_response()
    } else {
        unprocessable(page)
    }
}

/// A page that tells what is wrong with what was sent.
pub(super) fn unprocessable(page: Response) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
}
