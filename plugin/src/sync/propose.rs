//! From a page's candidates to rows: what the portal has of them, who holds what they want, and what is
//! remembered of each.

use std::sync::Arc;

use crate::ports::Host;
use crate::ports::directory::HostProblem;
use crate::ports::plan::{Party, Row, RowKind};
use crate::ports::portal::{Holder, PEOPLE, Person};
use crate::problem::Problem;

use super::candidate::{Candidate, Draft, without_unique};
use super::outbox;
use super::reading::Reading;

/// Values a call.
const BATCH: usize = 1000;

/// A wanted value has a holder.
struct Held {
    draft: usize,
    field: usize,
    key: String,
    holder: Holder,
}

impl Reading {
    /// Makes rows of candidates.
    pub(super) fn propose(
        &mut self,
        host: &impl Host,
        candidates: &[Candidate<'_>],
    ) -> Result<(), HostProblem> {
        let (names, role) = (Arc::clone(&self.names), Arc::clone(&self.role));
        let roles = Arc::clone(&self.roles);
        let people = people(host, candidates);
        let fits = self.fits(host, candidates);
        let mut drafts: Vec<Draft<'_>> = Vec::with_capacity(candidates.len());
        for (place, candidate) in candidates.iter().enumerate() {
            if let Some(fit) = fits.get(&place) {
                let draft = self.fitted(candidate, &names, fit);
                drafts.extend(draft.map(|draft| candidate.within_limits(&names, draft)));
                continue;
            }
            let person = if candidate.known {
                find(&people, &candidate.external_id)
            } else {
                None
            };
            let given = roles.given(candidate.judged, &role);
            match candidate.draft(&names, given, person) {
                Some(draft) => {
                    let mut draft = candidate.within_limits(&names, draft);
                    let (source, judged) = (candidate.source, candidate.judged);
                    roles.stamp(&mut draft.row, source, judged, person, &role);
                    drafts.push(draft);
                }
                None if person.is_none() => self.tally.disabled_skipped += 1,
                None => self.tally.unchanged += 1,
            }
        }
        let mut held = if self.nobody {
            Vec::new()
        } else {
            self.holders(host, &drafts)
        };
        held.retain(|held| self.stands(&mut drafts[held.draft], held));
        held.sort_by_key(|held| held.draft);
        let mut held = held.into_iter().peekable();
        let mut rows = Vec::with_capacity(drafts.len());
        for (place, draft) in drafts.into_iter().enumerate() {
            let mut own = Vec::new();
            while let Some(one) = held.next_if(|held| held.draft == place) {
                own.push(one);
            }
            rows.extend(self.commit(draft, own));
        }
        outbox::record(host.plan(), &rows)
    }

    /// Who holds the values that drafts take.
    fn holders(&self, host: &impl Host, drafts: &[Draft<'_>]) -> Vec<Held> {
        let mut held = Vec::new();
        for (field, schema) in self.recipe.mapping().fields().iter().enumerate() {
            if !schema.unique {
                continue;
            }
            let (mut takers, mut keys) = (Vec::new(), Vec::new());
            for (draft, each) in drafts.iter().enumerate() {
                for one in each.moves.iter().filter(|one| one.field == field) {
                    if let Some(key) = &one.to {
                        takers.push(draft);
                        keys.push(key.clone().into_owned());
                    }
                }
            }
            for (takers, keys) in takers.chunks(BATCH).zip(keys.chunks(BATCH)) {
                for holder in host.portal().holders(&schema.id, keys) {
                    let place = holder.position as usize;
                    if let (Some(draft), Some(key)) = (takers.get(place), keys.get(place)) {
                        held.push(Held {
                            draft: *draft,
                            field,
                            key: key.clone(),
                            holder,
                        });
                    }
                }
            }
        }
        held
    }

    /// Whether a holder is still in the way, and may yet make room. Whom no sync brought never does.
    fn stands(&self, draft: &mut Draft<'_>, held: &Held) -> bool {
        let holder = &held.holder;
        if holder.external_id == draft.row.external_id {
            return false;
        }
        if holder.external_id.is_empty() {
            if draft.facts.kind == RowKind::Deactivate {
                without_unique(&mut draft.row, self.recipe.mapping().fields());
                draft.moves.clear();
            } else if draft.facts.kind != RowKind::Unsynced {
                let other = Party {
                    external_id: String::new(),
                    dn: holder.dn.clone(),
                    id: holder.id.clone(),
                };
                draft.refuse(
                    self.taken(held.field, "somebody whom no sync brought"),
                    other,
                );
            }
            return false;
        }
        true
    }

    /// Remembers what a draft takes and leaves. Gives its row, unless that must wait.
    fn commit<'c>(&mut self, draft: Draft<'c>, held: Vec<Held>) -> Option<Row<'c>> {
        let number = self.people.push(draft.slot, draft.facts);
        self.tally.add(draft.facts);
        self.noted(draft.facts.kind, &draft.row.external_id);
        if let Some(named) = &mut self.named
            && draft.facts.kind != RowKind::Deactivate
        {
            named.push(draft.row.dn.clone().into_owned());
        }
        self.known.note_row(draft.slot, draft.facts.kind);
        let yields = draft.facts.kind == RowKind::Deactivate;
        for one in &draft.moves {
            let field = u16::try_from(one.field).unwrap_or(u16::MAX);
            if let Some(key) = &one.to {
                let value = self.value(one.field, key);
                self.claims.claim(number, field, value, yields);
            }
            if let Some(key) = &one.from {
                self.claims.release(number, self.value(one.field, key));
            }
        }
        if !draft.moves.is_empty() {
            for one in held {
                let id = self.id(&one.holder.external_id);
                let holder = self.people.push_holder(id, &one.holder);
                let field = u16::try_from(one.field).unwrap_or(u16::MAX);
                self.claims
                    .held(number, field, self.value(one.field, &one.key), holder);
            }
        }
        if yields && !draft.moves.is_empty() {
            self.withheld.push((number, draft.row.into_owned()));
            return None;
        }
        Some(draft.row)
    }

