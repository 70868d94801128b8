//! Runs: beginning, ending, approving, reading them.

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Row, Sqlite, Transaction};

use super::link::give_back;
use super::migrate;
use super::open::{Store, now_millis};
use crate::Problem;
use crate::ports::TenantId;
use crate::ports::plan::{Begin, Count, Figures, Run, RunId, RunQuery, RunStatus};
use crate::store::error::StoreResult;
use crate::store::refused;
use crate::store::standing::{self, Exception, Total, status_named};
pub(super) use crate::store::standing::{
    Standing, row_id, sequence_of, unknown_run, without_outcome, wrong_status,
};
use crate::store::values::json;

const RUN: &str =
    "SELECT id, mode, status, plugin, configuration, started_at, planned_at, ended_at,
    digest, summary, proof, guards, problem, cursor,
    (SELECT p.at FROM pruned p WHERE p.run = run.id), counts
    FROM run WHERE tenant = ?1 AND id = ?2";
const RUNS: &str =
    "SELECT id, mode, status, plugin, configuration, started_at, planned_at, ended_at,
    digest, summary, proof, guards, problem, cursor,
    (SELECT p.at FROM pruned p WHERE p.run = run.id), counts
    FROM run WHERE tenant = ?1 AND id < ?3 AND id > ?5 AND (?4 IS NULL OR status = ?4)
    ORDER BY id DESC LIMIT ?2";

const FIGURES: &str = "SELECT id, status, started_at, planned_at,
    summary ->> 'seen', proof ->> 'basis' = 'Enumeration' AND proof ->> 'complete', counts, cursor
    FROM run WHERE tenant = ?1 AND started_at >= ?2 ORDER BY id DESC LIMIT ?3";

/// Reasons of a run that are listed.
const MOST_REASONS: usize = 100;

/// Reads a run's standing. Refuses `unknown-run`.
pub(super) async fn standing(
    connection: &mut SqliteConnection,
    tenant: i64,
    run: RunId,
) -> StoreResult<Standing> {
    let row = sqlx::query(
        "SELECT status, mode, configuration, digest, approved, cursor, pending, sequence
         FROM run WHERE tenant = ?1 AND id = ?2",
    )
    .bind(tenant)
    .bind(run.0)
    .fetch_optional(connection)
    .await?
    .ok_or_else(|| unknown_run(run))?;
    Ok(Standing {
        status: status_named(row.try_get(0)?)?,
        mode: row.try_get(1)?,
        configuration: row.try_get(2)?,
        digest: row.try_get(3)?,
        approved: row.try_get(4)?,
        cursor: row.try_get(5)?,
        pending: row.try_get(6)?,
        sequence: row.try_get(7)?,
    })
}

