//! The plugin's own settings.

use async_trait::async_trait;
use sqlx::{Postgres, Row, Transaction};

use super::open::PostgresStore;
use super::text::{given, keep};
use crate::contract::state::{Operation, Versioned};
use crate::ports::{Outcome, State, TenantId};
use crate::store::error::StoreResult;
use crate::store::refused;
use crate::store::standing::{signed, unsigned};

#[async_trait]
impl State for PostgresStore {
    async fn get(&self, tenant: &TenantId, key: &str) -> Outcome<Versioned> {
        Ok(self.state_value(tenant, key).await?)
    }

    async fn keys(&self, tenant: &TenantId, prefix: &str) -> Outcome<Vec<String>> {
        Ok(self.state_keys(tenant, prefix).await?)
    }

    async fn commit(&self, tenant: &TenantId, operations: &[Operation]) -> Outcome<()> {
        Ok(self.commit_state(tenant, operations).await?)
    }

    async fn clear(&self, tenant: &TenantId) -> Outcome<u64> {
        Ok(self.clear_state(tenant).await?)
    }
}

impl PostgresStore {
    async fn state_value(&self, tenant: &TenantId, key: &str) -> StoreResult<Versioned> {
        let tenant = self.tenant(tenant).await?;
        let row = sqlx::query("SELECT value, version FROM state WHERE tenant = $1 AND key = $2")
            .bind(tenant)
            .bind(keep(key))
            .fetch_optional(&mut *self.read().await?)
            .await?;
        Ok(match row {
            Some(row) => Versioned {
                value: row.try_get(0)?,
                version: unsigned(row.try_get(1)?),
            },
            None => Versioned {
                value: Vec::new(),
                version: 0,
            },
        })
    }

    async fn state_keys(&self, tenant: &TenantId, prefix: &str) -> StoreResult<Vec<String>> {
        let tenant = self.tenant(tenant).await?;
        let keys: Vec<String> = sqlx::query_scalar(
            "SELECT key FROM state
             WHERE tenant = $1 AND key >= $2 AND left(key, length($2)) = $2 ORDER BY key",
        )
        .bind(tenant)
        .bind(keep(prefix))
        .fetch_all(&mut *self.read().await?)
        .await?;
        Ok(keys.into_iter().map(given).collect())
    }

    async fn commit_state(&self, tenant: &TenantId, operations: &[Operation]) -> StoreResult<()> {
        let tenant = self.tenant(tenant).await?;
        let mut tx = self.write(tenant).await?;
        change(&mut tx, tenant, operations).await?;
        Ok(tx.commit().await?)
    }

    async fn clear_state(&self, tenant: &TenantId) -> StoreResult<u64> {
        let tenant = self.tenant(tenant).await?;
        let mut tx = self.write(tenant).await?;
        let done = sqlx::query("DELETE FROM state WHERE tenant = $1")
            .bind(tenant)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }
}

/// Changes settings, as far as nobody changed them meanwhile and there is room. The caller commits.
pub(super) async fn change(
    tx: &mut Transaction<'_, Postgres>,
    tenant: i64,
    operations: &[Operation],
) -> StoreResult<()> {
    operations.iter().try_for_each(refused::check_operation)?;
    for operation in operations {
        run_operation(tx, tenant, operation).await?;
    }
    // A key counts with the bytes that it was given with.
    let used: i64 = sqlx::query_scalar(
        "SELECT coalesce(sum(octet_length(replace(key, chr(1), '')) + octet_length(value)), 0)::bigint
         FROM state WHERE tenant = $1",
    )
    .bind(tenant)
    .fetch_one(&mut **tx)
    .await?;
    refused::check_quota(used)
}

/// Versions count up for the whole tenant, so that a key deleted and made again never has an old one.
async fn run_operation(
    tx: &mut Transaction<'_, Postgres>,
    tenant: i64,
    operation: &Operation,
) -> StoreResult<()> {
    let key = keep(&operation.key);
    if let Some(expected) = operation.expected {
        let version: Option<i64> =
            sqlx::query_scalar("SELECT version FROM state WHERE tenant = $1 AND key = $2")
                .bind(tenant)
                .bind(&key)
                .fetch_optional(&mut **tx)
                .await?;
        if version.unwrap_or(0) != signed(expected) {
            return Err(refused::setting_changed(&operation.key));
        }
    }
    let Some(value) = &operation.value else {
        sqlx::query("DELETE FROM state WHERE tenant = $1 AND key = $2")
            .bind(tenant)
            .bind(&key)
            .execute(&mut **tx)
            .await?;
        return Ok(());
    };
    let version: i64 = sqlx::query_scalar(
        "UPDATE tenant SET state_version = state_version + 1 WHERE id = $1
         RETURNING state_version",
    )
    .bind(tenant)
    .fetch_one(&mut **tx)
    .await?;
    sqlx::query(
        "INSERT INTO state (tenant, key, value, version) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant, key) DO UPDATE SET value = excluded.value, version = excluded.version",
    )
    .bind(tenant)
    .bind(&key)
    .bind(&value[..])
    .bind(version)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
