//! One integration: how it stands, and what comes next.

use askama::Template;
use serde::Deserialize;

use super::super::refusal::Answer;
use super::super::scope::{Scope, Viewer};
use super::super::sent::Asked;
use super::entered::{In, Shown};
use super::frame::{Frame, page};
use super::home::{Standing, standing};
use super::moment::Zone;
use super::words::number;
use crate::ports::plan::{RunQuery, RunStatus};
use crate::tenant::Tenant;

/// What was done before.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Came {
    pub(super) done: Option<String>,
}

/// A step on the way to the first people.
struct Step {
    name: &'static str,
    words: &'static str,
    to: &'static str,
    done: bool,
    /// It is the next one.
    next: bool,
}

#[derive(Template)]
#[template(path = "tenant.html")]
struct TenantPage {
    frame: Frame,
    standing: Standing,
    synced: String,
    people: String,
    seats: Option<String>,
    steps: Vec<Step>,
    complete: bool,
    ready: bool,
    /// Makes pressing twice the same as pressing once.
    key: String,
}

/// How one integration stands.
pub(super) async fn show(In(scope): In<Scope<Viewer>>, In(came): In<Asked<Came>>) -> Shown {
    let Asked(came) = came;
    let portal = scope.portal()?;
    let tenant = scope.tenant().await?;
    let standing = standing(&scope, &zone(&tenant).await).await?;
    let configured = !tenant.installation().await?.configuration.is_empty();
    let mapped = configured && !tenant.rules().await?.is_empty();
    let licence = portal.licence().await?;
    let runs = scope.plans()?.runs(&RunQuery::default(), 20).await?;
    let synced = licence.synced > 0 && runs.iter().any(|run| run.status == RunStatus::Applied);
    let mut steps = vec![
        Step::new(
            "Connect",
            "Say where the directory is, and verify it",
            "configuration",
            configured,
        ),
        Step::new(
            "Map",
            "Choose what each field is made of, on a real person",
            "mapping",
            mapped,
        ),
        Step::new(
            "Sync",
            "Look at the plan, and bring the people in",
            "runs",
            synced,
        ),
        Step::new(
            "Schedule",
            "Let it happen by itself",
            "schedule",
            standing.next.is_some(),
        ),
    ];
    if let Some(first) = steps.iter_mut().find(|step| !step.done) {
        first.next = true;
    }
    let count = portal.count().await?;
    Ok(page(&TenantPage {
        frame: Frame::within(&scope, scope.id().as_str(), "").after(came.done.as_deref()),
        synced: number(licence.synced),
        people: number(count),
        seats: (licence.seats > 0).then(|| number(licence.seats)),
        complete: steps.iter().all(|step| step.done),
        steps,
        standing,
        ready: mapped,
        key: uuid::Uuid::new_v4().to_string(),
    }))
}

/// The zone of the tenant's timetable; UTC before there is one.
pub(super) async fn zone(tenant: &Tenant) -> Zone {
    let timetable = tenant.timetable().await;
    Zone::named(
        timetable
            .as_ref()
            .map_or("UTC", |timetable| &timetable.zone),
    )
}

/// The same, for whoever needs nothing else of the plugin.
pub(super) async fn zone_of<N>(scope: &Scope<N>) -> Answer<Zone> {
    Ok(zone(&scope.tenant().await?).await)
}

impl Step {
    fn new(name: &'static str, words: &'static str, to: &'static str, done: bool) -> Self {
        Self {
            name,
            words,
            to,
            done,
            next: false,
        }
    }
}
