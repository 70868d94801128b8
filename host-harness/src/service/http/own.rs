//! Ports that name their tenant by themselves: whoever holds one reaches the tenant of its scope, and cannot ask for another.

use std::sync::Arc;

use crate::contract::portal::{Field, LicenceState, PeopleIndex, Person, Role};
use crate::ports::history::{Cause, Failure};
use crate::ports::plan::{Figures, RowQuery, Run, RunQuery, StoredRow};
use crate::ports::queue::{Ask, Heard};
use crate::ports::{Brought, Outcome, Plans, Portal, Queue, RunId, TenantId};

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

    pub(super) async fn runs(&self, query: &RunQuery, limit: u32) -> Outcome<Vec<Run>> {
        self.port.runs(&self.tenant, query, limit).await
    }

    pub(super) async fn figures(&self, since: i64, limit: u32) -> Outcome<Vec<Figures>> {
        self.port.figures(&self.tenant, since, limit).await
    }

    pub(super) async fn reasons(&self, run: RunId) -> Outcome<Vec<String>> {
        self.port.reasons(&self.tenant, run).await
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

    pub(super) async fn open_causes(&self) -> Outcome<Vec<Cause>> {
        self.port.open_causes(&self.tenant).await
    }

    pub(super) async fn causes(&self, run: RunId) -> Outcome<Vec<Cause>> {
        self.port.causes(&self.tenant, run).await
    }

    pub(super) async fn days(&self) -> Outcome<u32> {
        self.port.days(&self.tenant).await
    }
}

/// See [`Portal`].
impl Own<dyn Portal> {
    pub(super) async fn fields(&self) -> Outcome<Vec<Field>> {
        self.port.fields(&self.tenant).await
    }

    pub(super) async fn roles(&self) -> Outcome<Vec<Role>> {
        self.port.roles(&self.tenant).await
    }

    pub(super) async fn licence(&self) -> Outcome<LicenceState> {
        self.port.licence(&self.tenant).await
    }

    pub(super) async fn count(&self) -> Outcome<u64> {
        self.port.count(&self.tenant).await
    }

    pub(super) async fn index(&self, after: &str, limit: u32) -> Outcome<PeopleIndex> {
        self.port.index(&self.tenant, after, limit).await
    }

    pub(super) async fn brought(&self) -> Outcome<Brought> {
        self.port.brought(&self.tenant).await
    }

    pub(super) async fn pending(&self, after: &str, limit: u32) -> Outcome<Vec<String>> {
        self.port.pending(&self.tenant, after, limit).await
    }

    pub(super) async fn people(&self, external_ids: &[String]) -> Outcome<Vec<Person>> {
        self.port.people(&self.tenant, external_ids).await
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

    pub(super) async fn asked(&self, run: RunId) -> Outcome<Option<Ask>> {
        self.port.asked(&self.tenant, run).await
    }

    pub(super) async fn goes_on(&self, run: RunId) -> Outcome<bool> {
        self.port.goes_on(&self.tenant, run).await
    }

    pub(super) async fn due_at(&self) -> Outcome<Option<i64>> {
        self.port.due_at(&self.tenant).await
    }
}
