//! The second pass: once everybody was seen and duplicates are settled, the names of managers become people of the
//! portal. What the portal's hash says of the last one decides who needs a look.

use std::collections::{BTreeMap, BTreeSet};

use crate::ports::directory::{HostProblem, Session};
use crate::ports::plan::{Link, RowKind};
use crate::ports::portal::{PEOPLE, Person};
use crate::ports::{Host, Portal};

use super::compare::value_of;
use super::cycles::{Chains, Cycles};
use super::known::{Known, Marks, Slot};
use super::links::{Links, NameToken, Target};
use super::people::Facts;
use super::reading::Reading;
use super::resolve::{Answer, Resolver};
use super::unresolved::{self, Cause, Named, Unresolved};

/// Names that a run asks for where it reads everybody: more show that something else is wrong.
pub(super) const ASKED: usize = 500;

/// Names asked for a step.
const ASK: usize = 50;
/// People compared a step.
const BATCH: usize = 500;

/// A second pass under way.
#[derive(Debug)]
pub(super) struct Linking {
    links: Links,
    /// Who names somebody whom no entry read is, by name.
    waiting: Vec<(NameToken, Slot)>,
    /// Of these names those to ask for, with somebody who gives each; the next one last.
    ask: Vec<(NameToken, Slot)>,
    answers: BTreeMap<NameToken, Answer>,
    /// People found by asking.
    found: Vec<String>,
    /// Whose field may change, and whom it is to hold.
    work: Vec<(Slot, To)>,
    unresolved: Unresolved,
    cycles: Cycles,
    /// People whose rows empty a field already.
    blanked: BTreeSet<Slot>,
}

/// What a step came to.
#[derive(Debug)]
pub(super) enum Linked {
    /// There is more to do.
    More,
    /// Everybody's manager is settled; what is to be known of it.
    Done(Vec<HostProblem>),
}

impl Linking {
    /// Names were left for which the directory gave no answer.
    pub(super) fn is_partial(&self) -> bool {
        self.unresolved.is_partial()
    }
}

/// Whom a field is to hold.
#[derive(Debug, Clone, Copy)]
enum To {
    Nobody,
    Read(Slot),
    Found(usize),
}

impl Reading {
    /// Begins the second pass; nothing where there is nothing to do. At most so many names are asked for.
    pub(super) fn begin_links(&mut self, most: usize) -> Option<Linking> {
        let mut links = std::mem::take(&mut self.links);
        if links.is_empty() {
            return None;
        }
        links.sort();
        let mut chains = Chains::new(self.known.len());
        let (mut waiting, mut work) = (Vec::new(), Vec::new());
        let mut unresolved = Unresolved::default();
        for (slot, target) in links.targets() {
            let marks = self.known.marks(slot);
            if marks.unsynced() || !marks.stays() {
                continue;
            }
            let token = match target {
                Target::Nobody => {
                    work.extend(self.differs(slot, 0).then_some((slot, To::Nobody)));
                    continue;
                }
                Target::Unreadable => {
                    unresolved.add(Cause::Unreadable, slot);
                    continue;
                }
                Target::Named(token) => token,
            };
            let Some(manager) = links.find(token) else {
                waiting.push((token, slot));
                continue;
            };
            match nobody(&self.known, slot, manager) {
                Some(cause) => unresolved.add(cause, slot),
                None => {
                    chains.set(slot.0, manager.0);
                    let stamp = self.hashes.stamp(&self.external_id(manager));
                    let differs = self.differs(slot, stamp);
                    work.extend(differs.then_some((slot, To::Read(manager))));
                }
            }
        }
        waiting.sort_unstable();
        let mut ask = waiting.clone();
        ask.dedup_by_key(|(token, _)| *token);
        ask.truncate(most);
        let blanks = |(number, _): &(_, Slot)| self.people.facts(*number).blanks;
        let blanked = self.people.slots().filter(blanks).map(|(_, slot)| slot);
        Some(Linking {
            blanked: blanked.collect(),
            cycles: chains.cycles(),
            answers: BTreeMap::new(),
            found: Vec::new(),
            links,
            waiting,
            ask,
            work,
            unresolved,
        })
    }

