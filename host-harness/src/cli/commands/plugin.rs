//! `plugin inspect`: what a component says of itself, and what it imports and exports; `plugin upgrade` and `plugin rollback`: another one
//! for a tenant.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::deed::Doing;
use crate::cli::json as shape;
use crate::cli::view::{Cell, Table, paint};
use crate::ports::TenantId;
use crate::sandbox::interfaces::{lacking, words};
use crate::tenant::{self, Hook};

use super::install::tenant;

/// Commands about a plugin.
#[derive(Debug, Subcommand)]
pub(crate) enum Plugin {
    /// Show what a plugin is, needs, imports and exports
    Inspect(Inspect),
    /// Give a tenant another component, with the settings that are stored
    Upgrade(Upgrade),
    /// Give a tenant the component back that it had before the last upgrade
    Rollback(Rollback),
}

/// Arguments of `plugin inspect`.
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// The component's file; without it, the one built into this program
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Arguments of `plugin upgrade`.
#[derive(Debug, Args)]
pub(crate) struct Upgrade {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    /// The component's file; without it, the one built into this program
    #[arg(long, value_name = "FILE")]
    component: Option<PathBuf>,
    /// Check everything and show the difference, without changing anything
    #[arg(long)]
    dry_run: bool,
}

/// Arguments of `plugin rollback`.
#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    /// Check everything and show the difference, without changing anything
    #[arg(long)]
    dry_run: bool,
}

impl Plugin {
    /// For the log of what was done.
    pub(crate) fn doing(&self) -> Option<Doing> {
        match self {
            Self::Upgrade(upgrade) => {
                let component = upgrade.component.as_ref();
                let component =
                    component.map_or_else(|| "bundled".into(), |file| file.to_string_lossy());
                let what = if upgrade.dry_run {
                    "plugin.upgrade dry-run"
                } else {
                    "plugin.upgrade"
                };
                Doing::to(&upgrade.tenant, what, component)
            }
            Self::Rollback(Rollback { tenant, dry_run }) => {
                let what = if *dry_run {
                    "plugin.rollback dry-run"
                } else {
                    "plugin.rollback"
                };
                Doing::to(tenant, what, "")
            }
            Self::Inspect(_) => None,
        }
    }

    /// The command's name in machine output.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Inspect(_) => "plugin inspect",
            Self::Upgrade(_) => "plugin upgrade",
            Self::Rollback(_) => "plugin rollback",
        }
    }

    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        match self {
            Self::Inspect(inspect) => inspect.run(app).await,
            Self::Upgrade(Upgrade {
                tenant,
                component,
                dry_run,
            }) => {
                let bytes = app.component(component.as_deref())?;
                let upgraded = app.tenant(&tenant).await?.upgrade(&bytes, dry_run).await?;
                Ok(difference(app, &tenant, &upgraded))
            }
            Self::Rollback(Rollback { tenant, dry_run }) => {
                let upgraded = app.tenant(&tenant).await?.rollback(dry_run).await?;
                Ok(difference(app, &tenant, &upgraded))
            }
        }
    }
}

/// What became other, or would.
fn difference(app: &App, tenant: &TenantId, upgrade: &tenant::Upgrade) -> Answer {
    let mut page = app.out.page();
    let (from, to) = (&upgrade.from, &upgrade.to);
    let told = |version: &tenant::Version| {
        let digest = version.digest.get(..12).unwrap_or_default();
        format!("{} {} ({digest})", version.name, version.version)
    };
    page.facts(&[("from", told(from)), ("to", told(to))]);
    for (mark, style, names) in [
        ("+", paint::CAUTION, &upgrade.added),
        ("-", paint::GOOD, &upgrade.removed),
    ] {
        for name in names {
            page.marked(mark, style, &format!("{name}: {}", words(name)));
        }
    }
    if upgrade.added.is_empty() && upgrade.removed.is_empty() {
        page.marked("·", paint::DIM, "It imports the same.");
    }
    for run in &upgrade.discarded {
        page.marked(
            "!",
            paint::CAUTION,
            &format!("The plan of run {run}, which waits, is thrown away."),
        );
    }
    if upgrade.done {
        page.done(&format!(
            "{tenant} has it now; the next sync reads everybody."
        ));
        page.aside(&format!("Back: {} plugin rollback {tenant}", app.program()));
    } else {
        page.paragraph("Nothing was changed.");
    }
    Answer::done(page, shape::upgrade(upgrade))
}

impl Inspect {
    async fn run(self, app: &App) -> Hook<Answer> {
        let Self { file } = self;
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
        page.heading("Imports");
        for name in plugin.imports() {
            page.marked("·", paint::DIM, &format!("{name}: {}", words(name)));
        }
        page.heading("Exports");
        for name in plugin.exports() {
            page.marked("·", paint::DIM, name);
        }
        for (name, words) in lacking(plugin.exports()) {
            page.marked("-", paint::CAUTION, &format!("{name} is missing: {words}"));
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
