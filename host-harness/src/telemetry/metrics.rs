//! Numbers, for Prometheus and whoever reads its text format.
//!
//! A label is a mode, an outcome, a kind of row, a listed code, a route's pattern: few values, and never a person. Tenants are labels only of
//! [`Metrics::tenant_overdue`] and [`Metrics::tenant_synced`], which stay empty unless an operator asks for them.

use std::fmt;
use std::sync::LazyLock;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry, Unit};

use super::process::Process;
use crate::cause::known;

/// Pairs of names and values.
pub type Labels<const N: usize> = [(&'static str, String); N];
type Counters<const N: usize> = Family<Labels<N>, Counter>;
type Gauges<const N: usize> = Family<Labels<N>, Gauge>;
type Real = Gauge<f64, AtomicU64>;
type Timings<const N: usize> = Family<Labels<N>, Histogram, Buckets>;

/// Seconds.
#[derive(Debug, Clone, Copy)]
pub struct Buckets(&'static [f64]);

/// From a run of a few people to one of a million, and one whose directory hardly answers.
const RUN: Buckets = Buckets(&[
    0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0,
]);
const REQUEST: Buckets = Buckets(&[0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0]);

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new(self.0.iter().copied())
    }
}

/// How the text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposition {
    /// Prometheus's text format, version 0.0.4.
    Prometheus,
    /// OpenMetrics 1.0.0.
    OpenMetrics,
}

impl Exposition {
    /// The one that a reader accepts; Prometheus's where it doesn't say.
    #[must_use]
    pub fn accepted(accept: &str) -> Self {
        if accept.contains("application/openmetrics-text") {
            Self::OpenMetrics
        } else {
            Self::Prometheus
        }
    }

    /// The content type.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// What this process counts. Counters grow where things happen; gauges are set by who looks at the service's health.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    runs: Counters<2>,
    run_failures: Counters<1>,
    run_duration: Timings<1>,
    rows: Counters<2>,
    entries_read: Counter,
    directory_errors: Counters<1>,
    plugin_calls: Counters<1>,
    database_errors: Counters<1>,
    requests: Counters<3>,
    request_duration: Timings<2>,
    /// Whether the service answers for itself.
    pub ready: Gauge,
    /// By code: tenants that a concern counts, or 1 where it is the host itself.
    pub concerns: Gauges<1>,
    /// Runs under way on this host.
    pub under_way: Gauge,
    /// Runs that wait and could begin.
    pub waiting: Gauge,
    /// For how long the oldest of them waits, in seconds.
    pub oldest_wait: Gauge,
    /// Tenants whose time has come and whose run nobody asked for yet.
    pub due: Gauge,
    /// Those for whom it is late.
    pub overdue: Gauge,
    /// Tenants whose newest run failed, by cause.
    pub failing: Gauges<1>,
    /// Tenants with a lease that is held, by any host.
    pub leases: Gauge,
    /// Whether the database answers.
    pub database_up: Gauge,
    /// How far this host's clock is before the database's, in seconds.
    pub clock_skew: Real,
    /// What is free where the data directory is, in bytes.
    pub disk_free: Gauge,
    /// By tenant: for how long it is overdue, in seconds.
    pub tenant_overdue: Gauges<1>,
    /// By tenant: when it was last synced, in Unix seconds.
    pub tenant_synced: Gauges<1>,
}

static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

/// This process's.
#[must_use]
pub fn metrics() -> &'static Metrics {
    &METRICS
}

/// A label.
fn one(name: &'static str, value: &str) -> Labels<1> {
    [(name, value.to_owned())]
}

impl Metrics {
    /// A run ended, or stopped for now, after so long.
    pub fn run(&self, mode: &str, outcome: &str, took: Duration) {
        let labels = [("mode", mode.to_owned()), ("outcome", outcome.to_owned())];
        self.runs.get_or_create(&labels).inc();
        let duration = self.run_duration.get_or_create(&one("mode", mode));
        duration.observe(took.as_secs_f64());
    }

    /// A run failed, by code.
    pub fn run_failed(&self, code: &str) {
        let labels = one("code", known(code));
        self.run_failures.get_or_create(&labels).inc();
    }

    /// Rows of a kind got an outcome.
    pub fn rows(&self, kind: &str, outcome: &str, rows: u64) {
        let labels = [("kind", kind.to_owned()), ("outcome", outcome.to_owned())];
        self.rows.get_or_create(&labels).inc_by(rows);
    }

    /// Entries came from a directory.
    pub fn entries(&self, entries: u32) {
        self.entries_read.inc_by(entries.into());
    }

    /// A directory could not be reached, refused, or ended a search.
    pub fn directory_error(&self, code: &str) {
        let labels = one("code", known(code));
        self.directory_errors.get_or_create(&labels).inc();
    }

    /// A call into a plugin ended: `ok`, or a code.
    pub fn plugin_call(&self, outcome: &str) {
        let labels = one("outcome", outcome);
        self.plugin_calls.get_or_create(&labels).inc();
    }

    /// The database failed.
    pub fn database_error(&self, code: &str) {
        let labels = one("code", code);
        self.database_errors.get_or_create(&labels).inc();
    }

