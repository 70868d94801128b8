//! All runs of a tenant, and asking for one.

use askama::Template;
use axum::response::{IntoResponse, Redirect};
use serde::Deserialize;

use super::super::runs::{Mode, begin, status};
use super::super::scope::{Operator, Scope, Viewer};
use super::super::sent::Asked;
use super::entered::{In, Shown};
use super::fields::Fields;
use super::frame::{Frame, page};
use super::moment::{Moment, Zone, span};
use super::tenant::zone;
use super::words::{self, Badge, number};
use crate::contract::plan::RowKind;
use crate::ports::RunId;
use crate::ports::plan::{Run, RunQuery, RunStatus};

/// Runs on a page.
const AT_ONCE: u32 = 30;

/// Which runs.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Which {
    before: Option<i64>,
    after: Option<i64>,
    status: String,
    done: Option<String>,
}

/// One run in the list.
pub(super) struct Line {
    id: i64,
    mode: String,
    badge: Badge,
    began: Moment,
    took: String,
    seen: String,
    kinds: Vec<Kind>,
    /// They are of a plan of which nothing was applied.
    planned: bool,
}

/// How many people of one kind there are.
pub(super) struct Kind {
    /// As an address says it.
    pub(super) name: &'static str,
    pub(super) word: &'static str,
    pub(super) people: String,
}

#[derive(Template)]
#[template(path = "runs.html")]
struct RunsPage {
    frame: Frame,
    lines: Vec<Line>,
    /// How runs can stand, as an address says it and in words.
    statuses: Vec<(&'static str, &'static str)>,
    status: String,
    /// Not the newest were asked for.
    older: bool,
    /// Only those after this one; 0 for all.
    after: i64,
    /// The last one, where there may be others.
    next: Option<i64>,
    ready: bool,
    key: String,
}

/// All of them.
pub(super) const KINDS: [RowKind; 5] = [
    RowKind::Create,
    RowKind::Update,
    RowKind::Deactivate,
    RowKind::Reactivate,
    RowKind::Unsynced,
];

/// The newest runs, or those before one of them.
pub(super) async fn show(In(scope): In<Scope<Viewer>>, In(which): In<Asked<Which>>) -> Shown {
    let Asked(which) = which;
    let tenant = scope.tenant().await?;
    let zone = zone(&tenant).await;
    let standing = Some(which.status.trim()).filter(|status| !status.is_empty());
    let query = RunQuery {
        before: which.before.map(RunId),
        after: which.after.map(RunId),
        status: standing.map(status).transpose()?,
    };
    let runs = scope.plans()?.runs(&query, AT_ONCE).await?;
    let full = runs.len() == AT_ONCE as usize;
    let configured = !tenant.installation().await?.configuration.is_empty();
    Ok(page(&RunsPage {
        frame: Frame::within(&scope, "Sync", "runs").after(which.done.as_deref()),
        statuses: RunStatus::ALL
            .map(|status| (status.name(), words::stands(status).1))
            .to_vec(),
        status: which.status,
        older: which.before.is_some() || which.after.is_some(),
        after: which.after.unwrap_or_default(),
        next: runs.last().filter(|_| full).map(|run| run.id.0),
        lines: runs.iter().map(|run| line(run, &zone)).collect(),
        ready: configured && !tenant.rules().await?.is_empty(),
        key: uuid::Uuid::new_v4().to_string(),
    }))
}

/// Asks for a run. The form's key makes pressing twice the same as pressing once.
pub(super) async fn ask(In(scope): In<Scope<Operator>>, fields: Fields) -> Shown {
    let mode = Mode::named(fields.get("mode"))?;
    let key = fields.find("key").map(str::to_owned);
    let run = begin(&scope, mode, key).await?;
    let to = format!("/tenants/{}/runs/{}", scope.id(), run.id);
    Ok(Redirect::to(&to).into_response())
}

fn line(run: &Run, zone: &Zone) -> Line {
    let seen = run.summary.as_ref().map(|summary| number(summary.seen));
    Line {
        id: run.id.0,
        mode: words::mode(&run.mode).to_owned(),
        badge: words::status(run),
        began: zone.at(run.started_at),
        took: run
            .ended_at
            .map_or_else(String::new, |at| span((at - run.started_at).max(0))),
        seen: seen.unwrap_or_default(),
        kinds: kinds(run),
        planned: run.status != RunStatus::Applied && run.rows_with("applied") == 0,
    }
}

/// How many people there are of each kind, where there are any.
pub(super) fn kinds(run: &Run) -> Vec<Kind> {
    let each = KINDS.into_iter().filter_map(|kind| {
        let people = run.rows_of(kind);
        let (word, _) = words::kind(kind);
        (people > 0).then(|| Kind {
            name: crate::shape::row::kind(kind),
            word,
            people: number(people),
        })
    });
    each.collect()
}
