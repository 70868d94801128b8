//! Types that cross the border both ways.

use super::bindings::marketplace::directory_sync::{plan, types};
use crate::ports::directory::{HostProblem, Stage, Verdict};
use crate::ports::plan::{Guard, Party, Summary};
use crate::problem::Problem;

impl From<types::Problem> for HostProblem {
    fn from(problem: types::Problem) -> Self {
        Self {
            code: problem.code,
            field: problem.field,
            message: problem.message,
            remedy: problem.remedy,
            position: problem.position,
        }
    }
}

impl From<HostProblem> for types::Problem {
    fn from(problem: HostProblem) -> Self {
        Self {
            code: problem.code,
            field: problem.field,
            message: problem.message,
            remedy: problem.remedy,
            position: problem.position,
        }
    }
}

impl From<Problem> for types::Problem {
    fn from(problem: Problem) -> Self {
        HostProblem::from(problem).into()
    }
}

impl From<types::Verdict> for Verdict {
    fn from(verdict: types::Verdict) -> Self {
        match verdict {
            types::Verdict::Passed => Self::Passed,
            types::Verdict::Warned => Self::Warned,
            types::Verdict::Failed => Self::Failed,
        }
    }
}

impl From<Verdict> for types::Verdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Passed => Self::Passed,
            Verdict::Warned => Self::Warned,
            Verdict::Failed => Self::Failed,
        }
    }
}

impl From<types::Stage> for Stage {
    fn from(stage: types::Stage) -> Self {
        Self {
            name: stage.name,
            verdict: stage.verdict.into(),
            evidence: stage.evidence,
            problems: stage.problems.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Stage> for types::Stage {
    fn from(stage: Stage) -> Self {
        Self {
            name: stage.name,
            verdict: stage.verdict.into(),
            evidence: stage.evidence,
            problems: problems(stage.problems),
        }
    }
}

impl From<&Party> for plan::Party {
    fn from(party: &Party) -> Self {
        Self {
            external_id: party.external_id.clone(),
            dn: party.dn.clone(),
            id: party.id.clone(),
        }
    }
}

impl From<plan::Party> for Party {
    fn from(party: plan::Party) -> Self {
        Self {
            external_id: party.external_id,
            dn: party.dn,
            id: party.id,
        }
    }
}

impl From<&Guard> for plan::Guard {
    fn from(guard: &Guard) -> Self {
        Self {
            name: guard.name.clone(),
            tripped: guard.tripped,
            count: guard.count,
            limit: guard.limit,
            message: guard.message.clone(),
        }
    }
}

impl From<&Summary> for plan::Summary {
    fn from(summary: &Summary) -> Self {
        Self {
            seen: summary.seen,
            unchanged: summary.unchanged,
            counts: named(summary.counts.clone()),
            guards: summary.guards.iter().map(Into::into).collect(),
            warnings: problems(summary.warnings.iter().cloned()),
        }
    }
}

/// A list of problems, for the host.
pub(super) fn problems<P: Into<types::Problem>>(
    problems: impl IntoIterator<Item = P>,
) -> Vec<types::Problem> {
    problems.into_iter().map(Into::into).collect()
}

/// Named values.
pub(super) fn named<V: ToString>(values: Vec<(String, V)>) -> Vec<types::Setting> {
    values
        .into_iter()
        .map(|(key, value)| types::Setting {
            key,
            value: value.to_string(),
        })
        .collect()
}

/// Keys and values.
pub(super) fn pairs(settings: Vec<types::Setting>) -> Vec<(String, String)> {
    settings
        .into_iter()
        .map(|setting| (setting.key, setting.value))
        .collect()
}
