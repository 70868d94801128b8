//! Who still is unsynced, and how long the rows of runs are kept.

use crate::Problem;
use crate::ports::history::{Failure, MOST_DAYS};

use super::{Hook, Tenant};

/// Rows removed in one transaction: nobody waits for it for long.
pub const PRUNED_AT_ONCE: u32 = 2_000;

impl Tenant {
    /// Open failures by ascending number, after `after`; with this code alone where one is given.
    ///
    /// # Errors
    /// The store's.
    pub async fn failures(&self, code: Option<&str>, after: u64, limit: u32) -> Hook<Vec<Failure>> {
        let plans = self.plans();
        Ok(plans.failures(self.id(), code, after, limit).await?)
    }

    /// How many failures are open.
    ///
    /// # Errors
    /// The store's.
    pub async fn count_failures(&self, code: Option<&str>) -> Hook<u64> {
        Ok(self.plans().count_failures(self.id(), code).await?)
    }

    /// For how many days rows of runs are kept; 0: for ever.
    ///
    /// # Errors
    /// The store's.
    pub async fn retention(&self) -> Hook<u32> {
        Ok(self.plans().days(self.id()).await?)
    }

    /// Says for how many days; 0: for ever. The service removes by itself what was kept long enough.
    ///
    /// # Errors
    /// `bad-retention` for more than a hundred years.
    pub async fn set_retention(&self, days: u32) -> Hook<()> {
        if days > MOST_DAYS {
            return Err(Problem::new(
                "bad-retention",
                format!("{days} days are more than a hundred years"),
                format!("Give 1 to {MOST_DAYS} days, or 0 to keep rows for ever."),
            )
            .of_field("days")
            .into());
        }
        Ok(self.plans().keep_days(self.id(), days).await?)
    }
}
