//! `plan`: the rows of the run that the call is bound to.

use super::super::guest::{Guest, Purpose, or_end};
use super::bounds::{at_most, within};
use crate::Problem;
use crate::contract::plan::{Absence, Host, Link, Proof, Rejection, Row, Summary, UnsyncedRow};

const ROWS: usize = 1000;
const REJECTIONS: usize = 1000;
const LINKS: usize = 1000;
const ABSENCES: usize = 1000;
const CHECKPOINT: usize = 1 << 20;

impl Host for Guest {
    /// The rows are written while the plugin goes on; a refusal is told by the next call.
    async fn record_rows(&mut self, rows: Vec<Row>) -> wasmtime::Result<Result<(), Problem>> {
        let (_call, context, run) = self.enter_plan(Purpose::Plan, "record-rows")?;
        if let Err(problem) = at_most("rows in one call", rows.len(), ROWS) {
            return Ok(Err(problem));
        }
        let batch = async move { context.plans.record(&context.tenant, run, rows).await };
        Ok(self.writer.write(batch).await)
    }

    async fn reject(
        &mut self,
        rejections: Vec<Rejection>,
    ) -> wasmtime::Result<Result<(), Problem>> {
        let (_call, context, run) = self.enter_plan(Purpose::Plan, "reject")?;
        let fits = at_most("rejections in one call", rejections.len(), REJECTIONS);
        if let Err(problem) = fits.and(self.writer.settle().await) {
            return Ok(Err(problem));
        }
        Ok(context.plans.reject(&context.tenant, run, rejections).await)
    }

    /// Written while the plugin goes on, as rows are.
    async fn record_links(&mut self, links: Vec<Link>) -> wasmtime::Result<Result<(), Problem>> {
        let (_call, context, run) = self.enter_plan(Purpose::Plan, "record-links")?;
        if let Err(problem) = at_most("links in one call", links.len(), LINKS) {
            return Ok(Err(problem));
        }
        let batch = async move { context.plans.link(&context.tenant, run, links).await };
        Ok(self.writer.write(batch).await)
    }

    async fn note_absent(
        &mut self,
        absences: Vec<Absence>,
    ) -> wasmtime::Result<Result<(), Problem>> {
        let (_call, context, run) = self.enter_plan(Purpose::Plan, "note-absent")?;
        let fits = at_most("absences in one call", absences.len(), ABSENCES);
        if let Err(problem) = fits.and(self.writer.settle().await) {
            return Ok(Err(problem));
        }
        Ok(context
            .plans
            .note_absent(&context.tenant, run, absences)
            .await)
    }

    async fn finish(
        &mut self,
        summary: Summary,
        proof: Proof,
        checkpoint: Vec<u8>,
    ) -> wasmtime::Result<Result<String, Problem>> {
        let (_call, context, run) = self.enter_plan(Purpose::Plan, "finish")?;
        let fits = at_most("bytes of a checkpoint", checkpoint.len(), CHECKPOINT);
        let holds = fits
            .and(self.writer.settle().await)
            .and(self.witness.check(&proof, context.enumeration.as_ref()));
        if let Err(problem) = holds {
            return Ok(Err(problem));
        }
        Ok(context
            .plans
            .finish(&context.tenant, run, summary, proof, checkpoint)
            .await)
    }

    async fn unsynced_rows(
        &mut self,
        after: u64,
        limit: u32,
    ) -> wasmtime::Result<Vec<UnsyncedRow>> {
        if self.exports_the_open() {
            let (_call, context) = self.enter()?;
            or_end(within("limit", limit, 1000))?;
            let open = context.plans.open_unsynced(&context.tenant, after, limit);
            return or_end(open.await);
        }
        let (_call, context, run) = self.enter_plan(Purpose::Export, "unsynced-rows")?;
        or_end(within("limit", limit, 1000))?;
        or_end(
            context
                .plans
                .unsynced(&context.tenant, run, after, limit)
                .await,
        )
    }
}
