//! All integrations that the reader reaches.

use askama::Template;
use serde::Deserialize;

use super::super::refusal::Answer;
use super::super::scope::{Caller, Scope, Viewer};
use super::super::sent::Asked;
use super::control::Choice;
use super::entered::{In, Shown};
use super::frame::{Frame, page};
use super::moment::{Moment, Zone};
use super::tenant;
use super::words::{self, Badge, Tone};
use crate::ports::plan::{Run, RunQuery, RunStatus};
use crate::ports::tenants::{HostSetting, Installation};
use crate::service::Lasting;

/// Integrations on a page.
const AT_ONCE: usize = 25;
/// How late a run may be before that is told, in milliseconds.
const LATE: i64 = 300_000;

/// What the list can be of: as an address says it, as people read it.
const STATUSES: [(&str, &str, Lasting); 4] = [
    ("overdue", "overdue", Lasting::Overdue),
    ("failing", "failing", Lasting::Failing),
    ("running", "a run under way", Lasting::UnderWay),
    ("waiting", "a run waits", Lasting::Waiting),
];

/// Which integrations.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Which {
    /// A part of the name.
    q: String,
    /// Of whom something lasts; whatever is no such word is all of them.
    status: String,
    /// Pages before this one.
    skip: usize,
    done: Option<String>,
}

/// How a tenant stands.
pub(super) struct Standing {
    pub(super) tenant: String,
    pub(super) url: String,
    pub(super) badge: Badge,
    /// The newest run, and when it began.
    pub(super) last: Option<(i64, Moment)>,
    /// When the next one is due.
    pub(super) next: Option<Moment>,
    pub(super) late: bool,
    pub(super) unsynced: u64,
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    frame: Frame,
    q: String,
    status: String,
    statuses: Vec<Choice>,
    standings: Vec<Standing>,
    all: usize,
    first: usize,
    before: Option<usize>,
    after: Option<usize>,
}

/// The integrations.
pub(super) async fn show(In(caller): In<Caller>, In(which): In<Asked<Which>>) -> Shown {
    let Asked(which) = which;
    let wanted = which.q.trim().to_lowercase();
    let mut scopes = caller.scopes().await?;
    scopes.retain(|scope| scope.id().as_str().contains(&wanted));
    let status = STATUSES.iter().find(|(word, ..)| *word == which.status);
    if let Some((.., lasting)) = status {
        let those = caller.lasting(*lasting).await?;
        scopes.retain(|scope| those.contains(scope.id()));
    }
    let all = scopes.len();
    // Beyond the end there is the last page.
    let last = all.saturating_sub(1) / AT_ONCE * AT_ONCE;
    let skip = which.skip.min(last);
    let mut standings = Vec::new();
    for scope in scopes.iter().skip(skip).take(AT_ONCE) {
        standings.push(standing(scope, &zone(scope).await).await?);
    }
    Ok(page(&HomePage {
        frame: Frame::of(&caller, "Integrations").after(which.done.as_deref()),
        q: which.q,
        status: status.map_or("", |(word, ..)| word).to_owned(),
        statuses: statuses(status.map_or("", |(word, ..)| word)),
        first: skip + 1,
        before: (skip > 0).then(|| skip.saturating_sub(AT_ONCE)),
        after: (skip + AT_ONCE < all).then_some(skip + AT_ONCE),
        all,
        standings,
    }))
}

/// The zone of a tenant's dates; UTC where its plugin does not load, which is no trouble of the list.
async fn zone(scope: &Scope<Viewer>) -> Zone {
    match scope.tenant().await {
        Ok(tenant) => tenant::zone(&tenant).await,
        Err(_) => Zone::named("UTC"),
    }
}

fn statuses(chosen: &str) -> Vec<Choice> {
    let any = ("", "any status");
    let all = std::iter::once(any).chain(STATUSES.map(|(word, label, _)| (word, label)));
    let choice = |(value, label): (&str, &str)| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        chosen: value == chosen,
    };
    all.map(choice).collect()
}

/// How one stands.
pub(super) async fn standing(scope: &Scope<Viewer>, zone: &Zone) -> Answer<Standing> {
    let plans = scope.plans()?;
    let installation = scope.installation().await?;
    let runs = plans.runs(&RunQuery::default(), 2).await?;
    let due = scope.queue().due_at().await?;
    let now = chrono::Utc::now().timestamp_millis();
    let late = due.is_some_and(|due| due + LATE < now);
    let last = runs.first();
    Ok(Standing {
        tenant: scope.id().to_string(),
        url: HostSetting::value_of(&installation.settings, "url").to_owned(),
        badge: match last {
            _ if late => Badge::new(Tone::Bad, "overdue"),
            // What failed is asked for again: that it waits says nothing of how things are.
            Some(run) if run.status == RunStatus::Queued && failed(runs.get(1)) => {
                Badge::new(Tone::Bad, "failed, and will be tried again")
            }
            Some(run) => words::status(run),
            None => unused(&installation),
        },
        last: last.map(|run| (run.id.0, zone.at(run.started_at))),
        next: due.map(|due| zone.at(due)),
        late,
        unsynced: plans.count_failures(None).await?,
    })
}

fn failed(run: Option<&Run>) -> bool {
    run.is_some_and(|run| run.status == RunStatus::Failed)
}

fn unused(installation: &Installation) -> Badge {
    if installation.configuration.is_empty() {
        Badge::new(Tone::Plain, "not connected yet")
    } else {
        Badge::new(Tone::Plain, "never synced")
    }
}
