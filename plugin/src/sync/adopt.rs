//! Adoption: a new person of the directory takes over a person of the portal with the same mail address or user name,
//! as the settings say.
//!
//! Somebody whom no sync brought is taken over at once. Somebody whom a sync brought can be taken over only when the
//! directory has that person no longer (an account that was made anew), which is known when everybody was seen: so the
//! new person waits until then. Two who want the same portal person both get nothing.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::entry::Entry;
use crate::field::unique_key;
use crate::ports::Host;
use crate::ports::directory::{HostProblem, ServerIdentity, Session};
use crate::ports::plan::{Change, Guard, Party, Proof, Rejection, Row, RowKind};
use crate::ports::portal::{Holder, PEOPLE, Person, Status};
use crate::problem::Problem;
use crate::settings::Adoption;

use super::candidate::{Candidate, Draft};
use super::compare::{self, Names};
use super::hash::Token;
use super::known::Slot;
use super::outbox;
use super::people::{Facts, Number};
use super::reading::Reading;
use super::second_look::{self, SecondLook};
use super::waiting::Waiting;

/// The pseudo field that a person's external id is.
const EXTERNAL_ID: &str = "external-id";

/// Values a call.
const BATCH: usize = 1000;

/// The token space of the portal's own ids.
const PORTAL: usize = usize::MAX - 1;

/// Who is taken over by whom. By default, nobody by anybody.
#[derive(Debug, Default)]
pub(super) struct Adoptions {
    /// The place of the field by which people are matched.
    field: Option<usize>,
    name: Option<Arc<str>>,
    /// By the portal's own id.
    takers: BTreeMap<Token, Taker>,
    /// Further people who want somebody who has a taker.
    rivals: Vec<(Slot, Token)>,
    waiting: Waiting,
    /// Whose absence the waiting depend on.
    awaited: BTreeSet<String>,
    /// Everybody was seen: whether that is proven.
    proven: Option<bool>,
    /// Of those who stand in the plan, the ones that need the proof.
    recreated: Vec<Number>,
    /// Adoptions that stand in the plan.
    standing: u64,
    /// Of those, people who stay inactive.
    inactive: u64,
}

#[derive(Debug, Clone, Copy)]
struct Taker {
    slot: Slot,
    /// Whom a sync brought before.
    before: Option<Slot>,
    /// The person is inactive, and stays so.
    inactive: bool,
}

/// What is to be done with a new person who matches somebody in the portal.
#[derive(Debug)]
pub(super) enum Fit {
    /// Takes this person over.
    Adopts(Box<Person>),
    /// Somebody else wants the same person.
    Rivals,
    /// Waits until everybody was seen.
    Waits,
}

impl Adoptions {
    /// As the settings say.
    pub(super) fn choose(&mut self, adoption: Adoption, fields: &[crate::field::Field]) {
        let place = |name| {
            fields
                .iter()
                .position(|field| field.unique && field.id == name)
        };
        self.field = adoption.field().and_then(place);
        self.name = self.field.map(|_| Arc::from(EXTERNAL_ID));
    }

    /// Counts for the summary.
    pub(super) fn counted(&self) -> (String, u64) {
        ("adopt".to_owned(), self.standing)
    }

    /// Adoptions need an approval from the same number on as other changes.
    pub(super) fn guard(&self, limit: u64) -> Guard {
        let (count, tripped) = (self.standing, self.standing > limit);
        let mut message = format!("{count} people of the portal would be taken over");
        if tripped {
            message.push_str(&format!("; without an approval at most {limit} may"));
        }
        Guard {
            name: "adopt".to_owned(),
            tripped,
            count,
            limit,
            message,
        }
    }

    /// Who is taken over and nevertheless cannot use the portal.
    pub(super) fn warning(&self) -> Option<HostProblem> {
        let people = self.inactive;
        (people > 0).then(|| {
            Problem::new(
                "adopted-inactive",
                format!(
                    "{people} people are taken over who were made inactive in the portal; a sync does not change that"
                ),
                "Look at the rows with the reason adopted-inactive, and make active in the portal who should be.",
            )
            .into()
        })
    }
}

