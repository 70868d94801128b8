//! One person: why they are, or are not, in the portal, and what runs did with them.

use askama::Template;
use serde::Deserialize;

use super::super::refusal::Answer;
use super::super::scope::{Scope, Viewer};
use super::super::sent::Asked;
use super::entered::{In, Shown};
use super::found::{self, Found};
use super::frame::{Frame, page};
use super::moment::Moment;
use super::streamed::later;
use super::tenant::zone;
use super::words::{self, Badge, Tone};
use crate::contract::hooks::mapping::Who;
use crate::contract::plan::Row;
use crate::ports::access::Rank;
use crate::ports::plan::{RowQuery, RunQuery};
use crate::shape;
use crate::tenant::Tenant;

/// How far back it is looked what runs did with somebody.
const RECENT: u32 = 400;
/// The same, where no index finds them.
const FEW: u32 = 50;

/// Whom.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Whom {
    person: String,
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
    /// Whom a part of a name finds, where nobody has it as it is.
    found: Option<Found>,
    problems: Vec<shape::Problem>,
    deeds: Vec<Deed>,
}

/// Why one person is, or is not, there. The page begins before the directory has answered.
pub(super) async fn show(In(scope): In<Scope<Viewer>>, In(Asked(whom)): In<Asked<Whom>>) -> Shown {
    let tenant = scope.tenant().await?;
    let begun = PersonPage::of(&scope, &whom.person);
    if whom.person.trim().is_empty() {
        return Ok(page(&begun));
    }
    later(&begun, explained(scope, tenant, whom.person))
}

async fn explained(scope: Scope<Viewer>, tenant: Tenant, person: String) -> Shown<PersonPage> {
    let mut shown = PersonPage::of(&scope, &person);
    let person = person.trim();
    let mut known = None;
    match tenant.explain(Who::Named(person.to_owned())).await {
        Ok(explanation) => {
            let explanation = shape::Explanation::from(&explanation);
            if explanation.dn.is_empty() && scope.caller().rank() >= Rank::Admin {
                shown.found = Some(found::look(&tenant, person).await.leading(scope.id()));
            }
            if !explanation.external_id.is_empty() {
                known = Some(explanation.external_id.clone());
            }
            shown.verdict = verdict(&explanation);
            shown.explanation = Some(explanation);
        }
        Err(refused) => shown.problems = shape::each(refused.problems()),
    }
    shown.deeds = deeds(&scope, &tenant, known, person).await?;
    Ok(shown)
}

impl PersonPage {
    /// Before anything is known.
    fn of(scope: &Scope<Viewer>, person: &str) -> Self {
        Self {
            frame: Frame::within(scope, "Why this person?", "people"),
            person: person.to_owned(),
            explanation: None,
            verdict: Badge::new(Tone::Plain, ""),
            found: None,
            problems: Vec::new(),
            deeds: Vec::new(),
        }
    }
}

/// What runs did with whoever has this external id; where that is not known, with whoever is called so in the rows, which takes longer.
async fn deeds(
    scope: &Scope<Viewer>,
    tenant: &Tenant,
    external_id: Option<String>,
    person: &str,
) -> Answer<Vec<Deed>> {
    let plans = scope.plans()?;
    let zone = zone(tenant).await;
    let known = external_id.is_some();
    let most = if known { RECENT } else { FEW };
    let query = RowQuery {
        person: (!known).then(|| person.to_owned()),
        external_id,
        ..RowQuery::default()
    };
    let mut deeds = Vec::new();
    for run in plans.runs(&RunQuery::default(), most).await? {
        if run.digest.is_none() || run.pruned_at.is_some() || run.counts.is_empty() {
            continue;
        }
        let rows = plans.rows(run.id, &query, 0, FEW).await?;
        for row in rows.iter().filter(|row| known || called(&row.row, person)) {
            let (word, tone) = words::kind(row.row.kind);
            deeds.push(Deed {
                run: run.id.0,
                at: zone.at(run.ended_at.unwrap_or(run.started_at)),
                badge: Badge::new(tone, word),
                row: shape::StoredRow::from(row),
            });
        }
    }
    Ok(deeds)
}

/// Whether somebody has exactly this name, DN or id.
fn called(row: &Row, person: &str) -> bool {
    [&row.external_id, &row.dn, &row.display]
        .into_iter()
        .any(|name| name == person)
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
