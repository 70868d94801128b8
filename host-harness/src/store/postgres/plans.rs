//! The plan port.

use async_trait::async_trait;

use super::open::PostgresStore;
use crate::Problem;
use crate::contract::plan::{Absence, Link, Proof, Rejection, Row, Summary, UnsyncedRow};
use crate::ports::plan::{
    Applied, Begin, Figures, RowQuery, Run, RunId, RunQuery, RunStatus, StoredRow,
};
use crate::ports::{Outcome, Plans, TenantId};

#[async_trait]
impl Plans for PostgresStore {
    async fn begin(&self, tenant: &TenantId, begin: Begin) -> Outcome<RunId> {
        Ok(self.begin_run(tenant, &begin).await?)
    }

    async fn record(&self, tenant: &TenantId, run: RunId, rows: Vec<Row>) -> Outcome<()> {
        Ok(self.record_rows(tenant, run, rows).await?)
    }

    async fn reject(
        &self,
        tenant: &TenantId,
        run: RunId,
        rejections: Vec<Rejection>,
    ) -> Outcome<()> {
        Ok(self.reject_rows(tenant, run, rejections).await?)
    }

    async fn link(&self, tenant: &TenantId, run: RunId, links: Vec<Link>) -> Outcome<()> {
        Ok(self.link_rows(tenant, run, links).await?)
    }

    async fn note_absent(
        &self,
        tenant: &TenantId,
        run: RunId,
        absences: Vec<Absence>,
    ) -> Outcome<()> {
        Ok(self.note_absences(tenant, run, &absences).await?)
    }

    async fn finish(
        &self,
        tenant: &TenantId,
        run: RunId,
        summary: Summary,
        proof: Proof,
        checkpoint: Vec<u8>,
    ) -> Outcome<String> {
        Ok(self
            .finish_plan(tenant, run, &summary, &proof, checkpoint)
            .await?)
    }

    async fn end(
        &self,
        tenant: &TenantId,
        run: RunId,
        status: RunStatus,
        problem: Option<Problem>,
    ) -> Outcome<()> {
        Ok(self.end_run(tenant, run, status, problem.as_ref()).await?)
    }

    async fn approve(&self, tenant: &TenantId, run: RunId, digest: &str) -> Outcome<()> {
        Ok(self.approve_run(tenant, run, digest).await?)
    }

    async fn apply(&self, tenant: &TenantId, run: RunId, limit: u32) -> Outcome<Applied> {
        Ok(self.apply_batch(tenant, run, limit).await?)
    }

    async fn changed_status_since(
        &self,
        tenant: &TenantId,
        run: RunId,
        external_ids: &[String],
    ) -> Outcome<Vec<String>> {
        Ok(self.statuses_since(tenant, run, external_ids).await?)
    }

    async fn unfinished(&self, tenant: &TenantId) -> Outcome<Option<RunId>> {
        Ok(self.unfinished_run(tenant).await?)
    }

    async fn run(&self, tenant: &TenantId, run: RunId) -> Outcome<Run> {
        Ok(self.one_run(tenant, run).await?)
    }

    async fn runs(&self, tenant: &TenantId, query: &RunQuery, limit: u32) -> Outcome<Vec<Run>> {
        Ok(self.latest_runs(tenant, query, limit).await?)
    }

    async fn figures(&self, tenant: &TenantId, since: i64, limit: u32) -> Outcome<Vec<Figures>> {
        Ok(self.figures_since(tenant, since, limit).await?)
    }

    async fn reasons(&self, tenant: &TenantId, run: RunId) -> Outcome<Vec<String>> {
        Ok(self.reasons_of(tenant, run).await?)
    }

    async fn rows(
        &self,
        tenant: &TenantId,
        run: RunId,
        query: &RowQuery,
        after: u64,
        limit: u32,
    ) -> Outcome<Vec<StoredRow>> {
        Ok(self.list_rows(tenant, run, query, after, limit).await?)
    }

    async fn unsynced(
        &self,
        tenant: &TenantId,
        run: RunId,
        after: u64,
        limit: u32,
    ) -> Outcome<Vec<UnsyncedRow>> {
        Ok(self.list_unsynced(tenant, run, after, limit).await?)
    }

    async fn checkpoint(&self, tenant: &TenantId) -> Outcome<Vec<u8>> {
        Ok(self.last_checkpoint(tenant).await?)
    }
}
