//! `plugin inspect`: what a component says of itself, and what it imports and exports.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::json as shape;
use crate::cli::view::{Cell, Table, paint};
use crate::tenant::Hook;

/// Commands about a plugin.
#[derive(Debug, Subcommand)]
pub(crate) enum Plugin {
    /// Show what a plugin is, needs, imports and exports
    Inspect(Inspect),
}

/// Arguments of `plugin inspect`.
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// The component's file; without it, the one built into this program
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Plugin {
    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        let Self::Inspect(Inspect { file }) = self;
        let bytes = app.component(file.as_deref())?;
        let plugin = app.sandbox()?.load(&bytes).await?;
        let description = plugin.describe().await?;
        let mut page = app.out.page();
        page.heading(&format!("{} {}", description.name, description.version));
        page.facts(&[
            ("digest", plugin.digest()),
            (
                "size",
                &format!("{} bytes", paint::number(bytes.len() as u64)),
            ),
            ("time zones", &description.zone_database),
            (
                "profiles",
                &description
                    .profiles
                    .iter()
                    .map(|p| format!("{} ({})", p.id, p.label))
                    .collect::<Vec<_>>()
                    .join(", "),
            ),
        ]);
        page.heading("Needs");
        for need in &description.needs {
            page.marked("·", paint::DIM, need);
        }
        page.heading("Settings form");
        let mut form = Table::new(&["key", "kind", "", "default", "label"]);
        for field in &description.form {
            form.row([
                Cell::new(&field.key),
                Cell::styled(
                    crate::shape::lifecycle::form_kind(field.kind),
                    paint::ACCENT,
                ),
                Cell::styled(if field.required { "required" } else { "" }, paint::CAUTION),
                Cell::new(&field.default),
                Cell::styled(&field.label, paint::DIM),
            ]);
        }
        page.table(&form);
        for (title, names) in [("Imports", plugin.imports()), ("Exports", plugin.exports())] {
            page.heading(title);
            for name in names {
                page.marked("·", paint::DIM, name);
            }
        }
        let json = json!({
            "digest": plugin.digest(),
            "bytes": bytes.len(),
            "description": shape::description(&description),
            "imports": plugin.imports(),
            "exports": plugin.exports(),
        });
        Ok(Answer::done(page, json))
    }
}
