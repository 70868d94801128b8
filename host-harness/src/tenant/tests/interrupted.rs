//! What was left by half, and runs that must not go on.

use std::time::Duration;

use super::*;

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
