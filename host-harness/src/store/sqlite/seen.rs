//! Whose rows the runs being planned have.
//!
//! The database gets its index of a plan's people at the end, in order, which costs a quarter of keeping it from the
//! first row on. Until then a number a person in memory does; a host that dies while planning leaves no plan anyway.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use futures_util::TryStreamExt;
use sqlx::{Row, Sqlite, Transaction};

use super::runs::{row_id, sequence_of};
use crate::ports::plan::RunId;
use crate::store::error::StoreResult;

/// The runs being planned.
#[derive(Debug, Default)]
pub(super) struct Planning(HashMap<RunId, Seen>);

/// The people of one run, by a keyed hash of their external ids.
#[derive(Debug)]
pub(super) struct Seen {
    tenant: i64,
    hasher: RandomState,
    rows: HashMap<u64, u32>,
    /// Those whose hash another had before.
    others: HashMap<String, u32>,
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
        }
    }

    async fn read(
        &mut self,
        tx: &mut Transaction<'_, Sqlite>,
        run: RunId,
        sequence: i64,
    ) -> StoreResult<()> {
        let mut rows = sqlx::query(
            "SELECT id, external_id FROM plan_row
             WHERE id > ?1 AND id <= ?2 AND external_id <> ''",
        )
        .bind(row_id(run, 0))
        .bind(row_id(run, sequence))
        .fetch(&mut **tx);
        while let Some(row) = rows.try_next().await? {
            self.insert(row.try_get(1)?, sequence_of(row.try_get(0)?));
        }
        Ok(())
    }

    /// The row that a person may have; only the row itself says whether it is this person's.
    pub(super) fn candidate(&self, external_id: &str) -> Option<u32> {
        let other = || self.rows.get(&self.hasher.hash_one(external_id));
        self.others.get(external_id).or_else(other).copied()
    }

    /// Notes a person's row.
    pub(super) fn insert(&mut self, external_id: &str, sequence: i64) {
        let sequence = u32::try_from(sequence).unwrap_or(u32::MAX);
        let hash = self.hasher.hash_one(external_id);
        match self.rows.entry(hash) {
            Entry::Vacant(place) => {
                place.insert(sequence);
            }
            Entry::Occupied(_) => {
                self.others.insert(external_id.to_owned(), sequence);
            }
        }
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
