//! `failures`: who still is unsynced.

use clap::Args;
use serde_json::json;

use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::json as shape;
use crate::cli::view::paint;
use crate::cli::view::plans::moment;
use crate::ports::TenantId;
use crate::ports::history::Failure;
use crate::tenant::Hook;

use super::install::tenant;

/// Arguments of `failures`.
#[derive(Debug, Args)]
pub(crate) struct Failures {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    /// Only those with this code, for example duplicate or missing-value
    #[arg(long)]
    code: Option<String>,
    /// Begin after this failure
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    after: u64,
    /// How many, at most 1,000
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

impl Failures {
    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        let tenant = app.tenant(&self.tenant).await?;
        let code = self.code.as_deref();
        let all = tenant.count_failures(code).await?;
        let failures = tenant.failures(code, self.after, self.limit).await?;
        let mut page = app.out.page();
        page.heading(&format!(
            "{} of {}",
            paint::counted(all, "unsynced person", "unsynced people"),
            self.tenant
        ));
        if failures.is_empty() {
            page.paragraph("Nobody.");
        }
        for failure in &failures {
            page.gap();
            page.facts(&facts(failure));
            page.problems(std::slice::from_ref(&failure.problem));
        }
        if let Some(last) = failures
            .last()
            .filter(|_| failures.len() as u64 == u64::from(self.limit))
        {
            page.aside(&format!("There may be more: --after {}", last.id));
        }
        let list: Vec<_> = failures.iter().map(shape::failure).collect();
        let json = json!({ "all": all, "failures": list });
        Ok(Answer::done(page, json))
    }
}

fn facts(failure: &Failure) -> [(&'static str, String); 3] {
    let seen = format!(
        "since {} (run {}), last {} (run {})",
        moment(failure.first_at),
        failure.first_run,
        moment(failure.last_at),
        failure.last_run
    );
    let who = match failure.dn.as_str() {
        "" => failure.external_id.clone(),
        dn => dn.to_owned(),
    };
    [
        ("who", who),
        ("seen", seen),
        ("tried", paint::counted(failure.attempts, "time", "times")),
    ]
}
