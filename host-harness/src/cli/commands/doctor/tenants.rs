//! Who is overdue, and whose runs fail.

use std::sync::Arc;

use chrono::Utc;

use super::stored::{names, worst};
use super::{failed, passed, stage, warned};
use crate::Problem;
use crate::cause::Cause;
use crate::cli::app::platform;
use crate::contract::types::Stage;
use crate::ports::queue::Due;
use crate::ports::tenants::Installation;
use crate::ports::{Outcome, TenantId};
use crate::sandbox::Sandbox;
use crate::service::{HostConfig, concern};
use crate::store::Database;
use crate::tenant::{Hook, Platform, Tenant};

/// Tenants looked at in one go.
const COUNTED: u32 = 10_000;
/// Overdue tenants whose plugin is asked why.
const ASKED: usize = 20;

/// The tenants that are asked for, and with what.
pub(super) struct Asked {
    store: Arc<dyn Database>,
    platform: Platform,
    tenants: Vec<Installation>,
}

impl Asked {
    pub(super) fn new(
        store: Arc<dyn Database>,
        sandbox: Sandbox,
        tenants: Vec<Installation>,
    ) -> Self {
        Self {
            platform: platform(store.clone(), sandbox),
            store,
            tenants,
        }
    }

    pub(super) async fn checks(&self) -> Vec<Stage> {
        let mut checks = vec![self.policies().await];
        match self.schedule().await {
            Ok(check) => checks.push(check),
            Err(problem) => checks.push(failed("schedule", &[], vec![problem])),
        }
        match self.runs().await {
            Ok(check) => checks.push(check),
            Err(problem) => checks.push(failed("runs", &[], vec![problem])),
        }
        checks
    }

    /// Verifies each tenant.
    pub(super) async fn connect(&self) -> Vec<Stage> {
        let mut checks = Vec::new();
        for one in &self.tenants {
            let name = format!("verify {}", one.tenant);
            let verified = async { self.tenant(&one.tenant).await?.verify(None).await };
            checks.push(match verified.await {
                Ok(report) => {
                    let verdict = worst(report.stages.iter().map(|stage| stage.verdict));
                    let problems: Vec<Problem> = report
                        .stages
                        .into_iter()
                        .flat_map(|stage| stage.problems)
                        .collect();
                    let seen = match report.profile.as_str() {
                        "" => Vec::new(),
                        profile => vec![profile.to_owned()],
                    };
                    stage(&name, verdict, &seen, problems)
                }
                Err(refused) => failed(&name, &[], refused.problems().cloned().collect()),
            });
        }
        checks
    }

    async fn policies(&self) -> Stage {
        let mut broken: Vec<Problem> = Vec::new();
        for one in &self.tenants {
            broken.extend(self.store.allowed(&one.tenant).await.err());
        }
        let count = format!("{} installed", self.tenants.len());
        if broken.is_empty() {
            return passed("tenants", &[count]);
        }
        failed("tenants", &[count], broken)
    }

    async fn schedule(&self) -> Outcome<Stage> {
        let now = Utc::now().timestamp_millis();
        let late = HostConfig::default().overdue;
        let since = now - i64::try_from(late.as_millis()).unwrap_or(i64::MAX);
        let due: Vec<Due> = self
            .store
            .due(since, COUNTED)
            .await?
            .into_iter()
            .filter(|due| self.has(&due.tenant))
            .collect();
        let Some(concern) = concern::overdue(&due, late) else {
            return Ok(passed("schedule", &["nobody is overdue".to_owned()]));
        };
        let who = names(due.iter().map(|due| &due.tenant));
        let mut problems = vec![concern.problem];
        // A plugin that cannot say when is why nobody asks for a run.
        for due in due.iter().take(ASKED) {
            let next = async { self.tenant(&due.tenant).await?.due_after(Utc::now()).await };
            if let Err(refused) = next.await {
                let mut problem = refused.into_problem();
                problem.message = format!("{}: {}", due.tenant, problem.message);
                problems.push(problem);
            }
        }
        Ok(failed("schedule", &[who], problems))
    }

    async fn runs(&self) -> Outcome<Stage> {
        let mut failing = self.store.failing(COUNTED).await?;
        failing.retain(|one| self.has(&one.tenant));
        if failing.is_empty() {
            return Ok(passed("runs", &["nobody's newest run failed".to_owned()]));
        }
        let who = names(failing.iter().map(|one| &one.tenant));
        let bad = failing
            .iter()
            .any(|one| Cause::of(&one.code) != Cause::Other);
        let concerns = concern::failing(&failing, &[]);
        let problems = concerns
            .into_iter()
            .map(|concern| concern.problem)
            .collect();
        Ok(if bad {
            failed("runs", &[who], problems)
        } else {
            warned("runs", &[who], problems)
        })
    }

    fn has(&self, tenant: &TenantId) -> bool {
        self.tenants.iter().any(|one| one.tenant == *tenant)
    }

    async fn tenant(&self, tenant: &TenantId) -> Hook<Tenant> {
        self.platform.tenant(tenant).await
    }
}
