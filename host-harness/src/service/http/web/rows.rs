//! What a run does with each person, field by field.

use askama::Template;
use serde::Deserialize;

use super::super::runs::kind;
use super::super::scope::{Scope, Viewer};
use super::super::sent::{Asked, Numbered};
use super::entered::{In, Shown};
use super::frame::{Frame, page};
use super::words::{self, Badge, number};
use crate::ports::RunId;
use crate::ports::plan::{RowQuery, StoredRow};
use crate::shape;

/// Rows on a page.
const AT_ONCE: u32 = 30;
/// Characters of a value that are shown.
const LONGEST: usize = 200;

/// Which rows.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Which {
    kind: String,
    reason: String,
    person: String,
    outcome: String,
    after: u64,
}

/// One person.
struct Line {
    row: shape::StoredRow,
    /// Why, in words.
    reason: String,
    badge: Badge,
    outcome: Option<Badge>,
}

#[derive(Template)]
#[template(path = "rows.html")]
struct RowsPage {
    frame: Frame,
    /// Where the run's pages are.
    at: String,
    run: i64,
    which: Which,
    kinds: [(&'static str, &'static str); 6],
    outcomes: [(&'static str, &'static str); 6],
    /// Reasons to choose from, as they are stored and in words.
    reasons: Vec<(String, String)>,
    /// Whom the run saw, and of whom nothing changed; they have no rows.
    unchanged: Option<(String, String)>,
    lines: Vec<Line>,
    next: Option<u64>,
}

/// The rows of a run.
pub(super) async fn show(
    In(scope): In<Scope<Viewer>>,
    In(Numbered(run)): In<Numbered>,
    In(Asked(which)): In<Asked<Which>>,
) -> Shown {
    let told = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let query = RowQuery {
        kind: told(&which.kind).map(|name| kind(&name)).transpose()?,
        reason: told(&which.reason),
        person: told(&which.person),
        outcome: told(&which.outcome),
        external_id: None,
    };
    let plans = scope.plans()?;
    let rows = plans.rows(RunId(run), &query, which.after, AT_ONCE).await?;
    let full = rows.len() == AT_ONCE as usize;
    let summary = plans.run(RunId(run)).await?.summary;
    let reasons = plans.reasons(RunId(run)).await?.into_iter();
    let unchanged = summary.map(|of| (words::people(of.seen), number(of.unchanged)));
    Ok(page(&RowsPage {
        frame: Frame::within(&scope, &format!("People of run {run}"), "runs"),
        at: format!("/tenants/{}/runs/{run}", scope.id()),
        run,
        which,
        kinds: [
            ("", "everybody"),
            ("create", "new"),
            ("update", "changed"),
            ("deactivate", "deactivated"),
            ("reactivate", "reactivated"),
            ("unsynced", "unsynced"),
        ],
        outcomes: [
            ("", "any"),
            ("pending", "not applied yet"),
            ("applied", "applied"),
            ("failed", "refused by the portal"),
            ("discarded", "thrown away"),
            ("reported", "reported"),
        ],
        reasons: reasons
            .map(|reason| {
                let words = words::reason(&reason).to_owned();
                (reason, words)
            })
            .collect(),
        unchanged,
        next: rows.last().filter(|_| full).map(|row| row.sequence),
        lines: rows.iter().map(line).collect(),
    }))
}

fn line(stored: &StoredRow) -> Line {
    let (word, tone) = words::kind(stored.row.kind);
    let outcome = match stored.outcome.as_str() {
        "pending" => Some(Badge::new(words::Tone::Plain, "not applied yet")),
        "failed" => Some(Badge::new(words::Tone::Bad, "refused by the portal")),
        "discarded" => Some(Badge::new(words::Tone::Plain, "thrown away")),
        _ => None,
    };
    let mut row = shape::StoredRow::from(stored);
    for change in &mut row.changes {
        for value in [&mut change.before, &mut change.after]
            .into_iter()
            .flatten()
        {
            if let Some((cut, _)) = value.char_indices().nth(LONGEST) {
                value.truncate(cut);
                value.push('…');
            }
        }
    }
    Line {
        reason: words::reason(&row.reason).to_owned(),
        row,
        badge: Badge::new(tone, word),
        outcome,
    }
}
