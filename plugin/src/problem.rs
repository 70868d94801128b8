//! Trouble, told so that a person can mend it.

/// Something that is wrong. Mirrors the contract's record of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Stable, kebab-case.
    pub code: &'static str,
    /// The setting, portal field or rule concerned.
    pub field: Option<String>,
    /// What happened and where.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
    /// Byte offset into the field's value at which the trouble begins.
    pub position: Option<u32>,
}

impl Problem {
    /// A problem that concerns no single field.
    pub fn new(code: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            code,
            field: None,
            message: message.into(),
            remedy: remedy.into(),
            position: None,
        }
    }

    /// The same problem, of one field.
    #[must_use]
    pub fn of_field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// The same problem, at a byte offset of the field's value.
    #[must_use]
    pub fn at(mut self, position: usize) -> Self {
        self.position = u32::try_from(position).ok();
        self
    }
}
