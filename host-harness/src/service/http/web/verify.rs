//! What a sync would meet, stage by stage. The page is sent as it becomes known: nobody waits before an empty one.

use std::sync::Arc;

use askama::Template;
use futures_util::stream::{Stream, unfold};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::configuration::ConfigurationPage;
use super::entered::Shown;
use super::streamed::in_pieces;
use super::words::number;
use crate::contract::hooks::lifecycle::Report;
use crate::contract::types::Stage;
use crate::shape;
use crate::tenant::{Change, Hook, Progress, Refused, Tenant, Watch};

/// What a verification ended with.
#[derive(Template)]
#[template(path = "verified.html")]
pub(super) struct Tried {
    pub(super) stages: Vec<shape::problem::Stage>,
    profile: String,
    evidence: Vec<String>,
    pub(super) bases: Vec<String>,
    /// Those who would come, by a sample.
    tally: Option<Tally>,
    /// Why nothing could be tried.
    pub(super) problems: Vec<shape::Problem>,
    worst: &'static str,
}

/// Counts of people.
struct Tally {
    matched: String,
    sampled: String,
    would_map: String,
    would_fail: String,
    disabled: String,
    reasons: Vec<(String, String)>,
}

impl Tried {
    fn new(report: &Report) -> Self {
        let tally = &report.tally;
        let counted = Tally {
            matched: number(tally.matched),
            sampled: number(tally.sampled),
            would_map: number(tally.would_map),
            would_fail: number(tally.would_fail),
            disabled: number(tally.disabled),
            reasons: tally
                .reasons
                .iter()
                .map(|one| (one.key.clone(), one.value.clone()))
                .collect(),
        };
        let stages: Vec<shape::problem::Stage> = shape::each(&report.stages);
        let verdicts = ["failed", "warned"];
        let worst = verdicts
            .into_iter()
            .find(|verdict| stages.iter().any(|stage| stage.verdict == *verdict));
        Self {
            worst: worst.unwrap_or("passed"),
            stages,
            profile: report.profile.clone(),
            evidence: report.evidence.clone(),
            bases: report.bases.clone(),
            tally: (tally.matched > 0).then_some(counted),
            problems: Vec::new(),
        }
    }

    /// What was found while looking for bases: trouble on the way there, and no more.
    pub(super) fn bases(report: &Report) -> Self {
        let mut tried = Self::new(report);
        tried.stages.retain(|stage| {
            let way = ["resolve", "connect", "tls", "bind"].contains(&stage.name.as_str());
            way && stage.verdict == "failed"
        });
        tried.tally = None;
        tried
    }

    fn refused(refused: &Refused) -> Self {
        Self::refused_by(refused.problems().map(shape::Problem::from).collect())
    }

    /// Nothing could be tried.
    pub(super) fn refused_by(problems: Vec<shape::Problem>) -> Self {
        Self {
            stages: Vec::new(),
            profile: String::new(),
            evidence: Vec::new(),
            bases: Vec::new(),
            tally: None,
            problems,
            worst: "failed",
        }
    }
}

/// One stage that is over.
#[derive(Template)]
#[template(path = "verified-stage.html")]
struct Passed {
    stage: shape::problem::Stage,
}

/// What comes while it is verified.
enum Told {
    Stage(Stage),
    Ended(Box<Hook<Report>>),
}

/// Hears of the stages, and stops the verification where nobody reads the page any more.
struct Reader {
    tells: UnboundedSender<Told>,
    stop: CancellationToken,
}

impl Watch for Reader {
    fn progress(&self, _: &Progress) {}

    fn staged(&self, stage: Stage) {
        // Nobody reads any more: then `stop` is cancelled too.
        let _ = self.tells.send(Told::Stage(stage));
    }

    fn stop(&self) -> &CancellationToken {
        &self.stop
    }
}

/// The page at once, then each stage when it is over, then what was found. Whoever goes away ends the verification.
pub(super) fn answer(shown: ConfigurationPage, tenant: Tenant, change: Option<Change>) -> Shown {
    let shown = shown.with_stages();
    in_pieces(&shown, found(tenant, change))
}

/// The stages as items of a list, then the end of the list and the summary.
fn found(tenant: Tenant, change: Option<Change>) -> impl Stream<Item = String> + Send + 'static {
    let (tells, told) = unbounded_channel();
    let stop = CancellationToken::new();
    let stops = stop.clone().drop_guard();
    let work = async move {
        let ends = tells.clone();
        let reader: Arc<dyn Watch> = Arc::new(Reader { tells, stop });
        let report = tenant.verify_watched(change.as_ref(), &reader).await;
        let _ = ends.send(Told::Ended(Box::new(report)));
    };
    // A task of its own: it puts away what it borrowed, though nobody reads any more.
    tokio::spawn(work.in_current_span());
    unfold(Some((told, stops, 0)), async |state| {
        let (mut told, stops, count) = state?;
        Some(match told.recv().await {
            Some(Told::Stage(stage)) => (item(&stage), Some((told, stops, count + 1))),
            Some(Told::Ended(report)) => (end(&report, count), None),
            None => ("</ol>".to_owned(), None),
        })
    })
}

fn item(stage: &Stage) -> String {
    let stage = shape::problem::Stage::from(stage);
    Passed { stage }.render().unwrap_or_default()
}

/// Stages that nobody told before, as a plugin of an earlier contract does, then what all of them come to.
fn end(report: &Hook<Report>, told: usize) -> String {
    let mut text = String::new();
    let tried = match report {
        Ok(report) => {
            text.extend(report.stages.iter().skip(told).map(item));
            Tried::new(report)
        }
        Err(refused) => Tried::refused(refused),
    };
    text.push_str("</ol>\n");
    text.push_str(&tried.render().unwrap_or_default());
    text
}
