//! The `people` export.

use super::bindings::exports::marketplace::directory_sync::people::{
    Candidate, Coverage, Covered, Failing, Guest, Problem, Rule,
};
use super::convert::problems;
use super::host::{Component, Imports};
use super::mapping::read;
use crate::lifecycle;

impl Guest for Component {
    fn find(text: String, limit: u32) -> Result<Vec<Candidate>, Vec<Problem>> {
        let found = lifecycle::find(&Imports, &text, limit).map_err(problems)?;
        let found = found.into_iter().map(|one| Candidate {
            dn: one.dn,
            display_name: one.display_name,
            username: one.username,
            email: one.email,
        });
        Ok(found.collect())
    }

    fn cover(rules: Vec<Rule>) -> Result<Coverage, Vec<Problem>> {
        let coverage = lifecycle::coverage(&Imports, &read(rules)).map_err(problems)?;
        Ok(Coverage {
            sampled: coverage.sampled,
            fields: coverage.fields.into_iter().map(Into::into).collect(),
        })
    }
}

impl From<lifecycle::Covered> for Covered {
    fn from(covered: lifecycle::Covered) -> Self {
        let failing = covered.examples.into_iter();
        Self {
            field: covered.field,
            valued: covered.valued,
            empty: covered.empty,
            failing: covered.failing,
            examples: failing
                .map(|(dn, code)| Failing {
                    dn,
                    code: code.to_owned(),
                })
                .collect(),
        }
    }
}
