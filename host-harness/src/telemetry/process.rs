//! The process in numbers, by the names that Prometheus's own libraries give them.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;
use rustix::time::{ClockId, clock_gettime};

/// Looks at the process whenever it is asked.
#[derive(Debug)]
pub(super) struct Process {
    /// Unix seconds.
    started: f64,
}

impl Process {
    pub(super) fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            started: now.map_or(0.0, |now| now.as_secs_f64()),
        }
    }
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let used = clock_gettime(ClockId::ProcessCPUTime);
        #[expect(clippy::cast_precision_loss, reason = "seconds of a process")]
        let used = used.tv_sec as f64 + used.tv_nsec as f64 / 1e9;
        let cpu = ConstCounter::new(used);
        let unit = Some(&Unit::Seconds);
        let help = "Time of processors used";
        cpu.encode(encoder.encode_descriptor("process_cpu", help, unit, cpu.metric_type())?)?;
        let started = ConstGauge::new(self.started);
        let kind = started.metric_type();
        let help = "When the process began";
        started.encode(encoder.encode_descriptor("process_start_time", help, unit, kind)?)?;
        if let Some(bytes) = resident() {
            let memory = ConstGauge::new(bytes);
            let kind = memory.metric_type();
            let (help, unit) = ("Memory that is not swapped out", Some(&Unit::Bytes));
            memory.encode(encoder.encode_descriptor(
                "process_resident_memory",
                help,
                unit,
                kind,
            )?)?;
        }
        Ok(())
    }
}

/// Resident memory in bytes, where the system tells it as Linux does.
fn resident() -> Option<i64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: i64 = pages.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages.saturating_mul(i64::try_from(rustix::param::page_size()).ok()?))
}
