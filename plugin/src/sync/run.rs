//! A run: stepped a few pages at a time, so that deadline, cancel and progress fall between the steps.

use std::sync::Arc;

use crate::ports::Host;
use crate::ports::directory::{Completion, HostProblem, ServerIdentity, Session};
use crate::ports::plan::{Proof, Searched, Summary};
use crate::ports::services::{Level, Signal};
use crate::problem::Problem;
use crate::profile::{Profile, RootDse};
use crate::settings::{Configuration, Places, ProfileChoice};

use super::changes::{Asking, Checkpoint, Named};
use super::guard;
use super::identifier::Identifier;
use super::linking::{self, Linked, Linking};
use super::migrate::Migration;
use super::open::{self, SessionOf};
use super::proof::{self, Enumeration};
use super::reading::Reading;
use super::remembered;
use super::resolve::Resolver;
use super::role::RoleBook;
use super::second_look::{self, SecondLook};
use super::sweep::{Sweep, Swept};

mod changing;
mod migrating;

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Everything.
    Full,
    /// What changed since the checkpoint; everything where that is not possible.
    Changes,
    /// Whom the last plans left unsynced; everything where it cannot be said who they are.
    Unsynced,
    /// Everything, to give the portal's people the ids of another attribute. Nothing else of them changes.
    MigrateIds,
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
    identifier: Identifier,
    /// Where people only get other ids.
    migration: Option<Box<Migration>>,
    /// Whether reading those who have changed is enough, if that can be told.
    mode: Mode,
    /// What the next sync begins with.
    next: Option<Checkpoint>,
    /// Active synced people, where everybody is read.
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

/// People of the portal's index a call.
const INDEX: u32 = 5000;

enum Phase<S: Session> {
    /// What has changed is asked for.
    Ask(Box<Asking<S>>),
    /// Those who may have changed are read.
    Named(Named),
    /// Those of them who seem to be gone are asked for once more, after so many.
    Missed(Named, Box<Proof>, usize),
    /// Rows for those of them who are gone, after so many.
    Gone(Named, Box<Proof>, usize),
    /// The portal's synced people, after this one.
    Index(String),
    Read,
    /// The search is over, and duplicates are to be settled.
    Settle(Box<Completion>, Vec<Searched>),
    /// Managers are to be found, before what comes then.
    Link(Box<Linking>, Box<Phase<S>>),
    /// A second look at leavers after this one.
    Confirm(Box<Proof>, String),
    /// Rows for leavers after this one.
    Leavers(Box<Proof>, String),
    /// People of the portal whom a migration says nothing of are told, after this one.
    Rest(Box<Proof>, String),
    Finish(Box<Proof>),
    Over,
}

