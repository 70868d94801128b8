//! Hashes that stand for ids and values, so that the sets a run must hold stay compact.

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

use crate::entry::Entry;

/// Stands for an external id or a unique value within one run.
///
/// Keyed with the run's seed: who fills the directory cannot choose values that collide. The token of a UUID is one of its
/// permutations, and gives it back: ids of a million people need not be held beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Token(pub(super) [u64; 2]);

/// Stands for everything the directory said of a person: 96 bits for the entry, and 32 for the person whom a field of it
/// was found to name, 0 for nobody. The same in every run under the same mapping.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct SourceHash(pub(super) [u64; 2]);

/// Makes the hashes of one run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hashes {
    tokens: SipHasher13,
    source: SipHasher13,
    /// Attributes of an entry that are hashed, from the first.
    width: usize,
}

impl Hashes {
    /// `seed` is fresh for each run, `recipe` identifies the mapping by which entries are read.
    pub(super) fn new(seed: u64, recipe: [u64; 2]) -> Self {
        Self {
            tokens: SipHasher13::new_with_keys(seed, seed.rotate_left(32) ^ 0x746f_6b65_6e73),
            source: SipHasher13::new_with_keys(recipe[0], recipe[1]),
            width: usize::MAX,
        }
    }

    /// The same, of no more than the first attributes of an entry.
    pub(super) fn of_first(self, width: usize) -> Self {
        Self { width, ..self }
    }

    /// Of bytes, within a space of their own.
    pub(super) fn token(&self, space: u64, bytes: &[u8]) -> Token {
        let mut hasher = self.tokens;
        hasher.write_u64(space);
        hasher.write(bytes);
        let hash = hasher.finish128();
        Token([hash.h1, hash.h2])
    }

    /// Of a UUID: three rounds of a Feistel network.
    pub(super) fn uuid_token(&self, uuid: [u8; 16]) -> Token {
        let whole = u128::from_le_bytes(uuid);
        let [mut left, mut right] = halves(whole);
        left ^= self.round(0, right);
        right ^= self.round(1, left);
        left ^= self.round(2, right);
        Token([left, right])
    }

    /// The UUID of a token that was made of one.
    pub(super) fn uuid_of(&self, token: Token) -> [u8; 16] {
        let Token([mut left, mut right]) = token;
        left ^= self.round(2, right);
        right ^= self.round(1, left);
        left ^= self.round(0, right);
        let whole = u128::from(left) | u128::from(right) << 64;
        whole.to_le_bytes()
    }

    fn round(&self, number: u64, half: u64) -> u64 {
        let mut hasher = self.tokens;
        hasher.write_u64(number);
        hasher.write_u64(half);
        hasher.finish128().h1
    }

    /// Stands for an external id in the hashes of people who name that person. Never 0.
    pub(super) fn stamp(&self, external_id: &str) -> u32 {
        let mut hasher = self.source;
        hasher.write(external_id.as_bytes());
        let bytes = hasher.finish128().h1.to_le_bytes();
        u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]).max(1)
    }

    /// Of an entry, naming nobody: its DN, and how many values of which length and bytes each attribute has.
    pub(super) fn source(&self, entry: &Entry<'_>) -> SourceHash {
        let mut hasher = self.source;
        let counts = entry.counts();
        let counts = &counts[..counts.len().min(self.width)];
        for pair in counts.chunks(2) {
            hasher.write_u64(word(pair, 0));
        }
        let (bytes, ends, start) = entry.packed();
        // The name, then the values.
        let slices = 1 + counts.iter().map(|count| *count as usize).sum::<usize>();
        let ends = &ends[..ends.len().min(slices)];
        let last = ends
            .last()
            .map_or(0, |end| end.wrapping_sub(start) as usize);
        let bytes = &bytes[..bytes.len().min(last)];
        for pair in ends.chunks(2) {
            hasher.write_u64(word(pair, start));
        }
        hasher.write(bytes);
        let hash = hasher.finish128();
        SourceHash([hash.h1, hash.h2]).with_link(0)
    }
}

impl SourceHash {
    /// With something else that the person's row is made of; whom the entry names stays.
    pub(super) fn mixed(self, mark: [u64; 2]) -> Self {
        let entry = u64::from(u32::MAX);
        Self([self.0[0] ^ mark[0], self.0[1] ^ mark[1] & entry])
    }

