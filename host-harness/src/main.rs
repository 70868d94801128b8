//! The `rollcall` command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    rollcall::cli::run()
}
