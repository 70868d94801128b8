//! Seals passwords: XChaCha20-Poly1305 under a key that lives in a file beside the database.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use chacha20poly1305::aead::{Aead, Generate, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::error::{StoreError, StoreResult};
use crate::ports::TenantId;

/// The key file's name in the data directory.
pub const KEY_FILE: &str = "secrets.key";
const KEY_BYTES: usize = 32;

/// A sealed password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Random, fresh for each password.
    pub nonce: Vec<u8>,
    /// The password, encrypted, with its tag.
    pub bytes: Vec<u8>,
}

/// Seals and opens passwords with the data directory's key.
pub struct Vault {
    cipher: XChaCha20Poly1305,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(key withheld)")
    }
}

impl Vault {
    /// Reads the key file of a data directory, or makes it (mode 0600) where there is none.
    ///
    /// # Errors
    /// `key-file-exposed` where others may read it, `key-file-broken` where it holds no key.
    pub fn open(data_dir: &Path) -> StoreResult<Self> {
        let path = data_dir.join(KEY_FILE);
        let key = match File::open(&path) {
            Ok(file) => read_key(file, &path)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => make_key(&path)?,
            Err(error) => return Err(StoreError::file(path, error)),
        };
        Ok(Self {
            cipher: XChaCha20Poly1305::new((&*key).into()),
        })
    }

    /// Seals a password for one tenant and name; opened under any other, it fails.
    ///
    /// # Errors
    /// `store-failed` where the system has no randomness.
    pub fn seal(&self, tenant: &TenantId, name: &str, password: &str) -> StoreResult<Sealed> {
        let nonce = XNonce::try_generate()
            .map_err(|e| StoreError::Corrupt(format!("no random numbers: {e}")))?;
        let aad = bound_to(tenant, name);
        let bytes = self
            .cipher
            .encrypt(
                &nonce,
                Payload {
                    msg: password.as_bytes(),
                    aad: &aad,
                },
            )
            .map_err(|_| StoreError::Corrupt("a password could not be sealed".to_owned()))?;
        Ok(Sealed {
            nonce: nonce.to_vec(),
            bytes,
        })
    }

    /// Opens a sealed password.
    ///
    /// # Errors
    /// `secret-unreadable` where it was sealed with another key, or for another tenant or name, or altered.
    pub fn unseal(
        &self,
        tenant: &TenantId,
        name: &str,
        sealed: &Sealed,
    ) -> StoreResult<Zeroizing<String>> {
        let unreadable = || {
            StoreError::refused(
                "secret-unreadable",
                format!(
                    "the stored password {name:?} of the tenant {tenant} does not open with the key in {KEY_FILE}"
                ),
                format!(
                    "Put back the {KEY_FILE} that belongs to this data directory, or store the password again."
                ),
            )
        };
        let nonce = XNonce::try_from(&sealed.nonce[..]).map_err(|_| unreadable())?;
        let aad = bound_to(tenant, name);
        let plain = self
            .cipher
            .decrypt(
                &nonce,
                Payload {
                    msg: &sealed.bytes,
                    aad: &aad,
                },
            )
            .map(Zeroizing::new)
            .map_err(|_| unreadable())?;
        let text = std::str::from_utf8(&plain).map_err(|_| unreadable())?;
        Ok(Zeroizing::new(text.to_owned()))
    }
}

/// A tenant's name has no slash, so the pair cannot be read in two ways.
fn bound_to(tenant: &TenantId, name: &str) -> Vec<u8> {
    format!("{tenant}/{name}").into_bytes()
}

fn broken(path: &Path) -> StoreError {
    StoreError::refused(
        "key-file-broken",
        format!(
            "{} does not hold a key of {KEY_BYTES} bytes",
            path.display()
        ),
        "Put back the key file that belongs to this data directory. Without it, remove the file and store the passwords again.",
    )
}

fn read_key(file: File, path: &Path) -> StoreResult<Zeroizing<[u8; KEY_BYTES]>> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = file
            .metadata()
            .map_err(|e| StoreError::file(path, e))?
            .permissions()
            .mode();
        if mode & 0o077 != 0 {
            return Err(StoreError::refused(
                "key-file-exposed",
                format!(
                    "{} may be read by others (mode {:03o})",
                    path.display(),
                    mode & 0o777
                ),
                format!("Run: chmod 600 {}", path.display()),
            ));
        }
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(KEY_BYTES + 1));
    file.take(KEY_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| StoreError::file(path, e))?;
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    if bytes.len() != KEY_BYTES {
        return Err(broken(path));
    }
    key.copy_from_slice(&bytes);
    Ok(key)
}

/// Writes the key beside its place and links it there, so that two processes that begin together
/// end with the same whole key.
fn make_key(path: &Path) -> StoreResult<Zeroizing<[u8; KEY_BYTES]>> {
    let key = <[u8; KEY_BYTES]>::try_generate()
        .map(Zeroizing::new)
        .map_err(|e| StoreError::Corrupt(format!("no random numbers: {e}")))?;
    let draft = path.with_extension(format!("{}.new", uuid::Uuid::new_v4().simple()));
    let written = write_private(&draft, &key[..]).and_then(|()| std::fs::hard_link(&draft, path));
    let _ = std::fs::remove_file(&draft);
    match written {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(StoreError::file(path, error)),
    }
    read_key(
        File::open(path).map_err(|e| StoreError::file(path, e))?,
        path,
    )
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn tenant(name: &str) -> TenantId {
        TenantId::new(name).unwrap()
    }

    #[test]
    fn a_password_opens_again_with_the_same_key_file() {
        let folder = tempfile::tempdir().unwrap();
        let sealed = Vault::open(folder.path())
            .unwrap()
            .seal(&tenant("acme"), "bind", "hunter2");
        let opened = Vault::open(folder.path())
            .unwrap()
            .unseal(&tenant("acme"), "bind", &sealed.unwrap())
            .unwrap();
        assert_eq!(opened.as_str(), "hunter2");
    }

    #[test]
    fn another_tenant_name_or_key_does_not_open_it() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(folder.path()).unwrap();
        let sealed = vault.seal(&tenant("acme"), "bind", "hunter2").unwrap();
        let code = |result: StoreResult<_>| crate::Problem::from(result.unwrap_err()).code;
        assert_eq!(
            code(vault.unseal(&tenant("other"), "bind", &sealed)),
            "secret-unreadable"
        );
        assert_eq!(
            code(vault.unseal(&tenant("acme"), "mail", &sealed)),
            "secret-unreadable"
        );
        let elsewhere = tempfile::tempdir().unwrap();
        let stranger = Vault::open(elsewhere.path()).unwrap();
        assert_eq!(
            code(stranger.unseal(&tenant("acme"), "bind", &sealed)),
            "secret-unreadable"
        );
        assert!(!format!("{vault:?}").contains("cipher"));
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        Vault::open(folder.path()).unwrap();
        let path = folder.path().join(KEY_FILE);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let problem = crate::Problem::from(Vault::open(folder.path()).unwrap_err());
        assert_eq!(problem.code, "key-file-exposed");
    }

    #[test]
    fn a_key_file_of_the_wrong_length_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        write_private(&folder.path().join(KEY_FILE), b"short").unwrap();
        let problem = crate::Problem::from(Vault::open(folder.path()).unwrap_err());
        assert_eq!(problem.code, "key-file-broken");
    }
}
