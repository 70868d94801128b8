//! What goes wrong in a store, and what people are told of it.

use std::path::PathBuf;

use crate::Problem;
use crate::telemetry::metrics::metrics;

/// Why a store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The request is not allowed; the problem says why.
    #[error("{0}")]
    Refused(Problem),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// No connection to the database's server.
    #[error("the database {place}: {source}")]
    Server {
        /// Which database, where.
        place: String,
        /// What the driver said.
        source: sqlx::Error,
    },
    /// The database could not be brought to this version's shape.
    #[error("the database could not be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// Something stored cannot be read back.
    #[error("stored data cannot be read: {0}")]
    Corrupt(String),
    /// A file of the data directory.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// What the functions of a store return.
pub type StoreResult<T> = Result<T, StoreError>;

impl StoreError {
    /// Refuses with a problem of these words.
    pub(crate) fn refused(
        code: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::Refused(Problem::new(code, message, remedy))
    }

    /// The same for a file.
    pub(crate) fn file(path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::File {
            path: path.into(),
            source,
        }
    }
}

impl From<Problem> for StoreError {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Corrupt(error.to_string())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let (code, remedy) = match &error {
            StoreError::Refused(problem) => return problem.clone(),
            StoreError::Database(cause) | StoreError::Server { source: cause, .. } => told(cause),
            StoreError::Migration(cause) if denied(cause) => FORBIDDEN,
            StoreError::Migration(_) => (
                "store-migration",
                "Use the version of this program that last wrote the database, or a newer one.",
            ),
            StoreError::Corrupt(_) => {
                ("store-corrupt", "Restore the data directory from a backup.")
            }
            StoreError::File { .. } => (
                "store-file",
                "Check that the path exists and that this user may read and write it.",
            ),
        };
        tracing::error!(code, cause = plain(&error), "the store failed");
        metrics().database_error(code);
        Problem::new(code, error.to_string(), remedy)
    }
}

/// The cause without stored values, for the log: some messages quote what they stumbled over.
fn plain(error: &StoreError) -> String {
    let cause = match error {
        StoreError::Corrupt(_) => return "stored data cannot be read".to_owned(),
        StoreError::Database(cause) | StoreError::Server { source: cause, .. } => cause,
        _ => return error.to_string(),
    };
    match cause {
        sqlx::Error::Database(told) => {
            // PostgreSQL's classes of data and of rules that it breaks.
            let state = told.code().unwrap_or_default();
            if state.starts_with("22") || state.starts_with("23") {
                return format!("the database refuses a value ({state})");
            }
            error.to_string()
        }
        sqlx::Error::ColumnDecode { index, .. } => format!("the column {index} cannot be read"),
        sqlx::Error::Decode(_) | sqlx::Error::Encode(_) => {
            "a value cannot be read or written".to_owned()
        }
        _ => error.to_string(),
    }
}

const FORBIDDEN: (&str, &str) = (
    "store-forbidden",
    "Let the database's owner run this, or grant its user what it needs: to make tables, and to read and write them.",
);

/// The code and the remedy of a database's trouble: SQLite's by its number, PostgreSQL's by its SQLSTATE.
fn told(error: &sqlx::Error) -> (&'static str, &'static str) {
    let code = error.as_database_error().and_then(|e| e.code());
    let busy = (
        "store-busy",
        "Another process holds the database. Try again when it has finished.",
    );
    let unreachable = (
        "store-unreachable",
        "Check host, port and network, and that the server runs; what was not applied is applied when the run is resumed.",
    );
    match (code.as_deref().unwrap_or_default(), error) {
        (_, sqlx::Error::PoolTimedOut) => busy,
        // SQLITE_BUSY and its kind; serialization, deadlock, a lock or a connection not to be had.
        ("5" | "261" | "517" | "40001" | "40P01" | "55P03" | "53300", _) => busy,
        // SQLITE_CORRUPT, SQLITE_NOTADB: the file is something else than a whole database.
        ("11" | "26", _) => (
            "store-corrupt",
            "The file is no database of this program, or is damaged: give another data directory, or restore this one from a backup.",
        ),
        (_, sqlx::Error::Io(cause)) if !is_tls(cause) => unreachable,
        ("57P01" | "57P02" | "57P03" | "25P03", _) => unreachable,
        (state, _) if state.len() == 5 && state.starts_with("08") => unreachable,
        (_, sqlx::Error::Tls(_) | sqlx::Error::Io(_)) => (
            "store-tls",
            "Check sslmode, sslrootcert and the server's certificate.",
        ),
        ("28P01" | "28000", _) => (
            "store-login",
            "Check the user, and the password in PGPASSWORD or ~/.pgpass; the server's pg_hba.conf says who may come from where.",
        ),
        ("3D000", _) => (
            "store-no-database",
            "Make it first: createdb --encoding UTF8 NAME.",
        ),
        ("42501", _) => FORBIDDEN,
        _ => (
            "store-failed",
            "Check that the data directory, or the database's server, is writable and its disk has room; what was not applied is applied when the run is resumed.",
        ),
    }
}

/// Whether the connection was there, and TLS on it was not.
fn is_tls(error: &std::io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(|cause| cause.is::<rustls::Error>())
}

/// Whether the user may not change the database's shape.
fn denied(error: &sqlx::migrate::MigrateError) -> bool {
    use sqlx::migrate::MigrateError::{Execute, ExecuteMigration};
    match error {
        Execute(cause) | ExecuteMigration(cause, _) => {
            let code = cause.as_database_error().and_then(|e| e.code());
            code.is_some_and(|code| code == "42501")
        }
        _ => false,
    }
}

/// Whether a statement broke a uniqueness rule of the database.
pub(crate) fn is_unique_violation(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(|e| e.is_unique_violation())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{StoreError, plain};
    use crate::store::Store;

    #[tokio::test]
    async fn a_file_that_is_no_database_is_not_a_full_disk() {
        let folder = tempfile::tempdir().unwrap();
        let text = "this is no database, however long it goes on. ".repeat(200);
        std::fs::write(folder.path().join("rollcall.db"), text).unwrap();
        let problem = Store::open(folder.path()).await.unwrap_err();
        assert_eq!(problem.code, "store-corrupt");
        assert!(problem.remedy.contains("backup"), "{}", problem.remedy);
    }

    #[test]
    fn what_is_logged_of_stored_data_quotes_nothing() {
        let read = serde_json::from_str::<u32>("\"ada@example.org\"").unwrap_err();
        let error = StoreError::from(read);
        assert!(error.to_string().contains("ada"), "{error}");
        assert_eq!(plain(&error), "stored data cannot be read");
        let error = StoreError::from(sqlx::Error::Decode("ada@example.org".into()));
        assert_eq!(plain(&error), "a value cannot be read or written");
        let error = StoreError::from(sqlx::Error::PoolTimedOut);
        assert_eq!(plain(&error), error.to_string());
    }
}
