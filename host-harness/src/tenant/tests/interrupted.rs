//! What was left by half, and runs that must not go on.

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
