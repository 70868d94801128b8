//! Where a password comes from: a file, the standard input, or a question without echo. Never an argument, which every
//! process of the machine could read.

use std::fs;
use std::io::{self, BufRead, IsTerminal};
use std::path::{Path, PathBuf};

use clap::Args;
use zeroize::Zeroizing;

use crate::Problem;

/// The longest password read; more is a wrong file.
const LONGEST: u64 = 4096;

/// Where the password comes from.
#[derive(Debug, Default, Args)]
pub(crate) struct PasswordSource {
    /// Read the bind password from a file (its first line)
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "password_stdin",
        help_heading = "Password"
    )]
    pub(crate) password_file: Option<PathBuf>,
    /// Read the bind password from the standard input (its first line)
    #[arg(long, help_heading = "Password")]
    pub(crate) password_stdin: bool,
    /// Ask for the bind password, without echo
    #[arg(long, conflicts_with_all = ["password_file", "password_stdin"], help_heading = "Password")]
    pub(crate) password_prompt: bool,
}

impl PasswordSource {
    /// Whether one is given or asked for.
    pub(crate) fn any(&self) -> bool {
        self.password_file.is_some() || self.password_stdin || self.password_prompt
    }

    /// The password, if one was given or asked for.
    pub(crate) fn read(&self, prompt: &str) -> Result<Option<Zeroizing<String>>, Problem> {
        if let Some(file) = &self.password_file {
            from_file(file).map(Some)
        } else if self.password_stdin {
            first_line(&mut io::stdin().lock(), "the standard input").map(Some)
        } else if self.password_prompt {
            ask(prompt).map(Some)
        } else {
            Ok(None)
        }
    }
}

/// Asks at the terminal.
pub(crate) fn ask(prompt: &str) -> Result<Zeroizing<String>, Problem> {
    let terminal = console::Term::stderr();
    if !terminal.is_term() || !io::stdin().is_terminal() {
        return Err(Problem::new(
            "password-missing",
            "There is no terminal to ask for the password at",
            "Use --password-file FILE or --password-stdin.",
        )
        .of_field("password"));
    }
    let failed = |error: io::Error| unreadable("the terminal", &error);
    terminal.write_str(&format!("{prompt}: ")).map_err(failed)?;
    let password = Zeroizing::new(terminal.read_secure_line().map_err(failed)?);
    not_empty(password, "the terminal")
}

fn from_file(path: &Path) -> Result<Zeroizing<String>, Problem> {
    let place = path.display().to_string();
    let file = fs::File::open(path).map_err(|e| unreadable(&place, &e))?;
    first_line(&mut io::BufReader::new(file), &place)
}

fn first_line(from: &mut dyn BufRead, place: &str) -> Result<Zeroizing<String>, Problem> {
    let mut line = Zeroizing::new(String::new());
    io::Read::take(from, LONGEST)
        .read_line(&mut line)
        .map_err(|e| unreadable(place, &e))?;
    while line.ends_with(['\n', '\r']) {
        line.pop();
    }
    not_empty(line, place)
}

/// A directory takes a bind with a name and no password for an anonymous one (RFC 4513 section 5.1.2).
fn not_empty(password: Zeroizing<String>, place: &str) -> Result<Zeroizing<String>, Problem> {
    if password.is_empty() {
        return Err(Problem::new(
            "empty-password",
            format!("The password from {place} is empty"),
            "Give the password of the bind name, or leave the bind name out to bind anonymously.",
        )
        .of_field("password"));
    }
    Ok(password)
}

fn unreadable(place: &str, error: &io::Error) -> Problem {
    Problem::new(
        "password-unreadable",
        format!("The password cannot be read from {place}: {error}"),
        "Check the file's name and permissions; it is UTF-8 text with the password on its first line.",
    )
    .of_field("password")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_without_its_end_is_the_password() {
        assert_eq!(
            *first_line(&mut &b"s3cret word \r\nmore"[..], "x").unwrap(),
            "s3cret word "
        );
        assert_eq!(*first_line(&mut &b"s3cret"[..], "x").unwrap(), "s3cret");
    }

    #[test]
    fn an_empty_password_is_refused() {
        assert_eq!(
            first_line(&mut &b"\nsecond"[..], "x").unwrap_err().code,
            "empty-password"
        );
        assert_eq!(
            first_line(&mut &b""[..], "x").unwrap_err().code,
            "empty-password"
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_without_being_shown() {
        let problem = first_line(&mut &b"\xff\xfe"[..], "x").unwrap_err();
        assert_eq!(problem.code, "password-unreadable");
    }
}
