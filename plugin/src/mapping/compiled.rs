//! Rules compiled against the portal's fields, evaluated on an entry.

use std::borrow::Cow;

use super::link::Link;
use super::mapped::{Mapped, Traced, Value};
use super::parse;
use super::photo;
use super::rule::{OnEmpty, Rule};
use super::template::Template;
use crate::attribute::AttributeSet;
use crate::entry::Entry;
use crate::field::{Field, FieldKind};
use crate::problem::Problem;

/// The field that identity fills, which no rule may.
const EXTERNAL_ID: &str = "external-id";

/// A mapping, ready to be evaluated.
#[derive(Debug, Clone)]
pub struct Mapping {
    fields: Vec<Field>,
    rules: Vec<Compiled>,
    link: Option<Link>,
    /// The largest picture, in bytes.
    photo: usize,
}

#[derive(Debug, Clone)]
struct Compiled {
    rule: Rule,
    field: usize,
    template: Template,
}

impl Mapping {
    /// Checks rules against the portal's fields and prepares them. The attributes that they read are added to
    /// `attributes`, by whose positions entries must then give their values; after an error nothing is added.
    ///
    /// # Errors
    /// All problems at once, each with the portal field and, for its source, the position: `unknown-field`,
    /// `reserved-field`, `person-field`, `duplicate-rule`, `template-syntax`, `unknown-transform`, `bad-default`, `same-for-all`, and `missing-rule`
    /// for a required field without a rule.
    pub fn compile(
        rules: &[Rule],
        fields: &[Field],
        attributes: &mut AttributeSet,
    ) -> Result<Self, Vec<Problem>> {
        let mut named = attributes.clone();
        let mut problems = Vec::new();
        let mut compiled: Vec<Compiled> = Vec::with_capacity(rules.len());
        let mut link = None;
        let mut ruled = vec![false; fields.len()];
        for rule in rules {
            let field = match place(rule, fields, &mut ruled) {
                Ok(field) => Some(field),
                Err(problem) => {
                    problems.push(problem);
                    None
                }
            };
            match parse::template(&rule.source, &mut named) {
                Ok(template) => {
                    if let Some(field) = field.filter(|at| fields[*at].kind == FieldKind::Person) {
                        match Link::new(rule, field, &template, link.as_ref()) {
                            Ok(one) => link = Some(one),
                            Err(problem) => problems.push(problem),
                        }
                    } else if let Some(field) = field {
                        compiled.push(Compiled {
                            rule: rule.clone(),
                            field,
                            template,
                        });
                    }
                }
                Err(problem) => problems.push(problem.of_field(&rule.field)),
            }
        }
        for each in &mut compiled {
            let field = &fields[each.field];
            if field.kind == FieldKind::Image
                && let Some(part) = each.template.only_part_mut()
            {
                part.read_as_base64();
            }
            if let OnEmpty::Default(value) = &each.rule.on_empty
                && let Err(problem) = filled(field, Cow::Borrowed(value))
            {
                problems.push(unfit(field, "default for empty sources", problem));
            }
            // Nothing of any entry can mend what is always the same.
            if let Some(text) = each.template.only_literal() {
                if let Err(problem) = filled(field, Cow::Borrowed(text)) {
                    problems.push(unfit(field, "source's text", problem));
                } else if field.unique {
                    problems.push(same_for_all(field));
                }
            }
        }
        let without_rule = fields
            .iter()
            .zip(&ruled)
            .filter(|(field, ruled)| field.required && !**ruled);
        for (field, _) in without_rule.filter(|(field, _)| field.id != EXTERNAL_ID) {
            let message = format!("the portal requires {}, and no rule fills it", field.label);
            let remedy = format!("Add a rule for {}.", field.id);
            problems.push(Problem::new("missing-rule", message, remedy).of_field(&field.id));
        }
        if problems.is_empty() {
            *attributes = named;
            Ok(Self {
                fields: fields.to_vec(),
                rules: compiled,
                link,
                photo: usize::MAX,
            })
        } else {
            Err(problems)
        }
    }

    /// The same mapping, leaving pictures out that have more bytes.
    #[must_use]
    pub fn with_photo_limit(self, photo: usize) -> Self {
        Self { photo, ..self }
    }

    /// The fields that the mapping was compiled against, by the index that [`Mapped`] gives.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The rule for a field that holds another person, who is found once everybody is read: it is none of the others.
    #[must_use]
    pub fn link(&self) -> Option<&Link> {
        self.link.as_ref()
    }

