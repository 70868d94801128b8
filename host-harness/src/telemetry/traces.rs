//! Traces to an OpenTelemetry collector, by OTLP over HTTP.
//!
//! The standard variables say where and how: `OTEL_EXPORTER_OTLP_ENDPOINT` (or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`), without which nothing is sent,
//! `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_EXPORTER_OTLP_PROTOCOL`, `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_TRACES_SAMPLER` and the others. A trace
//! has the spans and lines of [`super::logs`], and like them nothing of a person.

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::registry::LookupSpan;

/// Variables of which one says where traces go.
const ENDPOINTS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
];

/// Sends what is collected, until it is dropped: then it sends the rest.
#[derive(Debug)]
pub struct Traces(SdkTracerProvider);

impl Drop for Traces {
    fn drop(&mut self) {
        // Whoever collects may be gone; nothing here depends on that.
        let _ = self.0.shutdown();
    }
}

impl Traces {
    /// Traces as the variables say; none where they name no collector.
    ///
    /// # Errors
    /// What the exporter says of them.
    pub(super) fn wanted() -> Result<Option<Self>, ExporterBuildError> {
        let named = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if !ENDPOINTS.iter().any(|name| named(&name)) {
            return Ok(None);
        }
        Ok(Some(Self::to(SpanExporter::builder().with_http().build()?)))
    }

    fn to(exporter: SpanExporter) -> Self {
        let resource = Resource::builder();
        let resource = if std::env::var_os("OTEL_SERVICE_NAME").is_some() {
            resource
        } else {
            resource.with_service_name(env!("CARGO_PKG_NAME"))
        };
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource.build());
        Self(provider.build())
    }

    /// What collects spans for it: this program's own, down to what `-v` tells.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'s> LookupSpan<'s>,
    {
        let own = Targets::new().with_target(env!("CARGO_PKG_NAME"), LevelFilter::INFO);
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer(env!("CARGO_PKG_NAME")))
            .with_filter(own)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::net::TcpListener;
    use std::thread;

    use opentelemetry_otlp::{Protocol, WithExportConfig as _};
    use serde_json::Value;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    /// A collector that takes one request, and gives its path and body.
    fn collected(listener: &TcpListener) -> (String, Value) {
        let (stream, _) = listener.accept().unwrap();
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        let path = line.split(' ').nth(1).unwrap().to_owned();
        let mut length = 0;
        loop {
            let mut header = String::new();
            stream.read_line(&mut header).unwrap();
            let header = header.trim().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
        let answer =
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
        stream.get_mut().write_all(answer.as_bytes()).unwrap();
        (path, serde_json::from_slice(&body).unwrap())
    }

    #[test]
    fn spans_arrive_at_a_collector_when_the_program_ends() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}/v1/traces", listener.local_addr().unwrap());
        let collector = thread::spawn(move || collected(&listener));
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(endpoint)
            .with_protocol(Protocol::HttpJson)
            .build()
            .unwrap();
        let traces = Traces::to(exporter);
        let subscriber = tracing_subscriber::registry().with(traces.layer());
        tracing::subscriber::with_default(subscriber, || {
            let run = tracing::info_span!("run", tenant = "acme", plugin = "0123456789ab");
            run.in_scope(|| tracing::info!(outcome = "applied", "a run ended"));
            let _detail = tracing::debug_span!("detail").entered();
        });
        drop(traces);
        let (path, body) = collector.join().unwrap();
        assert_eq!(path, "/v1/traces");
        let sent = &body["resourceSpans"][0];
        let spans = sent["scopeSpans"][0]["spans"].as_array().unwrap();
        assert_eq!(spans.len(), 1, "{body:#}");
        assert_eq!(spans[0]["name"], "run");
        let text = body.to_string();
        for told in ["acme", "0123456789ab", "a run ended", "rollcall"] {
            assert!(text.contains(told), "{told}: {text}");
        }
    }

    #[test]
    fn nothing_is_sent_unless_somebody_says_where() {
        assert!(Traces::wanted().unwrap().is_none());
    }
}
