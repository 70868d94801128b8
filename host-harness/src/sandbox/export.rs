//! An export under way.

use std::sync::Arc;

use wasmtime::component::ResourceAny;

use super::HostContext;
use super::call::{self, Live};
use super::guest::Purpose;
use super::hooks::{Answer, problems};
use super::meter::Meter;
use super::plugin::Loaded;

/// The unsynced people of a run as CSV, read piece by piece.
pub struct Export {
    loaded: Arc<Loaded>,
    context: Arc<HostContext>,
    live: Option<(Live, ResourceAny)>,
}

impl Export {
    pub(super) async fn open(
        loaded: Arc<Loaded>,
        context: Arc<HostContext>,
        spreadsheet_safe: bool,
    ) -> Answer<Self> {
        let (opened, live) = call::kept(
            &loaded,
            Some(Arc::clone(&context)),
            context.limits,
            Purpose::Export,
            async move |plugin, store| {
                plugin
                    .marketplace_directory_sync_unsynced()
                    .call_open(store, spreadsheet_safe)
                    .await
            },
        )
        .await
        .map_err(problems)?;
        Ok(Self {
            loaded,
            context,
            live: Some((live, opened?)),
        })
    }

    /// `unsynced.document.read`: the next whole lines, about so many bytes; empty at the end and ever after.
    ///
    /// # Errors
    /// The sandbox's problems, or a port's. The export is over then.
    pub async fn read(&mut self, max_bytes: u32) -> Answer<Vec<u8>> {
        let Some((live, document)) = self.live.take() else {
            return Ok(Vec::new());
        };
        let limits = self.context.limits;
        let (piece, live) = call::again(
            &self.loaded,
            &self.context.cancel,
            limits.total,
            live,
            async move |live| {
                live.store.data_mut().meter =
                    Meter::new(limits.compute, limits.total, limits.host_calls);
                let Live { store, plugin } = live;
                plugin
                    .marketplace_directory_sync_unsynced()
                    .document()
                    .call_read(store, document, max_bytes)
                    .await
            },
        )
        .await
        .map_err(problems)?;
        if !piece.is_empty() {
            self.live = Some((live, document));
        }
        Ok(piece)
    }
}
