//! Plans that give people other external ids and change nothing else.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Sqlite, Transaction};

use super::open::signed;
use crate::ports::plan::{MIGRATE_IDS, RunId};
use crate::store::error::StoreResult;
use crate::store::refused::not_only_ids;

/// Whether a run is one.
pub(super) async fn is(connection: &mut SqliteConnection, run: RunId) -> StoreResult<bool> {
    Ok(
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM run WHERE id = ?1 AND mode = ?2)")
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
pub(super) async fn only_ids(connection: &mut SqliteConnection, run: RunId) -> StoreResult<()> {
    let others: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM plan_absence WHERE run = ?1)
            + (SELECT count(*) FROM plan_row r LEFT JOIN person_values v ON v.id = r.adopts
                WHERE r.run = ?1 AND r.kind <> 4 AND (r.kind <> 1 OR r.adopts IS NULL
                    OR r.after <> '{}' OR r.role IS NOT NULL OR r.claims IS NOT NULL
                    OR json_array_length(r.pseudo) <> 1 OR r.other ->> 'external_id' = ''
                    OR r.dn NOT IN ('', v.dn)))",
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
    tx: &mut Transaction<'_, Sqlite>,
    tenant: i64,
    run: RunId,
) -> StoreResult<Option<i64>> {
    if !is(tx, run).await? {
        return Ok(None);
    }
    sqlx::query(
        "INSERT INTO person (tenant, origin, key, id, marks, role, source_hash)
         SELECT ?1, 1, r.external_id, v.id, 0, '', r.source_hash
         FROM batch b CROSS JOIN plan_row r ON r.id = b.id
         CROSS JOIN person_values v ON v.id = b.person
         WHERE r.source_hash IS NOT NULL
         ON CONFLICT (tenant, origin, key) DO UPDATE SET source_hash = excluded.source_hash",
    )
    .bind(tenant)
    .execute(&mut **tx)
    .await?;
    let done = sqlx::query(
        "UPDATE person_values SET key = r.external_id
         FROM batch b CROSS JOIN plan_row r ON r.id = b.id WHERE person_values.id = b.person",
    )
    .execute(&mut **tx)
    .await?;
    Ok(Some(signed(done.rows_affected())))
}

/// Where fields hold other people by their external ids, they go on holding those who have other ids now. All at once when
/// the run ends, since it reads the whole portal.
pub(super) async fn follow(
    connection: &mut SqliteConnection,
    tenant: i64,
    run: RunId,
) -> StoreResult<()> {
    if !is(connection, run).await? {
        return Ok(());
    }
    let paths: Vec<String> = sqlx::query_scalar(
        "SELECT '$.\"' || id || '\"' FROM field WHERE tenant = ?1 AND kind = 'person'",
    )
    .bind(tenant)
    .fetch_all(&mut *connection)
    .await?;
    if paths.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "CREATE TEMP TABLE IF NOT EXISTS renamed (old TEXT PRIMARY KEY, new TEXT NOT NULL) WITHOUT ROWID",
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO renamed (old, new) SELECT r.other ->> 'external_id', r.external_id FROM plan_row r
         CROSS JOIN person p ON p.tenant = ?1 AND p.origin = 1 AND p.key = r.external_id AND p.id = r.adopts
         WHERE r.run = ?2",
    )
    .bind(tenant)
    .bind(run.0)
    .execute(&mut *connection)
    .await?;
    for path in paths {
        sqlx::query(
            "UPDATE person_values SET data = json_set(data, ?2,
                (SELECT new FROM renamed WHERE old = data ->> ?2))
             WHERE tenant = ?1 AND EXISTS (SELECT 1 FROM renamed WHERE old = data ->> ?2)",
        )
        .bind(tenant)
        .bind(path)
        .execute(&mut *connection)
        .await?;
    }
    sqlx::query("DELETE FROM renamed")
        .execute(connection)
        .await?;
    Ok(())
}
