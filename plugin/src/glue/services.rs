//! State, progress, log and clock over the contract's imports.

use super::bindings::marketplace::directory_sync::{log, progress, state};
use super::bindings::wasi::clocks::wall_clock;
use super::host::Imports;
use crate::ports::directory::{HostProblem, Stage};
use crate::ports::services::{Clock, Level, Log, Operation, Progress, Signal, State, Versioned};

impl State for Imports {
    fn get(&self, key: &str) -> Versioned {
        let found = state::get(key);
        Versioned {
            value: found.value,
            version: found.version,
        }
    }

    fn keys(&self, prefix: &str) -> Vec<String> {
        state::keys(prefix)
    }

    fn commit(&self, operations: Vec<Operation>) -> Result<(), HostProblem> {
        let operations: Vec<state::Operation<'_>> = operations
            .iter()
            .map(|one| state::Operation {
                key: &one.key,
                expected: one.expected,
                value: one.value.as_deref(),
            })
            .collect();
        state::commit(&operations).map_err(Into::into)
    }
}

impl Progress for Imports {
    fn report(&self, phase: &str, done: u64, total: u64) -> Signal {
        match progress::report(progress::Update { phase, done, total }) {
            progress::Signal::GoOn => Signal::GoOn,
            progress::Signal::Stop => Signal::Stop,
        }
    }

    fn staged(&self, stage: &Stage) {
        progress::staged(&stage.clone().into());
    }
}

impl Log for Imports {
    fn write(&self, level: Level, message: &str) {
        let level = match level {
            Level::Debug => log::Level::Debug,
            Level::Info => log::Level::Info,
            Level::Warn => log::Level::Warn,
            Level::Error => log::Level::Error,
        };
        log::write(level, message);
    }
}

impl Clock for Imports {
    fn now(&self) -> u64 {
        wall_clock::now().seconds
    }
}
