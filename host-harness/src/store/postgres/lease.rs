//! Which host works for a tenant: a row with a token that grows with every holder, kept by renewing it.
//!
//! Every transaction that writes what is a tenant's, on behalf of this process, first makes sure that the token is still the
//! one that this process holds: see [`PostgresStore::write`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::{Connection, PgConnection, Postgres, Transaction};
use tokio::time::MissedTickBehavior;
use tokio_util::task::TaskTracker;

use super::open::{Inner, PostgresStore};
use crate::ports::leases::{Lease, Leases};
use crate::ports::{Outcome, TenantId};
use crate::store::error::{StoreError, StoreResult};
use crate::store::refused;

/// How long a holder that is not heard of keeps a lease, in seconds.
const LENGTH: f64 = 15.0;
/// How often it is renewed.
const RENEWAL: Duration = Duration::from_secs(4);
/// How long a renewal may take before it is tried on another connection.
const PATIENCE: Duration = Duration::from_secs(4);

/// The leases of this process.
#[derive(Debug)]
pub(super) struct Keeper {
    /// Who this process is, among all that ever shared the database.
    holder: String,
    held: Mutex<Held>,
    /// Leases that are being given back.
    returns: TaskTracker,
}

#[derive(Debug, Default)]
struct Held {
    /// By tenant. None while it is being taken.
    tokens: HashMap<TenantId, Option<i64>>,
    renewed: bool,
}

impl Keeper {
    pub(super) fn new() -> Self {
        let host = rustix::system::uname();
        let id = uuid::Uuid::new_v4().simple().to_string();
        Self {
            holder: format!(
                "{}:{}:{}",
                host.nodename().to_string_lossy(),
                std::process::id(),
                &id[..8]
            ),
            held: Mutex::default(),
            returns: TaskTracker::new(),
        }
    }

    /// Who this process is, among all that share the database.
    pub(super) fn holder(&self) -> &str {
        &self.holder
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until what was given back is.
    pub(super) async fn close(&self) {
        self.returns.close();
        self.returns.wait().await;
    }
}

/// A lease of this process; dropping it gives it back.
struct Taken {
    store: PostgresStore,
    tenant: TenantId,
    /// None until it is taken.
    token: Option<i64>,
}

impl Drop for Taken {
    fn drop(&mut self) {
        let keeper = self.store.keeper();
        keeper.held().tokens.remove(&self.tenant);
        let Some(token) = self.token else { return };
        // Without a runtime the process ends, and the lease soon after it.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let (store, tenant) = (self.store.clone(), self.tenant.clone());
        keeper.returns.spawn_on(
            async move {
                if let Err(error) = store.give_back(&tenant, token).await {
                    tracing::warn!(%tenant, %error, "a lease is not given back; it ends by itself");
                }
            },
            &runtime,
        );
    }
}

#[async_trait]
impl Leases for PostgresStore {
    async fn lease(&self, tenant: &TenantId) -> Outcome<Lease> {
        Ok(Lease::new(self.take(tenant).await?))
    }
}

impl PostgresStore {
    async fn take(&self, tenant: &TenantId) -> StoreResult<Taken> {
        {
            let mut held = self.keeper().held();
            if held.tokens.contains_key(tenant) {
                return Err(refused::tenant_busy(tenant));
            }
            held.tokens.insert(tenant.clone(), None);
            if !held.renewed {
                held.renewed = true;
                tokio::spawn(renew(Arc::downgrade(self.inner())));
            }
        }
        // Dropped here where it is not taken, or nobody waits for it any more.
        let mut taken = Taken {
            store: self.clone(),
            tenant: tenant.clone(),
            token: None,
        };
        let token = self.take_row(tenant).await?;
        taken.token = Some(token);
        let mut held = self.keeper().held();
        held.tokens.insert(tenant.clone(), Some(token));
        Ok(taken)
    }

