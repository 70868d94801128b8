//! Opening a database: whether this host's key is the one it needs, and bringing older passwords under data keys.

use std::sync::atomic::{AtomicU64, Ordering};

use super::key::{DataKey, Key};
use super::table::{Changed, Kept, KeyTable};
use super::{Held, Vault, wrong_key};
use crate::store::error::StoreResult;

/// Makes sure that the vault holds the database's key. A new database takes the vault's.
///
/// # Errors
/// `wrong-secrets-key`, `key-file-missing`, `key-file-exposed`, `key-file-broken`, `key-command-failed`,
/// `key-command-timeout`.
pub(in crate::store) async fn settle(table: &dyn KeyTable, vault: &Vault) -> StoreResult<()> {
    let key = match table.standing().await? {
        Some(standing) => match vault.find(&standing.key).await {
            Ok(held) => held,
            Err(_) if vault.choice.reset => reset(table, vault).await?,
            Err(error) => return Err(error),
        },
        None => first_key(table, vault).await?,
    };
    // During a rotation some data keys are still wrapped by the key before.
    if let Some(standing) = table.standing().await?
        && let Some(previous) = standing.previous
        && standing.key == *key.key.id()
        && vault.held(&previous.key).is_none()
    {
        let before = key.key.open_previous(&previous.key, &previous.sealed)?;
        vault.hold(before, "the database, during its rotation".to_owned());
    }
    for tenant in table.unkeyed().await? {
        table
            .change(tenant, &|kept| under_data_key(&key.key, &kept))
            .await?;
    }
    Ok(())
}

/// The key of a database that has never noted which it needs. Passwords of an older version are opened with it.
async fn first_key(table: &dyn KeyTable, vault: &Vault) -> StoreResult<Held> {
    let older = table.unkeyed().await?;
    let mut held = vault.first(older.is_empty() || vault.choice.reset).await?;
    let (sealed, opened) = (AtomicU64::new(0), AtomicU64::new(0));
    for tenant in &older {
        let count = |kept: Kept| {
            for secret in &kept.secrets {
                let plain = held
                    .key
                    .open_unwrapped(&kept.tenant, &secret.name, &secret.sealed);
                sealed.fetch_add(1, Ordering::Relaxed);
                opened.fetch_add(u64::from(plain.is_some()), Ordering::Relaxed);
            }
            Ok(None)
        };
        table.change(*tenant, &count).await?;
    }
    if sealed.load(Ordering::Relaxed) > 0 && opened.load(Ordering::Relaxed) == 0 {
        if !vault.choice.reset {
            return Err(wrong_key(format!(
                "the database's passwords were sealed with another key than {} ({})",
                held.key.id(),
                held.source
            )));
        }
        return reset(table, vault).await;
    }
    table.claim(held.key.id()).await?;
    // Another host may have been faster, with another key.
    if let Some(standing) = table.standing().await?
        && standing.key != *held.key.id()
    {
        held = vault.find(&standing.key).await?;
    }
    Ok(held)
}

async fn reset(table: &dyn KeyTable, vault: &Vault) -> StoreResult<Held> {
    let held = vault.first(true).await?;
    let gone = table.reset(held.key.id()).await?;
    vault.forgotten.store(gone, Ordering::Relaxed);
    Ok(held)
}

/// Passwords that the host's key itself sealed, sealed by a new data key. One that does not open stays as it is.
fn under_data_key(key: &Key, kept: &Kept) -> StoreResult<Option<Changed>> {
    if kept.wrapped.is_some() {
        return Ok(None);
    }
    let data = DataKey::generate()?;
    let mut secrets = Vec::with_capacity(kept.secrets.len());
    for secret in &kept.secrets {
        if let Some(plain) = key.open_unwrapped(&kept.tenant, &secret.name, &secret.sealed) {
            let sealed = data.seal(&kept.tenant, &secret.name, &secret.handle, &plain)?;
            secrets.push((secret.id, sealed));
        }
    }
    Ok(Some(Changed {
        wrapped: key.wrap(&kept.tenant, &data)?,
        secrets,
    }))
}
