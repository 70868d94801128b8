//! A real PostgreSQL server, with databases for the program.

/// The same server as the store's own tests start.
#[path = "../../host-harness/src/store/postgres/server/process.rs"]
#[expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
mod process;

use std::path::Path;
use std::process::Command;

use crate::rollcall::Rollcall;
use crate::tenancy::{Trouble, program, trouble};
use process::{Server, programs};

/// A server that ends with this.
#[derive(Debug)]
pub struct Postgres(Server);

impl Postgres {
    /// Starts a server.
    #[must_use]
    pub fn start() -> Self {
        Self(Server::start())
    }

    /// The program on a new data directory and a database of the server, which is made where there is none.
    ///
    /// # Errors
    /// Where the program is not built, or the database cannot be made.
    pub fn program(&self, database: &str) -> Result<Rollcall, Trouble> {
        let known = self.ask(
            "postgres",
            &format!("SELECT count(*) FROM pg_database WHERE datname = '{database}'"),
        )?;
        if known == "0" {
            self.ask("postgres", &format!("CREATE DATABASE {database}"))?;
        }
        Ok(program()?.with_variable("ROLLCALL_DATABASE", self.url(database)))
    }

    /// The URL of a database of the server.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://rollcall@127.0.0.1:{}/{database}", self.0.port)
    }

    /// Another host: a data directory of its own, with the key of the first.
    ///
    /// # Errors
    /// As [`Self::program`]; where files cannot be copied.
    pub fn another(&self, database: &str, first: &Path) -> Result<Rollcall, Trouble> {
        let other = self.program(database)?;
        std::fs::copy(first.join("secrets.key"), other.data().join("secrets.key"))?;
        Ok(other)
    }

    /// Ends the server by a signal, `INT` or `QUIT`, and starts it again.
    ///
    /// # Errors
    /// Where an earlier one failed.
    pub fn restart(&self, signal: &str) -> Result<(), Trouble> {
        let guard = self.0._guard.lock();
        guard.map_err(trouble)?.start(signal);
        Ok(())
    }

    /// What the server answers to one statement.
    ///
    /// # Errors
    /// Where it refuses.
    pub fn ask(&self, database: &str, statement: &str) -> Result<String, Trouble> {
        let output = Command::new(programs().join("psql"))
            .args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-U", "rollcall", "-h"])
            .arg(&self.0.home)
            .args(["-p", &self.0.port.to_string(), "-d", database, "-c"])
            .arg(statement)
            .output()?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        } else {
            Err(trouble(String::from_utf8_lossy(&output.stderr)))
        }
    }
}
