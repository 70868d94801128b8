//! What runs did in the last weeks, day by day: charts, and the same as a table.

use askama::Template;
use jiff::civil::Date;
use serde::Deserialize;

use super::super::scope::{Scope, Viewer};
use super::super::sent::Asked;
use super::chart::{Panel, Piece};
use super::day::{CHANGES, Day, by_day, slots};
use super::entered::{In, Shown};
use super::frame::{Frame, page};
use super::moment::span;
use super::tenant::zone_of;
use super::words::{self, number};
use crate::shape::row;

/// Runs that are looked at, at most: one every ten minutes for 90 days is less.
const MOST: u32 = 20_000;
/// Days on a page of the table.
const AT_ONCE: usize = 30;
/// Milliseconds of a day.
const DAY: i64 = 86_400_000;
/// Heights of charts, in tenths.
const HIGH: u64 = 1_600;
const LOW: u64 = 200;
/// For how long.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Window {
    days: Option<u32>,
    /// Days of the table before those that are shown.
    skip: usize,
}

/// A number of the table, and where its rows are, from the tenant's pages on; empty for nowhere.
#[derive(Debug, PartialEq, Eq)]
struct Cell {
    number: String,
    at: String,
}

/// A day in the table.
struct Line {
    date: String,
    at: String,
    cells: Vec<Cell>,
    slowest: String,
}

/// A number over all the days.
struct Sum {
    number: String,
    words: &'static str,
    at: String,
}

#[derive(Template)]
#[template(path = "history.html")]
struct HistoryPage {
    frame: Frame,
    days: u32,
    /// The newest first.
    lines: Vec<Line>,
    /// Days to pass over for the next page of the table.
    next: Option<usize>,
    skipped: bool,
    sums: Vec<Sum>,
    people: Panel,
    changes: Panel,
    unsynced: Panel,
    reading: Panel,
    failures: Panel,
    slowest: String,
    first: String,
    last: String,
    /// There were more runs than are looked at.
    more: bool,
    most: String,
}

/// The last days.
pub(super) async fn show(In(scope): In<Scope<Viewer>>, In(window): In<Asked<Window>>) -> Shown {
    let Asked(window) = window;
    let count: u32 = match window.days {
        Some(90) => 90,
        _ => 30,
    };
    let zone = zone_of(&scope).await?;
    let since = chrono::Utc::now().timestamp_millis() - i64::from(count) * DAY;
    let figures = scope.plans()?.figures(since, MOST).await?;
    let more = figures.len() == MOST as usize;
    let days = by_day(figures.iter().rev(), &zone);
    let slots = slots(&days, &zone, count);
    let panel = |of: &dyn Fn(&Day) -> Vec<Piece>, height| {
        let pieces: Vec<Vec<Piece>> = slots.iter().map(|day| day.map_or(Vec::new(), of)).collect();
        Panel::stacked(&pieces, height)
    };
    let line = |of: &dyn Fn(&Day) -> Option<(u64, String)>| {
        let points: Vec<_> = slots.iter().map(|day| day.and_then(of)).collect();
        Panel::line(&points, HIGH)
    };
    let reading = panel(&read, HIGH);
    let past = window.skip.saturating_add(AT_ONCE);
    Ok(page(&HistoryPage {
        frame: Frame::within(&scope, "History", "history"),
        days: count,
        sums: sums(&days),
        people: line(&|day| counted(day, day.people, "people")),
        changes: panel(&changed, HIGH),
        unsynced: line(&|day| counted(day, day.unsynced, "unsynced")),
        failures: panel(&failed, LOW),
        slowest: span(i64::try_from(reading.most).unwrap_or(i64::MAX)),
        reading,
        first: told(
            zone.today()
                .saturating_sub(jiff::Span::new().days(count - 1)),
        ),
        last: told(zone.today()),
        next: (past < days.len()).then_some(past),
        skipped: window.skip > 0,
        lines: days
            .iter()
            .rev()
            .skip(window.skip)
            .take(AT_ONCE)
            .map(listed)
            .collect(),
        more,
        most: number(u64::from(MOST)),
    }))
}

fn told(date: Date) -> String {
    date.strftime("%a %-d %b").to_string()
}

