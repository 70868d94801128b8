//! The one shape in which trouble reaches people: [`Problem`], the contract's own record.
//!
//! Modules have their own error enums; at a port they become a problem, with a stable code, what
//! happened and where, and what to do. The causes an operator needs go to the log; a problem never
//! carries a password or another person's values.

pub use crate::contract::types::Problem;

impl Problem {
    /// A problem that concerns no single field.
    #[must_use]
    pub fn new(
        code: impl Into<String>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            code: code.into(),
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
}
