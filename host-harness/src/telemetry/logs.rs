//! Log lines, on the standard error.
//!
//! Spans say what a line is about: `run` (tenant, run, mode, plugin), `host` (host), `request` (id, method, route). A request's query, body and
//! address are in none.

use tracing_subscriber::filter::{FilterExt as _, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
#[cfg(feature = "opentelemetry")]
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// A JSON document a line, with the spans around it in `spans`.
    Json,
}

/// Libraries whose lines show what goes over the wire, people's entries among it. No filter brings them back.
const TALKATIVE: [&str; 1] = ["ldap3_proto"];

/// Held while the program works: what is collected of traces is sent when it is dropped.
#[derive(Debug, Default)]
pub struct Telling {
    #[cfg(feature = "opentelemetry")]
    _traces: Option<super::traces::Traces>,
}

/// Begins to log what passes the filter, and to send traces where somebody wants them. A second time, nothing happens: the first one stays.
#[must_use]
pub fn begin(filter: EnvFilter, format: Format, colour: bool) -> Telling {
    let told = filter_fn(|line| {
        !TALKATIVE
            .iter()
            .any(|library| line.target().starts_with(library))
    });
    let filter = filter.and(told);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        Format::Text => lines.with_ansi(colour).boxed(),
        Format::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .boxed(),
    };
    let all = tracing_subscriber::registry().with(lines.with_filter(filter));
    #[cfg(feature = "opentelemetry")]
    return traced(all);
    // Problems reach people in their own form; a failure to log is none of them.
    #[cfg(not(feature = "opentelemetry"))]
    {
        let _ = all.try_init();
        Telling::default()
    }
}

#[cfg(feature = "opentelemetry")]
fn traced<S>(all: S) -> Telling
where
    S: tracing::Subscriber + for<'s> LookupSpan<'s> + Send + Sync + 'static,
{
    let wanted = super::traces::Traces::wanted();
    let (traces, error) = match wanted {
        Ok(traces) => (traces, None),
        Err(error) => (None, Some(error)),
    };
    let _ = all
        .with(traces.as_ref().map(super::traces::Traces::layer))
        .try_init();
    if let Some(error) = error {
        tracing::error!(%error, "traces are not sent");
    }
    Telling { _traces: traces }
}
