//! Whose rows the runs being planned have.
//!
//! The database gets its index of a plan's people at the end, in order, which costs a quarter of keeping it from the
//! first row on. Until then a number a person in memory does; a host that dies while planning leaves no plan anyway.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use crate::ports::plan::RunId;
use crate::store::error::{StoreError, StoreResult};

/// What one plan may hold. All tenants share a disk, and neither a directory without end nor a plugin may fill it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanLimits {
    /// Rows, and people noted as absent, together: 5,000,000.
    pub rows: u64,
    /// Bytes of their texts: 16 GiB.
    pub bytes: u64,
}

impl Default for PlanLimits {
    fn default() -> Self {
        Self {
            rows: 5_000_000,
            bytes: 16 << 30,
        }
    }
}

/// The runs being planned.
#[derive(Debug, Default)]
pub(crate) struct Planning(HashMap<RunId, Seen>);

/// The people of one run, by a keyed hash of their external ids. Of 32 bits, so that a million people take 20 MiB: a few
/// hundred of them share theirs with somebody.
#[derive(Debug)]
pub(crate) struct Seen {
    tenant: i64,
    hasher: RandomState,
    rows: HashMap<u32, u32>,
    /// Those whose hash another had before.
    others: HashMap<String, u32>,
    /// Rows and absences, and the bytes of their texts.
    held: u64,
    bytes: u64,
    /// Rows refer to others: who has a row keeps it.
    linked: bool,
}

impl Planning {
    /// What a run has, where this process has recorded its rows or read them.
    pub(crate) fn known(&mut self, run: RunId) -> Option<&mut Seen> {
        self.0.get_mut(&run)
    }

    /// Remembers what was read of a run.
    pub(crate) fn remember(&mut self, run: RunId, seen: Seen) -> &mut Seen {
        match self.0.entry(run) {
            Entry::Occupied(mut place) => {
                place.insert(seen);
                place.into_mut()
            }
            Entry::Vacant(place) => place.insert(seen),
        }
    }

    /// Forgets a run that is planned, or ended.
    pub(crate) fn forget(&mut self, run: RunId) {
        self.0.remove(&run);
    }

    /// Forgets a tenant's runs.
    pub(crate) fn forget_all(&mut self, tenant: i64) {
        self.0.retain(|_, seen| seen.tenant != tenant);
    }
}

impl Seen {
    /// Of a run of this tenant, before its first row.
    pub(crate) fn new(tenant: i64) -> Self {
        Self {
            tenant,
            hasher: RandomState::new(),
            rows: HashMap::new(),
            others: HashMap::new(),
            held: 0,
            bytes: 0,
            linked: false,
        }
    }

    /// Rows refer to others from now on.
    pub(crate) fn note_links(&mut self) {
        self.linked = true;
    }

    /// Rows refer to others.
    pub(crate) fn linked(&self) -> bool {
        self.linked
    }

    /// Counts what is about to be recorded. Refuses `plan-too-large`.
    pub(crate) fn admit(
        &mut self,
        rows: usize,
        bytes: usize,
        limits: PlanLimits,
    ) -> StoreResult<()> {
        let (held, all) = (self.held + rows as u64, self.bytes + bytes as u64);
        let (what, limit) = if held > limits.rows.min(u32::MAX.into()) {
            ("rows", limits.rows)
        } else if all > limits.bytes {
            ("bytes", limits.bytes)
        } else {
            (self.held, self.bytes) = (held, all);
            return Ok(());
        };
        Err(StoreError::refused(
            "plan-too-large",
            format!("the plan would hold more than {limit} {what}"),
            "Look whether base and filter give the people that are meant. If they do, read them in parts, leave out fields \
             with large values, or have the host's limits raised.",
        ))
    }

    /// Counts what is recorded already.
    pub(crate) fn note_held(&mut self, rows: u64, bytes: u64) {
        self.held += rows;
        self.bytes += bytes;
    }

    /// The row that a person may have; only the row itself says whether it is this person's.
    pub(crate) fn candidate(&self, external_id: &str) -> Option<u32> {
        let other = || self.rows.get(&self.hash(external_id));
        self.others.get(external_id).or_else(other).copied()
    }

    /// Notes a person's row.
    pub(crate) fn insert(&mut self, external_id: &str, sequence: i64) {
        let sequence = u32::try_from(sequence).unwrap_or(u32::MAX);
        match self.rows.entry(self.hash(external_id)) {
            Entry::Vacant(place) => {
                place.insert(sequence);
            }
            Entry::Occupied(_) => {
                self.others.insert(external_id.to_owned(), sequence);
            }
        }
    }

    fn hash(&self, external_id: &str) -> u32 {
        let hash = self.hasher.hash_one(external_id) & u64::from(u32::MAX);
        u32::try_from(hash).unwrap_or_default()
    }

    /// The rows that these people may have; none where one of them is among them twice. A row without a person is nobody's.
    pub(crate) fn candidates<'p>(
        &self,
        people: impl Iterator<Item = &'p str>,
    ) -> Option<Vec<(u32, &'p str)>> {
        let mut fresh = HashSet::new();
        let mut rows = Vec::new();
        for external_id in people.filter(|id| !id.is_empty()) {
            if !fresh.insert(external_id) {
                return None;
            }
            rows.extend(self.candidate(external_id).map(|row| (row, external_id)));
        }
        Some(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_found_again_and_a_stranger_is_not() {
        let mut seen = Seen::new(1);
        for n in 0..1_000 {
            seen.insert(&format!("id-{n}"), n);
        }
        assert_eq!(seen.candidate("id-7"), Some(7));
        assert_eq!(seen.candidate("id-1000"), None);
        seen.insert("id-7", 9);
        assert_eq!(
            seen.candidate("id-7"),
            Some(9),
            "as another person of the same hash would be"
        );
    }
}
