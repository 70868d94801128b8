//! `retention`: how long the rows of runs are kept.

use clap::Args;
use serde_json::json;

use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::deed::Doing;
use crate::cli::view::paint;
use crate::ports::TenantId;
use crate::tenant::Hook;

use super::install::tenant;

/// Arguments of `retention`.
#[derive(Debug, Args)]
pub(crate) struct Retention {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    /// For how many days rows are kept from now on; 0: for ever
    #[arg(long, value_name = "N")]
    days: Option<u32>,
}

impl Retention {
    /// For the log of what was done.
    pub(crate) fn doing(&self) -> Option<Doing> {
        self.days
            .and_then(|days| Doing::to(&self.tenant, "retention", days))
    }

    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        let tenant = app.tenant(&self.tenant).await?;
        if let Some(days) = self.days {
            tenant.set_retention(days).await?;
        }
        let days = tenant.retention().await?;
        let mut page = app.out.page();
        page.done(&match days {
            0 => format!("The rows of {}'s runs are kept for ever.", self.tenant),
            days => format!(
                "The rows of {}'s runs are kept for {}; the line of each run, and the newest applied run, for ever.",
                self.tenant,
                paint::counted(days.into(), "day", "days")
            ),
        });
        if days > 0 {
            page.aside("The service removes what is older.");
        }
        Ok(Answer::done(page, json!({ "days": days })))
    }
}
