//! `doctor`: checks an installation, and says what to mend. It changes nothing.
//!
//! - `place`: the data directory, its disk, its key; the files to serve with
//! - `stored`: the database, and what is in it
//! - `plugins`: whether each plugin loads and speaks
//! - `tenants`: who is overdue, and whose runs fail

mod place;
mod plugins;
mod stored;
mod tenants;

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::Problem;
use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::exit::Exit;
use crate::cli::view::paint::counted;
use crate::contract::types::{Stage, Verdict};
use crate::ports::TenantId;
use crate::shape;
use crate::tenant::Hook;

use super::install::tenant;

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Look at this tenant only; without it, at all of them
    #[arg(value_parser = tenant)]
    tenant: Option<TenantId>,
    /// Connect to the directories too, and verify each tenant as `verify` does
    #[arg(long)]
    connect: bool,
    /// The certificate to serve with, as given to `serve`
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// Its private key
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
}

impl Doctor {
    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        let mut checks = self.checks(app).await;
        if let (Some(certificate), Some(key)) = (&self.tls_certificate, &self.tls_key) {
            checks.push(place::tls(certificate, key));
        }
        let count = |verdict| {
            checks
                .iter()
                .filter(|check| check.verdict == verdict)
                .count() as u64
        };
        let (failed, warned) = (count(Verdict::Failed), count(Verdict::Warned));
        let mut page = app.out.page();
        page.heading(&format!("Doctor {}", app.place().unwrap_or_default()));
        page.stages(&checks);
        page.gap();
        if failed > 0 {
            let failed = counted(failed, "thing", "things");
            page.paragraph(&format!("{failed} to mend."));
        } else if warned > 0 {
            let warned = counted(warned, "thing", "things");
            page.paragraph(&format!("It works; {warned} to look at."));
        } else {
            page.done("Nothing to mend.");
        }
        let json = json!({
            "healthy": failed == 0,
            "checks": shape::each::<_, shape::problem::Stage>(&checks),
        });
        let exit = if failed > 0 {
            Exit::Trouble
        } else {
            Exit::Done
        };
        Ok(Answer::done(page, json).ends(exit))
    }

    /// One after another: what cannot be looked at because of another is left out.
    async fn checks(&self, app: &App) -> Vec<Stage> {
        let mut checks = place::checks(&app.data, &app.keys()).await;
        let blocked = checks.iter().any(|check| check.verdict == Verdict::Failed);
        checks.push(stored::database(app).await);
        // Opening would make what is missing, or change the shape: neither is for a doctor.
        let open = checks
            .last()
            .is_some_and(|check| check.verdict == Verdict::Passed);
        if blocked || !open {
            checks.push(noted("the rest", "is not looked at before that is mended"));
            return checks;
        }
        let store = match app.store().await {
            Ok(store) => store,
            Err(refused) => {
                checks.push(failed("open", &[], refused.problems().cloned().collect()));
                return checks;
            }
        };
        checks.extend(stored::contents(&*store).await);
        let sandbox = match app.sandbox() {
            Ok(sandbox) => sandbox,
            Err(refused) => {
                checks.push(failed(
                    "sandbox",
                    &[],
                    refused.problems().cloned().collect(),
                ));
                return checks;
            }
        };
        let installed = match store.list().await {
            Ok(installed) => installed,
            Err(problem) => {
                checks.push(failed("tenants", &[], vec![problem]));
                return checks;
            }
        };
        let chosen: Vec<_> = installed
            .into_iter()
            .filter(|one| {
                self.tenant
                    .as_ref()
                    .is_none_or(|tenant| *tenant == one.tenant)
            })
            .collect();
        if let (Some(tenant), true) = (&self.tenant, chosen.is_empty()) {
            let problem = Problem::new(
                "not-installed",
                format!("nothing is installed for the tenant {tenant}"),
                "List the tenants to see which there are.",
            );
            checks.push(failed("tenants", &[], vec![problem]));
            return checks;
        }
        checks.extend(plugins::checks(&*store, &sandbox, &chosen).await);
        let asked = tenants::Asked::new(store, sandbox, chosen);
        checks.extend(asked.checks().await);
        if self.connect {
            checks.extend(asked.connect().await);
        }
        checks
    }
}

/// It is well, and this was seen.
fn passed(name: &str, evidence: &[String]) -> Stage {
    stage(name, Verdict::Passed, evidence, Vec::new())
}

/// It works, and should be looked at.
fn warned(name: &str, evidence: &[String], problems: Vec<Problem>) -> Stage {
    stage(name, Verdict::Warned, evidence, problems)
}

/// It is to be mended.
fn failed(name: &str, evidence: &[String], problems: Vec<Problem>) -> Stage {
    stage(name, Verdict::Failed, evidence, problems)
}

/// It could not be looked at.
fn noted(name: &str, why: &str) -> Stage {
    stage(name, Verdict::Warned, &[why.to_owned()], Vec::new())
}

fn stage(name: &str, verdict: Verdict, evidence: &[String], problems: Vec<Problem>) -> Stage {
    Stage {
        name: name.to_owned(),
        verdict,
        evidence: evidence.to_vec(),
        problems,
    }
}
