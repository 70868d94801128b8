//! Rows to the host, in batches that the contract allows.

use crate::ports::directory::HostProblem;
use crate::ports::plan::{Plan, Rejection, Row};

use super::size;

/// Rows a call.
const BATCH: usize = 1000;

/// Bytes of texts a call, about: the host copies a call's rows as a whole.
const BYTES: usize = 4 << 20;

/// Records all, in batches.
pub(super) fn record(plan: &dyn Plan, rows: &[Row<'_>]) -> Result<(), HostProblem> {
    let (mut start, mut bytes) = (0, 0);
    for (place, row) in rows.iter().enumerate() {
        bytes += size::of(row);
        if place + 1 - start == BATCH || bytes > BYTES {
            plan.record(&rows[start..=place])?;
            (start, bytes) = (place + 1, 0);
        }
    }
    if start < rows.len() {
        plan.record(&rows[start..])
    } else {
        Ok(())
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
