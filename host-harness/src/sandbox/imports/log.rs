//! `log`: the plugin's log lines, among the host's, with the tenant and the plugin's digest.
//!
//! Only where the operator wants them: a plugin sees the directory and the portal, and could write people into the host's log.

use super::super::guest::Guest;
use super::super::output::printable;
use crate::contract::log::{Host, Level};
use crate::telemetry::short;

/// Characters of one line that are kept.
const LINE: usize = 2_000;

impl Host for Guest {
    async fn write(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        let (_call, context) = self.enter()?;
        if !self.heard {
            return Ok(());
        }
        let tenant = context.tenant.as_str();
        let plugin = short(&context.plugin);
        let message = printable(&message, LINE);
        match level {
            Level::Debug => tracing::debug!(target: "plugin", tenant, plugin, "{message}"),
            Level::Info => tracing::info!(target: "plugin", tenant, plugin, "{message}"),
            Level::Warn => tracing::warn!(target: "plugin", tenant, plugin, "{message}"),
            Level::Error => tracing::error!(target: "plugin", tenant, plugin, "{message}"),
        }
        Ok(())
    }
}
