//! What tenants' plugins may connect to.

use async_trait::async_trait;

use super::open::{Store, not_installed};
use crate::ports::endpoints::{Allowed, Endpoints};
use crate::ports::{Outcome, TenantId};
use crate::store::error::StoreResult;
use crate::store::refused::policy_broken;
use crate::store::values::json;

#[async_trait]
impl Endpoints for Store {
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

impl Store {
    async fn policy(&self, tenant: &TenantId) -> StoreResult<Allowed> {
        let policy: Option<Option<String>> =
            sqlx::query_scalar("SELECT policy FROM tenant WHERE name = ?1 AND plugin IS NOT NULL")
                .bind(tenant.as_str())
                .fetch_optional(self.readers())
                .await?;
        match policy.ok_or_else(|| not_installed(tenant))? {
            Some(text) => serde_json::from_str(&text).map_err(|_| policy_broken(tenant)),
            None => Ok(Allowed::default()),
        }
    }

    async fn set_policy(&self, tenant: &TenantId, allowed: Allowed) -> StoreResult<()> {
        let mut tx = self.write().await?;
        let done =
            sqlx::query("UPDATE tenant SET policy = ?2 WHERE name = ?1 AND plugin IS NOT NULL")
                .bind(tenant.as_str())
                .bind(json(&allowed))
                .execute(&mut *tx)
                .await?;
        if done.rows_affected() == 0 {
            return Err(not_installed(tenant));
        }
        Ok(tx.commit().await?)
    }

    async fn set_first_policy(&self, tenant: &TenantId, allowed: Allowed) -> StoreResult<bool> {
        let mut tx = self.write().await?;
        let first: Option<bool> = sqlx::query_scalar(
            "SELECT policy IS NULL FROM tenant WHERE name = ?1 AND plugin IS NOT NULL",
        )
        .bind(tenant.as_str())
        .fetch_optional(&mut *tx)
        .await?;
        if !first.ok_or_else(|| not_installed(tenant))? {
            return Ok(false);
        }
        sqlx::query("UPDATE tenant SET policy = ?2 WHERE name = ?1")
            .bind(tenant.as_str())
            .bind(json(&allowed))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(true)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::ports::Tenants as _;

    #[tokio::test]
    async fn a_broken_policy_allows_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).await.unwrap();
        let acme = TenantId::new("acme").unwrap();
        store.install(&acme, "plugin", b"component").await.unwrap();
        for broken in ["", "{", r#"{"loopbak":true}"#, r#"{"loopback":1}"#] {
            let mut tx = store.write().await.unwrap();
            sqlx::query("UPDATE tenant SET policy = ?1")
                .bind(broken)
                .execute(&mut *tx)
                .await
                .unwrap();
            tx.commit().await.unwrap();
            let refused = store.allowed(&acme).await.unwrap_err();
            assert_eq!(refused.code, "policy-broken", "{broken}");
        }
        store.allow(&acme, Allowed::default()).await.unwrap();
        assert_eq!(store.allowed(&acme).await.unwrap(), Allowed::default());
    }
}
