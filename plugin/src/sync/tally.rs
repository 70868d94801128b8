//! What a run counts.

use crate::ports::plan::RowKind;

use super::people::Facts;

/// Counts of one run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Entries that matched.
    pub(super) seen: u64,
    /// Entries in subtrees that are left out; not among those seen.
    pub(super) excluded: u64,
    /// Of those seen, entries that came a second time unchanged.
    pub(super) twice: u64,
    /// Whose id could be read.
    pub(super) identified: u64,
    /// People of the portal without a row.
    pub(super) unchanged: u64,
    /// Unknown people who are disabled in the directory.
    pub(super) disabled_skipped: u64,
    kinds: [u64; 5],
    /// People of whom a field becomes empty.
    pub(super) blanked: u64,
    /// People who get another role.
    pub(super) roles: u64,
    /// Leavers who stay by policy.
    pub(super) absent_kept: u64,
    /// Leavers whose grace is not over.
    pub(super) absent_in_grace: u64,
    /// Leavers listed for review.
    pub(super) absent_for_review: u64,
    /// Rows that deactivate leavers.
    pub(super) absent_deactivated: u64,
    /// Rows of people of whom a server that tells of changes did not tell.
    pub(super) drifted: u64,
    /// Synced people not found by an enumeration that proves nothing.
    pub(super) absent_unproven: u64,
}

impl Tally {
    /// A row was made.
    pub(super) fn add(&mut self, facts: Facts) {
        self.kinds[place(facts.kind)] += 1;
        self.blanked += u64::from(facts.blanks);
        self.roles += u64::from(facts.role);
    }

    /// A row became one of an unsynced person.
    pub(super) fn reject(&mut self, facts: Facts) {
        let kind = &mut self.kinds[place(facts.kind)];
        *kind = kind.saturating_sub(1);
        self.kinds[place(RowKind::Unsynced)] += 1;
        self.blanked -= u64::from(facts.blanks && self.blanked > 0);
        self.roles -= u64::from(facts.role && self.roles > 0);
    }

    /// Rows of a kind.
    pub(super) fn of(&self, kind: RowKind) -> u64 {
        self.kinds[place(kind)]
    }

    /// By name, for the summary.
    pub(super) fn named(&self) -> Vec<(String, u64)> {
        let counts = [
            ("create", self.of(RowKind::Create)),
            ("update", self.of(RowKind::Update)),
            ("deactivate", self.of(RowKind::Deactivate)),
            ("reactivate", self.of(RowKind::Reactivate)),
            ("unsynced", self.of(RowKind::Unsynced)),
            ("excluded", self.excluded),
            ("disabled-skipped", self.disabled_skipped),
            ("absent-deactivated", self.absent_deactivated),
            ("absent-kept", self.absent_kept),
            ("absent-in-grace", self.absent_in_grace),
            ("absent-for-review", self.absent_for_review),
            ("absent-unproven", self.absent_unproven),
            ("blanked", self.blanked),
            ("drifted", self.drifted),
        ];
        counts
            .into_iter()
            .map(|(name, count)| (name.to_owned(), count))
            .collect()
    }
}

fn place(kind: RowKind) -> usize {
    match kind {
        RowKind::Create => 0,
        RowKind::Update => 1,
        RowKind::Deactivate => 2,
        RowKind::Reactivate => 3,
        RowKind::Unsynced => 4,
    }
}
