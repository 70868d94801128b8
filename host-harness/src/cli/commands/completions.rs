//! `completions`: a script for a shell.

use std::io::Write as _;

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
        let mut script = Vec::new();
        clap_complete::generate(
            self.shell,
            &mut Arguments::command(),
            "rollcall",
            &mut script,
        );
        // A reader that went away (`| head`) is no trouble of ours.
        let _ = std::io::stdout().write_all(&script);
        Exit::Done
    }
}
