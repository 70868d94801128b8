//! The store on SQLite: one writer connection, a few readers, statements over sets of rows.
//!
//! - [`open`]: [`Store`] itself: files, connections, transactions
//! - [`tenants`], [`state`], [`secrets`], [`portal`], [`edit`]: the ports of those names

mod edit;
mod open;
mod portal;
mod secrets;
mod state;
mod tenants;

pub use open::Store;
