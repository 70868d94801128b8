//! Which key the database needs, and the tenants' data keys.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{Postgres, Row, Transaction};

use super::open::PostgresStore;
use super::text::given;
use crate::ports::TenantId;
use crate::store::error::StoreResult;
use crate::store::vault::{
    Change, DataKey, Kept, KeptSecret, KeyId, KeyTable, Previous, Sealed, Standing, Wrapped,
    is_unreadable,
};

/// Tenants that are wrapped anew before the next are asked for.
const PORTION: i64 = 500;

#[async_trait]
impl KeyTable for PostgresStore {
    async fn standing(&self) -> StoreResult<Option<Standing>> {
        let row = sqlx::query(
            "SELECT key, previous, previous_nonce AS nonce, previous_sealed AS sealed, data_keys FROM secrets_key",
        )
        .fetch_optional(&mut *self.read().await?)
        .await?;
        row.map(|row| {
            let previous: Option<String> = row.try_get("previous")?;
            let previous = previous.map(|key| {
                Ok::<_, sqlx::Error>(Previous {
                    key: KeyId::kept(key),
                    sealed: sealed(&row)?,
                })
            });
            Ok(Standing {
                key: KeyId::kept(row.try_get("key")?),
                previous: previous.transpose()?,
                data_keys: row.try_get("data_keys")?,
            })
        })
        .transpose()
    }

    async fn claim(&self, key: &KeyId) -> StoreResult<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO secrets_key (only_one, key, data_keys) VALUES (1, $1, false) ON CONFLICT DO NOTHING",
        )
        .bind(key.as_str())
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    async fn begin_rotation(&self, from: &KeyId, begun: &Standing) -> StoreResult<bool> {
        let previous = begun.previous.as_ref();
        let mut tx = self.begin().await?;
        let done = sqlx::query(
            "UPDATE secrets_key SET key = $2, previous = $3, previous_nonce = $4, previous_sealed = $5, data_keys = $6
             WHERE key = $1 AND previous IS NULL",
        )
        .bind(from.as_str())
        .bind(begun.key.as_str())
        .bind(previous.map(|one| one.key.as_str()))
        .bind(previous.map(|one| &one.sealed.nonce[..]))
        .bind(previous.map(|one| &one.sealed.bytes[..]))
        .bind(begun.data_keys)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn end_rotation(&self, key: &KeyId) -> StoreResult<bool> {
        let mut tx = self.begin().await?;
        let done = sqlx::query(
            "UPDATE secrets_key SET previous = NULL, previous_nonce = NULL, previous_sealed = NULL, data_keys = false
             WHERE key = $1 AND NOT EXISTS (SELECT 1 FROM tenant_key WHERE key <> $1)",
        )
        .bind(key.as_str())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn elsewhere(&self, key: &KeyId) -> StoreResult<Vec<i64>> {
        Ok(
            sqlx::query_scalar("SELECT tenant FROM tenant_key WHERE key <> $1 LIMIT $2")
                .bind(key.as_str())
                .bind(PORTION)
                .fetch_all(&mut *self.read().await?)
                .await?,
        )
    }

    async fn unkeyed(&self) -> StoreResult<Vec<i64>> {
        Ok(sqlx::query_scalar(
            "SELECT DISTINCT tenant FROM secret WHERE tenant NOT IN (SELECT tenant FROM tenant_key)",
        )
        .fetch_all(&mut *self.read().await?)
        .await?)
    }

    async fn change(&self, tenant: i64, change: Change<'_>) -> StoreResult<()> {
        let mut tx = self.write(tenant).await?;
        let name: String = sqlx::query_scalar("SELECT name FROM tenant WHERE id = $1")
            .bind(tenant)
            .fetch_one(&mut *tx)
            .await?;
        let rows = sqlx::query(
            "SELECT id, name, handle, nonce, sealed FROM secret WHERE tenant = $1 ORDER BY id",
        )
        .bind(tenant)
        .fetch_all(&mut *tx)
        .await?;
        let mut secrets = Vec::with_capacity(rows.len());
        for row in rows {
            secrets.push(KeptSecret {
                id: row.try_get("id")?,
                name: given(row.try_get("name")?),
                handle: given(row.try_get("handle")?),
                sealed: sealed(&row)?,
            });
        }
        let kept = Kept {
            tenant: TenantId::new(name)?,
            wrapped: wrapped(&mut tx, tenant).await?,
            secrets,
        };
        let Some(changed) = change(kept)? else {
            return Ok(());
        };
        keep(&mut tx, tenant, &changed.wrapped).await?;
        for (id, sealed) in changed.secrets {
            sqlx::query("UPDATE secret SET nonce = $2, sealed = $3 WHERE id = $1")
                .bind(id)
                .bind(sealed.nonce)
                .bind(sealed.bytes)
                .execute(&mut *tx)
                .await?;
        }
        Ok(tx.commit().await?)
    }

    async fn wrapped_by(&self) -> StoreResult<Vec<(KeyId, u64)>> {
        let rows: Vec<(String, i64)> =
            sqlx::query_as("SELECT key, count(*) FROM tenant_key GROUP BY key ORDER BY key")
                .fetch_all(&mut *self.read().await?)
                .await?;
        let count = |(key, tenants): (String, i64)| (KeyId::kept(key), tenants.unsigned_abs());
        Ok(rows.into_iter().map(count).collect())
    }

    async fn reset(&self, key: &KeyId) -> StoreResult<u64> {
        let mut tx = self.begin().await?;
        let done = sqlx::query(
            "DELETE FROM secret WHERE tenant NOT IN (SELECT tenant FROM tenant_key WHERE key = $1)",
        )
        .bind(key.as_str())
        .execute(&mut *tx)
        .await?;
        sqlx::query("DELETE FROM tenant_key WHERE key <> $1")
            .bind(key.as_str())
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "INSERT INTO secrets_key (only_one, key, data_keys) VALUES (1, $1, false)
             ON CONFLICT (only_one) DO UPDATE SET key = excluded.key, previous = NULL, previous_nonce = NULL,
                previous_sealed = NULL, data_keys = false",
        )
        .bind(key.as_str())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }
}

