//! Where a run stands, and how its rows are numbered: the same in every database.

use crate::contract::plan::RowKind;
use crate::ports::plan::{Count, MIGRATE_IDS, RunId, RunStatus, UNDO, UNINSTALL};
use crate::store::error::{StoreError, StoreResult};
use crate::store::row::kind_of;

/// Whether an applied run of this mode says who is back, having read the directory for that.
pub(crate) fn tells_who_is_back(mode: &str) -> bool {
    ![UNINSTALL, UNDO, MIGRATE_IDS].contains(&mode)
}

/// The part of a row's id that is its sequence.
const SEQUENCE_BITS: u32 = 32;

/// What a write to a run needs to know of it.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) status: RunStatus,
    pub(crate) mode: String,
    pub(crate) configuration: String,
    pub(crate) digest: Option<String>,
    pub(crate) approved: Option<String>,
    pub(crate) cursor: i64,
    pub(crate) pending: i64,
    pub(crate) sequence: i64,
}

/// The id of a run's row; sequence 0 stands before all of them.
pub(crate) fn row_id(run: RunId, sequence: i64) -> i64 {
    (run.0 << SEQUENCE_BITS) | sequence
}

/// A row's place in its run.
pub(crate) fn sequence_of(row_id: i64) -> i64 {
    row_id & ((1 << SEQUENCE_BITS) - 1)
}

/// A status by its stored name.
pub(crate) fn status_named(name: &str) -> StoreResult<RunStatus> {
    serde_json::from_value(serde_json::Value::from(name)).map_err(StoreError::from)
}

/// What a row that was not applied comes to in a run of this status.
pub(crate) fn without_outcome(status: RunStatus) -> &'static str {
    if status == RunStatus::Discarded {
        "discarded"
    } else {
        "pending"
    }
}

/// Refuses a call that a run in this status does not take.
pub(crate) fn wrong_status(run: RunId, status: RunStatus, wanted: &str) -> StoreError {
    StoreError::refused(
        "wrong-status",
        format!("run {run} is {}, not {wanted}", status.name()),
        "Begin a new run.",
    )
}

/// Refuses a run that is none of the tenant's.
pub(crate) fn unknown_run(run: RunId) -> StoreError {
    StoreError::refused(
        "unknown-run",
        format!("the tenant has no run {run}"),
        "Look at the list of the tenant's runs.",
    )
}

/// Rows of one kind: all of them, and those that the cursor has passed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Total {
    pub(crate) kind: i64,
    pub(crate) rows: i64,
    pub(crate) passed: i64,
}

/// Rows of one kind with an outcome of their own: all of them, those that failed, and those that the cursor has passed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exception {
    pub(crate) kind: i64,
    pub(crate) rows: i64,
    pub(crate) failed: i64,
    pub(crate) passed: i64,
}

/// Rows by kind and outcome: what the cursor tells, corrected by the outcomes that stand by themselves.
pub(crate) fn counts(
    totals: &[Total],
    exceptions: &[Exception],
    status: RunStatus,
) -> StoreResult<Vec<Count>> {
    let mut counts = Vec::new();
    for total in totals {
        let kind = kind_of(total.kind)?;
        let mut add = |outcome: &str, rows: i64| {
            if rows > 0 {
                counts.push(Count {
                    kind,
                    outcome: outcome.to_owned(),
                    rows: unsigned(rows),
                });
            }
        };
        if kind == RowKind::Unsynced {
            add("reported", total.rows);
            continue;
        }
        let own = exceptions.iter().find(|own| own.kind == total.kind);
        let (rows, failed, behind) =
            own.map_or((0, 0, 0), |own| (own.rows, own.failed, own.passed));
        let applied = total.passed - behind + rows - failed;
        add("applied", applied);
        add("failed", failed);
        add(without_outcome(status), total.rows - applied - failed);
    }
    Ok(counts)
}

/// A count as a database gives it.
pub(crate) fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

/// A number as a database takes it.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
