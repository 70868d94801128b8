//! One run: its progress, its plan and what holds it, what became of it.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};

use super::super::refusal::Answer;
use super::super::runs;
use super::super::scope::{Admin, Operator, Scope, Viewer};
use super::super::sent::{Asked, Numbered};
use super::super::undo;
use super::entered::{In, Shown};
use super::fields::Fields;
use super::frame::{Frame, page};
use super::moment::{Moment, span};
use super::runs::{KINDS, Kind, kinds};
use super::tally::{Other, heading, others};
use super::tenant::{Came, zone_of};
use super::wish::{Done, Wish, deeds, newest, wish};
use super::words::{self, Badge, number};
use crate::contract::plan::RowKind;
use crate::ports::RunId;
use crate::ports::history::Cause;
use crate::ports::plan::{Run, RunStatus, UNDO, UNINSTALL};
use crate::shape;
use crate::tenant::phase_in_words;

/// Modes whose plans are made of what the portal has.
const READS_NOBODY: [&str; 2] = [UNDO, UNINSTALL];

/// Something that happened, and when.
struct Happened {
    what: &'static str,
    at: Moment,
    after: String,
}

/// People who could not be brought over for one reason.
pub(super) struct Reason {
    pub(super) problem: shape::Problem,
    pub(super) people: String,
}

/// How far a run has come.
struct Progress {
    words: String,
    done: u64,
    total: u64,
    /// Rows of the plan so far: what they are called, in an address and in words, and how many.
    kinds: Vec<(&'static str, &'static str, String)>,
}

#[derive(Template)]
#[template(path = "run.html")]
struct RunPage {
    frame: Frame,
    /// Where the run's pages are.
    at: String,
    run: shape::Run,
    badge: Badge,
    mode: String,
    kinds: Vec<Kind>,
    /// What the numbers of people are, as the run stands.
    heading: &'static str,
    /// Rows that change somebody, in words.
    changes: String,
    /// Those of them that deactivate, in words; empty for none.
    deactivated: String,
    failed: String,
    seen: String,
    unchanged: String,
    others: Vec<Other>,
    wish: Option<Wish>,
    /// What people did to it.
    deeds: Vec<Done>,
    /// The newest run, where this one ended before it was done and another came after it.
    newest: Option<(i64, Badge)>,
    /// Everybody is read by it, or what changed.
    reads: bool,
    /// It should have read everybody, and did not.
    partly: bool,
    timeline: Vec<Happened>,
    reasons: Vec<Reason>,
    progress: Option<Progress>,
    held: bool,
    waits: bool,
    undoable: bool,
    /// It is applied, and nothing runs by itself yet.
    unscheduled: bool,
    /// Makes pressing twice the same as pressing once.
    key: String,
}

/// One run.
pub(super) async fn show(
    In(scope): In<Scope<Viewer>>,
    In(Numbered(run)): In<Numbered>,
    In(came): In<Asked<Came>>,
) -> Shown {
    let Asked(came) = came;
    let run = RunId(run);
    // Before it is read: whatever it becomes meanwhile, what follows it tells.
    let under_way = scope.queue().goes_on(run).await?;
    let found = scope.plans()?.run(run).await?;
    let mut shown = run_page(&scope, &found, under_way).await?;
    shown.frame = shown.frame.after(came.done.as_deref());
    Ok(page(&shown))
}

/// Stops it at its next safe point.
pub(super) async fn stop(In(scope): In<Scope<Operator>>, In(Numbered(run)): In<Numbered>) -> Shown {
    runs::stop_one(&scope, run).await?;
    Ok(back(&scope, run, "stopping"))
}

/// Releases the plan that a guard holds, by its digest, and has it applied.
pub(super) async fn approve(
    In(scope): In<Scope<Operator>>,
    In(Numbered(run)): In<Numbered>,
    fields: Fields,
) -> Shown {
    runs::approve_one(&scope, run, fields.get("digest")).await?;
    Ok(back(&scope, run, "asked"))
}

/// Has a plan that waits applied.
pub(super) async fn apply(
    In(scope): In<Scope<Operator>>,
    In(Numbered(run)): In<Numbered>,
) -> Shown {
    runs::apply_one(&scope, run).await?;
    Ok(back(&scope, run, "asked"))
}

/// Throws a plan away.
pub(super) async fn discard(
    In(scope): In<Scope<Operator>>,
    In(Numbered(run)): In<Numbered>,
) -> Shown {
    runs::discard_one(&scope, run).await?;
    Ok(back(&scope, run, "discarded"))
}

