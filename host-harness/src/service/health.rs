//! Whether the service does what it should.
//!
//! Some concerns stop this host: its database does not answer or is of another version, or the host is ending. Then a load balancer should send
//! requests elsewhere. All others are of tenants, or can be waited with: taking every host out because one tenant's directory is dead would make
//! the trouble everybody's.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::concern::{self, CODES, Concern};
use super::host::{Host, millis, now};
use crate::Problem;
use crate::cause::Cause;
use crate::ports::hosts::Beating;
use crate::ports::overview::{Lessee, Passwords};
use crate::ports::{Outcome, Overview, TenantId};
use crate::store::vault::KeyChoice;
use crate::telemetry::metrics::metrics;

/// How the service does.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Health {
    /// Runs under way on this host.
    pub under_way: usize,
    /// Runs that wait and could begin.
    pub waiting: u64,
    /// Seconds for which the oldest of them waits.
    pub oldest: u64,
    /// Tenants whose time has come and whose run nobody asked for yet.
    pub due: u64,
    /// Tenants whose time has passed without a run.
    pub overdue: u64,
    /// Tenants whose newest run failed.
    pub failing: u64,
    /// What to look at.
    pub concerns: Vec<Concern>,
}

impl Health {
    /// Whether this host can serve.
    #[must_use]
    pub fn ready(&self) -> bool {
        !self.concerns.iter().any(|concern| concern.stops)
    }
}

/// What lasts for a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasting {
    /// A run is planned or applied.
    UnderWay,
    /// A run waits and could begin.
    Waiting,
    /// Its time has passed without a run.
    Overdue,
    /// Its newest run failed.
    Failing,
}

/// Looks at a host's health. Clones share what was seen.
#[derive(Clone)]
pub struct Watcher {
    host: Host,
    overview: Arc<dyn Overview>,
    data: PathBuf,
    keys: KeyChoice,
    /// The version of the database's shape that this program knows.
    shape: i64,
    tenant_metrics: bool,
    /// Unix milliseconds: since when.
    since: i64,
    seen: Arc<Mutex<Option<(Instant, Health)>>>,
    looking: Arc<tokio::sync::Mutex<()>>,
}

/// Tenants counted, at most.
const COUNTED: u32 = 10_000;
/// How long a look is good for: probes are open to everybody, and may not be what the database is busy with.
const FRESH: Duration = Duration::from_secs(1);
/// How long the database may take. A probe waits a few seconds at most.
const PATIENCE: Duration = Duration::from_secs(3);

impl Watcher {
    /// Watches a host by its database, of a shape of this version, its data directory and where its key is.
    #[must_use]
    pub fn new(
        host: Host,
        overview: Arc<dyn Overview>,
        shape: i64,
        data: PathBuf,
        keys: KeyChoice,
    ) -> Self {
        Self {
            host,
            overview,
            data,
            keys,
            shape,
            tenant_metrics: false,
            since: now(),
            seen: Arc::default(),
            looking: Arc::default(),
        }
    }

    /// Tells each tenant's lateness and last success in numbers too.
    #[must_use]
    pub fn with_tenant_metrics(mut self, wanted: bool) -> Self {
        self.tenant_metrics = wanted;
        self
    }

    /// What the host is called in the database.
    #[must_use]
    pub fn host_name(&self) -> &str {
        &self.host.config.name
    }

    /// Leases that were not given back, on all hosts.
    ///
    /// # Errors
    /// The store's.
    pub async fn lessees(&self) -> Outcome<Vec<Lessee>> {
        self.overview.lessees().await
    }

    /// All hosts of the database; this one alone where nobody else can serve it.
    ///
    /// # Errors
    /// The store's.
    pub async fn hosts(&self) -> Outcome<Vec<Beating>> {
        let mut all = self.host.hosts.hosts().await?;
        if all.is_empty() {
            all.push(Beating {
                name: self.host_name().to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                since: self.since,
                silent: 0,
                tenants: self.host.under_way() as u64,
                here: true,
            });
        }
        Ok(all)
    }

    /// The tenants of whom something lasts at this moment: those that [`Health`] counts.
    ///
    /// # Errors
    /// The store's.
    pub async fn tenants(&self, lasting: Lasting) -> Outcome<HashSet<TenantId>> {
        let all = match lasting {
            Lasting::UnderWay => self.overview.at_work().await?,
            Lasting::Waiting => self.overview.kept_waiting(now()).await?,
            Lasting::Overdue => {
                let since = now() - millis(self.host.config.overdue);
                let due = self.host.queue.due(since, COUNTED).await?;
                due.into_iter().map(|due| due.tenant).collect()
            }
            Lasting::Failing => {
                let failing = self.overview.failing(COUNTED).await?;
                failing.into_iter().map(|one| one.tenant).collect()
            }
        };
        Ok(all.into_iter().collect())
    }

    /// Whether the stored passwords open.
    ///
    /// # Errors
    /// The store's.
    pub async fn passwords(&self) -> Outcome<Passwords> {
        self.overview.passwords().await
    }

    /// The id of the key that this host has, and from where.
    ///
    /// # Errors
    /// Where the key cannot be read.
    pub async fn key(&self) -> Outcome<(String, String)> {
        let (key, source) = self.keys.look().await?;
        Ok((key.to_string(), source))
    }

    pub(super) fn host(&self) -> &Host {
        &self.host
    }

