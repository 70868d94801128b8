//! The command line: the driver with which developers test a plugin and operators run it.
//!
//! - [`args`]: what can be typed
//! - [`commands`]: a file per command
//! - [`app`]: the data directory, opened
//! - [`answer`], [`out`], [`json`]: what a command answers, for people and for machines
//! - [`view`]: text laid out for a terminal
//! - [`bars`]: progress, and Ctrl-C
//! - [`exit`]: exit codes
//! - [`deed`]: what is noted in the log of what was done
//! - [`password`], [`client_key`], [`settings_file`], [`policy`]: input that is no flag
//! - [`run`]: the way from arguments to an exit code

mod answer;
mod app;
mod args;
mod bars;
mod client_key;
mod commands;
mod database;
mod deed;
mod exit;
mod json;
mod out;
mod password;
mod policy;
mod run;
mod settings_file;
mod view;

pub use run::run;
