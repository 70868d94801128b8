//! What goes wrong in a store, and what people are told of it.

use std::path::PathBuf;

use crate::Problem;

/// Why a store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The request is not allowed; the problem says why.
    #[error("{0}")]
    Refused(Problem),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
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
            StoreError::Database(cause) if is_busy(cause) => (
                "store-busy",
                "Another process holds the database. Try again when it has finished.",
            ),
            StoreError::Database(cause) if is_no_database(cause) => (
                "store-corrupt",
                "The file is no database of this program, or is damaged: give another data directory, or restore this one from a backup.",
            ),
            StoreError::Database(_) => (
                "store-failed",
                "Check that the data directory is writable and its disk has room; what was not applied is applied when the run is resumed.",
            ),
            StoreError::Migration(_) => (
                "store-migration",
                "Use the version of this program that last wrote the data directory, or a newer one.",
            ),
            StoreError::Corrupt(_) => {
                ("store-corrupt", "Restore the data directory from a backup.")
            }
            StoreError::File { .. } => (
                "store-file",
                "Check that the path exists and that this user may read and write it.",
            ),
        };
        tracing::error!(code, cause = %error, "the store failed");
        Problem::new(code, error.to_string(), remedy)
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::PoolTimedOut)
        || error
            .as_database_error()
            .and_then(|e| e.code())
            .is_some_and(|code| matches!(code.as_ref(), "5" | "261" | "517"))
}

/// Whether the file is something else than a whole database (SQLITE_CORRUPT, SQLITE_NOTADB).
fn is_no_database(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(|e| e.code())
        .is_some_and(|code| matches!(code.as_ref(), "11" | "26"))
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
}
