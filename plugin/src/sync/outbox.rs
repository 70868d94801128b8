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

/// Rejects all, in batches. They are made one batch at a time: nearly everybody may be rejected.
pub(super) fn reject(
    plan: &dyn Plan,
    rejections: impl IntoIterator<Item = Rejection>,
) -> Result<(), HostProblem> {
    batches(rejections).try_for_each(|batch| plan.reject(batch))
}

/// What a call takes at a time.
pub(super) fn batches(
    rejections: impl IntoIterator<Item = Rejection>,
) -> impl Iterator<Item = Vec<Rejection>> {
    let mut rejections = rejections.into_iter();
    std::iter::from_fn(move || {
        let batch: Vec<Rejection> = rejections.by_ref().take(BATCH).collect();
        (!batch.is_empty()).then_some(batch)
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::problem::Problem;
    use crate::testing::World;

    #[test]
    fn rejections_are_made_when_their_batch_is_due_and_each_goes_out_once() {
        for count in [0, 1, BATCH, BATCH + 1, 10 * BATCH] {
            let world = World::default();
            let made = (0..count).map(|n| {
                // Those of this batch and no others are still to go out.
                let waiting = n - world.rejections.borrow().len();
                assert!(waiting < BATCH, "{waiting}");
                Rejection {
                    external_id: n.to_string(),
                    problem: Problem::new("duplicate", "", ""),
                    other: None,
                }
            });
            reject(&world, made).unwrap();
            let rejections = world.rejections.borrow();
            let sent = rejections.iter().map(|one| one.external_id.clone());
            assert!(sent.eq((0..count).map(|n| n.to_string())));
        }
    }
}
