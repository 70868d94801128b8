//! The hooks of one tenant, orchestrated over the ports and the sandbox: what a platform calls when its administrator clicks,
//! and what the command line calls when an operator types.
//!
//! A [`Platform`] holds the ports; [`Platform::install`] brings a component to a tenant and [`Platform::tenant`] gives the
//! [`Tenant`], whose methods are the hooks. The plugin proposes: everything that changes the portal goes through
//! [`Tenant::sync`] or [`Tenant::apply`], that is, through a recorded plan, the host's own guards and the plan port.
//!
//! - [`platform`]: the ports together, install
//! - [`configure`]: settings, and the secrets that the plugin never sees
//! - `grant`: what a plugin may connect to
//! - [`look`]: verify, map, explain, schedule: hooks that pass straight through
//! - [`sync`]: resume, plan, guard, apply
//! - [`seen`]: changes of what somebody has looked at
//! - [`history`]: runs, rows, approval
//! - [`failures`]: who still is unsynced, and how long rows are kept
//! - [`export`]: the unsynced as CSV
//! - `trace`: what an operator sees of a run
//! - [`undo`]: what a run changed is put back; `takes`: as far as the portal takes it
//! - [`upgrade`]: another component, and back
//! - [`uninstall`]: leaving, with a receipt
//! - [`watch`]: progress, and stopping at a safe point
//! - [`refused`]: why a hook did not do what was asked

pub mod configure;
mod draft;
pub mod export;
pub mod failures;
mod grant;
pub mod history;
pub mod look;
pub mod platform;
pub mod refused;
pub mod seen;
pub mod sync;
mod takes;
mod trace;
pub mod undo;
pub mod uninstall;
pub mod upgrade;
pub mod watch;

pub use configure::{Change, SecretValues};
pub use platform::{Platform, Tenant};
pub use refused::{Hook, Refused};
pub use sync::{SyncOptions, Synced};
pub use uninstall::Uninstalled;
pub use upgrade::{Upgrade, Version};
pub use watch::{Progress, Unwatched, Watch, phase_in_words};

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests;
