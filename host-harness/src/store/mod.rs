//! What the host remembers: portal, plans, settings, passwords, installations.
//!
//! The rules are here, for every database; a folder for each database holds its statements.
//!
//! - [`sqlite`]: the embedded database, [`Store`]
//! - [`schema`]: a new portal's fields and roles; [`check`]: what its fields accept
//! - [`row`], [`digest`], [`guards`], [`exchange`]: a plan's rows, its digest, its guards, who takes whose values
//! - [`adoption`]: rows that take a person of the portal over
//! - [`unique`]: how unique values are compared
//! - [`values`]: values and changes as text
//! - [`vault`]: sealed passwords
//! - [`lock`]: one run of a tenant at a time
//! - [`error`]: what goes wrong

pub mod adoption;
pub mod check;
pub mod digest;
pub mod error;
pub mod exchange;
pub mod guards;
pub mod lock;
pub mod row;
pub mod schema;
pub mod sqlite;
pub mod unique;
pub mod values;
pub mod vault;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod conformance;

pub use lock::TenantLock;
pub use sqlite::{PlanLimits, Store};
