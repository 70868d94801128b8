//! People who could not be brought over, over the runs.

use futures_util::TryStreamExt;
use sqlx::postgres::PgRow;
use sqlx::{Postgres, Row as _, Transaction};

use super::open::PostgresStore;
use super::rows::{MAX_ROWS, UNSYNCED_BYTES};
use super::text::{given, given_json, keep};
use crate::contract::plan::UnsyncedRow;
use crate::ports::TenantId;
use crate::ports::history::{Cause, Failure};
use crate::ports::plan::RunId;
use crate::store::error::StoreResult;
use crate::store::failures::{Read, notes};
use crate::store::row::decode_unsynced;
use crate::store::standing::{sequence_of, signed, unsigned};

/// Those whom the plan could not bring over, and those whose rows the portal refused. Nobody is both; of entries without an
/// id that are in it twice, the last counts.
const NOTE: &str = "INSERT INTO failure AS known (tenant, external_id, entry, dn, display, code, problem, other,
        first_at, first_run, last_at, last_run, attempts, said_by)
     SELECT $1::bigint, f.external_id, f.entry, f.dn, f.display, f.problem::json ->> 'code', f.problem, f.other,
        at.now, $2::bigint, at.now, $2::bigint, 1, f.id
     FROM (SELECT DISTINCT ON (r.external_id, CASE r.external_id WHEN '' THEN r.dn ELSE '' END)
            r.id, r.external_id, CASE r.external_id WHEN '' THEN r.dn ELSE '' END AS entry, r.dn, r.display, t.problem, t.other
        FROM (SELECT id, problem, other FROM plan_row WHERE run = $2 AND kind = 4 AND problem IS NOT NULL
            UNION ALL SELECT id, problem, other FROM row_outcome
                WHERE run = $2 AND outcome = 'failed' AND problem IS NOT NULL) t
        JOIN plan_row r ON r.id = t.id
        ORDER BY r.external_id, CASE r.external_id WHEN '' THEN r.dn ELSE '' END, r.id DESC) f
     CROSS JOIN (SELECT floor(extract(epoch FROM now()) * 1000)::bigint AS now) at
     ORDER BY f.id
     ON CONFLICT (tenant, external_id, hashtextextended(entry, 0), hashtextextended(entry, 1)) DO UPDATE SET
        dn = CASE excluded.dn WHEN '' THEN known.dn ELSE excluded.dn END,
        display = CASE excluded.display WHEN '' THEN known.display ELSE excluded.display END,
        code = excluded.code, problem = excluded.problem, other = excluded.other,
        attempts = known.attempts + 1,
        last_at = excluded.last_at, last_run = excluded.last_run, said_by = excluded.said_by";

const CLOSE: &str = "DELETE FROM failure f WHERE f.tenant = $1 AND f.last_run <> $2 AND CASE f.external_id WHEN ''
        THEN $4 OR f.entry IN (SELECT dn FROM plan_row WHERE run = $2 AND kind <> 4)
        ELSE $3 OR EXISTS (SELECT 1 FROM plan_person h WHERE h.run = $2 AND h.external_id = f.external_id) END";