impl Reading {
    /// Of a page's candidates, by their places, the new ones who match somebody of the portal.
    pub(super) fn fits(
        &mut self,
        host: &impl Host,
        candidates: &[Candidate<'_>],
    ) -> BTreeMap<usize, Fit> {
        let mut fits = BTreeMap::new();
        let Some(field) = self.adoptions.field.filter(|_| !self.nobody) else {
            return fits;
        };
        let mut found: Vec<(usize, Holder)> = Vec::new();
        for (place, holder) in self.matching(host, candidates, field) {
            if holder.external_id.is_empty() {
                found.push((place, holder));
                continue;
            }
            let Some(before) = self.known.find(self.id(&holder.external_id)) else {
                continue;
            };
            let marks = self.known.marks(before);
            if !marks.in_portal() || marks.seen() {
                continue;
            }
            match self.adoptions.proven {
                Some(true) => found.push((place, holder)),
                Some(false) => {}
                None if self.adoptions.waiting.keep(&candidates[place].entry) => {
                    self.adoptions.awaited.insert(holder.external_id);
                    fits.insert(place, Fit::Waits);
                }
                None => {}
            }
        }
        for found in found.chunks(PEOPLE as usize) {
            let ids: Vec<String> = found.iter().map(|(_, holder)| holder.id.clone()).collect();
            let people = host.portal().people_with_ids(&ids);
            for (place, holder) in found {
                let same = |person: &&Person| {
                    person.id == holder.id && person.external_id == holder.external_id
                };
                if let Some(person) = people.iter().find(same) {
                    fits.insert(*place, self.fit(candidates[*place].slot, person));
                }
            }
        }
        fits
    }

    /// Who in the portal has the value by which candidates are matched.
    fn matching(
        &self,
        host: &impl Host,
        candidates: &[Candidate<'_>],
        field: usize,
    ) -> Vec<(usize, Holder)> {
        let (mut places, mut keys) = (Vec::new(), Vec::new());
        for (place, candidate) in candidates.iter().enumerate() {
            let new = !candidate.known && !candidate.disabled && candidate.problem.is_none();
            if !new || compare::failure(&candidate.values).is_some() {
                continue;
            }
            let mapped = candidate.values.iter().find(|one| one.field == field);
            let key = mapped.and_then(|one| one.value.text()).map(unique_key);
            if let Some(key) = key.filter(|key| !key.is_empty()) {
                places.push(place);
                keys.push(key.into_owned());
            }
        }
        let id = &self.recipe.mapping().fields()[field].id;
        let mut found = Vec::new();
        for (places, keys) in places.chunks(BATCH).zip(keys.chunks(BATCH)) {
            for holder in host.portal().holders(id, keys) {
                if let Some(place) = places.get(holder.position as usize) {
                    found.push((*place, holder));
                }
            }
        }
        found
    }

    /// The first who wants somebody is noted; nobody gets whom two want.
    fn fit(&mut self, slot: Slot, person: &Person) -> Fit {
        let token = self.value(PORTAL, &person.id);
        if self.adoptions.takers.contains_key(&token) {
            self.adoptions.rivals.push((slot, token));
            return Fit::Rivals;
        }
        let synced = !person.external_id.is_empty();
        let taker = Taker {
            slot,
            before: synced
                .then(|| self.known.find(self.id(&person.external_id)))
                .flatten(),
            inactive: stays_inactive(person),
        };
        self.adoptions.takers.insert(token, taker);
        Fit::Adopts(Box::new(person.clone()))
    }

    /// Once everybody was seen: those who waited take over whom the directory has no longer, if that is proven, and else
    /// are dealt with like everybody. Who seems gone is asked for by id first.
    pub(super) fn resume<S: Session>(
        &mut self,
        host: &impl Host,
        session: &S,
        server: &ServerIdentity,
        proof: &mut Proof,
    ) -> Result<(), HostProblem> {
        let Some(page) = self.adoptions.waiting.take() else {
            return Ok(());
        };
        let recipe = Arc::clone(&self.recipe);
        let gone: Vec<String> = std::mem::take(&mut self.adoptions.awaited)
            .into_iter()
            .filter(|id| {
                let slot = self.known.find(self.id(id));
                slot.is_some_and(|slot| !self.known.marks(slot).seen())
            })
            .collect();
        let look = SecondLook::new(&recipe);
        for ids in gone.chunks(second_look::IDS) {
            if !proof.complete {
                break;
            }
            if let Some(gap) = look.gap(session, server, ids) {
                proof.complete = false;
                proof.gaps.push(gap);
            }
        }
        self.adoptions.proven = Some(proof.complete);
        let candidates: Vec<Candidate<'_>> = page
            .iter()
            .filter_map(|entry| self.again(&recipe, &entry))
            .collect();
        candidates
            .chunks(self.portion)
            .try_for_each(|candidates| self.propose(host, candidates))
    }

    fn again<'p>(
        &self,
        recipe: &'p super::recipe::Recipe,
        entry: &Entry<'p>,
    ) -> Option<Candidate<'p>> {
        let external_id = recipe.external_id(entry).ok()?;
        let slot = self.known.find(self.id(&external_id))?;
        Some(Candidate {
            slot,
            source: self.known.source(slot),
            external_id,
            ..Candidate::read(recipe, entry)
        })
    }

