//! A host in memory, for unit tests: a directory that really evaluates filters, pages and limits, a portal, a plan that
//! keeps what it is given, and state with versions.
//!
//! - [`directory`]: entries, root DSE, faults
//! - [`portal`]: fields, roles, people
//! - [`world`]: all of it as a [`Host`](crate::ports::Host)

#![expect(clippy::unwrap_used, reason = "tests")]

pub(crate) mod directory;
pub(crate) mod portal;
pub(crate) mod world;

pub(crate) use world::World;
