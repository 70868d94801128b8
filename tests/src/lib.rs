//! What the acceptance tests stand on.
//!
//! - [`component`]: small components that are no good plugins
//! - [`contents`]: what a data directory's database holds
//! - [`measure`]: what a command costs
//! - [`refusal`]: calls that are to be refused, and to leave everything as it was
//! - [`slapd`]: a real OpenLDAP server, filled from the generator
//! - [`rollcall`](mod@rollcall): the built program, run on a data directory of its own
//! - [`tenancy`]: a tenant of that program on a demo directory that can be told to fail

pub mod component;
pub mod contents;
pub mod measure;
pub mod refusal;
pub mod rollcall;
pub mod slapd;
pub mod tenancy;
