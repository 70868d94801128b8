//! One person as the directory has them beside the same person in the portal.

use std::borrow::Cow;
use std::sync::Arc;

use crate::entry::Entry;
use crate::field::{Field, unique_key};
use crate::mapping::{Mapped, Mapping, Value};
use crate::ports::plan::{Change, RowKind};
use crate::ports::portal::{Person, Status};
use crate::problem::Problem;

/// The pseudo field that a person's name in the directory is.
const DN: &str = "dn";

/// The pseudo field that a person's role is.
const ROLE: &str = "role";

/// Names of the portal's fields, shared by all rows.
#[derive(Debug, Clone)]
pub(super) struct Names {
    fields: Vec<Arc<str>>,
    dn: Arc<str>,
    role: Arc<str>,
    display: [Option<usize>; 4],
}

/// What differs.
#[derive(Debug, Default)]
pub(super) struct Difference<'a> {
    pub(super) changes: Vec<Change<'a>>,
    /// The DN is another.
    pub(super) renamed: bool,
    /// A field becomes empty.
    pub(super) blanks: bool,
    /// The role is another.
    pub(super) role: bool,
    /// Unique fields that get or lose a value: the field's place, what it was and what it becomes, as compared.
    pub(super) moves: Vec<Move<'a>>,
}

/// A unique field gets another value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Move<'a> {
    pub(super) field: usize,
    pub(super) from: Option<Cow<'a, str>>,
    pub(super) to: Option<Cow<'a, str>>,
}

/// What a person's status becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) kind: RowKind,
    pub(super) reason: &'static str,
}

impl Names {
    pub(super) fn new(fields: &[Field]) -> Self {
        let place = |id: &str| fields.iter().position(|field| field.id == id);
        Self {
            fields: fields
                .iter()
                .map(|field| Arc::from(field.id.as_str()))
                .collect(),
            dn: Arc::from(DN),
            role: Arc::from(ROLE),
            display: ["display-name", "username", "email", "last-name"].map(place),
        }
    }

    /// The id of a field.
    pub(super) fn field(&self, place: usize) -> Arc<str> {
        Arc::clone(&self.fields[place])
    }

    /// All values of somebody new.
    pub(super) fn all<'a>(&self, values: &'a [Mapped<'_>], role: &'a str) -> Vec<Change<'a>> {
        let mut changes = Vec::with_capacity(values.len() + 1);
        let mut with_role = false;
        for mapped in values {
            if let Value::Set(value) = &mapped.value {
                let field = Arc::clone(&self.fields[mapped.field]);
                with_role |= &*field == ROLE;
                changes.push(Change {
                    field,
                    before: None,
                    after: Some(Cow::Borrowed(value)),
                });
            }
        }
        if !with_role && !role.is_empty() {
            let field = Arc::clone(&self.role);
            changes.push(Change {
                field,
                before: None,
                after: Some(Cow::Borrowed(role)),
            });
        }
        changes
    }

    /// The values as read, for people who are not brought over: where a value could not be made, what it
    /// would have been made of, exactly.
    pub(super) fn read<'a>(
        &self,
        mapping: &Mapping,
        values: &'a [Mapped<'_>],
        entry: &Entry<'_>,
    ) -> Vec<Change<'a>> {
        let mut changes = self.all(values, "");
        // A mapping gives one value for each of its rules, in their order.
        for (rule, mapped) in values.iter().enumerate() {
            if !matches!(mapped.value, Value::Failed(_)) {
                continue;
            }
            let exact = mapping.exact(rule, entry);
            if !exact.is_empty() {
                changes.push(Change {
                    field: Arc::clone(&self.fields[mapped.field]),
                    before: None,
                    after: Some(Cow::Owned(exact)),
                });
            }
        }
        let link = mapping.link();
        changes.extend(link.and_then(|link| {
            Some(Change {
                field: self.field(link.field()),
                before: None,
                after: Some(Cow::Owned(link.name(entry)?.into_owned())),
            })
        }));
        changes
    }

    /// A name to show.
    pub(super) fn display<'a>(&self, values: &'a [Mapped<'_>]) -> &'a str {
        self.display
            .iter()
            .flatten()
            .find_map(|place| {
                values
                    .iter()
                    .find(|mapped| mapped.field == *place)?
                    .value
                    .text()
            })
            .unwrap_or_default()
    }

    /// A name to show for somebody as the portal has them.
    pub(super) fn display_of<'a>(&self, person: &'a Person) -> &'a str {
        self.display
            .iter()
            .flatten()
            .find_map(|place| value_of(person, &self.fields[*place]))
            .unwrap_or(&person.dn)
    }

    /// What differs between the directory and the portal. Fields without a rule are the portal's own.
    pub(super) fn difference<'a>(
        &self,
        mapping: &Mapping,
        values: &'a [Mapped<'_>],
        dn: &'a str,
        person: &'a Person,
    ) -> Difference<'a> {
        let mut difference = Difference::default();
        for mapped in values {
            let after = match &mapped.value {
                Value::Set(value) => Some(&**value),
                Value::Clear => None,
                Value::Keep | Value::LeftOut(_) | Value::Failed(_) => continue,
            };
            let name = &self.fields[mapped.field];
            let is_role = &**name == ROLE;
            let before = if is_role {
                Some(person.role.as_str())
            } else {
                value_of(person, name)
            };
            if before == after {
                continue;
            }
            difference.role |= is_role;
            difference.blanks |= after.is_none();
            if mapping.fields()[mapped.field].unique {
                difference.moves.extend(moved(mapped.field, before, after));
            }
            difference.changes.push(Change {
                field: Arc::clone(name),
                before: before.map(Cow::Borrowed),
                after: after.map(Cow::Borrowed),
            });
        }
        if person.dn != dn {
            difference.renamed = true;
            difference.changes.push(Change {
                field: Arc::clone(&self.dn),
                before: (!person.dn.is_empty()).then_some(Cow::Borrowed(&*person.dn)),
                after: Some(Cow::Borrowed(dn)),
            });
        }
        difference
    }

    /// Adds the role to what differs, where it is another.
    pub(super) fn role_becomes<'a>(
        &self,
        difference: &mut Difference<'a>,
        role: &'a str,
        person: &'a Person,
    ) {
        if person.role != role {
            difference.role = true;
            difference.changes.push(Change {
                field: Arc::clone(&self.role),
                before: Some(Cow::Borrowed(&*person.role)),
                after: Some(Cow::Borrowed(role)),
            });
        }
    }
}

