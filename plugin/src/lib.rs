//! LDAP directory sync for marketplace platforms.
//!
//! A pure core (no WIT types, no input or output, no clock: they come as [`ports`]), the lifecycle hooks
//! on top of it, and a thin glue that alone knows the contract's bindings.
//!
//! - [`attribute`]: the attributes of a search, by position
//! - [`decode`]: from raw values to text, times and numbers
//! - [`dn`]: distinguished names
//! - [`entry`]: pages of entries, read in place
//! - [`export`]: the unsynced people as CSV
//! - [`field`]: the portal's fields
//! - [`filter`]: LDAP filters
//! - [`mapping`]: which portal field is made of what
//! - [`ports`]: what the plugin needs from its host
//! - [`problem`]: trouble, told so that a person can mend it
//! - [`profile`]: what kinds of directories are like
//! - `roles`: roles by group
//! - [`schedule`]: when to sync
//! - [`settings`]: the settings form, and the configuration made of it
//! - [`sync`]: the planner

pub mod attribute;
pub mod decode;
pub mod dn;
pub mod entry;
pub mod export;
pub mod field;
pub mod filter;
#[cfg(test)]
mod fixture;
pub mod lifecycle;
pub mod mapping;
pub mod ports;
pub mod problem;
pub mod profile;
pub(crate) mod roles;
pub mod schedule;
pub mod settings;
pub mod sync;

#[cfg(test)]
mod testing;

#[cfg(target_arch = "wasm32")]
mod glue;

pub use problem::Problem;
