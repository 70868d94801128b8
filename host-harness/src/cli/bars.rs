//! Progress bars on a terminal's standard error; nothing elsewhere. Ctrl-C asks for a safe end, twice ends at once.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use tokio_util::sync::CancellationToken;

use crate::tenant::{Progress, Watch, phase_in_words};

use super::exit::Exit;
use super::out::Out;
use super::view::paint::number;

/// Watches a run for a person.
#[derive(Debug)]
pub(crate) struct Bars {
    shown: bool,
    now: Mutex<Option<(String, ProgressBar)>>,
    stop: CancellationToken,
}

impl Bars {
    /// Shown if the standard error is a terminal and nobody asked for quiet.
    pub(crate) fn new(out: &Out) -> Arc<Self> {
        let shown = console::Term::stderr().is_term() && !out.quiet;
        Arc::new(Self {
            shown,
            now: Mutex::new(None),
            stop: CancellationToken::new(),
        })
    }

    /// As [`Bars::new`], and listening to Ctrl-C and the wish to terminate.
    pub(crate) fn interruptible(out: &Out) -> Arc<Self> {
        let bars = Self::new(out);
        let told = Arc::clone(&bars);
        tokio::spawn(async move {
            asked_to_stop().await;
            told.stop.cancel();
            told.note("Stopping at the next safe point. Ctrl-C again ends at once; the next sync then resumes.");
            asked_to_stop().await;
            std::process::exit(Exit::Interrupted as i32);
        });
        bars
    }

    /// Takes the bar off the screen.
    pub(crate) fn clear(&self) {
        if let Some((_, bar)) = self.current().take() {
            bar.finish_and_clear();
        }
    }

    fn note(&self, text: &str) {
        match &*self.current() {
            Some((_, bar)) if self.shown => bar.println(text),
            _ => eprintln!("{text}"),
        }
    }

    fn current(&self) -> std::sync::MutexGuard<'_, Option<(String, ProgressBar)>> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch for Bars {
    fn progress(&self, progress: &Progress) {
        if !self.shown {
            return;
        }
        let mut now = self.current();
        let same = now
            .as_ref()
            .is_some_and(|(phase, _)| *phase == progress.phase);
        if !same && let Some((_, bar)) = now.take() {
            bar.finish_and_clear();
        }
        let (_, bar) = now
            .get_or_insert_with(|| (progress.phase.clone(), bar(&progress.phase, progress.total)));
        if progress.total > 0 && bar.length() != Some(progress.total) {
            bar.set_length(progress.total);
        }
        bar.set_position(progress.done);
    }

    fn stop(&self) -> &CancellationToken {
        &self.stop
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.clear();
    }
}

/// A bar where the end is known, a counter where it is not.
fn bar(phase: &str, total: u64) -> ProgressBar {
    let told = phase_in_words(phase);
    let (bar, template) = if total > 0 {
        (
            ProgressBar::new(total),
            "  {spinner:.cyan} {msg:<26} {bar:30.cyan/black.bright} {human_pos}/{human_len} {rate:.dim} {eta:.dim}",
        )
    } else {
        (
            ProgressBar::no_length(),
            "  {spinner:.cyan} {msg:<26} {human_pos} {rate:.dim}",
        )
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        let rate = |state: &ProgressState, text: &mut dyn fmt::Write| {
            // Whole numbers; what has hardly begun has no rate worth telling.
            let rate = format!("{:.0}", state.per_sec());
            let _ = write!(text, "{}/s", number(rate.parse().unwrap_or_default()));
        };
        bar.set_style(style.with_key("rate", rate).progress_chars("━╸─"));
    }
    bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(15));
    bar.set_message(told.to_owned());
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// Over at Ctrl-C, or at the wish to terminate. From the call on, before anybody waits for it, neither ends the process.
pub(crate) fn asked_to_stop() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let signals = {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::interrupt())
            .and_then(|interrupt| Ok((interrupt, signal(SignalKind::terminate())?)))
    };
    async move {
        #[cfg(unix)]
        if let Ok((mut interrupt, mut terminate)) = signals {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
