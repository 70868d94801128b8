//! Who names whom as a manager, held while people are read: 24 bytes a person with a manager, and nothing where no
//! rule asks.

use crate::dn;
use crate::entry::Entry;

use super::column::{Column, Parts};
use super::hash::Hashes;
use super::known::Slot;
use super::reading::Reading;

/// The token space of names. Those of ids and of unique fields begin at 0.
const NAMES: u64 = u64::MAX;

/// Whom an entry names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// Nobody, which clears the field.
    Nobody,
    /// Somebody whose name is none.
    Unreadable,
    /// The entry whose name has this token.
    Named(NameToken),
}

/// Stands for a name within one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NameToken(pub(super) u64);

/// All of them. Three words each keep a place of four bytes from taking eight.
#[derive(Debug, Default)]
pub(super) struct Links {
    names: Parts<[u32; 3]>,
    targets: Column<[u32; 3]>,
    room: String,
}

impl Links {
    /// Somebody was read, of this name.
    fn note(&mut self, hashes: &Hashes, slot: Slot, name: &[u8]) {
        let name = std::str::from_utf8(name).ok();
        if let Some(token) = name.and_then(|name| token(hashes, name, &mut self.room)) {
            let name = packed(token.0, slot);
            self.names.push(name[0], name);
        }
    }

    /// Somebody names somebody.
    fn name(&mut self, slot: Slot, target: Target) {
        let word = match target {
            Target::Nobody => 0,
            Target::Unreadable => 1,
            Target::Named(NameToken(token)) => token,
        };
        self.targets.push(packed(word, slot));
    }

    /// The token of a name; nothing where it is none.
    pub(super) fn token(&mut self, hashes: &Hashes, name: &str) -> Option<NameToken> {
        token(hashes, name, &mut self.room)
    }

    /// Nobody names anybody, and nobody is to be cleared.
    pub(super) fn is_empty(&self) -> bool {
        self.targets.len() == 0
    }

    /// From now on [`Links::find`] finds.
    pub(super) fn sort(&mut self) {
        self.names.sort();
    }

    /// Whose name this is.
    pub(super) fn find(&self, token: NameToken) -> Option<Slot> {
        let [low, high, _] = packed(token.0, Slot(0));
        let names = self.names.part(low);
        let place = names.partition_point(|name| *name < [low, high, 0]);
        let [found_low, found_high, slot] = *names.get(place)?;
        (found_low == low && found_high == high).then_some(Slot(slot))
    }

    /// Who names whom, in the order read.
    pub(super) fn targets(&self) -> impl Iterator<Item = (Slot, Target)> + '_ {
        self.targets.iter().map(|[low, high, slot]| {
            let target = match u64::from(*low) | u64::from(*high) << 32 {
                0 => Target::Nobody,
                1 => Target::Unreadable,
                token => Target::Named(NameToken(token)),
            };
            (Slot(*slot), target)
        })
    }
}

impl Reading {
    /// Holds what the second pass needs of an entry, where a rule asks for it.
    pub(super) fn note_link(&mut self, slot: Slot, entry: &Entry<'_>) {
        let Some(link) = self.recipe.mapping().link() else {
            return;
        };
        self.links.note(&self.hashes, slot, entry.dn());
        let target = match link.name(entry) {
            Some(name) => match self.links.token(&self.hashes, &name) {
                Some(token) => Target::Named(token),
                None => Target::Unreadable,
            },
            None if link.clears() => Target::Nobody,
            None => return,
        };
        self.links.name(slot, target);
    }
}

fn token(hashes: &Hashes, name: &str, room: &mut String) -> Option<NameToken> {
    let key = dn::key(name, room)?;
    // The first two are taken.
    Some(NameToken(hashes.token(NAMES, key.as_bytes()).0[0].max(2)))
}

fn packed(word: u64, slot: Slot) -> [u32; 3] {
    let [low, high] = [word, word >> 32].map(|half| {
        let half = half & u64::from(u32::MAX);
        u32::try_from(half).unwrap_or_default()
    });
    [low, high, slot.0]
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_name_finds_its_person_however_it_is_written_and_no_other() {
        let hashes = Hashes::new(7, [1, 2]);
        let mut links = Links::default();
        links.note(&hashes, Slot(3), b"uid=ada,dc=x");
        links.note(&hashes, Slot(0), b"uid=bob,dc=x");
        links.sort();
        let token = links.token(&hashes, "UID=Ada, DC=X").unwrap();
        assert_eq!(links.find(token), Some(Slot(3)));
        let token = links.token(&hashes, "uid=eve,dc=x").unwrap();
        assert_eq!(links.find(token), None);
        assert_eq!(links.token(&hashes, "ada"), None);
    }

    #[test]
    fn whom_somebody_names_is_held_as_it_was_given() {
        let mut links = Links::default();
        assert!(links.is_empty());
        let given = [
            (Slot(1), Target::Nobody),
            (Slot(2), Target::Unreadable),
            (Slot(0), Target::Named(NameToken(u64::MAX - 5))),
        ];
        for (slot, target) in given {
            links.name(slot, target);
        }
        assert_eq!(links.targets().collect::<Vec<_>>(), given);
    }
}
