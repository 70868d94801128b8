//! The store itself: connections, transactions.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use sqlx::pool::{PoolConnection, PoolOptions};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, PgPool, Postgres, Transaction};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::address::DatabaseUrl;
use super::lease::{self, Keeper};
use super::schema;
use crate::Problem;
use crate::ports::TenantId;
use crate::store::database::SchemaVersions;
use crate::store::error::{StoreError, StoreResult};
use crate::store::refused::not_installed;
use crate::store::seen::{PlanLimits, Planning};
use crate::store::sqlite::make_directory;
use crate::store::vault::{KeyChoice, Vault, settle};

/// Connections of one host.
const CONNECTIONS: u32 = 16;
/// How long a call waits for one of them, or for a server that does not answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What every connection is told. Plans for the values at hand: the tables grow from nothing to millions of rows while a
/// connection lives. Whoever holds a tenant for a long time without doing anything has died.
const SESSION: &str =
    "SET plan_cache_mode = force_custom_plan; SET jit = off; SET lock_timeout = '10s';
    SET idle_in_transaction_session_timeout = '10s'; SET client_min_messages = warning";

/// A PostgreSQL database with the ports [`crate::ports`] names. Clones share it.
#[derive(Debug, Clone)]
pub struct PostgresStore {
    inner: Arc<Inner>,
    plan_limits: PlanLimits,
}

#[derive(Debug)]
pub(super) struct Inner {
    data_dir: PathBuf,
    url: DatabaseUrl,
    pool: PgPool,
    versions: SchemaVersions,
    vault: Vault,
    pub(super) keeper: Keeper,
    /// Tenants' numbers never change and are never given away again.
    tenants: RwLock<HashMap<TenantId, i64>>,
    /// By tenant, so that none waits for another.
    planning: RwLock<HashMap<i64, Arc<Mutex<Planning>>>>,
}

impl PostgresStore {
    /// Opens a database and brings it up to date. The key of its passwords is in the data directory; hosts that share the
    /// database share the key too.
    ///
    /// # Errors
    /// As [`Self::open_with_keys`].
    pub async fn open(url: &DatabaseUrl, data_dir: &Path) -> Result<Self, Problem> {
        Self::open_with_keys(url, data_dir, KeyChoice::beside(data_dir)).await
    }

    /// The same, with a key from elsewhere.
    ///
    /// # Errors
    /// `store-unreachable`, `store-login`, `store-no-database`, `store-tls`, `store-forbidden`, `store-encoding`,
    /// `store-migration`, `store-failed`, `store-file`, `wrong-secrets-key`, `key-file-missing`, `key-file-exposed`,
    /// `key-file-broken`, `key-command-failed`, `key-command-timeout`.
    pub async fn open_with_keys(
        url: &DatabaseUrl,
        data_dir: &Path,
        keys: KeyChoice,
    ) -> Result<Self, Problem> {
        let store = Self::try_open(url, data_dir, keys).await?;
        settle(&store, store.vault()).await?;
        Ok(store)
    }

    /// The same store, with other limits on a plan.
    #[must_use]
    pub fn with_plan_limits(mut self, limits: PlanLimits) -> Self {
        self.plan_limits = limits;
        self
    }

