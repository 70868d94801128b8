//! A directory that stalls, and a configuration that changes under a run. The library is driven directly: its deadlines can be
//! made short, and a second host on the same database can be let past the lock that keeps commands apart.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rollcall::contract::types::Setting;
use rollcall::demo::directory::{Deed, Fault, When};
use rollcall::ldap::{Ldap, Limits, Policy};
use rollcall::ports::TenantId;
use rollcall::ports::plan::{Run, RunStatus};
use rollcall::sandbox::{Sandbox, SandboxConfig};
use rollcall::store::Store;
use rollcall::tenant::{Change, Hook, Platform, SyncOptions, Tenant, Unwatched};
use rollcall_tests::contents::Contents;
use rollcall_tests::tenancy::{TENANT, Tenancy, sound};

const PEOPLE: u64 = 240;
const PAGES: u32 = 5;
const LEAVERS: [u64; 3] = [3, 120, 239];

/// A synced tenant before three people left, and the portal as it was.
fn scene() -> (Tenancy, Contents) {
    let tenancy = Tenancy::synced(sound(PEOPLE)).unwrap();
    let before = tenancy.contents().unwrap().people();
    tenancy.leave(&LEAVERS).unwrap();
    (tenancy, before)
}

/// A host on the data directory of a tenancy; its leases may be elsewhere.
async fn host(tenancy: &Tenancy, page: Duration, leases: &Path) -> Tenant {
    let data = tenancy.rollcall.data();
    let store = Arc::new(Store::open(data).await.unwrap());
    let policy = Policy {
        limits: Limits {
            page,
            ..Limits::default()
        },
        ..Policy::allowing_loopback()
    };
    let sandbox = Sandbox::new(SandboxConfig {
        cache: Some(data.join("compiled")),
        ..SandboxConfig::default()
    });
    let platform = Platform {
        tenants: store.clone(),
        portal: store.clone(),
        plans: store.clone(),
        state: store.clone(),
        secrets: store.clone(),
        queue: store.clone(),
        leases: Arc::new(Store::open(leases).await.unwrap()),
        directory: Arc::new(Ldap::new(store.clone(), policy)),
        sandbox: sandbox.unwrap(),
        endpoints: store.clone(),
        versions: store.clone(),
        receipts: store,
    };
    let tenant = TenantId::new(TENANT).unwrap();
    platform.tenant(&tenant).await.unwrap()
}

async fn sync(tenant: &Tenant) -> Hook<Run> {
    let watch = Arc::new(Unwatched::default());
    let synced = tenant.sync(SyncOptions::default(), watch).await;
    synced.map(|synced| synced.run)
}

/// Rows of the plan, of any kind.
fn rows(run: &Run) -> u64 {
    run.counts.iter().map(|count| count.rows).sum()
}

fn gap(run: &Run) -> Option<&str> {
    let gaps = &run.proof.as_ref().unwrap().gaps;
    gaps.first().map(|gap| gap.code.as_str())
}

fn unchanged(tenancy: &Tenancy, before: &Contents) {
    let now = Contents::of(tenancy.rollcall.data()).unwrap().people();
    assert_eq!(before.differences(&now), [""; 0]);
}

fn on_a_runtime<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(work)
}

