//! How a call into a plugin may end otherwise than by returning.
//!
//! A [`Failure`] travels through wasmtime as an error of its own type and is found again by downcast; what wasmtime says
//! itself (traps, refused growth) is sorted into the same enum.

use std::time::Duration;

use thiserror::Error;
use wasmtime::component::ResourceTableError;

use super::output::{Captured, printable};
use crate::Problem;

/// Why a call ended.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Failure {
    /// The plugin computed too long.
    #[error("the plugin computed for more than {limit:?} in one call and was stopped")]
    Compute {
        /// The limit.
        limit: Duration,
    },
    /// The call took too long altogether.
    #[error("the call took more than {limit:?}, the host's own work included, and was stopped")]
    Total {
        /// The limit.
        limit: Duration,
    },
    /// The plugin wanted more linear memory than it may have.
    #[error("the plugin wanted {wanted} bytes of memory and may have {limit}")]
    Memory {
        /// What it wanted, all memories together.
        wanted: usize,
        /// The limit.
        limit: usize,
    },
    /// The plugin wanted a larger table, or more instances, than it may have.
    #[error("the plugin wanted {wanted} {what} and may have {limit}")]
    Size {
        /// Of what.
        what: &'static str,
        /// What it wanted.
        wanted: usize,
        /// The limit.
        limit: usize,
    },
    /// The plugin called the host too often.
    #[error("the plugin called the host more than {limit} times in one call")]
    TooManyHostCalls {
        /// The limit.
        limit: u64,
    },
    /// The plugin handed over too much, or holds too many resources.
    #[error("{0}")]
    HostCall(String),
    /// The plugin trapped, panicked, or called what it may not call now.
    #[error("{0}")]
    Trap(String),
    /// The host ended the call.
    #[error("the call was cancelled")]
    Cancelled,
    /// A port failed in a function that cannot return an error to the plugin.
    #[error("{}", .0.message)]
    Port(Problem),
}

impl Failure {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Compute { .. } | Self::Total { .. } => "plugin-deadline",
            Self::Memory { .. } | Self::Size { .. } => "plugin-memory",
            Self::TooManyHostCalls { .. } | Self::HostCall(_) => "plugin-hostcalls",
            Self::Trap(_) => "plugin-trap",
            Self::Cancelled => "cancelled",
            Self::Port(problem) => &problem.code,
        }
    }

    /// What to do.
    #[must_use]
    pub fn remedy(&self) -> &str {
        match self {
            Self::Compute { .. } => {
                "Nothing was changed by this call. Try again; if it recurs, tell the plugin's maker."
            }
            Self::Total { .. } => {
                "Check that the directory server and the database answer in reasonable time, then try again."
            }
            Self::Memory { .. } | Self::Size { .. } => {
                "Raise the limit if the directory is very large; otherwise tell the plugin's maker."
            }
            Self::TooManyHostCalls { .. } | Self::HostCall(_) | Self::Trap(_) => {
                "This is a fault in the plugin: tell its maker, with this message and the plugin's digest."
            }
            Self::Cancelled => "Start it again when you are ready.",
            Self::Port(problem) => &problem.remedy,
        }
    }

    /// Sorts an error of wasmtime's.
    pub(super) fn of(error: &wasmtime::Error, output: &Captured) -> Self {
        if let Some(failure) = error.downcast_ref::<Self>() {
            return failure.clone();
        }
        if let Some(ResourceTableError::Full) = error.downcast_ref::<ResourceTableError>() {
            return Self::HostCall(
                "the plugin holds too many sessions, cursors or streams at once".into(),
            );
        }
        if let Some(exit) = error.downcast_ref::<wasmtime_wasi::I32Exit>() {
            return Self::Trap(format!("the plugin ended itself with exit code {}", exit.0));
        }
        if let Some(text) = output.panic_text() {
            return Self::Trap(format!("the plugin {text}"));
        }
        if let Some(trap) = error.downcast_ref::<wasmtime::Trap>() {
            return Self::Trap(format!("the plugin trapped: {trap}"));
        }
        let root = error.root_cause().to_string();
        if root.contains("fuel allocated for hostcalls") {
            return Self::HostCall(
                "the plugin handed more to the host in one call than it may".into(),
            );
        }
        if root.contains("resource limit exceeded") {
            return Self::Trap(format!(
                "the plugin has too many parts: {}",
                printable(&root, 200)
            ));
        }
        Self::Trap(format!("the plugin failed: {}", printable(&root, 300)))
    }
}

/// A fault of the host's own: its detail goes to the log.
pub(super) fn internal(during: &str, error: &dyn std::error::Error) -> Problem {
    tracing::error!(during, %error, "a fault inside the host");
    Problem::new(
        "internal",
        format!("the host itself failed during {during}"),
        "Look into the host's log; this is a fault in the host.",
    )
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Port(problem) => problem,
            other => Self::new(other.code(), other.to_string(), other.remedy()),
        }
    }
}