/// Makes a plan that puts back what it changed.
pub(super) async fn put_back(
    In(scope): In<Scope<Admin>>,
    In(Numbered(run)): In<Numbered>,
    fields: Fields,
) -> Shown {
    let planned = undo::plan_one(&scope, run, fields.find("key")).await?;
    Ok(back(&scope, planned.id.0, ""))
}

fn back<N>(scope: &Scope<N>, run: i64, done: &str) -> Response {
    let asked = if done.is_empty() { "" } else { "?done=" };
    Redirect::to(&format!("/tenants/{}/runs/{run}{asked}{done}", scope.id())).into_response()
}

async fn progress(scope: &Scope<Viewer>, run: &Run) -> Answer<Progress> {
    let heard = scope.queue().heard(run.id).await?;
    let kinds = KINDS.into_iter().map(|kind| {
        let (word, _) = words::kind(kind);
        (shape::row::kind(kind), word, number(run.rows_of(kind)))
    });
    Ok(Progress {
        words: heard.as_ref().map_or_else(
            || words::under_way(run).word,
            |heard| phase_in_words(&heard.phase).to_owned(),
        ),
        done: heard.as_ref().map_or(0, |heard| heard.done),
        total: heard.as_ref().map_or(0, |heard| heard.total),
        kinds: kinds.collect(),
    })
}

async fn run_page(scope: &Scope<Viewer>, run: &Run, under_way: bool) -> Answer<RunPage> {
    let zone = zone_of(scope).await?;
    let progress = if under_way {
        Some(progress(scope, run).await?)
    } else {
        None
    };
    let causes = if run.pruned_at.is_none() {
        scope.plans()?.causes(run.id).await?
    } else {
        Vec::new()
    };
    let moments = [
        ("began", Some(run.started_at)),
        ("plan was ready", run.planned_at),
        ("was over", run.ended_at),
    ];
    let timeline = moments.into_iter().filter_map(|(what, at)| {
        let at = at?;
        let after = (at - run.started_at).max(0);
        Some(Happened {
            what,
            at: zone.at(at),
            after: if after > 0 {
                span(after)
            } else {
                String::new()
            },
        })
    });
    let kinds = kinds(run);
    let unsynced = run.rows_of(RowKind::Unsynced);
    let rows: u64 = run.counts.iter().map(|count| count.rows).sum();
    let changes = rows.saturating_sub(unsynced);
    let summary = run.summary.as_ref();
    Ok(RunPage {
        frame: Frame::within(scope, &format!("Run {}", run.id), "runs"),
        at: format!("/tenants/{}/runs/{}", scope.id(), run.id),
        badge: if under_way {
            words::under_way(run)
        } else {
            words::status(run)
        },
        mode: words::mode(&run.mode).to_owned(),
        kinds,
        heading: heading(run),
        changes: match changes {
            0 => "nobody".to_owned(),
            changes => words::people(changes),
        },
        deactivated: match run.rows_of(RowKind::Deactivate) {
            0 => String::new(),
            people => number(people),
        },
        failed: match run.rows_with("failed") {
            0 => String::new(),
            people => number(people),
        },
        seen: summary.map_or_else(String::new, |summary| number(summary.seen)),
        unchanged: summary.map_or_else(String::new, |summary| number(summary.unchanged)),
        others: others(run),
        wish: wish(scope, run, &zone).await?,
        deeds: deeds(scope, run, &zone).await?,
        newest: newest(scope, run).await?,
        partly: words::partly(run),
        reads: !READS_NOBODY.contains(&run.mode.as_str()),
        timeline: timeline.collect(),
        reasons: reasons(&causes),
        progress,
        held: run.status == RunStatus::Held,
        waits: run.status == RunStatus::Planned && !under_way,
        key: uuid::Uuid::new_v4().to_string(),
        undoable: run.rows_with("applied") > 0 && run.pruned_at.is_none() && !under_way,
        unscheduled: run.status == RunStatus::Applied && scope.queue().due_at().await?.is_none(),
        run: shape::Run::from(run),
    })
}

pub(super) fn reasons(causes: &[Cause]) -> Vec<Reason> {
    let reason = |cause: &Cause| Reason {
        problem: shape::Problem::from(&cause.problem),
        people: words::people(cause.people),
    };
    causes.iter().map(reason).collect()
}
