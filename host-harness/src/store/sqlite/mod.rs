//! The store on SQLite: one writer connection, a few readers, statements over sets of rows.
//!
//! - [`open`]: [`Store`] itself: files, connections, transactions
//! - [`tenants`], [`state`], [`secrets`], [`portal`], [`edit`], [`queue`], [`access`], [`hosts`], [`users`], [`endpoints`], [`versions`],
//!   [`overview`]: the ports of those names
//! - [`sessions`], [`attempts`]: the rest of the users port
//! - [`keys`]: which key wraps the tenants' data keys
//! - [`plans`]: the plan port, over [`runs`], [`record`], [`link`], [`finish`], [`apply`] and [`rows`];
//!   [`adopt`] takes people over, [`undo`] looks at what is put back, [`migrate`] gives them other external ids, [`seen`] remembers whose rows a run being planned has

mod access;
mod adopt;
mod apply;
mod attempts;
mod edit;
mod endpoints;
mod failures;
mod finish;
mod history;
mod hosts;
mod keys;
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
mod secrets;
mod seen;
mod sessions;
mod state;
mod tenants;
mod undo;
mod users;
mod versions;
mod withdraw;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests;

pub(in crate::store) use keys::wrapped;
pub(in crate::store) use open::{DATABASE, make_directory};
pub use open::{PlanLimits, Store};
