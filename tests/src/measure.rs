//! What a command costs: wall time, processor time and peak memory of the whole process.

use std::io;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

/// The twelve attributes that every side of a comparison reads, the stable id first.
pub const ATTRIBUTES: [&str; 12] = [
    "entryUUID",
    "uid",
    "mail",
    "givenName",
    "sn",
    "displayName",
    "telephoneNumber",
    "mobile",
    "employeeNumber",
    "title",
    "departmentNumber",
    "l",
];

/// What one run of a command took.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// From start to end.
    pub wall: Duration,
    /// User and system time.
    pub cpu: Duration,
    /// Peak resident memory in bytes, of the process itself.
    pub peak: u64,
}

/// Runs a command to its end, its output thrown away, and measures it.
///
/// # Errors
/// If it cannot be started or does not succeed: a figure of a failed run would be worth nothing.
pub fn measure(command: &mut Command) -> io::Result<Cost> {
    let start = Instant::now();
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
    let used = child.wait4()?;
    let wall = start.elapsed();
    if !used.status.success() {
        return Err(io::Error::other(format!(
            "{} failed: {}",
            command.get_program().display(),
            used.status
        )));
    }
    Ok(Cost {
        wall,
        cpu: used.rusage.utime + used.rusage.stime,
        peak: used.rusage.maxrss,
    })
}

/// The median of some durations, in seconds.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
