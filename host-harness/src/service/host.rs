//! A host of the service.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::Utc;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::ports::{History, Hosts, Queue, TenantId};
use crate::tenant::{Hook, Platform, Tenant};

/// Gives the ports with which a tenant is served.
pub type Platforms = Arc<dyn Fn(&TenantId) -> Hook<Platform> + Send + Sync>;

/// How a host works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostConfig {
    /// What it is called in the database: unique among the hosts that share one.
    pub name: String,
    /// Runs at once: 8.
    pub runs: usize,
    /// How often the queue is looked at, where nothing tells that it must be: 1 s.
    pub pause: Duration,
    /// Over how long a time tenants that are due at the same moment are spread: 20 s.
    pub jitter: Duration,
    /// How long a run may be under way after the host was asked to end: 20 s. Then it stops at a safe point, and another host, or
    /// this one when it is back, goes on with it.
    pub drain: Duration,
    /// How long after its time a run that did not begin is worth telling: 5 min.
    pub overdue: Duration,
}

impl Default for HostConfig {
    fn default() -> Self {
        Self {
            name: uuid::Uuid::new_v4().to_string(),
            runs: 8,
            pause: Duration::from_secs(1),
            jitter: Duration::from_secs(20),
            drain: Duration::from_secs(20),
            overdue: Duration::from_secs(300),
        }
    }
}

/// A host at work. Clones share it.
#[derive(Clone)]
pub struct Host {
    pub(super) config: Arc<HostConfig>,
    pub(super) platforms: Platforms,
    pub(super) queue: Arc<dyn Queue>,
    pub(super) history: Arc<dyn History>,
    pub(super) hosts: Arc<dyn Hosts>,
    pub(super) at_work: Arc<Mutex<AtWork>>,
    /// Nothing new is begun.
    pub(super) ending: CancellationToken,
    /// What is under way stops at the next safe point.
    pub(super) stopping: CancellationToken,
    woken: Arc<Notify>,
    /// The last ones of different plugins, so that these stay loaded.
    kept: Arc<Mutex<VecDeque<Tenant>>>,
}

/// Plugins that stay loaded though nobody uses them.
const KEPT: usize = 4;

/// Whom this host works for, and whom it leaves alone for a while.
#[derive(Debug, Default)]
pub(super) struct AtWork {
    pub(super) tenants: HashMap<TenantId, CancellationToken>,
    pub(super) resting: HashMap<TenantId, Instant>,
    /// How often in a row what others had begun could not be gone on with.
    pub(super) failed: HashMap<TenantId, u32>,
    /// Those whose timetable could not be read, and the code of why.
    pub(super) unread: HashMap<TenantId, &'static str>,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Host {
    /// A host that has not begun.
    #[must_use]
    pub fn new(
        config: HostConfig,
        platforms: Platforms,
        queue: Arc<dyn Queue>,
        history: Arc<dyn History>,
        hosts: Arc<dyn Hosts>,
    ) -> Self {
        Self {
            config: Arc::new(config),
            platforms,
            queue,
            history,
            hosts,
            at_work: Arc::default(),
            ending: CancellationToken::new(),
            stopping: CancellationToken::new(),
            woken: Arc::default(),
            kept: Arc::default(),
        }
    }

    /// Works until it is asked to end, and has.
    pub async fn run(&self) {
        tracing::info!(host = self.config.name, "working");
        let served = CancellationToken::new();
        let due = tokio::spawn(self.clone().watch_the_time());
        let past = tokio::spawn(self.clone().watch_the_past());
        let beating = tokio::spawn(self.clone().beat(served.clone()));
        let mut runs = JoinSet::new();
        while !self.ending.is_cancelled() {
            self.take_up(&mut runs).await;
            tokio::select! {
                () = self.ending.cancelled() => {}
                () = self.woken.notified() => {}
                () = tokio::time::sleep(self.config.pause) => {}
                Some(_) = runs.join_next() => {}
            }
        }
        let all_over = async { while runs.join_next().await.is_some() {} };
        if tokio::time::timeout(self.config.drain, all_over)
            .await
            .is_err()
        {
            tracing::info!(
                host = self.config.name,
                "runs under way stop at a safe point"
            );
            self.stopping.cancel();
            while runs.join_next().await.is_some() {}
        }
        due.abort();
        past.abort();
        served.cancel();
        let _ = beating.await;
        tracing::info!(host = self.config.name, "ended");
    }

    /// Ends: nothing new is begun, and what is under way may finish or stops at a safe point.
    pub fn end(&self) {
        self.ending.cancel();
    }

    /// Over when the host was asked to end.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + 'static {
        self.ending.clone().cancelled_owned()
    }

    /// Looks at the queue now: something was asked for.
    pub fn wake(&self) {
        self.woken.notify_one();
    }

    /// A tenant, ready for its hooks.
    ///
    /// # Errors
    /// `not-installed`.
    pub async fn tenant(&self, id: &TenantId) -> Hook<Tenant> {
        let tenant = (self.platforms)(id)?.tenant(id).await?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let digest = tenant.plugin_digest();
        if !kept.iter().any(|one| one.plugin_digest() == digest) {
            kept.push_back(tenant.clone());
            if kept.len() > KEPT {
                kept.pop_front();
            }
        }
        Ok(tenant)
    }

    /// How many runs are under way here.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.at_work().tenants.len()
    }

    pub(super) fn at_work(&self) -> MutexGuard<'_, AtWork> {
        self.at_work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Unix milliseconds.
pub(super) fn now() -> i64 {
    Utc::now().timestamp_millis()
}

/// Milliseconds of a time that is not longer than some years.
pub(super) fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
