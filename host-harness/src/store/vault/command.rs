//! A key from a program: a vault's client, a hardware module's.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use zeroize::Zeroizing;

use super::file::LONGEST;
use super::key::Key;
use crate::store::error::{StoreError, StoreResult};

/// How long a program has to print the key.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);
/// How much of what a program says of its trouble is told.
const TOLD: usize = 500;

/// Runs a program, without a shell, and reads the key that it prints.
pub(super) async fn read(words: &[String], patience: Duration) -> StoreResult<Key> {
    let program = words.first().map(String::as_str).unwrap_or_default();
    let failed = |what: String| {
        StoreError::refused(
            "key-command-failed",
            format!("the program {program} did not tell the key: {what}"),
            "Run it by hand, as this user: it prints 32 bytes in hexadecimal or base64, and ends with 0.",
        )
    };
    let mut child = Command::new(program)
        .args(words.get(1..).unwrap_or_default())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let asked = async { tokio::join!(beginning(out), beginning(err), child.wait()) };
    let Ok((out, err, ended)) = tokio::time::timeout(patience, asked).await else {
        return Err(StoreError::refused(
            "key-command-timeout",
            format!(
                "the program {program} did not tell the key within {} s",
                patience.as_secs()
            ),
            "Run it by hand, as this user: it may not ask anybody for anything.",
        ));
    };
    let status = ended.map_err(|error| failed(error.to_string()))?;
    if !status.success() {
        let said = said(&err, &out);
        return Err(failed(if said.is_empty() {
            format!("it ended with {status}")
        } else {
            format!("it ended with {status} and said: {said}")
        }));
    }
    Key::parse(&out).ok_or_else(|| failed("what it printed is no key".to_owned()))
}

/// What a program prints, as long as a key may be.
async fn beginning(from: Option<impl AsyncRead + Unpin>) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    if let Some(from) = from {
        // What cannot be read is as good as not said.
        let _ = from.take(LONGEST as u64).read_to_end(&mut bytes).await;
    }
    bytes
}

/// What a program said of its trouble, on one line, without what it printed as the key.
fn said(err: &[u8], out: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(err).into_owned();
    let secret = String::from_utf8_lossy(out);
    for line in secret
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        text = text.replace(line, "(withheld)");
    }
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(TOLD).collect()
}
