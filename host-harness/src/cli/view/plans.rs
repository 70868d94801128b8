//! Runs, their rows field by field, and the guards.

use anstyle::Style;
use chrono::{DateTime, Local};
use console::measure_text_width;

use crate::contract::plan::{Change, Guard, Row, RowKind};
use crate::ports::plan::{Run, RunStatus, StoredRow};
use crate::shape::row::kind as kind_of;
use crate::store::adoption::EXTERNAL_ID;

use super::paint::{ACCENT, BAD, CAUTION, DIM, GOOD, PLAIN, STRONG, counted, number, paint};
use super::stages::told;
use super::{Cell, Page, Table, clean};

/// Where the text of a row stands, below its name.
const INDENT: &str = "               ";
/// The longest value shown, however wide the page: nobody reads a photo.
const LONGEST: usize = 240;
/// Values shown of a new person.
const FEW: usize = 2;

impl Page {
    /// What a plan would do, or did: people seen, rows by kind, guards, warnings.
    pub(crate) fn plan(&mut self, run: &Run) {
        let mut table = Table::new(&["", "", ">people", ""]);
        if let Some(summary) = &run.summary {
            table.row([
                Cell::new(" "),
                Cell::new("seen in the directory"),
                Cell::new(number(summary.seen)),
                Cell::new(""),
            ]);
            table.row([
                Cell::styled("=", DIM),
                Cell::new("unchanged"),
                Cell::new(number(summary.unchanged)),
                Cell::new(""),
            ]);
        }
        for kind in KINDS {
            let rows: u64 = run
                .counts
                .iter()
                .filter(|c| c.kind == kind)
                .map(|c| c.rows)
                .sum();
            if rows > 0 {
                let (mark, style) = mark(kind);
                table.row([
                    Cell::styled(mark, style),
                    Cell::new(kind_of(kind)),
                    Cell::new(number(rows)),
                    Cell::styled(outcomes(run, kind), DIM),
                ]);
            }
        }
        for extra in run.summary.iter().flat_map(|s| &s.counts) {
            let known = KINDS.iter().any(|k| kind_of(*k) == extra.key)
                || ["seen", "unchanged"].contains(&extra.key.as_str());
            if !known && extra.value != "0" {
                let count = extra
                    .value
                    .parse()
                    .map_or_else(|_| extra.value.clone(), number);
                table.row([
                    Cell::new(" "),
                    Cell::new(extra.key.replace('-', " ")),
                    Cell::new(count),
                    Cell::new(""),
                ]);
            }
        }
        self.table(&table);
        if let Some(proof) = &run.proof {
            if proof.complete {
                self.done(&format!(
                    "The directory was read completely: {} in {} from {}.",
                    counted(proof.entries, "entry", "entries"),
                    counted(proof.pages.into(), "page", "pages"),
                    proof.server
                ));
            } else {
                self.marked(
                    "!",
                    CAUTION,
                    "The directory was not read completely, so nobody counts as absent:",
                );
                self.warnings(&proof.gaps);
            }
        }
        for guard in run.guards.iter().filter(|g| g.tripped) {
            self.guard(guard);
        }
        if let Some(summary) = &run.summary {
            // The gaps of an incomplete reading are warnings too, and stand above already.
            let gaps = run.proof.as_ref().map_or(&[][..], |p| &p.gaps);
            let warnings = summary.warnings.iter().filter(|w| !gaps.contains(w));
            self.warnings(&warnings.cloned().collect::<Vec<_>>());
        }
    }

    fn guard(&mut self, guard: &Guard) {
        let text = format!(
            "guard {}: {} (limit {}). {}",
            guard.name,
            number(guard.count),
            number(guard.limit),
            guard.message
        );
        self.marked("✗", BAD, text.trim());
    }

