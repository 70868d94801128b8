//! Everybody whom the portal knows from a sync or whom this run has seen, by hash: about 45 bytes a person, and the
//! ids that are no UUIDs.

use super::column::Column;
use super::hash::{SourceHash, Token};
use crate::decode;
use crate::ports::plan::RowKind;
use crate::ports::portal::PeopleIndex;

/// A person's place in [`Known`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot(pub(super) u32);

/// What is remembered of a person beside the hashes. The lower three bits are the contract's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Marks(u8);

/// Columns, and an open-addressed table of places in them.
#[derive(Debug, Default)]
pub(super) struct Known {
    ids: Column<Token>,
    sources: Column<SourceHash>,
    marks: Column<Marks>,
    /// Who has an id that is no UUID, and where it ends among them. In order.
    named: Column<(Slot, u32)>,
    names: Column<u8>,
    /// Place plus one; 0 is free. The length is a power of two.
    buckets: Vec<u32>,
}

impl Marks {
    const INACTIVE: u8 = 1;
    const BY_SYNC: u8 = 2;
    const CHANGED: u8 = 4;
    const IN_PORTAL: u8 = 8;
    const SEEN: u8 = 16;
    const REPEATED: u8 = 32;
    const ROW: u8 = 64;
    const UNSYNCED: u8 = 128;

    /// As the portal's index has them.
    pub(super) fn of(index: u32) -> Self {
        Self(u8::try_from(index & 7).unwrap_or_default())
    }

    /// Whoever is disabled in the directory, or not, stays active or inactive as they are.
    pub(super) fn keep_status(self, disabled: bool) -> bool {
        if self.inactive() {
            disabled || !self.by_sync()
        } else {
            !disabled
        }
    }

    fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }

    /// Inactive in the portal.
    pub(super) fn inactive(self) -> bool {
        self.has(Self::INACTIVE)
    }

    /// Made inactive by a sync.
    pub(super) fn by_sync(self) -> bool {
        self.has(Self::BY_SYNC)
    }

    /// Somebody changed the person in the portal since the last sync.
    pub(super) fn changed(self) -> bool {
        self.has(Self::CHANGED)
    }

    /// The portal has the person.
    pub(super) fn in_portal(self) -> bool {
        self.has(Self::IN_PORTAL)
    }

    /// This run has met the person.
    pub(super) fn seen(self) -> bool {
        self.has(Self::SEEN)
    }

    /// This run has met two different entries with this id.
    pub(super) fn repeated(self) -> bool {
        self.has(Self::REPEATED)
    }
}

impl Marks {
    /// This run has a row that changes or adds the person.
    pub(super) fn has_row(self) -> bool {
        self.has(Self::ROW) && !self.unsynced()
    }

    /// This run can't bring the person over.
    pub(super) fn unsynced(self) -> bool {
        self.has(Self::UNSYNCED)
    }

    /// The portal has the person once the plan is applied.
    pub(super) fn stays(self) -> bool {
        self.in_portal() || self.has_row()
    }
}

impl Known {
    /// Room for so many people without growing.
    pub(super) fn with_capacity(people: usize) -> Self {
        let mut known = Self {
            buckets: Vec::new(),
            ..Self::default()
        };
        known.rehash((people + people / 3 + 1).next_power_of_two().max(16));
        known
    }

    /// Takes a page of the portal's index in. `tokens` stand for its ids.
    pub(super) fn extend(&mut self, index: &PeopleIndex, tokens: &[Token]) {
        for (i, (id, text)) in tokens.iter().zip(&index.external_ids).enumerate() {
            let word = |j: usize| index.source_hashes.get(j).copied().unwrap_or_default();
            let Marks(marks) = Marks::of(index.marks.get(i).copied().unwrap_or_default());
            let marks = marks | Marks::IN_PORTAL;
            self.insert(
                *id,
                text,
                SourceHash([word(2 * i), word(2 * i + 1)]),
                Marks(marks),
            );
        }
    }

    /// How many.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The person with this id.
    pub(super) fn find(&self, id: Token) -> Option<Slot> {
        let mask = self.buckets.len().checked_sub(1)?;
        let mut bucket = start(id, mask);
        loop {
            let place = self.buckets[bucket].checked_sub(1)?;
            if self.ids[place as usize] == id {
                return Some(Slot(place));
            }
            bucket = (bucket + 1) & mask;
        }
    }

    /// Adds somebody whom this run meets and the portal does not know.
    pub(super) fn meet(&mut self, id: Token, external_id: &str, source: SourceHash) -> Slot {
        self.insert(id, external_id, source, Marks(Marks::SEEN))
    }

    /// This run met the person.
    pub(super) fn see(&mut self, slot: Slot, source: SourceHash) {
        let named = self.source(slot).link();
        self.sources[slot.0 as usize] = source.with_link(named);
        self.marks[slot.0 as usize].0 |= Marks::SEEN;
    }

    /// This run met another entry with the same id. False where that was known.
    pub(super) fn repeat(&mut self, slot: Slot) -> bool {
        let marks = &mut self.marks[slot.0 as usize];
        let first = !marks.repeated();
        marks.0 |= Marks::REPEATED;
        first
    }

