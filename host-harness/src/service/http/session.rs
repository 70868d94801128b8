//! Logging in and out, and the first user.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::browser;
use super::refusal::{Answer, Document, Refusal};
use super::scope::{Api, Caller};
use super::sent::Sent;
use crate::ports::access::{Rank, Reach};
use crate::ports::users::Session;
use crate::service::console::{Console, LoggedIn};
use crate::shape;

/// A name and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    /// What the user is called.
    name: String,
    /// The user's password.
    #[schema(value_type = String)]
    password: Zeroizing<String>,
}

/// The first user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FirstUser {
    /// What stands behind `#` in the set-up link.
    #[schema(value_type = String)]
    secret: Zeroizing<String>,
    /// What the user is to be called.
    name: String,
    /// The password to be: at least 12 characters.
    #[schema(value_type = String)]
    password: Zeroizing<String>,
}

/// A change of one's own password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OwnPassword {
    /// The password so far.
    #[schema(value_type = String)]
    old: Zeroizing<String>,
    /// The password to be: at least 12 characters.
    #[schema(value_type = String)]
    new: Zeroizing<String>,
}

/// Who calls.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WhoCalls {
    /// The name of the user or token.
    name: String,
    /// `viewer`, `operator` or `admin`.
    rank: &'static str,
    /// The tenants within reach; none: every tenant.
    tenants: Option<Vec<String>>,
    /// Whether the caller has logged in; otherwise it is a token.
    session: bool,
    /// From when on it is over whatever happens.
    expires_at: Option<String>,
    /// From when on a session is over unless it is used.
    idle_at: Option<String>,
}

/// Whoever asks to come in: not from another site's page.
pub(super) struct Visitor {
    parts: Parts,
    console: Console,
}

impl WhoCalls {
    fn new(name: &str, rank: Rank, reach: &Reach, expires_at: i64) -> Self {
        Self {
            name: name.to_owned(),
            rank: rank.name(),
            tenants: tenants(reach),
            session: false,
            expires_at: shape::moment(expires_at),
            idle_at: None,
        }
    }

    fn of_session(self, session: &Session) -> Self {
        Self {
            session: true,
            idle_at: shape::moment(session.idle_at),
            ..self
        }
    }
}

impl Visitor {
    pub(super) fn from(&self) -> String {
        browser::address(&self.parts)
    }

    pub(super) fn console(&self) -> &Console {
        &self.console
    }

    /// What gives a browser the secret of its session. What it brought ends, and is never taken over.
    pub(super) async fn take_in(&self, logged_in: &LoggedIn) -> Answer<[(HeaderName, String); 1]> {
        if let Some(old) = browser::cookie(&self.parts) {
            self.console.forget(old).await?;
        }
        let LoggedIn { session, secret } = logged_in;
        let seconds = (session.ends_at - session.created_at) / 1_000;
        let cookie = browser::set_cookie(&self.parts, secret, seconds);
        Ok([(SET_COOKIE, cookie)])
    }

    /// Ends the session, and takes its cookie away.
    pub(super) async fn let_go(&self, caller: &Caller) -> Answer<[(HeaderName, String); 1]> {
        let session = of_browser(caller)?;
        let secret = browser::cookie(&self.parts).unwrap_or_default();
        self.console.log_out(secret, session, &self.from()).await?;
        Ok([(SET_COOKIE, browser::set_cookie(&self.parts, "", 0))])
    }

    /// Tells who has logged in, and gives the cookie.
    async fn welcome(&self, status: StatusCode, logged_in: LoggedIn) -> Answer<Response> {
        let cookie = self.take_in(&logged_in).await?;
        let session = &logged_in.session;
        let user = &session.user;
        let who = WhoCalls::new(&user.name, user.rank, &user.reach, session.ends_at);
        let kept = [(CACHE_CONTROL, "no-store")];
        Ok((status, cookie, kept, Json(who.of_session(session))).into_response())
    }
}