    /// The same entry, naming the person of this stamp.
    pub(super) fn with_link(self, stamp: u32) -> Self {
        let [first, second] = self.0;
        Self([first, second & u64::from(u32::MAX) | u64::from(stamp) << 32])
    }

    /// The stamp of whom it names.
    pub(super) fn link(self) -> u32 {
        u32::try_from(self.0[1] >> 32).unwrap_or_default()
    }

    /// The directory says the same of both, whomever they name.
    pub(super) fn same_entry(self, other: Self) -> bool {
        self.with_link(0) == other.with_link(0)
    }

    /// As a row carries it.
    pub(super) fn bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.0[0].to_le_bytes());
        bytes[8..].copy_from_slice(&self.0[1].to_le_bytes());
        bytes
    }
}

fn halves(whole: u128) -> [u64; 2] {
    [whole, whole >> 64].map(|half| u64::try_from(half & u128::from(u64::MAX)).unwrap_or_default())
}

/// Identifies a recipe by its parts. Length-prefixed, so that no two lists of parts give the same bytes.
pub(super) fn recipe<'a>(parts: impl IntoIterator<Item = &'a str>) -> [u64; 2] {
    let mut hasher = SipHasher13::new_with_keys(0x726f_6c6c_6361_6c6c, 0x7265_6369_7065_3031);
    for part in parts {
        hasher.write_u64(part.len() as u64);
        hasher.write(part.as_bytes());
    }
    let hash = hasher.finish128();
    [hash.h1, hash.h2]
}

fn word(pair: &[u32], start: u32) -> u64 {
    let first = u64::from(pair.first().map_or(0, |n| n.wrapping_sub(start)));
    let second = u64::from(pair.get(1).map_or(u32::MAX, |n| n.wrapping_sub(start)));
    first | second << 32
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::entry::Page;

    fn page(entries: &[Vec<Vec<Vec<u8>>>], width: usize) -> Page {
        let (mut counts, mut ends, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
        for entry in entries {
            bytes.extend_from_slice(b"cn=x");
            ends.push(u32::try_from(bytes.len()).unwrap());
            for attribute in entry {
                counts.push(u32::try_from(attribute.len()).unwrap());
                for value in attribute {
                    bytes.extend_from_slice(value);
                    ends.push(u32::try_from(bytes.len()).unwrap());
                }
            }
        }
        Page::new(
            width,
            u32::try_from(entries.len()).unwrap(),
            counts,
            ends,
            bytes,
        )
        .unwrap()
    }

    proptest! {
        #[test]
        fn a_uuid_comes_back_from_its_token_and_another_seed_makes_another(uuid: [u8; 16], seed: u64) {
            let hashes = Hashes::new(seed, [0, 0]);
            let token = hashes.uuid_token(uuid);
            prop_assert_eq!(hashes.uuid_of(token), uuid);
            prop_assert_ne!(token, Hashes::new(!seed, [0, 0]).uuid_token(uuid));
        }

        #[test]
        fn two_entries_have_the_same_hash_only_when_they_say_the_same(
            entries in prop::collection::vec(
                prop::collection::vec(prop::collection::vec(prop::collection::vec(0_u8..2, 0..3), 0..3), 3),
                2..5,
            ),
        ) {
            let page = page(&entries, 3);
            let hashes = Hashes::new(7, [1, 2]);
            let made: Vec<_> = page.iter().map(|entry| hashes.source(&entry)).collect();
            for (i, one) in entries.iter().enumerate() {
                for (j, other) in entries.iter().enumerate() {
                    prop_assert_eq!(one == other, made[i] == made[j]);
                }
            }
        }
    }

    #[test]
    fn another_recipe_makes_another_hash() {
        let page = page(&[vec![vec![b"a".to_vec()]]], 1);
        let entry = page.iter().next().unwrap();
        let first = Hashes::new(1, recipe(["a", "bc"])).source(&entry);
        assert_eq!(first, Hashes::new(2, recipe(["a", "bc"])).source(&entry));
        assert_ne!(first, Hashes::new(1, recipe(["ab", "c"])).source(&entry));
    }

    #[test]
    fn spaces_do_not_meet() {
        let hashes = Hashes::new(1, [0, 0]);
        assert_ne!(hashes.token(0, b"a"), hashes.token(1, b"a"));
        assert_ne!(hashes.token(0, b"a"), Hashes::new(2, [0, 0]).token(0, b"a"));
    }
}