    /// Those who want one portal person, by their numbers, each with one of the others. `withdrawn` fell for another
    /// reason.
    pub(super) fn rivals(
        &mut self,
        withdrawn: &BTreeSet<Number>,
    ) -> BTreeMap<Number, Option<Number>> {
        let mut contested: BTreeMap<Token, Vec<Slot>> = BTreeMap::new();
        for (slot, token) in std::mem::take(&mut self.adoptions.rivals) {
            contested.entry(token).or_default().push(slot);
        }
        for (token, slots) in &mut contested {
            if let Some(taker) = self.adoptions.takers.get(token) {
                slots.insert(0, taker.slot);
            }
        }
        let slots: BTreeSet<Slot> = contested.values().flatten().copied().collect();
        let numbers = self.numbers(&slots);
        let mut rivals = BTreeMap::new();
        for slots in contested.values() {
            for (place, slot) in slots.iter().enumerate() {
                let other = slots.get(usize::from(place == 0));
                let other = other.and_then(|slot| numbers.get(slot)).copied();
                let number = numbers.get(slot).copied();
                if let Some(number) = number.filter(|one| !withdrawn.contains(one)) {
                    rivals.insert(number, other);
                }
            }
        }
        rivals
    }

    /// The rejection of one of them.
    pub(super) fn rival(&mut self, number: Number, other: Option<Number>) -> Rejection {
        Rejection {
            external_id: self.fall(number),
            problem: ambiguous(),
            other: other.map(|number| self.party(number)),
        }
    }

    /// Counts the adoptions that stand, when `fallen` are rejected. Who is taken over is no leaver.
    pub(super) fn settle_adoptions(&mut self, fallen: impl Fn(Number) -> bool) {
        let takers = std::mem::take(&mut self.adoptions.takers);
        let slots: BTreeSet<Slot> = takers.values().map(|taker| taker.slot).collect();
        let numbers = self.numbers(&slots);
        for taker in takers.values() {
            let Some(number) = numbers.get(&taker.slot).copied() else {
                continue;
            };
            if fallen(number) || self.people.facts(number).kind == RowKind::Unsynced {
                continue;
            }
            self.adoptions.standing += 1;
            self.adoptions.inactive += u64::from(taker.inactive);
            if let Some(before) = taker.before {
                self.known.see(before, self.known.source(before));
                self.adoptions.recreated.push(number);
            }
        }
    }

    /// The proof has fallen after all: nobody takes over somebody who may still be there.
    pub(super) fn withdraw_recreated(&mut self, host: &impl Host) -> Result<(), HostProblem> {
        let field = self.adoptions.field.unwrap_or_default();
        let recreated = std::mem::take(&mut self.adoptions.recreated);
        let rejections = recreated.into_iter().map(|number| {
            self.adoptions.standing = self.adoptions.standing.saturating_sub(1);
            Rejection {
                external_id: self.fall(number),
                problem: self.taken(field, "somebody in the portal"),
                other: None,
            }
        });
        outbox::reject(host.plan(), rejections)
    }

    fn numbers(&self, slots: &BTreeSet<Slot>) -> BTreeMap<Slot, Number> {
        self.people
            .slots()
            .filter(|(_, slot)| slots.contains(slot))
            .map(|(number, slot)| (slot, number))
            .collect()
    }

    /// The draft of somebody new who fits somebody in the portal; none of one who waits.
    pub(super) fn fitted<'c>(
        &self,
        candidate: &'c Candidate<'_>,
        names: &Names,
        fit: &'c Fit,
    ) -> Option<Draft<'c>> {
        match (fit, &self.adoptions.name) {
            (Fit::Adopts(person), Some(name)) => Some(candidate.taking_over(names, name, person)),
            (Fit::Waits, _) => None,
            _ => Some(candidate.refused(names, ambiguous())),
        }
    }
}

impl<'p> Candidate<'p> {
    fn taking_over<'c>(
        &'c self,
        names: &Names,
        external_id: &Arc<str>,
        person: &'c Person,
    ) -> Draft<'c> {
        let mapping = self.recipe.mapping();
        let difference = names.difference(mapping, &self.values, &self.dn, person);
        let kind = compare::turn(false, person).map_or(RowKind::Update, |turn| turn.kind);
        let before = Some(person.external_id.as_str()).filter(|id| !id.is_empty());
        let reason = match before {
            _ if stays_inactive(person) => "adopted-inactive",
            None => "adopted",
            Some(_) => "re-created",
        };
        let mut changes = vec![Change {
            field: Arc::clone(external_id),
            before: before.map(Cow::Borrowed),
            after: Some(Cow::Borrowed(&self.external_id)),
        }];
        changes.extend(difference.changes);
        let row = Row {
            changes,
            other: Some(Party {
                external_id: person.external_id.clone(),
                dn: person.dn.clone(),
                id: person.id.clone(),
            }),
            ..self.row(names, kind, reason)
        };
        let facts = Facts {
            kind,
            blanks: difference.blanks,
            role: difference.role,
        };
        Draft {
            slot: self.slot,
            row,
            facts,
            moves: difference.moves,
        }
    }
}

/// A sync makes active again only whom a sync made inactive.
fn stays_inactive(person: &Person) -> bool {
    person.status == Status::Inactive && !person.deactivated_by_sync
}

fn ambiguous() -> Problem {
    Problem::new(
        "adoption-ambiguous",
        "several new people of the directory match the same person of the portal, so it cannot be told who takes them over",
        "Give all but one of them another value in the directory, or leave them out by the filter.",
    )
    .of_field(EXTERNAL_ID)
}
