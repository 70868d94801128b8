//! The directory as its clients see it.
//!
//! - [`client`]: a plain client that decodes with another codec than the one that writes entries
//! - `asking`: binds, searches, limits, referrals
//! - `changing`: changes over LDAP
//! - `failing`: the fault script
//! - `kinds`: the products that it can be
//! - `protecting`: TLS

mod asking;
mod changing;
mod client;
mod failing;
mod kinds;
mod protecting;
