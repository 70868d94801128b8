//! `completions`: a script for a shell.

use clap::{Args, CommandFactory};

use crate::cli::args::Arguments;
use crate::cli::exit::Exit;

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    shell: clap_complete::Shell,
}

impl Completions {
    /// Prints the script, whatever else was asked for.
    pub(crate) fn print(&self) -> Exit {
        clap_complete::generate(
            self.shell,
            &mut Arguments::command(),
            "rollcall",
            &mut std::io::stdout(),
        );
        Exit::Done
    }
}
