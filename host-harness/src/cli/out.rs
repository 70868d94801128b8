//! Where output goes: text or JSON on the standard output, trouble on the standard error.

use std::io::{self, IsTerminal, Write};

use anstream::ColorChoice;
use serde_json::{Value, json};

use crate::Problem;
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
    ///
    /// # Errors
    /// `write-failed`.
    pub(crate) fn say(&self, page: Page) -> Result<(), Problem> {
        if self.json || self.quiet {
            return Ok(());
        }
        put(anstream::stdout().lock(), page.into_text().as_bytes())
    }

    /// Prints the answer and says how to end. What cannot be printed is trouble: a script would take it for empty.
    pub(crate) fn answer(&self, command: &str, answer: Answer) -> Exit {
        let Answer { page, json, exit } = answer;
        let printed = if self.json {
            self.document(json!({ "command": command, "exit": exit as u8, "result": json }))
        } else {
            self.say(page)
        };
        match printed {
            Ok(()) => exit,
            Err(problem) => {
                Self::complain(command, &[problem]);
                Exit::Trouble
            }
        }
    }

    /// Prints why it did not go, and says how to end.
    pub(crate) fn refused(&self, command: &str, refused: &Refused) -> Exit {
        let exit = Exit::of(refused);
        if self.json {
            let problems: Vec<Value> = refused.problems().map(json::problem).collect();
            let document = json!({ "command": command, "exit": exit as u8, "problems": problems });
            if let Err(problem) = self.document(document) {
                Self::complain(command, &[problem]);
            }
        } else {
            let problems: Vec<_> = refused.problems().cloned().collect();
            Self::complain(command, &problems);
        }
        exit
    }

    /// Problems on the standard error; there is nowhere left to complain when that fails.
    fn complain(command: &str, problems: &[Problem]) {
        let mut page = Page::new(if io::stderr().is_terminal() {
            console::Term::stderr().size().1.into()
        } else {
            PIPED
        });
        page.raw(&format!(
            "{} {command}",
            paint::paint(paint::BAD.bold(), "failed:")
        ));
        page.problems(problems);
        let _ = anstream::stderr()
            .lock()
            .write_all(page.into_text().as_bytes());
    }

    fn document(self, value: Value) -> Result<(), Problem> {
        put(io::stdout().lock(), format!("{value:#}\n").as_bytes())
    }
}

/// Writes everything out. A reader that went away (`| head`) is no trouble of ours; a full disk is.
pub(crate) fn put(mut to: impl Write, bytes: &[u8]) -> Result<(), Problem> {
    match to.write_all(bytes).and_then(|()| to.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Problem::new(
            "write-failed",
            format!("The output cannot be written: {error}"),
            "Check the place it goes to: its folder, its permissions, its free space.",
        )),
        _ => Ok(()),
    }
}

/// A writer that remembers whether its reader went away.
#[derive(Debug)]
pub(crate) struct Pipe<W> {
    to: W,
    pub(crate) closed: bool,
}

impl<W> Pipe<W> {
    pub(crate) fn new(to: W) -> Self {
        Self { to, closed: false }
    }

    fn note<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result {
            self.closed |= error.kind() == io::ErrorKind::BrokenPipe;
        }
        result
    }
}

impl<W: Write> Write for Pipe<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.to.write(bytes);
        self.note(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.to.flush();
        self.note(result)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// A place that takes nothing, for this reason.
    struct Refusing(io::ErrorKind);

    impl Write for Refusing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    #[test]
    fn output_to_a_full_disk_is_trouble() {
        let problem = put(Refusing(io::ErrorKind::StorageFull), b"text").unwrap_err();
        assert_eq!(problem.code, "write-failed");
        assert_eq!(Exit::of(&problem.into()), Exit::Trouble);
    }

    #[test]
    fn a_reader_that_went_away_is_none() {
        assert!(put(Refusing(io::ErrorKind::BrokenPipe), b"text").is_ok());
    }

    #[test]
    fn a_pipe_remembers_only_that_its_reader_went_away() {
        for (kind, closed) in [
            (io::ErrorKind::BrokenPipe, true),
            (io::ErrorKind::StorageFull, false),
        ] {
            let mut pipe = Pipe::new(Refusing(kind));
            pipe.write_all(b"text").unwrap_err();
            assert_eq!(pipe.closed, closed, "{kind}");
        }
    }
}