impl FromRequestParts<Api> for Visitor {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refusal> {
        browser::check_no_other_site(parts)?;
        Ok(Self {
            parts: parts.clone(),
            console: api.console().clone(),
        })
    }
}

/// The tenants within reach; none: every tenant.
pub(super) fn tenants(reach: &Reach) -> Option<Vec<String>> {
    match reach {
        Reach::Everything => None,
        Reach::Tenants(tenants) => Some(tenants.iter().map(ToString::to_string).collect()),
    }
}

/// Logs in: the answer sets the session's cookie.
#[utoipa::path(post, path = "/session", tag = "session", request_body = Credentials, security(()), responses(
    (status = 200, body = WhoCalls), (status = 401, body = Document), (status = 429, body = Document)))]
pub(super) async fn log_in(visitor: Visitor, Sent(wanted): Sent<Credentials>) -> Answer<Response> {
    let from = visitor.from();
    let login = visitor.console.login(&wanted.name, &wanted.password, &from);
    let logged_in = login.await.map_err(Refusal::denied)?;
    visitor.welcome(StatusCode::OK, logged_in).await
}

/// Who calls, and for how long.
#[utoipa::path(get, path = "/session", tag = "session", responses(
    (status = 200, body = WhoCalls)))]
pub(super) async fn show(caller: Caller) -> Answer<Response> {
    let who = WhoCalls::new(
        caller.name(),
        caller.rank(),
        caller.reach(),
        caller.expires_at(),
    );
    let who = match caller.session() {
        Some(session) => who.of_session(session),
        None => who,
    };
    Ok(([(CACHE_CONTROL, "no-store")], Json(who)).into_response())
}

/// Logs out.
#[utoipa::path(delete, path = "/session", tag = "session", responses(
    (status = 204), (status = 409, body = Document)))]
pub(super) async fn log_out(visitor: Visitor, caller: Caller) -> Answer<Response> {
    let gone = visitor.let_go(&caller).await?;
    Ok((StatusCode::NO_CONTENT, gone).into_response())
}

/// Changes one's own password. All sessions of the user end; the answer sets the cookie of a new one.
#[utoipa::path(put, path = "/session/password", tag = "session", request_body = OwnPassword, responses(
    (status = 200, body = WhoCalls), (status = 409, body = Document), (status = 422, body = Document), (status = 429, body = Document)))]
pub(super) async fn change_password(
    visitor: Visitor,
    caller: Caller,
    Sent(wanted): Sent<OwnPassword>,
) -> Answer<Response> {
    let user = &of_browser(&caller)?.user;
    let from = visitor.from();
    let change = visitor
        .console
        .change_own_password(user, &wanted.old, &wanted.new, &from);
    let logged_in = change.await.map_err(Refusal::denied)?;
    visitor.welcome(StatusCode::OK, logged_in).await
}

/// Makes the first user, an admin who reaches every tenant, and logs in. It needs the secret of the newest set-up link.
#[utoipa::path(post, path = "/setup", tag = "session", request_body = FirstUser, security(()), responses(
    (status = 201, body = WhoCalls), (status = 409, body = Document),
    (status = 422, body = Document), (status = 429, body = Document)))]
pub(super) async fn set_up(visitor: Visitor, Sent(wanted): Sent<FirstUser>) -> Answer<Response> {
    let from = visitor.from();
    let set_up = visitor
        .console
        .set_up(&wanted.secret, &wanted.name, &wanted.password, &from);
    let logged_in = set_up.await.map_err(Refusal::denied)?;
    visitor.welcome(StatusCode::CREATED, logged_in).await
}

/// The session of whoever has logged in.
pub(super) fn of_browser(caller: &Caller) -> Answer<&Session> {
    caller.session().ok_or_else(|| {
        Refusal::new(
            "no-session",
            "This is of a session, and a token was shown",
            "Log in. A token is revoked by its number.",
        )
    })
}
