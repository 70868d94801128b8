//! The hooks end to end: the bundled plugin, the demo directory, SQLite.

use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::*;
use crate::contract::hooks::lifecycle::Afterwards;
use crate::contract::portal::Status;
use crate::contract::types::{Setting, Verdict};
use crate::demo::DemoDirectory;
use crate::demo::directory::Options;
use crate::ldap::{Ldap, Policy};
use crate::ports::plan::RunStatus;
use crate::ports::tenants::{HostSetting, Installation};
use crate::ports::{Outcome, Tenants};
use crate::ports::{Portal as _, PortalDesk as _, Secrets as _, TenantId, Whom};
use crate::sandbox::{BUNDLED, Sandbox, SandboxConfig};
use crate::store::{PlanLimits, Store, TenantLock};

mod interrupted;

mod distrust;

mod schedule;
mod secrets;

mod undo;

mod upgrade;

struct World {
    directory: DemoDirectory,
    store: Store,
    platform: Platform,
    tenant: Tenant,
    id: TenantId,
    data: TempDir,
}

fn password(text: &str) -> SecretValues {
    SecretValues::from([("password".to_owned(), Zeroizing::new(text.to_owned()))])
}

impl World {
    /// A tenant with its settings and the suggested mapping stored.
    async fn with_people(people: u64) -> Self {
        // Another test may have installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let data = tempfile::tempdir().unwrap();
        let directory = DemoDirectory::start(Options {
            people,
            ..Options::default()
        })
        .unwrap();
        let store = Store::open(data.path()).await.unwrap();
        // Compiled once, not once a test.
        let cache = Path::new(env!("OUT_DIR")).join("compiled");
        let config = SandboxConfig {
            cache: Some(cache),
            ..SandboxConfig::default()
        };
        let shared = Arc::new(store.clone());
        let platform = Platform {
            tenants: shared.clone(),
            portal: shared.clone(),
            plans: shared.clone(),
            state: shared.clone(),
            secrets: shared.clone(),
            queue: shared.clone(),
            directory: Arc::new(Ldap::new(shared.clone(), Policy::allowing_loopback())),
            sandbox: Sandbox::new(config).unwrap(),
            leases: shared.clone(),
            endpoints: shared.clone(),
            versions: shared.clone(),
            receipts: shared.clone(),
        };
        let id = TenantId::new("acme").unwrap();
        let tenant = platform.install(&id, BUNDLED).await.unwrap();
        let world = Self {
            directory,
            store,
            platform,
            tenant,
            id,
            data,
        };
        world.tenant.configure(world.settings()).await.unwrap();
        let rules = world.tenant.suggest().await.unwrap().rules;
        world.tenant.submit_rules(rules).await.unwrap();
        world
    }

    fn settings(&self) -> Change {
        let pairs = [
            ("url", format!("ldap://127.0.0.1:{}", self.directory.port())),
            ("bind-name", self.directory.bind_name()),
            ("certificate-authority", self.directory.ca_pem()),
            ("base-dn", "ou=People,dc=example,dc=org".to_owned()),
            ("leavers", "deactivate".to_owned()),
        ];
        let set = pairs
            .into_iter()
            .map(|(key, value)| setting(key, &value))
            .collect();
        Change {
            set,
            secrets: password(&self.directory.password()),
            ..Change::default()
        }
    }

    async fn sync(&self) -> Synced {
        self.tenant
            .sync(SyncOptions::default(), Arc::new(Unwatched::default()))
            .await
            .unwrap()
    }

    async fn binds(&self) -> bool {
        let report = self.tenant.verify(None).await.unwrap();
        report
            .stages
            .iter()
            .any(|s| s.name == "bind" && s.verdict != Verdict::Failed)
    }
}

fn setting(key: &str, value: &str) -> Setting {
    Setting {
        key: key.to_owned(),
        value: value.to_owned(),
    }
}

