//! People who could not be brought over, over the runs.

use futures_util::TryStreamExt;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite, Transaction};

use super::open::{Store, now_millis, signed, unsigned};
use super::rows::{MAX_ROWS, UNSYNCED_BYTES};
use super::runs::sequence_of;
use crate::contract::plan::UnsyncedRow;
use crate::ports::TenantId;
use crate::ports::history::{Cause, Failure};
use crate::ports::plan::RunId;
use crate::store::error::StoreResult;
use crate::store::failures::{Read, notes};
use crate::store::row::decode_unsynced;

/// Those whom the plan could not bring over, and those whose rows the portal refused. Nobody is both.
const NOTE: &str = "INSERT INTO failure (tenant, external_id, entry, dn, display, code, problem, other,
        first_at, first_run, last_at, last_run, attempts, said_by)
     SELECT ?1, r.external_id, iif(r.external_id = '', r.dn, ''), r.dn, r.display, f.problem ->> 'code',
        f.problem, f.other, ?3, ?2, ?3, ?2, 1, r.id
     FROM (SELECT id, problem, other FROM plan_row INDEXED BY plan_row_by_kind
            WHERE run = ?2 AND kind = 4 AND problem IS NOT NULL
        UNION ALL SELECT id, problem, other FROM row_outcome
            WHERE run = ?2 AND outcome = 'failed' AND problem IS NOT NULL) f
     CROSS JOIN plan_row r ON r.id = f.id
     WHERE true
     ON CONFLICT (tenant, external_id, entry) DO UPDATE SET
        dn = iif(excluded.dn = '', failure.dn, excluded.dn),
        display = iif(excluded.display = '', failure.display, excluded.display),
        code = excluded.code, problem = excluded.problem, other = excluded.other,
        attempts = failure.attempts + (failure.last_run <> excluded.last_run),
        last_at = excluded.last_at, last_run = excluded.last_run, said_by = excluded.said_by";

const CLOSE: &str = "DELETE FROM failure WHERE tenant = ?1 AND last_run <> ?2 AND iif(external_id = '',
        ?4 OR entry IN (SELECT dn FROM plan_row WHERE run = ?2 AND kind <> 4),
        ?3 OR EXISTS (SELECT 1 FROM plan_person h WHERE h.run = ?2 AND h.external_id = failure.external_id))";

