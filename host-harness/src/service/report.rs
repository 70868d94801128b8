//! What others hear of a run under way, and what it hears of them.

use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::host::{Host, now};
use crate::ports::queue::{Heard, Work};
use crate::tenant::{Progress, Watch};

/// Watches a run of the service.
#[derive(Debug)]
pub(super) struct Report {
    latest: watch::Sender<Option<Progress>>,
    stop: CancellationToken,
}

impl Watch for Report {
    fn progress(&self, progress: &Progress) {
        self.latest.send_replace(Some(progress.clone()));
    }

    fn stop(&self) -> &CancellationToken {
        &self.stop
    }
}

impl Host {
    /// Watches a run: tells the database how far it is, and stops it when somebody wants that. Ends when nobody holds it any more.
    pub(super) fn report(&self, work: &Work, stop: &CancellationToken) -> Arc<Report> {
        let (latest, told) = watch::channel(None);
        let report = Arc::new(Report {
            latest,
            stop: stop.clone(),
        });
        tokio::spawn(self.clone().tell(work.clone(), told, stop.clone()));
        report
    }

    async fn tell(
        self,
        work: Work,
        mut told: watch::Receiver<Option<Progress>>,
        stop: CancellationToken,
    ) {
        // An error: the run is over, and nobody reports any more.
        while told.has_changed().is_ok() {
            let progress = told.borrow_and_update().clone();
            let heard = Heard {
                phase: progress
                    .as_ref()
                    .map_or_else(String::new, |progress| progress.phase.clone()),
                done: progress.as_ref().map_or(0, |progress| progress.done),
                total: progress.as_ref().map_or(0, |progress| progress.total),
                at: now(),
                host: self.config.name.clone(),
            };
            match self.queue.tell(&work.tenant, work.run, &heard).await {
                Ok(true) => stop.cancel(),
                Ok(false) => {}
                Err(problem) if problem.code == "lease-lost" => stop.cancel(),
                Err(problem) => {
                    tracing::warn!(tenant = %work.tenant, run = %work.run, code = problem.code, "progress is not told");
                }
            }
            tokio::time::sleep(self.config.pause).await;
        }
    }
}
