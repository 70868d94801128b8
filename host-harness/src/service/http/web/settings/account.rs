//! One's own account.

use askama::Template;
use axum::response::{IntoResponse, Redirect};

use super::super::super::refusal::Refusal;
use super::super::super::scope::Caller;
use super::super::super::sent::Asked;
use super::super::super::session::{Visitor, of_browser};
use super::super::control::Control;
use super::super::entered::{In, Shown};
use super::super::fields::Fields;
use super::super::frame::{Frame, page};
use super::super::tenant::Came;
use super::reached;
use crate::shape;

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    rank: &'static str,
    reach: String,
    controls: Vec<Control>,
    problems: Vec<shape::Problem>,
}

/// Who one is here, and one's password.
pub(in super::super) async fn show(
    In(caller): In<Caller>,
    In(Asked(came)): In<Asked<Came>>,
) -> Shown {
    let mut shown = account(&caller, Vec::new());
    shown.frame = shown.frame.after(came.done.as_deref());
    Ok(page(&shown))
}

/// Changes one's password: all sessions end, and this one begins anew.
pub(in super::super) async fn change_password(
    In(visitor): In<Visitor>,
    In(caller): In<Caller>,
    fields: Fields,
) -> Shown {
    let user = &of_browser(&caller)?.user;
    let (old, new, from) = (fields.get("old"), fields.get("new"), visitor.from());
    let change = visitor.console().change_own_password(user, old, new, &from);
    match change.await.map_err(Refusal::denied) {
        Ok(logged_in) => {
            let cookie = visitor.take_in(&logged_in).await?;
            Ok((cookie, Redirect::to("/account?done=password")).into_response())
        }
        Err(refusal) => {
            let shown = page(&account(&caller, at_the_field(&refusal)));
            let mut response = (refusal.status(), shown).into_response();
            refusal.say_when(response.headers_mut());
            Ok(response)
        }
    }
}

/// What is wrong with a password stands at its field, in words for whoever has logged in.
fn at_the_field(refusal: &Refusal) -> Vec<shape::Problem> {
    let mut problems = refusal.problems();
    for problem in &mut problems {
        match problem.code.as_str() {
            "login-refused" => {
                problem.field = Some("old".to_owned());
                problem.message = "This is not the password so far".to_owned();
                problem.remedy =
                    "Type the one with which you log in. An admin can set another one.".to_owned();
            }
            "weak-password" => problem.field = Some("new".to_owned()),
            _ => {}
        }
    }
    problems
}

fn account(caller: &Caller, problems: Vec<shape::Problem>) -> AccountPage {
    let old = Control::new("old", "password", "Password so far")
        .required()
        .complete("current-password");
    let new = Control::new("new", "password", "New password")
        .help("At least 12 characters.")
        .required()
        .complete("new-password");
    AccountPage {
        frame: Frame::of(caller, "Your account"),
        rank: caller.rank().name(),
        reach: reached(caller.reach()),
        controls: vec![old.judged(&problems), new.judged(&problems)],
        problems,
    }
}
