//! What is copied is all there, and goes on; what cannot be copied whole is not copied at all.

use zeroize::Zeroizing;

use super::copy;
use crate::contract::state::Operation;
use crate::ports::TenantId;
use crate::ports::access::{Deed, DeedQuery, Holder, Rank, Reach, Token};
use crate::ports::plan::{RowQuery, RunQuery};
use crate::ports::queue::{Ask, Wanted};
use crate::ports::users::{PasswordHash, Session, Users};
use crate::ports::{Access, PersonEdit, PortalDesk, Queue as _, Receipts as _, State, Whom};
use crate::store::conformance::history::fails;
use crate::store::conformance::people::*;
use crate::store::postgres::server;
use crate::store::vault::KeyChoice;
use crate::store::{Store, TenantLock};

const ODD: &str = "\0\u{1}\\u0000";

fn moved(city: &str) -> PersonEdit {
    PersonEdit {
        values: vec![("city".into(), Some(city.into()))],
        ..PersonEdit::default()
    }
}

fn wanted() -> Ask {
    Ask {
        mode: "changes".into(),
        by: ODD.into(),
        key: Some(ODD.into()),
        not_before: 77,
        attempt: 3,
    }
}

/// Two tenants with people, settings, a password, a run half applied, and one that is gone.
async fn filled(store: &Store) -> (TenantId, TenantId, String) {
    let acme = installed(store, "acme").await;
    let other = installed(store, "other").await;
    let people = (0..2_345).map(|n| create(&format!("p{n}"), &format!("{n}@x")));
    assert_eq!(synced(store, &acme, people.collect()).await, (2_345, 0));
    entered(store, &acme, "ada").await;
    let left = vec![deactivate("p1", "absent"), fails("u", "duplicate")];
    synced(store, &acme, left).await;
    store.keep_days(&acme, 7).await.unwrap();
    let odd = row(
        crate::contract::plan::RowKind::Update,
        "p2",
        &[("city", "", ODD), ("email", "2@x", ODD)],
    );
    let mut rows = vec![odd];
    rows.push(create("late", "7@x"));
    rows.extend((0..4).map(|n| create(&format!("q{n}"), &format!("q{n}@x"))));
    let run = planned(store, &acme, rows).await;
    store.apply(&acme, run, 3).await.unwrap();
    let whom = Whom::ExternalId(id("p3"));
    store
        .edit_person(&acme, &whom, &moved("Wien"))
        .await
        .unwrap();
    let put = Operation {
        key: ODD.into(),
        expected: None,
        value: Some(vec![0, 1, 2]),
    };
    store.commit(&acme, &[put]).await.unwrap();
    synced(store, &other, vec![create("z", "0@x")]).await;
    store.withdraw(&other).await.unwrap();
    store.uninstall(&other).await.unwrap();
    store.set_due(&acme, Some(1_234), &[]).await.unwrap();
    store.ask(&acme, &wanted()).await.unwrap();
    let password = Zeroizing::new("correct horse".to_owned());
    let handle = store.store(&acme, "password", password).await.unwrap();
    (acme, other, handle)
}

