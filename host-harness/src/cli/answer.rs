//! What a command answers: text for people, a value for machines, and how the process ends.

use serde_json::Value;

use super::exit::Exit;
use super::view::Page;

/// One command's answer. Only one of the two forms is printed.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) page: Page,
    pub(crate) json: Value,
    pub(crate) exit: Exit,
}

impl Answer {
    /// It went as asked.
    pub(crate) fn done(page: Page, json: Value) -> Self {
        Self {
            page,
            json,
            exit: Exit::Done,
        }
    }

    /// It went, but the process ends with this code.
    pub(crate) fn ends(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }
}
