//! The plugin's settings while several hooks change them: stored with one commit at the end, or not at all.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Mutex;

use crate::Problem;
use crate::contract::state::{Operation, Versioned};
use crate::ports::{Outcome, State, TenantId};

/// What hooks have changed of a tenant's settings, over what is stored.
pub(super) struct Draft {
    stored: Arc<dyn State>,
    changed: Mutex<BTreeMap<String, Changed>>,
}

/// One key.
#[derive(Clone)]
struct Changed {
    /// The version that is stored.
    before: u64,
    /// Version 0 where the key is removed.
    now: Versioned,
}

impl Draft {
    /// Nothing is changed yet.
    pub(super) fn of(stored: Arc<dyn State>) -> Self {
        Self {
            stored,
            changed: Mutex::default(),
        }
    }

    /// All that was changed, for whoever stores it.
    pub(super) async fn take(&self) -> Vec<Operation> {
        let changed = std::mem::take(&mut *self.changed.lock().await);
        changed
            .into_iter()
            .map(|(key, Changed { before, now })| Operation {
                key,
                expected: Some(before),
                value: (now.version > 0).then_some(now.value),
            })
            .collect()
    }

    /// Stores all that was changed, if nobody changed it meanwhile.
    ///
    /// # Errors
    /// Those of [`State::commit`]; then nothing is stored.
    pub(super) async fn store(&self, tenant: &TenantId) -> Outcome<()> {
        let operations = self.take().await;
        if operations.is_empty() {
            return Ok(());
        }
        self.stored.commit(tenant, &operations).await
    }
}

#[async_trait]
impl State for Draft {
    async fn get(&self, tenant: &TenantId, key: &str) -> Outcome<Versioned> {
        match self.changed.lock().await.get(key) {
            Some(changed) => Ok(changed.now.clone()),
            None => self.stored.get(tenant, key).await,
        }
    }

    async fn keys(&self, tenant: &TenantId, prefix: &str) -> Outcome<Vec<String>> {
        let mut keys = self.stored.keys(tenant, prefix).await?;
        let changed = self.changed.lock().await;
        keys.retain(|key| !changed.contains_key(key));
        let here = changed
            .iter()
            .filter(|(key, changed)| changed.now.version > 0 && key.starts_with(prefix));
        keys.extend(here.map(|(key, _)| key.clone()));
        keys.sort_unstable();
        Ok(keys)
    }

    async fn commit(&self, tenant: &TenantId, operations: &[Operation]) -> Outcome<()> {
        let mut changed = self.changed.lock().await;
        let mut next = changed.clone();
        for operation in operations {
            let known = match next.get(&operation.key) {
                Some(known) => known.clone(),
                None => {
                    let now = self.stored.get(tenant, &operation.key).await?;
                    let before = now.version;
                    Changed { before, now }
                }
            };
            if operation
                .expected
                .is_some_and(|expected| expected != known.now.version)
            {
                return Err(Problem::new(
                    "conflict",
                    format!("{:?} was changed meanwhile", operation.key),
                    "Try again.",
                ));
            }
            let now = match &operation.value {
                Some(value) => Versioned {
                    value: value.clone(),
                    version: known.now.version.max(known.before) + 1,
                },
                None => Versioned {
                    value: Vec::new(),
                    version: 0,
                },
            };
            let before = known.before;
            next.insert(operation.key.clone(), Changed { before, now });
        }
        *changed = next;
        Ok(())
    }

    async fn clear(&self, tenant: &TenantId) -> Outcome<u64> {
        self.changed.lock().await.clear();
        self.stored.clear(tenant).await
    }
}
