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

/// What a process that goes on has taken so far.
#[derive(Debug, Clone, Copy)]
pub struct Process {
    /// User and system time.
    pub cpu: Duration,
    /// Peak resident memory in bytes.
    pub peak: u64,
}

impl Process {
    /// Reads what the system knows of a process (proc(5)).
    ///
    /// # Errors
    /// If there is no such process.
    pub fn of(id: u32) -> io::Result<Self> {
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok())
            .ok_or_else(|| io::Error::other("no peak is told"))?;
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
        // After the name, which may hold anything: state is the third field, times are the 14th and 15th.
        let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks: u64 = rest
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<u64>().ok())
            .sum();
        let tick = rustix::param::clock_ticks_per_second();
        Ok(Self {
            cpu: Duration::from_secs_f64(ticks as f64 / tick as f64),
            peak: peak * 1024,
        })
    }
}

/// The duration that so many of a hundred do not exceed.
#[must_use]
pub fn percentile(values: &[Duration], part: usize) -> Duration {
    let mut values = values.to_vec();
    values.sort_unstable();
    let place = (values.len() * part).div_ceil(100).saturating_sub(1);
    values.get(place).copied().unwrap_or_default()
}

/// The median of some durations, in seconds.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
