//! What one instance of a plugin holds on the host's side, and its limits.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use wasmtime::component::ResourceTable;
use wasmtime::{ResourceLimiter, Store, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::engine::Shared;
use super::failure::Failure;
use super::meter::{HostCall, Meter};
use super::output::Captured;
use super::witness::Witness;
use super::writer::Writer;
use super::{CallLimits, HostContext};
use crate::Problem;
use crate::ports::RunId;

/// What an instance may do with plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Nothing.
    Other,
    /// Record one.
    Plan,
    /// Read the unsynced people of one.
    Export,
}

/// The data of a plugin's store.
pub(super) struct Guest {
    pub(super) table: ResourceTable,
    pub(super) output: Captured,
    pub(super) meter: Meter,
    pub(super) writer: Writer,
    pub(super) witness: Witness,
    /// Stages that it told.
    pub(super) staged: u32,
    /// Whether what it logs is logged.
    pub(super) heard: bool,
    /// Ends the call that runs now.
    pub(super) cancel: CancellationToken,
    context: Option<Arc<HostContext>>,
    purpose: Purpose,
    wasi: WasiCtx,
    limiter: Limiter,
}

impl Guest {
    /// A store for one instance.
    pub(super) fn store(
        shared: &Shared,
        context: Option<Arc<HostContext>>,
        limits: &CallLimits,
        purpose: Purpose,
    ) -> Store<Self> {
        let output = Captured::default();
        let wasi = WasiCtx::builder()
            .stdout(output.clone())
            .stderr(output.clone())
            .build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.resources);
        let meter = Meter::new(limits.compute, limits.total, limits.host_calls);
        let limiter = Limiter::new(limits);
        let guest = Self {
            table,
            output,
            meter,
            writer: Writer::default(),
            witness: Witness::default(),
            staged: 0,
            heard: shared.config.plugin_log,
            cancel: CancellationToken::new(),
            context,
            purpose,
            wasi,
            limiter,
        };
        let mut store = Store::new(&shared.engine, guest);
        store.limiter(|guest| &mut guest.limiter);
        store.set_hostcall_fuel(limits.host_call_bytes);
        store.set_max_component_handles(16 * limits.resources);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|store| {
            store.data().check()?;
            Ok(UpdateDeadline::Continue(1))
        });
        store
    }

    /// Begins a host call: counts it, stops the meter, and gives the ports.
    pub(super) fn enter(&mut self) -> Result<(HostCall, Arc<HostContext>), Failure> {
        let call = self.meter.enter()?;
        let context = self.context.clone().ok_or_else(|| {
            Failure::Trap("the plugin called an import from a hook that must not".into())
        })?;
        Ok((call, context))
    }

    /// The same, for the `plan` import.
    pub(super) fn enter_plan(
        &mut self,
        purpose: Purpose,
        function: &str,
    ) -> Result<(HostCall, Arc<HostContext>, RunId), Failure> {
        let (call, context) = self.enter()?;
        match context.run {
            Some(run) if self.purpose == purpose => Ok((call, context, run)),
            _ => Err(Failure::Trap(format!(
                "the plugin called plan.{function} outside of {}",
                if purpose == Purpose::Export {
                    "an export"
                } else {
                    "a sync"
                }
            ))),
        }
    }

    /// An export is under way of everybody who still is unsynced.
    pub(super) fn exports_the_open(&self) -> bool {
        let open = self.context.as_ref().is_some_and(|context| context.open);
        open && self.purpose == Purpose::Export
    }

    /// The most linear memory that it had, in bytes.
    pub(super) fn peak_memory(&self) -> usize {
        self.limiter.memory
    }

    fn check(&self) -> Result<(), Failure> {
        if self.cancel.is_cancelled() {
            return Err(Failure::Cancelled);
        }
        self.meter.check()
    }
}

/// A port's error in a function that cannot return one ends the call.
pub(super) fn or_end<T>(outcome: Result<T, Problem>) -> wasmtime::Result<T> {
    Ok(outcome.map_err(Failure::Port)?)
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// Memory, tables and instances. What is refused ends the call, with an error that says so.
struct Limiter {
    memory: usize,
    memory_limit: usize,
    table_limit: usize,
    instances: usize,
}

impl Limiter {
    fn new(limits: &CallLimits) -> Self {
        Self {
            memory: 0,
            memory_limit: limits.memory,
            table_limit: limits.table_elements,
            instances: limits.instances,
        }
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let wanted = self.memory.saturating_add(desired.saturating_sub(current));
        if wanted > self.memory_limit {
            return Err(Failure::Memory {
                wanted,
                limit: self.memory_limit,
            }
            .into());
        }
        self.memory = wanted;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        if desired > self.table_limit {
            return Err(Failure::Size {
                what: "table elements",
                wanted: desired,
                limit: self.table_limit,
            }
            .into());
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn tables(&self) -> usize {
        self.instances
    }

    fn memories(&self) -> usize {
        self.instances
    }
}
