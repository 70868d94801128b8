//! An organisation to try things on, and a directory to hold it.
//!
//! - [`people`]: makes people of any number, with the troubles that real directories have, and says of each
//!   what must become of them
//! - [`directory`]: an LDAP server inside this process, which can be changed and made to fail
//! - [`walkthrough`]: what happens between two syncs of the demo
//! - [`entry`]: an LDAP entry as both see it

pub mod directory;
pub mod entry;
pub mod people;
pub mod walkthrough;

pub use crate::dn;
pub use directory::DemoDirectory;
pub use entry::Entry;
pub use people::Organisation;
