//! Who may log in, who has, and who tries.

use std::collections::BTreeSet;

use super::Engine;
use crate::ports::TenantId;
use crate::ports::Users as _;
use crate::ports::access::{Rank, Reach};
use crate::ports::users::{PasswordHash, Session, Trier, Try, User};

fn admin(name: &str) -> User {
    User {
        id: 0,
        name: name.into(),
        rank: Rank::Admin,
        reach: Reach::Everything,
        disabled: false,
        created_at: 5,
        changed_at: 5,
    }
}

fn hashed(text: &str) -> PasswordHash {
    PasswordHash(format!("$argon2id$v=19$m=19456,t=2,p=1${text}$x"))
}

fn session(user: &User, created_at: i64) -> Session {
    Session {
        user: user.clone(),
        created_at,
        seen_at: created_at,
        idle_at: created_at + 100,
        ends_at: created_at + 1_000,
        from: "192.0.2.7".into(),
    }
}

async fn added(store: &impl crate::ports::Users, user: User) -> User {
    let id = store.add_user(&user, &hashed(&user.name)).await.unwrap();
    User { id, ..user }
}

pub(crate) async fn a_user_is_added_once_changed_and_listed<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    assert_eq!(store.users().await.unwrap(), []);
    let zoe = added(&store, admin("zoe")).await;
    let reach = Reach::Tenants(BTreeSet::from([TenantId::new("acme").unwrap()]));
    let ada = added(
        &store,
        User {
            rank: Rank::Viewer,
            reach,
            ..admin("ada")
        },
    )
    .await;
    let twice = store.add_user(&ada, &hashed("x")).await.unwrap_err();
    assert_eq!(twice.code, "user-exists");
    assert_eq!(store.users().await.unwrap(), [ada.clone(), zoe.clone()]);
    let changed = User {
        rank: Rank::Operator,
        reach: Reach::Everything,
        disabled: true,
        changed_at: 9,
        ..ada
    };
    store.change_user(&changed).await.unwrap();
    assert_eq!(store.user(changed.id).await.unwrap(), changed);
    store
        .set_password(zoe.id, &hashed("new"), 11)
        .await
        .unwrap();
    let zoe = User {
        changed_at: 11,
        ..zoe
    };
    assert_eq!(
        store.user_named("zoe").await.unwrap(),
        Some((zoe.clone(), hashed("new")))
    );
    assert_eq!(store.user_named("Zoe").await.unwrap(), None);
    store
        .rehash(zoe.id, &hashed("old"), &hashed("lost"))
        .await
        .unwrap();
    store
        .rehash(zoe.id, &hashed("new"), &hashed("stronger"))
        .await
        .unwrap();
    let kept = store.user_named("zoe").await.unwrap();
    assert_eq!(kept, Some((zoe, hashed("stronger"))));

    let nobody = User {
        id: 99,
        ..admin("nobody")
    };
    let refused = [
        store.user(99).await.unwrap_err(),
        store.change_user(&nobody).await.unwrap_err(),
        store.set_password(99, &hashed("x"), 1).await.unwrap_err(),
    ];
    assert!(refused.iter().all(|one| one.code == "unknown-user"));
}

pub(crate) async fn whoever_may_give_others_access_stays_one<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let one = added(&store, admin("one")).await;
    let some = Reach::Tenants(BTreeSet::from([TenantId::new("acme").unwrap()]));
    let less = [
        User {
            disabled: true,
            ..one.clone()
        },
        User {
            rank: Rank::Operator,
            ..one.clone()
        },
        User {
            reach: some,
            ..one.clone()
        },
    ];
    for less in &less {
        let refused = store.change_user(less).await.unwrap_err();
        assert_eq!(refused.code, "last-admin");
        assert_eq!(store.user(one.id).await.unwrap(), one);
    }
    added(&store, admin("other")).await;
    for less in &less {
        store.change_user(less).await.unwrap();
        store.change_user(&one).await.unwrap();
    }
}

pub(crate) async fn a_session_is_found_until_it_is_over_or_ended<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let ada = added(&store, admin("ada")).await;
    let begun = session(&ada, 1_000);
    assert!(
        store
            .add_session(&[1; 32], &begun, &hashed("ada"))
            .await
            .unwrap()
    );
    assert_eq!(
        store.session(&[1; 32], 1_099).await.unwrap(),
        Some(begun.clone())
    );
    assert_eq!(store.session(&[2; 32], 1_099).await.unwrap(), None);
    assert_eq!(store.session(&[1; 32], 1_100).await.unwrap(), None, "idle");
    store.touch_session(&[1; 32], 1_099, 5_000).await.unwrap();
    let used = Session {
        seen_at: 1_099,
        idle_at: 5_000,
        ..begun
    };
    assert_eq!(store.session(&[1; 32], 1_999).await.unwrap(), Some(used));
    assert_eq!(store.session(&[1; 32], 2_000).await.unwrap(), None, "over");
    store.end_session(&[1; 32]).await.unwrap();
    store.end_session(&[1; 32]).await.unwrap();
    assert_eq!(store.session(&[1; 32], 1_050).await.unwrap(), None);
}

