//! Rows that were kept long enough, removed a few at a time.

use std::time::Duration;

use super::host::{Host, now};
use crate::ports::{Outcome, TenantId};
use crate::tenant::Refused;
use crate::tenant::failures::PRUNED_AT_ONCE;

/// How often it is looked for such rows.
const EVERY: Duration = Duration::from_secs(600);
/// Between two pieces, so that others get their turn.
const BREATH: Duration = Duration::from_millis(200);

impl Host {
    /// Removes what was kept long enough, for ever.
    pub(super) async fn watch_the_past(self) {
        loop {
            match self.history.prunable(now()).await {
                Ok(tenants) => {
                    for tenant in tenants {
                        if let Err(refused) = self.forget(&tenant).await {
                            tracing::warn!(%tenant, code = refused.code(), "old rows are not removed");
                        }
                    }
                }
                Err(problem) => {
                    tracing::warn!(code = problem.code, "old rows cannot be looked for");
                }
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    async fn forget(&self, tenant: &TenantId) -> Result<(), Refused> {
        let mut rows = 0;
        while !self.at_work().tenants.contains_key(tenant) {
            let pruned: Outcome<_> = self.history.prune(tenant, now(), PRUNED_AT_ONCE).await;
            let pruned = pruned?;
            rows += pruned.rows;
            if !pruned.more {
                break;
            }
            tokio::time::sleep(BREATH).await;
        }
        if rows > 0 {
            tracing::info!(%tenant, rows, "old rows are removed");
        }
        Ok(())
    }
}
