//! Runs against a host in memory.
//!
//! - `bench`: makes plans and applies them to the portal in memory
//! - `places`: several bases, and subtrees that are left out
//! - `plans`: what a plan holds
//! - `second_look`: would-be leavers, asked for by id
//! - `properties`: what holds for all of them

#![expect(clippy::unwrap_used, reason = "tests")]

mod bench;
mod places;
mod plans;
mod properties;
mod second_look;
