//! What was left by half, and runs that must not go on.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use super::*;
use crate::contract::hooks::mapping::Rule;
use crate::contract::plan::RowKind;
use crate::contract::state::{Operation, Versioned};
use crate::ports::{Plans as _, State};

fn watch() -> Arc<Unwatched> {
    Arc::new(Unwatched::default())
}

fn agents() -> Change {
    Change {
        set: vec![setting("role", "agent")],
        ..Change::default()
    }
}

/// A plan of everybody that the licence holds, with its digest.
async fn held(world: &World) -> (crate::ports::RunId, String) {
    world.store.set_seats(&world.id, 1).await.unwrap();
    let run = world.sync().await.run;
    assert_eq!(run.status, RunStatus::Held);
    (run.id, run.digest.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_plan_from_before_settings_stored_by_half_is_not_released() {
    for apply in [true, false] {
        let world = World::with_people(20).await;
        let (run, digest) = held(&world).await;
        world.configure_torn(agents()).await;
        let released = if apply {
            let tenant = &world.tenant;
            tenant.approve_and_apply(run, &digest, watch()).await
        } else {
            world.tenant.approve(run, &digest).await
        };
        assert_eq!(released.unwrap_err().code(), "configuration-changed");
        let run = world.tenant.run(Some(run)).await.unwrap();
        assert_eq!(run.status, RunStatus::Discarded);
        assert_eq!(world.store.count(&world.id).await.unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_plan_of_the_settings_in_force_is_released() {
    let world = World::with_people(20).await;
    let (run, digest) = held(&world).await;
    let tenant = &world.tenant;
    let released = tenant.approve_and_apply(run, &digest, watch()).await;
    assert_eq!(released.unwrap().status, RunStatus::Applied);
    let valid = world.directory.organisation().totals().valid;
    assert_eq!(world.store.count(&world.id).await.unwrap(), valid);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_interrupted_apply_has_left_can_be_thrown_away() {
    let world = World::with_people(2_600).await;
    let stop = Arc::new(StopAt("apply", CancellationToken::new()));
    let options = SyncOptions::default();
    let run = world.tenant.sync(options, stop).await.unwrap().run;
    assert_eq!(run.status, RunStatus::Applying);
    let applied = run.rows_with("applied");
    assert!(applied > 0 && run.rows_with("pending") > 0);
    world.tenant.configure(agents()).await.unwrap();
    {
        let _run = TenantLock::acquire(world.data.path(), &world.id).unwrap();
        let refused = world.tenant.discard(run.id).await.unwrap_err();
        assert_eq!(refused.code(), "tenant-busy", "never beside an apply");
    }
    let discarded = world.tenant.discard(run.id).await.unwrap();
    assert_eq!(discarded.status, RunStatus::Discarded);
    assert_eq!(discarded.rows_with("applied"), applied);
    assert_eq!(discarded.rows_with("discarded"), run.rows_with("pending"));
    assert_eq!(world.store.count(&world.id).await.unwrap(), applied);
    let synced = world.sync().await;
    assert!(synced.resumed.is_none());
    assert_eq!(synced.run.status, RunStatus::Applied);
    let valid = world.directory.organisation().totals().valid;
    assert_eq!(world.store.count(&world.id).await.unwrap(), valid);
    let refused = world.tenant.discard(synced.run.id).await.unwrap_err();
    assert_eq!(refused.code(), "not-planned", "what is over is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_is_not_finished_in_time_fails_and_lets_the_tenant_go() {
    let world = World::with_people(20).await;
    let options = SyncOptions {
        deadline: Duration::ZERO,
        ..SyncOptions::default()
    };
    let refused = world.tenant.sync(options, watch()).await.unwrap_err();
    assert_eq!(refused.code(), "run-deadline");
    let failed = &world.tenant.runs(1).await.unwrap()[0];
    assert_eq!(failed.status, RunStatus::Failed);
    assert_eq!(world.store.count(&world.id).await.unwrap(), 0);
    assert_eq!(world.sync().await.run.status, RunStatus::Applied);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_is_too_large_fails_and_one_of_just_that_size_is_applied() {
    let mut world = World::with_people(20).await;
    let rows = {
        let options = SyncOptions {
            dry_run: true,
            ..SyncOptions::default()
        };
        let run = world.tenant.sync(options, watch()).await.unwrap().run;
        run.counts.iter().map(|count| count.rows).sum()
    };
    let mut limited = async |rows, bytes| {
        let limits = PlanLimits { rows, bytes };
        world.platform.plans = Arc::new(world.store.clone().with_plan_limits(limits));
        let tenant = world.platform.tenant(&world.id).await.unwrap();
        let synced = tenant.sync(SyncOptions::default(), watch()).await;
        synced.map(|synced| synced.run.status)
    };
    for (rows, bytes) in [(rows - 1, u64::MAX), (rows, 1_000)] {
        let refused = limited(rows, bytes).await.unwrap_err();
        assert_eq!(refused.code(), "plan-too-large");
    }
    assert_eq!(limited(rows, 1 << 20).await.unwrap(), RunStatus::Applied);
}

/// Settings of which a certain number of commits are stored before the program is killed.
pub(super) struct Commits(pub(super) Store, pub(super) std::sync::atomic::AtomicU32);

#[async_trait::async_trait]
impl State for Commits {
    async fn get(&self, tenant: &TenantId, key: &str) -> Outcome<Versioned> {
        State::get(&self.0, tenant, key).await
    }
    async fn keys(&self, tenant: &TenantId, prefix: &str) -> Outcome<Vec<String>> {
        self.0.keys(tenant, prefix).await
    }
    async fn commit(&self, tenant: &TenantId, operations: &[Operation]) -> Outcome<()> {
        let left = |left: u32| left.checked_sub(1);
        if self.1.fetch_update(SeqCst, SeqCst, left).is_err() {
            return Err(crate::Problem::new("torn", "killed", "start again"));
        }
        self.0.commit(tenant, operations).await
    }
    async fn clear(&self, tenant: &TenantId) -> Outcome<u64> {
        self.0.clear(tenant).await
    }
}

impl World {
    /// Configures the role and a mapping together, and is killed at this commit.
    async fn configure_with_rules(&self, commits: u32, rules: Vec<Rule>) -> Hook<()> {
        let platform = Platform {
            state: Arc::new(Commits(self.store.clone(), commits.into())),
            ..self.platform.clone()
        };
        let tenant = platform.tenant(&self.id).await.unwrap();
        let change = Change { rules, ..agents() };
        tenant.configure(change).await.map(|_| ())
    }

    async fn is_configured(&self, rules: &[Rule]) -> (bool, bool) {
        let settings = self.tenant.configuration().await.unwrap().settings;
        let stored = self.tenant.rules().await.unwrap();
        (
            settings.contains(&setting("role", "agent")),
            stored == rules,
        )
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_and_rules_are_stored_with_one_commit_or_not_at_all() {
    let world = World::with_people(20).await;
    let mut rules = world.tenant.rules().await.unwrap();
    rules.retain(|rule| rule.field != "phone" && rule.field != "mobile");
    let torn = world.configure_with_rules(0, rules.clone()).await;
    assert_eq!(torn.unwrap_err().code(), "torn");
    assert_eq!(world.is_configured(&rules).await, (false, false));
    let mut wrong = rules.clone();
    wrong[0].source = "{".to_owned();
    let refused = world.configure_with_rules(9, wrong).await;
    assert!(refused.is_err(), "wrong rules leave no settings behind");
    assert_eq!(world.is_configured(&rules).await, (false, false));
    world.configure_with_rules(1, rules.clone()).await.unwrap();
    assert_eq!(world.is_configured(&rules).await, (true, true));
    let noted = Tenants::get(&world.store, &world.id).await;
    let in_force = world.tenant.configuration().await.unwrap();
    assert_eq!(noted.unwrap().configuration, in_force.digest);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uninstall_that_was_stopped_is_not_gone_on_with_by_a_sync() {
    let world = World::with_people(2_600).await;
    world.sync().await;
    let stop = Arc::new(StopAt("deactivate", CancellationToken::new()));
    let tenant = world.tenant.clone();
    let stopped = tenant.uninstall(Afterwards::Deactivate, stop).await;
    assert_eq!(stopped.unwrap_err().code(), "cancelled");
    let left = world.store.unfinished(&world.id).await.unwrap().unwrap();
    let synced = world.sync().await.run;
    let run = world.tenant.run(Some(left)).await.unwrap();
    assert_eq!(run.status, RunStatus::Discarded);
    assert_eq!(synced.rows_of(RowKind::Deactivate), 0);
}
