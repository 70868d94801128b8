//! Runs that wait for a host, and when each tenant is due.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};

use super::open::{Store, now_millis, unsigned};
use super::runs::{standing, wrong_status};
use super::state::change;
use crate::contract::state::Operation;
use crate::ports::plan::RunStatus;
use crate::ports::queue::{Ask, Due, Heard, Queue, Wanted, Work};
use crate::ports::{Outcome, RunId, TenantId};
use crate::store::error::StoreResult;
use crate::store::refused::{not_planned, of_wish};
use crate::store::values::json;

#[async_trait]
impl Queue for Store {
    async fn ask(&self, tenant: &TenantId, ask: &Ask) -> Outcome<RunId> {
        Ok(self.ask_run(tenant, ask).await?)
    }

    async fn known(&self, tenant: &TenantId, key: &str, wish: &str) -> Outcome<Option<RunId>> {
        Ok(self.run_of_key(tenant, key, wish).await?)
    }

    async fn remember(&self, tenant: &TenantId, key: &str, wish: &str, run: RunId) -> Outcome<()> {
        Ok(self.remember_key(tenant, key, wish, run).await?)
    }

    async fn ask_again(&self, tenant: &TenantId, run: RunId, ask: &Ask) -> Outcome<Option<RunId>> {
        Ok(self.ask_run_again(tenant, run, ask).await?)
    }

    async fn ask_apply(&self, tenant: &TenantId, run: RunId) -> Outcome<()> {
        Ok(self.release_run(tenant, run).await?)
    }

    async fn waiting(&self, now: i64, limit: u32) -> Outcome<Vec<Work>> {
        Ok(self.waiting_runs(now, limit).await?)
    }

    async fn backlog(&self, now: i64) -> Outcome<(u64, Option<i64>)> {
        Ok(self.count_waiting(now).await?)
    }

    async fn stop(&self, tenant: &TenantId, run: RunId) -> Outcome<()> {
        Ok(self.stop_run(tenant, run).await?)
    }

    async fn tell(&self, tenant: &TenantId, run: RunId, heard: &Heard) -> Outcome<bool> {
        Ok(self.tell_of_run(tenant, run, heard).await?)
    }

    async fn heard(&self, tenant: &TenantId, run: RunId) -> Outcome<Option<Heard>> {
        Ok(self.heard_of_run(tenant, run).await?)
    }

    async fn asked(&self, tenant: &TenantId, run: RunId) -> Outcome<Option<Ask>> {
        Ok(self.ask_of_run(tenant, run).await?)
    }

    async fn goes_on(&self, tenant: &TenantId, run: RunId) -> Outcome<bool> {
        Ok(self.run_goes_on(tenant, run).await?)
    }

    async fn set_due(
        &self,
        tenant: &TenantId,
        at: Option<i64>,
        changed: &[Operation],
    ) -> Outcome<()> {
        Ok(self.note_due(tenant, at, changed).await?)
    }

    async fn due_at(&self, tenant: &TenantId) -> Outcome<Option<i64>> {
        Ok(self.next_due(tenant).await?)
    }

    async fn due(&self, now: i64, limit: u32) -> Outcome<Vec<Due>> {
        Ok(self.tenants_due(now, limit).await?)
    }

    async fn meet(&self, due: &Due, next: Option<i64>, ask: &Ask) -> Outcome<Option<RunId>> {
        Ok(self.meet_due(due, next, ask).await?)
    }
}

impl Store {
    async fn ask_run(&self, tenant: &TenantId, ask: &Ask) -> StoreResult<RunId> {
        let tenant = self.tenant(tenant).await?;
        let mut tx = self.write().await?;
        let run = queued(&mut tx, tenant, ask).await?;
        tx.commit().await?;
        Ok(run)
    }

    async fn run_of_key(
        &self,
        tenant: &TenantId,
        key: &str,
        wish: &str,
    ) -> StoreResult<Option<RunId>> {
        let same: Option<(i64, String)> = sqlx::query_as(
            "SELECT a.run, a.mode FROM ask a JOIN tenant t ON t.id = a.tenant WHERE t.name = ?1 AND a.key = ?2",
        )
        .bind(tenant.as_str())
        .bind(key)
        .fetch_optional(self.readers())
        .await?;
        same.map(|same| of_wish(same, wish)).transpose()
    }

