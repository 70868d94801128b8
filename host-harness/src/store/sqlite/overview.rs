//! What an operator looks at, over all tenants.

use std::path::Path;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};

use super::open::{DATABASE, MIGRATIONS, Store, version};
use crate::Problem;
use crate::ports::overview::{Failing, Lessee, Overview, Passwords};
use crate::ports::{Outcome, Secrets as _, TenantId};
use crate::store::database::SchemaVersions;
use crate::store::error::StoreResult;
use crate::store::refused::code_of;

#[async_trait]
impl Overview for Store {
    async fn shape(&self) -> Outcome<i64> {
        Ok(self.shape_now().await?)
    }

    async fn clock(&self) -> Outcome<Option<i64>> {
        Ok(None)
    }

    async fn failing(&self, limit: u32) -> Outcome<Vec<Failing>> {
        Ok(self.tenants_failing(limit).await?)
    }

    async fn kept_waiting(&self, now: i64) -> Outcome<Vec<TenantId>> {
        Ok(self.tenants_kept_waiting(now).await?)
    }

    async fn at_work(&self) -> Outcome<Vec<TenantId>> {
        Ok(self.tenants_at_work().await?)
    }

    async fn synced(&self) -> Outcome<Vec<(TenantId, i64)>> {
        Ok(self.tenants_synced().await?)
    }

    async fn lessees(&self) -> Outcome<Vec<Lessee>> {
        Ok(Vec::new())
    }

    async fn passwords(&self) -> Outcome<Passwords> {
        Ok(self.try_passwords().await?)
    }
}

impl Store {
    /// How old the shape of a data directory's database is, and this program's. Changes nothing, and makes nothing.
    ///
    /// # Errors
    /// `store-corrupt`, `store-busy`, `store-failed`.
    pub async fn peek(data_dir: &Path) -> Result<SchemaVersions, Problem> {
        Ok(Self::try_peek(data_dir).await?)
    }

    async fn try_peek(data_dir: &Path) -> StoreResult<SchemaVersions> {
        let options = SqliteConnectOptions::new().filename(data_dir.join(DATABASE));
        let mut connection = options.disable_statement_logging().connect().await?;
        let from = version(&mut connection).await?;
        connection.close().await?;
        let to = MIGRATIONS.iter().map(|step| step.version).max();
        Ok(SchemaVersions {
            from,
            to: to.unwrap_or(0),
        })
    }

    async fn shape_now(&self) -> StoreResult<i64> {
        version(&mut *self.readers().acquire().await?).await
    }

    async fn tenants_failing(&self, limit: u32) -> StoreResult<Vec<Failing>> {
        sqlx::query(
            "SELECT t.name, t.plugin, r.problem, coalesce(r.ended_at, r.started_at)
             FROM tenant t JOIN run r ON r.id = (
                SELECT x.id FROM run x WHERE x.tenant = t.id
                    AND x.status IN ('failed', 'applied', 'planned', 'held', 'discarded')
                ORDER BY x.id DESC LIMIT 1)
             WHERE t.plugin IS NOT NULL AND r.status = 'failed' ORDER BY 4, 1 LIMIT ?1",
        )
        .bind(i64::from(limit))
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(|row| {
            Ok(Failing {
                tenant: named(row)?,
                plugin: row.try_get(1)?,
                code: code_of(row.try_get(2)?),
                at: row.try_get(3)?,
            })
        })
        .collect()
    }

    async fn tenants_kept_waiting(&self, now: i64) -> StoreResult<Vec<TenantId>> {
        sqlx::query(
            "SELECT DISTINCT t.name FROM run r JOIN tenant t ON t.id = r.tenant
             WHERE r.status = 'queued' AND r.not_before <= ?1 ORDER BY t.name",
        )
        .bind(now)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(named)
        .collect()
    }

    async fn tenants_at_work(&self) -> StoreResult<Vec<TenantId>> {
        sqlx::query(
            "SELECT DISTINCT t.name FROM run r JOIN tenant t ON t.id = r.tenant
             WHERE r.status IN ('planning', 'applying') ORDER BY t.name",
        )
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(named)
        .collect()
    }

    async fn tenants_synced(&self) -> StoreResult<Vec<(TenantId, i64)>> {
        sqlx::query(
            "SELECT t.name, r.ended_at FROM tenant t JOIN run r ON r.id = (
                SELECT x.id FROM run x WHERE x.tenant = t.id AND x.status = 'applied'
                ORDER BY x.id DESC LIMIT 1)
             WHERE t.plugin IS NOT NULL AND r.ended_at IS NOT NULL ORDER BY 1",
        )
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(|row| Ok((named(row)?, row.try_get(1)?)))
        .collect()
    }

    async fn try_passwords(&self) -> StoreResult<Passwords> {
        let rows = sqlx::query(
            "SELECT t.name, s.handle FROM secret s JOIN tenant t ON t.id = s.tenant ORDER BY t.name, s.id",
        )
        .fetch_all(self.readers())
        .await?;
        let mut passwords = Passwords::default();
        for row in rows {
            let tenant = named(&row)?;
            match self.reveal(&tenant, row.try_get(1)?).await {
                Ok(_) => passwords.open += 1,
                Err(_) if passwords.closed.last() == Some(&tenant) => {}
                Err(_) => passwords.closed.push(tenant),
            }
        }
        Ok(passwords)
    }
}

fn named(row: &SqliteRow) -> StoreResult<TenantId> {
    Ok(TenantId::new(row.try_get::<&str, _>(0)?)?)
}
