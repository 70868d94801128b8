//! The history port.

use async_trait::async_trait;

use super::open::PostgresStore;
use crate::contract::plan::UnsyncedRow;
use crate::ports::history::{Cause, Failure, Pruned};
use crate::ports::{History, Outcome, RunId, TenantId};

#[async_trait]
impl History for PostgresStore {
    async fn failures(
        &self,
        tenant: &TenantId,
        code: Option<&str>,
        after: u64,
        limit: u32,
    ) -> Outcome<Vec<Failure>> {
        Ok(self.list_failures(tenant, code, after, limit).await?)
    }

    async fn count_failures(&self, tenant: &TenantId, code: Option<&str>) -> Outcome<u64> {
        Ok(self.failures_in_all(tenant, code).await?)
    }

    async fn open_causes(&self, tenant: &TenantId) -> Outcome<Vec<Cause>> {
        Ok(self.causes_in_all(tenant).await?)
    }

    async fn causes(&self, tenant: &TenantId, run: RunId) -> Outcome<Vec<Cause>> {
        Ok(self.causes_of(tenant, run).await?)
    }

    async fn open_unsynced(
        &self,
        tenant: &TenantId,
        after: u64,
        limit: u32,
    ) -> Outcome<Vec<UnsyncedRow>> {
        Ok(self.list_open_unsynced(tenant, after, limit).await?)
    }

    async fn days(&self, tenant: &TenantId) -> Outcome<u32> {
        Ok(self.retention(tenant).await?)
    }

    async fn keep_days(&self, tenant: &TenantId, days: u32) -> Outcome<()> {
        Ok(self.set_retention(tenant, days).await?)
    }

    async fn prunable(&self, now: i64) -> Outcome<Vec<TenantId>> {
        Ok(self.tenants_to_prune(now).await?)
    }

    async fn prune(&self, tenant: &TenantId, now: i64, limit: u32) -> Outcome<Pruned> {
        Ok(self.prune_rows(tenant, now, limit).await?)
    }
}