    /// Takes the second pass a step on.
    pub(super) fn link<S: Session>(
        &mut self,
        host: &impl Host,
        resolver: &Resolver<'_, S>,
        linking: &mut Linking,
    ) -> Result<Linked, HostProblem> {
        if !linking.ask.is_empty() {
            self.ask(host.portal(), resolver, linking);
        } else if !linking.waiting.is_empty() {
            self.take_answers(linking);
        } else if !linking.work.is_empty() {
            let rest = linking.work.len().saturating_sub(BATCH);
            let batch = linking.work.split_off(rest);
            self.record_links(host, linking, &batch)?;
        } else {
            return Ok(Linked::Done(self.link_warnings(resolver, linking)));
        }
        Ok(Linked::More)
    }

    /// The portal, as the last sync left it, has somebody else there, or may have.
    fn differs(&self, slot: Slot, stamp: u32) -> bool {
        self.known.source(slot).link() != stamp || self.known.marks(slot).changed()
    }

    /// Asks for the next names. They are held as tokens only, so whoever gives one is read again.
    fn ask<S: Session>(
        &self,
        portal: &dyn Portal,
        resolver: &Resolver<'_, S>,
        linking: &mut Linking,
    ) {
        let rest = linking.ask.len().saturating_sub(ASK);
        let batch = linking.ask.split_off(rest);
        let ids: Vec<String> = batch
            .iter()
            .map(|(_, slot)| self.external_id(*slot))
            .collect();
        let stays = |id: &str| {
            let slot = self.known.find(self.id(id))?;
            let marks = self.known.marks(slot);
            (marks.in_portal() || marks.seen()).then(|| marks.stays())
        };
        for name in resolver
            .people(&ids)
            .into_iter()
            .filter_map(|one| one.manager)
        {
            let Some(token) = linking.links.token(&self.hashes, &name) else {
                continue;
            };
            let wanted = batch.iter().any(|(wanted, _)| *wanted == token);
            if wanted && !linking.answers.contains_key(&token) {
                let answer = resolver.who(portal, &name, stays);
                linking.answers.insert(token, answer);
            }
        }
        for (token, _) in batch {
            let none = Answer::Nobody(Cause::Unanswered);
            linking.answers.entry(token).or_insert(none);
        }
    }

    fn take_answers(&self, linking: &mut Linking) {
        let answers = std::mem::take(&mut linking.answers);
        for (token, slot) in std::mem::take(&mut linking.waiting) {
            match answers.get(&token) {
                Some(Answer::Person(id)) if *id == self.external_id(slot) => {
                    linking.unresolved.add(Cause::Oneself, slot);
                }
                Some(Answer::Person(id)) => {
                    if self.differs(slot, self.hashes.stamp(id)) {
                        if linking.found.last() != Some(id) {
                            linking.found.push(id.clone());
                        }
                        linking
                            .work
                            .push((slot, To::Found(linking.found.len() - 1)));
                    }
                }
                Some(Answer::Nobody(cause)) => linking.unresolved.add(*cause, slot),
                None => linking.unresolved.add(Cause::Unasked, slot),
            }
        }
    }

    /// Records what differs from the portal.
    fn record_links(
        &mut self,
        host: &impl Host,
        linking: &mut Linking,
        batch: &[(Slot, To)],
    ) -> Result<(), HostProblem> {
        let Some(field) = self.recipe.mapping().link().map(|link| link.field()) else {
            return Ok(());
        };
        let field = self.names.field(field);
        let ids: Vec<String> = batch
            .iter()
            .map(|(slot, _)| self.external_id(*slot))
            .collect();
        let people = people(host.portal(), &self.known, batch, &ids);
        let mut links = Vec::with_capacity(batch.len());
        for ((slot, to), external_id) in batch.iter().zip(&ids) {
            let marks = self.known.marks(*slot);
            let person = people.get(external_id.as_str());
            if person.is_none() && !marks.has_row() {
                // Gone from the portal since the run began.
                continue;
            }
            let (after, stamp) = self.whom(linking, *to);
            let before = person.and_then(|person| value_of(person, &field));
            if before == after.as_deref() {
                continue;
            }
            let link = Link {
                external_id: external_id.clone(),
                dn: person.map(|person| person.dn.clone()).unwrap_or_default(),
                display: person
                    .map(|person| self.names.display_of(person).to_owned())
                    .unwrap_or_default(),
                field: field.to_string(),
                before: before.map(str::to_owned),
                after,
                source_hash: self.known.source(*slot).with_link(stamp).bytes(),
            };
            self.tally_link(linking, *slot, marks, &link);
            links.push(link);
        }
        if links.is_empty() {
            Ok(())
        } else {
            host.plan().link(&links)
        }
    }

