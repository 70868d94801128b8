//! Ports that name their tenant by themselves: whoever holds one reaches the tenant of its scope, and cannot ask for another.

use std::sync::Arc;

use crate::ports::history::Failure;
use crate::ports::plan::{RowQuery, Run, StoredRow};
use crate::ports::queue::{Ask, Heard};
use crate::ports::{Outcome, Plans, Queue, RunId, TenantId};

/// A port, for one tenant.
pub(super) struct Own<P: ?Sized> {
    tenant: TenantId,
    port: Arc<P>,
}

impl<P: ?Sized> Own<P> {
    /// For whoever may hand it out: [`super::scope`] has the ports.
    pub(super) fn of(tenant: &TenantId, port: Arc<P>) -> Self {
        Self {
            tenant: tenant.clone(),
            port,
        }
    }
}

/// See [`Plans`].
impl Own<dyn Plans> {
    pub(super) async fn run(&self, run: RunId) -> Outcome<Run> {
        self.port.run(&self.tenant, run).await
    }

    pub(super) async fn runs(&self, limit: u32) -> Outcome<Vec<Run>> {
        self.port.runs(&self.tenant, limit).await
    }

    pub(super) async fn rows(
        &self,
        run: RunId,
        query: &RowQuery,
        after: u64,
        limit: u32,
    ) -> Outcome<Vec<StoredRow>> {
        self.port.rows(&self.tenant, run, query, after, limit).await
    }

    pub(super) async fn failures(
        &self,
        code: Option<&str>,
        after: u64,
        limit: u32,
    ) -> Outcome<Vec<Failure>> {
        self.port.failures(&self.tenant, code, after, limit).await
    }

    pub(super) async fn count_failures(&self, code: Option<&str>) -> Outcome<u64> {
        self.port.count_failures(&self.tenant, code).await
    }

    pub(super) async fn days(&self) -> Outcome<u32> {
        self.port.days(&self.tenant).await
    }
}

/// See [`Queue`].
impl Own<dyn Queue> {
    pub(super) async fn ask(&self, ask: &Ask) -> Outcome<RunId> {
        self.port.ask(&self.tenant, ask).await
    }

    pub(super) async fn known(&self, key: &str, wish: &str) -> Outcome<Option<RunId>> {
        self.port.known(&self.tenant, key, wish).await
    }

    pub(super) async fn remember(&self, key: &str, wish: &str, run: RunId) -> Outcome<()> {
        self.port.remember(&self.tenant, key, wish, run).await
    }

    pub(super) async fn ask_apply(&self, run: RunId) -> Outcome<()> {
        self.port.ask_apply(&self.tenant, run).await
    }

    pub(super) async fn stop(&self, run: RunId) -> Outcome<()> {
        self.port.stop(&self.tenant, run).await
    }

    pub(super) async fn heard(&self, run: RunId) -> Outcome<Option<Heard>> {
        self.port.heard(&self.tenant, run).await
    }

    pub(super) async fn goes_on(&self, run: RunId) -> Outcome<bool> {
        self.port.goes_on(&self.tenant, run).await
    }

    pub(super) async fn due_at(&self) -> Outcome<Option<i64>> {
        self.port.due_at(&self.tenant).await
    }
}
