//! Which troubles the people have, and how often.

/// A share of the people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u32);

impl Share {
    /// Parts that make everybody.
    pub const WHOLE: u32 = 10_000;
    /// Nobody.
    pub const NONE: Self = Self(0);

    /// So many of ten thousand.
    #[must_use]
    pub const fn per_ten_thousand(parts: u32) -> Self {
        Self(if parts > Self::WHOLE {
            Self::WHOLE
        } else {
            parts
        })
    }

    /// So many of a hundred.
    #[must_use]
    pub const fn percent(parts: u32) -> Self {
        Self::per_ten_thousand(parts.saturating_mul(100))
    }

    /// Parts of [`Share::WHOLE`].
    #[must_use]
    pub const fn parts(self) -> u32 {
        self.0
    }
}

/// The share of each trouble. Troubles that keep a person from being synced, and being disabled, exclude one another;
/// the rest may meet in one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Troubles {
    /// Disabled for good: `pwdAccountLockedTime` is `000001010000Z`.
    pub disabled: Share,
    /// No mail at all, or one of nothing but spaces: `missing-value`.
    pub missing_mail: Share,
    /// Two people with one mail, often in another case or with spaces around: `duplicate`, both.
    pub duplicate_mail: Share,
    /// A mail that is none: `bad-value`.
    pub malformed_mail: Share,
    /// Bytes that are not UTF-8 in a mapped attribute: `bad-utf8`.
    pub bad_utf8: Share,
    /// No `uid`: `missing-value`.
    pub missing_username: Share,

    /// Names written in their own script rather than in ASCII.
    pub non_ascii: Share,
    /// DNs with commas, plus signs, quotes, non-ASCII, several values in the RDN.
    pub awkward_dn: Share,
    /// Several mails, of which the first counts.
    pub several_mails: Share,
    /// Spaces at either end of mail and names.
    pub spaces: Share,
    /// A photo of some kilobytes.
    pub photos: Share,
    /// A lock that passes (`pwdAccountLockedTime` with a real time), which disables nobody.
    pub passing_lock: Share,
    /// A manager who does not exist.
    pub dangling_manager: Share,
    /// In a container below `ou=People`.
    pub nested: Share,
}

impl Default for Troubles {
    fn default() -> Self {
        Self {
            disabled: Share::percent(3),
            missing_mail: Share::per_ten_thousand(100),
            duplicate_mail: Share::per_ten_thousand(60),
            malformed_mail: Share::per_ten_thousand(30),
            bad_utf8: Share::per_ten_thousand(30),
            missing_username: Share::per_ten_thousand(20),
            non_ascii: Share::percent(40),
            awkward_dn: Share::percent(8),
            several_mails: Share::percent(12),
            spaces: Share::percent(2),
            photos: Share::percent(2),
            passing_lock: Share::per_ten_thousand(50),
            dangling_manager: Share::per_ten_thousand(30),
            nested: Share::percent(5),
        }
    }
}

impl Troubles {
    /// Everybody is well: valid, enabled, plainly named, in one container.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            disabled: Share::NONE,
            missing_mail: Share::NONE,
            duplicate_mail: Share::NONE,
            malformed_mail: Share::NONE,
            bad_utf8: Share::NONE,
            missing_username: Share::NONE,
            non_ascii: Share::NONE,
            awkward_dn: Share::NONE,
            several_mails: Share::NONE,
            spaces: Share::NONE,
            photos: Share::NONE,
            passing_lock: Share::NONE,
            dangling_manager: Share::NONE,
            nested: Share::NONE,
        }
    }
}
