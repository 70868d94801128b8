//! What runs did in the last weeks: charts, and the same as a table.

use askama::Template;
use serde::Deserialize;

use super::super::scope::{Scope, Viewer};
use super::super::sent::Asked;
use super::chart::{Panel, Piece};
use super::entered::{In, Shown};
use super::frame::{Frame, page};
use super::moment::{Moment, Zone, span};
use super::tenant::zone_of;
use super::words::{self, Badge, number};
use crate::contract::plan::{Basis, RowKind};
use crate::ports::plan::{Run, RunStatus};
use crate::shape::row;

/// Runs in a chart, at most.
const MOST: u32 = 400;
/// Milliseconds of a day.
const DAY: i64 = 86_400_000;
/// Heights of charts, in tenths.
const HIGH: u64 = 1_600;
const LOW: u64 = 200;
/// What changes a person, in the order in which it is stacked.
const CHANGES: [RowKind; 4] = [
    RowKind::Create,
    RowKind::Reactivate,
    RowKind::Update,
    RowKind::Deactivate,
];

/// For how long.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Window {
    days: Option<u32>,
}

/// A number with what is counted.
struct Counted {
    number: String,
    /// Where the rows are.
    kind: &'static str,
    outcome: &'static str,
    /// What stands before it, where the table is narrow.
    label: &'static str,
    none: bool,
}

/// A run in the table.
struct Line {
    run: i64,
    at: Moment,
    mode: String,
    badge: Badge,
    seen: Option<String>,
    counts: Vec<Counted>,
    reading: Option<String>,
    whole: Option<String>,
    /// The rows are kept no longer.
    pruned: bool,
    /// The code of why it failed.
    code: String,
}

/// A number over all the runs.
struct Sum {
    number: String,
    words: &'static str,
}

#[derive(Template)]
#[template(path = "history.html")]
struct HistoryPage {
    frame: Frame,
    days: u32,
    /// The newest first.
    lines: Vec<Line>,
    sums: Vec<Sum>,
    people: Panel,
    changes: Panel,
    reading: Panel,
    failures: Panel,
    slowest: String,
    first: Option<Moment>,
    last: Option<Moment>,
    /// There were more runs than are shown.
    more: bool,
    most: u32,
}

/// The runs of the last days.
pub(super) async fn show(In(scope): In<Scope<Viewer>>, In(window): In<Asked<Window>>) -> Shown {
    let Asked(window) = window;
    let days = match window.days {
        Some(90) => 90,
        _ => 30,
    };
    let zone = zone_of(&scope).await?;
    let since = chrono::Utc::now().timestamp_millis() - i64::from(days) * DAY;
    let mut runs = scope.plans()?.runs(MOST + 1).await?;
    runs.retain(|run| run.started_at >= since);
    let more = runs.len() > MOST as usize;
    runs.truncate(MOST as usize);
    // From left to right.
    runs.reverse();
    let reading = Panel::stacked(&runs.iter().map(read).collect::<Vec<_>>(), HIGH);
    Ok(page(&HistoryPage {
        frame: Frame::within(&scope, "History", "history"),
        days,
        sums: sums(&runs),
        people: Panel::line(&runs.iter().map(people).collect::<Vec<_>>(), HIGH),
        changes: Panel::stacked(&runs.iter().map(changes).collect::<Vec<_>>(), HIGH),
        failures: Panel::stacked(&runs.iter().map(failure).collect::<Vec<_>>(), LOW),
        slowest: span(i64::try_from(reading.most).unwrap_or(i64::MAX)),
        reading,
        first: runs.first().map(|run| zone.at(run.started_at)),
        last: runs.last().map(|run| zone.at(run.started_at)),
        lines: runs.iter().rev().map(|run| line(run, &zone)).collect(),
        more,
        most: MOST,
    }))
}

/// Rows of a kind that were applied.
fn applied(run: &Run, kind: RowKind) -> u64 {
    let of = run.counts.iter();
    let of = of.filter(|count| count.kind == kind && count.outcome == "applied");
    of.map(|count| count.rows).sum()
}

/// Those whom a run could not bring: by the plan, and by the portal.
fn unsynced(run: &Run) -> u64 {
    run.rows_of(RowKind::Unsynced) + run.rows_with("failed")
}

/// How many people the directory has, as far as the run read everybody.
fn people(run: &Run) -> Option<(u64, String)> {
    let proof = run.proof.as_ref()?;
    let seen = run.summary.as_ref()?.seen;
    let whole = proof.basis == Basis::Enumeration && proof.complete;
    whole.then(|| (seen, format!("Run {}: {} people", run.id, number(seen))))
}

fn changes(run: &Run) -> Vec<Piece> {
    let changed = CHANGES.into_iter().map(|kind| {
        let (word, tone) = words::kind(kind);
        (word, tone, applied(run, kind))
    });
    let (word, tone) = words::kind(RowKind::Unsynced);
    changed
        .chain([(word, tone, unsynced(run))])
        .map(|(word, tone, value)| Piece {
            class: tone.class(),
            value,
            title: format!("Run {}: {} {word}", run.id, number(value)),
        })
        .collect()
}

fn read(run: &Run) -> Vec<Piece> {
    let took = reading(run);
    took.map(|took| Piece {
        class: "busy",
        value: u64::try_from(took).unwrap_or_default(),
        title: format!("Run {}: {}", run.id, span(took)),
    })
    .into_iter()
    .collect()
}

fn failure(run: &Run) -> Vec<Piece> {
    let failed = run.status == RunStatus::Failed;
    let piece = failed.then(|| Piece {
        class: "bad",
        value: 1,
        title: format!("Run {} failed: {}", run.id, code(run)),
    });
    piece.into_iter().collect()
}

