//! A run: stepped a few pages at a time, so that deadline, cancel and progress fall between the steps.

use std::sync::Arc;

use crate::ports::Host;
use crate::ports::directory::{Completion, HostProblem, ServerIdentity, Session};
use crate::ports::plan::{Proof, Searched, Summary};
use crate::ports::services::{Level, Signal};
use crate::problem::Problem;
use crate::profile::Profile;
use crate::settings::{Configuration, Places};

use super::guard;
use super::open::{self, SessionOf};
use super::proof::{self, Enumeration};
use super::reading::Reading;
use super::recipe::Recipe;
use super::remembered;
use super::second_look::{self, SecondLook};
use super::sweep::{Sweep, Swept};

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Everything.
    Full,
    /// What changed since the checkpoint; everything where that is not possible.
    Changes,
}

/// How a run begins (contract: `sync.options`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How much is read.
    pub mode: Mode,
    /// What the last applied plan left; empty for none.
    pub checkpoint: Vec<u8>,
    /// Random, fresh for each run.
    pub seed: u64,
}

/// What a step did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// There is more to do.
    More,
    /// The plan is finished.
    Finished(Summary),
}

/// A run under way. After an error or [`Step::Finished`] it is over.
pub struct Run<H: Host> {
    // Before the session, so that it goes first.
    sweep: Sweep<<SessionOf<H> as Session>::Cursor>,
    session: SessionOf<H>,
    server: ServerIdentity,
    configuration: Configuration,
    profile: &'static Profile,
    warnings: Vec<HostProblem>,
    reading: Reading,
    /// Active synced people before the plan.
    active: u64,
    /// When the run began: one moment for everybody's grace and expiry.
    now: u64,
    phase: Phase,
}

/// Begins a run with the stored configuration.
///
/// # Errors
/// `not-configured`, what is no longer right with the configuration, and those of [`Run::start`].
pub fn start<H: Host>(host: &H, options: &Options) -> Result<Run<H>, Vec<HostProblem>> {
    let configuration = Configuration::require(host.state(), &host.portal().roles())
        .map_err(|problems| problems.into_iter().map(Into::into).collect::<Vec<_>>())?;
    Run::start(host, options, configuration)
}

/// People of the portal's index a call.
const INDEX: u32 = 5000;

enum Phase {
    /// The portal's synced people, after this one.
    Index(String),
    Read,
    /// The search is over, and duplicates are to be settled.
    Settle(Box<Completion>, Vec<Searched>),
    /// A second look at leavers after this one.
    Confirm(Box<Proof>, String),
    /// Rows for leavers after this one.
    Leavers(Box<Proof>, String),
    Finish(Box<Proof>),
    Over,
}

impl<H: Host> Run<H> {
    /// Opens the directory and begins to search it. Records nothing yet.
    ///
    /// # Errors
    /// What the host says of the connection, `profile-changed`, and everything that is wrong with filters and rules.
    pub fn start(
        host: &H,
        options: &Options,
        configuration: Configuration,
    ) -> Result<Self, Vec<HostProblem>> {
        if host.progress().report("connect", 0, 0) == Signal::Stop {
            return Err(vec![cancelled()]);
        }
        let one = |problem: HostProblem| vec![problem];
        let session = open::session(host, &configuration.settings).map_err(one)?;
        let profile = open::profile(&session, &configuration.settings.profile).map_err(one)?;
        remembered::same(host.state(), &configuration, profile)
            .map_err(|problem| one(problem.into()))?;
        let now = host.clock().now();
        let recipe = Recipe::new(&configuration, profile, &host.portal().fields(), now)
            .map_err(|problems| problems.into_iter().map(Into::into).collect::<Vec<_>>())?;
        let recipe = Arc::new(recipe);
        // From here on the server works while the portal's index is read.
        let sweep = Sweep::begin(&session, recipe.requests()).map_err(one)?;
        let mut warnings = Vec::new();
        if options.mode == Mode::Changes {
            warnings.push(full_instead(profile.label));
        }
        let role = configuration.settings.role.as_str();
        let mut reading = Reading::new(recipe, options.seed, role, host.portal().count());
        let fields = reading.recipe.mapping().fields();
        let adoption = configuration.settings.adoption;
        reading.adoptions.choose(adoption, fields);
        host.log().write(
            Level::Info,
            &format!("reading everybody; directory profile {}", profile.id),
        );
        Ok(Self {
            server: session.server(),
            sweep,
            session,
            configuration,
            profile,
            warnings,
            reading,
            active: 0,
            now,
            phase: Phase::Index(String::new()),
        })
    }