impl PostgresStore {
    /// A tenant's data key, made where there is none, or where the one there is opens no more.
    pub(in crate::store) async fn data_key(
        &self,
        tx: &mut Transaction<'_, Postgres>,
        number: i64,
        tenant: &TenantId,
    ) -> StoreResult<DataKey> {
        if let Some(wrapped) = wrapped(tx, number).await? {
            match self.vault().data_key(tenant, &wrapped).await {
                Err(error) if is_unreadable(&error) => {}
                known => return known,
            }
        }
        let key: String = sqlx::query_scalar("SELECT key FROM secrets_key FOR SHARE")
            .fetch_one(&mut **tx)
            .await?;
        let (data, wrapped) = self.vault().new_data_key(tenant, &KeyId::kept(key)).await?;
        keep(tx, number, &wrapped).await?;
        Ok(data)
    }
}

/// A tenant's data key as it is kept.
async fn wrapped(tx: &mut Transaction<'_, Postgres>, tenant: i64) -> StoreResult<Option<Wrapped>> {
    let row = sqlx::query("SELECT key, nonce, sealed FROM tenant_key WHERE tenant = $1")
        .bind(tenant)
        .fetch_optional(&mut **tx)
        .await?;
    row.map(|row| {
        Ok(Wrapped {
            key: KeyId::kept(row.try_get("key")?),
            sealed: sealed(&row)?,
        })
    })
    .transpose()
}

async fn keep(
    tx: &mut Transaction<'_, Postgres>,
    tenant: i64,
    wrapped: &Wrapped,
) -> StoreResult<()> {
    sqlx::query("INSERT INTO tenant_key (tenant, key, nonce, sealed) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant) DO UPDATE SET key = excluded.key, nonce = excluded.nonce, sealed = excluded.sealed")
        .bind(tenant)
        .bind(wrapped.key.as_str())
        .bind(&wrapped.sealed.nonce)
        .bind(&wrapped.sealed.bytes)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

fn sealed(row: &PgRow) -> Result<Sealed, sqlx::Error> {
    Ok(Sealed {
        nonce: row.try_get("nonce")?,
        bytes: row.try_get("sealed")?,
    })
}