    /// One statement decides, whoever else asks: it sees the row as it is when it may write it.
    async fn take_row(&self, tenant: &TenantId) -> StoreResult<i64> {
        let mut tx = self.begin().await?;
        // Nobody who only asks locks what its holder renews.
        if let Some(busy) = held_by(&mut tx, tenant, &self.keeper().holder).await? {
            return Err(busy);
        }
        // What the last holder is writing comes first.
        sqlx::query("SELECT 1 FROM tenant WHERE name = $1 FOR NO KEY UPDATE")
            .bind(tenant.as_str())
            .execute(&mut *tx)
            .await?;
        let token: Option<i64> = sqlx::query_scalar(
            "INSERT INTO lease (tenant, token, holder, until)
             VALUES ($1, 1, $2, clock_timestamp() + make_interval(secs => $3))
             ON CONFLICT (tenant) DO UPDATE SET token = lease.token + 1, holder = excluded.holder,
                until = excluded.until
                WHERE lease.until <= clock_timestamp() OR lease.holder = excluded.holder
             RETURNING token",
        )
        .bind(tenant.as_str())
        .bind(&self.keeper().holder)
        .bind(LENGTH)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(token) = token else {
            return Err(refused::tenant_busy(tenant));
        };
        tx.commit().await?;
        Ok(token)
    }

    async fn give_back(&self, tenant: &TenantId, token: i64) -> StoreResult<()> {
        sqlx::query("UPDATE lease SET until = '-infinity' WHERE tenant = $1 AND token = $2")
            .bind(tenant.as_str())
            .bind(token)
            .execute(&mut *self.read().await?)
            .await?;
        Ok(())
    }
}

/// Why somebody does not get it: another has it, and for how long at least.
async fn held_by(
    tx: &mut Transaction<'_, Postgres>,
    tenant: &TenantId,
    holder: &str,
) -> StoreResult<Option<StoreError>> {
    let held: Option<(String, i64)> = sqlx::query_as(
        "SELECT holder, ceil(extract(epoch FROM until - clock_timestamp()))::bigint
         FROM lease WHERE tenant = $1 AND until > clock_timestamp() AND holder <> $2",
    )
    .bind(tenant.as_str())
    .bind(holder)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(held.map(|(holder, seconds)| refused::tenant_leased(tenant, &holder, seconds)))
}

/// Refuses to write for a tenant whose lease this process had and lost. The transaction holds the tenant's row, as whoever
/// takes the lease does.
pub(super) async fn check(
    tx: &mut Transaction<'_, Postgres>,
    keeper: &Keeper,
    tenant: &TenantId,
) -> StoreResult<()> {
    let Some(Some(mine)) = keeper.held().tokens.get(tenant).copied() else {
        return Ok(());
    };
    let now: Option<i64> = sqlx::query_scalar("SELECT token FROM lease WHERE tenant = $1")
        .bind(tenant.as_str())
        .fetch_optional(&mut **tx)
        .await?;
    if now == Some(mine) {
        return Ok(());
    }
    Err(refused::lease_lost(tenant))
}

/// Renews what this process holds, on a connection of its own: the others may all be busy.
async fn renew(store: Weak<Inner>) {
    let mut ticks = tokio::time::interval(RENEWAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut connection = None;
    loop {
        ticks.tick().await;
        let Some(inner) = store.upgrade() else { return };
        let (tenants, tokens) = {
            let held = inner.keeper.held();
            let taken = held.tokens.iter();
            taken
                .filter_map(|(tenant, token)| Some((tenant.as_str().to_owned(), (*token)?)))
                .unzip()
        };
        let renewed = extend(&inner, &mut connection, tenants, tokens);
        match tokio::time::timeout(PATIENCE, renewed).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, "leases are not renewed");
                connection = None;
            }
            Err(_) => {
                tracing::warn!("leases are not renewed: the database does not answer");
                connection = None;
            }
        }
    }
}

async fn extend(
    inner: &Inner,
    connection: &mut Option<PgConnection>,
    tenants: Vec<String>,
    tokens: Vec<i64>,
) -> StoreResult<()> {
    if tenants.is_empty() {
        if let Some(idle) = connection.take() {
            idle.close().await?;
        }
        return Ok(());
    }
    let open = match connection.take() {
        Some(open) => connection.insert(open),
        None => connection.insert(inner.connect().await?),
    };
    // A row that is not there any more, or has another token, is found out by whoever writes next.
    sqlx::query(
        // One that somebody locks holds the others up no longer than till the next time.
        "UPDATE lease SET until = clock_timestamp() + make_interval(secs => $3)
         WHERE tenant IN (SELECT l.tenant FROM lease l
            JOIN unnest($1::text[], $2::bigint[]) mine (tenant, token) ON l.tenant = mine.tenant AND l.token = mine.token
            FOR UPDATE OF l SKIP LOCKED)",
    )
    .bind(tenants)
    .bind(tokens)
    .bind(LENGTH)
    .execute(open)
    .await
    .map_err(StoreError::from)?;
    Ok(())
}
