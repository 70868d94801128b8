//! Who is in which group, by hash: about 24 bytes a member.

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

/// What a hash stands for, so that a user name is never taken for an entry's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// An entry, by its DN.
    Entry,
    /// A user name.
    User,
    /// A security identifier.
    Sid,
}

/// Members, each with the first rule that names a group of theirs.
#[derive(Debug, Clone)]
pub(super) struct Book {
    hasher: SipHasher13,
    members: Vec<([u64; 2], u16)>,
}

impl Book {
    /// Nobody yet. Keyed with the run's seed: who fills the directory cannot choose names that collide.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            hasher: SipHasher13::new_with_keys(seed, seed.rotate_left(32) ^ 0x0072_6f6c_6573),
            members: Vec::new(),
        }
    }

    /// Stands for an entry, user or identifier within one run.
    pub(super) fn token(&self, space: Space, bytes: &[u8]) -> [u64; 2] {
        let mut hasher = self.hasher;
        hasher.write_u8(space as u8);
        hasher.write(bytes);
        let hash = hasher.finish128();
        [hash.h1, hash.h2]
    }

    /// How many are written down, some perhaps twice.
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    /// Writes a member of a rule's group down.
    pub(super) fn add(&mut self, member: [u64; 2], rule: u16) {
        self.members.push((member, rule));
    }

    /// Everybody is written down. Before this nobody is found.
    pub(super) fn close(&mut self) {
        self.members.sort_unstable();
        self.members.dedup_by_key(|(member, _)| *member);
        self.members.shrink_to_fit();
    }

    /// The first rule that names a group of this member.
    pub(super) fn rule(&self, member: [u64; 2]) -> Option<u16> {
        let found = self
            .members
            .binary_search_by_key(&member, |(known, _)| *known);
        found.ok().map(|place| self.members[place].1)
    }
}

/// A sum of hashes: the same whatever the order, and in every run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sum(u128);

impl Sum {
    /// Adds an item by its parts. Length-prefixed, so that no two lists of parts give the same bytes.
    pub(super) fn add<'a>(&mut self, parts: impl IntoIterator<Item = &'a [u8]>) {
        let mut hasher = SipHasher13::new_with_keys(0x726f_6c6c_6361_6c6c, 0x6772_6f75_7073_3031);
        for part in parts {
            hasher.write_u64(part.len() as u64);
            hasher.write(part);
        }
        self.0 = self.0.wrapping_add(hasher.finish128().as_u128());
    }

    /// As two numbers.
    pub(super) fn halves(self) -> [u64; 2] {
        let bytes = self.0.to_le_bytes();
        let half = |from: usize| {
            let mut half = [0; 8];
            half.copy_from_slice(&bytes[from..from + 8]);
            u64::from_le_bytes(half)
        };
        [half(0), half(8)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_of_two_groups_has_the_first_rule_and_a_stranger_none() {
        let mut book = Book::new(7);
        let (one, two) = (
            book.token(Space::Entry, b"one"),
            book.token(Space::Entry, b"two"),
        );
        for (member, rule) in [(one, 2), (two, 1), (one, 0), (one, 1)] {
            book.add(member, rule);
        }
        book.close();
        assert_eq!(
            (book.len(), book.rule(one), book.rule(two)),
            (2, Some(0), Some(1))
        );
        assert_eq!(book.rule(book.token(Space::User, b"one")), None);
    }

    #[test]
    fn a_sum_knows_no_order_but_every_item_and_how_often() {
        let sum = |items: &[&[&[u8]]]| {
            let mut sum = Sum::default();
            for item in items {
                sum.add(item.iter().copied());
            }
            sum.halves()
        };
        assert_eq!(sum(&[&[b"a"], &[b"b"]]), sum(&[&[b"b"], &[b"a"]]));
        assert_ne!(sum(&[&[b"a"], &[b"b"]]), sum(&[&[b"a", b"b"]]));
        assert_ne!(sum(&[&[b"a"], &[b"a"]]), sum(&[]));
        assert_ne!(sum(&[&[b"ab", b"c"]]), sum(&[&[b"a", b"bc"]]));
    }
}
