//! Keys in files.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::key::{Key, KeyId};
use crate::store::error::{StoreError, StoreResult};

/// The key file's name in the data directory.
pub const KEY_FILE: &str = "secrets.key";
/// More than any way to write a key takes.
pub(super) const LONGEST: usize = 1024;

/// Who else may read a key file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readers {
    /// Its owner alone.
    Owner,
    /// The owner's group too: where a service manager grants a credential to a service's user by an access list, the mode
    /// shows that list's mask in the group's place.
    Granted,
}

/// Reads a key file; none where there is no file.
pub(super) fn read(path: &Path, readers: Readers) -> StoreResult<Option<Key>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::file(path, error)),
    };
    check_mode(&file, path, readers)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    file.take(LONGEST as u64)
        .read_to_end(&mut bytes)
        .map_err(|e| StoreError::file(path, e))?;
    Key::parse(&bytes).map(Some).ok_or_else(|| {
        StoreError::refused(
            "key-file-broken",
            format!("{} does not hold a key: 32 bytes, as they are, in hexadecimal or in base64", path.display()),
            "Put back the key file that belongs to this database. If it is lost, remove the file, then: rollcall key reset \
             --forget-passwords, and store the passwords again.",
        )
    })
}

/// The refusal of a file that is not there.
pub(super) fn missing(path: &Path) -> StoreError {
    StoreError::refused(
        "key-file-missing",
        format!("there is no key file {}", path.display()),
        "Copy it from a host that has it, or name its source with --secrets-key. If it is lost: rollcall key reset \
         --forget-passwords, then store the passwords again.",
    )
}

#[cfg(unix)]
fn check_mode(file: &File, path: &Path, readers: Readers) -> StoreResult<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file
        .metadata()
        .map_err(|e| StoreError::file(path, e))?
        .permissions()
        .mode();
    let others = match readers {
        Readers::Owner => 0o077,
        Readers::Granted => 0o007,
    };
    if mode & others == 0 {
        return Ok(());
    }
    Err(StoreError::refused(
        "key-file-exposed",
        format!(
            "{} may be read by others (mode {:03o})",
            path.display(),
            mode & 0o777
        ),
        format!("Run: chmod 600 {}", path.display()),
    ))
}

#[cfg(not(unix))]
fn check_mode(_: &File, _: &Path, _: Readers) -> StoreResult<()> {
    Ok(())
}

/// Writes a key beside its place and links it there, so that two processes that begin together end with the same whole key.
pub(super) fn make(path: &Path) -> StoreResult<Key> {
    let key = Key::generate()?;
    let draft = beside(path, &format!("{}.new", uuid::Uuid::new_v4().simple()));
    let written =
        write_private(&draft, key.bytes()).and_then(|()| std::fs::hard_link(&draft, path));
    let _ = std::fs::remove_file(&draft);
    match written {
        Ok(()) => sync_folder(path)?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(StoreError::file(path, error)),
    }
    read(path, Readers::Owner)?.ok_or_else(|| missing(path))
}

/// Where the next key waits until a database knows of it.
pub(super) fn next(path: &Path) -> PathBuf {
    beside(path, "next")
}

/// Puts the next key into its place, where it has this id. The key before stays beside it, named by its id: backups from
/// before need it. Says where it is.
pub(super) fn promote(path: &Path, id: &KeyId) -> StoreResult<Option<PathBuf>> {
    let next = next(path);
    if read(&next, Readers::Owner)?.is_none_or(|key| key.id() != id) {
        return Ok(None);
    }
    let mut kept = None;
    if let Some(before) = read(path, Readers::Owner)? {
        let place = beside(path, before.id().as_str());
        match std::fs::hard_link(path, &place) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(StoreError::file(place, error)),
        }
        kept = Some(place);
    }
    std::fs::rename(&next, path).map_err(|e| StoreError::file(path, e))?;
    sync_folder(path)?;
    Ok(kept)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{suffix}"));
    name.into()
}

/// Makes sure that a new name is still there after a power cut.
#[cfg(unix)]
fn sync_folder(path: &Path) -> StoreResult<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|e| StoreError::file(folder, e))
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> StoreResult<()> {
    Ok(())
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