    /// A row is made: for the next sync, and for the count of those of whom no directory told.
    pub(super) fn noted(&mut self, kind: RowKind, external_id: &str) {
        self.notes.row(kind, external_id);
        if kind != RowKind::Unsynced && !self.told(external_id) {
            self.tally.drifted += 1;
        }
    }

    /// The directory told of the person, where it tells of changes.
    pub(super) fn told(&self, external_id: &str) -> bool {
        let expected = self.expected.as_ref();
        expected.is_none_or(|expected| expected.contains(&self.id(external_id)))
    }

    /// The problem of a value that somebody else has or wants.
    pub(super) fn taken(&self, field: usize, who: &str) -> Problem {
        let field = &self.recipe.mapping().fields()[field];
        Problem::new(
            "duplicate",
            format!("{} must be unique, and {who} has the same value", field.label),
            "Give one of the two another value in the directory, or leave one of them out by the filter. If the other one has \
             left for good, give them another value in the portal.",
        )
        .of_field(&field.id)
    }
}

/// What the portal has of the candidates that it knows, by external id.
fn people(host: &impl Host, candidates: &[Candidate<'_>]) -> Vec<Person> {
    let ids: Vec<String> = candidates
        .iter()
        .filter(|candidate| candidate.known)
        .map(|candidate| candidate.external_id.clone().into_owned())
        .collect();
    let mut people: Vec<Person> = ids
        .chunks(PEOPLE as usize)
        .flat_map(|ids| host.portal().people(ids))
        .collect();
    people.sort_unstable_by(|a, b| a.external_id.cmp(&b.external_id));
    people
}

fn find<'p>(people: &'p [Person], external_id: &str) -> Option<&'p Person> {
    let place = people.binary_search_by(|person| person.external_id.as_str().cmp(external_id));
    place.ok().map(|place| &people[place])
}