    /// This run has a row for the person.
    pub(super) fn note_row(&mut self, slot: Slot, kind: RowKind) {
        let mark = match kind {
            RowKind::Unsynced => Marks::UNSYNCED,
            _ => Marks::ROW,
        };
        if (slot.0 as usize) < self.marks.len() {
            self.marks[slot.0 as usize].0 |= mark;
        }
    }

    /// The token of a person's id.
    pub(super) fn id(&self, slot: Slot) -> Option<Token> {
        self.ids.get(slot.0 as usize).copied()
    }

    /// A person's id; nothing where it is a UUID, whose token gives it back.
    pub(super) fn name(&self, slot: Slot) -> Option<String> {
        let place = self.named.partition_point(|(other, _)| *other < slot);
        let (found, end) = *self.named.get(place)?;
        let start = place
            .checked_sub(1)
            .map_or(0, |before| self.named[before].1);
        let bytes = self.names.copied(start as usize..end as usize);
        (found == slot).then(|| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// What the portal last recorded or, once seen, what the directory says; whom it names is what the portal last recorded.
    pub(super) fn source(&self, slot: Slot) -> SourceHash {
        self.sources[slot.0 as usize]
    }

    /// What is remembered.
    pub(super) fn marks(&self, slot: Slot) -> Marks {
        self.marks[slot.0 as usize]
    }

    /// How many have these marks.
    pub(super) fn count(&self, which: impl Fn(Marks) -> bool) -> u64 {
        self.marks.iter().filter(|marks| which(**marks)).count() as u64
    }

    fn insert(&mut self, id: Token, external_id: &str, source: SourceHash, marks: Marks) -> Slot {
        if (self.ids.len() + 1) * 4 > self.buckets.len() * 3 {
            self.rehash((self.buckets.len() * 2).max(16));
        }
        let place = u32::try_from(self.ids.len()).unwrap_or(u32::MAX - 1);
        self.ids.push(id);
        self.sources.push(source);
        self.marks.push(marks);
        put(&mut self.buckets, id, place);
        if decode::uuid_to_bytes(external_id).is_none() {
            external_id.bytes().for_each(|byte| self.names.push(byte));
            let end = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
            self.named.push((Slot(place), end));
        }
        Slot(place)
    }

    fn rehash(&mut self, buckets: usize) {
        // The old table goes first: it need not stand beside the new one.
        self.buckets = Vec::new();
        self.buckets = vec![0; buckets];
        for (place, id) in self.ids.iter().enumerate() {
            put(
                &mut self.buckets,
                *id,
                u32::try_from(place).unwrap_or(u32::MAX - 1),
            );
        }
    }
}

fn start(id: Token, mask: usize) -> usize {
    usize::try_from(id.0[0] & mask as u64).unwrap_or_default()
}

fn put(buckets: &mut [u32], id: Token, place: u32) {
    let mask = buckets.len() - 1;
    let mut bucket = start(id, mask);
    while buckets[bucket] != 0 {
        bucket = (bucket + 1) & mask;
    }
    buckets[bucket] = place + 1;
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn whoever_was_put_in_is_found_and_nobody_else() {
        let mut known = Known::with_capacity(3);
        for n in 0..1000_u64 {
            // Few low bits, so that chains of buckets form.
            known.meet(Token([n % 8, n]), &format!("E-{n}"), SourceHash([n, 0]));
        }
        for n in 0..1000_u64 {
            let slot = known.find(Token([n % 8, n])).unwrap();
            assert_eq!(known.source(slot), SourceHash([n, 0]));
            assert_eq!(known.name(slot), Some(format!("E-{n}")));
        }
        assert_eq!(known.find(Token([0, 1001])), None);
        assert_eq!(Known::default().find(Token([0, 0])), None);
        assert_eq!(known.len(), 1000);
        let uuid = "66446001-1dd2-11b2-8a3f-c0e1a5b0d701";
        let slot = known.meet(Token([7, 7]), uuid, SourceHash([0, 0]));
        assert_eq!(
            (known.name(slot), known.id(slot)),
            (None, Some(Token([7, 7])))
        );
    }

    #[test]
    fn the_marks_of_the_index_are_kept() {
        let mut known = Known::with_capacity(0);
        let index = PeopleIndex {
            external_ids: vec!["a".into(), "b".into()],
            source_hashes: vec![1, 2, 3, 4],
            marks: vec![0, 3],
            absent_since: vec![0, 0],
            more: false,
        };
        known.extend(&index, &[Token([97, 0]), Token([98, 0])]);
        let (a, b) = (
            known.find(Token([97, 0])).unwrap(),
            known.find(Token([98, 0])).unwrap(),
        );
        assert_eq!(known.source(b), SourceHash([3, 4]));
        assert!(known.marks(b).inactive() && known.marks(b).by_sync());
        assert!(!known.marks(a).inactive() && known.marks(a).in_portal());
        known.see(a, SourceHash([9, 9]));
        known.note_row(a, RowKind::Update);
        assert!(known.marks(a).has_row() && known.marks(b).stays());
        known.note_row(a, RowKind::Unsynced);
        assert!(!known.marks(a).has_row() && known.marks(a).unsynced());
        assert!(known.marks(a).seen() && !known.marks(b).seen());
        assert!(known.repeat(a) && !known.repeat(a));
    }
}
