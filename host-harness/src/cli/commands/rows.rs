//! `rows`: a plan, field by field.

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::json as shape;
use crate::contract::plan::RowKind;
use crate::ports::plan::RowQuery;
use crate::ports::{RunId, TenantId};
use crate::tenant::Hook;

use super::install::tenant;

/// Arguments of `rows`.
#[derive(Debug, Args)]
pub(crate) struct Rows {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    /// The run; without it, the newest that has a plan
    run: Option<i64>,
    /// Only rows of this kind
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// Only rows with this reason, for example changed, absent or duplicate
    #[arg(long)]
    reason: Option<String>,
    /// Only the person with this external id, DN, or part of the name
    #[arg(long)]
    person: Option<String>,
    /// Only rows with this outcome: pending, applied, failed, discarded or reported
    #[arg(long)]
    outcome: Option<String>,
    /// Begin after this row
    #[arg(long, value_name = "SEQUENCE", default_value_t = 0)]
    after: u64,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Create,
    Update,
    Deactivate,
    Reactivate,
    Unsynced,
}

impl From<Kind> for RowKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Create => Self::Create,
            Kind::Update => Self::Update,
            Kind::Deactivate => Self::Deactivate,
            Kind::Reactivate => Self::Reactivate,
            Kind::Unsynced => Self::Unsynced,
        }
    }
}

impl Rows {
    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        let tenant = app.tenant(&self.tenant).await?;
        let run = tenant.run(self.run.map(RunId)).await?;
        let query = RowQuery {
            kind: self.kind.map(RowKind::from),
            reason: self.reason,
            person: self.person,
            outcome: self.outcome,
            external_id: None,
        };
        let rows = tenant.rows(run.id, &query, self.after, self.limit).await?;
        let mut page = app.out.page();
        page.heading(&format!("Rows of run {} of {}", run.id, run.tenant));
        if rows.is_empty() {
            page.paragraph("No rows.");
        }
        for row in &rows {
            page.stored_row(row, true);
        }
        if let Some(last) = rows
            .last()
            .filter(|_| rows.len() as u64 == u64::from(self.limit))
        {
            page.aside(&format!("There may be more: --after {}", last.sequence));
        }
        let json = json!({ "run": run.id.0, "rows": rows.iter().map(shape::stored_row).collect::<Vec<_>>() });
        Ok(Answer::done(page, json))
    }
}
