//! The hooks, written against the ports.
//!
//! - [`answer`]: what hooks answer with
//! - [`describe`], [`install`], [`uninstall`]: the plugin and the tenant's state
//! - [`configure`]: the settings
//! - [`verify`]: everything tried, short of a plan
//! - [`view`]: how entries are read
//! - `connected`: an open session and the directory behind it

pub mod answer;
pub mod configure;
mod connected;
pub mod describe;
pub mod install;
pub mod uninstall;
pub mod verify;
pub mod view;

pub use answer::Answer;
pub use configure::{Configured, configuration, configure};
pub use describe::{Description, describe};
pub use install::install;
pub use uninstall::{Afterwards, Receipt, uninstall};
pub use verify::{Report, Tally, verify};
pub use view::MappedField;
