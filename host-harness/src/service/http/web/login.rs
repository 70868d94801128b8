//! Coming in and leaving, and the first user.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};

use super::super::refusal::Refusal;
use super::super::scope::{Api, Caller};
use super::super::session::Visitor;
use super::control::Control;
use super::entered::{In, Shown};
use super::fields::Fields;
use super::frame::{Frame, page};
use crate::shape;

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    frame: Frame,
    controls: Vec<Control>,
    next: String,
    problems: Vec<shape::Problem>,
    /// The link's name and password are taken at once.
    demo: bool,
}

#[derive(Template)]
#[template(path = "setup.html")]
struct SetUpPage {
    frame: Frame,
    controls: Vec<Control>,
    problems: Vec<shape::Problem>,
}

/// Asks for name and password.
pub(super) async fn show(State(api): State<Api>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let next = pairs.find(|(name, _)| name == "next");
    let next = next.map_or_else(String::new, |(_, next)| next.into_owned());
    asked("", &next, Vec::new(), api.is_demo())
}

/// Logs in, and leads to what was asked for.
pub(super) async fn log_in(In(visitor): In<Visitor>, fields: Fields) -> Shown {
    let (name, next, from) = (fields.get("name"), fields.get("next"), visitor.from());
    let password = fields.get("password");
    let login = visitor.console().login(name, password, &from);
    match login.await.map_err(Refusal::denied) {
        Ok(logged_in) => {
            let cookie = visitor.take_in(&logged_in).await?;
            Ok((cookie, Redirect::to(own(next))).into_response())
        }
        Err(refusal) => {
            let shown = asked(name, next, refusal.problems(), false);
            let mut response = (refusal.status(), shown).into_response();
            refusal.say_when(response.headers_mut());
            Ok(response)
        }
    }
}

/// Logs out.
pub(super) async fn log_out(In(visitor): In<Visitor>, In(caller): In<Caller>) -> Shown {
    let gone = visitor.let_go(&caller).await?;
    Ok((gone, Redirect::to("/login")).into_response())
}

/// Asks for the first user.
pub(super) async fn offer() -> Response {
    wanted("", "", Vec::new())
}

/// Makes the first user, who then has logged in.
pub(super) async fn set_up(In(visitor): In<Visitor>, fields: Fields) -> Shown {
    let (name, from) = (fields.get("name"), visitor.from());
    let set_up = visitor.console().set_up(
        fields.get("secret").trim(),
        name,
        fields.get("password"),
        &from,
    );
    match set_up.await.map_err(Refusal::denied) {
        Ok(logged_in) => {
            let cookie = visitor.take_in(&logged_in).await?;
            Ok((cookie, Redirect::to("/")).into_response())
        }
        Err(refusal) => {
            let status = refusal.status();
            let mut problems = refusal.problems();
            for problem in &mut problems {
                if problem.code == "set-up-refused" {
                    problem.field = Some("secret".to_owned());
                }
            }
            let shown = wanted(fields.get("secret"), name, problems);
            let mut response = (status, shown).into_response();
            refusal.say_when(response.headers_mut());
            Ok(response)
        }
    }
}

fn asked(name: &str, next: &str, problems: Vec<shape::Problem>, demo: bool) -> Response {
    let name = Control::new("name", "text", "Name")
        .value(name)
        .required()
        .complete("username");
    let password = Control::new("password", "password", "Password")
        .required()
        .complete("current-password");
    page(&LoginPage {
        frame: Frame::bare("Log in"),
        controls: vec![name, password],
        next: next.to_owned(),
        problems,
        demo,
    })
}

fn wanted(secret: &str, name: &str, problems: Vec<shape::Problem>) -> Response {
    // The link's secret is in no other place any more: without it the link would have to be looked for again.
    let secret = Control::new("secret", "secret", "Secret of the set-up link")
        .value(secret)
        .help("What stands behind # in the link that the service printed when it started. It is good once, for 24 hours.")
        .required();
    let name = Control::new("name", "text", "Name")
        .value(name)
        .required()
        .complete("username");
    let password = Control::new("password", "password", "Password")
        .help("At least 12 characters.")
        .required()
        .complete("new-password");
    page(&SetUpPage {
        frame: Frame::bare("Make the first user"),
        controls: [secret, name, password]
            .map(|control| control.judged(&problems))
            .into(),
        problems,
    })
}

/// An address of this service, whatever was written: nobody is led elsewhere.
fn own(next: &str) -> &str {
    let inside = next.starts_with('/')
        && !next.starts_with("//")
        && next.chars().all(|one| !one.is_control() && one != '\\');
    if inside { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::own;

    #[test]
    fn whoever_logs_in_is_led_to_a_page_of_this_service() {
        for good in ["/", "/tenants/a/runs/3?kind=create"] {
            assert_eq!(own(good), good);
        }
        for bad in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/\tx",
            "x",
        ] {
            assert_eq!(own(bad), "/", "{bad:?}");
        }
    }
}
