//! The `schedule` export.

use super::bindings::exports::marketplace::directory_sync::schedule::{
    Guest, Occurrence, Problem, Timetable,
};
use super::host::Component;
use super::unavailable;
use crate::problem;

impl Guest for Component {
    fn next(_: Timetable, _: u64, _: u32) -> Result<Vec<Occurrence>, Vec<Problem>> {
        Err(unavailable("next"))
    }

    fn zones() -> Vec<String> {
        Vec::new()
    }

    fn submit(_: Timetable) -> Result<(), Vec<Problem>> {
        Err(unavailable("submit"))
    }

    fn current() -> Result<Timetable, Problem> {
        Err(problem::Problem::new(
            "not-scheduled",
            "there is no timetable yet",
            "Submit one first.",
        )
        .into())
    }
}
