//! Where the host's key comes from.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::command;
use super::file::{self, KEY_FILE, Readers};
use super::key::Key;
use crate::store::error::{StoreError, StoreResult};

/// Systemd's name for where it puts a service's credentials.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// A source of the host's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// The file in a data directory; made where there is none and the database needs none yet.
    Own(PathBuf),
    /// A file, which its owner alone may read.
    File(PathBuf),
    /// A credential that the service manager puts into `$CREDENTIALS_DIRECTORY`.
    Credential(String),
    /// What a program prints, with its arguments; it is run without a shell.
    Command(Vec<String>),
}

/// A text that names no source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("give file:PATH, credential:NAME or command:PROGRAM ARGUMENTS")]
pub struct BadSource;

impl FromStr for KeySource {
    type Err = BadSource;

    fn from_str(text: &str) -> Result<Self, BadSource> {
        let (kind, rest) = text.split_once(':').ok_or(BadSource)?;
        if rest.trim().is_empty() {
            return Err(BadSource);
        }
        match kind {
            "file" => Ok(Self::File(rest.into())),
            "credential" if is_name(rest) => Ok(Self::Credential(rest.to_owned())),
            "command" => Ok(Self::Command(
                rest.split_whitespace().map(str::to_owned).collect(),
            )),
            _ => Err(BadSource),
        }
    }
}

/// Whether a credential of this name is in the directory of credentials and nowhere else.
fn is_name(text: &str) -> bool {
    !text.contains(['/', '\\']) && text != "." && text != ".."
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(path) | Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Credential(name) => write!(f, "credential:{name}"),
            Self::Command(words) => write!(f, "command:{}", words.join(" ")),
        }
    }
}

impl KeySource {
    /// The key file of a data directory.
    #[must_use]
    pub fn beside(data_dir: &Path) -> Self {
        Self::Own(data_dir.join(KEY_FILE))
    }

    /// The keys that it has: its own, and beside a file the next one, where a rotation was stopped.
    pub(super) async fn load(&self) -> StoreResult<Vec<Key>> {
        let mut keys = vec![self.load_one().await?];
        if let Some(path) = self.path() {
            keys.extend(file::read(&file::next(path), Readers::Owner)?);
        }
        Ok(keys)
    }

    /// Its own key.
    pub(super) async fn load_one(&self) -> StoreResult<Key> {
        match self {
            Self::Own(path) | Self::File(path) => {
                file::read(path, Readers::Owner)?.ok_or_else(|| file::missing(path))
            }
            Self::Credential(name) => credential(name),
            Self::Command(words) => command::read(words, command::PATIENCE).await,
        }
    }

    /// Its own key; where it is a file that is not there, a new one.
    ///
    /// # Errors
    /// As [`Self::load_one`]; a file that was named must be there, unless `anywhere`.
    pub(in crate::store) async fn load_or_make(&self, anywhere: bool) -> StoreResult<Key> {
        match self {
            Self::File(_) if !anywhere => self.load_one().await,
            Self::Own(path) | Self::File(path) => match file::read(path, Readers::Owner)? {
                Some(key) => Ok(key),
                None => file::make(path),
            },
            _ => self.load_one().await,
        }
    }

    /// The file, where it is one.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::Own(path) | Self::File(path) => Some(path),
            Self::Credential(_) | Self::Command(_) => None,
        }
    }
}

fn credential(name: &str) -> StoreResult<Key> {
    let Some(folder) = std::env::var_os(CREDENTIALS) else {
        return Err(StoreError::refused(
            "key-file-missing",
            format!("there is no credential {name}: {CREDENTIALS} is not set"),
            format!("Let the service manager give it: LoadCredential={name}:PATH in the unit."),
        ));
    };
    let path = PathBuf::from(folder).join(name);
    file::read(&path, Readers::Granted)?.ok_or_else(|| file::missing(&path))
}
