//! What the acceptance tests stand on.
//!
//! - [`measure`]: what a command costs
//! - [`slapd`]: a real OpenLDAP server, filled from the generator
//! - [`rollcall`](mod@rollcall): the built program, run on a data directory of its own

pub mod measure;
pub mod rollcall;
pub mod slapd;