fn counted(day: &Day, of: Option<(i64, u64)>, words: &str) -> Option<(u64, String)> {
    let (_, people) = of?;
    Some((
        people,
        format!("{}: {} {words}", told(day.date), number(people)),
    ))
}

fn changed(day: &Day) -> Vec<Piece> {
    let each = day.changes.iter().zip(CHANGES);
    each.map(|((people, _), kind)| {
        let (word, tone) = words::kind(kind);
        Piece {
            class: tone.class(),
            value: *people,
            title: format!("{}: {} {word}", told(day.date), number(*people)),
        }
    })
    .collect()
}

fn read(day: &Day) -> Vec<Piece> {
    let took = day.slowest.map(|took| Piece {
        class: "busy",
        value: u64::try_from(took).unwrap_or_default(),
        title: format!("{}: {}", told(day.date), span(took)),
    });
    took.into_iter().collect()
}

fn failed(day: &Day) -> Vec<Piece> {
    let piece = (day.failed > 0).then(|| Piece {
        class: "bad",
        value: 1,
        title: format!("{}: {} failed", told(day.date), number(day.failed)),
    });
    piece.into_iter().collect()
}

fn listed(day: &Day) -> Line {
    let cell = |people: u64, at: String| Cell {
        number: number(people),
        at: if people > 0 { at } else { String::new() },
    };
    let mut cells = vec![
        cell(day.runs, day.at()),
        cell(day.failed, format!("{}&status=failed", day.at())),
        day.people.map_or_else(Cell::none, |(run, people)| {
            cell(people, format!("runs/{run}"))
        }),
    ];
    cells.extend(
        day.changes
            .iter()
            .zip(CHANGES)
            .map(|((people, run), kind)| {
                let kind = row::kind(kind);
                let rows = |run| format!("runs/{run}/rows?kind={kind}&outcome=applied");
                cell(*people, run.map_or_else(|| day.at(), rows))
            }),
    );
    cells.push(day.unsynced.map_or_else(Cell::none, |(run, people)| {
        cell(people, format!("runs/{run}"))
    }));
    Line {
        date: told(day.date),
        at: day.at(),
        cells,
        slowest: day.slowest.map_or_else(String::new, span),
    }
}

impl Cell {
    /// Nothing is known.
    fn none() -> Self {
        Self {
            number: "–".to_owned(),
            at: String::new(),
        }
    }
}

fn sums(days: &[Day]) -> Vec<Sum> {
    let all = |of: &dyn Fn(&Day) -> u64| number(days.iter().map(of).sum());
    let [new, back, changed, gone] = [0, 1, 2, 3].map(|kind| all(&|day| day.changes[kind].0));
    let first = days.first().map_or(0, |day| day.first - 1);
    let sum = |number, words, at: String| Sum { number, words, at };
    let table = || "#days".to_owned();
    vec![
        sum(all(&|day| day.runs), "runs", format!("runs?after={first}")),
        sum(
            all(&|day| day.failed),
            "runs that failed",
            format!("runs?after={first}&status=failed"),
        ),
        sum(new, "people new", table()),
        sum(changed, "changes of people", table()),
        sum(gone, "deactivated", table()),
        sum(back, "reactivated", table()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_run_did_leads_to_its_rows_and_what_several_did_to_the_runs_of_the_day() {
        let day = &Day {
            runs: 3,
            failed: 1,
            first: 1,
            last: 3,
            people: Some((1, 1_201)),
            changes: [(6, None), (0, None), (0, None), (4, Some(2))],
            unsynced: Some((2, 1)),
            ..Day::new(Date::constant(2026, 11, 1))
        };
        let line = listed(day);
        let cells: Vec<(&str, &str)> = line
            .cells
            .iter()
            .map(|cell| (cell.number.as_str(), cell.at.as_str()))
            .collect();
        assert_eq!(
            cells,
            [
                ("3", "runs?after=0&before=4"),
                ("1", "runs?after=0&before=4&status=failed"),
                ("1,201", "runs/1"),
                ("6", "runs?after=0&before=4"),
                ("0", ""),
                ("0", ""),
                ("4", "runs/2/rows?kind=deactivate&outcome=applied"),
                ("1", "runs/2"),
            ]
        );
    }
}
