//! What an operator sees of the program at work: lines, numbers and traces. Nothing of a person is in any of them.
//!
//! Lines and traces name tenants, runs, hosts and plugins; numbers name not even tenants, unless that is asked for. Codes are told only where
//! [`crate::cause::known`] knows them: a plugin is free to make up others, and to put into them what it has read.
//!
//! - [`logs`]: lines, as text or JSON
//! - [`metrics`]: numbers, for Prometheus; `process`: those of the process itself
//! - `traces`: spans, for an OpenTelemetry collector (feature `opentelemetry`)

pub mod logs;
pub mod metrics;
mod process;
#[cfg(feature = "opentelemetry")]
pub mod traces;

/// Digits of a plugin's digest that are told: enough to know it by, and short enough for a line.
pub const DIGITS: usize = 12;

/// A plugin's digest as it is told.
#[must_use]
pub fn short(digest: &str) -> &str {
    digest.get(..DIGITS).unwrap_or(digest)
}