/// With a run's end: whom it could not bring over, and who is so no longer.
pub(super) async fn note(
    tx: &mut Transaction<'_, Postgres>,
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
        .execute(&mut **tx)
        .await?;
    let proof: Option<String> = sqlx::query_scalar("SELECT proof FROM run WHERE id = $1")
        .bind(run.0)
        .fetch_one(&mut **tx)
        .await?;
    let proof = proof.map(given_json);
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

impl PostgresStore {
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
             FROM failure
             WHERE tenant = $1 AND id > $2 AND ($3::text IS NULL OR code = $3) ORDER BY id LIMIT $4",
        )
        .bind(tenant)
        .bind(signed(after))
        .bind(code.map(keep))
        .bind(i64::from(limit.clamp(1, MAX_ROWS)))
        .fetch_all(&mut *self.read().await?)
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
            "SELECT count(*) FROM failure WHERE tenant = $1 AND ($2::text IS NULL OR code = $2)",
        )
        .bind(tenant)
        .bind(code.map(keep))
        .fetch_one(&mut *self.read().await?)
        .await?;
        Ok(unsigned(count))
    }

    pub(super) async fn causes_in_all(&self, tenant: &TenantId) -> StoreResult<Vec<Cause>> {
        let tenant = self.tenant(tenant).await?;
        sqlx::query(
            "SELECT f.problem, g.people FROM (SELECT count(*) AS people, min(id) AS id FROM failure
                WHERE tenant = $1 GROUP BY code) g
             JOIN failure f ON f.id = g.id ORDER BY g.people DESC, f.code",
        )
        .bind(tenant)
        .fetch_all(&mut *self.read().await?)
        .await?
        .iter()
        .map(read_cause)
        .collect()
    }

    pub(super) async fn causes_of(&self, tenant: &TenantId, run: RunId) -> StoreResult<Vec<Cause>> {
        self.one_run(tenant, run).await?;
        sqlx::query(
            "WITH said AS (
                SELECT problem, problem::json ->> 'code' AS code FROM plan_row
                    WHERE run = $1 AND kind = 4 AND problem IS NOT NULL
                UNION ALL SELECT problem, problem::json ->> 'code' FROM row_outcome
                    WHERE run = $1 AND outcome = 'failed' AND problem IS NOT NULL)
             SELECT min(problem), count(*) AS people FROM said GROUP BY code ORDER BY people DESC, code COLLATE \"C\"",
        )
        .bind(run.0)
        .fetch_all(&mut *self.read().await?)
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
        let mut reader = self.read().await?;
        let mut rows = sqlx::query(
            "SELECT f.id, f.external_id, f.dn, coalesce(r.after, '{}'), f.problem, f.other
             FROM failure f LEFT JOIN plan_row r ON r.id = f.said_by
             WHERE f.tenant = $1 AND f.id > $2 ORDER BY f.id LIMIT $3",
        )
        .bind(tenant)
        .bind(signed(after))
        .bind(i64::from(limit.clamp(1, MAX_ROWS)))
        .fetch(&mut *reader);
        let (mut found, mut bytes) = (Vec::new(), 0);
        while bytes <= UNSYNCED_BYTES
            && let Some(row) = rows.try_next().await?
        {
            let after = given_json(row.try_get(3)?);
            bytes += after.len();
            found.push(decode_unsynced(
                unsigned(row.try_get(0)?),
                given(row.try_get(1)?),
                given(row.try_get(2)?),
                &after,
                Some(&given_json(row.try_get(4)?)),
                row.try_get::<Option<_>, _>(5)?.map(given_json).as_deref(),
            )?);
        }
        Ok(found)
    }
}

fn read_cause(row: &PgRow) -> StoreResult<Cause> {
    Ok(Cause {
        problem: serde_json::from_str(&given_json(row.try_get(0)?))?,
        people: unsigned(row.try_get(1)?),
    })
}

fn read_failure(row: &PgRow) -> StoreResult<Failure> {
    let problem = given_json(row.try_get(4)?);
    let other = row.try_get::<Option<_>, _>(5)?.map(given_json);
    Ok(Failure {
        id: unsigned(row.try_get(0)?),
        external_id: given(row.try_get(1)?),
        dn: given(row.try_get(2)?),
        display: given(row.try_get(3)?),
        problem: serde_json::from_str(&problem)?,
        other: other.as_deref().map(serde_json::from_str).transpose()?,
        first_at: row.try_get(6)?,
        first_run: RunId(row.try_get(7)?),
        last_at: row.try_get(8)?,
        last_run: RunId(row.try_get(9)?),
        sequence: unsigned(sequence_of(row.try_get(10)?)),
        attempts: unsigned(row.try_get(11)?),
    })
}