    /// A request was answered.
    pub fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        let (method, route) = (("method", method.to_owned()), ("route", route.to_owned()));
        let labels = [
            method.clone(),
            route.clone(),
            ("status", status.to_string()),
        ];
        self.requests.get_or_create(&labels).inc();
        let duration = self.request_duration.get_or_create(&[method, route]);
        duration.observe(took.as_secs_f64());
    }

    /// All of them as text.
    ///
    /// # Errors
    /// None that a text could give.
    pub fn text(&self, how: Exposition) -> Result<String, fmt::Error> {
        let mut out = String::new();
        match how {
            Exposition::Prometheus => prometheus_text::encode(&mut out, &self.registry)?,
            Exposition::OpenMetrics => text::encode(&mut out, &self.registry)?,
        }
        Ok(out)
    }

    fn new() -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Process::new()));
        let all = registry.sub_registry_with_prefix("rollcall");
        let seconds = Some(Unit::Seconds);
        let bytes = Some(Unit::Bytes);
        let build = Info::new(one("version", env!("CARGO_PKG_VERSION")));
        all.register("build", "Which version this is", build);
        Self {
            runs: put(
                all,
                "runs",
                "Runs that ended or stopped, by mode and where they stand then",
                None,
                Family::default(),
            ),
            run_failures: put(
                all,
                "run_failures",
                "Runs that failed, by the code of the trouble",
                None,
                Family::default(),
            ),
            run_duration: put(
                all,
                "run_duration",
                "How long a run was under way here",
                seconds.clone(),
                Family::new_with_constructor(RUN),
            ),
            rows: put(
                all,
                "rows",
                "Rows of runs that were applied, by kind and outcome",
                None,
                Family::default(),
            ),
            entries_read: put(
                all,
                "directory_entries_read",
                "Entries that directories gave",
                None,
                Counter::default(),
            ),
            directory_errors: put(
                all,
                "directory_errors",
                "Connections and searches that failed, by code",
                None,
                Family::default(),
            ),
            plugin_calls: put(
                all,
                "plugin_calls",
                "Calls into plugins, by how they ended: ok, plugin-trap, plugin-deadline and so on",
                None,
                Family::default(),
            ),
            database_errors: put(
                all,
                "database_errors",
                "Failures of the database, by code",
                None,
                Family::default(),
            ),
            requests: put(
                all,
                "http_requests",
                "Requests that were answered, by method, pattern of the route and status",
                None,
                Family::default(),
            ),
            request_duration: put(
                all,
                "http_request_duration",
                "How long an answer took to begin",
                seconds.clone(),
                Family::new_with_constructor(REQUEST),
            ),
            ready: put(
                all,
                "ready",
                "1 while this host can serve",
                None,
                Gauge::default(),
            ),
            concerns: put(
                all,
                "concerns",
                "What the readiness probe tells to look at, by code: how many tenants, or 1 for the host itself",
                None,
                Family::default(),
            ),
            under_way: put(
                all,
                "runs_under_way",
                "Runs under way on this host",
                None,
                Gauge::default(),
            ),
            waiting: put(
                all,
                "runs_waiting",
                "Runs that wait for a host",
                None,
                Gauge::default(),
            ),
            oldest_wait: put(
                all,
                "oldest_wait",
                "For how long the oldest of them waits",
                seconds.clone(),
                Gauge::default(),
            ),
            due: put(
                all,
                "tenants_due",
                "Tenants whose time has come and whose run was not asked for yet",
                None,
                Gauge::default(),
            ),
            overdue: put(
                all,
                "tenants_overdue",
                "Tenants whose time has passed without a run",
                None,
                Gauge::default(),
            ),
            failing: put(
                all,
                "tenants_failing",
                "Tenants whose newest run failed, by cause: directory, plugin, other",
                None,
                Family::default(),
            ),
            leases: put(
                all,
                "leases_held",
                "Tenants that a host works for, on all hosts",
                None,
                Gauge::default(),
            ),
            database_up: put(
                all,
                "database_up",
                "1 while the database answers",
                None,
                Gauge::default(),
            ),
            clock_skew: put(
                all,
                "clock_skew",
                "How far this host's clock is before that of the database's server",
                seconds.clone(),
                Gauge::default(),
            ),
            disk_free: put(
                all,
                "data_directory_free",
                "What is free on the disk of the data directory",
                bytes,
                Gauge::default(),
            ),
            tenant_overdue: put(
                all,
                "tenant_overdue",
                "For how long a tenant is overdue (only with --tenant-metrics)",
                seconds.clone(),
                Family::default(),
            ),
            tenant_synced: put(
                all,
                "tenant_last_success_timestamp",
                "When a tenant was last synced, in Unix seconds (only with --tenant-metrics)",
                seconds,
                Family::default(),
            ),
            registry,
        }
    }
}

/// Registers a metric.
fn put<M: Metric + Clone>(
    all: &mut Registry,
    name: &str,
    help: &str,
    unit: Option<Unit>,
    metric: M,
) -> M {
    match unit {
        Some(unit) => all.register_with_unit(name, help, unit, metric.clone()),
        None => all.register(name, help, metric.clone()),
    }
    metric
}
