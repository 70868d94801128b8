//! `install` and `tenants`.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::deed::Doing;
use crate::cli::policy::{PolicyFlags, told};
use crate::cli::view::plans::moment;
use crate::cli::view::{Cell, Table, paint};
use crate::ports::TenantId;
use crate::tenant::Hook;

/// Arguments of `install`.
#[derive(Debug, Args)]
pub(crate) struct Install {
    /// The tenant's name: lower-case letters, digits and hyphens
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    /// The component's file; without it, the one built into this program
    #[arg(long, value_name = "FILE")]
    plugin: Option<PathBuf>,
    #[command(flatten)]
    policy: PolicyFlags,
}

impl Install {
    /// For the log of what was done.
    pub(crate) fn doing(&self) -> Option<Doing> {
        let component = self.plugin.as_ref();
        let component = component.map_or_else(|| "bundled".into(), |file| file.to_string_lossy());
        Doing::to(&self.tenant, "install", component)
    }

    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        let component = app.component(self.plugin.as_deref())?;
        let tenant = app
            .platform()
            .await?
            .install(&self.tenant, &component)
            .await?;
        let policy = app.allow(&self.tenant, &self.policy).await?;
        let description = tenant.describe().await?;
        let mut page = app.out.page();
        page.done(&format!(
            "{} {} is installed for {}.",
            description.name, description.version, self.tenant
        ));
        page.facts(&[
            ("plugin", tenant.plugin_digest()),
            ("may connect to", &told(policy)),
            ("data", &app.data.display().to_string()),
        ]);
        page.aside(&format!(
            "Next: {} configure {} --url … --bind-name … --base-dn … --password-prompt",
            app.program(),
            self.tenant
        ));
        let json = json!({
            "tenant": self.tenant.as_str(),
            "plugin": tenant.plugin_digest(),
            "name": description.name,
            "version": description.version,
            "policy": policy,
        });
        Ok(Answer::done(page, json))
    }
}

/// Lists the installations.
pub(crate) async fn tenants(app: &App) -> Hook<Answer> {
    let list = app.store().await?.list().await?;
    let mut page = app.out.page();
    let mut table = Table::new(&["tenant", "installed", "plugin", "configuration", "server"]);
    let mut json = Vec::new();
    for installation in &list {
        let url = installation
            .settings
            .iter()
            .find(|s| s.key == "url")
            .map_or("", |s| s.value.as_str());
        table.row([
            Cell::styled(installation.tenant.as_str(), paint::STRONG),
            Cell::styled(
                moment(installation.installed_at.saturating_mul(1000)),
                paint::DIM,
            ),
            Cell::new(installation.plugin.get(..12).unwrap_or_default()),
            Cell::new(installation.configuration.get(..12).unwrap_or("(none yet)")),
            Cell::new(url),
        ]);
        json.push(json!({
            "tenant": installation.tenant.as_str(),
            "installed_at": crate::cli::json::moment(installation.installed_at.saturating_mul(1000)),
            "plugin": installation.plugin,
            "configuration": installation.configuration,
            "url": url,
        }));
    }
    if list.is_empty() {
        page.paragraph(&format!(
            "No tenant has a plugin installed in {}.",
            app.place()?
        ));
    }
    page.table(&table);
    Ok(Answer::done(page, Value::Array(json)))
}

/// Reads a tenant's name.
pub(crate) fn tenant(text: &str) -> Result<TenantId, String> {
    TenantId::new(text).map_err(|p| format!("{}. {}", p.message, p.remedy))
}
