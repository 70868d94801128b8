//! Rows that take a person of the portal over: what is checked of them, and how the person gets the new external id.

use sqlx::{Postgres, Transaction};

use super::batch::Batch;
use super::migrate;
use super::text::given_json;
use super::unique::key_of;
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
    tx: &mut Transaction<'_, Postgres>,
    tenant: i64,
    run: RunId,
) -> StoreResult<()> {
    let any: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM plan_row WHERE run = $1 AND adopts IS NOT NULL)",
    )
    .bind(run.0)
    .fetch_one(&mut **tx)
    .await?;
    if !any {
        return Ok(());
    }
    // A migration of ids takes over everybody whom it can, whatever the settings say of adoption.
    if !migrate::is(tx, run).await? {
        as_settings_say(tx, tenant, run).await?;
    }
    let strangers: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM plan_row r WHERE r.run = $2 AND r.adopts IS NOT NULL AND (
            NOT EXISTS (SELECT 1 FROM person_values v WHERE v.id = r.adopts AND v.tenant = $1
                AND CASE v.origin WHEN 1 THEN v.key ELSE '' END = r.other::json ->> 'external_id')
            OR EXISTS (SELECT 1 FROM person p
                WHERE p.tenant = $1 AND p.origin = 1 AND p.key = r.external_id)))",
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
            JOIN plan_person h ON h.run = $1 AND h.external_id = r.other::json ->> 'external_id'
            JOIN plan_row q ON q.id = h.id AND q.kind <> 4
            WHERE r.run = $1 AND r.adopts IS NOT NULL)
         OR EXISTS (SELECT 1 FROM plan_row r
            JOIN plan_absence a ON a.run = $1 AND a.external_id = r.other::json ->> 'external_id'
            WHERE r.run = $1 AND r.adopts IS NOT NULL)",
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
    tx: &mut Transaction<'_, Postgres>,
    tenant: i64,
    run: RunId,
) -> StoreResult<()> {
    let settings: String = sqlx::query_scalar("SELECT settings FROM tenant WHERE id = $1")
        .bind(tenant)
        .fetch_one(&mut **tx)
        .await?;
    let settings: Vec<HostSetting> = serde_json::from_str(&given_json(settings))?;
    let field = adoption_field(&settings)?;
    let others: bool = sqlx::query_scalar(concat!(
        "SELECT EXISTS (SELECT 1 FROM plan_row r
            JOIN LATERAL json_each_text(r.claims::json) j ON j.key = $2
            WHERE r.run = $1 AND r.adopts IS NOT NULL AND ",
        key_of!("j.value"),
        " IS DISTINCT FROM (SELECT u.value
                FROM unique_value u WHERE u.person = r.adopts AND u.field = $2))",
    ))
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

/// Gives the people whom a batch takes over their new external ids in the index; their values follow with the row's.
pub(super) async fn take_over(
    tx: &mut Transaction<'_, Postgres>,
    tenant: i64,
    batch: &Batch,
) -> StoreResult<()> {
    let (ids, people) = batch.adoptions();
    if ids.is_empty() {
        return Ok(());
    }
    // The old key is read before this statement's own deletion, which no part of it sees.
    sqlx::query(
        "WITH taken AS (SELECT r.external_id, v.origin, v.key
            FROM unnest($2::bigint[], $3::bigint[]) b (id, person)
            JOIN plan_row r ON r.id = b.id JOIN person_values v ON v.id = b.person),
         gone AS (DELETE FROM person p USING taken t
            WHERE p.tenant = $1 AND p.origin = t.origin AND p.key = t.key
            RETURNING t.external_id, p.id, p.marks, p.role, p.source_hash, p.absent_since, p.review)
         INSERT INTO person (tenant, origin, key, id, marks, role, source_hash, absent_since, review)
         SELECT $1, 1, external_id, id, marks, role, source_hash, absent_since, review FROM gone",
    )
    .bind(tenant)
    .bind(ids)
    .bind(people)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
