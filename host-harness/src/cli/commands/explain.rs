//! `explain`.

use clap::Args;

use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::json as shape;
use crate::cli::view::{Page, paint};
use crate::contract::hooks::explain::Explanation;
use crate::ports::TenantId;
use crate::tenant::Hook;

use super::install::tenant;
use super::who::Person;

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    #[command(flatten)]
    person: Person,
}

impl Explain {
    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        let explanation = app
            .tenant(&self.tenant)
            .await?
            .explain(self.person.who())
            .await?;
        let mut page = app.out.page();
        show(&mut page, &explanation);
        Ok(Answer::done(page, shape::explanation(&explanation)))
    }
}

/// The steps and the verdict.
pub(crate) fn show(page: &mut Page, explanation: &Explanation) {
    if !explanation.dn.is_empty() {
        page.facts(&[
            ("person", &explanation.dn),
            ("external id", &explanation.external_id),
        ]);
    }
    page.stages(&explanation.stages);
    if !explanation.fields.is_empty() {
        page.gap();
        page.mapped(&explanation.fields);
    }
    page.gap();
    page.marked("→", paint::STRONG, &explanation.verdict);
}
