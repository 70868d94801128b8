//! The commands, a file each: its arguments, and what it does with them.
//!
//! A command asks a [`crate::tenant::Tenant`] and turns what it gets into an
//! [`Answer`](super::answer::Answer); it prints nothing itself, unless the work is long.

pub(crate) mod approve;
pub(crate) mod completions;
pub(crate) mod configure;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod failures;
pub(crate) mod install;
pub(crate) mod key;
mod looking;
pub(crate) mod map;
pub(crate) mod migrate;
mod origin;
pub(crate) mod people;
pub(crate) mod plugin;
pub(crate) mod retention;
pub(crate) mod rows;
pub(crate) mod runs;
pub(crate) mod schedule;
pub(crate) mod serve;
pub(crate) mod settings;
pub(crate) mod sync;
pub(crate) mod token;
pub(crate) mod undo;
pub(crate) mod uninstall;
pub(crate) mod user;
pub(crate) mod verify;
pub(crate) mod who;
