//! The `verify` hook: tries everything that a sync would do, short of recording a plan.
//!
//! - [`report`]: what it gives, and the order of its stages
//! - `stages`: what each stage looks at
//! - `sample`: people mapped for real, and what would become of them

pub mod report;
mod sample;
mod stages;
#[cfg(test)]
mod tests;

pub use report::{Report, Tally, verify};
