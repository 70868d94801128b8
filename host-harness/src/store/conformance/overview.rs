//! What an operator looks at, over all tenants.

use zeroize::Zeroizing;

use super::Engine;
use super::people::*;
use crate::Problem;
use crate::ports::plan::RunStatus;
use crate::ports::queue::Ask;
use crate::ports::{Overview as _, Plans as _, Queue as _, Secrets as _, TenantId, Tenants as _};

pub(crate) async fn a_tenant_fails_from_a_failed_run_to_the_next_that_does_not<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let (acme, other) = (
        installed(&store, "acme").await,
        installed(&store, "other").await,
    );
    synced(&store, &acme, vec![]).await;
    synced(&store, &other, vec![]).await;
    let both: Vec<_> = store.synced().await.unwrap();
    assert_eq!(
        both.iter().map(|(tenant, _)| tenant).collect::<Vec<_>>(),
        [&acme, &other]
    );
    assert_eq!(store.failing(10).await.unwrap(), []);
    let fail = async |code: &str| {
        let run = begun(&store, &acme).await;
        let problem = Some(Problem::new(code, "It is \u{0} so", ""));
        let failed = RunStatus::Failed;
        store.end(&acme, run, failed, problem).await.unwrap();
    };
    fail("timeout").await;
    fail("connect-refused").await;
    let failing = store.failing(10).await.unwrap();
    assert_eq!(failing.len(), 1);
    let plugin = store.get(&acme).await.unwrap().plugin;
    assert_eq!(
        (&failing[0].tenant, &*failing[0].code, &failing[0].plugin),
        (&acme, "connect-refused", &plugin)
    );
    // A run that somebody stopped says nothing of the directory.
    let run = begun(&store, &acme).await;
    let cancelled = RunStatus::Cancelled;
    store.end(&acme, run, cancelled, None).await.unwrap();
    assert_eq!(store.failing(10).await.unwrap().len(), 1);
    assert_eq!(store.failing(0).await.unwrap(), []);
    let before = store.synced().await.unwrap();
    synced(&store, &acme, vec![]).await;
    assert_eq!(store.failing(10).await.unwrap(), []);
    assert!(store.synced().await.unwrap()[0].1 >= before[0].1);
    // Nobody waits for a tenant without a plugin.
    fail("timeout").await;
    store.uninstall(&acme).await.unwrap();
    assert_eq!(store.failing(10).await.unwrap(), []);
}

pub(crate) async fn passwords_are_tried_and_do_not_open_where_they_are_altered<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    for name in ["password", "key"] {
        let password = Zeroizing::new("hunter2".to_owned());
        store.store(&acme, name, password).await.unwrap();
    }
    let passwords = store.passwords().await.unwrap();
    assert_eq!((passwords.open, passwords.closed), (2, vec![]));
    assert!(store.shape().await.unwrap() > 0);
    let altered = format!("UPDATE secret SET sealed = {}", E::bytes(&[7; 48]));
    E::execute(folder.path(), &altered).await;
    let passwords = store.passwords().await.unwrap();
    assert_eq!((passwords.open, passwords.closed), (0, vec![acme]));
}

pub(crate) async fn tenants_are_known_by_runs_that_wait_and_runs_under_way<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let (acme, other) = (
        installed(&store, "acme").await,
        installed(&store, "other").await,
    );
    let none: Vec<TenantId> = Vec::new();
    let ask = |mode: &str| Ask {
        mode: mode.into(),
        by: "ada".into(),
        key: None,
        not_before: 50,
        attempt: 0,
    };
    for mode in ["full", "dry-run"] {
        store.ask(&other, &ask(mode)).await.unwrap();
    }
    assert_eq!(store.kept_waiting(49).await.unwrap(), none);
    // Once, however many runs wait.
    assert_eq!(
        store.kept_waiting(50).await.unwrap(),
        std::slice::from_ref(&other)
    );
    assert_eq!(store.at_work().await.unwrap(), none);
    let run = begun(&store, &acme).await;
    assert_eq!(store.at_work().await.unwrap(), std::slice::from_ref(&acme));
    let failed = RunStatus::Failed;
    store.end(&acme, run, failed, None).await.unwrap();
    assert_eq!(store.at_work().await.unwrap(), none);
}
