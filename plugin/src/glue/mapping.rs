//! The `mapping` export.

use super::bindings::exports::marketplace::directory_sync::mapping::{
    self as contract, Guest, Previewed, Problem, Rule, Suggestion,
};
use super::bindings::marketplace::directory_sync::types;
use super::convert::problems;
use super::host::{Component, Imports};
use crate::{lifecycle, mapping};

impl Guest for Component {
    fn suggest() -> Result<Suggestion, Vec<Problem>> {
        let suggestion = lifecycle::mapping::suggest(&Imports).map_err(problems)?;
        Ok(Suggestion {
            profile: suggestion.profile,
            evidence: suggestion.evidence,
            rules: suggestion.rules.into_iter().map(Into::into).collect(),
            attributes: suggestion
                .attributes
                .into_iter()
                .map(|(name, count)| types::FieldValue {
                    field: name,
                    value: count.to_string(),
                })
                .collect(),
        })
    }

    fn check(rules: Vec<Rule>) -> Vec<Problem> {
        problems(lifecycle::mapping::check(&Imports, &read(rules)))
    }

    fn preview(rules: Vec<Rule>, who: contract::Who) -> Result<Previewed, Vec<Problem>> {
        let previewed =
            lifecycle::preview(&Imports, &read(rules), &who.into()).map_err(problems)?;
        Ok(Previewed {
            dn: previewed.dn,
            external_id: previewed.external_id,
            fields: previewed.fields.into_iter().map(Into::into).collect(),
            outcome: previewed.outcome.into(),
            problems: problems(previewed.problems),
        })
    }

    fn submit(rules: Vec<Rule>) -> Result<String, Vec<Problem>> {
        lifecycle::mapping::submit(&Imports, &read(rules)).map_err(problems)
    }

    fn current() -> Vec<Rule> {
        lifecycle::mapping::current(&Imports)
            .into_iter()
            .map(Into::into)
            .collect()
    }
}

pub(super) fn read(rules: Vec<Rule>) -> Vec<mapping::Rule> {
    rules
        .into_iter()
        .map(|rule| mapping::Rule {
            field: rule.field,
            source: rule.source,
            on_empty: match rule.on_empty {
                contract::OnEmpty::Keep => mapping::OnEmpty::Keep,
                contract::OnEmpty::Clear => mapping::OnEmpty::Clear,
                contract::OnEmpty::Default(value) => mapping::OnEmpty::Default(value),
            },
        })
        .collect()
}

impl From<mapping::Rule> for Rule {
    fn from(rule: mapping::Rule) -> Self {
        Self {
            field: rule.field,
            source: rule.source,
            on_empty: match rule.on_empty {
                mapping::OnEmpty::Keep => contract::OnEmpty::Keep,
                mapping::OnEmpty::Clear => contract::OnEmpty::Clear,
                mapping::OnEmpty::Default(value) => contract::OnEmpty::Default(value),
            },
        }
    }
}

impl From<contract::Who> for lifecycle::Who {
    fn from(who: contract::Who) -> Self {
        match who {
            contract::Who::First => Self::First,
            contract::Who::Nth(n) => Self::Nth(n),
            contract::Who::Named(name) => Self::Named(name),
        }
    }
}

impl From<lifecycle::MappedField> for types::MappedField {
    fn from(field: lifecycle::MappedField) -> Self {
        Self {
            field: field.field,
            source: field.source,
            raw: field.raw,
            value: field.value,
            problem: field.problem.map(Into::into),
        }
    }
}