    /// How the host does, as of a second ago at most. Sets the gauges.
    pub async fn health(&self) -> Health {
        let _one_looks = self.looking.lock().await;
        if let Some((at, health)) = &*self.seen()
            && at.elapsed() < FRESH
        {
            return health.clone();
        }
        let health = self.look().await;
        *self.seen() = Some((Instant::now(), health.clone()));
        health
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Option<(Instant, Health)>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn look(&self) -> Health {
        let mut health = Health {
            under_way: self.host.under_way(),
            ..Health::default()
        };
        metrics().under_way.set(signed(health.under_way as u64));
        if self.host.ending.is_cancelled() {
            health.concerns.push(concern::ending());
        }
        let asked = tokio::time::timeout(PATIENCE, self.ask(&mut health)).await;
        let answered = asked.unwrap_or_else(|_| Err(silent()));
        metrics().database_up.set(answered.is_ok().into());
        if let Err(problem) = answered {
            health.concerns.push(Concern::stopping(problem));
        }
        let free = free(&self.data);
        if let Some(free) = free {
            metrics().disk_free.set(signed(free));
            health.concerns.extend(concern::disk(free));
        }
        health.concerns.extend(concern::key(&self.keys));
        tell(&health);
        health
    }

    /// What the database knows.
    async fn ask(&self, health: &mut Health) -> Outcome<()> {
        let shape = self.overview.shape().await?;
        let before = now();
        if let Some(theirs) = self.overview.clock().await? {
            // It looked at its clock somewhere between the question and the answer.
            let ahead = i64::midpoint(before, now()) - theirs;
            #[expect(clippy::cast_precision_loss, reason = "a difference of clocks")]
            metrics().clock_skew.set(ahead as f64 / 1000.0);
            health.concerns.extend(concern::clock(ahead));
        }
        health.concerns.extend(concern::shape(shape, self.shape));
        let now = now();
        let late = self.host.config.overdue;
        let (waiting, since) = self.host.queue.backlog(now).await?;
        health.waiting = waiting;
        let oldest = since.map_or(0, |since| (now - since).max(0));
        health.oldest = u64::try_from(oldest / 1000).unwrap_or_default();
        if oldest > millis(late) {
            health.concerns.push(concern::late(waiting, health.oldest));
        }
        let mut due = self.host.queue.due(now, COUNTED).await?;
        health.due = due.len() as u64;
        // Whoever is due no more was read since, here or by another host, or has no timetable any more.
        let still: HashSet<_> = due.iter().map(|due| due.tenant.clone()).collect();
        due.retain(|due| due.at <= now - millis(late));
        health.overdue = due.len() as u64;
        health.concerns.extend(concern::overdue(&due, late));
        let failing = self.overview.failing(COUNTED).await?;
        health.failing = failing.len() as u64;
        for (cause, name) in [
            (Cause::Directory, "directory"),
            (Cause::Plugin, "plugin"),
            (Cause::Other, "other"),
        ] {
            let of = failing.iter().filter(|one| Cause::of(&one.code) == cause);
            let label = [("cause", name.to_owned())];
            let gauge = metrics().failing.get_or_create_owned(&label);
            gauge.set(signed(of.count() as u64));
        }
        let unread: Vec<_> = {
            let mut at_work = self.host.at_work();
            at_work.unread.retain(|tenant, _| still.contains(tenant));
            let unread = at_work.unread.iter();
            unread
                .map(|(tenant, code)| (tenant.clone(), *code))
                .collect()
        };
        health.concerns.extend(concern::failing(&failing, &unread));
        let held = self.overview.lessees().await?;
        let held = held.iter().filter(|lease| lease.left >= 0).count();
        metrics()
            .leases
            .set(signed(held.max(health.under_way) as u64));
        if self.tenant_metrics {
            let lateness = due.iter().map(|due| (&due.tenant, (now - due.at) / 1000));
            by_tenant(&metrics().tenant_overdue, lateness);
            let synced = self.overview.synced().await?;
            let synced = synced.iter().map(|(tenant, at)| (tenant, at / 1000));
            by_tenant(&metrics().tenant_synced, synced);
        }
        Ok(())
    }
}

/// The database did not answer in time.
fn silent() -> Problem {
    Problem::new(
        "store-unreachable",
        format!(
            "The database did not answer within {} s",
            PATIENCE.as_secs()
        ),
        "Check host, port and network, and that the server runs; what was not applied is applied when the run is resumed.",
    )
}

/// What is free where a directory is, in bytes, for others than root.
pub(crate) fn free(directory: &std::path::Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(directory).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

fn tell(health: &Health) {
    let all = metrics();
    all.ready.set(health.ready().into());
    all.waiting.set(signed(health.waiting));
    all.oldest_wait.set(signed(health.oldest));
    all.due.set(signed(health.due));
    all.overdue.set(signed(health.overdue));
    // One that is gone is 0, where a missing line would leave an alert hanging.
    for code in CODES {
        let label = [("code", code.to_owned())];
        all.concerns.get_or_create(&label).set(0);
    }
    for concern in &health.concerns {
        let label = [("code", concern.problem.code.clone())];
        let gauge = all.concerns.get_or_create_owned(&label);
        gauge.set(signed(concern.tenants.max(1)));
    }
}

type ByTenant = prometheus_client::metrics::family::Family<
    crate::telemetry::metrics::Labels<1>,
    prometheus_client::metrics::gauge::Gauge,
>;

/// Sets a gauge of each of these tenants, and of no others.
fn by_tenant<'t>(gauges: &ByTenant, values: impl Iterator<Item = (&'t TenantId, i64)>) {
    gauges.clear();
    for (tenant, value) in values {
        let label = [("tenant", tenant.to_string())];
        gauges.get_or_create(&label).set(value);
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
