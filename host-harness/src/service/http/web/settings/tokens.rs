//! Tokens for programs.

use askama::Template;
use axum::response::{IntoResponse, Redirect};

use super::super::super::refusal::{Answer, Refusal};
use super::super::super::scope::{Admin, Caller, Whole};
use super::super::super::sent::{Asked, Id};
use super::super::control::Control;
use super::super::entered::{In, Shown, unprocessable};
use super::super::fields::Fields;
use super::super::frame::{Frame, page};
use super::super::moment::{Moment, Zone};
use super::super::tenant::Came;
use super::{access, given, reached};
use crate::service::token::{self, Wish, make, make_once};
use crate::shape;

struct Line {
    id: i64,
    name: String,
    rank: &'static str,
    reach: String,
    created: Moment,
    expires: Moment,
}

#[derive(Template)]
#[template(path = "tokens.html")]
struct TokensPage {
    frame: Frame,
    lines: Vec<Line>,
    controls: Vec<Control>,
    problems: Vec<shape::Problem>,
    /// The secret of the one that was just made.
    secret: String,
    /// Makes pressing twice the same as pressing once.
    key: String,
}

/// The tokens that are not revoked.
pub(in super::super) async fn show(
    In(whole): In<Whole<Admin>>,
    In(Asked(came)): In<Asked<Came>>,
) -> Shown {
    let mut shown = tokens(&whole, None, Vec::new()).await?;
    shown.frame = shown.frame.after(came.done.as_deref());
    Ok(page(&shown))
}

/// Makes one, and shows its secret this once.
pub(in super::super) async fn create(In(whole): In<Whole<Admin>>, fields: Fields) -> Shown {
    let made = async {
        let (rank, reach) = given(&fields)?;
        let days = fields.get("days").trim().parse().unwrap_or_default();
        let wish = Wish {
            name: fields.get("name"),
            rank,
            reach,
            days,
        };
        let (access, actor) = (whole.access(), whole.actor());
        Ok::<_, Refusal>(match fields.find("key") {
            Some(key) => {
                let seed = seed(whole.caller(), key)?;
                make_once(access, actor, wish, &seed).await?
            }
            None => make(access, actor, wish).await?,
        })
    };
    match made.await {
        Ok((_, secret)) => {
            let mut shown = tokens(&whole, None, Vec::new()).await?;
            shown.secret = secret;
            Ok(page(&shown))
        }
        Err(refusal) => {
            // What was made is not offered to be made again.
            let typed = (refusal.code() != "token-made").then_some(&fields);
            let shown = tokens(&whole, typed, refusal.problems()).await?;
            Ok(unprocessable(page(&shown)))
        }
    }
}

/// Refuses one from now on.
pub(in super::super) async fn revoke(In(whole): In<Whole<Admin>>, In(Id(id)): In<Id>) -> Shown {
    token::revoke(whole.access(), whole.actor(), id).await?;
    Ok(Redirect::to("/settings/tokens?done=revoked").into_response())
}

/// A form's key: a number that is never used again, and what shows of which session it is.
fn key(caller: &Caller) -> String {
    let number = uuid::Uuid::new_v4().to_string();
    format!("{number}.{}", sealed(caller, &number))
}

fn sealed(caller: &Caller, number: &str) -> String {
    let seal = caller.seed(&format!("form {number}"));
    seal.iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// What the secret of a form's token is made of: for the same form in the same session always the same.
fn seed(caller: &Caller, key: &str) -> Answer<[u8; 32]> {
    let (number, seal) = key.split_once('.').unwrap_or_default();
    if seal != sealed(caller, number) {
        return Err(Refusal::new(
            "form-outdated",
            "This form is of a session that is over, and may have been sent then. Nothing was made now",
            "Look whether the token is in the list. If it is not, send the form again.",
        ));
    }
    Ok(caller.seed(&format!("token {number}")))
}

async fn tokens(
    whole: &Whole<Admin>,
    typed: Option<&Fields>,
    problems: Vec<shape::Problem>,
) -> Answer<TokensPage> {
    let zone = Zone::named("UTC");
    let tokens = whole.access().tokens().await?;
    let value = |name: &str, default: &'static str| -> String {
        typed.map_or(default, |fields| fields.get(name)).to_owned()
    };
    let mut controls = vec![
        Control::new("name", "text", "Name")
            .help("What it is called in the log.")
            .value(&value("name", ""))
            .required(),
        Control::new("days", "number", "Good for so many days").value(&value("days", "90")),
    ];
    controls.extend(access(typed));
    let controls = controls
        .into_iter()
        .map(|control| control.judged(&problems))
        .collect();
    let lines = tokens.iter().map(|token| Line {
        id: token.id,
        name: token.name.clone(),
        rank: token.rank.name(),
        reach: reached(&token.reach),
        created: zone.at(token.created_at),
        expires: zone.at(token.expires_at),
    });
    Ok(TokensPage {
        frame: whole.frame("Tokens", "tokens"),
        lines: lines.collect(),
        controls,
        problems,
        secret: String::new(),
        key: key(whole.caller()),
    })
}