/// With a run's end: whom it could not bring over, and who is so no longer.
pub(super) async fn note(
    tx: &mut Transaction<'_, Sqlite>,
    tenant: i64,
    run: RunId,
    mode: &str,
) -> StoreResult<()> {
    if !notes(mode) {
        return Ok(());
    }
    sqlx::query(NOTE)
        .bind(tenant)
        .bind(run.0)
        .bind(now_millis())
        .execute(&mut **tx)
        .await?;
    let proof: Option<String> = sqlx::query_scalar("SELECT proof FROM run WHERE id = ?1")
        .bind(run.0)
        .fetch_one(&mut **tx)
        .await?;
    let proof = proof.as_deref().map(serde_json::from_str).transpose()?;
    let read = Read::by(proof.as_ref());
    sqlx::query(CLOSE)
        .bind(tenant)
        .bind(run.0)
        .bind(read.named)
        .bind(read.nameless)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

impl Store {
    pub(super) async fn list_failures(
        &self,
        tenant: &TenantId,
        code: Option<&str>,
        after: u64,
        limit: u32,
    ) -> StoreResult<Vec<Failure>> {
        let tenant = self.tenant(tenant).await?;
        sqlx::query(
            "SELECT id, external_id, dn, display, problem, other, first_at, first_run, last_at, last_run, said_by, attempts
             FROM failure INDEXED BY failure_by_tenant
             WHERE tenant = ?1 AND id > ?2 AND (?3 IS NULL OR code = ?3) ORDER BY id LIMIT ?4",
        )
        .bind(tenant)
        .bind(signed(after))
        .bind(code)
        .bind(i64::from(limit.clamp(1, MAX_ROWS)))
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(read_failure)
        .collect()
    }

    pub(super) async fn failures_in_all(
        &self,
        tenant: &TenantId,
        code: Option<&str>,
    ) -> StoreResult<u64> {
        let tenant = self.tenant(tenant).await?;
        let count = sqlx::query_scalar(
            "SELECT count(*) FROM failure WHERE tenant = ?1 AND (?2 IS NULL OR code = ?2)",
        )
        .bind(tenant)
        .bind(code)
        .fetch_one(self.readers())
        .await?;
        Ok(unsigned(count))
    }

    pub(super) async fn causes_in_all(&self, tenant: &TenantId) -> StoreResult<Vec<Cause>> {
        let tenant = self.tenant(tenant).await?;
        sqlx::query(
            "SELECT f.problem, g.people FROM (SELECT count(*) AS people, min(id) AS id FROM failure INDEXED BY failure_by_tenant
                WHERE tenant = ?1 GROUP BY code) g
             JOIN failure f ON f.id = g.id ORDER BY g.people DESC, f.code",
        )
        .bind(tenant)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(read_cause)
        .collect()
    }

    pub(super) async fn causes_of(&self, tenant: &TenantId, run: RunId) -> StoreResult<Vec<Cause>> {
        self.one_run(tenant, run).await?;
        sqlx::query(
            "WITH said AS (
                SELECT problem FROM plan_row INDEXED BY plan_row_by_kind
                    WHERE run = ?1 AND kind = 4 AND problem IS NOT NULL
                UNION ALL SELECT problem FROM row_outcome
                    WHERE run = ?1 AND outcome = 'failed' AND problem IS NOT NULL)
             SELECT min(problem), count(*) AS people FROM said GROUP BY problem ->> 'code'
             ORDER BY people DESC, problem ->> 'code'",
        )
        .bind(run.0)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(read_cause)
        .collect()
    }

    pub(super) async fn list_open_unsynced(
        &self,
        tenant: &TenantId,
        after: u64,
        limit: u32,
    ) -> StoreResult<Vec<UnsyncedRow>> {
        let tenant = self.tenant(tenant).await?;
        let mut rows = sqlx::query(
            "SELECT f.id, f.external_id, f.dn, coalesce(r.after, '{}'), f.problem, f.other
             FROM failure f INDEXED BY failure_by_tenant LEFT JOIN plan_row r ON r.id = f.said_by
             WHERE f.tenant = ?1 AND f.id > ?2 ORDER BY f.id LIMIT ?3",
        )
        .bind(tenant)
        .bind(signed(after))
        .bind(i64::from(limit.clamp(1, MAX_ROWS)))
        .fetch(self.readers());
        let (mut found, mut bytes) = (Vec::new(), 0);
        while bytes <= UNSYNCED_BYTES
            && let Some(row) = rows.try_next().await?
        {
            bytes += row.try_get::<&str, _>(3)?.len();
            found.push(decode_unsynced(
                unsigned(row.try_get(0)?),
                row.try_get(1)?,
                row.try_get(2)?,
                row.try_get(3)?,
                row.try_get(4)?,
                row.try_get(5)?,
            )?);
        }
        Ok(found)
    }
}

fn read_cause(row: &SqliteRow) -> StoreResult<Cause> {
    Ok(Cause {
        problem: serde_json::from_str(row.try_get(0)?)?,
        people: unsigned(row.try_get(1)?),
    })
}

fn read_failure(row: &SqliteRow) -> StoreResult<Failure> {
    let other: Option<&str> = row.try_get(5)?;
    Ok(Failure {
        id: unsigned(row.try_get(0)?),
        external_id: row.try_get(1)?,
        dn: row.try_get(2)?,
        display: row.try_get(3)?,
        problem: serde_json::from_str(row.try_get(4)?)?,
        other: other.map(serde_json::from_str).transpose()?,
        first_at: row.try_get(6)?,
        first_run: RunId(row.try_get(7)?),
        last_at: row.try_get(8)?,
        last_run: RunId(row.try_get(9)?),
        sequence: unsigned(sequence_of(row.try_get(10)?)),
        attempts: unsigned(row.try_get(11)?),
    })
}
