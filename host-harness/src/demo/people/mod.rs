//! People of any number, the same for the same seed.
//!
//! Every person follows from the seed and an index alone, so that an organisation of a million takes no more memory
//! than one of ten. What must become of each person in a portal is known from the same source
//! ([`Organisation::expected`]), so that tests can check sums and people against it.
//!
//! - [`organisation`]: the whole: containers, service accounts, people, groups
//! - [`person`]: one person's entry
//! - [`troubles`]: which troubles, and how often
//! - [`manifest`]: what must become of each person
//! - [`names`]: names of many languages
//! - [`ldif`]: the organisation as LDIF (RFC 2849)
//! - [`dice`]: repeatable chance

pub mod dice;
pub mod ldif;
pub mod manifest;
pub mod names;
pub mod organisation;
pub mod person;
pub mod troubles;

pub use manifest::{Expected, Fate, Totals};
pub use organisation::{Organisation, SUFFIX, ServiceAccount};
pub use troubles::{Share, Troubles};
