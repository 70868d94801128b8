//! Keys, and what they seal: XChaCha20-Poly1305, bound to what it is for.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chacha20poly1305::aead::{Aead, Generate, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::ports::TenantId;
use crate::store::error::{StoreError, StoreResult};

const KEY_BYTES: usize = 32;
const UNREADABLE: &str = "secret-unreadable";
type Bytes = Zeroizing<[u8; KEY_BYTES]>;

/// Which key: the beginning of a digest of it, which says nothing of the key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

impl KeyId {
    pub(in crate::store) fn kept(text: String) -> Self {
        Self(text)
    }

    fn of(key: &Bytes) -> Self {
        let digest = Sha256::new()
            .chain_update(b"rollcall secrets key\0")
            .chain_update(&key[..])
            .finalize();
        Self(
            digest[..8]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        )
    }

    /// As text: 16 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Something sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Sealed {
    /// Random, fresh each time.
    pub(in crate::store) nonce: Vec<u8>,
    /// Encrypted, with its tag.
    pub(in crate::store) bytes: Vec<u8>,
}

/// A tenant's data key, as a database keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Wrapped {
    /// The key that wraps it.
    pub(in crate::store) key: KeyId,
    /// The data key.
    pub(in crate::store) sealed: Sealed,
}

/// The host's key: it wraps data keys, and seals nothing else.
pub struct Key {
    id: KeyId,
    bytes: Bytes,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

impl Key {
    fn new(bytes: Bytes) -> Self {
        Self {
            id: KeyId::of(&bytes),
            bytes,
        }
    }

    /// A random one.
    pub(super) fn generate() -> StoreResult<Self> {
        random().map(Self::new)
    }

    /// Reads 32 bytes as they are, or in hexadecimal or base64, with white space around.
    pub(super) fn parse(given: &[u8]) -> Option<Self> {
        let mut bytes = Bytes::default();
        if given.len() == KEY_BYTES {
            bytes.copy_from_slice(given);
            return Some(Self::new(bytes));
        }
        let text = given.trim_ascii();
        if text.len() == 2 * KEY_BYTES {
            for (byte, digits) in bytes.iter_mut().zip(text.chunks_exact(2)) {
                *byte = digit(digits[0])? << 4 | digit(digits[1])?;
            }
            return Some(Self::new(bytes));
        }
        // The decoder needs room for whole groups of three bytes.
        let mut room = Zeroizing::new([0; KEY_BYTES + 1]);
        let length = BASE64_STANDARD.decode_slice(text, &mut room[..]).ok()?;
        bytes.copy_from_slice(room[..length].as_array::<KEY_BYTES>()?);
        Some(Self::new(bytes))
    }

    /// The bytes, to be written to a file.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..]
    }

    /// Which key it is.
    #[must_use]
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// Wraps a data key for one tenant; for any other it does not open.
    pub(super) fn wrap(&self, tenant: &TenantId, data: &DataKey) -> StoreResult<Wrapped> {
        Ok(Wrapped {
            key: self.id.clone(),
            sealed: seal(&self.bytes, &["data key", tenant.as_str()], &data.0[..])?,
        })
    }

    pub(super) fn unwrap(&self, tenant: &TenantId, wrapped: &Wrapped) -> StoreResult<DataKey> {
        let plain = open(&self.bytes, &["data key", tenant.as_str()], &wrapped.sealed);
        let data = plain.as_deref().and_then(|plain| plain.as_array());
        data.map(|data| DataKey(Zeroizing::new(*data)))
            .ok_or_else(|| {
                unreadable(format!(
                    "the data key of the tenant {tenant} does not open with the key {}: it is altered, or another tenant's",
                    self.id
                ))
            })
    }

    /// Seals the key before this one: whoever has the new one opens during a rotation what the old one wraps.
    pub(super) fn seal_previous(&self, previous: &Self) -> StoreResult<Sealed> {
        let bound = ["previous key", previous.id.as_str()];
        seal(&self.bytes, &bound, previous.bytes())
    }

    pub(super) fn open_previous(&self, previous: &KeyId, sealed: &Sealed) -> StoreResult<Self> {
        let plain = open(&self.bytes, &["previous key", previous.as_str()], sealed);
        let key = plain.as_deref().and_then(|plain| plain.as_array());
        key.map(|key| Self::new(Zeroizing::new(*key)))
            .filter(|key| key.id == *previous)
            .ok_or_else(|| {
                unreadable(format!(
                    "the key {previous} of the rotation under way does not open with the key {}",
                    self.id
                ))
            })
    }