    /// A row and, field by field, what it changes. Of a new person only the first values, if that will do.
    pub(crate) fn stored_row(&mut self, stored: &StoredRow, whole: bool) {
        let row = &stored.row;
        let (sign, style) = mark(row.kind);
        let who = if row.display.is_empty() {
            &row.dn
        } else {
            &row.display
        };
        let outcome = match stored.outcome.as_str() {
            "failed" => paint(BAD, "  failed"),
            not_applied @ ("pending" | "discarded") => paint(DIM, &format!("  {not_applied}")),
            _ => String::new(),
        };
        let reason = if row.reason.is_empty() {
            String::new()
        } else {
            format!(" ({})", clean(&row.reason))
        };
        self.raw(&format!(
            "  {} {} {}{}{outcome}",
            paint(style, sign),
            paint(style, &format!("{:<10}", kind_of(row.kind))),
            paint(STRONG, &clean(who)),
            paint(DIM, &reason),
        ));
        if row.display != row.dn {
            self.wrapped(INDENT, INDENT, &row.dn, DIM);
        }
        match row.kind {
            // What an unsynced person's values were stands in the export; here the reason matters.
            RowKind::Unsynced => {}
            RowKind::Create if !whole => self.values(row),
            _ => self.changes(row),
        }
        if let Some(problem) = row.problem.iter().chain(&stored.outcome_problem).next() {
            self.wrapped(INDENT, INDENT, &told(problem), CAUTION);
            if !problem.remedy.is_empty() {
                self.wrapped(
                    &format!("{INDENT}{} ", paint(DIM, "→")),
                    &format!("{INDENT}  "),
                    &problem.remedy,
                    DIM,
                );
            }
        }
        // Of whoever only gets another id, the row has said everything.
        let others = row.other.iter().filter(|other| {
            let alone = row.changes.len() == 1 && row.changes[0].field == EXTERNAL_ID;
            !(alone && other.dn == row.dn)
        });
        if let Some(other) = others.chain(&stored.outcome_other).next() {
            let who = if other.dn.is_empty() {
                &other.id
            } else {
                &other.dn
            };
            let takes_over = row.changes.iter().any(|c| c.field == EXTERNAL_ID);
            let label = if takes_over {
                "takes over"
            } else {
                "the other"
            };
            self.wrapped(&format!("{INDENT}{label}: "), INDENT, who, DIM);
        }
    }

    fn changes(&mut self, row: &Row) {
        let widest = row
            .changes
            .iter()
            .map(|c| measure_text_width(&c.field))
            .max()
            .unwrap_or(0);
        let room = self
            .table_width()
            .saturating_sub(INDENT.len() + widest + 2)
            .max(20);
        let empty = || paint(CAUTION, "(empty)");
        for Change {
            field,
            before,
            after,
        } in &row.changes
        {
            let field = clean(field);
            let pad = " ".repeat(widest.saturating_sub(measure_text_width(&field)));
            let label = format!("{INDENT}{}{pad}  ", paint(ACCENT, &field));
            let after = after.as_deref().map(clean);
            let Some(before) = before.as_deref().map(clean) else {
                let after = after.map_or_else(empty, |value| paint(GOOD, &cut(&value, room)));
                self.raw(&format!("{label}{after}"));
                continue;
            };
            let wanted =
                measure_text_width(&before) + after.as_deref().map_or(7, measure_text_width) + 3;
            // Two long values stand one below the other rather than both being cut.
            let (each, between) = if wanted <= room {
                (room, " → ".to_owned())
            } else {
                (
                    room.saturating_sub(2),
                    format!("\n{INDENT}{}→ ", " ".repeat(widest)),
                )
            };
            let after = after.map_or_else(empty, |value| paint(GOOD, &cut(&value, each)));
            self.raw(&format!(
                "{label}{}{between}{after}",
                paint(DIM, &cut(&before, each))
            ));
        }
    }

    /// The first values of a new person, in one paragraph.
    fn values(&mut self, row: &Row) {
        let values: Vec<&str> = row
            .changes
            .iter()
            .filter_map(|c| c.after.as_deref())
            .collect();
        let mut text = values
            .iter()
            .take(FEW)
            .map(|v| cut(&clean(v), 40))
            .collect::<Vec<_>>()
            .join(" · ");
        if values.len() > FEW {
            text.push_str(&format!(
                " · and {} more",
                counted((values.len() - FEW) as u64, "value", "values")
            ));
        }
        self.wrapped(INDENT, INDENT, &text, PLAIN);
    }

    /// A list of runs. A narrow page leaves out what can be missed most easily, rather than cutting numbers.
    pub(crate) fn runs(&mut self, runs: &[Run]) {
        let mut columns: Vec<Column> = COLUMNS.to_vec();
        let mut table = runs_table(runs, &columns);
        for missed in MISSED {
            if table.fits(self.table_width()) {
                break;
            }
            // A kind of row that no run has says nothing.
            let said = |kind| runs.iter().any(|run| run.rows_of(kind) > 0);
            columns.retain(|column| match (missed, *column) {
                (Missed::Kinds, Column::Rows(kind)) => said(kind),
                (Missed::Column(missed), column) => missed != column,
                _ => true,
            });
            if missed == Missed::Seconds {
                columns
                    .iter_mut()
                    .filter(|column| **column == Column::Began("%d %b %H:%M:%S"))
                    .for_each(|column| *column = Column::Began("%d %b %H:%M"));
            }
            table = runs_table(runs, &columns);
        }
        self.table(&table);
        for run in runs.iter().take(1) {
            if let Some(problem) = &run.problem {
                self.gap();
                self.problems(std::slice::from_ref(problem));
            }
        }
    }
}

