//! A run: stepped a few pages at a time, so that deadline, cancel and progress fall between the steps.

use std::sync::Arc;

use crate::ports::Host;
use crate::ports::directory::{Completion, HostProblem, ServerIdentity, Session};
use crate::ports::plan::{Proof, Searched, Summary};
use crate::ports::services::{Level, Signal};
use crate::problem::Problem;
use crate::profile::{Profile, RootDse};
use crate::schedule;
use crate::settings::{Configuration, Places, ProfileChoice};

use super::changes::{Around, Asked, Asking, Checkpoint, Named, News, Unable};
use super::guard;
use super::open::{self, SessionOf};
use super::proof::{self, Enumeration};
use super::reading::Reading;
use super::recipe::Recipe;
use super::remembered;
use super::role::RoleBook;
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
    // Before the session, so that they go first.
    phase: Phase<SessionOf<H>>,
    sweep: Option<Sweep<<SessionOf<H> as Session>::Cursor>>,
    session: SessionOf<H>,
    server: ServerIdentity,
    configuration: Configuration,
    profile: &'static Profile,
    root: RootDse,
    warnings: Vec<HostProblem>,
    reading: Reading,
    /// Whether reading those who have changed is enough, if that can be told.
    mode: Mode,
    /// What the next sync begins with.
    next: Option<Checkpoint>,
    /// Active synced people before the plan.
    active: u64,
    /// When the run began: one moment for everybody's grace and expiry.
    now: u64,
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

/// Days after which everybody is read again, where no timetable says.
const WHOLE_EVERY: u32 = 7;
/// People of the portal's index a call.
const INDEX: u32 = 5000;

