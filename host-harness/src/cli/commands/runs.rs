//! `runs`.

use clap::Args;
use serde_json::json;

use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::json as shape;
use crate::ports::TenantId;
use crate::tenant::Hook;

use super::install::tenant;

/// Arguments of `runs`.
#[derive(Debug, Args)]
pub(crate) struct Runs {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    /// How many, the newest first
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

impl Runs {
    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        let runs = app.tenant(&self.tenant).await?.runs(self.limit).await?;
        let mut page = app.out.page();
        if runs.is_empty() {
            page.paragraph(&format!("{} has no runs yet.", self.tenant));
        }
        page.runs(&runs);
        let json = json!({ "runs": runs.iter().map(shape::run).collect::<Vec<_>>() });
        Ok(Answer::done(page, json))
    }
}
