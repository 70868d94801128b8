//! `wasi:clocks/wall-clock`: the context's clock.

use std::time::UNIX_EPOCH;

use super::super::guest::Guest;
use crate::contract::wall_clock::{Datetime, Host};

impl Host for Guest {
    async fn now(&mut self) -> wasmtime::Result<Datetime> {
        let (_call, context) = self.enter()?;
        let since = (context.clock)()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Ok(Datetime {
            seconds: since.as_secs(),
            nanoseconds: since.subsec_nanos(),
        })
    }

    async fn resolution(&mut self) -> wasmtime::Result<Datetime> {
        Ok(Datetime {
            seconds: 0,
            nanoseconds: 1_000,
        })
    }
}
