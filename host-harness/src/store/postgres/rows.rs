//! Listing a run's rows.

use futures_util::TryStreamExt;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::open::PostgresStore;
use super::retention::has_rows;
use super::runs::standing;
use super::text::{given, given_json, keep};
use crate::contract::plan::UnsyncedRow;
use crate::ports::TenantId;
use crate::ports::plan::{RowQuery, RunId, StoredRow};
use crate::store::error::StoreResult;
use crate::store::row::{Encoded, decode, decode_unsynced, kind_code};
use crate::store::standing::{row_id, sequence_of, signed, unsigned, without_outcome};

pub(super) const MAX_ROWS: u32 = 1_000;
/// About how many bytes of values unsynced people come with at a time, of each statement.
pub(super) const UNSYNCED_BYTES: usize = 16 << 20;

/// One statement for each way in; the filters are the same in all of them.
macro_rules! rows_from {
    ($from:literal) => {
        concat!(
            "SELECT * FROM (SELECT r.*,
                CASE WHEN r.kind = 4 THEN 'reported' WHEN o.outcome IS NOT NULL THEN o.outcome
                    WHEN r.id <= $4 THEN 'applied' ELSE $10 END AS state,
                o.problem AS outcome_problem, o.other AS outcome_other FROM ",
            $from,
            " WHERE r.run = $1 AND r.id > $2 AND r.id <= $3
                AND ($5::bigint IS NULL OR r.kind = $5) AND ($6::text IS NULL OR r.reason = $6)
                AND ($7::text IS NULL OR r.external_id = $7 OR r.dn = $7
                    OR position(lower($7 COLLATE \"C\") IN lower(r.display)) > 0)
                AND ($11::text IS NULL OR r.external_id = $11)) r
             WHERE $8::text IS NULL OR r.state = $8
             ORDER BY r.id LIMIT $9"
        )
    };
}

const ROWS: &str = rows_from!("plan_row r LEFT JOIN row_outcome o ON o.id = r.id");
const BY_PERSON: &str = rows_from!(
    "(SELECT id FROM plan_person WHERE run = $1 AND external_id = $11) h
     JOIN plan_row r ON r.id = h.id LEFT JOIN row_outcome o ON o.id = r.id"
);
const FAILED: &str = rows_from!(
    "(SELECT * FROM row_outcome WHERE run = $1 AND outcome = 'failed') o
     JOIN plan_row r ON r.id = o.id"
);

/// People whom the plan could not bring over.
const UNSYNCED: &str = "SELECT id, external_id, dn, after, problem, other FROM plan_row
     WHERE run = $1 AND kind = 4 AND id > $2 ORDER BY id LIMIT $3";
/// People whose rows the portal refused, with its reason.
const REFUSED: &str = "SELECT r.id, r.external_id, r.dn, r.after, o.problem, o.other
     FROM row_outcome o JOIN plan_row r ON r.id = o.id
     WHERE o.run = $1 AND o.outcome = 'failed' AND o.id > $2 ORDER BY o.id LIMIT $3";

impl PostgresStore {
    pub(super) async fn list_rows(
        &self,
        tenant: &TenantId,
        run: RunId,
        query: &RowQuery,
        after: u64,
        limit: u32,
    ) -> StoreResult<Vec<StoredRow>> {
        let tenant = self.tenant(tenant).await?;
        let mut tx = self.snapshot().await?;
        let now = standing(&mut tx, tenant, run).await?;
        has_rows(&mut tx, run).await?;
        let statement = if query.outcome.as_deref() == Some("failed") {
            FAILED
        } else if query.external_id.is_some() && now.digest.is_some() {
            BY_PERSON
        } else {
            ROWS
        };
        sqlx::query(statement)
            .bind(run.0)
            .bind(row_id(run, signed(after).min(now.sequence)))
            .bind(row_id(run, now.sequence))
            .bind(row_id(run, now.cursor))
            .bind(query.kind.map(kind_code))
            .bind(query.reason.as_deref().map(keep))
            .bind(query.person.as_deref().map(keep))
            .bind(query.outcome.as_deref().map(keep))
            .bind(i64::from(limit.clamp(1, MAX_ROWS)))
            .bind(without_outcome(now.status))
            .bind(query.external_id.as_deref().map(keep))
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
        let mut tx = self.snapshot().await?;
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
                let after = given_json(row.try_get(3)?);
                bytes += after.len();
                found.push(decode_unsynced(
                    sequence,
                    given(row.try_get(1)?),
                    given(row.try_get(2)?),
                    &after,
                    row.try_get::<Option<_>, _>(4)?.map(given_json).as_deref(),
                    row.try_get::<Option<_>, _>(5)?.map(given_json).as_deref(),
                )?);
            }
        }
        found.retain(|row: &UnsyncedRow| row.sequence < until);
        found.sort_by_key(|row| row.sequence);
        found.truncate(limit.clamp(1, MAX_ROWS) as usize);
        Ok(found)
    }
}

/// A row as it was recorded, from columns of these names.
pub(super) fn read_encoded(row: &PgRow) -> StoreResult<Encoded> {
    let text = |column: &str| row.try_get(column).map(given);
    let json = |column: &str| {
        row.try_get::<Option<String>, _>(column)
            .map(|text| text.map(given_json))
    };
    Ok(Encoded {
        kind: row.try_get("kind")?,
        external_id: text("external_id")?,
        dn: text("dn")?,
        display: text("display")?,
        reason: text("reason")?,
        source_hash: row.try_get("source_hash")?,
        before: json("before")?,
        after: given_json(row.try_get("after")?),
        pseudo: json("pseudo")?,
        role: row.try_get::<Option<_>, _>("role")?.map(given),
        claims: json("claims")?,
        claimed: row.try_get("claimed")?,
        flags: row.try_get("flags")?,
        problem: json("problem")?,
        other: json("other")?,
        adopts: row.try_get("adopts")?,
    })
}

fn read_row(row: &PgRow) -> StoreResult<StoredRow> {
    let told = |column: &str| {
        row.try_get::<Option<String>, _>(column)
            .map(|text| text.map(given_json))
    };
    let (problem, other) = (told("outcome_problem")?, told("outcome_other")?);
    Ok(StoredRow {
        sequence: unsigned(sequence_of(row.try_get("id")?)),
        row: decode(read_encoded(row)?)?,
        outcome: row.try_get("state")?,
        outcome_problem: problem.as_deref().map(serde_json::from_str).transpose()?,
        outcome_other: other.as_deref().map(serde_json::from_str).transpose()?,
    })
}
