//! The HTTP interface of the service, below `/api/v1`, and what an operator's tools ask for.
//!
//! A handler reaches a tenant's data only through a [`scope::Scope`], which exists only for a caller who may: everything else is
//! private to [`scope`].
//!
//! - [`api`]: what the routes stand on, and all of them together
//! - `described`: what the OpenAPI document says of all of them alike
//! - [`door`]: where it listens, and who may come in
//! - `scope`: who calls, and for which tenant; `own`: ports that name their tenant by themselves
//! - `refusal`: trouble as `application/problem+json` (RFC 9457)
//! - `tenants`, `plugin`, `settings`, `mapping`, `runs`, `undo`, `events`, `schedule`, `unsynced`, `uninstall`: routes of a tenant
//! - `failures`: who still is unsynced, and how long rows are kept
//! - `sent`: what requests carry; `tag`: what a change is a change of; `key`: what makes asking twice the same as asking once
//! - `access`: tokens and the log of what was done
//! - `session`, `users`: logging in, and who may; `browser`: what a browser shows of itself
//! - `web`: the console, for browsers
//! - [`answering`]: connections and their limits; `line`: one of them; `guard`: what every request goes through
//! - `observe`: what an operator sees of a request
//! - `operation`: health, readiness, metrics

mod access;
pub mod answering;
pub mod api;
mod browser;
mod described;
pub mod door;
mod events;
mod failures;
mod guard;
mod key;
mod line;
mod mapping;
mod observe;
mod operation;
mod own;
mod plugin;
mod refusal;
mod runs;
mod schedule;
mod scope;
mod sent;
mod session;
mod settings;
mod tag;
mod tenants;
mod undo;
mod uninstall;
mod unsynced;
mod users;
mod web;

pub use answering::answer;
pub use api::{Api, document};
pub use door::{Door, Peer, Protection};
