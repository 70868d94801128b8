//! Runs the built `rollcall` program on a data directory of its own.

use std::ffi::OsStr;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Names another program than the one that was built beside the tests.
const PROGRAM: &str = "ROLLCALL_BIN";

/// Why the program gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum RollcallError {
    /// It is not built.
    #[error("{} does not exist; build it with `cargo build -p rollcall{}`, or name one in {PROGRAM}", .0.display(), release())]
    NotBuilt(PathBuf),
    /// It could not be run.
    #[error("running rollcall: {0}")]
    Run(#[from] io::Error),
    /// It ended with another code than it should.
    #[error("rollcall {arguments} ended with {code:?} instead of {wanted}\n{out}\n{err}")]
    Ended {
        /// How it was called.
        arguments: String,
        /// Its exit code; `None` where a signal ended it.
        code: Option<i32>,
        /// The code that was expected.
        wanted: i32,
        /// Its output.
        out: String,
        /// Its error output.
        err: String,
    },
    /// Its output is no JSON document.
    #[error("rollcall {arguments} printed no JSON: {error}\n{out}")]
    NotJson {
        /// How it was called.
        arguments: String,
        /// Why not.
        error: serde_json::Error,
        /// Its output.
        out: String,
    },
}

/// What it answered with `--json`.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The exit code.
    pub code: i32,
    /// The whole document: `command`, `exit`, and `result` or `problems`.
    pub document: Value,
}

impl Answer {
    /// The result; null where there is none.
    #[must_use]
    pub fn result(&self) -> &Value {
        &self.document["result"]
    }

    /// A value of the result by its JSON pointer (RFC 6901); null where there is none.
    #[must_use]
    pub fn at(&self, pointer: &str) -> &Value {
        self.result().pointer(pointer).unwrap_or(&Value::Null)
    }

    /// The codes of the problems, in order.
    #[must_use]
    pub fn problem_codes(&self) -> Vec<&str> {
        let problems = self.document["problems"].as_array();
        problems
            .into_iter()
            .flatten()
            .filter_map(|p| p["code"].as_str())
            .collect()
    }
}

/// The program, bound to one data directory.
#[derive(Debug)]
pub struct Rollcall {
    program: PathBuf,
    data: Data,
    variables: Vec<(String, String)>,
}

/// A data directory: one that goes with the value, or one that stays.
#[derive(Debug)]
enum Data {
    Own(TempDir),
    Given(PathBuf),
}

impl Rollcall {
    /// The program on a new data directory, which is removed when this is dropped.
    ///
    /// # Errors
    /// Where the program is not built or no directory can be made.
    pub fn new() -> Result<Self, RollcallError> {
        let folder = tempfile::Builder::new()
            .prefix("rollcall-data-")
            .permissions(private())
            .tempdir()?;
        Ok(Self {
            program: program()?,
            data: Data::Own(folder),
            variables: Vec::new(),
        })
    }

    /// The program on a data directory that stays.
    ///
    /// # Errors
    /// Where the program is not built.
    pub fn on(data: impl Into<PathBuf>) -> Result<Self, RollcallError> {
        Ok(Self {
            program: program()?,
            data: Data::Given(data.into()),
            variables: Vec::new(),
        })
    }

    /// The same with an environment variable.
    #[must_use]
    pub fn with_variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// The data directory.
    #[must_use]
    pub fn data(&self) -> &Path {
        match &self.data {
            Data::Own(folder) => folder.path(),
            Data::Given(path) => path,
        }
    }

    /// The program's file.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// A call, not yet made: for other input, or to be killed. Its environment is empty but for what was given.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .arg("--data")
            .arg(self.data())
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    /// Runs to the end, whatever it is.
    ///
    /// # Errors
    /// Where it could not be run.
    pub fn run<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Result<Output, RollcallError> {
        Ok(self.command(arguments).output()?)
    }

