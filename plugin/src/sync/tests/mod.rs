//! Runs against a host in memory.
//!
//! - `bench`: makes plans and applies them to the portal in memory
//! - `plans`: what a plan holds
//! - `properties`: what holds for all of them

#![expect(clippy::unwrap_used, reason = "tests")]

mod bench;
mod plans;
mod properties;