pub(crate) async fn a_session_ends_with_every_change_of_its_user<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let ada = added(&store, admin("ada")).await;
    let bob = added(&store, admin("bob")).await;
    let begin = async || {
        let (_, password) = store.user_named("ada").await.unwrap().unwrap();
        for (hash, user, password) in [(1, &ada, &password), (2, &bob, &hashed("bob"))] {
            let _ = store.end_session(&[hash; 32]).await;
            let begun = session(user, 1_000);
            assert!(
                store
                    .add_session(&[hash; 32], &begun, password)
                    .await
                    .unwrap()
            );
        }
    };
    begin().await;
    store.set_password(ada.id, &hashed("new"), 9).await.unwrap();
    assert_eq!(store.session(&[1; 32], 1_001).await.unwrap(), None);
    assert!(store.session(&[2; 32], 1_001).await.unwrap().is_some());
    begin().await;
    let less = User {
        rank: Rank::Viewer,
        ..ada.clone()
    };
    store.change_user(&less).await.unwrap();
    assert_eq!(store.session(&[1; 32], 1_001).await.unwrap(), None);
    begin().await;
    store
        .rehash(ada.id, &hashed("new"), &hashed("stronger"))
        .await
        .unwrap();
    assert!(store.session(&[1; 32], 1_001).await.unwrap().is_some());
}

pub(crate) async fn a_session_needs_the_password_that_was_checked<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    added(&store, admin("zoe")).await;
    let ada = added(&store, admin("ada")).await;
    let begun = session(&ada, 1_000);
    let begin = async |text: &str| {
        store
            .add_session(&[1; 32], &begun, &hashed(text))
            .await
            .unwrap()
    };
    // Somebody changed it while it was being checked.
    store.set_password(ada.id, &hashed("new"), 9).await.unwrap();
    assert!(!begin("ada").await);
    assert_eq!(store.session(&[1; 32], 1_001).await.unwrap(), None);
    let disabled = User {
        disabled: true,
        ..ada.clone()
    };
    store.change_user(&disabled).await.unwrap();
    assert!(!begin("new").await);
    store.change_user(&ada).await.unwrap();
    assert!(begin("new").await);
}

pub(crate) async fn a_user_has_only_so_many_sessions<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let ada = added(&store, admin("ada")).await;
    for n in 0..25u8 {
        let begun = session(&ada, 1_000 + i64::from(n));
        store
            .add_session(&[n; 32], &begun, &hashed("ada"))
            .await
            .unwrap();
    }
    for n in 0..25u8 {
        let there = store.session(&[n; 32], 1_030).await.unwrap().is_some();
        assert_eq!(there, n >= 5, "{n}");
    }
}

pub(crate) async fn a_set_up_secret_is_good_once_and_for_a_while<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    store.offer_setup(&[1; 32], 100).await.unwrap();
    store.check_setup(&[1; 32], 99).await.unwrap();
    let at = |created_at| User {
        created_at,
        ..admin("ada")
    };
    for (hash, now) in [([1; 32], 100), ([2; 32], 99)] {
        let checked = store.check_setup(&hash, now).await.unwrap_err();
        let used = store.set_up(&hash, &at(now), &hashed("x")).await;
        assert_eq!(
            (checked.code.as_str(), used.unwrap_err().code.as_str()),
            ("set-up-refused", "set-up-refused")
        );
    }
    assert_eq!(store.users().await.unwrap(), []);
    let id = store.set_up(&[1; 32], &at(99), &hashed("x")).await.unwrap();
    assert_eq!(store.user(id).await.unwrap(), User { id, ..at(99) });
    let twice = store.set_up(&[1; 32], &at(99), &hashed("x")).await;
    assert_eq!(twice.unwrap_err().code, "set-up-done");
    let checked = store.check_setup(&[1; 32], 99).await.unwrap_err();
    assert_eq!(checked.code, "set-up-done");
    let another = store.offer_setup(&[3; 32], 100).await.unwrap_err();
    assert_eq!(another.code, "set-up-done");
}

pub(crate) async fn set_up_secrets_are_good_beside_each_other_until_they_are_forgotten_or_one_is_used<
    E: Engine,
