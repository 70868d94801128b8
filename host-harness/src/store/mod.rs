//! What the host remembers: portal, plans, settings, passwords, installations.
//!
//! The rules are here, for every database; a folder for each database holds its statements.
//!
//! - [`sqlite`]: the embedded database, [`Store`]; [`postgres`]: one that hosts share, [`PostgresStore`]
//! - [`database`]: any of them; [`copy`]: from the one to the other
//! - [`schema`]: a new portal's fields and roles; [`check`]: what its fields accept
//! - [`row`], [`digest`], [`guards`], [`exchange`]: a plan's rows, its digest, its guards, who takes whose values
//! - [`adoption`]: rows that take a person of the portal over
//! - [`unique`]: how unique values are compared
//! - [`values`]: values and changes as text
//! - [`standing`]: where a run stands; [`seen`]: whose rows a run being planned has
//! - [`failures`]: which failures a run closes
//! - [`person`]: marks and ids of people; [`refused`]: what every database refuses
//! - [`vault`]: sealed passwords
//! - [`tries`]: how long whoever tries passwords waits
//! - [`lock`]: one run of a tenant at a time
//! - [`error`]: what goes wrong

pub mod adoption;
pub mod check;
pub mod copy;
pub mod database;
pub mod digest;
pub mod error;
pub mod exchange;
mod failures;
pub mod guards;
pub mod lock;
mod person;
pub mod postgres;
mod refused;
pub mod row;
pub mod schema;
mod seen;
pub mod sqlite;
mod standing;
mod tries;
pub mod unique;
pub mod values;
pub mod vault;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod conformance;

pub use database::{Database, SchemaVersions};
pub use lock::TenantLock;
pub use postgres::{DatabaseUrl, PostgresStore};
pub use sqlite::{PlanLimits, Store};
