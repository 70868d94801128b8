//! The `explain` export.

use super::bindings::exports::marketplace::directory_sync::explain::{
    Explanation, Guest, Problem, Who,
};
use super::host::Component;
use super::unavailable;

impl Guest for Component {
    fn person(_: Who) -> Result<Explanation, Vec<Problem>> {
        Err(unavailable("person"))
    }
}
