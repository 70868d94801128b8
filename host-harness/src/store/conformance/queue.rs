//! Runs that wait for a host, and when tenants are due.

use super::Engine;
use super::people::*;
use crate::contract::state::Operation;
use crate::ports::plan::{Begin, RunStatus};
use crate::ports::queue::{Ask, Due, Heard, Wanted};
use crate::ports::{Queue as _, RunId, State, TenantId};

fn ask(mode: &str) -> Ask {
    Ask {
        mode: mode.into(),
        by: "ada".into(),
        key: None,
        not_before: 10,
        attempt: 0,
    }
}

fn begin(queued: Option<RunId>) -> Begin {
    Begin {
        mode: "full".into(),
        plugin: "p".into(),
        configuration: CONFIGURATION.into(),
        queued,
    }
}

pub(crate) async fn what_is_asked_for_waits_once_and_begins_once<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let (acme, other) = (
        installed(&store, "acme").await,
        installed(&store, "other").await,
    );
    let run = store.ask(&acme, &ask("changes")).await.unwrap();
    let sooner = Ask {
        not_before: 5,
        ..ask("full")
    };
    assert_eq!(store.ask(&acme, &sooner).await.unwrap(), run);
    let theirs = store.ask(&other, &ask("changes")).await.unwrap();
    assert_eq!(store.waiting(4, 10).await.unwrap(), []);
    assert_eq!(store.backlog(4).await.unwrap(), (0, None));
    let waiting = store.waiting(10, 10).await.unwrap();
    let listed: Vec<_> = waiting
        .iter()
        .map(|work| (&work.tenant, work.run))
        .collect();
    assert_eq!(listed, [(&acme, run), (&other, theirs)]);
    // Whoever wants everybody read gets that.
    let wanted = Ask {
        not_before: 5,
        ..ask("full")
    };
    assert_eq!(waiting[0].what, Wanted::Begin(wanted));
    assert_eq!(store.backlog(10).await.unwrap(), (2, Some(5)));
    assert_eq!(store.waiting(10, 1).await.unwrap().len(), 1);

    assert_eq!(store.begin(&acme, begin(Some(run))).await.unwrap(), run);
    let again = store.begin(&acme, begin(Some(run))).await;
    assert_eq!(again.unwrap_err().code, "wrong-status");
    let waiting = store.waiting(10, 10).await.unwrap();
    assert!(matches!(waiting[0].what, Wanted::Plan(_)));
    // The next may be asked for while this one is under way.
    let next = store.ask(&acme, &ask("full")).await.unwrap();
    assert_ne!(next, run);
}

pub(crate) async fn a_dry_run_is_not_what_a_sync_becomes<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let dry = store.ask(&acme, &ask("dry-run")).await.unwrap();
    let sync = store.ask(&acme, &ask("full")).await.unwrap();
    assert_ne!(dry, sync);
    assert_eq!(store.ask(&acme, &ask("dry-run")).await.unwrap(), dry);
    assert_eq!(store.run(&acme, dry).await.unwrap().mode, "dry-run");
}

pub(crate) async fn the_same_key_is_the_same_run_for_ever<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let (acme, other) = (
        installed(&store, "acme").await,
        installed(&store, "other").await,
    );
    let keyed = Ask {
        key: Some("k-1".into()),
        ..ask("full")
    };
    let run = store.ask(&acme, &keyed).await.unwrap();
    store
        .end(&acme, run, RunStatus::Failed, None)
        .await
        .unwrap();
    assert_eq!(store.ask(&acme, &keyed).await.unwrap(), run);
    assert_ne!(store.ask(&other, &keyed).await.unwrap(), run);
    let another = Ask {
        key: Some("k-2".into()),
        ..ask("full")
    };
    assert_ne!(store.ask(&acme, &another).await.unwrap(), run);
}

pub(crate) async fn a_run_is_stopped_where_it_stands<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let (acme, other) = (
        installed(&store, "acme").await,
        installed(&store, "other").await,
    );
    let heard = Heard {
        phase: "read".into(),
        done: 7,
        total: 9,
        at: 1,
        host: "h".into(),
    };
    let queued = store.ask(&acme, &ask("full")).await.unwrap();
    assert_eq!(
        store.stop(&other, queued).await.unwrap_err().code,
        "unknown-run"
    );
    store.stop(&acme, queued).await.unwrap();
    let ended = store.run(&acme, queued).await.unwrap();
    assert_eq!(ended.status, RunStatus::Cancelled);
    assert!(ended.ended_at.is_some());
    assert_eq!(
        store.stop(&acme, queued).await.unwrap_err().code,
        "wrong-status"
    );

    let run = store.ask(&acme, &ask("full")).await.unwrap();
    store.begin(&acme, begin(Some(run))).await.unwrap();
    assert!(!store.tell(&acme, run, &heard).await.unwrap());
    assert_eq!(store.heard(&acme, run).await.unwrap(), Some(heard.clone()));
    store.stop(&acme, run).await.unwrap();
    assert!(store.tell(&acme, run, &heard).await.unwrap());
    assert_eq!(
        store.run(&acme, run).await.unwrap().status,
        RunStatus::Planning
    );
}

