//! The store on PostgreSQL 13 or newer, which any number of hosts share.
//!
//! Whoever writes anything of a tenant locks the tenant's row first, so a tenant's writes come one after the other, as in
//! SQLite, and those of different tenants side by side. Statements are over sets; time is the database's.
//!
//! - [`address`]: the URL; [`open`]: [`PostgresStore`] itself: connections, transactions; [`schema`]: its shape, and how old it is
//! - [`text`]: texts without U+0000; [`unique`]: unique values as keys
//! - [`tenants`], [`state`], [`secrets`], [`portal`], [`edit`], [`endpoints`], [`versions`]: the ports of those names
//! - [`keys`]: which key wraps the tenants' data keys
//! - [`plans`]: the plan port, over [`runs`], [`record`], [`link`], [`finish`], [`apply`] and [`rows`];
//!   [`batch`] chooses the rows that are applied together, [`adopt`] takes people over, [`undo`] looks at what is put back, [`migrate`] gives them other ids,
//!   [`seen`] reads whose rows there are
//! - [`queue`]: runs that wait, and who is due; [`lease`]: which host works for a tenant; [`hosts`]: which serve; [`access`]: tokens and deeds
//! - [`users`]: the port of that name, with [`sessions`] and [`attempts`]

mod access;
mod address;
mod adopt;
mod apply;
mod attempts;
mod batch;
mod edit;
mod endpoints;
mod failures;
mod finish;
mod history;
mod hosts;
mod keys;
mod lease;
mod link;
mod migrate;
mod open;
mod overview;
mod plans;
mod portal;
mod queue;
mod record;
mod retention;
mod rows;
mod runs;
mod schema;
mod secrets;
mod seen;
mod sessions;
mod state;
mod tenants;
mod text;
mod undo;
mod unique;
mod users;
mod versions;
mod withdraw;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod lease_tests;
#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
pub(in crate::store) mod server;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests;

pub use address::DatabaseUrl;
pub use open::PostgresStore;
pub(in crate::store) use text::{given, kept, kept_json};
pub(in crate::store) use unique::unique_key;