    /// Who that is, and the stamp.
    fn whom(&self, linking: &Linking, to: To) -> (Option<String>, u32) {
        let id = match to {
            To::Nobody => return (None, 0),
            To::Read(slot) => self.external_id(slot),
            To::Found(place) => linking.found.get(place).cloned().unwrap_or_default(),
        };
        let stamp = self.hashes.stamp(&id);
        (Some(id), stamp)
    }

    /// Somebody without a row gets one, and is unchanged no longer.
    fn tally_link(&mut self, linking: &mut Linking, slot: Slot, marks: Marks, link: &Link) {
        let blanks = link.after.is_none();
        if marks.has_row() {
            self.tally.blanked += u64::from(blanks && linking.blanked.insert(slot));
            return;
        }
        self.tally.unchanged = self.tally.unchanged.saturating_sub(1);
        self.tally.add(Facts {
            blanks,
            ..Facts::of(RowKind::Update)
        });
        self.known.note_row(slot, RowKind::Update);
        self.notes.row(RowKind::Update, &link.external_id);
        // Who names somebody of whom the directory told is read with that person.
        let told = |id: &String| self.told(id);
        let managers = [&link.before, &link.after];
        if !told(&link.external_id) && !managers.into_iter().flatten().any(told) {
            self.tally.drifted += 1;
        }
    }

    fn link_warnings<S: Session>(
        &self,
        resolver: &Resolver<'_, S>,
        linking: &Linking,
    ) -> Vec<HostProblem> {
        let Some(link) = self.recipe.mapping().link() else {
            return Vec::new();
        };
        let members = linking.cycles.examples.iter().flatten();
        let mut slots: BTreeSet<Slot> = linking.unresolved.examples().collect();
        slots.extend(members.map(|place| Slot(*place)));
        if slots.is_empty() {
            return Vec::new();
        }
        let ids: Vec<String> = slots.iter().map(|slot| self.external_id(*slot)).collect();
        let named: Named = resolver
            .people(&ids)
            .into_iter()
            .filter_map(|one| {
                let slot = self.known.find(self.id(&one.external_id))?;
                Some((slot, (one.dn, one.manager)))
            })
            .collect();
        let field = &link.rule().field;
        let mut warnings = linking.unresolved.warnings(field, &named);
        warnings.extend(unresolved::returning(&linking.cycles, field, &named));
        warnings
    }
}

/// Why somebody who was read is nobody's manager; nothing where the portal will have that person.
fn nobody(known: &Known, person: Slot, manager: Slot) -> Option<Cause> {
    let marks = known.marks(manager);
    if manager == person {
        Some(Cause::Oneself)
    } else if marks.stays() {
        None
    } else if marks.unsynced() {
        Some(Cause::Unsynced)
    } else {
        Some(Cause::Disabled)
    }
}

/// What the portal has of those whom it knows, by external id.
fn people(
    portal: &dyn Portal,
    known: &Known,
    batch: &[(Slot, To)],
    ids: &[String],
) -> BTreeMap<String, Person> {
    let wanted: Vec<String> = batch
        .iter()
        .zip(ids)
        .filter(|((slot, _), _)| known.marks(*slot).in_portal())
        .map(|(_, id)| id.clone())
        .collect();
    wanted
        .chunks(PEOPLE as usize)
        .flat_map(|ids| portal.people(ids))
        .map(|person| (person.external_id.clone(), person))
        .collect()
}
