//! What an operator looks at, over all tenants.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{ConnectOptions as _, Connection as _, Row as _};

use super::address::DatabaseUrl;
use super::open::{PostgresStore, connect};
use super::schema;
use super::text::given_json;
use crate::Problem;
use crate::ports::overview::{Failing, Lessee, Overview, Passwords};
use crate::ports::{Outcome, Secrets as _, TenantId};
use crate::store::database::SchemaVersions;
use crate::store::error::StoreResult;
use crate::store::refused::code_of;

#[async_trait]
impl Overview for PostgresStore {
    async fn shape(&self) -> Outcome<i64> {
        Ok(self.shape_now().await?)
    }

    async fn clock(&self) -> Outcome<Option<i64>> {
        Ok(Some(self.clock_now().await?))
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
        Ok(self.lease_holders().await?)
    }

    async fn passwords(&self) -> Outcome<Passwords> {
        Ok(self.try_passwords().await?)
    }
}

impl PostgresStore {
    /// How old a database's shape is, and this program's. Changes nothing.
    ///
    /// # Errors
    /// As [`PostgresStore::open`], but for what concerns files and changes.
    pub async fn peek(url: &DatabaseUrl) -> Result<SchemaVersions, Problem> {
        Ok(Self::try_peek(url).await?)
    }

    async fn try_peek(url: &DatabaseUrl) -> StoreResult<SchemaVersions> {
        let options = url.options().disable_statement_logging();
        let mut connection = connect(&options, url).await?;
        schema::check_encoding(&mut connection).await?;
        let versions = schema::versions(&mut connection).await?;
        connection.close().await?;
        Ok(versions)
    }

    async fn shape_now(&self) -> StoreResult<i64> {
        Ok(schema::versions(&mut *self.read().await?).await?.from)
    }

    async fn clock_now(&self) -> StoreResult<i64> {
        Ok(
            sqlx::query_scalar("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
                .fetch_one(&mut *self.read().await?)
                .await?,
        )
    }

    async fn tenants_failing(&self, limit: u32) -> StoreResult<Vec<Failing>> {
        sqlx::query(
            "SELECT t.name, t.plugin, r.problem, coalesce(r.ended_at, r.started_at)
             FROM tenant t CROSS JOIN LATERAL (
                SELECT x.status, x.problem, x.ended_at, x.started_at FROM run x WHERE x.tenant = t.id
                    AND x.status IN ('failed', 'applied', 'planned', 'held', 'discarded')
                ORDER BY x.id DESC LIMIT 1) r
             WHERE t.plugin IS NOT NULL AND r.status = 'failed' ORDER BY 4, 1 LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(&mut *self.read().await?)
        .await?
        .iter()
        .map(|row| {
            let problem: Option<String> = row.try_get(2)?;
            Ok(Failing {
                tenant: named(row)?,
                plugin: row.try_get(1)?,
                code: code_of(problem.map(given_json).as_deref()),
                at: row.try_get(3)?,
            })
        })
        .collect()
    }

    async fn tenants_kept_waiting(&self, now: i64) -> StoreResult<Vec<TenantId>> {
        sqlx::query(
            "SELECT DISTINCT t.name FROM run r JOIN tenant t ON t.id = r.tenant
             WHERE r.status = 'queued' AND r.not_before <= $1 ORDER BY t.name",
        )
        .bind(now)
        .fetch_all(&mut *self.read().await?)
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
        .fetch_all(&mut *self.read().await?)
        .await?
        .iter()
        .map(named)
        .collect()
    }

    async fn tenants_synced(&self) -> StoreResult<Vec<(TenantId, i64)>> {
        sqlx::query(
            "SELECT t.name, r.ended_at FROM tenant t CROSS JOIN LATERAL (
                SELECT x.ended_at FROM run x WHERE x.tenant = t.id AND x.status = 'applied'
                ORDER BY x.id DESC LIMIT 1) r
             WHERE t.plugin IS NOT NULL AND r.ended_at IS NOT NULL ORDER BY 1",
        )
        .fetch_all(&mut *self.read().await?)
        .await?
        .iter()
        .map(|row| Ok((named(row)?, row.try_get(1)?)))
        .collect()
    }

    async fn lease_holders(&self) -> StoreResult<Vec<Lessee>> {
        sqlx::query(
            "SELECT tenant, holder, floor(extract(epoch FROM until - clock_timestamp()))::bigint
             FROM lease WHERE until > '-infinity' ORDER BY until, tenant",
        )
        .fetch_all(&mut *self.read().await?)
        .await?
        .iter()
        .map(|row| {
            Ok(Lessee {
                tenant: named(row)?,
                name: row.try_get(1)?,
                left: row.try_get(2)?,
            })
        })
        .collect()
    }

    async fn try_passwords(&self) -> StoreResult<Passwords> {
        let rows = sqlx::query(
            "SELECT t.name, s.handle FROM secret s JOIN tenant t ON t.id = s.tenant ORDER BY t.name, s.id",
        )
        .fetch_all(&mut *self.read().await?)
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

fn named(row: &PgRow) -> StoreResult<TenantId> {
    Ok(TenantId::new(row.try_get::<&str, _>(0)?)?)
}
