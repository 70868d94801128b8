//! From SQLite to PostgreSQL: everything, in one transaction, compared before it counts.
//!
//! - [`copying`]: the copy; [`tables`]: what is copied, table by table, with its statements; [`cell`]: values on their way

mod cell;
mod copying;
mod tables;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod whole;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests;

pub use copying::{Copied, copy};