    /// The rules in their order, which is that of the values evaluated.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().map(|compiled| &compiled.rule)
    }

    /// What the rules make of an entry, one for each rule, checked against the portal's fields.
    #[must_use]
    pub fn evaluate<'e>(&'e self, entry: &Entry<'e>) -> Vec<Mapped<'e>> {
        self.rules
            .iter()
            .map(|compiled| self.one(compiled, entry))
            .collect()
    }

    /// What the rules make of an entry, with the raw values that they read, printable.
    #[must_use]
    pub fn trace<'e>(&'e self, entry: &Entry<'e>) -> Vec<Traced<'e>> {
        self.rules
            .iter()
            .map(|compiled| Traced {
                source: &compiled.rule.source,
                raw: compiled.template.raw(entry),
                mapped: self.one(compiled, entry),
            })
            .collect()
    }

    /// What a rule's value is made of, by the rule's place, unaltered: for reports of what cannot be brought over.
    #[must_use]
    pub fn exact(&self, rule: usize, entry: &Entry<'_>) -> String {
        self.rules
            .get(rule)
            .map(|compiled| compiled.template.exact(entry))
            .unwrap_or_default()
    }

    /// The required fields that a new person would be without: one `missing-value` for each. Somebody who
    /// is in the portal already keeps what the portal has.
    #[must_use]
    pub fn missing(&self, mapped: &[Mapped<'_>]) -> Vec<Problem> {
        mapped
            .iter()
            .filter(|mapped| matches!(mapped.value, Value::Keep | Value::LeftOut(_)))
            .filter_map(|mapped| self.fields.get(mapped.field))
            .filter(|field| field.required)
            .map(Field::missing)
            .collect()
    }

    fn one<'e>(&'e self, compiled: &'e Compiled, entry: &Entry<'e>) -> Mapped<'e> {
        let field = &self.fields[compiled.field];
        let value = match compiled.template.evaluate(entry) {
            Ok(Some(value)) if field.kind == FieldKind::Image => {
                match photo::trouble(field, &value, self.photo) {
                    Some(problem) => Value::LeftOut(problem),
                    None => set(field, value),
                }
            }
            Ok(Some(value)) => set(field, value),
            Ok(None) => match &compiled.rule.on_empty {
                OnEmpty::Keep => Value::Keep,
                OnEmpty::Clear if field.required => Value::Failed(field.missing()),
                OnEmpty::Clear => Value::Clear,
                OnEmpty::Default(value) => set(field, Cow::Borrowed(value)),
            },
            Err(failure) => {
                let message = format!("{}: {}", failure.attribute, failure.error);
                let problem = Problem::new(failure.error.code(), message, failure.error.remedy());
                Value::Failed(problem.of_field(&field.id))
            }
        };
        Mapped {
            field: compiled.field,
            value,
        }
    }
}

fn set<'v>(field: &Field, value: Cow<'v, str>) -> Value<'v> {
    match filled(field, value) {
        Ok(value) => Value::Set(value),
        Err(problem) => Value::Failed(problem),
    }
}

/// The value as the portal takes it, which takes no blank one where it requires the field.
fn filled<'v>(field: &Field, value: Cow<'v, str>) -> Result<Cow<'v, str>, Problem> {
    if field.required && value.trim().is_empty() {
        return Err(field.missing());
    }
    field.accept(value)
}

/// Refuses a rule that gives everybody the value that only one may have.
fn same_for_all(field: &Field) -> Problem {
    let message = format!(
        "{} must be unique, and this gives everybody the same",
        field.label
    );
    let remedy = "Name an attribute that differs from person to person, such as {uid} or {mail}.";
    Problem::new("same-for-all", message, remedy).of_field(&field.id)
}

fn unfit(field: &Field, what: &str, problem: Problem) -> Problem {
    let message = format!("the {what} does not fit: {}", problem.message);
    Problem::new("bad-default", message, problem.remedy).of_field(&field.id)
}

/// The index of a rule's field, which is marked as ruled.
fn place(rule: &Rule, fields: &[Field], ruled: &mut [bool]) -> Result<usize, Problem> {
    let problem = |code, message: String, remedy: String| {
        Err(Problem::new(code, message, remedy).of_field(&rule.field))
    };
    if rule.field == EXTERNAL_ID {
        return problem(
            "reserved-field",
            format!("{EXTERNAL_ID} is filled from the directory's own id, not by a rule"),
            "Remove the rule.".to_owned(),
        );
    }
    let Some(index) = fields.iter().position(|field| field.id == rule.field) else {
        let known: Vec<&str> = fields
            .iter()
            .map(|field| field.id.as_str())
            .filter(|id| *id != EXTERNAL_ID)
            .collect();
        return problem(
            "unknown-field",
            format!("the portal has no field \"{}\"", rule.field),
            format!("The portal's fields are: {}.", known.join(", ")),
        );
    };
    if std::mem::replace(&mut ruled[index], true) {
        return problem(
            "duplicate-rule",
            format!("two rules fill {}", rule.field),
            "Remove one; {first,second} takes whichever has a value.".to_owned(),
        );
    }
    Ok(index)
}
