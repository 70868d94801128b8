//! Listing a run's rows.

use futures_util::TryStreamExt;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::open::{Store, signed, unsigned};
use super::retention::has_rows;
use super::runs::{row_id, sequence_of, standing, without_outcome};
use crate::contract::plan::UnsyncedRow;
use crate::ports::TenantId;
use crate::ports::plan::{RowQuery, RunId, StoredRow};
use crate::store::error::StoreResult;
use crate::store::row::{Encoded, decode, decode_unsynced, kind_code};

pub(super) const MAX_ROWS: u32 = 1_000;
/// About how many bytes of values unsynced people come with at a time, of each statement.
pub(super) const UNSYNCED_BYTES: usize = 16 << 20;

/// One statement for each way in; the filters are the same in all of them.
macro_rules! rows_from {
    ($from:literal) => {
        concat!(
            "SELECT r.id, r.kind, r.external_id, r.dn, r.display, r.reason, r.source_hash, r.before,
                r.after, r.pseudo, r.role, r.claims, r.claimed, r.flags, r.problem, r.other, r.adopts,
                CASE WHEN r.kind = 4 THEN 'reported' WHEN o.outcome IS NOT NULL THEN o.outcome
                    WHEN r.id <= ?4 THEN 'applied' ELSE ?10 END AS state,
                o.problem AS outcome_problem, o.other AS outcome_other FROM ",
            $from,
            " AND r.id > ?2 AND r.id <= ?3
                AND (?5 IS NULL OR r.kind = ?5) AND (?6 IS NULL OR r.reason = ?6)
                AND (?7 IS NULL OR r.external_id = ?7 OR r.dn = ?7
                    OR instr(lower(r.display), lower(?7)) > 0)
                AND (?11 IS NULL OR r.external_id = ?11)
                AND (?8 IS NULL OR state = ?8)
             ORDER BY r.id LIMIT ?9"
        )
    };
}

const BY_SEQUENCE: &str =
    rows_from!("plan_row r LEFT JOIN row_outcome o ON o.id = r.id WHERE r.run = ?1");
const BY_KIND: &str = rows_from!(
    "plan_row r INDEXED BY plan_row_by_kind LEFT JOIN row_outcome o ON o.id = r.id
     WHERE r.run = ?1 AND r.kind = ?5"
);
const BY_PERSON: &str = rows_from!(
    "plan_person h CROSS JOIN plan_row r ON r.id = h.id LEFT JOIN row_outcome o ON o.id = r.id
     WHERE h.run = ?1 AND h.external_id = ?11"
);
const BY_REASON: &str = rows_from!(
    "plan_row r INDEXED BY plan_row_by_reason LEFT JOIN row_outcome o ON o.id = r.id
     WHERE r.run = ?1 AND r.reason = ?6"
);
const FAILED: &str = rows_from!(
    "row_outcome o CROSS JOIN plan_row r ON r.id = o.id WHERE o.run = ?1 AND o.outcome = 'failed'"
);

/// People whom the plan could not bring over.
const UNSYNCED: &str = "SELECT id, external_id, dn, after, problem, other
     FROM plan_row INDEXED BY plan_row_by_kind
     WHERE run = ?1 AND kind = 4 AND id > ?2 ORDER BY id LIMIT ?3";
/// People whose rows the portal refused, with its reason.
const REFUSED: &str = "SELECT r.id, r.external_id, r.dn, r.after, o.problem, o.other
     FROM row_outcome o CROSS JOIN plan_row r ON r.id = o.id
     WHERE o.run = ?1 AND o.outcome = 'failed' AND o.id > ?2 ORDER BY o.id LIMIT ?3";

