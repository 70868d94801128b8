//! Repeatable chance: SplitMix64, keyed by seed, index and topic.

use super::Share;

/// A sequence that follows from its key alone.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice of their own for one topic of one index, so that a change to one topic leaves the others as they are.
    #[must_use]
    pub fn of(seed: u64, index: u64, topic: u64) -> Self {
        let mut dice = Self(seed ^ topic.wrapping_mul(0xd6e8_feb8_6659_fd93));
        let mixed = dice.next();
        Self(mixed ^ index.wrapping_mul(0xa076_1d64_78bd_642f))
    }

    /// 64 bits.
    #[expect(clippy::should_implement_trait, reason = "endless, so no iterator")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number under `limit`, which must not be 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    /// Whether it is one of this share.
    pub fn chance(&mut self, share: Share) -> bool {
        self.below(u64::from(Share::WHOLE)) < u64::from(share.parts())
    }

    /// One of several; there must be one.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let at = self.below(from.len() as u64);
        &from[usize::try_from(at).unwrap_or(0)]
    }

    /// A version 4 UUID (RFC 9562 section 5.4), in lower case with hyphens.
    pub fn uuid(&mut self) -> String {
        let high = (self.next() & !0xf000) | 0x4000;
        let low = (self.next() & !(3 << 62)) | (2 << 62);
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_gives_one_sequence() {
        assert_eq!(Dice::of(1, 2, 3).uuid(), Dice::of(1, 2, 3).uuid());
    }

    #[test]
    fn other_keys_give_other_sequences() {
        let first = Dice::of(1, 2, 3).next();
        for mut other in [Dice::of(2, 2, 3), Dice::of(1, 3, 3), Dice::of(1, 2, 4)] {
            assert_ne!(other.next(), first);
        }
    }

    #[test]
    fn a_uuid_is_of_version_4() {
        let uuid = Dice::of(1, 2, 3).uuid();
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
        assert!("89ab".contains(&uuid[19..20]));
    }
}
