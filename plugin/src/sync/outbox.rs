//! Rows to the host, in batches that the contract allows.

use crate::ports::directory::HostProblem;
use crate::ports::plan::{Plan, Rejection, Row};

/// Rows a call.
const BATCH: usize = 1000;

/// Records all, in batches.
pub(super) fn record(plan: &dyn Plan, rows: &[Row<'_>]) -> Result<(), HostProblem> {
    rows.chunks(BATCH).try_for_each(|rows| plan.record(rows))
}

/// Rejects all, in batches.
pub(super) fn reject(plan: &dyn Plan, mut rejections: Vec<Rejection>) -> Result<(), HostProblem> {
    while !rejections.is_empty() {
        let rest = rejections.split_off(rejections.len().min(BATCH));
        plan.reject(std::mem::replace(&mut rejections, rest))?;
    }
    Ok(())
}