    /// Starts and returns at once. Its output is thrown away.
    ///
    /// # Errors
    /// Where it could not be run.
    pub fn spawn<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Result<Child, RollcallError> {
        Ok(self
            .command(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?)
    }

    /// Runs with `--json` and reads the answer.
    ///
    /// # Errors
    /// Where it printed anything else than one JSON document.
    pub fn json<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Result<Answer, RollcallError> {
        let output = self.command(arguments).arg("--json").output()?;
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        match (serde_json::from_str(&out), output.status.code()) {
            (Ok(document), Some(code)) => Ok(Answer { code, document }),
            (Err(error), Some(0)) => Err(RollcallError::NotJson {
                arguments: shown(arguments),
                error,
                out,
            }),
            (_, code) => Err(ended(arguments, code, 0, &output)),
        }
    }

    /// Runs with `--json` and expects an exit code.
    ///
    /// # Errors
    /// As [`Self::json`], and where the code is another one; the message holds all that it printed.
    pub fn expect<A: AsRef<OsStr>>(
        &self,
        wanted: i32,
        arguments: &[A],
    ) -> Result<Answer, RollcallError> {
        let answer = self.json(arguments)?;
        if answer.code == wanted {
            return Ok(answer);
        }
        Err(RollcallError::Ended {
            arguments: shown(arguments),
            code: Some(answer.code),
            wanted,
            out: answer.document.to_string(),
            err: String::new(),
        })
    }

    /// Writes a password where `--password-file` finds it, and returns the file.
    ///
    /// # Errors
    /// Where it could not be written.
    pub fn password_file(&self, password: &str) -> Result<PathBuf, RollcallError> {
        let file = self.data().join("test-password");
        std::fs::create_dir_all(self.data())?;
        std::fs::write(&file, password)?;
        Ok(file)
    }
}

/// The program beside the tests: `target/<profile>/rollcall`, for tests in `target/<profile>/deps`.
fn program() -> Result<PathBuf, RollcallError> {
    let built = match std::env::var_os(PROGRAM) {
        Some(named) => PathBuf::from(named),
        None => {
            let test = std::env::current_exe()?;
            let folder = test.parent().unwrap_or(Path::new("."));
            let folder = if folder.ends_with("deps") {
                folder.parent().unwrap_or(folder)
            } else {
                folder
            };
            folder.join(format!("rollcall{}", std::env::consts::EXE_SUFFIX))
        }
    };
    if built.is_file() {
        Ok(built)
    } else {
        Err(RollcallError::NotBuilt(built))
    }
}

/// As the program makes a data directory.
fn private() -> Permissions {
    Permissions::from_mode(0o700)
}

const fn release() -> &'static str {
    if cfg!(debug_assertions) {
        ""
    } else {
        " --release"
    }
}

fn shown<A: AsRef<OsStr>>(arguments: &[A]) -> String {
    let words: Vec<_> = arguments
        .iter()
        .map(|a| a.as_ref().to_string_lossy())
        .collect();
    words.join(" ")
}

fn ended<A: AsRef<OsStr>>(
    arguments: &[A],
    code: Option<i32>,
    wanted: i32,
    output: &Output,
) -> RollcallError {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    RollcallError::Ended {
        arguments: shown(arguments),
        code,
        wanted,
        out: text(&output.stdout),
        err: text(&output.stderr),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use super::*;

    /// A process started by another test would still hold a script open for writing, and the system refuses to run that.
    fn alone() -> MutexGuard<'static, ()> {
        static ALONE: Mutex<()> = Mutex::new(());
        ALONE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A program that does what a shell script says.
    fn scripted(script: &str) -> Rollcall {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        Rollcall {
            program,
            data: Data::Own(folder),
            variables: Vec::new(),
        }
    }

    #[test]
    fn an_answer_is_read_with_its_exit_code() {
        let _alone = alone();
        let rollcall =
            scripted(r#"echo '{"command":"sync","exit":6,"result":{"rows":[3]}}'; exit 6"#);
        let answer = rollcall.expect(6, &["sync", "acme"]).unwrap();
        assert_eq!(answer.at("/rows/0"), 3);
        assert_eq!(answer.at("/nothing"), &Value::Null);
    }

    #[test]
    fn problems_are_told_by_their_codes() {
        let _alone = alone();
        let rollcall =
            scripted(r#"echo '{"problems":[{"code":"bad-url"},{"code":"bad-dn"}]}'; exit 3"#);
        assert_eq!(
            rollcall.json(&["configure"]).unwrap().problem_codes(),
            ["bad-url", "bad-dn"]
        );
    }

    #[test]
    fn another_exit_code_is_told_with_all_that_was_printed() {
        let _alone = alone();
        let rollcall = scripted(r#"echo '{"problems":[{"code":"bad-url"}]}'; exit 3"#);
        let error = rollcall.expect(0, &["configure"]).unwrap_err().to_string();
        assert!(
            error.contains("configure") && error.contains("bad-url"),
            "{error}"
        );
    }

    #[test]
    fn output_that_is_no_json_is_refused() {
        let _alone = alone();
        assert!(matches!(
            scripted("echo hello").json(&["runs"]),
            Err(RollcallError::NotJson { .. })
        ));
        assert!(matches!(
            scripted("echo hello; exit 7").json(&["runs"]),
            Err(RollcallError::Ended { .. })
        ));
    }

    #[test]
    fn the_environment_is_what_was_given() {
        let _alone = alone();
        let rollcall = scripted(r#"printf '{"result":["%s","%s"]}' "$HOME" "$GIVEN""#)
            .with_variable("GIVEN", "yes");
        let answer = rollcall.json(&["runs"]).unwrap();
        assert_eq!(
            (answer.at("/0"), answer.at("/1")),
            (&Value::from(""), &Value::from("yes"))
        );
    }
}
