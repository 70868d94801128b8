//! What the plugin needs from its host, as traits over plain types.
//!
//! The glue implements them over the contract's imports; tests and native benchmarks implement them
//! over something else. The types mirror the contract's records and mean what is documented there.
//!
//! - [`directory`]: LDAP, read-only
//! - [`portal`]: the portal as it stands, read-only
//! - [`plan`]: rows out, and how a plan ends
//! - [`services`]: state, progress, log, clock

pub mod directory;
pub mod plan;
pub mod portal;
pub mod services;

pub use directory::{Changes, Cursor, Directory, Session};
pub use plan::Plan;
pub use portal::Portal;
pub use services::{Clock, Log, Progress, State};

use crate::problem::Problem;

/// A value, or everything that is wrong.
pub type Outcome<T> = Result<T, Vec<Problem>>;

/// Everything a hook may use, in one value.
pub trait Host {
    /// The directory.
    type Directory: Directory;
    /// The directory port.
    fn directory(&self) -> &Self::Directory;
    /// The portal port.
    fn portal(&self) -> &dyn Portal;
    /// The plan port.
    fn plan(&self) -> &dyn Plan;
    /// The state port.
    fn state(&self) -> &dyn State;
    /// The progress port.
    fn progress(&self) -> &dyn Progress;
    /// The log port.
    fn log(&self) -> &dyn Log;
    /// The clock port.
    fn clock(&self) -> &dyn Clock;
}
