//! One call into a plugin: on a thread of its own, with a fresh instance, ended by whatever comes first.
//!
//! A plugin that computes holds a thread of the runtime's blocking pool, never one of its workers, so that timers and
//! connections go on beside it. Permits bound how many run at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, Span};
use wasmtime::Store;

use super::failure::{Failure, internal};
use super::guest::{Guest, Purpose};
use super::plugin::Loaded;
use super::{CallLimits, HostContext};
use crate::cause::known;
use crate::contract::DirectorySync;
use crate::telemetry::metrics::metrics;

/// An instance that is kept between calls.
pub(super) struct Live {
    pub(super) store: Store<Guest>,
    pub(super) plugin: DirectorySync,
}

/// Makes an instance, calls one hook, and throws the instance away.
pub(super) async fn once<R, H>(
    loaded: &Arc<Loaded>,
    context: Option<Arc<HostContext>>,
    limits: CallLimits,
    purpose: Purpose,
    hook: H,
) -> Result<R, Failure>
where
    R: Send + 'static,
    H: AsyncFnOnce(&DirectorySync, &mut Store<Guest>) -> wasmtime::Result<R> + Send + 'static,
{
    kept(loaded, context, limits, purpose, hook)
        .await
        .map(|(answer, _)| answer)
}

/// The same for a hook that makes its instance itself.
pub(super) async fn alone<R, H>(
    loaded: &Arc<Loaded>,
    context: Option<Arc<HostContext>>,
    limits: CallLimits,
    hook: H,
) -> Result<R, Failure>
where
    R: Send + 'static,
    H: AsyncFnOnce(&mut Store<Guest>) -> wasmtime::Result<R> + Send + 'static,
{
    let cancel = context
        .as_ref()
        .map(|context| context.cancel.clone())
        .unwrap_or_default();
    let shared = Arc::clone(&loaded.shared);
    on_own_thread(loaded, &cancel, limits.total, async move |cancel| {
        let mut store = Guest::store(&shared, context, &limits, Purpose::Other);
        store.data_mut().cancel = cancel;
        let output = store.data().output.clone();
        hook(&mut store)
            .await
            .map_err(|error| Failure::of(&error, &output))
    })
    .await
}

/// Makes an instance, calls one hook, and keeps the instance.
pub(super) async fn kept<R, H>(
    loaded: &Arc<Loaded>,
    context: Option<Arc<HostContext>>,
    limits: CallLimits,
    purpose: Purpose,
    hook: H,
) -> Result<(R, Live), Failure>
where
    R: Send + 'static,
    H: AsyncFnOnce(&DirectorySync, &mut Store<Guest>) -> wasmtime::Result<R> + Send + 'static,
{
    let cancel = context
        .as_ref()
        .map(|context| context.cancel.clone())
        .unwrap_or_default();
    let mine = Arc::clone(loaded);
    on_own_thread(loaded, &cancel, limits.total, async move |cancel| {
        let mut store = Guest::store(&mine.shared, context, &limits, purpose);
        store.data_mut().cancel = cancel;
        let output = store.data().output.clone();
        let called = async {
            let plugin = mine.ready.instantiate_async(&mut store).await?;
            let answer = hook(&plugin, &mut store).await?;
            wasmtime::Result::Ok((answer, plugin))
        }
        .await;
        match called {
            Ok((answer, plugin)) => Ok((answer, Live { store, plugin })),
            Err(error) => Err(Failure::of(&error, &output)),
        }
    })
    .await
}

/// Calls into an instance that was kept. It is gone after a failure.
pub(super) async fn again<R, H>(
    loaded: &Arc<Loaded>,
    cancel: &CancellationToken,
    total: Duration,
    mut live: Live,
    hook: H,
) -> Result<(R, Live), Failure>
where
    R: Send + 'static,
    H: AsyncFnOnce(&mut Live) -> wasmtime::Result<R> + Send + 'static,
{
    on_own_thread(loaded, cancel, total, async move |cancel| {
        let output = live.store.data().output.clone();
        live.store.data_mut().cancel = cancel;
        live.store.set_epoch_deadline(1);
        match hook(&mut live).await {
            Ok(answer) => Ok((answer, live)),
            Err(error) => Err(Failure::of(&error, &output)),
        }
    })
    .await
}

/// Runs work on a thread of the blocking pool, until it is done, cancelled, overdue, or nobody waits for it any more.
async fn on_own_thread<R, W>(
    loaded: &Arc<Loaded>,
    cancel: &CancellationToken,
    total: Duration,
    work: W,
) -> Result<R, Failure>
where
    R: Send + 'static,
    W: AsyncFnOnce(CancellationToken) -> Result<R, Failure> + Send + 'static,
{
    let cancel = cancel.child_token();
    let _ends_when_dropped = cancel.clone().drop_guard();
    let permit = tokio::select! {
        permit = Arc::clone(&loaded.shared.permits).acquire_owned() => permit,
        () = cancel.cancelled() => return Err(Failure::Cancelled),
    };
    let shared = Arc::clone(&loaded.shared);
    let runtime = Handle::current();
    // What the plugin logs is a line of whoever called it.
    let span = Span::current();
    let ended = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let _running = shared.running();
        let called = async move {
            tokio::select! {
                biased;
                () = cancel.cancelled() => Err(Failure::Cancelled),
                ended = work(cancel.clone()) => ended,
                () = tokio::time::sleep(total) => Err(Failure::Total { limit: total }),
            }
        };
        runtime.block_on(called.instrument(span))
    });
    let ended = ended
        .await
        .unwrap_or_else(|error| Err(Failure::Port(internal("a call into the plugin", &error))));
    metrics().plugin_call(
        ended
            .as_ref()
            .map_or_else(|failure| known(failure.code()), |_| "ok"),
    );
    ended
}
