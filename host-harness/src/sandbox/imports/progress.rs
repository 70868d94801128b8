//! `progress`: how far the plugin has come, and whether it shall go on.

use super::super::guest::Guest;
use super::super::output::printable;
use crate::contract::progress::{Host, Signal, Update};

impl Host for Guest {
    async fn report(&mut self, mut update: Update) -> wasmtime::Result<Signal> {
        let (_call, context) = self.enter()?;
        update.phase = printable(&update.phase, 40);
        (context.progress)(&update);
        Ok(if context.cancel.is_cancelled() {
            Signal::Stop
        } else {
            Signal::GoOn
        })
    }
}
