//! Passwords behind handles.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{Postgres, Row, Transaction};
use zeroize::Zeroizing;

use super::open::PostgresStore;
use super::text::{given, keep};
use crate::ports::{Outcome, Secrets, TenantId};
use crate::store::error::StoreResult;
use crate::store::refused;
use crate::store::vault::{KeyId, Sealed, Wrapped, unreadable_password};

#[async_trait]
impl Secrets for PostgresStore {
    /// The same password again gives the same handle. Another one gives a new handle, and the one before it
    /// stays valid, for settings that still name it; older ones go.
    async fn store(
        &self,
        tenant: &TenantId,
        name: &str,
        password: Zeroizing<String>,
    ) -> Outcome<String> {
        Ok(self.store_password(tenant, name, &password).await?)
    }

    async fn reveal(&self, tenant: &TenantId, handle: &str) -> Outcome<Zeroizing<String>> {
        Ok(self.reveal_password(tenant, handle).await?)
    }

    async fn handle(&self, tenant: &TenantId, name: &str) -> Outcome<Option<String>> {
        Ok(self.newest_handle(tenant, name).await?)
    }

    async fn names(&self, tenant: &TenantId) -> Outcome<Vec<String>> {
        Ok(self.secret_names(tenant).await?)
    }

    async fn forget(&self, tenant: &TenantId, handle: &str) -> Outcome<()> {
        Ok(self.forget_password(tenant, handle).await?)
    }

    async fn destroy(&self, tenant: &TenantId) -> Outcome<u64> {
        Ok(self.destroy_passwords(tenant).await?)
    }
}

impl PostgresStore {
    async fn store_password(
        &self,
        tenant: &TenantId,
        name: &str,
        password: &str,
    ) -> StoreResult<String> {
        if password.is_empty() {
            return Err(refused::empty_password(name));
        }
        let number = self.tenant(tenant).await?;
        let mut tx = self.write(number).await?;
        let key = self.data_key(&mut tx, number, tenant).await?;
        if let Some((handle, sealed)) = newest(&mut tx, number, name).await?
            && let Ok(kept) = key.unseal(tenant, name, &handle, &sealed)
            && kept.as_str() == password
        {
            return Ok(handle);
        }
        let handle = format!("credential-{}", uuid::Uuid::new_v4().simple());
        let sealed = key.seal(tenant, name, &handle, password)?;
        sqlx::query(
            "INSERT INTO secret (tenant, name, handle, nonce, sealed) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(number)
        .bind(keep(name))
        .bind(&handle)
        .bind(sealed.nonce)
        .bind(sealed.bytes)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "DELETE FROM secret WHERE tenant = $1 AND name = $2 AND id NOT IN
                (SELECT id FROM secret WHERE tenant = $1 AND name = $2 ORDER BY id DESC LIMIT 2)",
        )
        .bind(number)
        .bind(keep(name))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(handle)
    }

    async fn reveal_password(
        &self,
        tenant: &TenantId,
        handle: &str,
    ) -> StoreResult<Zeroizing<String>> {
        let number = self.tenant(tenant).await?;
        let row = sqlx::query(
            "SELECT s.name, s.nonce, s.sealed, k.key, k.nonce AS key_nonce, k.sealed AS key_sealed
                 FROM secret s LEFT JOIN tenant_key k ON k.tenant = s.tenant
                 WHERE s.tenant = $1 AND s.handle = $2",
        )
        .bind(number)
        .bind(keep(handle))
        .fetch_optional(&mut *self.read().await?)
        .await?
        .ok_or_else(|| refused::unknown_credential(tenant))?;
        let name = given(row.try_get("name")?);
        let Some(key) = row.try_get("key")? else {
            return Err(unreadable_password(tenant, &name));
        };
        let wrapped = Wrapped {
            key: KeyId::kept(key),
            sealed: Sealed {
                nonce: row.try_get("key_nonce")?,
                bytes: row.try_get("key_sealed")?,
            },
        };
        let key = self.vault().data_key(tenant, &wrapped).await?;
        key.unseal(tenant, &name, handle, &read_sealed(&row)?)
    }

    async fn newest_handle(&self, tenant: &TenantId, name: &str) -> StoreResult<Option<String>> {
        let number = self.tenant(tenant).await?;
        Ok(sqlx::query_scalar(
            "SELECT handle FROM secret WHERE tenant = $1 AND name = $2 ORDER BY id DESC LIMIT 1",
        )
        .bind(number)
        .bind(keep(name))
        .fetch_optional(&mut *self.read().await?)
        .await?)
    }

    async fn secret_names(&self, tenant: &TenantId) -> StoreResult<Vec<String>> {
        let number = self.tenant(tenant).await?;
        let names: Vec<String> =
            sqlx::query_scalar("SELECT DISTINCT name FROM secret WHERE tenant = $1 ORDER BY name")
                .bind(number)
                .fetch_all(&mut *self.read().await?)
                .await?;
        Ok(names.into_iter().map(given).collect())
    }

    async fn forget_password(&self, tenant: &TenantId, handle: &str) -> StoreResult<()> {
        let number = self.tenant(tenant).await?;
        let mut tx = self.write(number).await?;
        sqlx::query("DELETE FROM secret WHERE tenant = $1 AND handle = $2")
            .bind(number)
            .bind(keep(handle))
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    async fn destroy_passwords(&self, tenant: &TenantId) -> StoreResult<u64> {
        let number = self.tenant(tenant).await?;
        let mut tx = self.write(number).await?;
        let done = sqlx::query("DELETE FROM secret WHERE tenant = $1")
            .bind(number)
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM tenant_key WHERE tenant = $1")
            .bind(number)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }
}

async fn newest(
    tx: &mut Transaction<'_, Postgres>,
    tenant: i64,
    name: &str,
) -> StoreResult<Option<(String, Sealed)>> {
    let row = sqlx::query(
        "SELECT handle, nonce, sealed FROM secret
         WHERE tenant = $1 AND name = $2 ORDER BY id DESC LIMIT 1",
    )
    .bind(tenant)
    .bind(keep(name))
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| Ok((row.try_get(0)?, read_sealed(&row)?)))
        .transpose()
}

pub(super) fn read_sealed(row: &PgRow) -> StoreResult<Sealed> {
    Ok(Sealed {
        nonce: row.try_get("nonce")?,
        bytes: row.try_get("sealed")?,
    })
}
