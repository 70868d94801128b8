//! Who may log in.

use askama::Template;
use axum::response::{IntoResponse, Redirect};

use super::super::super::refusal::{Answer, Refusal};
use super::super::super::scope::{Admin, Whole};
use super::super::super::sent::{Asked, Id};
use super::super::control::Control;
use super::super::entered::{In, Shown, unprocessable};
use super::super::fields::Fields;
use super::super::frame::{Frame, page};
use super::super::moment::{Moment, Zone};
use super::super::tenant::Came;
use super::{access, given, reached};
use crate::ports::users::User;
use crate::shape;

struct Line {
    id: i64,
    name: String,
    rank: &'static str,
    reach: String,
    disabled: bool,
    changed: Moment,
    controls: Vec<Control>,
}

#[derive(Template)]
#[template(path = "users.html")]
struct UsersPage {
    frame: Frame,
    lines: Vec<Line>,
    controls: Vec<Control>,
    problems: Vec<shape::Problem>,
}

/// The users.
pub(in super::super) async fn show(
    In(whole): In<Whole<Admin>>,
    In(Asked(came)): In<Asked<Came>>,
) -> Shown {
    let mut shown = users(&whole, None, Vec::new()).await?;
    shown.frame = shown.frame.after(came.done.as_deref());
    Ok(page(&shown))
}

/// Makes one.
pub(in super::super) async fn create(In(whole): In<Whole<Admin>>, fields: Fields) -> Shown {
    let made = async {
        let (rank, reach) = given(&fields)?;
        let (name, password) = (fields.get("name"), fields.get("password"));
        let console = whole.console();
        console
            .create(whole.actor(), name, rank, reach, password)
            .await?;
        Ok::<_, Refusal>(())
    };
    match made.await {
        Ok(()) => Ok(Redirect::to("/settings?done=created").into_response()),
        Err(refusal) => refused(&whole, &fields, &refusal).await,
    }
}

/// Changes what one may do.
pub(in super::super) async fn change(
    In(whole): In<Whole<Admin>>,
    In(Id(id)): In<Id>,
    fields: Fields,
) -> Shown {
    let changed = async {
        let (rank, reach) = given(&fields)?;
        let disabled = fields.has("disabled");
        let console = whole.console();
        console
            .change(whole.actor(), id, rank, reach, disabled)
            .await?;
        Ok::<_, Refusal>(())
    };
    answered(&whole, changed.await, "changed").await
}

/// Sets another password.
pub(in super::super) async fn reset(
    In(whole): In<Whole<Admin>>,
    In(Id(id)): In<Id>,
    fields: Fields,
) -> Shown {
    let console = whole.console();
    let reset = console
        .reset_password(whole.actor(), id, fields.get("password"))
        .await;
    let reset = reset.map(drop).map_err(Refusal::from);
    answered(&whole, reset, "password").await
}

/// The list with what was done, or why it was not.
async fn answered(whole: &Whole<Admin>, done: Answer<()>, word: &str) -> Shown {
    match done {
        Ok(()) => Ok(Redirect::to(&format!("/settings?done={word}")).into_response()),
        Err(refusal) => {
            let shown = page(&users(whole, None, refusal.problems()).await?);
            Ok((refusal.status(), shown).into_response())
        }
    }
}

async fn refused(whole: &Whole<Admin>, fields: &Fields, refusal: &Refusal) -> Shown {
    let shown = users(whole, Some(fields), refusal.problems()).await?;
    Ok(unprocessable(page(&shown)))
}

async fn users(
    whole: &Whole<Admin>,
    typed: Option<&Fields>,
    problems: Vec<shape::Problem>,
) -> Answer<UsersPage> {
    let zone = Zone::named("UTC");
    let users = whole.console().users().await?;
    let name = typed.map_or("", |fields| fields.get("name"));
    let mut controls = vec![
        Control::new("name", "text", "Name").value(name).required(),
        Control::new("password", "password", "First password")
            .help("At least 12 characters. The user can change it.")
            .required()
            .complete("new-password"),
    ];
    controls.extend(access(typed));
    let controls = controls
        .into_iter()
        .map(|control| control.judged(&problems))
        .collect();
    Ok(UsersPage {
        frame: whole.frame("Users", "users"),
        lines: users.iter().map(|user| line(user, &zone)).collect(),
        controls,
        problems,
    })
}

fn line(user: &User, zone: &Zone) -> Line {
    let mut controls = access(None);
    for control in &mut controls {
        // Several forms stand on one page: each has ids of its own.
        control.id = format!("{}-{}", control.name, user.id);
        let value = match control.name.as_str() {
            "rank" => user.rank.name().to_owned(),
            "reach" if user.reach == crate::ports::access::Reach::Everything => "all".to_owned(),
            "reach" => "some".to_owned(),
            _ if user.reach == crate::ports::access::Reach::Everything => String::new(),
            _ => reached(&user.reach).replace(',', ""),
        };
        for choice in &mut control.choices {
            choice.chosen = choice.value == value;
        }
        control.value = value;
    }
    Line {
        id: user.id,
        name: user.name.clone(),
        rank: user.rank.name(),
        reach: reached(&user.reach),
        disabled: user.disabled,
        changed: zone.at(user.changed_at),
        controls,
    }
}
