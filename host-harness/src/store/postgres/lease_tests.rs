//! Leases that are lost.

use std::path::Path;
use std::time::Duration;

use sqlx::{ConnectOptions, PgConnection};

use super::PostgresStore;
use super::server;
use crate::ports::plan::RunStatus;
use crate::ports::queue::Ask;
use crate::ports::{Leases as _, Plans as _, Queue as _, TenantId};
use crate::store::conformance::people::*;

/// As if nobody had heard of the holder for the time of a lease.
async fn unheard(data_dir: &Path, tenant: &TenantId) {
    let mut beside: PgConnection = server::database(data_dir)
        .await
        .options()
        .connect()
        .await
        .unwrap();
    let done = sqlx::query("UPDATE lease SET until = now() - interval '1 s' WHERE tenant = $1")
        .bind(tenant.as_str())
        .execute(&mut beside)
        .await
        .unwrap();
    assert_eq!(done.rows_affected(), 1);
}

#[tokio::test]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
async fn what_a_host_writes_that_lost_its_lease_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let slow = server::open(folder.path()).await;
    let acme = installed(&slow, "acme").await;
    let theirs = slow.lease(&acme).await.unwrap();
    let people = (0..20).map(|n| create(&format!("p{n}"), &format!("{n}@x")));
    let run = planned(&slow, &acme, people.collect()).await;
    slow.apply(&acme, run, 5).await.unwrap();

    let next = server::open(folder.path()).await;
    assert_eq!(next.lease(&acme).await.unwrap_err().code, "tenant-busy");
    unheard(folder.path(), &acme).await;
    let ours = next.lease(&acme).await.unwrap();
    let late = slow.apply(&acme, run, 5).await.unwrap_err();
    assert_eq!(late.code, "lease-lost");
    let late = slow.end(&acme, run, RunStatus::Failed, None).await;
    assert_eq!(late.unwrap_err().code, "lease-lost");
    assert_eq!(next.count(&acme).await.unwrap(), 5);
    applied(&next, &acme, run, 5).await.unwrap();
    assert_eq!(next.count(&acme).await.unwrap(), 20);

    // Nor does giving it back take it from the other, and a lease that is over is no right to write either.
    drop(theirs);
    slow.close().await;
    let third = server::open(folder.path()).await;
    assert_eq!(third.lease(&acme).await.unwrap_err().code, "tenant-busy");
    drop(ours);
    next.close().await;
    let _free = third.lease(&acme).await.unwrap();
}

#[tokio::test]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
async fn an_uninstall_that_comes_late_removes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let slow = server::open(folder.path()).await;
    let acme = installed(&slow, "acme").await;
    let _theirs = slow.lease(&acme).await.unwrap();
    unheard(folder.path(), &acme).await;
    let next = server::open(folder.path()).await;
    let _ours = next.lease(&acme).await.unwrap();
    let late = crate::ports::Tenants::uninstall(&slow, &acme).await;
    assert_eq!(late.unwrap_err().code, "lease-lost");
    crate::ports::Tenants::get(&next, &acme).await.unwrap();
}

#[tokio::test]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
async fn a_lease_for_which_nobody_waits_any_more_is_taken_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let store = server::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let mut beside: PgConnection = server::database(folder.path())
        .await
        .options()
        .connect()
        .await
        .unwrap();
    let mut tx = sqlx::Connection::begin(&mut beside).await.unwrap();
    sqlx::query("SELECT 1 FROM tenant FOR UPDATE")
        .execute(&mut *tx)
        .await
        .unwrap();
    let gone = tokio::time::timeout(Duration::from_millis(300), store.lease(&acme)).await;
    assert!(gone.is_err(), "it waits for the tenant's row");
    tx.rollback().await.unwrap();
    let _lease = store.lease(&acme).await.unwrap();
}

#[tokio::test]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
async fn a_lease_that_nobody_took_meanwhile_is_as_good_as_ever() {
    let folder = tempfile::tempdir().unwrap();
    let store = server::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let _lease = store.lease(&acme).await.unwrap();
    unheard(folder.path(), &acme).await;
    synced(&store, &acme, vec![create("a", "a@x")]).await;
    assert_eq!(store.count(&acme).await.unwrap(), 1);
}

#[tokio::test]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
async fn a_lease_is_renewed_for_as_long_as_it_is_held() {
    let folder = tempfile::tempdir().unwrap();
    let store = server::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let _lease = store.lease(&acme).await.unwrap();
    unheard(folder.path(), &acme).await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    let next: PostgresStore = server::open(folder.path()).await;
    assert_eq!(next.lease(&acme).await.unwrap_err().code, "tenant-busy");
}

#[tokio::test]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
async fn what_somebody_works_at_is_not_offered_to_others() {
    let folder = tempfile::tempdir().unwrap();
    let store = server::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let ask = Ask {
        mode: "full".into(),
        by: "ada".into(),
        key: None,
        not_before: 0,
        attempt: 0,
    };
    store.ask(&acme, &ask).await.unwrap();
    let lease = store.lease(&acme).await.unwrap();
    assert_eq!(store.waiting(1, 10).await.unwrap(), []);
    drop(lease);
    store.close().await;
    let next = server::open(folder.path()).await;
    assert_eq!(next.waiting(1, 10).await.unwrap().len(), 1);
}
