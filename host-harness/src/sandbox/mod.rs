//! Runs plugins: the only place with wasmtime.
//!
//! A plugin is untrusted. It is linked to the imports that the contract names and to nothing else, each bound
//! to one tenant before it runs; it gets a fresh instance for every call, with limits on time, memory, tables, instances
//! and host calls; and whatever it does, only that call ends, with a [`crate::Problem`]:
//!
//! | code | means |
//! |---|---|
//! | `not-a-component` | the bytes are no component |
//! | `component-too-large` | the bytes are more than a plugin may have |
//! | `import-refused` | it wants an interface that is not granted (files, sockets, HTTP, …) |
//! | `export-missing` | it lacks a hook of the contract |
//! | `plugin-deadline` | it computed for too long |
//! | `plugin-memory` | it wanted more memory, tables or instances than it may have |
//! | `plugin-trap` | it panicked or broke a rule of the contract |
//! | `plugin-hostcalls` | it called the host too often, or handed over too much at once |
//! | `cancelled` | the host ended the call |
//!
//! ```no_run
//! # async fn example(context: rollcall::sandbox::HostContext) -> Result<(), Vec<rollcall::Problem>> {
//! use rollcall::sandbox::{BUNDLED, Sandbox, SandboxConfig};
//!
//! let sandbox = Sandbox::new(SandboxConfig::default()).map_err(|problem| vec![problem])?;
//! let plugin = sandbox.load(BUNDLED).await.map_err(|problem| vec![problem])?;
//! println!("{}", plugin.describe().await?.name);
//! let report = plugin.hooks(context).verify(Vec::new()).await?;
//! # let _ = report;
//! # Ok(())
//! # }
//! ```
//!
//! - [`engine`]: the wasmtime engine, its clock and its compile cache
//! - [`limits`]: what a call may use
//! - [`plugin`]: loading, and what a component says of itself
//! - [`interfaces`]: what is granted, and what a plugin must offer
//! - [`context`]: what a call is bound to
//! - [`hooks`], [`run`], [`export`]: calling the plugin; `people`: hooks that it may lack
//! - [`failure`]: how a call may end
//! - `call`, `guest`, `meter`, `output`, `witness`, `writer`: one call, and what it holds
//! - `imports`: a file per interface that the plugin imports

mod bundled;
mod call;
pub mod context;
pub mod engine;
pub mod export;
pub mod failure;
mod guest;
pub mod hooks;
mod imports;
pub mod interfaces;
pub mod limits;
mod meter;
mod output;
mod people;
pub mod plugin;
pub mod run;
mod witness;
mod writer;

pub use bundled::BUNDLED;
pub use context::{Clock, HostContext, ProgressSink, StageSink};
pub use engine::Sandbox;
pub use export::Export;
pub use hooks::{Answer, Hooks};
pub use limits::{CallLimits, SandboxConfig};
pub use plugin::Plugin;
pub use run::SyncRun;
pub use witness::Enumeration;
