//! When everybody was seen: duplicates are rejected.

use std::collections::{BTreeMap, BTreeSet};

use crate::ports::Host;
use crate::ports::directory::HostProblem;
use crate::ports::plan::{Party, Rejection};
use crate::ports::portal::PEOPLE;
use crate::problem::Problem;

use super::candidate::without_unique;
use super::claims::{Conflict, Conflicts};
use super::known::Slot;
use super::outbox;
use super::people::{Facts, Number};
use super::reading::{Reading, Repeat};
use crate::ports::plan::RowKind;

impl Reading {
    /// Rejects who has the same id or wants the same unique value as somebody else, and records what is left.
    pub(super) fn settle(&mut self, host: &impl Host) -> Result<(), HostProblem> {
        let repeated: BTreeSet<Slot> = self.repeats.iter().map(|repeat| repeat.slot).collect();
        let withdrawn: BTreeMap<Slot, Number> = self
            .people
            .slots()
            .filter(|(_, slot)| repeated.contains(slot))
            .map(|(number, slot)| (slot, number))
            .collect();
        let mut numbers: BTreeSet<Number> = withdrawn.values().copied().collect();
        let rivals = self.rivals(&numbers);
        numbers.extend(rivals.keys());
        for number in rivals.keys() {
            let slot = self.people.slot(*number);
            self.known.note_row(slot, RowKind::Unsynced);
        }
        let conflicts = std::mem::take(&mut self.claims)
            .settle(|one| self.external_id(self.people.slot(one)), &numbers);
        self.settle_adoptions(|one| numbers.contains(&one) || conflicts.contains(one));
        let kept = self.release_withheld(host, &numbers, &conflicts)?;
        let repeats = std::mem::take(&mut self.repeats).into_iter();
        let repeats = repeats.map(|repeat| self.repeated(repeat, &withdrawn));
        outbox::reject(host.plan(), repeats)?;
        let rivals = rivals.into_iter();
        outbox::reject(
            host.plan(),
            rivals.map(|(number, other)| self.rival(number, other)),
        )?;
        let conflicts = conflicts
            .iter()
            .filter(|(number, _)| !kept.contains(number));
        let conflicts = conflicts.map(|(number, conflict)| self.conflicting(*number, *conflict));
        outbox::batches(conflicts).try_for_each(|mut batch| {
            name_in_portal(host, &mut batch);
            host.plan().reject(batch)
        })
    }

    /// A person's row is rejected. Gives the person's id.
    pub(super) fn fall(&mut self, number: Number) -> String {
        let slot = self.people.slot(number);
        self.tally.reject(self.people.facts(number));
        self.known.note_row(slot, RowKind::Unsynced);
        let external_id = self.external_id(slot);
        self.notes.rejected(&external_id);
        external_id
    }

    /// Lets the withheld deactivations go, without unique values where these are taken. Gives who had to do without.
    fn release_withheld(
        &mut self,
        host: &impl Host,
        withdrawn: &BTreeSet<Number>,
        conflicts: &Conflicts,
    ) -> Result<BTreeSet<Number>, HostProblem> {
        let (mut without, mut rows) = (BTreeSet::new(), Vec::new());
        for (number, mut row) in std::mem::take(&mut self.withheld) {
            if withdrawn.contains(&number) {
                continue;
            }
            if conflicts.contains(number) {
                without_unique(&mut row, self.recipe.mapping().fields());
                without.insert(number);
            }
            rows.push(row);
        }
        outbox::record(host.plan(), &rows)?;
        Ok(without)
    }

    fn repeated(&mut self, repeat: Repeat, withdrawn: &BTreeMap<Slot, Number>) -> Rejection {
        let external_id = self.external_id(repeat.slot);
        match withdrawn.get(&repeat.slot) {
            Some(number) => _ = self.fall(*number),
            None => {
                self.known.note_row(repeat.slot, RowKind::Unsynced);
                let known = self.known.marks(repeat.slot).in_portal();
                let counted = if known {
                    &mut self.tally.unchanged
                } else {
                    &mut self.tally.disabled_skipped
                };
                *counted = counted.saturating_sub(1);
                self.tally.add(Facts::of(RowKind::Unsynced));
                self.notes.rejected(&external_id);
            }
        }
        let problem = Problem::new(
            "duplicate-external-id",
            "two entries have the same id, so it cannot be told which of them the person is",
            "Give each entry an id of its own, or leave one of them out by the filter.",
        )
        .of_field("external-id");
        let other = Party {
            external_id: external_id.clone(),
            dn: repeat.dn,
            id: String::new(),
        };
        Rejection {
            external_id,
            problem,
            other: Some(other),
        }
    }

    fn conflicting(&mut self, number: Number, conflict: Conflict) -> Rejection {
        let who = if conflict.held {
            "somebody in the portal"
        } else {
            "somebody else in the directory"
        };
        Rejection {
            external_id: self.fall(number),
            problem: self.taken(conflict.field as usize, who),
            other: Some(self.party(conflict.other)),
        }
    }
}

/// Adds the portal's id to the other parties that are there.
fn name_in_portal(host: &impl Host, batch: &mut [Rejection]) {
    let ids: BTreeSet<String> = batch
        .iter()
        .filter_map(|one| one.other.as_ref().map(|other| other.external_id.clone()))
        .collect();
    let ids: Vec<String> = ids.into_iter().collect();
    let found: BTreeMap<String, String> = ids
        .chunks(PEOPLE as usize)
        .flat_map(|ids| host.portal().people(ids))
        .map(|person| (person.external_id, person.id))
        .collect();
    for other in batch.iter_mut().filter_map(|one| one.other.as_mut()) {
        if let Some(id) = found.get(&other.external_id) {
            other.id.clone_from(id);
        }
    }
}
