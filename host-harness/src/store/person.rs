//! A person's marks and ids, as every database keeps them.

use crate::contract::portal::Status;

/// The person is inactive.
const INACTIVE: i64 = 1;
/// A sync made the person inactive.
const BY_SYNC: i64 = 2;

/// The most people of an index that come at a time.
pub(crate) const MAX_INDEX: u32 = 10_000;

/// The external id; empty of somebody whom no sync brought.
pub(crate) fn external_id(origin: i64, key: String) -> String {
    if origin == 1 { key } else { String::new() }
}

/// Active or not.
pub(crate) fn status(marks: i64) -> Status {
    if marks & INACTIVE == 0 {
        Status::Active
    } else {
        Status::Inactive
    }
}

/// Whether it was a sync that made the person inactive.
pub(crate) fn deactivated_by_sync(marks: i64) -> bool {
    marks & BY_SYNC != 0
}
