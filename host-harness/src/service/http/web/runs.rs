//! All runs of a tenant, and asking for one.

use askama::Template;
use axum::response::{IntoResponse, Redirect};

use super::super::runs::{Mode, begin};
use super::super::scope::{Operator, Scope, Viewer};
use super::super::sent::Asked;
use super::entered::{In, Shown};
use super::fields::Fields;
use super::frame::{Frame, page};
use super::moment::{Moment, Zone, span};
use super::tenant::{Came, zone};
use super::words::{self, Badge, number};
use crate::contract::plan::RowKind;
use crate::ports::plan::Run;

/// Runs on a page.
const AT_ONCE: u32 = 50;

/// One run in the list.
pub(super) struct Line {
    id: i64,
    mode: String,
    badge: Badge,
    began: Moment,
    took: String,
    seen: String,
    kinds: Vec<Kind>,
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
    full: bool,
    ready: bool,
    key: String,
}

const KINDS: [RowKind; 5] = [
    RowKind::Create,
    RowKind::Update,
    RowKind::Deactivate,
    RowKind::Reactivate,
    RowKind::Unsynced,
];

/// The newest runs.
pub(super) async fn show(In(scope): In<Scope<Viewer>>, In(came): In<Asked<Came>>) -> Shown {
    let Asked(came) = came;
    let tenant = scope.tenant().await?;
    let zone = zone(&tenant).await;
    let runs = scope.plans()?.runs(AT_ONCE).await?;
    let configured = !tenant.installation().await?.configuration.is_empty();
    Ok(page(&RunsPage {
        frame: Frame::within(&scope, "Sync", "runs").after(came.done.as_deref()),
        full: runs.len() == AT_ONCE as usize,
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
