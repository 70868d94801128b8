//! The directory port over LDAP: the `ldap3` library behind a guarded transport of our own.
//!
//! The library is good at the protocol and trusts its peer; we don't. So the socket is ours: the endpoint
//! policy, TLS with its diagnosis, StartTLS, the validation of every frame before the library sees it, and
//! the decoding of entries straight into the contract's pages. The library keeps binds, search requests,
//! results and controls.
//!
//! - `policy`: where connections may go, and what they may cost
//! - `open`: the adapter; opens sessions, stage by stage
//! - `endpoint`, `starttls`, `tls`, `trust`, `certificate`, `identity`, `bind`: those stages
//! - `diagnosis`, `password_policy`: what a refused bind means
//! - `ber`, `frame`: validation of what arrives
//! - `attributes`, `page`: entries into pages
//! - `pump`, `link`: the transport and its tasks
//! - `request`, `filter`: what a plugin may ask for
//! - `search`, `paging`, `completion`, `cursor`: the paging loop, one page ahead, and how it ends
//! - `changes`, `told`: asking what has changed (RFC 4533)
//! - `domain_scope`: searches that stay in the domain of their base
//! - `error`: what can go wrong

mod attributes;
mod ber;
mod bind;
mod certificate;
mod changes;
mod completion;
mod cursor;
mod diagnosis;
mod domain_scope;
mod endpoint;
mod error;
mod filter;
mod frame;
mod identity;
mod link;
mod open;
mod page;
mod paging;
mod password_policy;
mod policy;
mod pump;
mod request;
mod search;
mod starttls;
mod tls;
mod told;
mod trust;

#[cfg(test)]
mod client_tests;
#[cfg(test)]
mod domain_scope_tests;
#[cfg(test)]
mod failover_tests;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod search_tests;
#[cfg(test)]
mod tls_tests;

pub use error::{Fault, Malformed};
pub use open::Ldap;
pub use policy::{Limits, Policy};