fn code(run: &Run) -> String {
    let problem = run.problem.as_ref();
    problem.map_or_else(String::new, |problem| problem.code.clone())
}

/// Milliseconds until the plan was made.
fn reading(run: &Run) -> Option<i64> {
    run.planned_at.map(|at| (at - run.started_at).max(0))
}

fn line(run: &Run, zone: &Zone) -> Line {
    let changed = CHANGES.into_iter().map(|kind| {
        let count = applied(run, kind);
        let label = words::kind(kind).0;
        (count, row::kind(kind), "applied", label)
    });
    let unsynced = [
        (
            run.rows_of(RowKind::Unsynced),
            row::kind(RowKind::Unsynced),
            "",
            "unsynced",
        ),
        (run.rows_with("failed"), "", "failed", "refused"),
    ];
    Line {
        run: run.id.0,
        at: zone.at(run.started_at),
        mode: words::mode(&run.mode).to_owned(),
        badge: words::status(run),
        seen: run.summary.as_ref().map(|summary| number(summary.seen)),
        counts: changed
            .chain(unsynced)
            .map(|(count, kind, outcome, label)| Counted {
                number: number(count),
                kind,
                outcome,
                label,
                none: count == 0,
            })
            .collect(),
        reading: reading(run).map(span),
        whole: run.ended_at.map(|at| span((at - run.started_at).max(0))),
        pruned: run.pruned_at.is_some(),
        code: code(run),
    }
}

fn sums(runs: &[Run]) -> Vec<Sum> {
    let all = |kind: RowKind| -> u64 { runs.iter().map(|run| applied(run, kind)).sum() };
    let failed = runs.iter().filter(|run| run.status == RunStatus::Failed);
    let (count, failed) = (runs.len(), failed.count());
    let each = [
        (u64::try_from(count).unwrap_or(u64::MAX), "runs"),
        (
            u64::try_from(failed).unwrap_or(u64::MAX),
            "runs that failed",
        ),
        (all(RowKind::Create), "people new"),
        (all(RowKind::Update), "changes of people"),
        (all(RowKind::Deactivate), "deactivated"),
        (all(RowKind::Reactivate), "reactivated"),
    ];
    each.into_iter()
        .map(|(count, words)| Sum {
            number: number(count),
            words,
        })
        .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::contract::plan::{Proof, Summary};
    use crate::ports::plan::Count;
    use crate::ports::{RunId, TenantId};

    fn run(basis: Basis, complete: bool) -> Run {
        let count = |kind, outcome: &str, rows| Count {
            kind,
            outcome: outcome.to_owned(),
            rows,
        };
        Run {
            id: RunId(7),
            tenant: TenantId::new("acme").unwrap(),
            mode: "full".into(),
            status: RunStatus::Applied,
            plugin: String::new(),
            configuration: String::new(),
            started_at: 1_000,
            planned_at: Some(3_500),
            ended_at: Some(9_000),
            digest: None,
            summary: Some(Summary {
                seen: 1_200,
                unchanged: 0,
                counts: Vec::new(),
                guards: Vec::new(),
                warnings: Vec::new(),
            }),
            proof: Some(Proof {
                basis,
                complete,
                gaps: Vec::new(),
                pages: 1,
                entries: 1_200,
                referrals: 0,
                server: String::new(),
                searches: Vec::new(),
                configuration: String::new(),
            }),
            guards: Vec::new(),
            counts: vec![
                count(RowKind::Create, "applied", 5),
                count(RowKind::Create, "failed", 2),
                count(RowKind::Unsynced, "reported", 3),
            ],
            problem: None,
            pruned_at: None,
        }
    }

    #[test]
    fn people_are_counted_only_by_runs_that_read_everybody() {
        let (seen, words) = people(&run(Basis::Enumeration, true)).unwrap();
        assert_eq!((seen, words.as_str()), (1_200, "Run 7: 1,200 people"));
        assert!(people(&run(Basis::Changes, true)).is_none());
        assert!(people(&run(Basis::Enumeration, false)).is_none());
    }

    #[test]
    fn only_what_was_applied_counts_as_changed_and_what_was_refused_as_unsynced() {
        let pieces = changes(&run(Basis::Enumeration, true));
        let told: Vec<(&str, u64)> = pieces.iter().map(|one| (one.class, one.value)).collect();
        assert_eq!(
            told,
            [
                ("good", 5),
                ("good", 0),
                ("busy", 0),
                ("bad", 0),
                ("caution", 5)
            ]
        );
        let line = line(&run(Basis::Enumeration, true), &Zone::named("UTC"));
        let shown: Vec<(&str, &str, &str)> = line
            .counts
            .iter()
            .filter(|one| !one.none)
            .map(|one| (one.number.as_str(), one.kind, one.outcome))
            .collect();
        assert_eq!(
            shown,
            [
                ("5", "create", "applied"),
                ("3", "unsynced", ""),
                ("2", "", "failed")
            ]
        );
        assert_eq!(line.reading.as_deref(), Some("2.5 s"));
        assert_eq!(line.whole.as_deref(), Some("8.0 s"));
    }

    #[test]
    fn a_run_that_did_not_fail_has_no_mark() {
        let mut run = run(Basis::Enumeration, true);
        assert!(failure(&run).is_empty());
        run.status = RunStatus::Failed;
        run.problem = Some(crate::Problem::new("wrong-password", "m", "r"));
        assert_eq!(failure(&run)[0].title, "Run 7 failed: wrong-password");
    }
}