/// Stops the work as soon as it reports a phase.
struct StopAt(&'static str, CancellationToken);

impl Watch for StopAt {
    fn progress(&self, progress: &Progress) {
        if progress.phase == self.0 {
            self.1.cancel();
        }
    }

    fn stop(&self) -> &CancellationToken {
        &self.1
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_settings_keep_the_stored_password() {
    let world = World::with_people(20).await;
    let in_force = world.store.handle(&world.id, "password").await.unwrap();
    let change = Change {
        set: vec![setting("port", "70000"), setting("filter", "(cn=")],
        secrets: password("wrong"),
        ..Change::default()
    };
    let refused = world.tenant.configure(change).await.unwrap_err();
    let codes: Vec<_> = refused.problems().map(|p| p.code.as_str()).collect();
    assert_eq!(codes, ["bad-port", "filter-syntax"]);
    assert_eq!(
        world.store.handle(&world.id, "password").await.unwrap(),
        in_force
    );
    assert!(world.binds().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_takes_the_place_of_the_old_one_which_is_destroyed() {
    let world = World::with_people(20).await;
    let old = world
        .store
        .handle(&world.id, "password")
        .await
        .unwrap()
        .unwrap();
    let change = Change {
        secrets: password("wrong"),
        ..Change::default()
    };
    world.tenant.configure(change).await.unwrap();
    assert!(!world.binds().await);
    assert_eq!(
        world.store.reveal(&world.id, &old).await.unwrap_err().code,
        "unknown-credential"
    );
    world.tenant.configure(world.settings()).await.unwrap();
    assert!(world.binds().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn changing_another_setting_keeps_the_password() {
    let world = World::with_people(20).await;
    let change = Change {
        set: vec![setting("leavers", "keep")],
        ..Change::default()
    };
    let configured = world.tenant.configure(change).await.unwrap();
    assert!(configured.settings.contains(&setting("leavers", "keep")));
    assert!(world.binds().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_among_the_plain_settings_is_refused() {
    let world = World::with_people(20).await;
    let change = Change {
        set: vec![setting("password", "hunter2")],
        ..Change::default()
    };
    let refused = world.tenant.configure(change).await.unwrap_err();
    assert_eq!(refused.code(), "secret-setting");
    assert!(!refused.to_string().contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_settings_that_there_are_go_back_to_their_default() {
    let world = World::with_people(20).await;
    let unset = |key: &str| Change {
        unset: vec![key.to_owned()],
        ..Change::default()
    };
    let refused = world.tenant.configure(unset("leaver")).await.unwrap_err();
    assert_eq!(refused.code(), "unknown-setting");
    let keep = Change {
        set: vec![setting("leavers", "keep")],
        ..Change::default()
    };
    world.tenant.configure(keep).await.unwrap();
    let configured = world.tenant.configure(unset("leavers")).await.unwrap();
    let leavers = configured.settings.iter().find(|s| s.key == "leavers");
    assert_ne!(leavers.map(|s| s.value.as_str()), Some("keep"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_writes_nobody_and_its_plan_can_be_applied() {
    let world = World::with_people(100).await;
    let options = SyncOptions {
        dry_run: true,
        ..SyncOptions::default()
    };
    let run = world
        .tenant
        .sync(options, Arc::new(Unwatched::default()))
        .await
        .unwrap()
        .run;
    assert_eq!(run.status, RunStatus::Planned);
    assert_eq!(world.store.count(&world.id).await.unwrap(), 0);
    let applied = world
        .tenant
        .apply(run.id, Arc::new(Unwatched::default()))
        .await
        .unwrap();
    assert_eq!(applied.status, RunStatus::Applied);
    let valid = world.directory.organisation().totals().valid;
    assert_eq!(world.store.count(&world.id).await.unwrap(), valid);
    let again = world
        .tenant
        .apply(run.id, Arc::new(Unwatched::default()))
        .await;
    assert_eq!(again.unwrap_err().code(), "not-planned", "once is enough");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_that_was_stopped_is_finished_by_the_next_sync() {
    let world = World::with_people(2_600).await;
    let stop = Arc::new(StopAt("apply", CancellationToken::new()));
    let run = world
        .tenant
        .sync(SyncOptions::default(), stop)
        .await
        .unwrap()
        .run;
    assert_eq!(run.status, RunStatus::Applying);
    let synced = world.sync().await;
    assert_eq!(
        synced.resumed.map(|r| (r.id, r.status)),
        Some((run.id, RunStatus::Applied))
    );
    assert_eq!(synced.run.status, RunStatus::Applied);
    assert!(
        synced.run.counts.iter().all(|c| c.outcome == "reported"),
        "{:?}",
        synced.run.counts
    );
    let valid = world.directory.organisation().totals().valid;
    assert_eq!(world.store.count(&world.id).await.unwrap(), valid);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_stopped_while_planning_is_cancelled_and_writes_nobody() {
    let world = World::with_people(100).await;
    let token = CancellationToken::new();
    token.cancel();
    let refused = world
        .tenant
        .sync(SyncOptions::default(), Arc::new(Unwatched(token)))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "cancelled");
    assert_eq!(
        world.tenant.runs(1).await.unwrap()[0].status,
        RunStatus::Cancelled
    );
    assert_eq!(world.store.count(&world.id).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guard_holds_a_plan_until_exactly_it_is_approved() {
    let world = World::with_people(100).await;
    world.sync().await;
    let valid = world
        .directory
        .organisation()
        .manifest()
        .filter(|p| p.fate == crate::demo::people::Fate::Valid);
    for person in valid.take(30).collect::<Vec<_>>() {
        world.directory.delete(&person.dn).unwrap();
    }
    let run = world.sync().await.run;
    assert_eq!(run.status, RunStatus::Held);
    let licence = world.store.licence(&world.id).await.unwrap();
    let refused = world
        .tenant
        .apply(run.id, Arc::new(Unwatched::default()))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "guard-held");
    let wrong = world.tenant.approve(run.id, "00000000").await.unwrap_err();
    assert_eq!(wrong.code(), "digest-mismatch");
    let digest = run.digest.clone().unwrap();
    let applied = world
        .tenant
        .approve_and_apply(run.id, &digest[..12], Arc::new(Unwatched::default()))
        .await
        .unwrap();
    assert_eq!(applied.status, RunStatus::Applied);
    let after = world.store.licence(&world.id).await.unwrap();
    assert_eq!(after.used, licence.used - 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_absent_but_kept_can_be_asked_for() {
    let world = World::with_people(20).await;
    let keep = Change {
        set: vec![setting("leavers", "review")],
        ..Change::default()
    };
    world.tenant.configure(keep).await.unwrap();
    world.sync().await;
    let person = world
        .directory
        .organisation()
        .manifest()
        .find(|p| p.fate == crate::demo::people::Fate::Valid)
        .unwrap();
    let index = async || world.store.index(&world.id, "", 100).await.unwrap();
    for external_id in index().await.external_ids {
        let since = world.store.absent_since(&world.id, &external_id).await;
        assert_eq!(since.unwrap(), None);
    }
    world.directory.delete(&person.dn).unwrap();
    world.sync().await;
    let index = index().await;
    let mut absent = 0;
    for (external_id, since) in index.external_ids.iter().zip(index.absent_since) {
        let found = world.store.absent_since(&world.id, external_id).await;
        assert_eq!(found.unwrap().unwrap_or(0), since);
        absent += usize::from(since > 0);
    }
    assert_eq!(absent, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_of_a_tenant_waits_for_nobody_and_is_refused() {
    let world = World::with_people(20).await;
    let _first = TenantLock::acquire(world.data.path(), &world.id).unwrap();
    let refused = world
        .tenant
        .sync(SyncOptions::default(), Arc::new(Unwatched::default()))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "tenant-busy");
}

#[tokio::test(flavor = "multi_thread")]
async fn uninstalling_deactivates_whom_a_sync_brought_and_destroys_the_credential() {
    let world = World::with_people(100).await;
    world.sync().await;
    let handle = world
        .store
        .handle(&world.id, "password")
        .await
        .unwrap()
        .unwrap();
    let someone = world
        .store
        .index(&world.id, "", 1)
        .await
        .unwrap()
        .external_ids
        .remove(0);
    let World {
        tenant,
        store,
        id,
        platform,
        ..
    } = world;
    let gone = tenant
        .uninstall(Afterwards::Deactivate, Arc::new(Unwatched::default()))
        .await
        .unwrap();
    assert_eq!(gone.deactivated.map(|r| r.status), Some(RunStatus::Applied));
    assert!(
        gone.receipt
            .removed
            .iter()
            .any(|l| l.what.contains("credential") && l.count == 1)
    );
    assert_eq!(store.licence(&id).await.unwrap().used, 0);
    let person = store.person(&id, &Whom::ExternalId(someone)).await.unwrap();
    assert_eq!(person.status, Status::Inactive);
    assert_eq!(
        store.reveal(&id, &handle).await.unwrap_err().code,
        "unknown-credential"
    );
    assert_eq!(
        platform.tenant(&id).await.err().unwrap().code(),
        "not-installed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_is_none_leaves_nothing_installed() {
    let world = World::with_people(20).await;
    let other = TenantId::new("globex").unwrap();
    let refused = world
        .platform
        .install(&other, b"no component")
        .await
        .err()
        .unwrap();
    assert_eq!(refused.code(), "not-a-component");
    assert_eq!(
        world.store.get(&other).await.unwrap_err().code,
        "not-installed"
    );
}

/// Tenants of whom nothing is noted that was configured: as if the program were killed there.
struct Torn(Store);

#[async_trait::async_trait]
impl Tenants for Torn {
    async fn install(&self, tenant: &TenantId, plugin: &str, component: &[u8]) -> Outcome<()> {
        self.0.install(tenant, plugin, component).await
    }
    async fn get(&self, tenant: &TenantId) -> Outcome<Installation> {
        self.0.get(tenant).await
    }
    async fn list(&self) -> Outcome<Vec<Installation>> {
        self.0.list().await
    }
    async fn component(&self, digest: &str) -> Outcome<Vec<u8>> {
        self.0.component(digest).await
    }
    async fn intend(&self, tenant: &TenantId, settings: Option<Vec<HostSetting>>) -> Outcome<()> {
        self.0.intend(tenant, settings).await
    }
    async fn configured(&self, _: &TenantId, _: &str, _: Vec<HostSetting>) -> Outcome<()> {
        Err(crate::Problem::new("torn", "killed", "start again"))
    }
    async fn uninstall(&self, tenant: &TenantId) -> Outcome<Vec<(String, u64)>> {
        self.0.uninstall(tenant).await
    }
}

impl World {
    /// Configures, and is killed before the host has noted it.
    async fn configure_torn(&self, change: Change) {
        let platform = Platform {
            tenants: Arc::new(Torn(self.store.clone())),
            ..self.platform.clone()
        };
        let tenant = platform.tenant(&self.id).await.unwrap();
        assert_eq!(tenant.configure(change).await.unwrap_err().code(), "torn");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_stored_by_half_are_made_whole_by_the_next_sync() {
    let world = World::with_people(20).await;
    let change = Change {
        set: vec![setting("leavers", "keep"), setting("guard-count", "7")],
        ..Change::default()
    };
    world.configure_torn(change).await;
    assert_eq!(world.sync().await.run.status, RunStatus::Applied);
    let noted = world.store.get(&world.id).await.unwrap();
    let in_force = world.tenant.configuration().await.unwrap();
    assert_eq!(noted.configuration, in_force.digest);
    assert!(noted.settings.contains(&setting("guard-count", "7").into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_from_before_settings_stored_by_half_is_not_applied() {
    let world = World::with_people(20).await;
    let options = SyncOptions {
        dry_run: true,
        ..SyncOptions::default()
    };
    let watch = || Arc::new(Unwatched::default());
    let run = world.tenant.sync(options, watch()).await.unwrap().run;
    let change = Change {
        set: vec![setting("role", "agent")],
        ..Change::default()
    };
    world.configure_torn(change).await;
    let refused = world.tenant.apply(run.id, watch()).await.unwrap_err();
    assert_eq!(refused.code(), "configuration-changed");
    assert_eq!(world.store.count(&world.id).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_that_the_settings_name_survives_a_failed_configure() {
    let world = World::with_people(20).await;
    let change = Change {
        secrets: password("wrong"),
        ..Change::default()
    };
    world.configure_torn(change).await;
    let named = world.tenant.configuration().await.unwrap().settings;
    let named = configure::handles(&named, &["password".to_owned()]);
    assert_eq!(
        *world
            .store
            .reveal(&world.id, &named["password"])
            .await
            .unwrap(),
        "wrong"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_nobody_accepted_is_never_used() {
    let world = World::with_people(20).await;
    let wrong = || Zeroizing::new("wrong".to_owned());
    let stray = world
        .store
        .store(&world.id, "password", wrong())
        .await
        .unwrap();
    let change = Change {
        set: vec![setting("leavers", "keep")],
        ..Change::default()
    };
    let report = world.tenant.verify(Some(&change)).await.unwrap();
    assert!(report.stages.iter().all(|s| s.verdict != Verdict::Failed));
    world.tenant.configure(change).await.unwrap();
    assert!(world.binds().await);
    assert!(world.store.reveal(&world.id, &stray).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stored_password_does_not_go_to_another_server() {
    let world = World::with_people(20).await;
    for (key, value) in [
        ("url", "ldap://127.0.0.1:1"),
        ("port", "1"),
        ("security", "ldaps"),
        ("certificate-authority", ""),
    ] {
        let change = || Change {
            set: vec![setting(key, value)],
            ..Change::default()
        };
        let refused = world.tenant.verify(Some(&change())).await.unwrap_err();
        assert_eq!(refused.code(), "password-missing", "verify {key}");
        let refused = world.tenant.configure(change()).await.unwrap_err();
        let told: Vec<_> = refused
            .problems()
            .filter(|p| p.code == "password-missing")
            .collect();
        assert_eq!(told.len(), 1, "configure {key}: {refused}");
        assert!(told[0].message.contains(key), "{refused}");
    }
    assert!(world.binds().await);
    let change = Change {
        set: vec![setting("url", "ldap://127.0.0.1:1")],
        secrets: password("for the new server"),
        ..Change::default()
    };
    world.tenant.configure(change).await.unwrap();
}
