//! `verify`.

use clap::Args;

use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::exit::Exit;
use crate::cli::json as shape;
use crate::cli::view::paint::{self, number};
use crate::cli::view::{Cell, Page, Table};
use crate::contract::hooks::lifecycle::Report;
use crate::contract::types::Verdict;
use crate::ports::TenantId;
use crate::tenant::{Hook, Refused};

use super::install::tenant;
use super::settings::Settings;

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    #[command(flatten)]
    settings: Settings,
}

impl Verify {
    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        let tenant = app.tenant(&self.tenant).await?;
        let change = if self.settings.any() {
            Some(self.settings.change()?.0)
        } else {
            None
        };
        let report = tenant.verify(change.as_ref()).await?;
        let mut page = app.out.page();
        page.heading(&format!("Verify {}", self.tenant));
        show(&mut page, &report);
        let failed = report.stages.iter().find(|s| s.verdict == Verdict::Failed);
        let exit = failed.map_or(Exit::Done, |stage| {
            stage.problems.first().map_or(Exit::Directory, |p| {
                match Exit::of(&Refused::from(p.clone())) {
                    Exit::Refused if p.field.is_none() => Exit::Directory,
                    exit => exit,
                }
            })
        });
        Ok(Answer::done(page, shape::report(&report)).ends(exit))
    }
}

/// The report as an administrator reads it.
pub(crate) fn show(page: &mut Page, report: &Report) {
    page.stages(&report.stages);
    let tally = &report.tally;
    let mut facts = Vec::new();
    if !report.profile.is_empty() {
        let why = if report.evidence.is_empty() {
            String::new()
        } else {
            format!(" ({})", report.evidence.join("; "))
        };
        facts.push(("profile", format!("{}{why}", report.profile)));
    }
    if !report.bases.is_empty() {
        facts.push(("bases", report.bases.join("  ")));
    }
    if tally.sampled > 0 || tally.matched > 0 {
        facts.push((
            "match",
            format!(
                "{} people match base, scope and filter, {} of them disabled",
                number(tally.matched),
                number(tally.disabled)
            ),
        ));
        facts.push((
            "sample",
            format!(
                "of {} looked at, {} would come over, {} would not, {} are disabled",
                number(tally.sampled),
                number(tally.would_map),
                number(tally.would_fail),
                number(
                    tally
                        .sampled
                        .saturating_sub(tally.would_map + tally.would_fail)
                )
            ),
        ));
    }
    page.gap();
    page.facts(&facts);
    let mut table = Table::new(&[">people", "would fail because"]);
    for reason in &tally.reasons {
        table.row([
            Cell::new(
                reason
                    .value
                    .parse()
                    .map_or_else(|_| reason.value.clone(), number),
            ),
            Cell::styled(&reason.key, paint::CAUTION),
        ]);
    }
    page.table(&table);
}
