//! Runs a scenario in a real browser: a script of `tests/browser/` in Node, which drives Chromium.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::tenancy::{Trouble, trouble};

/// Runs `tests/browser/SCENARIO.mjs` with what it needs to know. Whenever it asks for something to be done outside of the browser, `answer` does
/// it, and says what came of it.
///
/// # Errors
/// Where Node or what it needs is missing, where the scenario fails, and what `answer` says.
pub fn run(
    scenario: &str,
    facts: &Value,
    mut answer: impl FnMut(&Value) -> Result<Value, Trouble>,
) -> Result<(), Trouble> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    if !folder.join("node_modules").is_dir() {
        return Err(trouble(format!(
            "{} has no node_modules: run `npm ci` there",
            folder.display()
        )));
    }
    let mut node = Command::new("node")
        .arg(folder.join(format!("{scenario}.mjs")))
        .env("ROLLCALL_FACTS", facts.to_string())
        .env("ROLLCALL_TRACES", traces())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| trouble(format!("node cannot be started: {error}")))?;
    let mut to = node.stdin.take().ok_or_else(|| trouble("no input"))?;
    let from = node.stdout.take().ok_or_else(|| trouble("no output"))?;
    let mut failed = None;
    for line in BufReader::new(from).lines() {
        let line = line.map_err(trouble)?;
        let Ok(asked) = serde_json::from_str::<Value>(&line) else {
            eprintln!("{scenario}: {line}");
            continue;
        };
        let said = answer(&asked).unwrap_or_else(|error| {
            let said = json!({ "error": error.to_string() });
            failed = Some(error);
            said
        });
        writeln!(to, "{said}").map_err(trouble)?;
    }
    let ended = node.wait().map_err(trouble)?;
    match failed {
        Some(error) => Err(error),
        None if ended.success() => Ok(()),
        None => Err(trouble(format!("the scenario {scenario} failed: {ended}"))),
    }
}

/// Where traces and pictures of failures are kept.
fn traces() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/browser")
}
