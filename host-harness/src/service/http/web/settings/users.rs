//! Who may log in.

use askama::Template;
use axum::response::{IntoResponse, Redirect};

use super::super::super::refusal::{Answer, Refusal};
use super::super::super::scope::{Admin, Whole};
use super::super::super::sent::{Asked, Id};
use super::super::control::Control;
use super::super::entered::{In, Shown, answered};
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
    /// Whether the box is ticked that lets them log in no more.
    barred: bool,
    password: Control,
    /// Whether something is wrong with what was typed there.
    open: bool,
}

/// What was typed, and into which form.
#[derive(Clone, Copy)]
enum Typed<'f> {
    Nothing,
    /// Of another user.
    New(&'f Fields),
    /// Of the user with this number.
    Change(i64, &'f Fields),
    /// A password for the user with this number, which is not sent back.
    Password(i64),
}

#[derive(Template)]
#[template(path = "users.html")]
struct UsersPage {
    frame: Frame,
    lines: Vec<Line>,
    controls: Vec<Control>,
    problems: Vec<shape::Problem>,
    /// The fields of the form that was sent, for the summary.
    sent: Vec<Control>,
}

/// The users.
pub(in super::super) async fn show(
    In(whole): In<Whole<Admin>>,
    In(Asked(came)): In<Asked<Came>>,
) -> Shown {
    let mut shown = users(&whole, Typed::Nothing, Vec::new()).await?;
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
        Err(refusal) => refused(&whole, Typed::New(&fields), &refusal).await,
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
    told(&whole, changed.await, "changed", Typed::Change(id, &fields)).await
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
    told(&whole, reset, "password", Typed::Password(id)).await
}

/// Leads to the list where it was done, or tells why it was not.
async fn told(whole: &Whole<Admin>, done: Answer<()>, word: &str, typed: Typed<'_>) -> Shown {
    match done {
        Ok(()) => Ok(Redirect::to(&format!("/settings?done={word}")).into_response()),
        Err(refusal) => refused(whole, typed, &refusal).await,
    }
}

async fn refused(whole: &Whole<Admin>, typed: Typed<'_>, refusal: &Refusal) -> Shown {
    let mut problems = refusal.problems();
    for problem in &mut problems {
        match problem.code.as_str() {
            "user-exists" => problem.field = Some("name".to_owned()),
            "last-admin" => problem.field = Some("rank".to_owned()),
            _ => {}
        }
    }
    let shown = users(whole, typed, problems).await?;
    Ok(answered(refusal.status(), page(&shown)))
}

async fn users(
    whole: &Whole<Admin>,
    typed: Typed<'_>,
    problems: Vec<shape::Problem>,
) -> Answer<UsersPage> {
    let zone = Zone::named("UTC");
    let users = whole.console().users().await?;
    let (new, wrong) = match typed {
        Typed::New(fields) => (Some(fields), &problems[..]),
        _ => (None, &[][..]),
    };
    let name = new.map_or("", |fields| fields.get("name"));
    let mut controls = vec![
        Control::new("name", "text", "Name").value(name).required(),
        Control::new("password", "password", "First password")
            .help("At least 12 characters. The user can change it.")
            .required()
            .complete("new-password"),
    ];
    controls.extend(access(new));
    let controls: Vec<Control> = controls
        .into_iter()
        .map(|control| control.judged(wrong))
        .collect();
    let lines: Vec<Line> = users
        .iter()
        .map(|user| line(user, &zone, typed, &problems))
        .collect();
    let changed = lines.iter().find(|line| line.open);
    let sent = changed.map_or_else(
        || controls.clone(),
        |line| {
            let password = std::iter::once(&line.password);
            line.controls.iter().chain(password).cloned().collect()
        },
    );
    Ok(UsersPage {
        frame: whole.frame("Users", "users"),
        lines,
        controls,
        problems,
        sent,
    })
}

fn line(user: &User, zone: &Zone, typed: Typed<'_>, problems: &[shape::Problem]) -> Line {
    let fields = match typed {
        Typed::Change(id, fields) if id == user.id => Some(fields),
        _ => None,
    };
    let password = matches!(typed, Typed::Password(id) if id == user.id);
    let mut controls = access(fields);
    for control in &mut controls {
        // Several forms stand on one page: each has ids of its own.
        control.id = format!("{}-{}", control.name, user.id);
        if fields.is_some() {
            *control = control.clone().judged(problems);
            continue;
        }
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
    let mut other = Control::new("password", "password", "New password")
        .help("At least 12 characters.")
        .complete("new-password");
    other.id = format!("password-{}", user.id);
    Line {
        id: user.id,
        name: user.name.clone(),
        rank: user.rank.name(),
        reach: reached(&user.reach),
        disabled: user.disabled,
        changed: zone.at(user.changed_at),
        controls,
        barred: fields.map_or(user.disabled, |fields| fields.has("disabled")),
        password: if password {
            other.judged(problems)
        } else {
            other
        },
        open: fields.is_some() || password,
    }
}
