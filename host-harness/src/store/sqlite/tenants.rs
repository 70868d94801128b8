//! Who is served, and with which component.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};

use super::open::{Store, not_installed, now, signed};
use crate::ports::tenants::{HostSetting, Installation};
use crate::ports::{Outcome, TenantId, Tenants};
use crate::store::error::StoreResult;
use crate::store::refused;
use crate::store::schema;
use crate::store::values::json;

#[async_trait]
impl Tenants for Store {
    async fn install(&self, tenant: &TenantId, plugin: &str, component: &[u8]) -> Outcome<()> {
        Ok(self.install_component(tenant, plugin, component).await?)
    }

    async fn get(&self, tenant: &TenantId) -> Outcome<Installation> {
        Ok(self.installation(tenant).await?)
    }

    async fn list(&self) -> Outcome<Vec<Installation>> {
        Ok(self.installations().await?)
    }

    async fn component(&self, digest: &str) -> Outcome<Vec<u8>> {
        Ok(self.component_bytes(digest).await?)
    }

    async fn intend(&self, tenant: &TenantId, settings: Option<Vec<HostSetting>>) -> Outcome<()> {
        Ok(self.note_intention(tenant, settings).await?)
    }

    async fn configured(
        &self,
        tenant: &TenantId,
        digest: &str,
        settings: Vec<HostSetting>,
    ) -> Outcome<()> {
        Ok(self.note_configuration(tenant, digest, &settings).await?)
    }

    async fn uninstall(&self, tenant: &TenantId) -> Outcome<Vec<(String, u64)>> {
        Ok(self.remove_installation(tenant).await?)
    }
}