    /// Works on at most so many pages (at least one).
    ///
    /// # Errors
    /// `cancelled`, `configuration-changed`, `empty-result`, and what the host says. Then there is no plan.
    pub fn step(&mut self, host: &H, max_pages: u32) -> Result<Step, Vec<HostProblem>> {
        for _ in 0..max_pages.max(1) {
            match self.page(host) {
                Ok(None) => {}
                Ok(Some(summary)) => return Ok(Step::Finished(summary)),
                Err(problem) => {
                    self.phase = Phase::Over;
                    return Err(vec![problem]);
                }
            }
        }
        Ok(Step::More)
    }

    fn page(&mut self, host: &H) -> Result<Option<Summary>, HostProblem> {
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Index(after) => self.index(host, &after)?,
            Phase::Read => self.read(host)?,
            Phase::Settle(completion, searches) => self.settle(host, &completion, searches)?,
            Phase::Confirm(proof, after) => self.confirm(host, proof, &after)?,
            Phase::Leavers(proof, after) => self.leavers(host, proof, &after)?,
            Phase::Finish(proof) => return self.finish(host, &proof).map(Some),
            Phase::Over => {
                return Err(
                    Problem::new("run-over", "the run is over", "Start another one.").into(),
                );
            }
        }
        Ok(None)
    }

    fn index(&mut self, host: &H, after: &str) -> Result<(), HostProblem> {
        let index = host.portal().index(after, INDEX);
        let reading = &mut self.reading;
        let tokens: Vec<_> = index.external_ids.iter().map(|id| reading.id(id)).collect();
        reading.known.extend(&index, &tokens);
        report(host, "compare", reading.known.len() as u64, 0)?;
        self.phase = match index.external_ids.into_iter().next_back() {
            Some(last) if index.more && *last > *after => Phase::Index(last),
            _ => {
                self.active = self.reading.known.count(|marks| !marks.inactive());
                Phase::Read
            }
        };
        Ok(())
    }

    fn read(&mut self, host: &H) -> Result<(), HostProblem> {
        self.phase = match self.sweep.next(&self.session) {
            Swept::Page(page) => {
                self.reading.page(host, &page)?;
                let estimate = self.active.max(self.reading.tally.seen);
                let total = if self.active == 0 { 0 } else { estimate };
                report(host, "read", self.reading.tally.seen, total)?;
                Phase::Read
            }
            Swept::Finished(completion, searches) => Phase::Settle(completion, searches),
        };
        Ok(())
    }

    fn settle(
        &mut self,
        host: &H,
        completion: &Completion,
        searches: Vec<Searched>,
    ) -> Result<(), HostProblem> {
        let places = &self.configuration.settings.places;
        let seen = self.reading.tally.seen;
        if seen == 0 {
            return Err(proof::failure(completion).unwrap_or_else(|| nobody(places)));
        }
        self.same_configuration(host)?;
        report(host, "finish", seen, seen)?;
        let mut proof = proof::proof(Enumeration {
            completion,
            server: &self.server,
            entries: seen + self.reading.tally.excluded,
            identified: self.reading.tally.identified + self.reading.tally.excluded,
            searches,
            bases: places.bases().len(),
            configuration: &self.configuration.digest,
        });
        let (session, server) = (&self.session, &self.server);
        self.reading
            .resume(host, session, server, self.profile, &mut proof)?;
        self.reading.settle(host)?;
        let unseen = self.reading.unseen();
        let proof = Box::new(proof);
        self.phase = if unseen == 0 {
            Phase::Finish(proof)
        } else if proof.complete {
            Phase::Confirm(proof, String::new())
        } else {
            self.reading.tally.absent_unproven = unseen;
            Phase::Finish(proof)
        };
        Ok(())
    }

    /// Asks for those who are to be deactivated by id. Whoever is there after all shows that the enumeration was not everything.
    fn confirm(&mut self, host: &H, mut proof: Box<Proof>, after: &str) -> Result<(), HostProblem> {
        let index = host.portal().index(after, INDEX);
        let policy = self.configuration.settings.leavers;
        let leaving = self.reading.leaving(&index, policy, self.now);
        let recipe = Arc::clone(&self.reading.recipe);
        let look = SecondLook::new(&recipe, self.profile);
        for ids in leaving.chunks(second_look::IDS) {
            let seen = self.reading.tally.seen;
            report(host, "finish", seen, seen)?;
            if let Some(gap) = look.gap(&self.session, &self.server, ids) {
                proof.complete = false;
                proof.gaps.push(gap);
                self.reading.withdraw_recreated(host)?;
                self.reading.tally.absent_unproven = self.reading.unseen();
                self.phase = Phase::Finish(proof);
                return Ok(());
            }
        }
        self.phase = match index.external_ids.into_iter().next_back() {
            Some(last) if index.more && *last > *after => Phase::Confirm(proof, last),
            _ => Phase::Leavers(proof, String::new()),
        };
        Ok(())
    }

    fn leavers(&mut self, host: &H, proof: Box<Proof>, after: &str) -> Result<(), HostProblem> {
        let seen = self.reading.tally.seen;
        report(host, "finish", seen, seen)?;
        let index = host.portal().index(after, INDEX);
        let policy = self.configuration.settings.leavers;
        self.reading.leavers(host, &index, policy, self.now)?;
        self.phase = match index.external_ids.into_iter().next_back() {
            Some(last) if index.more && *last > *after => Phase::Leavers(proof, last),
            _ => Phase::Finish(proof),
        };
        Ok(())
    }

    fn finish(&mut self, host: &H, proof: &Proof) -> Result<Summary, HostProblem> {
        let reading = &mut self.reading;
        let limits = self.configuration.settings.guards;
        let mut guards =
            guard::guards(&reading.tally, limits, self.active, host.portal().licence());
        let limit = guards.first().map_or(0, |guard| guard.limit);
        guards.push(reading.adoptions.guard(limit));
        let mut warnings = std::mem::take(&mut self.warnings);
        warnings.extend(proof.gaps.iter().cloned());
        warnings.extend(reading.adoptions.warning());
        if reading.tally.absent_unproven > 0 {
            warnings.push(unproven(reading.tally.absent_unproven));
        }
        let summary = Summary {
            seen: reading.tally.seen,
            unchanged: reading.tally.unchanged,
            counts: counts(reading),
            guards,
            warnings,
        };
        // Once more: the plan must not be finished under another configuration.
        self.same_configuration(host)?;
        remembered::remember(host.state(), &self.configuration, self.profile)?;
        host.plan().finish(&summary, proof, &[])?;
        Ok(summary)
    }

    /// Another configuration may mean other people: what was read under the old one says nothing of it.
    fn same_configuration(&self, host: &H) -> Result<(), HostProblem> {
        let now = Configuration::load(host.state(), &host.portal().roles());
        match now {
            Ok(Some(now)) if now.digest == self.configuration.digest => Ok(()),
            _ => Err(Problem::new(
                "configuration-changed",
                "the settings or the mapping were changed while the directory was read; there is no plan",
                "Sync again.",
            )
            .into()),
        }
    }
}

