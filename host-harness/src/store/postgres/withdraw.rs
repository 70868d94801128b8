//! Taking a tenant who leaves from whoever reaches it by name.

use sqlx::{Postgres, Transaction};

use super::open::PostgresStore;
use super::text::{given_json, kept_json};
use crate::ports::TenantId;
use crate::ports::access::Holder;
use crate::store::error::StoreResult;
use crate::store::values::without;

/// A holder by number, and how the reach of all is read and of one is written.
type Of = (fn(i64) -> Holder, &'static str, &'static str);

const HOLDERS: [Of; 2] = [
    (
        Holder::Token,
        "SELECT id, reach FROM token WHERE NOT revoked AND position($1 IN reach) > 0 FOR UPDATE",
        "UPDATE token SET reach = $2 WHERE id = $1",
    ),
    (
        Holder::User,
        "SELECT id, reach FROM console_user WHERE position($1 IN reach) > 0 FOR UPDATE",
        "UPDATE console_user SET reach = $2 WHERE id = $1",
    ),
];

impl PostgresStore {
    pub(super) async fn withdraw_reach(&self, tenant: &TenantId) -> StoreResult<u64> {
        let number = self.tenant(tenant).await?;
        let mut tx = self.write(number).await?;
        sqlx::query("DELETE FROM receipt_reader WHERE tenant = $1")
            .bind(number)
            .execute(&mut *tx)
            .await?;
        let mut withdrawn = 0;
        for (holder, read, write) in HOLDERS {
            // Names are letters, digits and hyphens: in quotes they are nothing but whole names.
            let named: Vec<(i64, String)> = sqlx::query_as(read)
                .bind(format!("\"{tenant}\""))
                .fetch_all(&mut *tx)
                .await?;
            for (id, reach) in named {
                let Some(left) = without(&given_json(reach), tenant)? else {
                    continue;
                };
                sqlx::query(write)
                    .bind(id)
                    .bind(kept_json(left))
                    .execute(&mut *tx)
                    .await?;
                remember(&mut tx, number, holder(id)).await?;
                withdrawn += 1;
            }
        }
        tx.commit().await?;
        Ok(withdrawn)
    }

    pub(super) async fn reached(&self, tenant: &TenantId, holder: Holder) -> StoreResult<bool> {
        Ok(sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM receipt_reader r JOIN tenant t ON t.id = r.tenant
             WHERE t.name = $1 AND r.holder = $2)",
        )
        .bind(tenant.as_str())
        .bind(holder.to_string())
        .fetch_one(&mut *self.read().await?)
        .await?)
    }
}

async fn remember(
    tx: &mut Transaction<'_, Postgres>,
    tenant: i64,
    holder: Holder,
) -> StoreResult<()> {
    sqlx::query("INSERT INTO receipt_reader (tenant, holder) VALUES ($1, $2)")
        .bind(tenant)
        .bind(holder.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