/// The unique values of somebody new.
pub(super) fn claims<'a>(mapping: &Mapping, values: &'a [Mapped<'_>]) -> Vec<Move<'a>> {
    values
        .iter()
        .filter(|mapped| mapping.fields()[mapped.field].unique)
        .filter_map(|mapped| moved(mapped.field, None, mapped.value.text()))
        .collect()
}

/// What becomes of somebody's status. `None` where it stays.
///
/// A sync deactivates who is disabled in the directory, and reactivates only whom a sync deactivated.
pub(super) fn turn(disabled: bool, person: &Person) -> Option<Turn> {
    match (disabled, person.status) {
        (true, Status::Active) => Some(Turn {
            kind: RowKind::Deactivate,
            reason: "disabled",
        }),
        (false, Status::Inactive) if person.deactivated_by_sync => Some(Turn {
            kind: RowKind::Reactivate,
            reason: "returned",
        }),
        _ => None,
    }
}

/// Why a person cannot be brought over: the first problem, and how many more there are.
pub(super) fn failure(values: &[Mapped<'_>]) -> Option<Problem> {
    let mut problems = values.iter().filter_map(|mapped| match &mapped.value {
        Value::Failed(problem) => Some(problem),
        _ => None,
    });
    let first = problems.next()?.clone();
    Some(counted(first, problems.count()))
}

/// The first of several problems.
pub(super) fn first(problems: Vec<Problem>) -> Option<Problem> {
    let more = problems.len().saturating_sub(1);
    problems
        .into_iter()
        .next()
        .map(|first| counted(first, more))
}

fn counted(mut problem: Problem, more: usize) -> Problem {
    if more > 0 {
        problem.message.push_str(&format!(" (and {more} more)"));
    }
    problem
}

pub(super) fn value_of<'p>(person: &'p Person, field: &str) -> Option<&'p str> {
    person
        .values
        .iter()
        .find(|(id, _)| id == field)
        .map(|(_, value)| value.as_str())
}

fn moved<'a>(field: usize, before: Option<&'a str>, after: Option<&'a str>) -> Option<Move<'a>> {
    let key = |value: &'a str| Some(unique_key(value)).filter(|key| !key.is_empty());
    let (from, to) = (before.and_then(key), after.and_then(key));
    (from != to).then_some(Move { field, from, to })
}
