//! Runs directory-sync components (`wit/`) per tenant: the host library.
//!
//! The plugin proposes, the host disposes: a component reads the directory and the portal through
//! imports bound to one tenant and records a plan; this library guards and applies it.
//!
//! - [`cause`]: whose trouble a code is
//! - [`cli`]: the command line
//! - [`contract`]: the contract's types
//! - [`demo`]: an organisation and a directory to try things on
//! - [`dn`]: distinguished names
//! - [`ldap`]: the directory port over LDAP
//! - [`ports`]: what the host needs from outside
//! - [`problem`]: how trouble reaches people
//! - [`sandbox`]: runs plugins
//! - [`shape`]: what programs are told, as JSON
//! - [`service`]: many tenants, unattended
//! - [`store`]: the ports on a database
//! - [`telemetry`]: what an operator sees of the program at work
//! - [`tenant`]: the hooks of one tenant

pub mod cause;
pub mod cli;
pub mod contract;
mod count;
pub mod demo;
pub mod dn;
pub mod ldap;
pub mod ports;
pub mod problem;
pub mod sandbox;
pub mod service;
pub mod shape;
pub mod store;
pub mod telemetry;
pub mod tenant;

pub use problem::Problem;
