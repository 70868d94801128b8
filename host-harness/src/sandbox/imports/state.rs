//! `state`: the tenant's small key-value storage.

use super::super::guest::{Guest, or_end};
use super::bounds::at_most;
use crate::Problem;
use crate::contract::state::{Host, Operation, Versioned};

const KEY: usize = 256;
const VALUE: usize = 1 << 20;
const OPERATIONS: usize = 1000;

impl Host for Guest {
    async fn get(&mut self, key: String) -> wasmtime::Result<Versioned> {
        let (_call, context) = self.enter()?;
        or_end(check_key(&key))?;
        or_end(context.state.get(&context.tenant, &key).await)
    }

    async fn keys(&mut self, prefix: String) -> wasmtime::Result<Vec<String>> {
        let (_call, context) = self.enter()?;
        or_end(at_most("bytes of a key", prefix.len(), KEY))?;
        or_end(context.state.keys(&context.tenant, &prefix).await)
    }

    async fn commit(
        &mut self,
        operations: Vec<Operation>,
    ) -> wasmtime::Result<Result<(), Problem>> {
        let (_call, context) = self.enter()?;
        if let Err(problem) = check(&operations) {
            return Ok(Err(problem));
        }
        Ok(context.state.commit(&context.tenant, &operations).await)
    }
}

fn check(operations: &[Operation]) -> Result<(), Problem> {
    at_most("operations in one commit", operations.len(), OPERATIONS)?;
    operations.iter().try_for_each(|operation| {
        check_key(&operation.key)?;
        at_most(
            "bytes of a value",
            operation.value.as_ref().map_or(0, Vec::len),
            VALUE,
        )
    })
}

fn check_key(key: &str) -> Result<(), Problem> {
    at_most("empty keys", usize::from(key.is_empty()), 0)?;
    at_most("bytes of a key", key.len(), KEY)
}
