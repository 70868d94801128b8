//! Rules, previews, explanations.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::each;
use super::problem::{Problem, Stage};
use crate::contract::hooks::explain as explained;
use crate::contract::hooks::mapping as contract;
use crate::contract::types::MappedField as Mapped;

/// What a portal field is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rule {
    /// The portal's field.
    pub field: String,
    /// The template.
    pub source: String,
    /// What an empty result means.
    pub on_empty: OnEmpty,
}

/// What an empty result means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnEmpty {
    /// The field stays as it is.
    Keep,
    /// The field becomes empty.
    Clear,
    /// The field becomes this.
    Default(String),
}

/// Rules to begin with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Suggestion {
    /// The kind of directory that was detected.
    pub profile: String,
    /// Why that one.
    pub evidence: Vec<String>,
    /// A rule for each field for which the profile knows a source.
    pub rules: Vec<Rule>,
    /// Attributes in a sample.
    pub attributes: Vec<Attribute>,
}

/// An attribute in a sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// How many of the sample have it.
    pub seen: String,
}

/// What a sync would do with one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Previewed {
    /// The entry.
    pub dn: String,
    /// Its stable id.
    pub external_id: String,
    /// `would-create`, `would-update`, `unchanged`, `unsynced` …
    pub outcome: String,
    /// One for each rule.
    pub fields: Vec<MappedField>,
    /// Why the person would be unsynced.
    pub problems: Vec<Problem>,
}

/// What a rule makes of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MappedField {
    /// The portal's field.
    pub field: String,
    /// The template.
    pub source: String,
    /// What the directory has.
    pub raw: Vec<String>,
    /// What the portal would get.
    pub value: Option<String>,
    /// What is wrong with it.
    pub problem: Option<Problem>,
}

/// Why a person is, or is not, synced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Explanation {
    /// The entry; empty where nobody was found.
    pub dn: String,
    /// Its stable id.
    pub external_id: String,
    /// One sentence.
    pub verdict: String,
    /// Every step to it.
    pub stages: Vec<Stage>,
    /// What each rule makes of the person.
    pub fields: Vec<MappedField>,
}

impl From<&contract::Rule> for Rule {
    fn from(rule: &contract::Rule) -> Self {
        Self {
            field: rule.field.clone(),
            source: rule.source.clone(),
            on_empty: match &rule.on_empty {
                contract::OnEmpty::Keep => OnEmpty::Keep,
                contract::OnEmpty::Clear => OnEmpty::Clear,
                contract::OnEmpty::Default(value) => OnEmpty::Default(value.clone()),
            },
        }
    }
}

impl From<Rule> for contract::Rule {
    fn from(rule: Rule) -> Self {
        Self {
            field: rule.field,
            source: rule.source,
            on_empty: match rule.on_empty {
                OnEmpty::Keep => contract::OnEmpty::Keep,
                OnEmpty::Clear => contract::OnEmpty::Clear,
                OnEmpty::Default(value) => contract::OnEmpty::Default(value),
            },
        }
    }
}

impl From<&contract::Suggestion> for Suggestion {
    fn from(suggestion: &contract::Suggestion) -> Self {
        let attribute = |one: &crate::contract::types::FieldValue| Attribute {
            name: one.field.clone(),
            seen: one.value.clone(),
        };
        Self {
            profile: suggestion.profile.clone(),
            evidence: suggestion.evidence.clone(),
            rules: each(&suggestion.rules),
            attributes: suggestion.attributes.iter().map(attribute).collect(),
        }
    }
}

impl From<&contract::Previewed> for Previewed {
    fn from(person: &contract::Previewed) -> Self {
        Self {
            dn: person.dn.clone(),
            external_id: person.external_id.clone(),
            outcome: person.outcome.clone(),
            fields: each(&person.fields),
            problems: each(&person.problems),
        }
    }
}

impl From<&Mapped> for MappedField {
    fn from(field: &Mapped) -> Self {
        Self {
            field: field.field.clone(),
            source: field.source.clone(),
            raw: field.raw.clone(),
            value: field.value.clone(),
            problem: field.problem.as_ref().map(Problem::from),
        }
    }
}

impl From<&explained::Explanation> for Explanation {
    fn from(explanation: &explained::Explanation) -> Self {
        Self {
            dn: explanation.dn.clone(),
            external_id: explanation.external_id.clone(),
            verdict: explanation.verdict.clone(),
            stages: each(&explanation.stages),
            fields: each(&explanation.fields),
        }
    }
}
