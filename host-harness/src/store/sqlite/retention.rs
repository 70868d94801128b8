//! How long the rows of runs are kept.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Sqlite, Transaction};

use super::open::{Store, unsigned};
use super::runs::{keep_counts, row_id};
use crate::ports::TenantId;
use crate::ports::history::{DAYS, Pruned};
use crate::ports::plan::RunId;
use crate::store::error::StoreResult;
use crate::store::refused;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// Runs of a tenant that are over for long enough, and still have rows. The newest applied one is what the portal stands on.
const NEXT: &str = "SELECT r.id FROM run r INDEXED BY run_over
     WHERE r.tenant = ?1 AND r.ended_at < ?2
        AND r.status IN ('applied', 'failed', 'cancelled', 'abandoned', 'discarded')
        AND r.id IS NOT (SELECT max(id) FROM run WHERE tenant = ?1 AND status = 'applied')
        AND NOT EXISTS (SELECT 1 FROM pruned p WHERE p.run = r.id AND p.done = 1)
     ORDER BY r.id LIMIT 1";

/// Refuses a run whose rows are kept no longer.
pub(super) async fn has_rows(connection: &mut SqliteConnection, run: RunId) -> StoreResult<()> {
    if is_pruned(connection, run).await? {
        return Err(refused::rows_pruned(run));
    }
    Ok(())
}

async fn is_pruned(connection: &mut SqliteConnection, run: RunId) -> StoreResult<bool> {
    Ok(
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pruned WHERE run = ?1)")
            .bind(run.0)
            .fetch_one(connection)
            .await?,
    )
}

impl Store {
    pub(super) async fn retention(&self, tenant: &TenantId) -> StoreResult<u32> {
        let tenant = self.tenant(tenant).await?;
        let days: Option<i64> = sqlx::query_scalar("SELECT days FROM retention WHERE tenant = ?1")
            .bind(tenant)
            .fetch_optional(self.readers())
            .await?;
        Ok(days.map_or(DAYS, |days| u32::try_from(days).unwrap_or(DAYS)))
    }

    pub(super) async fn set_retention(&self, tenant: &TenantId, days: u32) -> StoreResult<()> {
        let tenant = self.tenant(tenant).await?;
        let mut tx = self.write().await?;
        sqlx::query(
            "INSERT INTO retention (tenant, days) VALUES (?1, ?2)
             ON CONFLICT DO UPDATE SET days = excluded.days",
        )
        .bind(tenant)
        .bind(i64::from(days))
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    pub(super) async fn tenants_to_prune(&self, now: i64) -> StoreResult<Vec<TenantId>> {
        let tenants = sqlx::query_as::<_, (i64, String, i64)>(
            "SELECT t.id, t.name, coalesce(r.days, ?1) FROM tenant t LEFT JOIN retention r ON r.tenant = t.id
             WHERE t.plugin IS NOT NULL AND coalesce(r.days, ?1) > 0 ORDER BY t.name",
        )
        .bind(i64::from(DAYS))
        .fetch_all(self.readers())
        .await?;
        let mut found = Vec::new();
        for (tenant, name, days) in tenants {
            let run: Option<i64> = sqlx::query_scalar(NEXT)
                .bind(tenant)
                .bind(now - days * DAY)
                .fetch_optional(self.readers())
                .await?;
            if run.is_some() {
                found.push(TenantId::new(name)?);
            }
        }
        Ok(found)
    }

    pub(super) async fn prune_rows(
        &self,
        tenant: &TenantId,
        now: i64,
        limit: u32,
    ) -> StoreResult<Pruned> {
        let nothing = Pruned {
            rows: 0,
            more: false,
        };
        let days = self.retention(tenant).await?;
        let tenant = self.tenant(tenant).await?;
        let mut tx = self.write().await?;
        let busy: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM run WHERE tenant = ?1 AND status IN ('planning', 'applying'))",
        )
        .bind(tenant)
        .fetch_one(&mut *tx)
        .await?;
        if days == 0 || busy {
            return Ok(nothing);
        }
        let run: Option<i64> = sqlx::query_scalar(NEXT)
            .bind(tenant)
            .bind(now - i64::from(days) * DAY)
            .fetch_optional(&mut *tx)
            .await?;
        let Some(run) = run.map(RunId) else {
            return Ok(nothing);
        };
        freeze(&mut tx, tenant, run, now).await?;
        let rows = remove(&mut tx, run, limit).await?;
        tx.commit().await?;
        Ok(Pruned { rows, more: true })
    }
}

/// Notes that a run's rows are kept no longer, with its counts as they are while all of them are there.
async fn freeze(
    tx: &mut Transaction<'_, Sqlite>,
    tenant: i64,
    run: RunId,
    now: i64,
) -> StoreResult<()> {
    if is_pruned(tx, run).await? {
        return Ok(());
    }
    keep_counts(tx, tenant, run).await?;
    sqlx::query("INSERT INTO pruned (run, at) VALUES (?1, ?2)")
        .bind(run.0)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Removes some of a run's rows, and what was said of them.
async fn remove(tx: &mut Transaction<'_, Sqlite>, run: RunId, limit: u32) -> StoreResult<u64> {
    let limit = i64::from(limit.max(1));
    let (mut removed, mut done) = (0, true);
    for statement in [
        "DELETE FROM plan_row WHERE id IN (SELECT id FROM plan_row WHERE id > ?1 AND id < ?2 LIMIT ?3)",
        "DELETE FROM row_outcome WHERE id IN (SELECT id FROM row_outcome WHERE id > ?1 AND id < ?2 LIMIT ?3)",
    ] {
        let gone = sqlx::query(statement)
            .bind(row_id(run, 0))
            .bind(row_id(RunId(run.0 + 1), 0))
            .bind(limit)
            .execute(&mut **tx)
            .await?
            .rows_affected();
        removed += gone;
        done &= gone < unsigned(limit);
    }
    for statement in [
        "DELETE FROM plan_person WHERE run = ?1 AND external_id IN
            (SELECT external_id FROM plan_person WHERE run = ?1 LIMIT ?2)",
        "DELETE FROM plan_absence WHERE run = ?1 AND external_id IN
            (SELECT external_id FROM plan_absence WHERE run = ?1 LIMIT ?2)",
    ] {
        let gone = sqlx::query(statement)
            .bind(run.0)
            .bind(limit)
            .execute(&mut **tx)
            .await?
            .rows_affected();
        removed += gone;
        done &= gone < unsigned(limit);
    }
    if done {
        sqlx::query("UPDATE pruned SET done = 1 WHERE run = ?1")
            .bind(run.0)
            .execute(&mut **tx)
            .await?;
    }
    Ok(removed)
}
