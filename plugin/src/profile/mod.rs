//! What a kind of directory is like: how it is recognised, what identifies a person for ever, who is
//! disabled, and which rules suit it.
//!
//! A profile is one file here and one line in [`registry`]; its test is an LDIF fixture beside it.
//!
//! - [`description`](Profile): what a profile says
//! - [`registry`](mod@registry): the profiles, and which of them a directory is
//! - [`root_dse`](RootDse): what a directory says of itself
//! - [`groups`]: how its groups are told, and who is in them
//! - [`identity`](Identity): a person's id, read from an entry
//! - [`status`]: what the values that say who is disabled mean, and whether they can be read
//! - `active_directory`, `freeipa`, `ds389`, `openldap`, `generic`: the profiles

mod active_directory;
mod description;
mod ds389;
mod freeipa;
mod generic;
pub mod groups;
mod identity;
mod openldap;
mod registry;
mod root_dse;
pub mod status;
#[cfg(test)]
mod tests;

pub use description::Profile;
pub use groups::{Groups, Membership};
pub use identity::{IdAttribute, IdDecoder, Identity, Ids};
pub use registry::{Detected, by_id, detect, registry};
pub use root_dse::RootDse;
