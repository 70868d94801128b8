//! What stands around a run: who asked for it, which try it is, and what came after it.

use chrono::Utc;

use super::super::refusal::Answer;
use super::super::scope::{Scope, Viewer};
use super::moment::{Moment, Zone};
use super::words::{self, Badge};
use crate::ports::access::{Deed, DeedQuery};
use crate::ports::plan::{Run, RunQuery, RunStatus};
use crate::shape;

/// Who asks where nobody does.
const SCHEDULE: &str = "schedule";

/// Deeds that are looked through.
const MOST: u32 = 200;

/// What somebody did to a run.
pub(super) struct Done {
    pub(super) what: &'static str,
    pub(super) who: String,
    pub(super) at: Moment,
}

/// Who asked for the run, and what they wait for.
pub(super) struct Wish {
    pub(super) by: String,
    /// Which try of the same it is, from the second on.
    pub(super) attempt: Option<u32>,
    /// When it begins, where that is yet to come.
    pub(super) begins: Option<Moment>,
    /// The run before it, which failed.
    pub(super) failed: Option<Failed>,
}

/// A run that failed.
pub(super) struct Failed {
    pub(super) run: i64,
    pub(super) problem: shape::Problem,
}

/// Who asked for a run; none where nobody asked the queue.
pub(super) async fn wish(scope: &Scope<Viewer>, run: &Run, zone: &Zone) -> Answer<Option<Wish>> {
    let Some(ask) = scope.queue().asked(run.id).await? else {
        return Ok(None);
    };
    let failed = if ask.attempt > 0 {
        let before = RunQuery {
            before: Some(run.id),
            status: Some(RunStatus::Failed),
            ..RunQuery::default()
        };
        scope.plans()?.runs(&before, 1).await?.pop()
    } else {
        None
    };
    let failed = failed.and_then(|run| {
        Some(Failed {
            run: run.id.0,
            problem: shape::Problem::from(run.problem.as_ref()?),
        })
    });
    let waits = run.status == RunStatus::Queued && ask.not_before > Utc::now().timestamp_millis();
    Ok(Some(Wish {
        by: if ask.by == SCHEDULE {
            "the schedule".to_owned()
        } else {
            ask.by
        },
        attempt: (ask.attempt > 0).then(|| ask.attempt.saturating_add(1)),
        begins: waits.then(|| zone.at(ask.not_before)),
        failed,
    }))
}

/// What people did to a run: who approved, applied, stopped or discarded it, or asked for its undo, the first first.
pub(super) async fn deeds(scope: &Scope<Viewer>, run: &Run, zone: &Zone) -> Answer<Vec<Done>> {
    let query = DeedQuery {
        what: Some("run.".to_owned()),
        from: Some(run.started_at),
        ..DeedQuery::default()
    };
    let of_this = format!("{}", run.id);
    let deeds = scope.deeds(query, 0, MOST).await?;
    let mine = deeds.iter().rev().filter(|deed| {
        deed.refused.is_empty() && deed.which.split(' ').next() == Some(of_this.as_str())
    });
    let told = |deed: &Deed| {
        let what = match deed.what.as_str() {
            "run.approve" => "approved",
            "run.apply" => "told to be applied",
            "run.stop" => "stopped",
            "run.discard" => "thrown away",
            "run.undo" => "undo planned",
            _ => return None,
        };
        Some(Done {
            what,
            who: deed
                .who
                .split_once(':')
                .map_or(&*deed.who, |(_, name)| name)
                .to_owned(),
            at: zone.at(deed.at),
        })
    };
    Ok(mine.filter_map(told).collect())
}

/// What came after a run that ended before it was done.
pub(super) async fn newest(scope: &Scope<Viewer>, run: &Run) -> Answer<Option<(i64, Badge)>> {
    let ended = [
        RunStatus::Failed,
        RunStatus::Cancelled,
        RunStatus::Abandoned,
        RunStatus::Discarded,
    ];
    if !ended.contains(&run.status) {
        return Ok(None);
    }
    let newest = scope.plans()?.runs(&RunQuery::default(), 1).await?.pop();
    let later = newest.filter(|newest| newest.id > run.id);
    Ok(later.map(|newest| (newest.id.0, words::status(&newest))))
}
