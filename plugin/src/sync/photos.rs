//! Photos that are left out: counted, with an example. Only people who are new or changed are looked at.

use std::collections::BTreeMap;

use crate::mapping::Value;
use crate::ports::directory::HostProblem;
use crate::problem::Problem;

use super::candidate::Candidate;

/// How many for which reason, and the first of them.
#[derive(Debug, Default)]
pub(super) struct LeftOut(BTreeMap<&'static str, (u64, String, Problem)>);

impl LeftOut {
    /// Looks at what the mapping made of somebody.
    pub(super) fn note(&mut self, candidate: &Candidate<'_>) {
        for mapped in &candidate.values {
            if let Value::LeftOut(problem) = &mapped.value {
                let first = || (0, candidate.dn.clone().into_owned(), problem.clone());
                self.0.entry(problem.code).or_insert_with(first).0 += 1;
            }
        }
    }

    /// A warning a reason.
    pub(super) fn warnings(&self) -> Vec<HostProblem> {
        let warning = |(count, dn, first): &(u64, String, Problem)| {
            let message = format!(
                "{count} people who are new or changed come without the photo (for example \"{dn}\": {})",
                first.message
            );
            HostProblem::from(Problem {
                message,
                ..first.clone()
            })
        };
        self.0.values().map(warning).collect()
    }
}
