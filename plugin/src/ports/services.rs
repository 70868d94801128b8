//! State, progress, log and clock (contract: `state`, `progress`, `log`, `wasi:clocks`).

use super::directory::{HostProblem, Stage};

/// A value and its version; 0 where the key is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Versioned {
    /// The bytes.
    pub value: Vec<u8>,
    /// Ascending with each change.
    pub version: u64,
}

/// One change of state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// The key.
    pub key: String,
    /// The version it must still have.
    pub expected: Option<u64>,
    /// The new value, or none to delete.
    pub value: Option<Vec<u8>>,
}

/// The plugin's own settings.
pub trait State {
    /// A key's value.
    fn get(&self, key: &str) -> Versioned;
    /// Keys by prefix.
    fn keys(&self, prefix: &str) -> Vec<String>;
    /// All or nothing.
    fn commit(&self, operations: Vec<Operation>) -> Result<(), HostProblem>;
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Yes.
    GoOn,
    /// End soon.
    Stop,
}

/// Says how far it is.
pub trait Progress {
    /// A phase, what is done, and an estimate of the whole (0 where unknown).
    fn report(&self, phase: &str, done: u64, total: u64) -> Signal;
    /// A stage of a verification is over.
    fn staged(&self, stage: &Stage);
}

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// For developers.
    Debug,
    /// For operators.
    Info,
    /// Look at it.
    Warn,
    /// Mend it.
    Error,
}

/// Writes log lines, without attribute values.
pub trait Log {
    /// One line.
    fn write(&self, level: Level, message: &str);
}

/// Tells the time.
pub trait Clock {
    /// Unix seconds.
    fn now(&self) -> u64;
}
