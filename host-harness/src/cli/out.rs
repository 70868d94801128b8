//! Where output goes: text or JSON on the standard output, trouble on the standard error.

use std::io::{self, IsTerminal, Write};

use anstream::ColorChoice;
use serde_json::{Value, json};

use crate::tenant::Refused;

use super::answer::Answer;
use super::args::{Color, Global};
use super::exit::Exit;
use super::json;
use super::view::{Page, paint};

/// Width of text that goes to no terminal: nothing is cut, for nobody can make the window wider.
const PIPED: usize = 10_000;

/// How this process talks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Out {
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    width: usize,
}

impl Out {
    /// Sets colour for the whole process and measures the terminal.
    pub(crate) fn new(global: &Global) -> Self {
        match global.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        }
        .write_global();
        let width = if io::stdout().is_terminal() {
            console::Term::stdout().size().1.into()
        } else {
            PIPED
        };
        Self {
            json: global.json,
            quiet: global.quiet,
            width,
        }
    }

    /// An empty page of the terminal's width.
    pub(crate) fn page(&self) -> Page {
        Page::new(self.width)
    }

    /// Prints a part of the text of long work, at once.
    pub(crate) fn say(&self, page: Page) {
        if !self.json && !self.quiet {
            let mut stdout = anstream::stdout().lock();
            // A reader that went away (`| head`) is no trouble of ours.
            let _ = stdout
                .write_all(page.into_text().as_bytes())
                .and_then(|()| stdout.flush());
        }
    }

    /// Prints the answer and says how to end.
    pub(crate) fn answer(&self, command: &str, answer: Answer) -> Exit {
        let Answer { page, json, exit } = answer;
        if self.json {
            self.document(json!({ "command": command, "exit": exit as u8, "result": json }));
        } else {
            self.say(page);
        }
        exit
    }

    /// Prints why it did not go, and says how to end.
    pub(crate) fn refused(&self, command: &str, refused: &Refused) -> Exit {
        let exit = Exit::of(refused);
        if self.json {
            let problems: Vec<Value> = refused.problems().map(json::problem).collect();
            self.document(json!({ "command": command, "exit": exit as u8, "problems": problems }));
        } else {
            let mut page = Page::new(if io::stderr().is_terminal() {
                console::Term::stderr().size().1.into()
            } else {
                PIPED
            });
            page.raw(&format!(
                "{} {command}",
                paint::paint(paint::BAD.bold(), "failed:")
            ));
            let problems: Vec<_> = refused.problems().cloned().collect();
            page.problems(&problems);
            let _ = anstream::stderr()
                .lock()
                .write_all(page.into_text().as_bytes());
        }
        exit
    }

    fn document(self, value: Value) {
        let mut stdout = io::stdout().lock();
        let _ = serde_json::to_writer_pretty(&mut stdout, &value);
        let _ = writeln!(stdout);
    }
}
