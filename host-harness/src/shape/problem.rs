//! What went wrong.

use serde::Serialize;
use utoipa::ToSchema;

use crate::contract::types::{Stage as TriedStage, Verdict};

/// What went wrong, or deserves attention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// Stable: what programs go by.
    #[schema(example = "wrong-password")]
    pub code: String,
    /// The setting, field or rule that it concerns.
    pub field: Option<String>,
    /// What happened, and where.
    pub message: String,
    /// What to do.
    pub remedy: String,
    /// Where in the text of the field, in characters from 0.
    pub position: Option<u32>,
}

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Stage {
    /// What it is called.
    pub name: String,
    /// `passed`, `warned` or `failed`.
    pub verdict: &'static str,
    /// What was seen.
    pub evidence: Vec<String>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

impl From<&crate::Problem> for Problem {
    fn from(problem: &crate::Problem) -> Self {
        Self {
            code: problem.code.clone(),
            field: problem.field.clone(),
            message: problem.message.clone(),
            remedy: problem.remedy.clone(),
            position: problem.position,
        }
    }
}

impl From<&TriedStage> for Stage {
    fn from(stage: &TriedStage) -> Self {
        Self {
            name: stage.name.clone(),
            verdict: match stage.verdict {
                Verdict::Passed => "passed",
                Verdict::Warned => "warned",
                Verdict::Failed => "failed",
            },
            evidence: stage.evidence.clone(),
            problems: super::each(&stage.problems),
        }
    }
}