>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    store.offer_setup(&[1; 32], 100).await.unwrap();
    store.offer_setup(&[2; 32], 100).await.unwrap();
    for hash in [[1; 32], [2; 32]] {
        store.check_setup(&hash, 99).await.unwrap();
    }
    store.forget_setup().await.unwrap();
    store.offer_setup(&[3; 32], 100).await.unwrap();
    for hash in [[1; 32], [2; 32]] {
        let old = store.set_up(&hash, &admin("ada"), &hashed("x")).await;
        assert_eq!(old.unwrap_err().code, "set-up-refused");
    }
    // A host that is started over and over leaves no more than the last ones.
    for n in 0..100u8 {
        let expires_at = 1_000 + i64::from(n);
        store.offer_setup(&[n + 100; 32], expires_at).await.unwrap();
    }
    let gone = store.check_setup(&[3; 32], 99).await.unwrap_err();
    assert_eq!(gone.code, "set-up-refused");
    store.check_setup(&[100; 32], 99).await.unwrap();
    let used = store.set_up(&[199; 32], &admin("ada"), &hashed("x")).await;
    used.unwrap();
    let other = store.set_up(&[100; 32], &admin("bob"), &hashed("x")).await;
    assert_eq!(other.unwrap_err().code, "set-up-done");
}

pub(crate) async fn a_set_up_secret_is_used_once_however_many_try_at_once<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    store.offer_setup(&[1; 32], 100).await.unwrap();
    let names: Vec<String> = (0..6).map(|n| format!("user{n}")).collect();
    let tries = names.iter().map(|name| {
        let store = &store;
        async move { store.set_up(&[1; 32], &admin(name), &hashed("x")).await }
    });
    let ends = futures_util::future::join_all(tries).await;
    assert_eq!(ends.iter().filter(|end| end.is_ok()).count(), 1, "{ends:?}");
    assert_eq!(store.users().await.unwrap().len(), 1);
}

fn trier(name: u8, address: u8) -> Trier {
    let mut pair = [address; 32];
    pair[0] = name;
    Trier {
        pair,
        address: [address; 32],
    }
}

/// Tries until there is a wait, and says after how many, and until when.
async fn until_refused(store: &impl crate::ports::Users, who: &Trier, now: i64) -> (usize, i64) {
    let mut tried = 0;
    loop {
        if let Try::NotBefore(until) = store.may_try(who, now).await.unwrap() {
            return (tried, until);
        }
        tried += 1;
        assert!(tried < 100, "nobody was refused");
    }
}

pub(crate) async fn whoever_fails_often_waits_and_others_do_not<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let refused = until_refused(&store, &trier(1, 100), 10_000).await;
    assert_eq!(refused, (5, 12_000));
    for other in [trier(2, 100), trier(1, 101)] {
        assert_eq!(store.may_try(&other, 10_000).await.unwrap(), Try::Allowed);
    }
    // One more after the wait, and the next wait is longer.
    let refused = until_refused(&store, &trier(1, 100), 12_000).await;
    assert_eq!(refused, (1, 16_000));
}

pub(crate) async fn whoever_succeeds_begins_anew<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let ada = trier(1, 100);
    for _ in 0..10 {
        for _ in 0..4 {
            assert_eq!(store.may_try(&ada, 10_000).await.unwrap(), Try::Allowed);
        }
        store.tried_well(&ada, 10_000).await.unwrap();
    }
    assert_eq!(until_refused(&store, &ada, 10_000).await.0, 5);
}

pub(crate) async fn an_address_waits_but_whoever_is_known_there_does_not<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let known = trier(200, 100);
    assert_eq!(store.may_try(&known, 10_000).await.unwrap(), Try::Allowed);
    store.tried_well(&known, 10_000).await.unwrap();
    for name in 0..20 {
        let may = store.may_try(&trier(name, 100), 10_000).await.unwrap();
        assert_eq!(may, Try::Allowed, "{name}");
    }
    let unknown = trier(50, 100);
    assert_eq!(
        store.may_try(&unknown, 10_000).await.unwrap(),
        Try::NotBefore(12_000)
    );
    assert_eq!(
        store.may_try(&trier(50, 101), 10_000).await.unwrap(),
        Try::Allowed
    );
    // Logging in does not clear the address for others.
    assert_eq!(store.may_try(&known, 10_000).await.unwrap(), Try::Allowed);
    store.tried_well(&known, 10_000).await.unwrap();
    assert_eq!(
        store.may_try(&unknown, 10_000).await.unwrap(),
        Try::NotBefore(12_000)
    );
    // Its own tries are counted all the same.
    assert_eq!(until_refused(&store, &known, 10_000).await.0, 5);
}

pub(crate) async fn tries_at_once_all_count<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let ada = trier(1, 100);
    let tries = (0..12).map(|_| store.may_try(&ada, 10_000));
    let ends = futures_util::future::join_all(tries).await;
    let allowed = ends
        .iter()
        .filter(|end| end.as_ref().unwrap() == &Try::Allowed);
    assert_eq!(allowed.count(), 5);
}
