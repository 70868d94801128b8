//! The `explain` export.

use super::bindings::exports::marketplace::directory_sync::explain::{
    Explanation, Guest, Problem, Who,
};
use super::convert::problems;
use super::host::{Component, Imports};
use crate::lifecycle;

impl Guest for Component {
    fn person(who: Who) -> Result<Explanation, Vec<Problem>> {
        let explanation = lifecycle::explain(&Imports, &who.into()).map_err(problems)?;
        Ok(Explanation {
            dn: explanation.dn,
            external_id: explanation.external_id,
            verdict: explanation.verdict,
            stages: explanation.stages.into_iter().map(Into::into).collect(),
            fields: explanation.fields.into_iter().map(Into::into).collect(),
        })
    }
}
