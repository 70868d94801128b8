//! The program from outside, on the demo directory: what each command says, and how it ends.
//!
//! - [`commands`]: those that no other test calls, with what they answer
//! - [`ending`]: exit codes that a script waits for
//! - [`duplicates`]: who in the portal has a value that somebody in the directory wants
//! - [`seats`]: the licence
//! - [`walkthrough`]: the demo
//! - [`colour`]: escape sequences, where they belong and where not
//! - [`database`]: which one, and bringing it up to date
//! - [`memory`]: what the plugin needs for 20,000 people
#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "tests")]

mod colour;
mod commands;
mod database;
mod duplicates;
mod ending;
mod memory;
mod seats;
mod walkthrough;
