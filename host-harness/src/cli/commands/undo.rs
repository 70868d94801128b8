//! `undo`: what a run changed is put back.

use clap::Args;

use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::bars::Bars;
use crate::cli::deed::Doing;
use crate::ports::{RunId, TenantId};
use crate::tenant::{Hook, Synced};

use super::install::tenant;
use super::sync;

/// Arguments of `undo`.
#[derive(Debug, Args)]
pub(crate) struct Undo {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    /// The run whose changes are put back
    run: i64,
    /// Make the plan and show it, without applying it
    #[arg(long)]
    dry_run: bool,
    /// How many rows to show
    #[arg(long, value_name = "N", default_value_t = 20)]
    rows: u32,
}

impl Undo {
    /// For the log of what was done.
    pub(crate) fn doing(&self) -> Option<Doing> {
        Doing::to(&self.tenant, "run.undo", self.run)
    }

    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        let tenant = app.tenant(&self.tenant).await?;
        let bars = Bars::interruptible(&app.out);
        let undone = tenant
            .undo(RunId(self.run), self.dry_run, bars.clone())
            .await;
        bars.clear();
        let run = undone?;
        let exit = sync::ending(&run, !self.dry_run, false);
        sync::answer(app, &tenant, Synced { resumed: None, run }, self.rows, exit).await
    }
}
