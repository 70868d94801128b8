//! The people for whom this run has a row, as compact as their later naming allows: an id of 16 bytes where it
//! is a UUID, and the DN without the base.

use super::known::Slot;
use crate::ports::plan::{Party, RowKind};

/// A person's number among those with a row.
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
#[derive(Debug)]
pub(super) struct People {
    base: Vec<u8>,
    ids: Vec<[u8; 16]>,
    slots: Vec<Slot>,
    flags: Vec<u8>,
    ends: Vec<u32>,
    text: Vec<u8>,
}

/// Nobody in [`super::known::Known`]: a person of the portal who is named but has no row.
pub(super) const NO_SLOT: Slot = Slot(u32::MAX);

const UUID: u8 = 8;
const BELOW_BASE: u8 = 16;
const BLANKS: u8 = 32;
const ROLE: u8 = 64;

impl People {
    /// Nobody yet. DNs are expected to end in `base`.
    pub(super) fn new(base: &str) -> Self {
        Self {
            base: base.as_bytes().to_vec(),
            ids: Vec::new(),
            slots: Vec::new(),
            flags: Vec::new(),
            ends: Vec::new(),
            text: Vec::new(),
        }
    }

    /// Adds a person.
    pub(super) fn push(&mut self, slot: Slot, external_id: &str, dn: &str, facts: Facts) -> Number {
        let mut flags = kind_number(facts.kind);
        let id = if let Some(id) = pack(external_id) {
            flags |= UUID;
            id
        } else {
            self.text.extend_from_slice(external_id.as_bytes());
            let length = u32::try_from(external_id.len()).unwrap_or_default();
            let mut id = [0; 16];
            id[..4].copy_from_slice(&length.to_le_bytes());
            id
        };
        let mut dn = dn.as_bytes();
        if let Some(above) = dn.strip_suffix(self.base.as_slice()) {
            flags |= BELOW_BASE;
            dn = above;
        }
        self.text.extend_from_slice(dn);
        flags |= if facts.blanks { BLANKS } else { 0 };
        flags |= if facts.role { ROLE } else { 0 };
        self.ids.push(id);
        self.slots.push(slot);
        self.flags.push(flags);
        self.ends
            .push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        Number(u32::try_from(self.ids.len() - 1).unwrap_or(u32::MAX))
    }

    /// Their numbers and places.
    pub(super) fn slots(&self) -> impl Iterator<Item = (Number, Slot)> + '_ {
        (0..).map(Number).zip(self.slots.iter().copied())
    }

    /// A person's place.
    pub(super) fn slot(&self, number: Number) -> Slot {
        self.slots[number.0 as usize]
    }

    /// A person's external id.
    pub(super) fn external_id(&self, number: Number) -> String {
        self.parts(number).0
    }

    /// How a person is named as the other one of a duplicate.
    pub(super) fn party(&self, number: Number) -> Party {
        let (external_id, dn) = self.parts(number);
        Party {
            external_id,
            dn,
            id: String::new(),
        }
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

    fn parts(&self, number: Number) -> (String, String) {
        let place = number.0 as usize;
        let start = if place == 0 {
            0
        } else {
            self.ends[place - 1] as usize
        };
        let text = &self.text[start..self.ends[place] as usize];
        let id = self.ids[place];
        let (external_id, dn) = if self.flags[place] & UUID == 0 {
            let length = u32::from_le_bytes([id[0], id[1], id[2], id[3]]) as usize;
            let (id, dn) = text.split_at(length.min(text.len()));
            (String::from_utf8_lossy(id).into_owned(), dn)
        } else {
            (crate::decode::uuid_from_bytes(id), text)
        };
        let mut name = String::from_utf8_lossy(dn).into_owned();
        if self.flags[place] & BELOW_BASE != 0 {
            name.push_str(&String::from_utf8_lossy(&self.base));
        }
        (external_id, name)
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

/// The bytes of a UUID in canonical form.
pub(crate) fn pack(text: &str) -> Option<[u8; 16]> {
    if text.len() != 36 {
        return None;
    }
    let mut bytes = [0; 16];
    let mut digits = 0;
    for (place, byte) in text.bytes().enumerate() {
        let digit = match byte {
            b'-' if matches!(place, 8 | 13 | 18 | 23) => continue,
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        *bytes.get_mut(digits / 2)? |= if digits % 2 == 0 { digit << 4 } else { digit };
        digits += 1;
    }
    (digits == 32).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FACTS: Facts = Facts {
        kind: RowKind::Reactivate,
        blanks: true,
        role: false,
    };

    #[test]
    fn a_uuid_takes_no_text_and_the_base_is_not_repeated() {
        let mut people = People::new(",dc=x");
        let id = "66446001-1dd2-11b2-8a3f-c0e1a5b0d701";
        let number = people.push(Slot(0), id, "uid=a,dc=x", FACTS);
        assert_eq!(people.text, b"uid=a");
        assert_eq!(people.external_id(number), id);
        assert_eq!(people.party(number).dn, "uid=a,dc=x");
        assert_eq!(people.facts(number), FACTS);
    }

    proptest! {
        #[test]
        fn whatever_goes_in_comes_out(
            all in prop::collection::vec(("\\PC{0,40}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "\\PC{0,9}(dc=x)?"), 1..9),
        ) {
            let mut people = People::new("dc=x");
            for (id, dn) in &all {
                people.push(Slot(0), id, dn, FACTS);
            }
            for (number, (id, dn)) in all.iter().enumerate() {
                let party = people.party(Number(u32::try_from(number).unwrap_or(0)));
                prop_assert_eq!(&party.external_id, id);
                prop_assert_eq!(&party.dn, dn);
            }
        }
    }
}