fn counts(reading: &Reading) -> Vec<(String, u64)> {
    let mut counts = reading.tally.named();
    counts.push(reading.adoptions.counted());
    counts
}

fn report(host: &impl Host, phase: &str, done: u64, total: u64) -> Result<(), HostProblem> {
    match host.progress().report(phase, done, total) {
        Signal::GoOn => Ok(()),
        Signal::Stop => Err(cancelled()),
    }
}

fn cancelled() -> HostProblem {
    Problem::new(
        "cancelled",
        "the run was stopped; there is no plan",
        "Sync again when it suits.",
    )
    .into()
}

fn nobody(places: &Places) -> HostProblem {
    let bases: Vec<_> = places.bases().collect();
    Problem::new(
        "empty-result",
        format!(
            "the directory has nobody below \"{}\" that matches the filter",
            bases.join("\" or \"")
        ),
        "Check base, scope, filter and the rights of the bind account with verify.",
    )
    .into()
}

fn unproven(people: u64) -> HostProblem {
    Problem::new(
        "absence-unproven",
        format!(
            "{people} synced people were not found, but not everything was read: nothing becomes of them"
        ),
        "Mend what the other warnings name, then sync again.",
    )
    .into()
}

fn full_instead(profile: &str) -> HostProblem {
    Problem::new(
        "full-instead",
        format!("everything was read: with {profile} there is no way yet to ask for changes only"),
        "Nothing is to be done; unchanged people cost little.",
    )
    .into()
}
