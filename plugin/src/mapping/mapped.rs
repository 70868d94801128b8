//! What a rule makes of an entry.

use std::borrow::Cow;

use crate::problem::Problem;

/// What one rule makes of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped<'e> {
    /// Index of the field among those that the mapping was compiled against.
    pub field: usize,
    /// What becomes of it.
    pub value: Value<'e>,
}

/// What becomes of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'e> {
    /// It takes this value; borrowed from the page or the mapping where nothing had to be changed.
    Set(Cow<'e, str>),
    /// It is cleared.
    Clear,
    /// It keeps what the portal has.
    Keep,
    /// It keeps what the portal has, because the value is not fit to come over; the person is brought over without it.
    LeftOut(Problem),
    /// The person cannot be brought over.
    Failed(Problem),
}

/// What one rule makes of one entry, and of what: for previews and explanations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traced<'e> {
    /// The rule's source as written.
    pub source: &'e str,
    /// The raw values that the rule read, printable.
    pub raw: Vec<String>,
    /// What it makes of them.
    pub mapped: Mapped<'e>,
}

impl Mapped<'_> {
    /// The same, free of the page and the mapping.
    #[must_use]
    pub fn into_owned(self) -> Mapped<'static> {
        Mapped {
            field: self.field,
            value: self.value.into_owned(),
        }
    }
}

impl Value<'_> {
    /// The same, free of the page and the mapping.
    #[must_use]
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Set(value) => Value::Set(Cow::Owned(value.into_owned())),
            Self::Clear => Value::Clear,
            Self::Keep => Value::Keep,
            Self::LeftOut(problem) => Value::LeftOut(problem),
            Self::Failed(problem) => Value::Failed(problem),
        }
    }

    /// The value that goes into the portal, if one does.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Set(value) => Some(value),
            _ => None,
        }
    }
}
