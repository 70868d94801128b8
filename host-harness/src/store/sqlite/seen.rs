//! Whose rows the runs being planned have.
//!
//! The database gets its index of a plan's people at the end, in order, which costs a quarter of keeping it from the
//! first row on. Until then a number a person in memory does; a host that dies while planning leaves no plan anyway.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use futures_util::TryStreamExt;
use sqlx::{Row, Sqlite, Transaction};

use super::open::{PlanLimits, unsigned};
use super::runs::{row_id, sequence_of};
use crate::ports::plan::RunId;
use crate::store::error::{StoreError, StoreResult};

/// The runs being planned.
#[derive(Debug, Default)]
pub(super) struct Planning(HashMap<RunId, Seen>);

/// The people of one run, by a keyed hash of their external ids. Of 32 bits, so that a million people take 20 MiB: a few
/// hundred of them share theirs with somebody.
#[derive(Debug)]
pub(super) struct Seen {
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
    /// What a run has; read from its rows where this process has not recorded them.
    pub(super) async fn of(
        &mut self,
        tx: &mut Transaction<'_, Sqlite>,
        tenant: i64,
        run: RunId,
        sequence: i64,
    ) -> StoreResult<&mut Seen> {
        match self.0.entry(run) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(place) => {
                let mut seen = Seen::new(tenant);
                seen.read(tx, run, sequence).await?;
                Ok(place.insert(seen))
            }
        }
    }

    /// Forgets a run that is planned, or ended.
    pub(super) fn forget(&mut self, run: RunId) {
        self.0.remove(&run);
    }

    /// Forgets a tenant's runs.
    pub(super) fn forget_all(&mut self, tenant: i64) {
        self.0.retain(|_, seen| seen.tenant != tenant);
    }
}

impl Seen {
    fn new(tenant: i64) -> Self {
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
    pub(super) fn note_links(&mut self) {
        self.linked = true;
    }

    /// Rows refer to others.
    pub(super) fn linked(&self) -> bool {
        self.linked
    }

    /// Counts what is about to be recorded. Refuses `plan-too-large`.
    pub(super) fn admit(
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

    async fn read(
        &mut self,
        tx: &mut Transaction<'_, Sqlite>,
        run: RunId,
        sequence: i64,
    ) -> StoreResult<()> {
        let mut rows = sqlx::query(
            "SELECT id, external_id, octet_length(external_id) + octet_length(dn) + octet_length(display)
                + octet_length(after) + coalesce(octet_length(before), 0)
                + coalesce(octet_length(pseudo), 0) + coalesce(octet_length(claims), 0)
                + coalesce(octet_length(problem), 0) + coalesce(octet_length(other), 0)
             FROM plan_row WHERE id > ?1 AND id <= ?2",
        )
        .bind(row_id(run, 0))
        .bind(row_id(run, sequence))
        .fetch(&mut **tx);
        while let Some(row) = rows.try_next().await? {
            let external_id: &str = row.try_get(1)?;
            if !external_id.is_empty() {
                self.insert(external_id, sequence_of(row.try_get(0)?));
            }
            self.held += 1;
            self.bytes += unsigned(row.try_get(2)?);
        }
        drop(rows);
        let absences = sqlx::query(
            "SELECT count(*), coalesce(sum(octet_length(external_id)), 0)
             FROM plan_absence WHERE run = ?1",
        )
        .bind(run.0)
        .fetch_one(&mut **tx)
        .await?;
        self.held += unsigned(absences.try_get(0)?);
        self.bytes += unsigned(absences.try_get(1)?);
        Ok(())
    }

    /// The row that a person may have; only the row itself says whether it is this person's.
    pub(super) fn candidate(&self, external_id: &str) -> Option<u32> {
        let other = || self.rows.get(&self.hash(external_id));
        self.others.get(external_id).or_else(other).copied()
    }

    /// Notes a person's row.
    pub(super) fn insert(&mut self, external_id: &str, sequence: i64) {
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

    /// Whether one of these people is among them twice, or has a row already.
    pub(super) async fn has_any<'p>(
        &self,
        tx: &mut Transaction<'_, Sqlite>,
        run: RunId,
        people: impl Iterator<Item = &'p str>,
    ) -> StoreResult<bool> {
        let mut fresh = HashSet::new();
        for external_id in people.filter(|id| !id.is_empty()) {
            if !fresh.insert(external_id) {
                return Ok(true);
            }
            if let Some(sequence) = self.candidate(external_id) {
                let same: bool = sqlx::query_scalar(
                    "SELECT EXISTS (SELECT 1 FROM plan_row WHERE id = ?1 AND external_id = ?2)",
                )
                .bind(row_id(run, i64::from(sequence)))
                .bind(external_id)
                .fetch_one(&mut **tx)
                .await?;
                if same {
                    return Ok(true);
                }
            }
        }
        Ok(false)
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