#[tokio::test]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
async fn everything_arrives_and_goes_on() {
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let sqlite = Store::open(old.path()).await.unwrap();
    let (acme, other, handle) = filled(&sqlite).await;
    let postgres = server::open(new.path()).await;
    let copied = copy(old.path(), KeyChoice::beside(old.path()), &postgres)
        .await
        .unwrap();
    let rows = |table: &str| copied.iter().find(|one| one.table == table).unwrap().rows;
    assert_eq!(
        (rows("tenant"), rows("person"), rows("secret")),
        (2, 2_348, 1)
    );

    assert_eq!(
        postgres.list().await.unwrap(),
        Tenants::list(&sqlite).await.unwrap()
    );
    let runs = sqlite.runs(&acme, &RunQuery::default(), 10).await.unwrap();
    assert_eq!(
        postgres
            .runs(&acme, &RunQuery::default(), 10)
            .await
            .unwrap(),
        runs
    );
    let all = RowQuery::default();
    for run in &runs {
        assert_eq!(
            postgres.rows(&acme, run.id, &all, 0, 1_000).await.unwrap(),
            sqlite.rows(&acme, run.id, &all, 0, 1_000).await.unwrap()
        );
    }
    let failures = sqlite.failures(&acme, None, 0, 10).await.unwrap();
    assert_eq!(failures.len(), 1);
    assert_eq!(
        postgres.failures(&acme, None, 0, 10).await.unwrap(),
        failures
    );
    assert_eq!(postgres.days(&acme).await.unwrap(), 7);
    // What is due and what waits goes on too.
    assert_eq!(postgres.due_at(&acme).await.unwrap(), Some(1_234));
    let waiting = sqlite.waiting(100, 10).await.unwrap();
    assert!(waiting.iter().any(|work| work.what
        == Wanted::Begin(Ask {
            key: None,
            ..wanted()
        })));
    assert_eq!(postgres.waiting(100, 10).await.unwrap(), waiting);
    let same = sqlite.ask(&acme, &wanted()).await.unwrap();
    assert_eq!(postgres.ask(&acme, &wanted()).await.unwrap(), same);
    let index = sqlite.index(&acme, "", 10_000).await.unwrap();
    assert_eq!(postgres.index(&acme, "", 10_000).await.unwrap(), index);
    for ids in index.external_ids.chunks(500) {
        assert_eq!(
            postgres.people(&acme, ids).await.unwrap(),
            sqlite.people(&acme, ids).await.unwrap()
        );
    }
    assert_eq!(postgres.count(&other).await.unwrap(), 1, "people stay");
    let revealed = postgres.reveal(&acme, &handle).await.unwrap();
    assert_eq!(revealed.as_str(), "correct horse");
    let kept = State::get(&postgres, &acme, ODD).await.unwrap();
    assert_eq!(kept, State::get(&sqlite, &acme, ODD).await.unwrap());

    // The run that was half applied ends as it would have.
    let open = postgres.unfinished(&acme).await.unwrap().unwrap();
    let ends = applied(&postgres, &acme, open, 10).await.unwrap();
    assert_eq!(ends, applied(&sqlite, &acme, open, 10).await.unwrap());
    // Numbers go on.
    let before = sqlite.runs(&acme, &RunQuery::default(), 1).await.unwrap()[0].id;
    let mark = async || postgres.index_of(&acme, &[id("p3")]).await.unwrap().marks[0];
    assert_eq!(mark().await, 4);
    let phone = row(
        crate::contract::plan::RowKind::Update,
        "p3",
        &[("phone", "", "1")],
    );
    let run = planned(&postgres, &acme, vec![phone, create("new", "new@x")]).await;
    assert!(run > before);
    assert_eq!(applied(&postgres, &acme, run, 10).await.unwrap(), (2, 0));
    assert_eq!(mark().await, 0);
}

fn user(name: &str) -> crate::ports::users::User {
    crate::ports::users::User {
        id: 0,
        name: name.into(),
        rank: Rank::Admin,
        reach: Reach::Everything,
        disabled: name == "off",
        created_at: 5,
        changed_at: 6,
    }
}

