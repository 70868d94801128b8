//! What tenants' plugins may connect to.

use async_trait::async_trait;

use super::open::PostgresStore;
use crate::ports::endpoints::{Allowed, Endpoints};
use crate::ports::{Outcome, TenantId};
use crate::store::error::StoreResult;
use crate::store::refused::{not_installed, policy_broken};
use crate::store::values::json;

#[async_trait]
impl Endpoints for PostgresStore {
    async fn allowed(&self, tenant: &TenantId) -> Outcome<Allowed> {
        Ok(self.policy(tenant).await?)
    }

    async fn allow(&self, tenant: &TenantId, allowed: Allowed) -> Outcome<()> {
        Ok(self.set_policy(tenant, allowed).await?)
    }

    async fn allow_first(&self, tenant: &TenantId, allowed: Allowed) -> Outcome<bool> {
        Ok(self.set_first_policy(tenant, allowed).await?)
    }
}

impl PostgresStore {
    async fn policy(&self, tenant: &TenantId) -> StoreResult<Allowed> {
        let policy: Option<Option<String>> =
            sqlx::query_scalar("SELECT policy FROM tenant WHERE name = $1 AND plugin IS NOT NULL")
                .bind(tenant.as_str())
                .fetch_optional(&mut *self.read().await?)
                .await?;
        match policy.ok_or_else(|| not_installed(tenant))? {
            Some(text) => serde_json::from_str(&text).map_err(|_| policy_broken(tenant)),
            None => Ok(Allowed::default()),
        }
    }

    async fn set_policy(&self, tenant: &TenantId, allowed: Allowed) -> StoreResult<()> {
        let number = self.tenant(tenant).await?;
        let mut tx = self.write(number).await?;
        let done =
            sqlx::query("UPDATE tenant SET policy = $2 WHERE id = $1 AND plugin IS NOT NULL")
                .bind(number)
                .bind(json(&allowed))
                .execute(&mut *tx)
                .await?;
        if done.rows_affected() == 0 {
            return Err(not_installed(tenant));
        }
        Ok(tx.commit().await?)
    }

    async fn set_first_policy(&self, tenant: &TenantId, allowed: Allowed) -> StoreResult<bool> {
        let number = self.tenant(tenant).await?;
        let mut tx = self.write(number).await?;
        let first: Option<bool> = sqlx::query_scalar(
            "SELECT policy IS NULL FROM tenant WHERE id = $1 AND plugin IS NOT NULL",
        )
        .bind(number)
        .fetch_optional(&mut *tx)
        .await?;
        if !first.ok_or_else(|| not_installed(tenant))? {
            return Ok(false);
        }
        sqlx::query("UPDATE tenant SET policy = $2 WHERE id = $1")
            .bind(number)
            .bind(json(&allowed))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(true)
    }
}
