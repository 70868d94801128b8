//! `uninstall` and `receipt`.

use std::io::IsTerminal;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::Problem;
use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::bars::Bars;
use crate::cli::deed::Doing;
use crate::cli::json as shape;
use crate::cli::view::paint::{self, number};
use crate::cli::view::plans::moment;
use crate::cli::view::{Cell, Page, Table};
use crate::contract::hooks::lifecycle::{Afterwards, Receipt};
use crate::ports::TenantId;
use crate::tenant::Hook;

use super::install::tenant;

/// How long a run that is cancelled may take to its next safe point.
const PATIENCE: Duration = Duration::from_secs(60);

/// Arguments of `uninstall`.
#[derive(Debug, Args)]
pub(crate) struct Uninstall {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    /// What becomes of the people that were synced
    #[arg(long, value_enum)]
    people: People,
    /// Cancel runs that wait, and stop one that the service has under way
    #[arg(long)]
    cancel: bool,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum People {
    /// They stay as they are
    Keep,
    /// They stay, deactivated
    Deactivate,
}

impl Uninstall {
    /// For the log of what was done.
    pub(crate) fn doing(&self) -> Option<Doing> {
        let people = match self.people {
            People::Keep => "keep",
            People::Deactivate => "deactivate",
        };
        Doing::to(&self.tenant, "uninstall", people)
    }

    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        let tenant = app.tenant(&self.tenant).await?;
        if !self.yes {
            confirm(&self.tenant)?;
        }
        let people = match self.people {
            People::Keep => Afterwards::Keep,
            People::Deactivate => Afterwards::Deactivate,
        };
        let bars = Bars::interruptible(&app.out);
        let uninstalled = if self.cancel {
            tenant
                .uninstall_cancelling(people, PATIENCE, bars.clone())
                .await
        } else {
            tenant.uninstall(people, bars.clone()).await
        };
        bars.clear();
        let uninstalled = uninstalled?;
        let mut page = app.out.page();
        page.heading(&format!("Receipt for {}", self.tenant));
        show(&mut page, &uninstalled.receipt);
        let json = json!({
            "tenant": self.tenant.as_str(),
            "receipt": shape::receipt(&uninstalled.receipt),
            "deactivated": uninstalled.deactivated.as_ref().map(shape::run),
        });
        Ok(Answer::done(page, json))
    }
}

/// Arguments of `receipt`.
#[derive(Debug, Args)]
pub(crate) struct Last {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
}

impl Last {
    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        let kept = app.store().await?.receipt(&self.tenant).await?;
        let mut page = app.out.page();
        page.heading(&format!("Receipt for {}", self.tenant));
        page.facts(&[("uninstalled", moment(kept.at))]);
        show(&mut page, &kept.receipt);
        let json = json!({
            "tenant": self.tenant.as_str(),
            "at": shape::moment(kept.at),
            "receipt": shape::receipt(&kept.receipt),
        });
        Ok(Answer::done(page, json))
    }
}

/// What is gone and what is left.
pub(crate) fn show(page: &mut Page, receipt: &Receipt) {
    let mut table = Table::new(&["", ">", ""]);
    for (title, lines, style) in [
        ("removed", &receipt.removed, paint::CAUTION),
        ("left", &receipt.left, paint::GOOD),
    ] {
        for line in lines {
            table.row([
                Cell::styled(title, style),
                Cell::new(number(line.count)),
                Cell::new(&line.what),
            ]);
        }
    }
    page.table(&table);
}

fn confirm(tenant: &TenantId) -> Hook<()> {
    let terminal = console::Term::stderr();
    let refused = |message: &str| {
        Problem::new(
            "not-confirmed",
            message,
            "Say --yes if it is meant; nothing was removed.",
        )
    };
    if !terminal.is_term() || !std::io::stdin().is_terminal() {
        return Err(refused("There is no terminal to ask at").into());
    }
    let asked = format!(
        "Remove the plugin, its settings, its runs and the credential of {tenant}? Type the tenant's name: "
    );
    let answer = terminal
        .write_str(&asked)
        .and_then(|()| terminal.read_line());
    match answer {
        Ok(name) if name.trim() == tenant.as_str() => Ok(()),
        _ => Err(refused("That is not the tenant's name").into()),
    }
}