enum Phase<S: Session> {
    /// What has changed is asked for.
    Ask(Box<Asking<S>>),
    /// Those who may have changed are read.
    Named(Named),
    /// Rows for those of them who are gone, after so many.
    Gone(Named, Box<Proof>, usize),
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
        let full = options.mode == Mode::Full && options.checkpoint.is_empty();
        let root = match &configuration.settings.profile {
            ProfileChoice::Auto => open::root_dse(&session).map_err(one)?,
            // Whoever chose a profile needs the directory's word only to ask it what has changed.
            ProfileChoice::Named(_) if full => RootDse::default(),
            ProfileChoice::Named(_) => open::root_dse(&session).unwrap_or_default(),
        };
        let profile = open::profile(&root, &configuration.settings.profile).map_err(one)?;
        remembered::same(host.state(), &configuration, profile)
            .map_err(|problem| one(problem.into()))?;
        let now = host.clock().now();
        let recipe = Recipe::new(&configuration, profile, &host.portal().fields(), now)
            .map_err(|problems| problems.into_iter().map(Into::into).collect::<Vec<_>>())?;
        let recipe = Arc::new(recipe);
        let settings = &configuration.settings;
        let roles = RoleBook::read(host, &session, settings, profile, options.seed).map_err(one)?;
        let role = configuration.settings.role.as_str();
        let mut reading = Reading::new(recipe, options.seed, role, host.portal().count());
        reading.roles = Arc::new(roles);
        let mut run = Self {
            phase: Phase::Over,
            sweep: None,
            server: session.server(),
            session,
            configuration,
            profile,
            root,
            warnings: Vec::new(),
            reading,
            mode: options.mode,
            next: None,
            active: 0,
            now,
        };
        run.begin(host, options).map_err(one)?;
        Ok(run)
    }

    fn begin(&mut self, host: &H, options: &Options) -> Result<(), HostProblem> {
        let full = options.mode == Mode::Full;
        if full && options.checkpoint.is_empty() {
            return self.everybody(host);
        }
        match Asking::begin(&self.around(), Some(&options.checkpoint)) {
            Ok(asking) => self.phase = Phase::Ask(Box::new(asking)),
            Err(unable) => return self.anew(host, &unable),
        }
        Ok(())
    }

    /// Everybody is read instead. Where changes were asked for, the next sync shall have a place to begin.
    fn anew(&mut self, host: &H, why: &Unable) -> Result<(), HostProblem> {
        if self.mode == Mode::Changes {
            self.warnings.push(full_instead(&why.0));
        }
        self.mode = Mode::Full;
        match Asking::begin(&self.around(), None) {
            Ok(asking) => self.phase = Phase::Ask(Box::new(asking)),
            Err(_) => self.everybody(host)?,
        }
        Ok(())
    }

    /// Everybody was last read so long ago that it must be done again: every so many days.
    fn due(&self, host: &H, whole: u64) -> Option<u32> {
        let timetable = schedule::store::current(host.state()).ok();
        let days = timetable.and_then(|timetable| timetable.full_every);
        let days = days.unwrap_or(WHOLE_EVERY);
        let since = self.now.saturating_sub(whole);
        (since >= u64::from(days) * 86_400).then_some(days)
    }

    fn everybody(&mut self, host: &H) -> Result<(), HostProblem> {
        if let Some(next) = &mut self.next {
            next.whole = self.now;
        }
        // From here on the server works while the portal's index is read.
        let sweep = Sweep::begin(&self.session, self.reading.recipe.requests())?;
        self.sweep = Some(sweep);
        host.log().write(
            Level::Info,
            &format!("reading everybody; directory profile {}", self.profile.id),
        );
        self.phase = Phase::Index(String::new());
        Ok(())
    }

    fn around(&self) -> Around<'_, SessionOf<H>> {
        Around {
            session: &self.session,
            server: &self.server,
            root: &self.root,
            recipe: &self.reading.recipe,
            roles: &self.reading.roles,
            profile: self.profile,
            configuration: &self.configuration,
            now: self.now,
        }
    }

    /// Over everything that decides who is in a group of the rules for roles, beside people's own entries and the
    /// configuration: while it is the same, nobody has another role whose entry is the same. None where there are no rules,
    /// or their groups cannot be read and roles stay as they are.
    #[cfg(test)]
    pub(crate) fn groups_digest(&self) -> Option<[u64; 2]> {
        self.reading.roles.digest()
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
            Phase::Ask(asking) => self.ask(host, asking)?,
            Phase::Named(named) => self.named(host, named)?,
            Phase::Gone(named, proof, after) => self.gone(host, named, proof, after)?,
            Phase::Index(after) => self.index(host, &after)?,
            Phase::Read => self.read(host)?,
            Phase::Settle(completion, searches) => self.settle(host, &completion, searches)?,
            Phase::Confirm(proof, after) => self.confirm(host, proof, &after)?,
            Phase::Leavers(proof, after) => self.leavers(host, proof, &after)?,
            Phase::Finish(proof) => return self.finish(host, &proof).map(Some),
            Phase::Over => return Err(over()),
        }
        Ok(None)
    }

    fn ask(&mut self, host: &H, mut asking: Box<Asking<SessionOf<H>>>) -> Result<(), HostProblem> {
        report(host, "ask", 0, 0)?;
        let asked = asking.step(host, &self.around());
        match asked {
            Asked::More => self.phase = Phase::Ask(asking),
            // Nothing was known before: only the next checkpoint could not be had.
            Asked::Unable(_) if asking.is_first() => self.everybody(host)?,
            Asked::Unable(unable) => self.anew(host, &unable)?,
            Asked::Told(news) => {
                let News { people, next } = *news;
                let days = self.due(host, next.whole);
                if let Some(days) = days.filter(|_| people.is_some() && self.mode == Mode::Changes)
                {
                    self.warnings.push(full_instead(&format!(
                        "it is done every {days} days, to see whether changes alone missed anything"
                    )));
                    self.mode = Mode::Full;
                }
                self.next = Some(next);
                match people {
                    Some(people) if self.mode == Mode::Changes => {
                        self.active = host.portal().licence().used;
                        self.phase = Phase::Named(Named::new(people, &self.configuration.digest));
                    }
                    people => {
                        let ids = people.iter().flatten().map(|id| self.reading.id(id));
                        self.reading.expected = people.is_some().then(|| ids.collect());
                        self.everybody(host)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn named(&mut self, host: &H, mut named: Named) -> Result<(), HostProblem> {
        let seen = self.reading.tally.seen;
        report(host, "read", seen, named.len().max(seen))?;
        let more = named.step(
            host,
            &self.session,
            &self.server,
            self.profile,
            &mut self.reading,
        )?;
        self.phase = if more {
            Phase::Named(named)
        } else {
            self.same_configuration(host)?;
            self.reading.settle(host)?;
            let proof = Box::new(named.proof());
            if proof.complete {
                Phase::Gone(named, proof, 0)
            } else {
                self.reading.tally.absent_unproven = self.reading.unseen();
                Phase::Finish(proof)
            }
        };
        Ok(())
    }

    fn gone(
        &mut self,
        host: &H,
        named: Named,
        proof: Box<Proof>,
        after: usize,
    ) -> Result<(), HostProblem> {
        let seen = self.reading.tally.seen;
        report(host, "finish", seen, seen)?;
        let policy = self.configuration.settings.leavers;
        self.phase = match named.leavers(host, &mut self.reading, policy, self.now, after)? {
            Some(after) => Phase::Gone(named, proof, after),
            None => Phase::Finish(proof),
        };
        Ok(())
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
        let Some(sweep) = &mut self.sweep else {
            return Err(over());
        };
        self.phase = match sweep.next(&self.session) {
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
        let proof = proof::proof(Enumeration {
            completion,
            server: &self.server,
            entries: seen + self.reading.tally.excluded,
            identified: self.reading.tally.identified + self.reading.tally.excluded,
            searches,
            bases: places.bases().len(),
            configuration: &self.configuration.digest,
        });
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
        let guards = guard::guards(&reading.tally, limits, self.active, host.portal().licence());
        let mut warnings = std::mem::take(&mut self.warnings);
        warnings.extend(reading.roles.warnings(reading.kept));
        warnings.extend(proof.gaps.iter().cloned());
        if reading.tally.absent_unproven > 0 {
            warnings.push(unproven(reading.tally.absent_unproven));
        }
        let summary = Summary {
            seen: reading.tally.seen,
            unchanged: reading.tally.unchanged,
            counts: reading.tally.named(),
            guards,
            warnings: Vec::new(),
        };
        if reading.tally.drifted > 0 {
            warnings.push(drifted(reading.tally.drifted));
        }
        let (controls, unsynced) = reading.notes.take();
        let checkpoint = self.next.take().filter(|_| proof.complete);
        let checkpoint = checkpoint.map(|mut next| {
            next.remember(controls, unsynced);
            next.write()
        });
        let summary = Summary {
            warnings,
            ..summary
        };
        // Once more: the plan must not be finished under another configuration.
        self.same_configuration(host)?;
        remembered::remember(host.state(), &self.configuration, self.profile)?;
        let checkpoint = checkpoint.unwrap_or_default();
        host.plan().finish(&summary, proof, &checkpoint)?;
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

fn over() -> HostProblem {
    Problem::new("run-over", "the run is over", "Start another one.").into()
}

fn full_instead(why: &str) -> HostProblem {
    Problem::new(
        "full-instead",
        format!("everything was read, and not only what changed: {why}"),
        "Nothing is to be done: the result is the same, and the next sync of changes begins here where that is possible.",
    )
    .into()
}

fn drifted(people: u64) -> HostProblem {
    Problem::new(
        "drift",
        format!(
            "{people} people differed whom a sync of changes alone would have passed over: the directory did not tell of them"
        ),
        "This plan puts them right. If it happens again, look at what the directory tells of changes, or sync everything more \
         often.",
    )
    .into()
}