#[tokio::test]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
async fn who_has_access_and_what_was_done_arrive_and_sessions_do_not() {
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let sqlite = Store::open(old.path()).await.unwrap();
    let token = |name: &str| Token {
        id: 0,
        name: name.into(),
        rank: Rank::Viewer,
        reach: Reach::Tenants([TenantId::new("acme").unwrap()].into()),
        created_at: 5,
        expires_at: 10,
    };
    sqlite.add_token(&token(ODD), &[1; 32]).await.unwrap();
    let revoked = sqlite.add_token(&token("old"), &[2; 32]).await.unwrap();
    sqlite.revoke_token(revoked).await.unwrap();
    let gone = installed(&sqlite, "gone").await;
    let reader = Token {
        reach: Reach::Tenants([gone.clone()].into()),
        ..token("reader")
    };
    let reader = sqlite.add_token(&reader, &[5; 32]).await.unwrap();
    sqlite.withdraw(&gone).await.unwrap();
    let deed = Deed {
        at: 7,
        who: ODD.into(),
        from: "192.0.2.7".into(),
        tenant: Some(TenantId::new("acme").unwrap()),
        what: "sync".into(),
        which: "17".into(),
        refused: String::new(),
    };
    sqlite.note(&deed).await.unwrap();
    let password = PasswordHash("$argon2id$x".into());
    for name in ["ada", "off"] {
        sqlite.add_user(&user(name), &password).await.unwrap();
    }
    let (ada, _) = sqlite.user_named("ada").await.unwrap().unwrap();
    let session = Session {
        user: ada.clone(),
        created_at: 1,
        seen_at: 1,
        idle_at: 100,
        ends_at: 100,
        from: String::new(),
    };
    assert!(
        sqlite
            .add_session(&[3; 32], &session, &password)
            .await
            .unwrap()
    );

    let postgres = server::open(new.path()).await;
    copy(old.path(), KeyChoice::beside(old.path()), &postgres)
        .await
        .unwrap();
    assert_eq!(
        postgres.tokens().await.unwrap(),
        sqlite.tokens().await.unwrap()
    );
    assert_eq!(postgres.token(&[2; 32]).await.unwrap(), None);
    let deeds = postgres.deeds(&DeedQuery::default(), 0, 10).await.unwrap();
    assert_eq!(deeds, std::slice::from_ref(&deed));
    assert_eq!(
        Users::users(&postgres).await.unwrap(),
        Users::users(&sqlite).await.unwrap()
    );
    let kept = postgres.user_named("ada").await.unwrap();
    assert_eq!(kept, Some((ada, password.clone())));
    assert!(sqlite.session(&[3; 32], 50).await.unwrap().is_some());
    assert_eq!(postgres.session(&[3; 32], 50).await.unwrap(), None);
    for (id, may) in [(reader, true), (revoked, false)] {
        let reads = postgres.may_read(&gone, Holder::Token(id)).await;
        assert_eq!(reads.unwrap(), may);
    }
    // Numbers go on.
    let next = postgres.add_token(&token("new"), &[4; 32]).await.unwrap();
    assert!(next > revoked);
    postgres.note(&deed).await.unwrap();
    postgres.add_user(&user("new"), &password).await.unwrap();
    let twice = copy(old.path(), KeyChoice::beside(old.path()), &postgres)
        .await
        .unwrap_err();
    assert_eq!(twice.code, "store-not-empty");
}

#[tokio::test]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
async fn nothing_is_copied_into_a_database_with_tenants_or_out_of_one_at_work() {
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let postgres = server::open(new.path()).await;
    let missing = copy(old.path(), KeyChoice::beside(old.path()), &postgres)
        .await
        .unwrap_err();
    assert_eq!(missing.code, "store-file");
    assert_eq!(std::fs::read_dir(old.path()).unwrap().count(), 0);

    let sqlite = Store::open(old.path()).await.unwrap();
    let acme = installed(&sqlite, "acme").await;
    let lock = TenantLock::acquire(old.path(), &acme).unwrap();
    let busy = copy(old.path(), KeyChoice::beside(old.path()), &postgres)
        .await
        .unwrap_err();
    assert_eq!(busy.code, "tenant-busy");
    assert!(postgres.list().await.unwrap().is_empty());
    drop(lock);
    copy(old.path(), KeyChoice::beside(old.path()), &postgres)
        .await
        .unwrap();
    let twice = copy(old.path(), KeyChoice::beside(old.path()), &postgres)
        .await
        .unwrap_err();
    assert_eq!(twice.code, "store-not-empty");
    assert_eq!(postgres.list().await.unwrap().len(), 1);
}