    /// The directory with the key.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.inner.data_dir
    }

    /// How old the database's shape was when it was opened, and what it is now.
    #[must_use]
    pub fn versions(&self) -> SchemaVersions {
        self.inner.versions
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.inner.keeper.close().await;
        self.inner.pool.close().await;
    }

    async fn try_open(url: &DatabaseUrl, data_dir: &Path, keys: KeyChoice) -> StoreResult<Self> {
        make_directory(data_dir)?;
        let options = url.options().disable_statement_logging();
        let options = match options.get_application_name() {
            Some(_) => options,
            None => options.application_name("rollcall"),
        };
        // One by itself: the pool would try again and again, and then say only that it took too long.
        let mut first = connect(&options, url).await?;
        schema::check_encoding(&mut first).await?;
        let versions = schema::update(&mut first).await?;
        first.close().await?;
        let pool = PoolOptions::<Postgres>::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .after_connect(|connection, _| {
                Box::pin(async move { connection.execute(SESSION).await.map(|_| ()) })
            })
            .connect_lazy_with(options);
        Ok(Self {
            inner: Arc::new(Inner {
                data_dir: data_dir.to_owned(),
                url: url.clone(),
                pool,
                versions,
                vault: Vault::new(keys),
                keeper: Keeper::new(),
                tenants: RwLock::default(),
                planning: RwLock::default(),
            }),
            plan_limits: PlanLimits::default(),
        })
    }

    /// A connection to read with.
    pub(super) async fn read(&self) -> StoreResult<PoolConnection<Postgres>> {
        match self.inner.pool.acquire().await {
            Ok(connection) => Ok(connection),
            Err(error) => Err(self.why(error).await),
        }
    }

    /// Begins a transaction whose statements all see the same.
    pub(super) async fn snapshot(&self) -> StoreResult<Transaction<'static, Postgres>> {
        let begun = self
            .inner
            .pool
            .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .await;
        match begun {
            Ok(tx) => Ok(tx),
            Err(error) => Err(self.why(error).await),
        }
    }

    /// Begins a transaction that may write, of no tenant yet.
    pub(in crate::store) async fn begin(&self) -> StoreResult<Transaction<'static, Postgres>> {
        match self.inner.pool.begin().await {
            Ok(tx) => Ok(tx),
            Err(error) => Err(self.why(error).await),
        }
    }

    /// Begins a transaction that may write what is a tenant's. There is one at a time for each tenant. Refuses
    /// `lease-lost` where this process works for the tenant and another has taken its place.
    pub(super) async fn write(&self, tenant: i64) -> StoreResult<Transaction<'static, Postgres>> {
        let mut tx = self.begin().await?;
        // Not FOR UPDATE: others may still refer to the tenant.
        let name: String =
            sqlx::query_scalar("SELECT name FROM tenant WHERE id = $1 FOR NO KEY UPDATE")
                .bind(tenant)
                .fetch_one(&mut *tx)
                .await?;
        lease::check(&mut tx, self.keeper(), &TenantId::new(name)?).await?;
        Ok(tx)
    }

    /// Why there is no connection: the pool knows only that it waited.
    async fn why(&self, error: sqlx::Error) -> StoreError {
        if !matches!(error, sqlx::Error::PoolTimedOut) {
            return StoreError::Server {
                place: self.inner.url.to_string(),
                source: error,
            };
        }
        match self.inner.connect().await {
            Ok(_) => error.into(),
            Err(reason) => reason,
        }
    }

    /// Whose rows the tenant's runs being planned have. Taken before [`Self::write`], never after.
    pub(super) async fn planning(&self, tenant: i64) -> OwnedMutexGuard<Planning> {
        let planning = {
            let mut all = self
                .inner
                .planning
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            all.entry(tenant).or_default().clone()
        };
        planning.lock_owned().await
    }

    pub(super) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    pub(super) fn keeper(&self) -> &Keeper {
        &self.inner.keeper
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
        let number: i64 = sqlx::query_scalar("SELECT id FROM tenant WHERE name = $1")
            .bind(tenant.as_str())
            .fetch_optional(&mut *self.read().await?)
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

impl Inner {
    /// A connection beside the pool's.
    pub(super) async fn connect(&self) -> StoreResult<PgConnection> {
        let options = self.url.options().disable_statement_logging();
        let mut connection = connect(&options, &self.url).await?;
        connection.execute(SESSION).await?;
        Ok(connection)
    }
}

pub(super) async fn connect(
    options: &PgConnectOptions,
    url: &DatabaseUrl,
) -> StoreResult<PgConnection> {
    let failed = |source| StoreError::Server {
        place: url.to_string(),
        source,
    };
    match tokio::time::timeout(PATIENCE, options.connect()).await {
        Ok(connected) => connected.map_err(failed),
        Err(_) => Err(failed(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))),
    }
}
