//! The people for whom this run has a row: five bytes each. What they are called is known elsewhere.

use std::collections::BTreeMap;

use super::column::Column;
use super::hash::Token;
use super::known::Slot;
use super::reading::Reading;
use crate::ports::plan::{Party, RowKind};
use crate::ports::portal::Holder;

/// A person's number among those with a row, and those who stand in their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Number(pub(super) u32);

/// What the counts and guards need to know of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) kind: RowKind,
    /// A field becomes empty.
    pub(super) blanks: bool,
    /// The role changes.
    pub(super) role: bool,
}

impl Facts {
    /// A row of this kind, and nothing else to know.
    pub(super) fn of(kind: RowKind) -> Self {
        Self {
            kind,
            blanks: false,
            role: false,
        }
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct People {
    slots: Column<Slot>,
    flags: Column<u8>,
    /// People of the portal without a row.
    holders: BTreeMap<Number, Party>,
    /// The same by their ids: many may want what one holds.
    held_by: BTreeMap<Token, Number>,
}

/// Nobody in [`super::known::Known`]: an entry without an id, or a person of the portal who is named but has no row.
pub(super) const NO_SLOT: Slot = Slot(u32::MAX);

const BLANKS: u8 = 8;
const ROLE: u8 = 16;

impl People {
    /// Adds a person.
    pub(super) fn push(&mut self, slot: Slot, facts: Facts) -> Number {
        let flags = kind_number(facts.kind)
            | if facts.blanks { BLANKS } else { 0 }
            | if facts.role { ROLE } else { 0 };
        self.slots.push(slot);
        self.flags.push(flags);
        Number(u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX))
    }

    /// Adds a person of the portal who holds what somebody wants, once. `id` stands for the external id.
    pub(super) fn push_holder(&mut self, id: Token, holder: &Holder) -> Number {
        if let Some(number) = self.held_by.get(&id) {
            return *number;
        }
        let number = self.push(NO_SLOT, Facts::of(RowKind::Unsynced));
        let party = Party {
            external_id: holder.external_id.clone(),
            dn: holder.dn.clone(),
            id: String::new(),
        };
        self.holders.insert(number, party);
        self.held_by.insert(id, number);
        number
    }

    /// Their numbers and places.
    pub(super) fn slots(&self) -> impl Iterator<Item = (Number, Slot)> + '_ {
        (0..).map(Number).zip(self.slots.iter().copied())
    }

    /// A person's place.
    pub(super) fn slot(&self, number: Number) -> Slot {
        self.slots[number.0 as usize]
    }

    /// What was said when the person was added.
    pub(super) fn facts(&self, number: Number) -> Facts {
        let flags = self.flags[number.0 as usize];
        Facts {
            kind: match flags & 7 {
                0 => RowKind::Create,
                1 => RowKind::Update,
                2 => RowKind::Deactivate,
                3 => RowKind::Reactivate,
                _ => RowKind::Unsynced,
            },
            blanks: flags & BLANKS != 0,
            role: flags & ROLE != 0,
        }
    }
}

impl Reading {
    /// How a person is named as the other one of a duplicate. The host knows the name of who has a row.
    pub(super) fn party(&self, number: Number) -> Party {
        let holder = self.people.holders.get(&number);
        let of_row = || self.of_row(self.people.slot(number));
        holder.cloned().unwrap_or_else(of_row)
    }

    /// The same of somebody who has a row under this id.
    pub(super) fn of_row(&self, slot: Slot) -> Party {
        Party {
            external_id: self.external_id(slot),
            dn: String::new(),
            id: String::new(),
        }
    }
}

fn kind_number(kind: RowKind) -> u8 {
    match kind {
        RowKind::Create => 0,
        RowKind::Update => 1,
        RowKind::Deactivate => 2,
        RowKind::Reactivate => 3,
        RowKind::Unsynced => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::portal::Status;

    #[test]
    fn who_holds_what_many_want_is_held_once_and_somebody_else_beside() {
        let mut people = People::default();
        let mut push = |n: u64| {
            let holder = Holder {
                position: 0,
                external_id: format!("e{n}"),
                id: String::new(),
                dn: format!("cn={n}"),
                status: Status::Active,
            };
            people.push_holder(Token([n, 0]), &holder)
        };
        let first = push(1);
        let second = push(2);
        assert!((0..1000).all(|_| push(1) == first));
        assert_ne!(first, second);
        let named = |number| people.holders.get(&number).map(|party| party.dn.as_str());
        assert_eq!((named(first), named(second)), (Some("cn=1"), Some("cn=2")));
        assert_eq!((people.holders.len(), people.slots().count()), (2, 2));
    }

    #[test]
    fn what_is_said_of_a_person_is_known_later() {
        let mut people = People::default();
        let kinds = [
            RowKind::Create,
            RowKind::Update,
            RowKind::Deactivate,
            RowKind::Reactivate,
            RowKind::Unsynced,
        ];
        let mut given = Vec::new();
        for (place, kind) in (7..).zip(kinds) {
            for (blanks, role) in [(false, false), (true, false), (false, true), (true, true)] {
                let facts = Facts { kind, blanks, role };
                given.push((people.push(Slot(place), facts), Slot(place), facts));
            }
        }
        for (number, slot, facts) in given {
            assert_eq!((people.slot(number), people.facts(number)), (slot, facts));
        }
    }
}
