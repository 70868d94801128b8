//! That a host serves, told to the others that share its database.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::host::Host;
use crate::ports::Outcome;
use crate::ports::hosts::BEAT;

/// How long the database may take to hear it.
const PATIENCE: Duration = Duration::from_secs(4);

impl Host {
    /// Says that this host serves until that is over, and then that it does no more. What cannot be said is found out by the others.
    pub(super) async fn beat(self, over: CancellationToken) {
        while !over.is_cancelled() {
            told(self.hosts.beat(env!("CARGO_PKG_VERSION"))).await;
            tokio::select! {
                () = over.cancelled() => {}
                () = tokio::time::sleep(BEAT) => {}
            }
        }
        told(self.hosts.leave()).await;
    }
}

async fn told(said: impl Future<Output = Outcome<()>>) {
    match tokio::time::timeout(PATIENCE, said).await {
        Ok(Ok(())) => {}
        Ok(Err(problem)) => tracing::warn!(code = problem.code, "others do not hear of this host"),
        Err(_) => {
            tracing::warn!("others do not hear of this host: the database does not answer");
        }
    }
}
