//! The hooks, written against the ports.
//!
//! - [`answer`]: what hooks answer with
//! - [`install`], [`uninstall`]: the tenant's state
//! - [`configure`]: the settings

pub mod answer;
pub mod configure;
pub mod install;
pub mod uninstall;

pub use answer::Answer;
pub use configure::{Configured, configuration, configure};
pub use install::install;
pub use uninstall::{Afterwards, Receipt, uninstall};
