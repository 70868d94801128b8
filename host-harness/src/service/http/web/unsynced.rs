//! Who could not be brought over, grouped by why.

use askama::Template;
use axum::response::{IntoResponse, Redirect};
use serde::Deserialize;

use super::super::refusal::Answer;
use super::super::scope::{Operator, Scope, Viewer};
use super::super::sent::Asked;
use super::control::Control;
use super::entered::{In, Shown, answered};
use super::fields::Fields;
use super::frame::{Frame, page};
use super::moment::Moment;
use super::run::{Reason, reasons};
use super::tenant::zone_of;
use super::words::number;
use crate::ports::plan::RunQuery;
use crate::shape;

/// People on a page.
const AT_ONCE: u32 = 50;

/// Who.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Which {
    code: String,
    after: u64,
    done: Option<String>,
}

/// One of them.
struct Line {
    failure: shape::Failure,
    first: Moment,
    last: Moment,
}

#[derive(Template)]
#[template(path = "unsynced.html")]
struct UnsyncedPage {
    frame: Frame,
    code: String,
    all: String,
    none: bool,
    reasons: Vec<Reason>,
    lines: Vec<Line>,
    next: Option<u64>,
    /// How long rows are kept.
    controls: Vec<Control>,
    problems: Vec<shape::Problem>,
    /// Whether there was a run with a plan.
    synced: bool,
    /// Makes pressing twice the same as pressing once.
    key: String,
}

/// The open failures.
pub(super) async fn show(
    In(scope): In<Scope<Viewer>>,
    In(Asked(which)): In<Asked<Which>>,
) -> Shown {
    Ok(page(&unsynced_page(&scope, which, None, Vec::new()).await?))
}

/// Says for how long the rows of runs are kept.
pub(super) async fn keep(In(scope): In<Scope<Operator>>, fields: Fields) -> Shown {
    let typed = fields.get("days").trim();
    let stored = async {
        let days = typed.parse().map_err(|_| {
            crate::Problem::new(
                "bad-retention",
                "The number of days is no whole number",
                "Give 1 to 36500 days, or 0 to keep rows for ever.",
            )
            .of_field("days")
        })?;
        Ok(scope.tenant().await?.set_retention(days).await?)
    };
    match scope.deed("retention", "", stored).await {
        Ok(()) => {
            let to = format!("/tenants/{}/unsynced?done=kept", scope.id());
            Ok(Redirect::to(&to).into_response())
        }
        Err(refusal) => {
            let (which, problems) = (Which::default(), refusal.problems());
            let shown = unsynced_page(&scope, which, Some(typed), problems).await?;
            Ok(answered(refusal.status(), page(&shown)))
        }
    }
}

async fn unsynced_page<N>(
    scope: &Scope<N>,
    which: Which,
    typed: Option<&str>,
    problems: Vec<shape::Problem>,
) -> Answer<UnsyncedPage> {
    let plans = scope.plans()?;
    let zone = zone_of(scope).await?;
    let code = Some(which.code.as_str()).filter(|code| !code.is_empty());
    let failures = plans.failures(code, which.after, AT_ONCE).await?;
    let full = failures.len() == AT_ONCE as usize;
    let all = plans.count_failures(code).await?;
    let causes = plans.open_causes().await?;
    let line = |failure: &crate::ports::history::Failure| Line {
        failure: shape::Failure::from(failure),
        first: zone.at(failure.first_at),
        last: zone.at(failure.last_at),
    };
    let days = match typed {
        Some(typed) => typed.to_owned(),
        None => plans.days().await?.to_string(),
    };
    let days = Control::new("days", "number", "Keep the rows of runs for so many days")
        .help("0: for ever. The line of each run stays for ever.")
        .value(&days)
        .judged(&problems);
    Ok(UnsyncedPage {
        frame: Frame::within(scope, "Unsynced", "unsynced").after(which.done.as_deref()),
        all: number(all),
        none: causes.is_empty(),
        synced: plans
            .runs(&RunQuery::default(), 20)
            .await?
            .iter()
            .any(|run| run.digest.is_some()),
        key: uuid::Uuid::new_v4().to_string(),
        reasons: reasons(&causes),
        next: failures.last().filter(|_| full).map(|last| last.id),
        lines: failures.iter().map(line).collect(),
        controls: vec![days],
        problems,
        code: which.code,
    })
}
