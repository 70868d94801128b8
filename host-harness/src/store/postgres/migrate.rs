//! Plans that give people other external ids and change nothing else.

use sqlx::{PgConnection, Postgres, Transaction};

use super::batch::Batch;
use crate::ports::plan::{MIGRATE_IDS, RunId};
use crate::store::error::StoreResult;
use crate::store::refused::not_only_ids;
use crate::store::standing::signed;

/// Whether a run is one.
pub(super) async fn is(connection: &mut PgConnection, run: RunId) -> StoreResult<bool> {
    Ok(
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM run WHERE id = $1 AND mode = $2)")
            .bind(run.0)
            .bind(MIGRATE_IDS)
            .fetch_one(connection)
            .await?,
    )
}

/// Checks that a plan changes external ids of people whom a sync brought, and nothing else.
///
/// # Errors
/// `bad-row` where it does.
pub(super) async fn only_ids(connection: &mut PgConnection, run: RunId) -> StoreResult<()> {
    let others: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM plan_absence WHERE run = $1)
            + (SELECT count(*) FROM plan_row r LEFT JOIN person_values v ON v.id = r.adopts
                WHERE r.run = $1 AND r.kind <> 4 AND (r.kind <> 1 OR r.adopts IS NULL
                    OR r.after <> '{}' OR r.role IS NOT NULL OR r.claims IS NOT NULL
                    OR coalesce(json_array_length(r.pseudo::json), 0) <> 1
                    OR r.other::json ->> 'external_id' = '' OR r.dn NOT IN ('', v.dn)))",
    )
    .bind(run.0)
    .fetch_one(connection)
    .await?;
    if others == 0 {
        Ok(())
    } else {
        Err(not_only_ids(others))
    }
}

/// Writes the new external ids of a batch to people who have them in the index already; says of how many. Nothing where
/// the run is an ordinary one.
pub(super) async fn rename(
    tx: &mut Transaction<'_, Postgres>,
    tenant: i64,
    run: RunId,
    batch: &Batch,
) -> StoreResult<Option<i64>> {
    if !is(tx, run).await? {
        return Ok(None);
    }
    let (ids, people) = batch.adoptions();
    sqlx::query(
        "UPDATE person p SET source_hash = r.source_hash
         FROM unnest($2::bigint[]) b (id) JOIN plan_row r ON r.id = b.id
         WHERE r.source_hash IS NOT NULL AND p.tenant = $1 AND p.origin = 1 AND p.key = r.external_id",
    )
    .bind(tenant)
    .bind(&ids)
    .execute(&mut **tx)
    .await?;
    let done = sqlx::query(
        "UPDATE person_values v SET key = r.external_id
         FROM unnest($1::bigint[], $2::bigint[]) b (id, person) JOIN plan_row r ON r.id = b.id
         WHERE v.id = b.person",
    )
    .bind(ids)
    .bind(people)
    .execute(&mut **tx)
    .await?;
    Ok(Some(signed(done.rows_affected())))
}

/// Where fields hold other people by their external ids, they go on holding those who have other ids now. All at once when
/// the run ends, since it reads the whole portal.
pub(super) async fn follow(
    connection: &mut PgConnection,
    tenant: i64,
    run: RunId,
) -> StoreResult<()> {
    if !is(connection, run).await? {
        return Ok(());
    }
    let fields: Vec<String> =
        sqlx::query_scalar("SELECT id FROM field WHERE tenant = $1 AND kind = 'person'")
            .bind(tenant)
            .fetch_all(&mut *connection)
            .await?;
    for field in fields {
        sqlx::query(
            "WITH renamed AS (SELECT r.other::json ->> 'external_id' AS old, r.external_id AS new
                FROM plan_row r JOIN person p ON p.tenant = $1 AND p.origin = 1
                    AND p.key = r.external_id AND p.id = r.adopts
                WHERE r.run = $2)
             UPDATE person_values v SET data = jsonb_set(v.data::jsonb, ARRAY[$3], to_jsonb(renamed.new))::text
             FROM renamed WHERE v.tenant = $1 AND renamed.old = v.data::json ->> $3",
        )
        .bind(tenant)
        .bind(run.0)
        .bind(field)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
