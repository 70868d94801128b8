//! Rows on their way to the host, in batches that the contract allows.

use crate::ports::directory::HostProblem;
use crate::ports::plan::{Plan, Rejection, Row};

/// Rows a call.
const BATCH: usize = 1000;

/// Rows not yet recorded.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    rows: Vec<Row>,
}

impl Outbox {
    /// Takes a row.
    pub(super) fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Records what fills a batch.
    pub(super) fn drain(&mut self, plan: &dyn Plan) -> Result<(), HostProblem> {
        while self.rows.len() >= BATCH {
            let rest = self.rows.split_off(BATCH);
            plan.record(std::mem::replace(&mut self.rows, rest))?;
        }
        Ok(())
    }

    /// Records everything.
    pub(super) fn flush(&mut self, plan: &dyn Plan) -> Result<(), HostProblem> {
        self.drain(plan)?;
        if self.rows.is_empty() {
            Ok(())
        } else {
            plan.record(std::mem::take(&mut self.rows))
        }
    }
}

/// Rejects all, in batches.
pub(super) fn reject(plan: &dyn Plan, mut rejections: Vec<Rejection>) -> Result<(), HostProblem> {
    while !rejections.is_empty() {
        let rest = rejections.split_off(rejections.len().min(BATCH));
        plan.reject(std::mem::replace(&mut rejections, rest))?;
    }
    Ok(())
}