impl<H: Host> Run<H> {
    /// Opens the directory and begins to search it. Records nothing yet.
    ///
    /// # Errors
    /// What the host says of the connection, `profile-changed`, `id-changed`, `nothing-to-migrate`, and everything that is
    /// wrong with filters and rules.
    pub fn start(
        host: &H,
        options: &Options,
        mut configuration: Configuration,
    ) -> Result<Self, Vec<HostProblem>> {
        if host.progress().report("connect", 0, 0) == Signal::Stop {
            return Err(vec![cancelled()]);
        }
        let one = |problem: HostProblem| vec![problem];
        let session = open::session(host, &configuration.settings).map_err(one)?;
        let root = match &configuration.settings.profile {
            ProfileChoice::Auto => open::root_dse(&session).map_err(one)?,
            // Whoever chose a profile can do without it. The host learns from it too which controls searches may have.
            ProfileChoice::Named(_) => open::root_dse(&session).unwrap_or_default(),
        };
        let profile = open::profile(&root, &configuration.settings.profile).map_err(one)?;
        remembered::same(host.state(), &configuration, profile)
            .map_err(|problem| one(problem.into()))?;
        let now = host.clock().now();
        let (recipe, identifier) =
            migrating::recipe(host, &session, &mut configuration, profile, now)?;
        let (recipe, migration) =
            migrating::prepare(recipe, &identifier, profile, options).map_err(one)?;
        let recipe = Arc::new(recipe);
        let settings = &configuration.settings;
        let roles =
            RoleBook::read(host, &session, &root, settings, profile, options.seed).map_err(one)?;
        let role = configuration.settings.role.as_str();
        let mut reading = Reading::new(recipe, options.seed, role, host.portal().count());
        reading.roles = Arc::new(roles);
        let fields = reading.recipe.mapping().fields();
        reading.adoptions.choose(settings.adoption, fields);
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
            identifier,
            migration,
            mode: options.mode,
            next: None,
            active: 0,
            now,
        };
        run.begin(host, options).map_err(one)?;
        Ok(run)
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
            Phase::Missed(named, proof, after) => self.missed(host, named, proof, after)?,
            Phase::Gone(named, proof, after) => self.gone(host, named, proof, after)?,
            Phase::Index(after) => self.index(host, &after)?,
            Phase::Read => self.read(host)?,
            Phase::Settle(completion, searches) => self.settle(host, &completion, searches)?,
            Phase::Link(linking, next) => self.link(host, linking, next)?,
            Phase::Confirm(proof, after) => self.confirm(host, proof, &after)?,
            Phase::Leavers(proof, after) => self.leavers(host, proof, &after)?,
            Phase::Rest(proof, after) => self.rest(host, proof, &after)?,
            Phase::Finish(proof) => return self.finish(host, &proof).map(Some),
            Phase::Over => return Err(over()),
        }
        Ok(None)
    }

    fn index(&mut self, host: &H, after: &str) -> Result<(), HostProblem> {
        let index = host.portal().index(after, INDEX);
        let reading = &mut self.reading;
        let tokens: Vec<_> = index.external_ids.iter().map(|id| reading.id(id)).collect();
        reading.known.extend(&index, &tokens);
        if let Some(migration) = &mut self.migration {
            migration.index(&index);
        }
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
                match &mut self.migration {
                    Some(migration) => migration.page(&mut self.reading, host, &page)?,
                    None => self.reading.page(host, &page)?,
                }
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
        let identified = match self.migration {
            // Who has no id keeps the one that the portal has: nobody counts as gone for it.
            Some(_) => seen,
            None => self.reading.tally.identified,
        };
        let mut proof = proof::proof(Enumeration {
            completion,
            server: &self.server,
            entries: seen + self.reading.tally.excluded,
            identified: identified + self.reading.tally.excluded,
            searches,
            bases: places.bases().len(),
            configuration: &self.configuration.digest,
        });
        if self.migration.is_some() {
            return self.settle_migration(host, proof);
        }
        let (session, server) = (&self.session, &self.server);
        self.reading.resume(host, session, server, &mut proof)?;
        self.reading.settle(host)?;
        let unseen = self.reading.unseen();
        let proof = Box::new(proof);
        self.phase = if unseen > 0 && proof.complete {
            Phase::Confirm(proof, String::new())
        } else {
            self.reading.tally.absent_unproven = unseen;
            self.linking(Phase::Finish(proof))
        };
        Ok(())
    }

    /// The second pass, if there is anything to do in it, and then the next phase.
    fn linking(&mut self, next: Phase<SessionOf<H>>) -> Phase<SessionOf<H>> {
        // Of a few people nearly all managers are asked for.
        let most = match self.mode {
            Mode::Changes | Mode::Unsynced => usize::MAX,
            Mode::Full | Mode::MigrateIds => linking::ASKED,
        };
        match self.reading.begin_links(most) {
            Some(linking) => Phase::Link(Box::new(linking), Box::new(next)),
            None => next,
        }
    }

    /// A step of the second pass, from names of managers to people of the portal.
    fn link(
        &mut self,
        host: &H,
        mut linking: Box<Linking>,
        next: Box<Phase<SessionOf<H>>>,
    ) -> Result<(), HostProblem> {
        let seen = self.reading.tally.seen;
        report(host, "finish", seen, seen)?;
        let recipe = Arc::clone(&self.reading.recipe);
        let resolver = Resolver {
            recipe: &recipe,
            session: &self.session,
        };
        self.phase = match self.reading.link(host, &resolver, &mut linking)? {
            Linked::More => Phase::Link(linking, next),
            Linked::Done(warnings) => {
                if linking.is_partial() {
                    // Nobody would look at the others again.
                    self.next = None;
                }
                self.warnings.extend(warnings);
                *next
            }
        };
        Ok(())
    }

    /// Asks for those who are to be deactivated by id. Whoever is there after all shows that the enumeration was not everything.
    fn confirm(&mut self, host: &H, mut proof: Box<Proof>, after: &str) -> Result<(), HostProblem> {
        let index = host.portal().index(after, INDEX);
        let policy = self.configuration.settings.leavers;
        let leaving = self.reading.leaving(&index, policy, self.now);
        let recipe = Arc::clone(&self.reading.recipe);
        let look = SecondLook::new(&recipe);
        for ids in leaving.chunks(second_look::IDS) {
            let seen = self.reading.tally.seen;
            report(host, "finish", seen, seen)?;
            if let Some(gap) = look.gap(&self.session, &self.server, ids) {
                proof.complete = false;
                proof.gaps.push(gap);
                self.reading.withdraw_recreated(host)?;
                self.reading.tally.absent_unproven = self.reading.unseen();
                self.phase = self.linking(Phase::Finish(proof));
                return Ok(());
            }
        }
        self.phase = match index.external_ids.into_iter().next_back() {
            Some(last) if index.more && *last > *after => Phase::Confirm(proof, last),
            // Not before: nobody is rejected any more once links are made.
            _ => self.linking(Phase::Leavers(proof, String::new())),
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
        if let Some(migration) = self.migration.take() {
            return self.finish_migration(host, proof, &migration);
        }
        self.hold_parents(proof);
        let reading = &mut self.reading;
        let limits = self.configuration.settings.guards;
        let mut guards = guard::guards(&reading.tally, limits, host.portal().licence());
        let limit = guards.first().map_or(0, |guard| guard.limit);
        guards.push(reading.adoptions.guard(limit));
        let mut warnings = std::mem::take(&mut self.warnings);
        warnings.extend(reading.roles.warnings(reading.kept));
        warnings.extend(reading.left_out.warnings());
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
            warnings: Vec::new(),
        };
        if reading.tally.drifted > 0 {
            warnings.push(drifted(reading.tally.drifted));
        }
        let (controls, unsynced) = reading.notes.take();
        let checkpoint = self.next.take().filter(|_| proof.complete);
        let kept = reading.kept > 0;
        let checkpoint = checkpoint.map(|mut next| {
            if kept {
                next.forget_groups();
            }
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
        self.identifier.remember(host.state(), None)?;
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

fn over() -> HostProblem {
    Problem::new("run-over", "the run is over", "Start another one.").into()
}

fn drifted(people: u64) -> HostProblem {
    Problem::new(
        "drift-found",
        format!(
            "{people} people differed whom a sync of changes alone would have passed over: the directory did not tell of them"
        ),
        "This plan puts them right. If it happens again, look at what the directory tells of changes, or sync everything more \
         often.",
    )
    .into()
}

#[cfg(test)]
impl<H: Host> Run<H> {
    /// Over everything that decides who is in a group of the rules for roles, beside people's own entries and the
    /// configuration: while it is the same, nobody has another role whose entry is the same. None where there are no rules,
    /// or their groups cannot be read and roles stay as they are.
    pub(crate) fn groups_digest(&self) -> Option<[u64; 2]> {
        self.reading.roles.digest()
    }
}
