//! Log lines, on the standard error.
//!
//! Spans say what a line is about: `run` (tenant, run, mode, plugin), `host` (host), `request` (id, method, route). A request's query, body and
//! address are in none.

use tracing_subscriber::layer::SubscriberExt as _;
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

/// Begins to log what passes the filter. A second time, nothing happens: the first one stays.
pub fn begin(filter: EnvFilter, format: Format, colour: bool) {
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        Format::Text => lines.with_ansi(colour).boxed(),
        Format::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .boxed(),
    };
    // Problems reach people in their own form; a failure to log is none of them.
    let _ = tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .try_init();
}
