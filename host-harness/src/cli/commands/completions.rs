//! `completions`: a script for a shell.

use clap::{Args, CommandFactory};

use crate::cli::args::Arguments;
use crate::cli::exit::Exit;
use crate::cli::out;

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    shell: clap_complete::Shell,
}

impl Completions {
    /// Prints the script, whatever else was asked for.
    pub(crate) fn print(&self) -> Exit {
        let mut script = Vec::new();
        clap_complete::generate(
            self.shell,
            &mut Arguments::command(),
            "rollcall",
            &mut script,
        );
        match out::put(std::io::stdout().lock(), &script) {
            Ok(()) => Exit::Done,
            Err(_) => Exit::Trouble,
        }
    }
}
