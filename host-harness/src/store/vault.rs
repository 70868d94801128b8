//! Passwords in two layers: each tenant's are sealed by a data key of the tenant's own, and that is wrapped by the key of the host.
//!
//! Whoever has only the database has nothing; whoever destroys a tenant's data key destroys all its passwords. The host's key
//! changes without a password being touched.
//!
//! - [`key`]: keys, and sealing; [`source`]: where the host's key comes from, [`file`] and [`command`] among others
//! - [`table`]: what a database keeps of keys; [`settle`]: whether the key is the database's, when it is opened
//! - [`rotate`]: another key in its place

mod command;
mod file;
mod key;
mod rotate;
mod settle;
mod source;
mod table;

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

pub use file::KEY_FILE;
pub(in crate::store) use key::{DataKey, Sealed, Wrapped, is_unreadable, unreadable_password};
pub use key::{Key, KeyId};
pub use rotate::{KeyReport, Rotated, Rotation};
pub(in crate::store) use rotate::{report, rotate};
pub(in crate::store) use settle::settle;
pub use source::{BadSource, KeySource};
pub(in crate::store) use table::{Change, Kept, KeptSecret, KeyTable, Previous, Standing};

use super::error::{StoreError, StoreResult};
use crate::Problem;
use crate::ports::TenantId;

/// Where a host finds its key.
#[derive(Debug, Clone)]
pub struct KeyChoice {
    sources: Vec<KeySource>,
    reset: bool,
}

impl KeyChoice {
    /// The key file of a data directory, made where there is none.
    #[must_use]
    pub fn beside(data_dir: &Path) -> Self {
        Self::of(KeySource::beside(data_dir))
    }

    /// The key of one source.
    #[must_use]
    pub fn of(source: KeySource) -> Self {
        Self {
            sources: vec![source],
            reset: false,
        }
    }

    /// Looks into another source too, where the first has another key than the database's.
    #[must_use]
    pub fn or(mut self, source: KeySource) -> Self {
        self.sources.push(source);
        self
    }

    /// The database's key is lost: whatever the first source's key does not open is destroyed, and that key is the
    /// database's from now on. Without need nothing is destroyed.
    #[must_use]
    pub fn with_reset(mut self) -> Self {
        self.reset = true;
        self
    }
}

impl KeyChoice {
    /// Reads the key of the first source, and makes none.
    ///
    /// # Errors
    /// `key-file-missing`, `key-file-exposed`, `key-file-broken`, `key-command-failed`, `key-command-timeout`.
    pub async fn look(&self) -> Result<(KeyId, String), Problem> {
        let source = self.sources.first();
        let source = source.ok_or_else(|| StoreError::Corrupt("no source of a key".to_owned()))?;
        let key = source.load_one().await?;
        Ok((key.id().clone(), source.to_string()))
    }

    /// The file of the first source, where it is one and is not there.
    #[must_use]
    pub fn missing(&self) -> Option<&Path> {
        let path = self.sources.first()?.path()?;
        (!path.exists()).then_some(path)
    }
}

/// A key, and what it is from.
#[derive(Clone)]
pub(in crate::store) struct Held {
    pub(in crate::store) key: Arc<Key>,
    source: String,
}

/// The keys of a host: its own, and during a rotation the one before.
pub(in crate::store) struct Vault {
    choice: KeyChoice,
    held: RwLock<Vec<Held>>,
    forgotten: AtomicU64,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(keys withheld)")
    }
}

impl Vault {
    /// Of keys that are looked for when one is needed.
    pub(in crate::store) fn new(choice: KeyChoice) -> Self {
        Self {
            choice,
            held: RwLock::default(),
            forgotten: AtomicU64::new(0),
        }
    }

    /// Opens a tenant's data key. Where it is wrapped by a key that was not there before, the sources are looked into
    /// again: a key file may have been replaced since.
    ///
    /// # Errors
    /// `wrong-secrets-key` where this host has not the key; `secret-unreadable` where the data key is another tenant's, or
    /// altered.
    pub(in crate::store) async fn data_key(
        &self,
        tenant: &TenantId,
        wrapped: &Wrapped,
    ) -> StoreResult<DataKey> {
        self.find(&wrapped.key).await?.key.unwrap(tenant, wrapped)
    }

    /// A new data key, wrapped by the key with this id.
    pub(in crate::store) async fn new_data_key(
        &self,
        tenant: &TenantId,
        key: &KeyId,
    ) -> StoreResult<(DataKey, Wrapped)> {
        let key = self.find(key).await?.key;
        let data = DataKey::generate()?;
        let wrapped = key.wrap(tenant, &data)?;
        Ok((data, wrapped))
    }

    /// How many passwords a reset destroyed.
    pub(in crate::store) fn forgotten(&self) -> u64 {
        self.forgotten.load(Ordering::Relaxed)
    }

    fn held(&self, id: &KeyId) -> Option<Held> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.iter().find(|one| one.key.id() == id).cloned()
    }

    fn hold(&self, key: Key, source: String) -> Held {
        let held = Held {
            key: Arc::new(key),
            source,
        };
        let mut all = self.held.write().unwrap_or_else(PoisonError::into_inner);
        all.retain(|one| one.key.id() != held.key.id());
        all.push(held.clone());
        held
    }

    /// The key with this id: held, or in a source by now.
    async fn find(&self, id: &KeyId) -> StoreResult<Held> {
        if let Some(held) = self.held(id) {
            return Ok(held);
        }
        let (mut others, mut trouble) = (Vec::new(), None);
        for source in &self.choice.sources {
            match source.load().await {
                Ok(keys) => {
                    for key in keys {
                        if key.id() == id {
                            return Ok(self.hold(key, source.to_string()));
                        }
                        others.push(format!("{source} holds the key {}", key.id()));
                    }
                }
                Err(error) => trouble = trouble.or(Some(error)),
            }
        }
        match trouble {
            Some(error) if others.is_empty() => Err(missing_for(error, id)),
            _ => Err(wrong_key(format!(
                "the database's passwords need the key {id}, and {}",
                others.join(", ")
            ))),
        }
    }

    /// The key of the first source, whichever it is.
    async fn first(&self, make: bool) -> StoreResult<Held> {
        let Some(source) = self.choice.sources.first() else {
            return Err(StoreError::Corrupt("no source of a key".to_owned()));
        };
        let key = if make {
            source.load_or_make(false).await?
        } else {
            source.load_one().await?
        };
        Ok(self.hold(key, source.to_string()))
    }
}

/// A key is missing that a database needs: says which.
fn missing_for(error: StoreError, id: &KeyId) -> StoreError {
    let StoreError::Refused(mut problem) = error else {
        return error;
    };
    if problem.code == "key-file-missing" {
        problem.message = format!(
            "{}; the database's passwords need the key {id}",
            problem.message
        );
    }
    StoreError::Refused(problem)
}

fn wrong_key(message: String) -> StoreError {
    StoreError::refused(
        "wrong-secrets-key",
        message,
        "Name the source of the right key with --secrets-key; after a rotation, restart hosts with the new one. \
         If the key is lost: rollcall key reset --forget-passwords, then store the passwords again.",
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests;
