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
    /// The versions that hooks have read: what they change is changed over these, or not at all.
    read: Mutex<BTreeMap<String, u64>>,
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
            read: Mutex::default(),
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
        if let Some(changed) = self.changed.lock().await.get(key) {
            return Ok(changed.now.clone());
        }
        let stored = self.stored.get(tenant, key).await?;
        let mut read = self.read.lock().await;
        read.entry(key.to_owned()).or_insert(stored.version);
        Ok(stored)
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
                    let read = self.read.lock().await.get(&operation.key).copied();
                    let before = read.unwrap_or(now.version);
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::ports::Tenants as _;
    use crate::store::Store;

    fn set(value: &str) -> [Operation; 1] {
        [Operation {
            key: "schedule".to_owned(),
            expected: None,
            value: Some(value.into()),
        }]
    }

    /// Stores by a draft that has read the key, or has not, while somebody else stores or does not.
    async fn stored(reads: bool, meanwhile: bool) -> (Result<(), String>, String) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).await.unwrap();
        let acme = TenantId::new("acme").unwrap();
        store.install(&acme, "digest", b"component").await.unwrap();
        store.commit(&acme, &set("first")).await.unwrap();
        let draft = Draft::of(Arc::new(store.clone()));
        if reads {
            let read = draft.get(&acme, "schedule").await.unwrap();
            assert_eq!(read.value, b"first");
        }
        if meanwhile {
            store.commit(&acme, &set("theirs")).await.unwrap();
        }
        draft.commit(&acme, &set("ours")).await.unwrap();
        let done = draft
            .store(&acme)
            .await
            .map_err(|refused| refused.code.to_string());
        let there = State::get(&store, &acme, "schedule").await.unwrap();
        (done, String::from_utf8(there.value).unwrap())
    }

    #[tokio::test]
    async fn what_was_read_is_changed_only_where_nobody_else_has_changed_it() {
        assert_eq!(stored(true, false).await, (Ok(()), "ours".into()));
        let refused = (Err("conflict".into()), "theirs".into());
        assert_eq!(stored(true, true).await, refused);
        assert_eq!(stored(false, true).await, (Ok(()), "ours".into()));
    }
}