    /// A password as it was sealed before there were data keys.
    pub(super) fn open_unwrapped(
        &self,
        tenant: &TenantId,
        name: &str,
        sealed: &Sealed,
    ) -> Option<Zeroizing<String>> {
        let plain = decrypt(&self.bytes, format!("{tenant}/{name}").as_bytes(), sealed)?;
        text(&plain)
    }
}

/// What seals a tenant's passwords.
pub(in crate::store) struct DataKey(Bytes);

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(withheld)")
    }
}

impl DataKey {
    pub(super) fn generate() -> StoreResult<Self> {
        random().map(Self)
    }

    /// Seals a password for one tenant, name and handle; under any other it does not open.
    ///
    /// # Errors
    /// `store-corrupt` where the system has no randomness.
    pub(in crate::store) fn seal(
        &self,
        tenant: &TenantId,
        name: &str,
        handle: &str,
        password: &str,
    ) -> StoreResult<Sealed> {
        let bound = ["password", tenant.as_str(), name, handle];
        seal(&self.0, &bound, password.as_bytes())
    }

    /// Opens a sealed password.
    ///
    /// # Errors
    /// `secret-unreadable` where it was sealed with another data key, or for another tenant, name or handle, or altered.
    pub(in crate::store) fn unseal(
        &self,
        tenant: &TenantId,
        name: &str,
        handle: &str,
        sealed: &Sealed,
    ) -> StoreResult<Zeroizing<String>> {
        let bound = ["password", tenant.as_str(), name, handle];
        open(&self.0, &bound, sealed)
            .and_then(|plain| text(&plain))
            .ok_or_else(|| unreadable_password(tenant, name))
    }
}

/// A stored password that nothing here opens.
pub(in crate::store) fn unreadable_password(tenant: &TenantId, name: &str) -> StoreError {
    unreadable(format!(
        "the stored password {name:?} of the tenant {tenant} does not open: it is altered, or was stored for something else"
    ))
}

/// Whether something sealed did not open.
pub(in crate::store) fn is_unreadable(error: &StoreError) -> bool {
    matches!(error, StoreError::Refused(problem) if problem.code == UNREADABLE)
}

fn unreadable(message: String) -> StoreError {
    StoreError::refused(
        UNREADABLE,
        message,
        "Store the password again, or restore the database from a backup.",
    )
}

/// Digits of a key, of either case.
fn digit(byte: u8) -> Option<u8> {
    let value = char::from(byte).to_digit(16)?;
    u8::try_from(value).ok()
}

fn text(plain: &[u8]) -> Option<Zeroizing<String>> {
    let text = std::str::from_utf8(plain).ok()?;
    Some(Zeroizing::new(text.to_owned()))
}

fn random() -> StoreResult<Bytes> {
    <[u8; KEY_BYTES]>::try_generate()
        .map(Zeroizing::new)
        .map_err(no_randomness)
}

fn no_randomness(error: impl fmt::Display) -> StoreError {
    StoreError::Corrupt(format!("no random numbers: {error}"))
}

/// Each part with its length before it, so that no two lists read alike.
fn associated(parts: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

fn seal(key: &Bytes, bound: &[&str], plain: &[u8]) -> StoreResult<Sealed> {
    encrypt(key, &associated(bound), plain)
}

fn open(key: &Bytes, bound: &[&str], sealed: &Sealed) -> Option<Zeroizing<Vec<u8>>> {
    decrypt(key, &associated(bound), sealed)
}

fn encrypt(key: &Bytes, aad: &[u8], msg: &[u8]) -> StoreResult<Sealed> {
    let nonce = XNonce::try_generate().map_err(no_randomness)?;
    let bytes = XChaCha20Poly1305::new((&**key).into())
        .encrypt(&nonce, Payload { msg, aad })
        .map_err(|_| StoreError::Corrupt("a password could not be sealed".to_owned()))?;
    Ok(Sealed {
        nonce: nonce.to_vec(),
        bytes,
    })
}

fn decrypt(key: &Bytes, aad: &[u8], sealed: &Sealed) -> Option<Zeroizing<Vec<u8>>> {
    let nonce = XNonce::try_from(&sealed.nonce[..]).ok()?;
    let msg = &sealed.bytes[..];
    XChaCha20Poly1305::new((&**key).into())
        .decrypt(&nonce, Payload { msg, aad })
        .map(Zeroizing::new)
        .ok()
}

#[cfg(test)]
impl Key {
    /// A password as an older version sealed it.
    pub(in crate::store) fn seal_unwrapped(
        &self,
        tenant: &TenantId,
        name: &str,
        password: &str,
    ) -> StoreResult<Sealed> {
        let bound = format!("{tenant}/{name}");
        encrypt(&self.bytes, bound.as_bytes(), password.as_bytes())
    }
}
