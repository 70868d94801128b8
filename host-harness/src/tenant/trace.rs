//! What an operator sees of a run: a span around it, a line at its end, and numbers.

use std::time::Instant;

use tracing::{Instrument as _, Span, field};

use super::{Hook, Tenant};
use crate::cause::known;
use crate::ports::RunId;
use crate::ports::plan::{Run, RunStatus};
use crate::shape::row::kind;
use crate::telemetry::metrics::metrics;
use crate::telemetry::short;

/// Codes of work that was not begun, because somebody else does it or did it.
const ELSEWHERE: [&str; 4] = ["tenant-busy", "lease-lost", "wrong-status", "not-planned"];

impl Tenant {
    /// Does work on a run, and tells how it ended. `of` finds the run in what it gave.
    pub(super) async fn traced<T>(
        &self,
        mode: &str,
        run: Option<RunId>,
        of: impl Fn(&T) -> &Run,
        work: impl Future<Output = Hook<T>>,
    ) -> Hook<T> {
        let span = tracing::info_span!(
            "run",
            tenant = %self.id(),
            mode,
            plugin = short(self.plugin_digest()),
            run = field::Empty,
            outcome = field::Empty,
        );
        if let Some(run) = run {
            span.record("run", run.0);
        }
        async {
            let begun = Instant::now();
            let done = work.await;
            match &done {
                Ok(given) => ended(of(given), mode, begun),
                Err(refused) => failed(refused.code(), mode, begun),
            }
            done
        }
        .instrument(span)
        .await
    }
}

/// Says in the span which run it is, once that is known.
pub(super) fn begun(run: RunId) {
    Span::current().record("run", run.0);
}

fn ended(run: &Run, mode: &str, begun: Instant) {
    let (outcome, took) = (run.status.name(), begun.elapsed());
    Span::current().record("outcome", outcome);
    metrics().run(mode, outcome, took);
    // A run that stopped half way counts its rows when it is over.
    if run.status == RunStatus::Applied {
        for count in &run.counts {
            metrics().rows(kind(count.kind), &count.outcome, count.rows);
        }
    }
    tracing::info!(
        outcome,
        seconds = took.as_secs_f64(),
        applied = run.rows_with("applied"),
        refused = run.rows_with("failed"),
        unsynced = run.rows_with("reported"),
        "a run ended"
    );
}

fn failed(code: &str, mode: &str, begun: Instant) {
    let (code, took) = (known(code), begun.elapsed());
    if ELSEWHERE.contains(&code) {
        tracing::debug!(code, "a run is not begun");
        return;
    }
    let outcome = if code == "cancelled" {
        RunStatus::Cancelled.name()
    } else {
        metrics().run_failed(code);
        RunStatus::Failed.name()
    };
    Span::current().record("outcome", outcome);
    metrics().run(mode, outcome, took);
    tracing::warn!(outcome, code, seconds = took.as_secs_f64(), "a run ended");
}
