//! Who works for a tenant.

use super::Engine;
use super::people::*;
use crate::ports::plan::RunStatus;
use crate::ports::{Leases as _, TenantId};

pub(crate) async fn one_works_for_a_tenant_at_a_time<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    // A tenant that is being installed is not there yet.
    let (acme, other) = (
        TenantId::new("acme").unwrap(),
        TenantId::new("other").unwrap(),
    );
    let first = store.lease(&acme).await.unwrap();
    let refused = store.lease(&acme).await.unwrap_err();
    assert_eq!(refused.code, "tenant-busy");
    let elsewhere = E::open(folder.path()).await;
    let refused = elsewhere.lease(&acme).await.unwrap_err();
    assert_eq!(refused.code, "tenant-busy");
    let _theirs = elsewhere.lease(&other).await.unwrap();
    drop(first);
    let _again = store.lease(&acme).await.unwrap();
}

pub(crate) async fn whoever_holds_the_lease_can_write<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    for _ in 0..3 {
        let _lease = store.lease(&acme).await.unwrap();
        synced(&store, &acme, vec![]).await;
        let run = planned(&store, &acme, vec![]).await;
        let discarded = RunStatus::Discarded;
        crate::ports::Plans::end(&store, &acme, run, discarded, None)
            .await
            .unwrap();
    }
}
