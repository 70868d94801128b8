//! Somebody who watches long work, and may stop it.

use tokio_util::sync::CancellationToken;

use crate::contract::types::Stage;

/// How far long work has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// `resume`, `connect`, `read`, `compare`, `finish`, `apply`, `deactivate`; others may come.
    pub phase: String,
    /// People, entries or rows done.
    pub done: u64,
    /// An estimate of all of them; 0 where unknown.
    pub total: u64,
}

/// A phase as people read it.
#[must_use]
pub fn phase_in_words(phase: &str) -> &str {
    match phase {
        "connect" => "connecting",
        "read" => "reading the directory",
        "compare" => "comparing with the portal",
        "finish" => "finishing the plan",
        "apply" => "applying the plan",
        "resume" => "resuming an earlier run",
        "deactivate" => "deactivating people",
        other => other,
    }
}

/// Told of progress, often and from any thread: be quick.
pub trait Watch: Send + Sync + 'static {
    /// How far it is.
    fn progress(&self, progress: &Progress);
    /// A stage of a verification is over. Most need not know before the report.
    fn staged(&self, _stage: Stage) {}
    /// Cancelled when the work shall end. A run stopped while planning ends where it is and is `cancelled`; one stopped
    /// while applying ends after the batch under way, stays `applying`, and the next run resumes it.
    fn stop(&self) -> &CancellationToken;
}

/// Watches nothing, and stops when its token is cancelled.
#[derive(Debug, Default)]
pub struct Unwatched(pub CancellationToken);

impl Watch for Unwatched {
    fn progress(&self, _: &Progress) {}

    fn stop(&self) -> &CancellationToken {
        &self.0
    }
}
