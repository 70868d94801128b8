//! The `sync` export.

use std::cell::RefCell;

use super::bindings::exports::marketplace::directory_sync::sync::{
    self as contract, Guest, GuestRun, Problem,
};
use super::convert::problems;
use super::host::{Component, Imports};
use crate::sync;

/// A run that the host holds.
pub(super) struct Running(RefCell<sync::Run<Imports>>);

impl Guest for Component {
    type Run = Running;

    fn start(options: contract::Options) -> Result<contract::Run, Vec<Problem>> {
        let options = sync::Options {
            mode: match options.mode {
                contract::Mode::Full => sync::Mode::Full,
                contract::Mode::Changes => sync::Mode::Changes,
                contract::Mode::Unsynced => sync::Mode::Unsynced,
                contract::Mode::MigrateIds => sync::Mode::MigrateIds,
            },
            checkpoint: options.checkpoint,
            seed: options.seed,
        };
        let run = sync::start(&Imports, &options).map_err(problems)?;
        Ok(contract::Run::new(Running(RefCell::new(run))))
    }
}

impl GuestRun for Running {
    fn step(&self, max_pages: u32) -> Result<contract::Step, Vec<Problem>> {
        match self
            .0
            .borrow_mut()
            .step(&Imports, max_pages)
            .map_err(problems)?
        {
            sync::Step::More => Ok(contract::Step::More),
            sync::Step::Finished(summary) => Ok(contract::Step::Finished((&summary).into())),
        }
    }
}
