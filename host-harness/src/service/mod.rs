//! Many tenants, unattended: what is due becomes runs that wait, and runs that wait are worked off.
//!
//! Any number of hosts may do so on one database. What the queue lists is a hint; that a tenant has one run at a time, and that
//! a run is begun once, is decided where it begins ([`crate::ports::queue`]).
//!
//! - [`host`]: a host of the service: [`Host`] itself, its start and its end
//! - `due`: from timetables to runs that wait
//! - `work`: from runs that wait to runs that are over
//! - `beat`: that a host serves
//! - `prune`: rows that were kept long enough
//! - `report`: what others hear of a run under way
//! - [`http`]: the HTTP interface; [`token`], [`console`]: who may use it
//! - `health`: whether it does what it should; `concern`: what an operator should look at

mod beat;
pub(crate) mod concern;
pub mod console;
mod due;
pub(crate) mod health;
pub mod host;
pub mod http;
mod prune;
mod report;
pub mod token;
mod work;

pub use concern::Concern;
pub use health::{Health, Lasting, Watcher};
pub use host::{Host, HostConfig, Platforms};
