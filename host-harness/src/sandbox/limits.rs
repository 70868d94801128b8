//! What a call may use.

use std::path::PathBuf;
use std::time::Duration;

/// Limits on one call into a plugin. Every step of a sync run is a call of its own, with its time and host calls
/// anew, but memory is the run's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallLimits {
    /// How long the plugin itself may compute in one call: 10 s. The time that the host works for it (directory,
    /// database) does not count.
    pub compute: Duration,
    /// The same for one step of a sync run: 30 s.
    pub step_compute: Duration,
    /// How long a call may take altogether, the host's work included: 10 min. The directory's own timeouts come first.
    pub total: Duration,
    /// Linear memory in bytes, all memories together: 256 MiB.
    pub memory: usize,
    /// Elements of one table: 100,000.
    pub table_elements: usize,
    /// Core instances, and as many tables: 64.
    pub instances: usize,
    /// Calls to the host in one call: 100,000.
    pub host_calls: u64,
    /// Bytes that one call to the host may hand over: 64 MiB.
    pub host_call_bytes: usize,
    /// Sessions, cursors and streams open at once: 64.
    pub resources: usize,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            compute: Duration::from_secs(10),
            step_compute: Duration::from_secs(30),
            total: Duration::from_secs(600),
            memory: 256 << 20,
            table_elements: 100_000,
            instances: 64,
            host_calls: 100_000,
            host_call_bytes: 64 << 20,
            resources: 64,
        }
    }
}

/// How a sandbox is set up.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// Where compiled components are kept, by digest and engine version, so that a process need not compile again what
    /// an earlier one did. None keeps nothing; a directory that cannot be used is passed over with a warning. Whoever
    /// can write to it can run code as the host: keep it in the host's own data directory.
    pub cache: Option<PathBuf>,
    /// Calls that run at once; others wait. 64: most of them wait for a directory, each on a thread of its own.
    pub concurrent_calls: usize,
    /// The largest component that is accepted, in bytes: 32 MiB.
    pub component_size: usize,
    /// Whether lines that plugins log are logged. Not unless somebody wants that: what is in them is the plugin's choice, and it
    /// knows people.
    pub plugin_log: bool,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            cache: None,
            concurrent_calls: 64,
            component_size: 32 << 20,
            plugin_log: false,
        }
    }
}
