//! The part of a run that reads only who has changed, or finds out why everybody must be read.

use std::sync::Arc;

use crate::ports::Host;
use crate::ports::directory::HostProblem;
use crate::ports::plan::Proof;
use crate::problem::Problem;
use crate::schedule;

use super::super::changes::{self, Around, Asked, Asking, Named, News, Parents, Unable};
use super::super::open::SessionOf;
use super::super::proof;
use super::super::second_look::SecondLook;
use super::{Mode, Options, Phase, Run, report};

/// Days after which everybody is read again, where no timetable says.
const WHOLE_EVERY: u32 = 7;

impl<H: Host> Run<H> {
    pub(super) fn begin(&mut self, host: &H, options: &Options) -> Result<(), HostProblem> {
        let full = options.mode == Mode::Full;
        if options.mode == Mode::MigrateIds || full && options.checkpoint.is_empty() {
            return self.everybody(host);
        }
        if options.mode == Mode::Unsynced {
            return self.again(host, &options.checkpoint);
        }
        match Asking::begin(&self.around(), Some(&options.checkpoint)) {
            Ok(mut asking) => {
                if let Some(why) = asking.instead() {
                    self.instead(&why);
                }
                self.phase = Phase::Ask(Box::new(asking));
            }
            Err(unable) => return self.anew(host, &unable),
        }
        Ok(())
    }

    /// Those are read whom the last plans left unsynced. Where changes begin stays as it was.
    fn again(&mut self, host: &H, checkpoint: &[u8]) -> Result<(), HostProblem> {
        match changes::again(host, &self.around(), checkpoint) {
            Ok((people, next)) => {
                self.next = Some(next);
                self.reading.named = Some(Vec::new());
                self.phase = Phase::Named(Named::new(people, &self.configuration.digest));
                Ok(())
            }
            Err(unable) => self.anew(host, &unable),
        }
    }

    /// Everybody is read instead of what was asked for.
    fn instead(&mut self, why: &Unable) {
        if self.mode != Mode::Full {
            self.warnings.push(full_instead(self.mode, &why.0));
        }
        self.mode = Mode::Full;
    }

    /// Everybody is read instead. Where changes were asked for, the next sync shall have a place to begin.
    fn anew(&mut self, host: &H, why: &Unable) -> Result<(), HostProblem> {
        self.instead(why);
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

    pub(super) fn ask(
        &mut self,
        host: &H,
        mut asking: Box<Asking<SessionOf<H>>>,
    ) -> Result<(), HostProblem> {
        report(host, "ask", 0, 0)?;
        let asked = asking.step(host, &self.around());
        match asked {
            Asked::More => self.phase = Phase::Ask(asking),
            // Nothing was known before: only the next checkpoint could not be had.
            Asked::Unable(_) if asking.is_first() => self.everybody(host)?,
            Asked::Unable(unable) => self.anew(host, &unable)?,
            Asked::Told(news) => {
                let News {
                    people,
                    next,
                    parents,
                } = *news;
                self.reading.parents = parents;
                let days = self.due(host, next.whole);
                if let Some(days) = days.filter(|_| people.is_some() && self.mode == Mode::Changes)
                {
                    self.warnings.push(full_instead(self.mode, &format!(
                        "it is done every {days} days, to see whether changes alone missed anything"
                    )));
                    self.mode = Mode::Full;
                }
                self.next = Some(next);
                match people {
                    Some(people) if self.mode == Mode::Changes => {
                        self.reading.named = Some(Vec::new());
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

    pub(super) fn named(&mut self, host: &H, mut named: Named) -> Result<(), HostProblem> {
        let seen = self.reading.tally.seen;
        report(host, "read", seen, named.len().max(seen))?;
        let more = if named.has_more() {
            let (session, server) = (&self.session, &self.server);
            named.step(host, session, server, &mut self.reading)?;
            true
        } else {
            let names = self.reading.named.take();
            let widened = named.widen(host, &self.around(), &self.reading, names);
            if widened.is_err() {
                // Nobody would look at the others again.
                self.next = None;
            }
            widened.unwrap_or(false)
        };
        self.phase = if more {
            Phase::Named(named)
        } else {
            self.same_configuration(host)?;
            self.reading.settle(host)?;
            let proof = Box::new(named.proof());
            if proof.complete {
                Phase::Missed(named, proof, 0)
            } else {
                self.unproven(proof)
            }
        };
        Ok(())
    }

    /// Nobody counts as gone by this proof.
    fn unproven(&mut self, proof: Box<Proof>) -> Phase<SessionOf<H>> {
        self.reading.tally.absent_unproven = self.reading.unseen();
        self.linking(Phase::Finish(proof))
    }

    /// Asks once more for those who are to be deactivated, and whether every base shows somebody.
    pub(super) fn missed(
        &mut self,
        host: &H,
        named: Named,
        mut proof: Box<Proof>,
        after: usize,
    ) -> Result<(), HostProblem> {
        let seen = self.reading.tally.seen;
        report(host, "finish", seen, seen)?;
        let Some(ids) = named.few(after).filter(|_| self.reading.unseen() > 0) else {
            self.phase = self.linking(Phase::Gone(named, proof, 0));
            return Ok(());
        };
        let recipe = Arc::clone(&self.reading.recipe);
        let policy = self.configuration.settings.leavers;
        let leaving = self
            .reading
            .leaving(&host.portal().index_of(ids), policy, self.now);
        let gap = match after {
            0 => proof::empty_base(&self.session, &recipe),
            _ => None,
        };
        let look = SecondLook::new(&recipe);
        let gap = gap.or_else(|| {
            let wanted = !leaving.is_empty();
            wanted.then(|| look.gap(&self.session, &self.server, &leaving))?
        });
        let after = after + ids.len();
        self.phase = match gap {
            Some(gap) => {
                proof.complete = false;
                proof.gaps.push(gap);
                self.unproven(proof)
            }
            None => Phase::Missed(named, proof, after),
        };
        Ok(())
    }

    pub(super) fn gone(
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

    /// Where somebody stands below an entry that was not seen among the containers, changes cannot be told by these.
    pub(super) fn hold_parents(&mut self, proof: &Proof) {
        let unseen = self.reading.parents.take().and_then(Parents::unseen);
        let next = self.next.as_mut().filter(|_| proof.complete);
        if let (Some(next), Some(parent)) = (next, unseen) {
            if changes::is_container(&self.session, &parent) {
                // Made since the containers were read.
                next.forget_containers();
                return;
            }
            self.warnings.push(container_unseen(&parent));
            next.need_a_list(parent);
        }
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
}

fn full_instead(wanted: Mode, why: &str) -> HostProblem {
    let wanted = match wanted {
        Mode::Unsynced => "those who are unsynced",
        _ => "what changed",
    };
    Problem::new(
        "full-instead",
        format!("everything was read, and not only {wanted}: {why}"),
        "Nothing is to be done: the result is the same, and the next sync of changes begins here where that is possible.",
    )
    .into()
}

fn container_unseen(parent: &str) -> HostProblem {
    Problem::new(
        "container-unseen",
        format!(
            "people stand below \"{parent}\", which was not seen among the containers: that it is moved or renamed would be missed"
        ),
        "Let the bind account read the entry, its objectClass and its id before the next sync. That one reads everybody; and where the \
         entry still cannot be seen, those after it compare a list of everybody.",
    )
    .into()
}
