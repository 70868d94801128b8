//! The console: pages for administrators and operators, made here, and sent whole or as they become known.
//!
//! A page works without a script; what is vendored and [`assets`]' few lines add live progress and looking up as somebody types.
//! Pages stand on the same scopes as the interface for programs ([`super::scope`]), and so does what is noted of their work.
//!
//! - `routes`: all pages; [`entered`]: who may; `trouble`: how a refusal looks; `fields`: what a form carries
//! - [`frame`]: what stands around every page; [`assets`]: its style and script
//! - `moment`: dates in the tenant's zone; [`words`]: statuses in words; `control`: a form's fields; `streamed`: pages in pieces
//! - `login`: coming in; `home`, `tenant`: integrations and one of them
//! - `configuration`, `verify`: where the directory is, and whether it works; `mapping`: what fields are made of, with
//!   `found`: people to pick from, and `covered`: what that comes to
//! - `runs`, `run` with `wish` and `tally`, `rows`: what was and will be done; `unsynced`, `people`, `person`: with whom not, and why
//! - `schedule`, `timetable`: when it happens by itself; `history`, `day`, `chart`: what it did
//! - `plugin`: installing it, and another one; `uninstall`: leaving
//! - `settings`: what concerns every tenant

mod assets;
mod chart;
mod configuration;
mod control;
mod covered;
mod day;
mod entered;
mod fields;
mod found;
mod frame;
mod history;
mod home;
mod login;
mod mapping;
mod moment;
mod people;
mod person;
mod plugin;
mod routes;
mod rows;
mod run;
mod runs;
mod schedule;
mod settings;
mod streamed;
mod tally;
mod tenant;
mod timetable;
mod trouble;
mod uninstall;
mod unsynced;
mod verify;
mod wish;
mod words;

pub(super) use routes::routes;
pub(super) use trouble::{no_such_method, nowhere, told};
