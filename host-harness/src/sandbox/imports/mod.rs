//! The imports of a plugin, a file per interface, each bound to the tenant (and run) of its [`super::HostContext`].
//!
//! Requests are checked against the contract's limits here, so that the ports see only requests within them. A port's problem
//! is returned to the plugin where the function can return one, and ends the call where it cannot.
//!
//! - `ldap`, `portal`, `plan`, `state`, `progress`, `log`, `clock`: the contract's
//! - `bounds`: the limits of requests
//! - `standard`: what the standard library imports, linked empty

mod bounds;
mod clock;
mod ldap;
mod log;
mod plan;
mod portal;
mod progress;
mod standard;
mod state;

pub(super) use standard::add_to_linker;
