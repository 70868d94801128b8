//! The staged report.

use crate::ports::directory::{Directory, Security, Stage, Verdict};
use crate::ports::{Host, Session};
use crate::problem::Problem;
use crate::settings::configuration::stored_rules;
use crate::settings::{Configuration, Settings, parse};
use crate::sync::identifier;

use super::super::answer::{Answer, one, ours};
use super::super::connected::recognised;
use super::super::view::View;
use super::{sample, stages};

/// What the directory would give (contract: `lifecycle.tally`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Entries that match base, scope and filter; where the search was cut, those that were seen.
    pub matched: u64,
    /// Of those, read and mapped.
    pub sampled: u64,
    /// Of the sample, enabled people without a problem.
    pub would_map: u64,
    /// Of the sample, those with one. The rest of the sample is disabled.
    pub would_fail: u64,
    /// Of the matched, disabled in the directory.
    pub disabled: u64,
    /// Problem codes, each with the portal's field behind a space where it has one, and how many people each concerns.
    pub reasons: Vec<(String, u64)>,
}

/// The staged report (contract: `lifecycle.report`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// In the order taken.
    pub stages: Vec<Stage>,
    /// The directory profile's id; empty where no session could be opened.
    pub profile: String,
    /// Why this profile.
    pub evidence: Vec<String>,
    /// What could be the base.
    pub bases: Vec<String>,
    /// Counts.
    pub tally: Tally,
}

/// Verifies these settings, or where there are none those stored.
///
/// # Errors
/// Where there is nothing to verify: settings that are wrong (but for a missing base: then the report says what could
/// be one), no settings at all, or `cancelled`.
pub fn verify<H: Host>(host: &H, given: &[(String, String)]) -> Answer<Report> {
    let roles = host.portal().roles();
    let mut settings = if given.is_empty() {
        Configuration::require(host.state(), &roles)
            .map_err(ours)?
            .settings
    } else {
        parse::parse_without_base(given, &roles)
            .map_err(ours)?
            .settings
    };
    let (rules, _) = stored_rules(host.state()).map_err(one)?;
    let mut report = Report::default();
    let opened = host.directory().open(&settings.connection);
    let session = match opened {
        Ok(session) => session,
        Err(failure) => {
            let silent = !failure
                .stages
                .iter()
                .any(|stage| stage.verdict == Verdict::Failed);
            report.tell(host, failure.stages);
            if silent {
                let why = vec![(Verdict::Failed, failure.problem)];
                report.tell(host, [stage("connect", Vec::new(), why)]);
            }
            return Ok(report);
        }
    };
    report.tell(host, opening(&session, &settings));
    let connected = match recognised(session, &settings) {
        Ok(connected) => connected,
        Err(failure) => {
            // Connected, but what the directory says of itself could not be read.
            let why = vec![(Verdict::Failed, failure.problem)];
            report.tell(host, [stage("read", Vec::new(), why)]);
            return Ok(report);
        }
    };
    report.profile = connected.detected.profile.id.to_owned();
    report.evidence.clone_from(&connected.detected.evidence);
    report.bases = connected.bases();
    let base = stages::base(&connected, &settings);
    let usable = base.verdict != Verdict::Failed;
    report.tell(host, [base]);
    if !usable {
        return Ok(report);
    }
    let fields = host.portal().fields();
    let profile = connected.detected.profile;
    let changed = identifier::known(host, &mut settings, profile).err();
    let view = View::new(&settings, &rules, profile, &fields, host.clock().now());
    match view {
        Ok(mut view) => {
            view.read_groups(host, &connected, &settings)?;
            report.tell(host, stages::id(&view, &settings, changed));
            report.tell(host, view.role_stage(None));
            sample::people(host, &connected, &view, &mut report)?;
        }
        Err(problems) => {
            let problems = problems.into_iter();
            let problems = problems.map(|problem| (Verdict::Failed, problem));
            report.tell(host, [stage("sample", Vec::new(), problems.collect())]);
        }
    }
    Ok(report)
}

impl Report {
    /// Adds stages, and tells whoever waits for them.
    pub(super) fn tell(&mut self, host: &impl Host, stages: impl IntoIterator<Item = Stage>) {
        for stage in stages {
            host.progress().staged(&stage);
            self.stages.push(stage);
        }
    }
}

/// A stage whose verdict is the worst of its problems'.
pub(super) fn stage<P: Into<crate::ports::directory::HostProblem>>(
    name: &str,
    evidence: Vec<String>,
    problems: Vec<(Verdict, P)>,
) -> Stage {
    let verdict = if problems
        .iter()
        .any(|(verdict, _)| *verdict == Verdict::Failed)
    {
        Verdict::Failed
    } else if problems.is_empty() {
        Verdict::Passed
    } else {
        Verdict::Warned
    };
    Stage {
        name: name.to_owned(),
        verdict,
        evidence,
        problems: problems
            .into_iter()
            .map(|(_, problem)| problem.into())
            .collect(),
    }
}

/// The host's stages; an unencrypted transport is warned about where encryption would be.
fn opening(session: &impl Session, settings: &Settings) -> Vec<Stage> {
    let mut stages = session.stages();
    if settings.connection.security == Security::Plain {
        let warning = Problem::new(
            "transport-unencrypted",
            "nothing is encrypted: passwords and everybody's data travel readably",
            "Choose start-tls or ldaps.",
        )
        .of_field("security");
        let known = stages.iter().position(|stage| stage.name == "tls");
        let place = known.unwrap_or_else(|| {
            let bind = stages
                .iter()
                .position(|stage| stage.name == "bind")
                .unwrap_or(stages.len());
            stages.insert(
                bind,
                stage("tls", Vec::new(), Vec::<(Verdict, Problem)>::new()),
            );
            bind
        });
        if let Some(tls) = stages.get_mut(place) {
            tls.verdict = Verdict::Warned;
            tls.problems.push(warning.into());
        }
    }
    stages
}

/// The type of a host's session.
pub(super) type SessionOf<H> = <<H as Host>::Directory as Directory>::Session;
