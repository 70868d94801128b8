//! Which component a tenant has, had before, and what is left when it has none.

use async_trait::async_trait;

use super::lease;
use super::open::PostgresStore;
use super::tenants::components_alone;
use super::text::{given_json, kept_json};
use crate::ports::access::Holder;
use crate::ports::receipts::{Kept, Receipts};
use crate::ports::versions::{Switch, Versions};
use crate::ports::{Outcome, TenantId};
use crate::store::error::StoreResult;
use crate::store::refused::{no_receipt, not_installed};
use crate::store::values::json;

#[async_trait]
impl Versions for PostgresStore {
    async fn before(&self, tenant: &TenantId) -> Outcome<Option<String>> {
        Ok(self.plugin_before(tenant).await?)
    }

    async fn switch(&self, tenant: &TenantId, to: Switch<'_>) -> Outcome<()> {
        Ok(self.switch_plugin(tenant, to).await?)
    }
}

#[async_trait]
impl Receipts for PostgresStore {
    async fn keep_receipt(&self, tenant: &TenantId, kept: &Kept) -> Outcome<()> {
        Ok(self.set_receipt(tenant, kept).await?)
    }

    async fn receipt(&self, tenant: &TenantId) -> Outcome<Kept> {
        Ok(self.last_receipt(tenant).await?)
    }

    async fn withdraw(&self, tenant: &TenantId) -> Outcome<u64> {
        Ok(self.withdraw_reach(tenant).await?)
    }

    async fn may_read(&self, tenant: &TenantId, holder: Holder) -> Outcome<bool> {
        Ok(self.reached(tenant, holder).await?)
    }
}

impl PostgresStore {
    async fn plugin_before(&self, tenant: &TenantId) -> StoreResult<Option<String>> {
        sqlx::query_scalar(
            "SELECT plugin_before FROM tenant WHERE name = $1 AND plugin IS NOT NULL",
        )
        .bind(tenant.as_str())
        .fetch_optional(&mut *self.read().await?)
        .await?
        .ok_or_else(|| not_installed(tenant))
    }

    async fn switch_plugin(&self, tenant: &TenantId, to: Switch<'_>) -> StoreResult<()> {
        let mut tx = self.begin().await?;
        components_alone(&mut tx).await?;
        sqlx::query("INSERT INTO component (digest, bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(to.plugin)
            .bind(to.component)
            .execute(&mut *tx)
            .await?;
        let done = sqlx::query(
            "UPDATE tenant SET plugin_before = plugin, plugin = $2, configuration = $3, checkpoint = ''
             WHERE name = $1 AND plugin IS NOT NULL",
        )
        .bind(tenant.as_str())
        .bind(to.plugin)
        .bind(to.configuration)
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Err(not_installed(tenant));
        }
        // The row is locked by now: whoever takes the lease over waits.
        lease::check(&mut tx, self.keeper(), tenant).await?;
        sqlx::query(
            "DELETE FROM component WHERE digest NOT IN (SELECT plugin FROM tenant WHERE plugin IS NOT NULL
                UNION SELECT plugin_before FROM tenant WHERE plugin_before IS NOT NULL)",
        )
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    async fn set_receipt(&self, tenant: &TenantId, kept: &Kept) -> StoreResult<()> {
        let number = self.tenant(tenant).await?;
        let mut tx = self.write(number).await?;
        sqlx::query("UPDATE tenant SET receipt = $2 WHERE id = $1")
            .bind(number)
            .bind(kept_json(json(kept)))
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    async fn last_receipt(&self, tenant: &TenantId) -> StoreResult<Kept> {
        let kept: Option<Option<String>> =
            sqlx::query_scalar("SELECT receipt FROM tenant WHERE name = $1")
                .bind(tenant.as_str())
                .fetch_optional(&mut *self.read().await?)
                .await?;
        let kept = kept.flatten().ok_or_else(|| no_receipt(tenant))?;
        Ok(serde_json::from_str(&given_json(kept))?)
    }
}
