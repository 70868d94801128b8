//! Links everything that is granted, and nothing else.

use wasmtime::component::{HasSelf, Linker, ResourceTable};
use wasmtime_wasi::cli::{WasiCli, WasiCliView as _};
use wasmtime_wasi::p2::bindings::{cli, io};

use super::super::guest::Guest;
use crate::contract::DirectorySync;
use crate::contract::types;

/// What `wasi:io` works on.
struct Table;

impl wasmtime::component::HasData for Table {
    type Data<'a> = &'a mut ResourceTable;
}

impl types::Host for Guest {}

/// The contract's imports; and, of WASI, what Rust's standard library imports by itself: variables and arguments (none),
/// exit, and standard streams (closed input, captured output).
pub(in super::super) fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    DirectorySync::add_to_linker::<Guest, HasSelf<Guest>>(linker, |guest| guest)?;
    cli::environment::add_to_linker::<Guest, WasiCli>(linker, Guest::cli)?;
    cli::exit::add_to_linker::<Guest, WasiCli>(linker, Guest::cli)?;
    cli::stdin::add_to_linker::<Guest, WasiCli>(linker, Guest::cli)?;
    cli::stdout::add_to_linker::<Guest, WasiCli>(linker, Guest::cli)?;
    cli::stderr::add_to_linker::<Guest, WasiCli>(linker, Guest::cli)?;
    cli::terminal_input::add_to_linker::<Guest, WasiCli>(linker, Guest::cli)?;
    cli::terminal_output::add_to_linker::<Guest, WasiCli>(linker, Guest::cli)?;
    cli::terminal_stdin::add_to_linker::<Guest, WasiCli>(linker, Guest::cli)?;
    cli::terminal_stdout::add_to_linker::<Guest, WasiCli>(linker, Guest::cli)?;
    cli::terminal_stderr::add_to_linker::<Guest, WasiCli>(linker, Guest::cli)?;
    io::error::add_to_linker::<Guest, Table>(linker, |guest| &mut guest.table)?;
    io::poll::add_to_linker::<Guest, Table>(linker, |guest| &mut guest.table)?;
    io::streams::add_to_linker::<Guest, Table>(linker, |guest| &mut guest.table)
}