/// A column of the list of runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Run,
    /// When it began, in this form.
    Began(&'static str),
    Mode,
    Status,
    Seen,
    Rows(RowKind),
    Digest,
}

const COLUMNS: [Column; 11] = [
    Column::Run,
    Column::Began("%d %b %H:%M:%S"),
    Column::Mode,
    Column::Status,
    Column::Seen,
    Column::Rows(RowKind::Create),
    Column::Rows(RowKind::Update),
    Column::Rows(RowKind::Deactivate),
    Column::Rows(RowKind::Reactivate),
    Column::Rows(RowKind::Unsynced),
    Column::Digest,
];

/// What a narrow page does without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missed {
    Seconds,
    Kinds,
    Column(Column),
}

/// What is left out first stands first.
const MISSED: [Missed; 5] = [
    Missed::Seconds,
    Missed::Kinds,
    Missed::Column(Column::Seen),
    Missed::Column(Column::Digest),
    Missed::Column(Column::Mode),
];

fn runs_table(runs: &[Run], columns: &[Column]) -> Table {
    let titles: Vec<&str> = columns
        .iter()
        .map(|column| match column {
            Column::Run => ">run",
            Column::Began(_) => "began",
            Column::Mode => "mode",
            Column::Status => "status",
            Column::Seen => ">seen",
            Column::Rows(RowKind::Create) => ">create",
            Column::Rows(RowKind::Update) => ">update",
            Column::Rows(RowKind::Deactivate) => ">deact.",
            Column::Rows(RowKind::Reactivate) => ">react.",
            Column::Rows(RowKind::Unsynced) => ">unsynced",
            Column::Digest => "digest",
        })
        .collect();
    let mut table = Table::new(&titles);
    for run in runs {
        table.row(columns.iter().map(|column| {
            match *column {
                Column::Run => Cell::new(run.id.to_string()),
                Column::Began(form) => Cell::styled(at(run.started_at, form), DIM),
                Column::Mode => Cell::new(&run.mode),
                Column::Status => Cell::styled(run.status.name(), status_style(run.status)),
                Column::Seen => Cell::new(
                    run.summary
                        .as_ref()
                        .map_or_else(String::new, |s| number(s.seen)),
                ),
                Column::Rows(kind) => Cell::new(number(run.rows_of(kind))),
                Column::Digest => Cell::styled(
                    run.digest
                        .as_deref()
                        .map_or("", |d| d.get(..8).unwrap_or(d)),
                    DIM,
                ),
            }
        }));
    }
    table
}

const KINDS: [RowKind; 5] = [
    RowKind::Create,
    RowKind::Update,
    RowKind::Deactivate,
    RowKind::Reactivate,
    RowKind::Unsynced,
];

fn status_style(status: RunStatus) -> Style {
    match status {
        RunStatus::Applied => GOOD,
        RunStatus::Failed => BAD,
        RunStatus::Queued | RunStatus::Held | RunStatus::Applying | RunStatus::Planning => CAUTION,
        RunStatus::Planned => PLAIN,
        RunStatus::Cancelled | RunStatus::Abandoned | RunStatus::Discarded => DIM,
    }
}

fn mark(kind: RowKind) -> (&'static str, Style) {
    match kind {
        RowKind::Create => ("+", GOOD),
        RowKind::Update => ("~", ACCENT),
        RowKind::Deactivate => ("-", BAD),
        RowKind::Reactivate => ("↺", GOOD),
        RowKind::Unsynced => ("!", CAUTION),
    }
}

fn outcomes(run: &Run, kind: RowKind) -> String {
    let parts: Vec<String> = run
        .counts
        .iter()
        .filter(|c| c.kind == kind && c.rows > 0 && c.outcome != "reported")
        .map(|c| format!("{} {}", number(c.rows), c.outcome))
        .collect();
    // All of them with one outcome: the word says it.
    match parts.as_slice() {
        [one] => one
            .split_once(' ')
            .map_or_else(String::new, |(_, word)| word.to_owned()),
        _ => parts.join(", "),
    }
}

fn cut(value: &str, room: usize) -> String {
    console::truncate_str(value, room.min(LONGEST), "…").into_owned()
}

/// A moment in the reader's own zone.
pub(crate) fn moment(unix_milliseconds: i64) -> String {
    at(unix_milliseconds, "%Y-%m-%d %H:%M:%S")
}

fn at(unix_milliseconds: i64, format: &str) -> String {
    DateTime::from_timestamp_millis(unix_milliseconds).map_or_else(String::new, |at| {
        at.with_timezone(&Local).format(format).to_string()
    })
}
