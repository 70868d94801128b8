//! Who may see a page, and what becomes of those who may not.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};

use super::super::refusal::Refusal;
use super::super::scope::Api;
use super::trouble::paged;
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
            Self::Refused(refusal) => paged(refusal),
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
