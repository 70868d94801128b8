//! `export`: the unsynced as CSV.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::Problem;
use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::view::paint;
use crate::contract::plan::RowKind;
use crate::ports::{RunId, TenantId};
use crate::tenant::Hook;

use super::install::tenant;

/// Arguments of `export`.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    /// The run; without it, the newest that has a plan
    #[arg(long)]
    run: Option<i64>,
    /// Where the CSV goes; without it, to the standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Put an apostrophe before cells that a spreadsheet would run as a formula
    #[arg(long)]
    spreadsheet_safe: bool,
}

impl Export {
    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        let tenant = app.tenant(&self.tenant).await?;
        let run = tenant.run(self.run.map(RunId)).await?;
        let mut page = app.out.page();
        let bytes = match &self.output {
            Some(path) => {
                let file = File::create(path).map_err(|error| {
                    Problem::new(
                        "write-failed",
                        format!("{} cannot be written: {error}", path.display()),
                        "Check the folder and its permissions.",
                    )
                })?;
                tenant
                    .export(run.id, self.spreadsheet_safe, &mut BufWriter::new(file))
                    .await?
            }
            None if app.out.json => {
                return Err(Problem::new(
                    "output-missing",
                    "The CSV and the JSON document cannot both go to the standard output",
                    "Say where the CSV goes: --output FILE.",
                )
                .into());
            }
            None => {
                tenant
                    .export(
                        run.id,
                        self.spreadsheet_safe,
                        &mut BufWriter::new(io::stdout()),
                    )
                    .await?
            }
        };
        let people: u64 = run
            .counts
            .iter()
            .filter(|c| c.kind == RowKind::Unsynced)
            .map(|c| c.rows)
            .sum();
        if let Some(path) = &self.output {
            page.done(&format!(
                "{} of run {} written to {} ({} bytes).",
                paint::counted(people, "unsynced person", "unsynced people"),
                run.id,
                path.display(),
                paint::number(bytes)
            ));
        }
        let json =
            json!({ "run": run.id.0, "people": people, "bytes": bytes, "file": self.output });
        Ok(Answer::done(page, json))
    }
}
