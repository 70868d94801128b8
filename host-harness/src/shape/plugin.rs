//! The plugin of a tenant, and another one for it.

use serde::Serialize;
use utoipa::ToSchema;

use super::each;
use crate::sandbox::{CallLimits, interfaces};
use crate::tenant;

/// Something that a plugin may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Import {
    /// The interface.
    pub name: String,
    /// What it lets a plugin do.
    pub words: &'static str,
}

/// What one call into a plugin may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Limits {
    /// Seconds for which the plugin itself may compute.
    pub compute_seconds: u64,
    /// The same for one step of a sync.
    pub step_compute_seconds: u64,
    /// Seconds altogether, the host's work included.
    pub total_seconds: u64,
    /// Bytes of memory.
    pub memory: usize,
    /// Calls to the host.
    pub host_calls: u64,
}

/// A component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Version {
    /// Its digest.
    pub digest: String,
    /// What it calls itself.
    pub name: String,
    /// Its own version.
    pub version: String,
}

/// Another component for a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Upgrade {
    /// The one before.
    pub from: Version,
    /// The one after.
    pub to: Version,
    /// What only the new one may do.
    pub added: Vec<Import>,
    /// What only the old one may do.
    pub removed: Vec<Import>,
    /// Runs whose plans wait, and are thrown away.
    pub discarded: Vec<i64>,
    /// Whether it was done, or only looked at.
    pub done: bool,
}

impl From<&String> for Import {
    fn from(name: &String) -> Self {
        Self {
            name: name.clone(),
            words: interfaces::words(name),
        }
    }
}

impl From<CallLimits> for Limits {
    fn from(limits: CallLimits) -> Self {
        Self {
            compute_seconds: limits.compute.as_secs(),
            step_compute_seconds: limits.step_compute.as_secs(),
            total_seconds: limits.total.as_secs(),
            memory: limits.memory,
            host_calls: limits.host_calls,
        }
    }
}

impl From<&tenant::Version> for Version {
    fn from(version: &tenant::Version) -> Self {
        Self {
            digest: version.digest.clone(),
            name: version.name.clone(),
            version: version.version.clone(),
        }
    }
}

impl From<&tenant::Upgrade> for Upgrade {
    fn from(upgrade: &tenant::Upgrade) -> Self {
        Self {
            from: Version::from(&upgrade.from),
            to: Version::from(&upgrade.to),
            added: each(&upgrade.added),
            removed: each(&upgrade.removed),
            discarded: upgrade.discarded.iter().map(|run| run.0).collect(),
            done: upgrade.done,
        }
    }
}
