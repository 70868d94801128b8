//! A sync run under way.

use std::sync::Arc;

use wasmtime::component::ResourceAny;

use super::HostContext;
use super::call::{self, Live};
use super::guest::Purpose;
use super::hooks::{Answer, problems};
use super::meter::Meter;
use super::plugin::Loaded;
use crate::Problem;
use crate::contract::hooks::sync::{Options, Step};

/// A sync run: one instance of the plugin, kept over its steps. Each step has its time and its host calls anew. Dropping
/// it ends the run; what was recorded stays with the plan port.
pub struct SyncRun {
    loaded: Arc<Loaded>,
    context: Arc<HostContext>,
    live: Option<(Live, ResourceAny)>,
    peak_memory: usize,
}

impl SyncRun {
    pub(super) async fn start(
        loaded: Arc<Loaded>,
        context: Arc<HostContext>,
        options: Options,
    ) -> Answer<Self> {
        let (started, live) = call::kept(
            &loaded,
            Some(Arc::clone(&context)),
            context.limits,
            Purpose::Plan,
            async move |plugin, store| {
                plugin
                    .marketplace_directory_sync_sync()
                    .call_start(store, &options)
                    .await
            },
        )
        .await
        .map_err(problems)?;
        let peak_memory = live.store.data().peak_memory();
        Ok(Self {
            loaded,
            context,
            live: Some((live, started?)),
            peak_memory,
        })
    }

    /// `sync.run.step`: works on at most so many pages. After [`Step::Finished`] or an error the run is over.
    ///
    /// # Errors
    /// The plugin's problems, the sandbox's, or `run-over`.
    pub async fn step(&mut self, max_pages: u32) -> Answer<Step> {
        let (live, run) = self.live.take().ok_or_else(run_over)?;
        let limits = self.context.limits;
        let (answer, live) = call::again(
            &self.loaded,
            &self.context.cancel,
            limits.total,
            live,
            async move |live| {
                live.store.data_mut().meter =
                    Meter::new(limits.step_compute, limits.total, limits.host_calls);
                let Live { store, plugin } = live;
                let answer = plugin
                    .marketplace_directory_sync_sync()
                    .run()
                    .call_step(&mut *store, run, max_pages)
                    .await?;
                let Ok(Step::Finished(_)) = &answer else {
                    return Ok(answer);
                };
                let written = store.data_mut().writer.settle().await;
                Ok(written.map_err(|problem| vec![problem]).and(answer))
            },
        )
        .await
        .map_err(problems)?;
        self.peak_memory = live.store.data().peak_memory();
        let step = answer?;
        if matches!(step, Step::More) {
            self.live = Some((live, run));
        }
        Ok(step)
    }

    /// The most linear memory that the plugin had so far, in bytes.
    #[must_use]
    pub fn peak_memory(&self) -> usize {
        self.peak_memory
    }
}

fn run_over() -> Vec<Problem> {
    vec![Problem::new(
        "run-over",
        "this run has ended already",
        "Start a new run.",
    )]
}
