//! The hooks, written against the ports.
//!
//! - [`answer`]: what hooks answer with
//! - [`describe`], [`install`], [`uninstall`]: the plugin and the tenant's state
//! - [`configure`]: the settings
//! - [`unsynced`]: the export
//! - [`verify`]: everything tried, short of a plan
//! - [`mapping`], [`preview`]: which field is made of what, and what of one person
//! - [`find`](mod@find), [`coverage`](mod@coverage): people to pick from, and what rules come to over a sample
//! - [`person`]: finding one person
//! - `place`: whether a sync looks where an entry stands
//! - `role`: roles by group, told
//! - [`explain`](mod@explain): why one person is, or is not, synced
//! - `adoption`: whom of the portal they would take over
//! - `duplicate`, `outcome`: what would become of them
//! - `manager`: whom the portal would have as their manager
//! - [`view`]: how entries are read
//! - `connected`: an open session and the directory behind it

mod adoption;
pub mod answer;
pub mod configure;
mod connected;
pub mod coverage;
pub mod describe;
mod duplicate;
pub mod explain;
pub mod find;
pub mod install;
mod manager;
pub mod mapping;
mod outcome;
pub mod person;
mod place;
pub mod preview;
mod role;
pub mod uninstall;
pub mod unsynced;
pub mod verify;
pub mod view;

pub use answer::Answer;
pub use configure::{Configured, configuration, configure};
pub use coverage::{Coverage, Covered, coverage};
pub use describe::{Description, describe};
pub use explain::{Explanation, explain};
pub use find::{Candidate, find};
pub use install::install;
pub use mapping::Suggestion;
pub use person::Who;
pub use preview::{Previewed, preview};
pub use uninstall::{Afterwards, Receipt, uninstall};
pub use verify::{Report, Tally, verify};
pub use view::MappedField;