/// Sets a run's status.
pub(super) async fn set_status(
    tx: &mut Transaction<'_, Sqlite>,
    run: RunId,
    status: RunStatus,
) -> StoreResult<()> {
    sqlx::query("UPDATE run SET status = ?2 WHERE id = ?1")
        .bind(run.0)
        .bind(status.name())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Refuses a plan of another configuration than the one in force, and throws it away: nobody looked at it with the
/// settings that may come back. The caller commits.
pub(super) async fn same_configuration(
    tx: &mut Transaction<'_, Sqlite>,
    tenant: i64,
    run: RunId,
    now: &Standing,
) -> StoreResult<()> {
    let configuration: String =
        sqlx::query_scalar("SELECT configuration FROM tenant WHERE id = ?1")
            .bind(tenant)
            .fetch_one(&mut **tx)
            .await?;
    if configuration == now.configuration {
        return Ok(());
    }
    throw_away(tx, run, refused::configuration_changed(run).into()).await
}

/// Throws a plan away, with a refusal that says why. The caller commits, whatever it returns.
pub(super) async fn throw_away(
    tx: &mut Transaction<'_, Sqlite>,
    run: RunId,
    why: Problem,
) -> StoreResult<()> {
    sqlx::query("UPDATE run SET status = 'discarded', problem = ?2, ended_at = ?3 WHERE id = ?1")
        .bind(run.0)
        .bind(json(&why))
        .bind(now_millis())
        .execute(&mut **tx)
        .await?;
    Err(why.into())
}

/// Keeps a run's counts: it is over, and they change no more.
pub(super) async fn keep_counts(
    tx: &mut Transaction<'_, Sqlite>,
    tenant: i64,
    run: RunId,
) -> StoreResult<()> {
    let at = standing(tx, tenant, run).await?;
    let counts = counts(tx, run, at.cursor, at.status).await?;
    sqlx::query("UPDATE run SET counts = ?2 WHERE id = ?1 AND counts IS NULL")
        .bind(run.0)
        .bind(json(&counts))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

impl Store {
    pub(super) async fn begin_run(&self, tenant: &TenantId, begin: &Begin) -> StoreResult<RunId> {
        let tenant = self.tenant(tenant).await?;
        let mut tx = self.write().await?;
        let applying: Option<i64> = sqlx::query_scalar(
            "SELECT id FROM run WHERE tenant = ?1 AND status = 'applying' ORDER BY id LIMIT 1",
        )
        .bind(tenant)
        .fetch_optional(&mut *tx)
        .await?;
        if let Some(run) = applying {
            return Err(refused::run_unfinished(RunId(run)));
        }
        sqlx::query(
            "UPDATE run SET ended_at = ?2,
                status = CASE status WHEN 'planning' THEN 'abandoned' ELSE 'discarded' END,
                problem = CASE status WHEN 'planning' THEN problem ELSE ?3 END
             WHERE tenant = ?1 AND status IN ('planning', 'planned', 'held')",
        )
        .bind(tenant)
        .bind(now_millis())
        .bind(json(&refused::superseded()))
        .execute(&mut *tx)
        .await?;
        let run = match begin.queued {
            Some(run) => begin_queued(&mut tx, tenant, run, begin).await?,
            None => begin_new(&mut tx, tenant, begin).await?,
        };
        tx.commit().await?;
        self.planning().await.forget_all(tenant);
        Ok(run)
    }

    pub(super) async fn end_run(
        &self,
        tenant: &TenantId,
        run: RunId,
        status: RunStatus,
        problem: Option<&Problem>,
    ) -> StoreResult<()> {
        if !matches!(
            status,
            RunStatus::Failed | RunStatus::Cancelled | RunStatus::Discarded | RunStatus::Abandoned
        ) {
            return Err(wrong_status(run, status, "an end that can be set"));
        }
        let tenant = self.tenant(tenant).await?;
        let mut tx = self.write().await?;
        let now = standing(&mut tx, tenant, run).await?;
        // What an apply has written stays: the checkpoint and the absences, which stand for the whole, are not kept.
        if !matches!(
            now.status,
            RunStatus::Queued
                | RunStatus::Planning
                | RunStatus::Planned
                | RunStatus::Held
                | RunStatus::Applying
        ) {
            return Err(wrong_status(run, now.status, "open"));
        }
        if now.status == RunStatus::Applying {
            give_back(&mut tx, tenant, run, &now).await?;
            migrate::follow(&mut tx, tenant, run).await?;
        }
        sqlx::query("UPDATE run SET status = ?2, problem = ?3, ended_at = ?4 WHERE id = ?1")
            .bind(run.0)
            .bind(status.name())
            .bind(problem.map(json))
            .bind(now_millis())
            .execute(&mut *tx)
            .await?;
        keep_counts(&mut tx, tenant, run).await?;
        tx.commit().await?;
        self.planning().await.forget(run);
        Ok(())
    }

    pub(super) async fn approve_run(
        &self,
        tenant: &TenantId,
        run: RunId,
        digest: &str,
    ) -> StoreResult<()> {
        let tenant = self.tenant(tenant).await?;
        let mut tx = self.write().await?;
        let now = standing(&mut tx, tenant, run).await?;
        if now.status != RunStatus::Held {
            return Err(refused::not_held(run, now.status));
        }
        if now.digest.as_deref() != Some(digest) {
            return Err(refused::another_digest(run, digest));
        }
        if let Err(refusal) = same_configuration(&mut tx, tenant, run, &now).await {
            tx.commit().await?;
            return Err(refusal);
        }
        sqlx::query("UPDATE run SET status = 'planned', approved = ?2, released = 0 WHERE id = ?1")
            .bind(run.0)
            .bind(digest)
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    pub(super) async fn unfinished_run(&self, tenant: &TenantId) -> StoreResult<Option<RunId>> {
        let tenant = self.tenant(tenant).await?;
        Ok(sqlx::query_scalar(
            "SELECT id FROM run WHERE tenant = ?1 AND status = 'applying' ORDER BY id LIMIT 1",
        )
        .bind(tenant)
        .fetch_optional(self.readers())
        .await?
        .map(RunId))
    }

    pub(super) async fn one_run(&self, tenant: &TenantId, run: RunId) -> StoreResult<Run> {
        let number = self.tenant(tenant).await?;
        let mut tx = self.readers().begin().await?;
        let row = sqlx::query(RUN)
            .bind(number)
            .bind(run.0)
            .fetch_optional(&mut *tx)
            .await?
            .ok_or_else(|| unknown_run(run))?;
        read_run(&mut tx, tenant, &row).await
    }

    pub(super) async fn latest_runs(
        &self,
        tenant: &TenantId,
        query: &RunQuery,
        limit: u32,
    ) -> StoreResult<Vec<Run>> {
        let number = self.tenant(tenant).await?;
        let mut tx = self.readers().begin().await?;
        let rows = sqlx::query(RUNS)
            .bind(number)
            .bind(i64::from(limit))
            .bind(query.before.map_or(i64::MAX, |run| run.0))
            .bind(query.status.map(RunStatus::name))
            .bind(query.after.map_or(0, |run| run.0))
            .fetch_all(&mut *tx)
            .await?;
        let mut runs = Vec::with_capacity(rows.len());
        for row in rows {
            runs.push(read_run(&mut tx, tenant, &row).await?);
        }
        Ok(runs)
    }

    pub(super) async fn figures_since(
        &self,
        tenant: &TenantId,
        since: i64,
        limit: u32,
    ) -> StoreResult<Vec<Figures>> {
        let tenant = self.tenant(tenant).await?;
        let mut tx = self.readers().begin().await?;
        let rows = sqlx::query(FIGURES)
            .bind(tenant)
            .bind(since)
            .bind(i64::from(limit))
            .fetch_all(&mut *tx)
            .await?;
        let mut figures = Vec::with_capacity(rows.len());
        for row in &rows {
            let run = RunId(row.try_get(0)?);
            let status = status_named(row.try_get(1)?)?;
            figures.push(Figures {
                run,
                status,
                started_at: row.try_get(2)?,
                planned_at: row.try_get(3)?,
                seen: row.try_get::<Option<i64>, _>(4)?.map(standing::unsigned),
                everybody: row.try_get::<Option<bool>, _>(5)?.unwrap_or(false),
                counts: match row.try_get::<Option<&str>, _>(6)? {
                    Some(kept) => serde_json::from_str(kept)?,
                    None => counts(&mut tx, run, row.try_get(7)?, status).await?,
                },
            });
        }
        Ok(figures)
    }

    pub(super) async fn reasons_of(
        &self,
        tenant: &TenantId,
        run: RunId,
    ) -> StoreResult<Vec<String>> {
        let tenant = self.tenant(tenant).await?;
        let mut tx = self.readers().begin().await?;
        standing(&mut tx, tenant, run).await?;
        let mut reasons: Vec<String> = Vec::new();
        // From one to the next by the index: a run has few reasons and many rows.
        while reasons.len() < MOST_REASONS {
            let next: Option<String> = sqlx::query_scalar(
                "SELECT reason FROM plan_row WHERE run = ?1 AND reason > ?2 ORDER BY run, reason LIMIT 1",
            )
            .bind(run.0)
            .bind(reasons.last().map_or("", String::as_str))
            .fetch_optional(&mut *tx)
            .await?;
            match next {
                Some(reason) => reasons.push(reason),
                None => break,
            }
        }
        Ok(reasons)
    }

    pub(super) async fn last_checkpoint(&self, tenant: &TenantId) -> StoreResult<Vec<u8>> {
        let tenant = self.tenant(tenant).await?;
        Ok(
            sqlx::query_scalar("SELECT checkpoint FROM tenant WHERE id = ?1")
                .bind(tenant)
                .fetch_one(self.readers())
                .await?,
        )
    }
}

async fn begin_new(
    tx: &mut Transaction<'_, Sqlite>,
    tenant: i64,
    begin: &Begin,
) -> StoreResult<RunId> {
    let run = sqlx::query_scalar(
        "INSERT INTO run (tenant, mode, status, plugin, configuration, started_at)
         VALUES (?1, ?2, 'planning', ?3, ?4, ?5) RETURNING id",
    )
    .bind(tenant)
    .bind(&begin.mode)
    .bind(&begin.plugin)
    .bind(&begin.configuration)
    .bind(now_millis())
    .fetch_one(&mut **tx)
    .await?;
    Ok(RunId(run))
}

async fn begin_queued(
    tx: &mut Transaction<'_, Sqlite>,
    tenant: i64,
    run: RunId,
    begin: &Begin,
) -> StoreResult<RunId> {
    let now = standing(tx, tenant, run).await?;
    if now.status != RunStatus::Queued {
        return Err(wrong_status(run, now.status, "queued"));
    }
    sqlx::query(
        // Whoever dies between plan and apply leaves a plan that others may apply, as was asked for.
        "UPDATE run SET status = 'planning', mode = ?2, plugin = ?3, configuration = ?4, started_at = ?5,
            released = ?2 IN ('full', 'changes', 'unsynced')
         WHERE id = ?1",
    )
    .bind(run.0)
    .bind(&begin.mode)
    .bind(&begin.plugin)
    .bind(&begin.configuration)
    .bind(now_millis())
    .execute(&mut **tx)
    .await?;
    Ok(run)
}

async fn read_run(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    row: &SqliteRow,
) -> StoreResult<Run> {
    let id = RunId(row.try_get(0)?);
    let text = |column: usize| row.try_get::<Option<&str>, _>(column);
    let status = status_named(row.try_get(2)?)?;
    Ok(Run {
        id,
        tenant: tenant.clone(),
        mode: row.try_get(1)?,
        status,
        plugin: row.try_get(3)?,
        configuration: row.try_get(4)?,
        started_at: row.try_get(5)?,
        planned_at: row.try_get(6)?,
        ended_at: row.try_get(7)?,
        digest: row.try_get(8)?,
        summary: text(9)?.map(serde_json::from_str).transpose()?,
        proof: text(10)?.map(serde_json::from_str).transpose()?,
        guards: serde_json::from_str(row.try_get(11)?)?,
        problem: text(12)?.map(serde_json::from_str).transpose()?,
        counts: match row.try_get::<Option<&str>, _>(15)? {
            Some(kept) => serde_json::from_str(kept)?,
            None => counts(connection, id, row.try_get(13)?, status).await?,
        },
        pruned_at: row.try_get(14)?,
    })
}

/// Rows by kind and outcome: what the cursor tells, corrected by the outcomes that stand by themselves.
pub(super) async fn counts(
    connection: &mut SqliteConnection,
    run: RunId,
    cursor: i64,
    status: RunStatus,
) -> StoreResult<Vec<Count>> {
    let cursor = row_id(run, cursor);
    let totals = sqlx::query(
        "SELECT kind, count(*), sum(id <= ?2) FROM plan_row WHERE run = ?1 GROUP BY kind",
    )
    .bind(run.0)
    .bind(cursor)
    .fetch_all(&mut *connection)
    .await?;
    let exceptions = sqlx::query(
        "SELECT r.kind, count(*), sum(o.outcome = 'failed'), sum(o.id <= ?2)
         FROM row_outcome o CROSS JOIN plan_row r ON r.id = o.id WHERE o.run = ?1 GROUP BY r.kind",
    )
    .bind(run.0)
    .bind(cursor)
    .fetch_all(connection)
    .await?;
    let totals = totals
        .iter()
        .map(|row| {
            Ok(Total {
                kind: row.try_get(0)?,
                rows: row.try_get(1)?,
                passed: row.try_get(2)?,
            })
        })
        .collect::<StoreResult<Vec<_>>>()?;
    let exceptions = exceptions
        .iter()
        .map(|row| {
            Ok(Exception {
                kind: row.try_get(0)?,
                rows: row.try_get(1)?,
                failed: row.try_get(2)?,
                passed: row.try_get(3)?,
            })
        })
        .collect::<StoreResult<Vec<_>>>()?;
    standing::counts(&totals, &exceptions, status)
}