pub(crate) async fn every_key_is_kept_and_stands_for_one_wish<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let keyed = |mode: &str, key: &str| Ask {
        key: Some(key.into()),
        ..ask(mode)
    };
    let run = store.ask(&acme, &keyed("full", "k1")).await.unwrap();
    // It joins the one that waits, and is that one for ever.
    assert_eq!(store.ask(&acme, &keyed("full", "k2")).await.unwrap(), run);
    store.stop(&acme, run).await.unwrap();
    for key in ["k1", "k2"] {
        assert_eq!(store.ask(&acme, &keyed("full", key)).await.unwrap(), run);
    }
    let other = store.ask(&acme, &keyed("dry-run", "k1")).await;
    assert_eq!(other.unwrap_err().code, "key-reused");
    assert_ne!(store.ask(&acme, &keyed("full", "k3")).await.unwrap(), run);
}

pub(crate) async fn a_key_of_what_is_done_at_once_stands_for_it_and_for_one_tenant<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let nobody = TenantId::new("nobody").unwrap();
    assert_eq!(store.known(&nobody, "k1", "undo 1").await.unwrap(), None);
    let (acme, other) = (
        installed(&store, "acme").await,
        installed(&store, "other").await,
    );
    assert_eq!(store.known(&acme, "k1", "undo 1").await.unwrap(), None);
    for _ in 0..2 {
        let run = RunId(7);
        store.remember(&acme, "k1", "undo 1", run).await.unwrap();
        let known = store.known(&acme, "k1", "undo 1").await.unwrap();
        assert_eq!(known, Some(run));
    }
    let refused = store.known(&acme, "k1", "undo 2").await.unwrap_err();
    assert_eq!(refused.code, "key-reused");
    let again = store.remember(&acme, "k1", "undo 2", RunId(8)).await;
    assert_eq!(again.unwrap_err().code, "key-reused");
    let asked = Ask {
        key: Some("k1".into()),
        ..ask("full")
    };
    let asked = store.ask(&acme, &asked).await.unwrap_err();
    assert_eq!(asked.code, "key-reused");
    assert_eq!(store.known(&other, "k1", "undo 1").await.unwrap(), None);
}

pub(crate) async fn a_released_plan_waits_to_be_applied<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let run = store.ask(&acme, &ask("dry-run")).await.unwrap();
    assert_eq!(
        store.ask_apply(&acme, run).await.unwrap_err().code,
        "not-planned"
    );
    let looked_at = Begin {
        mode: "dry-run".into(),
        ..begin(Some(run))
    };
    store.begin(&acme, looked_at).await.unwrap();
    store
        .record(&acme, run, vec![create("a", "a@x")])
        .await
        .unwrap();
    store
        .finish(&acme, run, summary(), proof(), vec![])
        .await
        .unwrap();
    assert_eq!(store.waiting(10, 10).await.unwrap(), []);
    assert!(!store.goes_on(&acme, run).await.unwrap());
    store.ask_apply(&acme, run).await.unwrap();
    assert!(store.goes_on(&acme, run).await.unwrap());
    let waiting = store.waiting(10, 10).await.unwrap();
    assert_eq!((waiting[0].run, &waiting[0].what), (run, &Wanted::Apply));
    applied(&store, &acme, run, 10).await.unwrap();
    assert_eq!(store.waiting(10, 10).await.unwrap(), []);
    assert!(!store.goes_on(&acme, run).await.unwrap());
}

pub(crate) async fn the_plan_of_a_sync_waits_to_be_applied_whoever_made_it<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let run = store.ask(&acme, &ask("full")).await.unwrap();
    store.begin(&acme, begin(Some(run))).await.unwrap();
    store
        .finish(&acme, run, summary(), proof(), vec![])
        .await
        .unwrap();
    let waiting = store.waiting(10, 10).await.unwrap();
    assert_eq!((waiting[0].run, &waiting[0].what), (run, &Wanted::Apply));
    assert!(store.goes_on(&acme, run).await.unwrap());

    // One that was held is applied when that is asked for.
    let run = store.ask(&acme, &ask("full")).await.unwrap();
    store.begin(&acme, begin(Some(run))).await.unwrap();
    store.set_seats(&acme, 1).await.unwrap();
    let two = vec![create("a", "a@x"), create("b", "b@x")];
    store.record(&acme, run, two).await.unwrap();
    let digest = store.finish(&acme, run, summary(), proof(), vec![]).await;
    let held = store.run(&acme, run).await.unwrap();
    assert_eq!(held.status, RunStatus::Held);
    assert_eq!(store.waiting(10, 10).await.unwrap(), []);
    store.approve(&acme, run, &digest.unwrap()).await.unwrap();
    assert_eq!(store.waiting(10, 10).await.unwrap(), []);
}