#[test]
fn a_directory_that_is_slower_than_the_deadline_at_any_page_deactivates_nobody() {
    let (tenancy, before) = scene();
    on_a_runtime(async {
        let hasty = host(
            &tenancy,
            Duration::from_millis(300),
            tenancy.rollcall.data(),
        )
        .await;
        let stalls = (1..=PAGES)
            .map(|page| (When::Page(page), Deed::Silence))
            .chain([
                (When::AfterEntries(20), Deed::Silence),
                (
                    When::AfterEntries(120),
                    Deed::Delay(Duration::from_secs(60)),
                ),
                (When::Page(3), Deed::Delay(Duration::from_secs(60))),
            ]);
        for (when, deed) in stalls {
            tenancy
                .directory
                .set_faults(vec![Fault::always(when, deed)]);
            match sync(&hasty).await {
                Ok(run) => {
                    assert_eq!(gap(&run), Some("timeout"), "{when:?}");
                    assert_eq!(rows(&run), 0, "{when:?}");
                }
                Err(refused) => assert_eq!(refused.code(), "timeout", "{when:?}"),
            }
            let last = hasty.runs(1).await.unwrap().remove(0);
            assert_eq!(rows(&last), 0, "{when:?}");
        }
    });
    unchanged(&tenancy, &before);
    on_a_runtime(async {
        // The twin: slow at every page, but within the deadline.
        let patient = host(&tenancy, Duration::from_secs(60), tenancy.rollcall.data()).await;
        let slow = Deed::Delay(Duration::from_millis(100));
        tenancy
            .directory
            .set_faults(vec![Fault::always(When::EveryPage, slow)]);
        let run = sync(&patient).await.unwrap();
        assert_eq!((gap(&run), rows(&run)), (None, 3));
    });
}

/// Changes something in the middle of a sync, from another host that does not see its lease.
async fn changed_midway<W: Future<Output = ()>>(
    tenancy: &Tenancy,
    change: impl FnOnce(Tenant) -> W,
) -> Hook<Run> {
    let elsewhere = tempfile::tempdir().unwrap();
    let tenant = host(tenancy, Duration::from_secs(60), tenancy.rollcall.data()).await;
    let other = host(tenancy, Duration::from_secs(60), elsewhere.path()).await;
    let slow = Deed::Delay(Duration::from_secs(2));
    tenancy
        .directory
        .set_faults(vec![Fault::once(When::Page(3), slow)]);
    let pages = tenancy.directory.seen().pages;
    let run = tokio::spawn(async move { sync(&tenant).await });
    while tenancy.directory.seen().pages < pages + 2 {
        assert!(!run.is_finished(), "the sync ended too early");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    change(other).await;
    run.await.unwrap()
}

async fn set(tenant: Tenant, key: &str, value: &str) {
    let setting = Setting {
        key: key.to_owned(),
        value: value.to_owned(),
    };
    let change = Change {
        set: vec![setting],
        ..Change::default()
    };
    tenant.configure(change).await.unwrap();
}

#[test]
fn settings_that_change_while_a_sync_reads_leave_no_plan() {
    let (tenancy, before) = scene();
    on_a_runtime(async {
        for (key, value) in [("base-dn", "dc=example,dc=org"), ("role", "agent")] {
            let run = changed_midway(&tenancy, |other| set(other, key, value)).await;
            assert_eq!(run.unwrap_err().code(), "configuration-changed", "{key}");
        }
    });
    unchanged(&tenancy, &before);
    let run = tenancy.last_run().unwrap();
    assert_eq!(run["status"], "failed");
    assert_eq!(run["problem"]["code"], "configuration-changed");
}

#[test]
fn rules_that_change_while_a_sync_reads_leave_no_plan() {
    let (tenancy, before) = scene();
    on_a_runtime(async {
        let change = async |other: Tenant| {
            let mut rules = other.rules().await.unwrap();
            rules.retain(|rule| rule.field != "department");
            other.submit_rules(rules).await.unwrap();
        };
        let run = changed_midway(&tenancy, change).await;
        assert_eq!(run.unwrap_err().code(), "configuration-changed");
    });
    unchanged(&tenancy, &before);
}

#[test]
fn settings_that_stay_as_they_are_let_the_leavers_leave() {
    let (tenancy, _) = scene();
    on_a_runtime(async {
        let run = changed_midway(&tenancy, |other| set(other, "role", "requester")).await;
        let run = run.unwrap();
        assert_eq!((run.status, rows(&run)), (RunStatus::Applied, 3));
    });
}
