//! Another key in the place of the host's.
//!
//! First the database notes the new key, and the old one sealed by it; from then on the new key opens everything. Then
//! tenant after tenant is wrapped anew, each in one transaction. At the end the old key is noted no more. Killed anywhere, a
//! rotation goes on when it is asked for again.

use std::path::PathBuf;

use super::file;
use super::key::{DataKey, Key, KeyId};
use super::source::KeySource;
use super::table::{Changed, Kept, KeyTable, Previous, Standing};
use super::{Held, Vault};
use crate::store::error::{StoreError, StoreResult};

/// What a rotation is to do.
#[derive(Debug, Clone, Default)]
pub struct Rotation {
    /// Where the new key is; a file is made where there is none. Without it, a new key takes the place of the one in the
    /// host's file.
    pub to: Option<KeySource>,
    /// Makes new data keys too, and seals every password anew.
    pub data_keys: bool,
}

/// What it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// The key before.
    pub from: KeyId,
    /// The key now.
    pub to: KeyId,
    /// Whether a rotation was finished that was begun before.
    pub resumed: bool,
    /// Whether data keys are new too.
    pub data_keys: bool,
    /// How many tenants' data keys were wrapped anew, this time.
    pub tenants: u64,
    /// Where the file of the key before is kept, where one was replaced.
    pub kept: Option<PathBuf>,
}

/// How it stands about keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyReport {
    /// The key that the database needs.
    pub key: KeyId,
    /// Where this host has it from.
    pub source: String,
    /// The key before, while a rotation is under way.
    pub previous: Option<KeyId>,
    /// How many tenants' data keys are wrapped by which key.
    pub tenants: Vec<(KeyId, u64)>,
    /// How many passwords were destroyed when the database was opened to reset its key.
    pub forgotten: u64,
}

/// How it stands.
pub(in crate::store) async fn report(
    table: &dyn KeyTable,
    vault: &Vault,
) -> StoreResult<KeyReport> {
    let standing = noted(table).await?;
    Ok(KeyReport {
        source: vault.find(&standing.key).await?.source,
        key: standing.key,
        previous: standing.previous.map(|previous| previous.key),
        tenants: table.wrapped_by().await?,
        forgotten: vault.forgotten(),
    })
}

/// Puts another key in the place of the database's, or finishes a rotation that was begun.
///
/// # Errors
/// `rotation-target` where no new key is to be had there, `rotation-unfinished` where another rotation is under way; and what a
/// source refuses.
pub(in crate::store) async fn rotate(
    table: &dyn KeyTable,
    vault: &Vault,
    rotation: &Rotation,
) -> StoreResult<Rotated> {
    let standing = noted(table).await?;
    let (resumed, key, from, data_keys) = match &standing.previous {
        Some(previous) => {
            let key = vault.find(&standing.key).await?;
            if let Some(to) = &rotation.to
                && to.load_one().await?.id() != key.key.id()
            {
                return Err(unfinished(key.key.id()));
            }
            (true, key, previous.key.clone(), standing.data_keys)
        }
        None => {
            let key = begin(table, vault, rotation, &standing.key).await?;
            (false, key, standing.key, rotation.data_keys)
        }
    };
    let mut kept = None;
    for path in vault.choice.sources.iter().filter_map(KeySource::path) {
        kept = kept.or(file::promote(path, key.key.id())?);
    }
    let mut tenants = 0;
    loop {
        let left = table.elsewhere(key.key.id()).await?;
        for tenant in &left {
            let change = |kept: Kept| wrapped_anew(vault, &key.key, data_keys, &kept);
            table.change(*tenant, &change).await?;
            tenants += 1;
        }
        if left.is_empty() && table.end_rotation(key.key.id()).await? {
            break;
        }
    }
    Ok(Rotated {
        from,
        to: key.key.id().clone(),
        resumed,
        data_keys,
        tenants,
        kept,
    })
}

/// Notes the new key in the database.
async fn begin(
    table: &dyn KeyTable,
    vault: &Vault,
    rotation: &Rotation,
    from: &KeyId,
) -> StoreResult<Held> {
    let old = vault.find(from).await?;
    let (new, source) = match &rotation.to {
        Some(to) => (to.load_or_make(true).await?, to.to_string()),
        None => {
            let mine = vault.choice.sources.first();
            let Some((source, path)) = mine.and_then(|one| Some((one, one.path()?))) else {
                return Err(no_target(
                    "this host's key is in no file, so no new one can be put in its place"
                        .to_owned(),
                ));
            };
            let next = KeySource::Own(file::next(path));
            (next.load_or_make(true).await?, source.to_string())
        }
    };
    if new.id() == from {
        return Err(no_target(format!(
            "{source} holds the key {from}, which is the database's already"
        )));
    }
    let begun = Standing {
        key: new.id().clone(),
        previous: Some(Previous {
            key: from.clone(),
            sealed: new.seal_previous(&old.key)?,
        }),
        data_keys: rotation.data_keys,
    };
    if !table.begin_rotation(from, &begun).await? {
        return Err(unfinished(&noted(table).await?.key));
    }
    Ok(vault.hold(new, source))
}

/// A tenant's data key, or a new one, wrapped by the new key.
fn wrapped_anew(
    vault: &Vault,
    key: &Key,
    data_keys: bool,
    kept: &Kept,
) -> StoreResult<Option<Changed>> {
    let Some(wrapped) = &kept.wrapped else {
        return Ok(None);
    };
    if wrapped.key == *key.id() {
        return Ok(None);
    }
    let Some(before) = vault.held(&wrapped.key) else {
        return Err(super::wrong_key(format!(
            "the passwords of the tenant {} need the key {}",
            kept.tenant, wrapped.key
        )));
    };
    let old = before.key.unwrap(&kept.tenant, wrapped)?;
    if !data_keys {
        return Ok(Some(Changed {
            wrapped: key.wrap(&kept.tenant, &old)?,
            secrets: Vec::new(),
        }));
    }
    let new = DataKey::generate()?;
    let mut secrets = Vec::with_capacity(kept.secrets.len());
    for secret in &kept.secrets {
        // One that did not open before does not open afterwards either.
        if let Ok(plain) = old.unseal(&kept.tenant, &secret.name, &secret.handle, &secret.sealed) {
            let sealed = new.seal(&kept.tenant, &secret.name, &secret.handle, &plain)?;
            secrets.push((secret.id, sealed));
        }
    }
    Ok(Some(Changed {
        wrapped: key.wrap(&kept.tenant, &new)?,
        secrets,
    }))
}

async fn noted(table: &dyn KeyTable) -> StoreResult<Standing> {
    let standing = table.standing().await?;
    standing.ok_or_else(|| StoreError::Corrupt("the database notes no key".to_owned()))
}

fn no_target(message: String) -> StoreError {
    StoreError::refused(
        "rotation-target",
        message,
        "Say where the new key is: rollcall key rotate --to SOURCE.",
    )
}

fn unfinished(key: &KeyId) -> StoreError {
    StoreError::refused(
        "rotation-unfinished",
        format!("a rotation to the key {key} is under way"),
        "Finish it first: rollcall key rotate, with the source of that key as --to where it is in no file of this host.",
    )
}