pub(crate) async fn who_is_due_is_met_once_however_many_hosts_look<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let (acme, other) = (
        installed(&store, "acme").await,
        installed(&store, "other").await,
    );
    store.set_due(&acme, Some(100), &[]).await.unwrap();
    store.set_due(&other, Some(50), &[]).await.unwrap();
    assert_eq!(store.due(49, 10).await.unwrap(), []);
    let due = store.due(100, 10).await.unwrap();
    let listed: Vec<_> = due.iter().map(|due| (&due.tenant, due.at)).collect();
    assert_eq!(listed, [(&other, 50), (&acme, 100)]);
    let run = store.meet(&due[1], Some(200), &ask("full")).await.unwrap();
    assert!(run.is_some());
    assert_eq!(
        store.meet(&due[1], Some(200), &ask("full")).await.unwrap(),
        None
    );
    assert_eq!(store.due_at(&acme).await.unwrap(), Some(200));
    // A timetable that changed meanwhile is asked again.
    store.set_due(&other, Some(70), &[]).await.unwrap();
    assert_eq!(store.meet(&due[0], None, &ask("full")).await.unwrap(), None);
    let moved = Due {
        at: 70,
        ..due[0].clone()
    };
    assert!(
        store
            .meet(&moved, None, &ask("full"))
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(store.due_at(&other).await.unwrap(), None);
    store.set_due(&acme, None, &[]).await.unwrap();
    assert_eq!(store.due(i64::MAX, 10).await.unwrap(), []);
    // Nothing is left of it after an uninstall.
    store.set_due(&acme, Some(1), &[]).await.unwrap();
    store.uninstall(&acme).await.unwrap();
    assert_eq!(store.due(i64::MAX, 10).await.unwrap(), []);
    assert_eq!(store.waiting(i64::MAX, 10).await.unwrap().len(), 1);
}

pub(crate) async fn when_somebody_is_due_is_stored_with_the_timetable_or_not_at_all<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let daily = |expected: u64, text: &str| Operation {
        key: "timetable".into(),
        expected: Some(expected),
        value: Some(text.into()),
    };
    let due = async |at, changed: &[Operation]| store.set_due(&acme, Some(at), changed).await;
    due(100, &[daily(0, "a")]).await.unwrap();
    let stored = async || {
        let kept = State::get(&store, &acme, "timetable").await.unwrap();
        (kept.value, store.due_at(&acme).await.unwrap())
    };
    assert_eq!(stored().await, (b"a".to_vec(), Some(100)));
    // Somebody else stored one meanwhile; and one that is too large.
    let large = Operation {
        value: Some(vec![0; 2 << 20]),
        ..daily(1, "")
    };
    for refused in [daily(0, "b"), large] {
        assert!(due(200, &[refused]).await.is_err());
        assert_eq!(stored().await, (b"a".to_vec(), Some(100)));
    }
    let version = State::get(&store, &acme, "timetable")
        .await
        .unwrap()
        .version;
    due(200, &[daily(version, "b")]).await.unwrap();
    assert_eq!(stored().await, (b"b".to_vec(), Some(200)));
}

pub(crate) async fn what_somebody_stopped_is_not_asked_for_again<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let (acme, other) = (
        installed(&store, "acme").await,
        installed(&store, "other").await,
    );
    for stopped in [false, true] {
        let run = store.ask(&acme, &ask("full")).await.unwrap();
        store.begin(&acme, begin(Some(run))).await.unwrap();
        if stopped {
            store.stop(&acme, run).await.unwrap();
        }
        let cancelled = RunStatus::Cancelled;
        store.end(&acme, run, cancelled, None).await.unwrap();
        let theirs = store.ask_again(&other, run, &ask("full")).await.unwrap();
        assert_eq!(theirs, None, "another tenant's run");
        let again = store.ask_again(&acme, run, &ask("full")).await.unwrap();
        assert_eq!(again.is_none(), stopped);
        let waiting = store.waiting(10, 10).await.unwrap();
        let waiting: Vec<_> = waiting.iter().map(|work| work.run).collect();
        assert_eq!(waiting, again.into_iter().collect::<Vec<_>>());
        if let Some(again) = again {
            store.stop(&acme, again).await.unwrap();
        }
    }
}
