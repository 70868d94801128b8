//! `approve` and `discard`: what happens to a plan that waits.

use clap::Args;
use serde_json::json;

use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::bars::Bars;
use crate::cli::deed::Doing;
use crate::cli::json as shape;
use crate::ports::{RunId, TenantId};
use crate::tenant::{Hook, Synced};

use super::install::tenant;
use super::sync;

/// Arguments of `approve`.
#[derive(Debug, Args)]
pub(crate) struct Approve {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    /// The held run
    run: i64,
    /// Its plan's digest, or at least the first 8 digits: an approval is for exactly this plan
    digest: String,
    /// Release it without applying it now
    #[arg(long)]
    no_apply: bool,
}

/// Arguments of `discard`.
#[derive(Debug, Args)]
pub(crate) struct Discard {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    /// The planned or held run, or one whose applying was interrupted
    run: i64,
}

impl Approve {
    /// For the log of what was done.
    pub(crate) fn doing(&self) -> Option<Doing> {
        Doing::to(&self.tenant, "run.approve", self.run)
    }

    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        let tenant = app.tenant(&self.tenant).await?;
        if self.no_apply {
            let run = tenant.approve(RunId(self.run), &self.digest).await?;
            let mut page = app.out.page();
            page.done(&format!("Run {} is released.", self.run));
            page.aside(&format!(
                "Apply it: {} sync {} --run {}",
                app.program(),
                self.tenant,
                self.run
            ));
            return Ok(Answer::done(page, json!({ "run": shape::run(&run) })));
        }
        let bars = Bars::interruptible(&app.out);
        let applied = tenant
            .approve_and_apply(RunId(self.run), &self.digest, bars.clone())
            .await;
        bars.clear();
        let run = applied?;
        let exit = sync::ending(&run, true, false);
        sync::answer(app, &tenant, Synced { resumed: None, run }, 0, exit).await
    }
}

impl Discard {
    /// For the log of what was done.
    pub(crate) fn doing(&self) -> Option<Doing> {
        Doing::to(&self.tenant, "run.discard", self.run)
    }

    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        let run = app
            .tenant(&self.tenant)
            .await?
            .discard(RunId(self.run))
            .await?;
        let mut page = app.out.page();
        let left = match run.rows_with("applied") {
            0 => "the portal is as it was.".to_owned(),
            applied => format!("{applied} rows of it were applied before, and stay so."),
        };
        page.done(&format!(
            "The plan of run {} is thrown away; {left}",
            run.id
        ));
        Ok(Answer::done(page, json!({ "run": shape::run(&run) })))
    }
}
