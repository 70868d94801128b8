//! The `explain` hook: why one person is, or is not, synced.
//!
//! - [`explanation`]: somebody who was found, step by step
//! - `absent`: somebody who was not, and what is there instead

mod absent;
#[cfg(test)]
mod adoption;
pub mod explanation;
#[cfg(test)]
mod tests;

pub use explanation::{Explanation, explain};
