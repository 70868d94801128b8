//! Rows that take a person of the portal over: what is checked of them, and how the person gets the new external id.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Sqlite, Transaction};

use super::migrate;
use crate::ports::plan::RunId;
use crate::ports::tenants::HostSetting;
use crate::store::error::{StoreError, StoreResult, is_unique_violation};
use crate::store::refused::{adopted_twice, adoption_field, adoption_taken, bad_adoption};

/// What a statement that records rows can be refused for.
pub(super) fn or_taken(error: sqlx::Error) -> StoreError {
    if is_unique_violation(&error) {
        adopted_twice()
    } else {
        error.into()
    }
}

/// Checks a plan's adoptions against the portal and the settings, once the plan knows its people.
///
/// # Errors
/// `bad-row` where the settings allow none, where the portal has no such person or already one with the new id, or where
/// the person is not the one that the settings mean; `adoption-taken` where another row, or an absence, is about the person.
pub(super) async fn check(
    tx: &mut Transaction<'_, Sqlite>,
    tenant: i64,
    run: RunId,
) -> StoreResult<()> {
    if !any(tx, run).await? {
        return Ok(());
    }
    // A migration of ids takes over everybody whom it can, whatever the settings say of adoption.
    if !migrate::is(tx, run).await? {
        as_settings_say(tx, tenant, run).await?;
    }
    let strangers: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM plan_row r WHERE r.run = ?2 AND r.adopts IS NOT NULL AND (
            NOT EXISTS (SELECT 1 FROM person_values v WHERE v.id = r.adopts AND v.tenant = ?1
                AND iif(v.origin = 1, v.key, '') = r.other ->> 'external_id')
            OR EXISTS (SELECT 1 FROM person p
                WHERE p.tenant = ?1 AND p.origin = 1 AND p.key = r.external_id)))",
    )
    .bind(tenant)
    .bind(run.0)
    .fetch_one(&mut **tx)
    .await?;
    if strangers {
        return Err(bad_adoption(
            "takes over somebody who is not in the portal as it says",
        ));
    }
    let twice: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM plan_row r
            CROSS JOIN plan_person h ON h.run = ?1 AND h.external_id = r.other ->> 'external_id'
            CROSS JOIN plan_row q ON q.id = h.id AND q.kind <> 4
            WHERE r.run = ?1 AND r.adopts IS NOT NULL)
         OR EXISTS (SELECT 1 FROM plan_row r
            CROSS JOIN plan_absence a ON a.run = ?1 AND a.external_id = r.other ->> 'external_id'
            WHERE r.run = ?1 AND r.adopts IS NOT NULL)",
    )
    .bind(run.0)
    .fetch_one(&mut **tx)
    .await?;
    if twice {
        return Err(adoption_taken(
            "the plugin's plan takes somebody over and does something else with the same person",
        ));
    }
    Ok(())
}

/// Refuses adoptions that the settings do not allow, and those of other people than they mean.
async fn as_settings_say(
    tx: &mut Transaction<'_, Sqlite>,
    tenant: i64,
    run: RunId,
) -> StoreResult<()> {
    let settings: String = sqlx::query_scalar("SELECT settings FROM tenant WHERE id = ?1")
        .bind(tenant)
        .fetch_one(&mut **tx)
        .await?;
    let settings: Vec<HostSetting> = serde_json::from_str(&settings)?;
    let field = adoption_field(&settings)?;
    let others: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM plan_row r
            CROSS JOIN json_each(r.claims) j ON j.key = ?2
            WHERE r.run = ?1 AND r.adopts IS NOT NULL AND j.value IS NOT (SELECT u.value
                FROM unique_value u WHERE u.person = r.adopts AND u.field = ?2))",
    )
    .bind(run.0)
    .bind(field)
    .fetch_one(&mut **tx)
    .await?;
    if others {
        return Err(bad_adoption(
            "takes over somebody whom the settings do not mean",
        ));
    }
    Ok(())
}

/// Whether a plan takes anybody over.
pub(super) async fn any(connection: &mut SqliteConnection, run: RunId) -> StoreResult<bool> {
    Ok(sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM plan_row WHERE run = ?1 AND adopts IS NOT NULL)",
    )
    .bind(run.0)
    .fetch_one(connection)
    .await?)
}

/// Finds the people whom a batch takes over: nobody where the portal no longer has the person as the plan says.
pub(super) async fn find(
    tx: &mut Transaction<'_, Sqlite>,
    tenant: i64,
    run: RunId,
) -> StoreResult<()> {
    if !any(tx, run).await? {
        return Ok(());
    }
    sqlx::query(
        "UPDATE batch SET person = (SELECT v.id FROM plan_row r
            CROSS JOIN person_values v ON v.id = r.adopts AND v.tenant = ?1
            WHERE r.id = batch.id AND iif(v.origin = 1, v.key, '') = r.other ->> 'external_id'
                AND cast(v.id AS TEXT) = r.other ->> 'id'
                AND NOT EXISTS (SELECT 1 FROM person p
                    WHERE p.tenant = ?1 AND p.origin = 1 AND p.key = r.external_id))
         WHERE EXISTS (SELECT 1 FROM plan_row r WHERE r.id = batch.id AND r.adopts IS NOT NULL)",
    )
    .bind(tenant)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Gives the people whom a batch takes over their new external ids in the index; their values follow with the row's.
pub(super) async fn take_over(
    tx: &mut Transaction<'_, Sqlite>,
    tenant: i64,
    run: RunId,
) -> StoreResult<()> {
    if !any(tx, run).await? {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO person (tenant, origin, key, id, marks, role, source_hash, absent_since, review)
         SELECT ?1, 1, r.external_id, p.id, p.marks, p.role, p.source_hash, p.absent_since, p.review
         FROM batch b CROSS JOIN plan_row r ON r.id = b.id
         CROSS JOIN person_values v ON v.id = b.person
         CROSS JOIN person p ON p.tenant = ?1 AND p.origin = v.origin AND p.key = v.key
         WHERE r.adopts IS NOT NULL",
    )
    .bind(tenant)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "DELETE FROM person WHERE (tenant, origin, key) IN (SELECT v.tenant, v.origin, v.key
            FROM batch b CROSS JOIN plan_row r ON r.id = b.id
            CROSS JOIN person_values v ON v.id = b.person WHERE r.adopts IS NOT NULL)",
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
