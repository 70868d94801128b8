//! The rule for a field that holds another person. A directory names that person by DN and the portal by external id:
//! one entry alone does not tell who it is.

use std::borrow::Cow;

use super::rule::{OnEmpty, Rule};
use super::template::Template;
use crate::decode;
use crate::entry::Entry;
use crate::problem::Problem;

/// Such a rule, compiled.
#[derive(Debug, Clone)]
pub struct Link {
    rule: Rule,
    field: usize,
    attribute: usize,
}

impl Link {
    /// `before` is the link that the mapping has already.
    ///
    /// # Errors
    /// `person-field` where the source is not one attribute as it is, where the rule has a default, and for a second link.
    pub(super) fn new(
        rule: &Rule,
        field: usize,
        template: &Template,
        before: Option<&Self>,
    ) -> Result<Self, Problem> {
        let problem = |message: String, remedy: &str| {
            Problem::new("person-field", message, remedy).of_field(&rule.field)
        };
        if let Some(before) = before {
            let other = &before.rule.field;
            return Err(problem(
                format!(
                    "{} and {other} both hold another person, and one of them can be filled",
                    rule.field
                ),
                "Remove one of the two rules.",
            ));
        }
        let Some(attribute) = template.only_attribute() else {
            return Err(problem(
                format!(
                    "{} holds another person, whom only an attribute with that person's DN names",
                    rule.field
                ),
                "Name one attribute and no transform, such as {manager}.",
            ));
        };
        if matches!(rule.on_empty, OnEmpty::Default(_)) {
            return Err(problem(
                format!(
                    "{} holds another person, and there is none by default",
                    rule.field
                ),
                "Choose keep or clear for empty sources.",
            ));
        }
        Ok(Self {
            rule: rule.clone(),
            field,
            attribute,
        })
    }

    /// As stored.
    #[must_use]
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// Index of the field among those that the mapping was compiled against.
    #[must_use]
    pub fn field(&self) -> usize {
        self.field
    }

    /// The attribute's place among those asked for.
    #[must_use]
    pub fn attribute(&self) -> usize {
        self.attribute
    }

    /// An entry without a value clears the field.
    #[must_use]
    pub fn clears(&self) -> bool {
        self.rule.on_empty == OnEmpty::Clear
    }

    /// The name that an entry gives: the first value that is not blank.
    #[must_use]
    pub fn name<'e>(&self, entry: &Entry<'e>) -> Option<Cow<'e, str>> {
        let mut values = entry.values(self.attribute);
        let value = values.find(|value| !decode::is_blank(value))?;
        Some(String::from_utf8_lossy(value))
    }
}
