//! An LDAP directory inside this process, on loopback ports of its own, filled with an
//! [`Organisation`](super::Organisation).
//!
//! It answers as OpenLDAP does where a client can tell the difference (root DSE, limits, result codes, order), or as
//! another product that it is told to be. It can be
//! changed while it runs, over LDAP or through [`DemoDirectory`], and told to fail ([`faults`]).
//!
//! - [`server`]: starting, stopping, changing
//! - [`options`]: what it is to be like
//! - [`vendor`]: the products that it can be; [`shape`]: the organisation's entries as these have them
//! - [`faults`]: what is to go wrong, and when
//! - [`tree`]: the entries; [`change`]: changes to them; [`integrity`]: references that follow a change
//! - [`schema`]: how the values of each attribute compare
//! - [`filter`]: search filters; [`selection`]: which attributes an answer has
//! - [`connection`]: one client; [`search`], [`write`], [`session`]: its requests
//! - [`request`]: messages from bytes
//! - [`wire`]: the socket below, plain or TLS; [`reply`]: answers as bytes
//! - [`tls`]: certificates, good and bad
//! - [`root_dse`]: what it says about itself

pub mod change;
mod connection;
pub mod faults;
mod filter;
mod integrity;
pub mod options;
mod reply;
mod request;
mod root_dse;
mod schema;
mod search;
mod selection;
pub mod server;
mod session;
mod shape;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests;
pub mod tls;
mod tree;
pub mod vendor;
mod wire;
mod write;

pub use change::{Change, ChangeError};
pub use faults::{Deed, Fault, When};
pub use options::{Anonymous, Limits, Options, Vendor};
pub use server::{DemoDirectory, Seen, StartError};
pub use tls::{Certificate, Tls};
