//! One person: why they are, or are not, in the portal; and those who are.

use askama::Template;
use serde::Deserialize;

use super::super::scope::{Scope, Viewer};
use super::super::sent::Asked;
use super::entered::{In, Shown};
use super::frame::{Frame, page};
use super::moment::Moment;
use super::tenant::zone_of;
use super::words::{self, Badge, Tone, number};
use crate::contract::hooks::mapping::Who;
use crate::contract::portal::{Person, Status};
use crate::ports::plan::RowQuery;
use crate::shape;

/// People on a page.
const AT_ONCE: u32 = 50;
/// How far back it is looked what runs did with somebody.
const RECENT: u32 = 400;
/// Runs with rows that are looked into.
const LOOKED_AT: usize = 50;

/// Whom.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Whom {
    person: String,
    after: String,
}

/// What a run did with the person.
struct Deed {
    run: i64,
    at: Moment,
    badge: Badge,
    row: shape::StoredRow,
}

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage {
    frame: Frame,
    person: String,
    explanation: Option<shape::Explanation>,
    verdict: Badge,
    problems: Vec<shape::Problem>,
    deeds: Vec<Deed>,
}

/// Somebody in the portal.
struct Line {
    name: String,
    external_id: String,
    dn: String,
    mail: String,
    role: String,
    badge: Badge,
    edited: Vec<String>,
}

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage {
    frame: Frame,
    all: String,
    lines: Vec<Line>,
    next: Option<String>,
    first: bool,
}

/// Why one person is, or is not, there.
pub(super) async fn show(In(scope): In<Scope<Viewer>>, In(Asked(whom)): In<Asked<Whom>>) -> Shown {
    let tenant = scope.tenant().await?;
    let person = whom.person.trim().to_owned();
    let mut shown = PersonPage {
        frame: Frame::within(&scope, "Why this person?", "people"),
        person: whom.person,
        explanation: None,
        verdict: Badge::new(Tone::Plain, ""),
        problems: Vec::new(),
        deeds: Vec::new(),
    };
    if person.is_empty() {
        return Ok(page(&shown));
    }
    match tenant.explain(Who::Named(person.clone())).await {
        Ok(explanation) => {
            let explanation = shape::Explanation::from(&explanation);
            shown.verdict = verdict(&explanation);
            let known = if explanation.external_id.is_empty() {
                person
            } else {
                explanation.external_id.clone()
            };
            shown.explanation = Some(explanation);
            shown.deeds = deeds(&scope, &known).await?;
        }
        Err(refused) => {
            shown.problems = refused.problems().map(shape::Problem::from).collect();
            shown.deeds = deeds(&scope, &person).await?;
        }
    }
    Ok(page(&shown))
}

/// Those whom a sync brought.
pub(super) async fn list(In(scope): In<Scope<Viewer>>, In(Asked(whom)): In<Asked<Whom>>) -> Shown {
    let portal = scope.portal()?;
    let index = portal.index(&whom.after, AT_ONCE).await?;
    let people = portal.people(&index.external_ids).await?;
    let licence = portal.licence().await?;
    let last = index.external_ids.last().cloned();
    Ok(page(&PeoplePage {
        frame: Frame::within(&scope, "People", "people"),
        all: number(licence.synced),
        next: last.filter(|_| index.more),
        first: whom.after.is_empty(),
        lines: people.iter().map(line).collect(),
    }))
}

async fn deeds(scope: &Scope<Viewer>, person: &str) -> super::super::refusal::Answer<Vec<Deed>> {
    let plans = scope.plans()?;
    let zone = zone_of(scope).await?;
    let query = RowQuery {
        person: Some(person.to_owned()),
        ..RowQuery::default()
    };
    let mut deeds = Vec::new();
    let mut looked = 0;
    for run in plans.runs(RECENT).await? {
        if run.digest.is_none() || run.pruned_at.is_some() || run.counts.is_empty() {
            continue;
        }
        if looked == LOOKED_AT {
            break;
        }
        looked += 1;
        for row in plans.rows(run.id, &query, 0, 1).await? {
            let (word, tone) = words::kind(row.row.kind);
            deeds.push(Deed {
                run: run.id.0,
                at: zone.at(run.ended_at.unwrap_or(run.started_at)),
                badge: Badge::new(tone, word),
                row: shape::StoredRow::from(&row),
            });
        }
    }
    Ok(deeds)
}

fn verdict(explanation: &shape::Explanation) -> Badge {
    let has = |verdict| {
        explanation
            .stages
            .iter()
            .any(|stage| stage.verdict == verdict)
    };
    let tone = if has("failed") {
        Tone::Bad
    } else if has("warned") {
        Tone::Caution
    } else {
        Tone::Good
    };
    Badge::new(tone, explanation.verdict.clone())
}

fn line(person: &Person) -> Line {
    let value = |field: &str| {
        let found = person.values.iter().find(|value| value.field == field);
        found.map_or_else(String::new, |found| found.value.clone())
    };
    let name = value("display-name");
    Line {
        name: if name.is_empty() {
            person.dn.clone()
        } else {
            name
        },
        external_id: person.external_id.clone(),
        dn: person.dn.clone(),
        mail: value("email"),
        role: person.role.clone(),
        badge: match (person.status, person.deactivated_by_sync) {
            (Status::Active, _) => Badge::new(Tone::Good, "active"),
            (Status::Inactive, true) => Badge::new(Tone::Plain, "deactivated by a sync"),
            (Status::Inactive, false) => Badge::new(Tone::Plain, "deactivated in the portal"),
        },
        edited: person.changed_in_portal.clone(),
    }
}
