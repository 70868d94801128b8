//! A rule as stored.

use serde::{Deserialize, Serialize};

/// One rule: a portal field is made of a source.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rule {
    /// The portal field's id.
    pub field: String,
    /// The template.
    pub source: String,
    /// What happens where the source has no value.
    #[serde(default)]
    pub on_empty: OnEmpty,
}

/// What happens where a rule's source has no value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnEmpty {
    /// The portal keeps what it has.
    #[default]
    Keep,
    /// The field is cleared.
    Clear,
    /// This value instead.
    Default(String),
}

impl Rule {
    /// A rule that keeps what the portal has where its source is empty.
    pub fn new(field: impl Into<String>, source: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            source: source.into(),
            on_empty: OnEmpty::Keep,
        }
    }

    /// The same rule, doing something else where its source is empty.
    #[must_use]
    pub fn on_empty(mut self, on_empty: OnEmpty) -> Self {
        self.on_empty = on_empty;
        self
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{OnEmpty, Rule};

    #[test]
    fn rules_are_stored_as_json() {
        let rule = Rule::new("email", "{mail|first}").on_empty(OnEmpty::Default("x".to_owned()));
        let json = serde_json::to_string(&rule).unwrap();
        assert_eq!(
            json,
            r#"{"field":"email","source":"{mail|first}","on-empty":{"default":"x"}}"#
        );
        assert_eq!(serde_json::from_str::<Rule>(&json).unwrap(), rule);
    }

    #[test]
    fn a_rule_that_says_nothing_keeps() {
        let rule: Rule = serde_json::from_str(r#"{"field":"email","source":"{mail}"}"#).unwrap();
        assert_eq!(rule.on_empty, OnEmpty::Keep);
    }
}
