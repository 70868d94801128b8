//! Where a client certificate's private key comes from: a file, never an argument.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use zeroize::Zeroizing;

use crate::Problem;

/// The longest file read; an RSA key of 16384 bits takes 13 kB.
const LONGEST: u64 = 64 << 10;

/// Where the key comes from.
#[derive(Debug, Default, Args)]
pub(crate) struct KeySource {
    /// Read the client certificate's private key from a file (PEM, without a passphrase)
    #[arg(long, value_name = "FILE", help_heading = "Password")]
    pub(crate) key_file: Option<PathBuf>,
}

impl KeySource {
    /// The key, if one was given.
    pub(crate) fn read(&self) -> Result<Option<Zeroizing<String>>, Problem> {
        self.key_file.as_deref().map(from_file).transpose()
    }
}

fn from_file(path: &Path) -> Result<Zeroizing<String>, Problem> {
    let bad = |what: &str| {
        Problem::new(
            "bad-key",
            format!("The key file {} {what}", path.display()),
            "Give a PEM file with the private key of the client certificate, from -----BEGIN PRIVATE KEY----- to -----END \
             PRIVATE KEY-----.",
        )
        .of_field("client-key")
    };
    let mut text = Zeroizing::new(String::new());
    fs::File::open(path)
        .and_then(|file| file.take(LONGEST).read_to_string(&mut text))
        .map_err(|error| bad(&format!("cannot be read: {error}")))?;
    if !text.contains("PRIVATE KEY-----") {
        return Err(bad("holds no private key"));
    }
    Ok(text)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Option<Zeroizing<String>>, Problem> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("client.key");
        fs::write(&path, bytes).unwrap();
        KeySource {
            key_file: Some(path),
        }
        .read()
    }

    #[test]
    fn a_key_is_read_whole() {
        let text = "-----BEGIN PRIVATE KEY-----\nMAMBAf8=\n-----END PRIVATE KEY-----\n";
        assert_eq!(*read(text.as_bytes()).unwrap().unwrap(), text);
        assert!(KeySource::default().read().unwrap().is_none());
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_shown() {
        for bytes in [&b"hunter2"[..], b"", b"\xff\xfe-----BEGIN PRIVATE KEY-----"] {
            let problem = read(bytes).unwrap_err();
            assert_eq!(problem.code, "bad-key");
            assert!(!format!("{problem:?}").contains("hunter2"));
        }
        let nowhere = KeySource {
            key_file: Some("/nowhere/at/all".into()),
        };
        assert_eq!(nowhere.read().unwrap_err().code, "bad-key");
    }
}
