//! Counts what a call uses: time and host calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::failure::Failure;

/// The account of one call. The host's work for the plugin is measured apart, so that a slow directory does not look
/// like a plugin that computes for ever.
#[derive(Debug)]
pub(super) struct Meter {
    started: Instant,
    compute: Duration,
    total: Duration,
    host_calls: u64,
    away: Arc<AtomicU64>,
    calls: u64,
}

/// A host call under way; the meter stands still until it is dropped.
#[derive(Debug)]
pub(super) struct HostCall {
    since: Instant,
    away: Arc<AtomicU64>,
}

impl Meter {
    pub(super) fn new(compute: Duration, total: Duration, host_calls: u64) -> Self {
        Self {
            started: Instant::now(),
            compute,
            total,
            host_calls,
            away: Arc::new(AtomicU64::new(0)),
            calls: 0,
        }
    }

    /// Notes that the plugin calls the host.
    pub(super) fn enter(&mut self) -> Result<HostCall, Failure> {
        self.calls += 1;
        if self.calls > self.host_calls {
            return Err(Failure::TooManyHostCalls {
                limit: self.host_calls,
            });
        }
        Ok(HostCall {
            since: Instant::now(),
            away: Arc::clone(&self.away),
        })
    }

    /// Whether the plugin may go on.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let elapsed = self.started.elapsed();
        let away = Duration::from_nanos(self.away.load(Ordering::Relaxed));
        if elapsed.saturating_sub(away) > self.compute {
            return Err(Failure::Compute {
                limit: self.compute,
            });
        }
        if elapsed > self.total {
            return Err(Failure::Total { limit: self.total });
        }
        Ok(())
    }
}

impl Drop for HostCall {
    fn drop(&mut self) {
        let spent = u64::try_from(self.since.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.away.fetch_add(spent, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    #[test]
    fn host_calls_within_the_budget_are_allowed() {
        let mut meter = Meter::new(LONG, LONG, 2);
        assert!(meter.enter().is_ok());
        assert!(meter.enter().is_ok());
        assert!(meter.check().is_ok());
    }

    #[test]
    fn a_host_call_over_the_budget_is_refused() {
        let mut meter = Meter::new(LONG, LONG, 1);
        assert!(meter.enter().is_ok());
        assert!(matches!(
            meter.enter(),
            Err(Failure::TooManyHostCalls { limit: 1 })
        ));
    }

    #[test]
    fn computing_is_stopped_at_its_own_limit_and_the_call_at_the_total() {
        assert!(matches!(
            Meter::new(Duration::ZERO, LONG, 1).check(),
            Err(Failure::Compute { .. })
        ));
        assert!(matches!(
            Meter::new(LONG, Duration::ZERO, 1).check(),
            Err(Failure::Total { .. })
        ));
    }
}