impl Store {
    pub(super) async fn list_rows(
        &self,
        tenant: &TenantId,
        run: RunId,
        query: &RowQuery,
        after: u64,
        limit: u32,
    ) -> StoreResult<Vec<StoredRow>> {
        let tenant = self.tenant(tenant).await?;
        let mut tx = self.readers().begin().await?;
        let now = standing(&mut tx, tenant, run).await?;
        has_rows(&mut tx, run).await?;
        let statement = if query.outcome.as_deref() == Some("failed") {
            FAILED
        } else if query.external_id.is_some() && now.digest.is_some() {
            BY_PERSON
        } else if query.reason.is_some() {
            BY_REASON
        } else if query.kind.is_some() {
            BY_KIND
        } else {
            BY_SEQUENCE
        };
        sqlx::query(statement)
            .bind(run.0)
            .bind(row_id(run, signed(after).min(now.sequence)))
            .bind(row_id(run, now.sequence))
            .bind(row_id(run, now.cursor))
            .bind(query.kind.map(kind_code))
            .bind(query.reason.as_deref())
            .bind(query.person.as_deref())
            .bind(query.outcome.as_deref())
            .bind(i64::from(limit.clamp(1, MAX_ROWS)))
            .bind(without_outcome(now.status))
            .bind(query.external_id.as_deref())
            .fetch_all(&mut *tx)
            .await?
            .iter()
            .map(read_row)
            .collect()
    }

    pub(super) async fn list_unsynced(
        &self,
        tenant: &TenantId,
        run: RunId,
        after: u64,
        limit: u32,
    ) -> StoreResult<Vec<UnsyncedRow>> {
        let tenant = self.tenant(tenant).await?;
        let mut tx = self.readers().begin().await?;
        let now = standing(&mut tx, tenant, run).await?;
        has_rows(&mut tx, run).await?;
        let (mut found, mut until) = (Vec::new(), u64::MAX);
        for statement in [UNSYNCED, REFUSED] {
            let mut rows = sqlx::query(statement)
                .bind(run.0)
                .bind(row_id(run, signed(after).min(now.sequence)))
                .bind(i64::from(limit.clamp(1, MAX_ROWS)))
                .fetch(&mut *tx);
            let mut bytes = 0;
            while let Some(row) = rows.try_next().await? {
                let sequence = unsigned(sequence_of(row.try_get(0)?));
                if bytes > UNSYNCED_BYTES {
                    until = until.min(sequence);
                    break;
                }
                bytes += row.try_get::<&str, _>(3)?.len();
                found.push(decode_unsynced(
                    sequence,
                    row.try_get(1)?,
                    row.try_get(2)?,
                    row.try_get(3)?,
                    row.try_get(4)?,
                    row.try_get(5)?,
                )?);
            }
        }
        found.retain(|row: &UnsyncedRow| row.sequence < until);
        found.sort_by_key(|row| row.sequence);
        found.truncate(limit.clamp(1, MAX_ROWS) as usize);
        Ok(found)
    }
}

fn read_row(row: &SqliteRow) -> StoreResult<StoredRow> {
    let problem: Option<&str> = row.try_get("outcome_problem")?;
    let other: Option<&str> = row.try_get("outcome_other")?;
    Ok(StoredRow {
        sequence: unsigned(sequence_of(row.try_get("id")?)),
        row: decode(Encoded {
            kind: row.try_get("kind")?,
            external_id: row.try_get("external_id")?,
            dn: row.try_get("dn")?,
            display: row.try_get("display")?,
            reason: row.try_get("reason")?,
            source_hash: row.try_get("source_hash")?,
            before: row.try_get("before")?,
            after: row.try_get("after")?,
            pseudo: row.try_get("pseudo")?,
            role: row.try_get("role")?,
            claims: row.try_get("claims")?,
            claimed: row.try_get("claimed")?,
            flags: row.try_get("flags")?,
            problem: row.try_get("problem")?,
            other: row.try_get("other")?,
            adopts: row.try_get("adopts")?,
        })?,
        outcome: row.try_get("state")?,
        outcome_problem: problem.map(serde_json::from_str).transpose()?,
        outcome_other: other.map(serde_json::from_str).transpose()?,
    })
}
