//! The store itself: files, connections, transactions.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::Utc;
use sqlx::migrate::Migrator;
use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Executor, Sqlite, SqliteConnection, SqlitePool, Transaction};
use tokio::sync::{Mutex, MutexGuard};

use super::seen::Planning;
use crate::Problem;
use crate::ports::TenantId;
use crate::store::database::SchemaVersions;
use crate::store::error::{StoreError, StoreResult};
pub(super) use crate::store::refused::not_installed;
pub use crate::store::seen::PlanLimits;
pub(super) use crate::store::standing::{signed, unsigned};
use crate::store::vault::{KeyChoice, Vault, settle};

/// The database's file name in the data directory.
pub(in crate::store) const DATABASE: &str = "rollcall.db";
/// Readers beside the one writer.
const READERS: u32 = 3;
/// How long a statement waits for another process.
const BUSY: Duration = Duration::from_secs(10);

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("src/store/sqlite/migrations");

/// The tables that an apply works with live in the writer's own memory.
const SCRATCH: &str = "CREATE TEMP TABLE IF NOT EXISTS batch (
    id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, person INTEGER) STRICT";

/// An SQLite database with the ports [`crate::ports`] names. Clones share it.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
    plan_limits: PlanLimits,
}

#[derive(Debug)]
struct Inner {
    data_dir: PathBuf,
    writer: SqlitePool,
    readers: SqlitePool,
    versions: SchemaVersions,
    vault: Vault,
    /// Tenants' numbers never change and are never given away again.
    tenants: RwLock<HashMap<TenantId, i64>>,
    planning: Mutex<Planning>,
}

impl Store {
    /// Opens the database of a data directory and brings it up to date; makes both where there are none,
    /// for this user only. The key of its passwords is in the data directory too.
    ///
    /// # Errors
    /// As [`Self::open_with_keys`].
    pub async fn open(data_dir: &Path) -> Result<Self, Problem> {
        Self::open_with_keys(data_dir, KeyChoice::beside(data_dir)).await
    }

    /// The same, with a key from elsewhere.
    ///
    /// # Errors
    /// `store-file`, `store-migration`, `store-failed`, `wrong-secrets-key`, `key-file-missing`, `key-file-exposed`,
    /// `key-file-broken`, `key-command-failed`, `key-command-timeout`.
    pub async fn open_with_keys(data_dir: &Path, keys: KeyChoice) -> Result<Self, Problem> {
        let store = Self::try_open(data_dir, keys).await?;
        settle(&store, store.vault()).await?;
        Ok(store)
    }

    /// The same store, with other limits on a plan.
    #[must_use]
    pub fn with_plan_limits(mut self, limits: PlanLimits) -> Self {
        self.plan_limits = limits;
        self
    }

    /// The directory that was opened.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.inner.data_dir
    }

    /// How old the database's shape was when it was opened, and what it is now.
    #[must_use]
    pub fn versions(&self) -> SchemaVersions {
        self.inner.versions
    }

    /// Closes every connection, so that the files are complete without a write-ahead log beside them.
    pub async fn close(&self) {
        self.inner.readers.close().await;
        self.inner.writer.close().await;
    }

    async fn try_open(data_dir: &Path, keys: KeyChoice) -> StoreResult<Self> {
        make_directory(data_dir)?;
        let path = data_dir.join(DATABASE);
        make_private_file(&path)?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .page_size(8192)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .pragma("wal_autocheckpoint", "2000")
            .pragma("journal_size_limit", "33554432")
            .disable_statement_logging();
        let writer = PoolOptions::<Sqlite>::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .after_connect(|connection, _| {
                Box::pin(async move { connection.execute(SCRATCH).await.map(|_| ()) })
            })
            .connect_with(
                options
                    .clone()
                    .pragma("cache_size", "-12288")
                    // What is deleted from a page that is written anyway is overwritten: keys among it.
                    .pragma("secure_delete", "FAST"),
            )
            .await?;
        let from = version(&mut *writer.acquire().await?).await?;
        MIGRATIONS.run(&writer).await?;
        let to = MIGRATIONS.iter().map(|step| step.version).max();
        let versions = SchemaVersions {
            from,
            to: to.unwrap_or(0),
        };
        let readers = PoolOptions::<Sqlite>::new()
            .max_connections(READERS)
            .connect_with(options.read_only(true).pragma("cache_size", "-2048"))
            .await?;
        Ok(Self {
            inner: Arc::new(Inner {
                data_dir: data_dir.to_owned(),
                writer,
                readers,
                versions,
                vault: Vault::new(keys),
                tenants: RwLock::default(),
                planning: Mutex::default(),
            }),
            plan_limits: PlanLimits::default(),
        })
    }

    /// Connections that only read.
    pub(super) fn readers(&self) -> &SqlitePool {
        &self.inner.readers
    }

    /// Begins a transaction that may write. There is one at a time.
    pub(in crate::store) async fn write(&self) -> StoreResult<Transaction<'static, Sqlite>> {
        Ok(self.inner.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// Empties the write-ahead log, where nobody reads meanwhile: otherwise it is emptied later.
    pub(super) async fn empty_log(&self) {
        let emptied = self.inner.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)");
        if let Err(error) = emptied.await {
            tracing::debug!(%error, "the log is emptied later");
        }
    }

    /// Whose rows the runs being planned have. Taken before [`Self::write`], never after.
    pub(super) async fn planning(&self) -> MutexGuard<'_, Planning> {
        self.inner.planning.lock().await
    }

    pub(super) fn plan_limits(&self) -> PlanLimits {
        self.plan_limits
    }

    pub(in crate::store) fn vault(&self) -> &Vault {
        &self.inner.vault
    }

    /// A tenant's number. Refuses `not-installed` where nothing was ever installed.
    pub(super) async fn tenant(&self, tenant: &TenantId) -> StoreResult<i64> {
        let known = {
            let tenants = self
                .inner
                .tenants
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            tenants.get(tenant).copied()
        };
        if let Some(number) = known {
            return Ok(number);
        }
        let number: i64 = sqlx::query_scalar("SELECT id FROM tenant WHERE name = ?1")
            .bind(tenant.as_str())
            .fetch_optional(self.readers())
            .await?
            .ok_or_else(|| not_installed(tenant))?;
        self.inner
            .tenants
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(tenant.clone(), number);
        Ok(number)
    }
}

/// How old a database's shape is; 0 of a new one.
pub(super) async fn version(connection: &mut SqliteConnection) -> StoreResult<i64> {
    let known: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = '_sqlx_migrations')",
    )
    .fetch_one(&mut *connection)
    .await?;
    if !known {
        return Ok(0);
    }
    Ok(
        sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success")
            .fetch_one(connection)
            .await?,
    )
}

/// Unix seconds.
pub(super) fn now() -> i64 {
    Utc::now().timestamp()
}

/// Unix milliseconds.
pub(super) fn now_millis() -> i64 {
    Utc::now().timestamp_millis()
}

pub(in crate::store) fn make_directory(path: &Path) -> StoreResult<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|e| StoreError::file(path, e))
}

/// SQLite gives its other files the mode of this one.
fn make_private_file(path: &Path) -> StoreResult<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map(|_| ())
        .map_err(|e| StoreError::file(path, e))
}