    async fn remember_key(
        &self,
        tenant: &TenantId,
        key: &str,
        wish: &str,
        run: RunId,
    ) -> StoreResult<()> {
        let tenant = self.tenant(tenant).await?;
        let mut tx = self.write().await?;
        if let Some(same) = same_key(&mut tx, tenant, key).await? {
            of_wish(same, wish)?;
        } else {
            note_key(&mut tx, tenant, key, wish, run).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn ask_run_again(
        &self,
        tenant: &TenantId,
        run: RunId,
        ask: &Ask,
    ) -> StoreResult<Option<RunId>> {
        let tenant = self.tenant(tenant).await?;
        let mut tx = self.write().await?;
        let stop: Option<bool> =
            sqlx::query_scalar("SELECT stop FROM run WHERE tenant = ?1 AND id = ?2")
                .bind(tenant)
                .bind(run.0)
                .fetch_optional(&mut *tx)
                .await?;
        if stop.unwrap_or(true) {
            return Ok(None);
        }
        let again = queued(&mut tx, tenant, ask).await?;
        tx.commit().await?;
        Ok(Some(again))
    }

    async fn release_run(&self, tenant: &TenantId, run: RunId) -> StoreResult<()> {
        let tenant = self.tenant(tenant).await?;
        let mut tx = self.write().await?;
        let now = standing(&mut tx, tenant, run).await?;
        if !matches!(now.status, RunStatus::Planned | RunStatus::Applying) {
            return Err(not_planned(run));
        }
        sqlx::query("UPDATE run SET released = 1, stop = 0, asked_by = coalesce(asked_by, '') WHERE id = ?1")
            .bind(run.0)
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    async fn waiting_runs(&self, now: i64, limit: u32) -> StoreResult<Vec<Work>> {
        sqlx::query(
            "SELECT t.name, r.id, r.status, r.mode, r.asked_by, r.not_before, r.attempt, r.stop
             FROM run r JOIN tenant t ON t.id = r.tenant
             WHERE (r.status IN ('queued', 'applying', 'planning') OR r.status = 'planned' AND r.released = 1)
                AND r.not_before <= ?1 AND r.asked_by IS NOT NULL AND (r.stop = 0 OR r.status = 'planning')
             ORDER BY r.not_before, r.id LIMIT ?2",
        )
        .bind(now)
        .bind(i64::from(limit))
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(work)
        .collect()
    }

    async fn count_waiting(&self, now: i64) -> StoreResult<(u64, Option<i64>)> {
        let row = sqlx::query(
            "SELECT count(*), min(not_before) FROM run WHERE status = 'queued' AND not_before <= ?1",
        )
        .bind(now)
        .fetch_one(self.readers())
        .await?;
        Ok((unsigned(row.try_get(0)?), row.try_get(1)?))
    }

    async fn stop_run(&self, tenant: &TenantId, run: RunId) -> StoreResult<()> {
        let tenant = self.tenant(tenant).await?;
        let mut tx = self.write().await?;
        let now = standing(&mut tx, tenant, run).await?;
        let status = match now.status {
            RunStatus::Queued => RunStatus::Cancelled,
            RunStatus::Planning | RunStatus::Applying => now.status,
            over => return Err(wrong_status(run, over, "under way")),
        };
        sqlx::query(
            "UPDATE run SET stop = 1, status = ?2, ended_at = iif(?2 = 'cancelled', ?3, ended_at) WHERE id = ?1",
        )
        .bind(run.0)
        .bind(status.name())
        .bind(now_millis())
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    async fn tell_of_run(&self, tenant: &TenantId, run: RunId, heard: &Heard) -> StoreResult<bool> {
        let tenant = self.tenant(tenant).await?;
        let mut tx = self.write().await?;
        let stop: Option<bool> = sqlx::query_scalar(
            "UPDATE run SET heard = ?3 WHERE tenant = ?1 AND id = ?2 RETURNING stop",
        )
        .bind(tenant)
        .bind(run.0)
        .bind(json(heard))
        .fetch_optional(&mut *tx)
        .await?;
        tx.commit().await?;
        // A run that was removed with its tenant is wanted by nobody.
        Ok(stop.unwrap_or(true))
    }

    async fn heard_of_run(&self, tenant: &TenantId, run: RunId) -> StoreResult<Option<Heard>> {
        let tenant = self.tenant(tenant).await?;
        let heard: Option<Option<String>> =
            sqlx::query_scalar("SELECT heard FROM run WHERE tenant = ?1 AND id = ?2")
                .bind(tenant)
                .bind(run.0)
                .fetch_optional(self.readers())
                .await?;
        let heard = heard.flatten();
        Ok(heard.map(|text| serde_json::from_str(&text)).transpose()?)
    }

    async fn ask_of_run(&self, tenant: &TenantId, run: RunId) -> StoreResult<Option<Ask>> {
        let tenant = self.tenant(tenant).await?;
        sqlx::query(
            "SELECT mode, asked_by, not_before, attempt FROM run
             WHERE tenant = ?1 AND id = ?2 AND asked_by <> ''",
        )
        .bind(tenant)
        .bind(run.0)
        .fetch_optional(self.readers())
        .await?
        .map(|row| ask(&row, 0))
        .transpose()
    }

    async fn run_goes_on(&self, tenant: &TenantId, run: RunId) -> StoreResult<bool> {
        let tenant = self.tenant(tenant).await?;
        let goes_on: Option<bool> = sqlx::query_scalar(
            "SELECT status IN ('queued', 'planning', 'applying') OR status = 'planned' AND released = 1 AND stop = 0
             FROM run WHERE tenant = ?1 AND id = ?2",
        )
        .bind(tenant)
        .bind(run.0)
        .fetch_optional(self.readers())
        .await?;
        Ok(goes_on.unwrap_or(false))
    }

    async fn note_due(
        &self,
        tenant: &TenantId,
        at: Option<i64>,
        changed: &[Operation],
    ) -> StoreResult<()> {
        let tenant = self.tenant(tenant).await?;
        let mut tx = self.write().await?;
        change(&mut tx, tenant, changed).await?;
        set_due(&mut tx, tenant, at).await?;
        Ok(tx.commit().await?)
    }

    async fn next_due(&self, tenant: &TenantId) -> StoreResult<Option<i64>> {
        let tenant = self.tenant(tenant).await?;
        Ok(sqlx::query_scalar("SELECT at FROM due WHERE tenant = ?1")
            .bind(tenant)
            .fetch_optional(self.readers())
            .await?)
    }

    async fn tenants_due(&self, now: i64, limit: u32) -> StoreResult<Vec<Due>> {
        sqlx::query(
            "SELECT t.name, d.at FROM due d JOIN tenant t ON t.id = d.tenant
             WHERE d.at <= ?1 AND t.plugin IS NOT NULL ORDER BY d.at LIMIT ?2",
        )
        .bind(now)
        .bind(i64::from(limit))
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(|row| {
            Ok(Due {
                tenant: TenantId::new(row.try_get::<&str, _>(0)?)?,
                at: row.try_get(1)?,
            })
        })
        .collect()
    }

    async fn meet_due(
        &self,
        due: &Due,
        next: Option<i64>,
        ask: &Ask,
    ) -> StoreResult<Option<RunId>> {
        let tenant = self.tenant(&due.tenant).await?;
        let mut tx = self.write().await?;
        let at: Option<i64> = sqlx::query_scalar("SELECT at FROM due WHERE tenant = ?1")
            .bind(tenant)
            .fetch_optional(&mut *tx)
            .await?;
        if at != Some(due.at) {
            return Ok(None);
        }
        set_due(&mut tx, tenant, next).await?;
        let run = queued(&mut tx, tenant, ask).await?;
        tx.commit().await?;
        Ok(Some(run))
    }
}

/// The run of a key, the one that is queued, or a new one.
async fn queued(tx: &mut Transaction<'_, Sqlite>, tenant: i64, ask: &Ask) -> StoreResult<RunId> {
    let Some(key) = &ask.key else {
        return waiting_or_new(tx, tenant, ask).await;
    };
    if let Some(same) = same_key(tx, tenant, key).await? {
        return of_wish(same, &ask.mode);
    }
    let run = waiting_or_new(tx, tenant, ask).await?;
    note_key(tx, tenant, key, &ask.mode, run).await?;
    Ok(run)
}

/// The run and the wish that a key stands for.
async fn same_key(
    tx: &mut Transaction<'_, Sqlite>,
    tenant: i64,
    key: &str,
) -> StoreResult<Option<(i64, String)>> {
    Ok(
        sqlx::query_as("SELECT run, mode FROM ask WHERE tenant = ?1 AND key = ?2")
            .bind(tenant)
            .bind(key)
            .fetch_optional(&mut **tx)
            .await?,
    )
}

async fn note_key(
    tx: &mut Transaction<'_, Sqlite>,
    tenant: i64,
    key: &str,
    wish: &str,
    run: RunId,
) -> StoreResult<()> {
    sqlx::query("INSERT INTO ask (tenant, key, mode, run) VALUES (?1, ?2, ?3, ?4)")
        .bind(tenant)
        .bind(key)
        .bind(wish)
        .bind(run.0)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

async fn waiting_or_new(
    tx: &mut Transaction<'_, Sqlite>,
    tenant: i64,
    ask: &Ask,
) -> StoreResult<RunId> {
    let waiting: Option<i64> = sqlx::query_scalar(
        "UPDATE run SET not_before = min(not_before, ?2), mode = iif(?3 = 'full', ?3, mode)
         WHERE tenant = ?1 AND status = 'queued'
            AND (mode = ?3 OR mode IN ('full', 'changes') AND ?3 IN ('full', 'changes')) RETURNING id",
    )
    .bind(tenant)
    .bind(ask.not_before)
    .bind(&ask.mode)
    .fetch_optional(&mut **tx)
    .await?;
    if let Some(run) = waiting {
        return Ok(RunId(run));
    }
    let run = sqlx::query_scalar(
        "INSERT INTO run (tenant, mode, status, plugin, configuration, started_at, asked_by, not_before, attempt)
         VALUES (?1, ?2, 'queued', '', '', ?3, ?4, ?5, ?6) RETURNING id",
    )
    .bind(tenant)
    .bind(&ask.mode)
    .bind(now_millis())
    .bind(&ask.by)
    .bind(ask.not_before)
    .bind(i64::from(ask.attempt))
    .fetch_one(&mut **tx)
    .await?;
    Ok(RunId(run))
}

async fn set_due(
    tx: &mut Transaction<'_, Sqlite>,
    tenant: i64,
    at: Option<i64>,
) -> StoreResult<()> {
    match at {
        Some(at) => {
            sqlx::query(
                "INSERT INTO due (tenant, at) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET at = excluded.at",
            )
            .bind(tenant)
            .bind(at)
        }
        None => sqlx::query("DELETE FROM due WHERE tenant = ?1").bind(tenant),
    }
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn work(row: &SqliteRow) -> StoreResult<Work> {
    let ask = ask(row, 3)?;
    Ok(Work {
        stop: row.try_get(7)?,
        tenant: TenantId::new(row.try_get::<&str, _>(0)?)?,
        run: RunId(row.try_get(1)?),
        what: match row.try_get(2)? {
            "queued" => Wanted::Begin(ask),
            "planning" => Wanted::Plan(ask),
            _ => Wanted::Apply,
        },
    })
}

/// What was asked for, by columns from one on: mode, who, not before, attempt.
fn ask(row: &SqliteRow, from: usize) -> StoreResult<Ask> {
    Ok(Ask {
        mode: row.try_get(from)?,
        by: row.try_get(from + 1)?,
        key: None,
        not_before: row.try_get(from + 2)?,
        attempt: u32::try_from(row.try_get::<i64, _>(from + 3)?).unwrap_or(u32::MAX),
    })
}
