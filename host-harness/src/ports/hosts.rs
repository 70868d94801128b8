//! The hosts port: which processes serve the tenants of one database.

use std::time::Duration;

use async_trait::async_trait;

use super::Outcome;

/// How often a host says that it serves.
pub const BEAT: Duration = Duration::from_secs(5);
/// Seconds after which a host that is not heard of is told as gone: four beats.
pub const GONE: i64 = 20;
/// Seconds after which a host that is gone is forgotten: a day.
pub const FORGOTTEN: i64 = 24 * 60 * 60;

/// A host that serves, or did till a while ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beating {
    /// Which process: machine, process id, and what tells it from others; as leases name it.
    pub name: String,
    /// The version of its program.
    pub version: String,
    /// Unix milliseconds: since when it serves.
    pub since: i64,
    /// For how many seconds it is not heard of.
    pub silent: i64,
    /// For how many tenants it works at this moment.
    pub tenants: u64,
    /// Whether it is the process that asks.
    pub here: bool,
}

impl Beating {
    /// Whether it ended without saying so, or is cut off.
    #[must_use]
    pub fn gone(&self) -> bool {
        self.silent > GONE
    }
}

/// Which hosts serve. Nobody is listed where the database is one process's own.
#[async_trait]
pub trait Hosts: Send + Sync {
    /// This process serves, with a program of this version. Forgets hosts that are gone for [`FORGOTTEN`].
    async fn beat(&self, version: &str) -> Outcome<()>;
    /// This process serves no more.
    async fn leave(&self) -> Outcome<()>;
    /// Whoever serves and whoever is gone, those who began first first.
    async fn hosts(&self) -> Outcome<Vec<Beating>>;
}