impl Store {
    async fn install_component(
        &self,
        tenant: &TenantId,
        plugin: &str,
        component: &[u8],
    ) -> StoreResult<()> {
        let mut tx = self.write().await?;
        sqlx::query("INSERT INTO component (digest, bytes) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
            .bind(plugin)
            .bind(component)
            .execute(&mut *tx)
            .await?;
        let installed = sqlx::query(
            "INSERT INTO tenant (name, plugin, installed_at, policy) VALUES (?1, ?2, ?3, '{}')
             ON CONFLICT (name) DO UPDATE SET plugin = ?2, installed_at = ?3, policy = '{}' WHERE plugin IS NULL",
        )
        .bind(tenant.as_str())
        .bind(plugin)
        .bind(now())
        .execute(&mut *tx)
        .await?;
        if installed.rows_affected() == 0 {
            return Err(refused::already_installed(tenant));
        }
        let number = sqlx::query_scalar("SELECT id FROM tenant WHERE name = ?1")
            .bind(tenant.as_str())
            .fetch_one(&mut *tx)
            .await?;
        give_schema(&mut tx, number).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn installation(&self, tenant: &TenantId) -> StoreResult<Installation> {
        sqlx::query(
            "SELECT name, plugin, installed_at, configuration, settings, intended FROM tenant
             WHERE name = ?1 AND plugin IS NOT NULL",
        )
        .bind(tenant.as_str())
        .fetch_optional(self.readers())
        .await?
        .map_or_else(|| Err(not_installed(tenant)), |row| read_installation(&row))
    }

    async fn installations(&self) -> StoreResult<Vec<Installation>> {
        sqlx::query(
            "SELECT name, plugin, installed_at, configuration, settings, intended FROM tenant
             WHERE plugin IS NOT NULL ORDER BY name",
        )
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(read_installation)
        .collect()
    }

    async fn component_bytes(&self, digest: &str) -> StoreResult<Vec<u8>> {
        sqlx::query_scalar("SELECT bytes FROM component WHERE digest = ?1")
            .bind(digest)
            .fetch_optional(self.readers())
            .await?
            .ok_or_else(|| refused::unknown_component(digest))
    }

    async fn note_intention(
        &self,
        tenant: &TenantId,
        settings: Option<Vec<HostSetting>>,
    ) -> StoreResult<()> {
        let mut tx = self.write().await?;
        let done =
            sqlx::query("UPDATE tenant SET intended = ?2 WHERE name = ?1 AND plugin IS NOT NULL")
                .bind(tenant.as_str())
                .bind(settings.map(|settings| json(&settings)))
                .execute(&mut *tx)
                .await?;
        if done.rows_affected() == 0 {
            return Err(not_installed(tenant));
        }
        tx.commit().await?;
        Ok(())
    }

    async fn note_configuration(
        &self,
        tenant: &TenantId,
        digest: &str,
        settings: &[HostSetting],
    ) -> StoreResult<()> {
        let mut tx = self.write().await?;
        let done = sqlx::query(
            "UPDATE tenant SET configuration = ?2, settings = ?3, intended = NULL
             WHERE name = ?1 AND plugin IS NOT NULL",
        )
        .bind(tenant.as_str())
        .bind(digest)
        .bind(json(&settings))
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Err(not_installed(tenant));
        }
        tx.commit().await?;
        Ok(())
    }

    async fn remove_installation(&self, tenant: &TenantId) -> StoreResult<Vec<(String, u64)>> {
        let mut tx = self.write().await?;
        let number: i64 =
            sqlx::query_scalar("SELECT id FROM tenant WHERE name = ?1 AND plugin IS NOT NULL")
                .bind(tenant.as_str())
                .fetch_optional(&mut *tx)
                .await?
                .ok_or_else(|| not_installed(tenant))?;
        let mut removed = Vec::new();
        for (what, statement) in [
            (
                "rows of plans",
                "DELETE FROM plan_row WHERE run IN (SELECT id FROM run WHERE tenant = ?1)",
            ),
            (
                "",
                "DELETE FROM row_outcome WHERE run IN (SELECT id FROM run WHERE tenant = ?1)",
            ),
            (
                "",
                "DELETE FROM plan_person WHERE run IN (SELECT id FROM run WHERE tenant = ?1)",
            ),
            (
                "",
                "DELETE FROM plan_absence WHERE run IN (SELECT id FROM run WHERE tenant = ?1)",
            ),
            (
                "",
                "DELETE FROM pruned WHERE run IN (SELECT id FROM run WHERE tenant = ?1)",
            ),
            ("", "DELETE FROM failure WHERE tenant = ?1"),
            ("", "DELETE FROM retention WHERE tenant = ?1"),
            ("", "DELETE FROM due WHERE tenant = ?1"),
            ("", "DELETE FROM ask WHERE tenant = ?1"),
            ("runs", "DELETE FROM run WHERE tenant = ?1"),
            (
                "installation",
                "UPDATE tenant SET plugin = NULL, configuration = '', settings = '[]',
                    intended = NULL, checkpoint = x'', policy = NULL, plugin_before = NULL WHERE id = ?1",
            ),
        ] {
            let done = sqlx::query(statement)
                .bind(number)
                .execute(&mut *tx)
                .await?;
            if !what.is_empty() {
                removed.push((what.to_owned(), done.rows_affected()));
            }
        }
        let components = sqlx::query(
            "DELETE FROM component WHERE digest NOT IN (SELECT plugin FROM tenant WHERE plugin IS NOT NULL
                UNION SELECT plugin_before FROM tenant WHERE plugin_before IS NOT NULL)",
        )
        .execute(&mut *tx)
        .await?;
        removed.push((
            "components no other tenant uses".to_owned(),
            components.rows_affected(),
        ));
        tx.commit().await?;
        Ok(removed)
    }
}

/// The default schema and roles; a tenant that had them keeps its own.
async fn give_schema(tx: &mut Transaction<'_, Sqlite>, tenant: i64) -> StoreResult<()> {
    for (position, field) in schema::fields().iter().enumerate() {
        sqlx::query(
            "INSERT INTO field (tenant, position, id, tab, label, kind, required, is_unique, max_length)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
        )
        .bind(tenant)
        .bind(signed(position as u64))
        .bind(&field.id)
        .bind(&field.tab)
        .bind(&field.label)
        .bind(schema::kind_name(field.kind))
        .bind(field.required)
        .bind(field.unique)
        .bind(i64::from(field.max_length))
        .execute(&mut **tx)
        .await?;
    }
    for (position, role) in schema::roles().iter().enumerate() {
        sqlx::query(
            "INSERT INTO role (tenant, position, id, label) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO NOTHING",
        )
        .bind(tenant)
        .bind(signed(position as u64))
        .bind(&role.id)
        .bind(&role.label)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

fn read_installation(row: &SqliteRow) -> StoreResult<Installation> {
    Ok(Installation {
        tenant: TenantId::new(row.try_get::<String, _>(0)?)?,
        plugin: row.try_get(1)?,
        installed_at: row.try_get(2)?,
        configuration: row.try_get(3)?,
        settings: serde_json::from_str(row.try_get(4)?)?,
        intended: row
            .try_get::<Option<&str>, _>(5)?
            .map(serde_json::from_str)
            .transpose()?,
    })
}
