//! The `sync` export.

use super::bindings::exports::marketplace::directory_sync::sync::{
    Guest, GuestRun, Options, Problem, Run, Step,
};
use super::host::Component;
use super::unavailable;

/// A run that the host holds.
pub(super) struct Running;

impl Guest for Component {
    type Run = Running;

    fn start(_: Options) -> Result<Run, Vec<Problem>> {
        Err(unavailable("start"))
    }
}

impl GuestRun for Running {
    fn step(&self, _: u32) -> Result<Step, Vec<Problem>> {
        Err(unavailable("step"))
    }
}
