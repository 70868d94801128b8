//! Another component for a tenant: what stays, what is refused, and the way back.

use super::*;
use crate::ports::plan::Run;
use crate::ports::{Plans as _, Receipts as _, RunId};

/// The bundled plugin with other bytes: a custom section of its own.
fn other(name: &str) -> Vec<u8> {
    let mut bytes = BUNDLED.to_vec();
    let length = u8::try_from(name.len()).unwrap();
    bytes.extend([0, length + 1, length]);
    bytes.extend(name.bytes());
    bytes
}

impl World {
    /// The tenant with the plugin that it has now.
    async fn anew(&self) -> Tenant {
        self.platform.tenant(&self.id).await.unwrap()
    }

    async fn planned(&self) -> Run {
        let options = SyncOptions {
            dry_run: true,
            ..SyncOptions::default()
        };
        let watch = Arc::new(Unwatched::default());
        self.tenant.sync(options, watch).await.unwrap().run
    }

    async fn status(&self, run: RunId) -> RunStatus {
        self.anew().await.run(Some(run)).await.unwrap().status
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_plugin_goes_on_with_what_the_one_before_has_kept() {
    let world = World::with_people(20).await;
    let first = world.sync().await.run;
    let (settings, rules) = (
        world.tenant.configuration().await.unwrap(),
        world.tenant.rules().await.unwrap(),
    );
    let waits = world.planned().await.id;

    let looked = world.tenant.upgrade(&other("two"), true).await.unwrap();
    assert_eq!((looked.done, &looked.discarded[..]), (false, &[waits][..]));
    assert_eq!(world.status(waits).await, RunStatus::Planned);
    assert_eq!(
        world.anew().await.plugin_digest(),
        world.tenant.plugin_digest()
    );

    let done = world.tenant.upgrade(&other("two"), false).await.unwrap();
    assert_eq!((done.done, &done.discarded[..]), (true, &[waits][..]));
    assert_eq!((done.added.len(), done.removed.len()), (0, 0));
    assert_eq!(done.from.digest, world.tenant.plugin_digest());
    assert_ne!(done.to.digest, done.from.digest);
    assert_eq!(world.status(waits).await, RunStatus::Discarded);
    let now = world.anew().await;
    assert_eq!(now.plugin_digest(), done.to.digest);
    assert_eq!(
        now.configuration().await.unwrap().settings,
        settings.settings
    );
    assert_eq!(now.rules().await.unwrap(), rules);
    // Whoever began with the old one is too late.
    let watch = Arc::new(Unwatched::default());
    let late = world
        .tenant
        .sync(SyncOptions::default(), watch.clone())
        .await;
    assert_eq!(late.unwrap_err().code(), "tenant-busy");
    let second = now.sync(SyncOptions::default(), watch).await.unwrap().run;
    assert_eq!(
        (second.status, second.summary.unwrap().unchanged),
        (RunStatus::Applied, first.rows_with("applied"))
    );

    let back = now.rollback(false).await.unwrap();
    assert_eq!((&back.from, &back.to), (&done.to, &done.from));
    assert_eq!(world.sync().await.run.status, RunStatus::Applied);
    let forth = world.tenant.rollback(true).await.unwrap();
    assert_eq!((forth.done, &forth.to), (false, &done.to));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_is_the_same_or_never_was_is_not_switched_to() {
    let world = World::with_people(20).await;
    let same = world.tenant.upgrade(BUNDLED, false).await;
    assert_eq!(same.unwrap_err().code(), "same-plugin");
    let back = world.tenant.rollback(false).await;
    assert_eq!(back.unwrap_err().code(), "no-rollback");
    let text = world.tenant.upgrade(b"hello", false).await;
    assert_eq!(text.unwrap_err().code(), "not-a-component");
    assert_eq!(
        world.anew().await.plugin_digest(),
        world.tenant.plugin_digest()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_who_is_at_work_keeps_the_plugin() {
    let world = World::with_people(20).await;
    let lock = TenantLock::acquire(world.data.path(), &world.id).unwrap();
    let busy = world.tenant.upgrade(&other("two"), false).await;
    assert_eq!(busy.unwrap_err().code(), "tenant-busy");
    drop(lock);
    // A sync that was stopped while it was being applied goes on first.
    let run = world.planned().await.id;
    world.store.apply(&world.id, run, 3).await.unwrap();
    let half = world.tenant.upgrade(&other("two"), false).await;
    assert_eq!(half.unwrap_err().code(), "run-unfinished");
    world.tenant.discard(run).await.unwrap();
    world.tenant.upgrade(&other("two"), false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_configured_is_upgraded_too() {
    let world = World::with_people(1).await;
    let globex = TenantId::new("globex").unwrap();
    let tenant = world.platform.install(&globex, BUNDLED).await.unwrap();
    let upgraded = tenant.upgrade(&other("two"), false).await.unwrap();
    let now = world.platform.tenant(&globex).await.unwrap();
    assert_eq!(now.plugin_digest(), upgraded.to.digest);
    now.configure(world.settings()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receipt_is_there_when_the_tenant_is_not() {
    let world = World::with_people(20).await;
    world.sync().await;
    let none = world.store.receipt(&world.id).await.unwrap_err();
    assert_eq!(none.code, "no-receipt");
    let watch = Arc::new(Unwatched::default());
    let tenant = world.tenant.clone();
    let lock = TenantLock::acquire(world.data.path(), &world.id).unwrap();
    let patience = std::time::Duration::from_millis(300);
    let busy = tenant
        .clone()
        .uninstall_cancelling(Afterwards::Keep, patience, watch.clone())
        .await;
    assert_eq!(busy.unwrap_err().code(), "tenant-busy");
    drop(lock);
    let gone = tenant.uninstall(Afterwards::Keep, watch).await.unwrap();
    let kept = world.store.receipt(&world.id).await.unwrap();
    assert_eq!(kept.receipt, gone.receipt);
}
