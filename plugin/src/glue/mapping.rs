//! The `mapping` export.

use super::bindings::exports::marketplace::directory_sync::mapping::{
    Guest, Previewed, Problem, Rule, Suggestion, Who,
};
use super::host::Component;
use super::unavailable;

impl Guest for Component {
    fn suggest() -> Result<Suggestion, Vec<Problem>> {
        Err(unavailable("suggest"))
    }

    fn check(_: Vec<Rule>) -> Vec<Problem> {
        unavailable("check")
    }

    fn preview(_: Vec<Rule>, _: Who) -> Result<Previewed, Vec<Problem>> {
        Err(unavailable("preview"))
    }

    fn submit(_: Vec<Rule>) -> Result<String, Vec<Problem>> {
        Err(unavailable("submit"))
    }

    fn current() -> Vec<Rule> {
        Vec::new()
    }
}
