//! Portal, settings, passwords, installations; and that tenants see nothing of each other.

use zeroize::Zeroizing;

use super::people::*;
use super::{Engine, Ports};
use crate::contract::plan::Absence;
use crate::contract::portal::{Field, Status};
use crate::contract::state::{Operation, Versioned};
use crate::ports::plan::RunQuery;
use crate::ports::{PersonEdit, State, TenantId, Whom};
use crate::store::schema;

fn put(key: &str, value: &[u8], expected: Option<u64>) -> Operation {
    Operation {
        key: key.into(),
        expected,
        value: Some(value.to_vec()),
    }
}

fn edit(values: &[(&str, &str)]) -> PersonEdit {
    PersonEdit {
        values: values
            .iter()
            .map(|(f, v)| ((*f).into(), Some((*v).into())))
            .collect(),
        ..PersonEdit::default()
    }
}

pub(crate) async fn what_is_installed_is_remembered_and_forgotten<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = tenant("acme");
    assert_eq!(
        Tenants::get(&store, &acme).await.unwrap_err().code,
        "not-installed"
    );
    installed(&store, "acme").await;
    let again = store.install(&acme, "plugin-1", b"component").await;
    assert_eq!(again.unwrap_err().code, "already-installed");
    configure(&store, &acme, "c-2", &[("url", "ldap://x")]).await;
    let kept = Tenants::get(&store, &acme).await.unwrap();
    assert_eq!(
        (kept.configuration.as_str(), kept.settings.len()),
        ("c-2", 1)
    );
    assert_eq!(store.component("plugin-1").await.unwrap(), b"component");
    configure(&store, &acme, CONFIGURATION, &[]).await;
    synced(&store, &acme, vec![create("a", "a@x")]).await;
    let removed = store.uninstall(&acme).await.unwrap();
    assert!(removed.contains(&("runs".into(), 1)), "{removed:?}");
    assert_eq!(
        store.component("plugin-1").await.unwrap_err().code,
        "unknown-component"
    );
    assert!(store.list().await.unwrap().is_empty());
    assert_eq!(store.count(&acme).await.unwrap(), 1, "people stay");
    installed(&store, "acme").await;
    assert_eq!(store.count(&acme).await.unwrap(), 1);
}

pub(crate) async fn settings_change_all_or_nothing<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    store
        .commit(&acme, &[put("a/1", b"x", Some(0)), put("b", b"y", None)])
        .await
        .unwrap();
    let first = setting(&store, &acme, "a/1").await;
    assert_eq!(first.value, b"x");
    let lost = store
        .commit(&acme, &[put("b", b"z", None), put("a/1", b"z", Some(0))])
        .await;
    assert_eq!(lost.unwrap_err().code, "conflict");
    assert_eq!(setting(&store, &acme, "b").await.value, b"y");
    store
        .commit(&acme, &[put("a/1", b"z", Some(first.version))])
        .await
        .unwrap();
    let delete = Operation {
        key: "a/1".into(),
        expected: None,
        value: None,
    };
    store.commit(&acme, &[delete]).await.unwrap();
    assert_eq!(setting(&store, &acme, "a/1").await.version, 0);
    store
        .commit(&acme, &[put("a/1", b"", Some(0)), put("a/2", b"", None)])
        .await
        .unwrap();
    assert!(setting(&store, &acme, "a/1").await.version > first.version);
    assert_eq!(store.keys(&acme, "a/").await.unwrap(), ["a/1", "a/2"]);
    let much = vec![0; 1 << 20];
    let flood: Vec<_> = (0..17)
        .map(|n| put(&format!("c{n}"), &much, None))
        .collect();
    assert_eq!(
        store.commit(&acme, &flood).await.unwrap_err().code,
        "state-full"
    );
    assert_eq!(
        store
            .commit(&acme, &[put("", b"", None)])
            .await
            .unwrap_err()
            .code,
        "bad-request"
    );
    assert_eq!(store.clear(&acme).await.unwrap(), 3);
}

/// Installations have a `get` too.
async fn setting(store: &impl Ports, tenant: &TenantId, key: &str) -> Versioned {
    State::get(store, tenant, key).await.unwrap()
}

pub(crate) async fn passwords_come_back_by_handle_only<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let (acme, other) = (
        installed(&store, "acme").await,
        installed(&store, "other").await,
    );
    let secret = |text: &str| Zeroizing::new(text.to_owned());
    assert_eq!(
        store
            .store(&acme, "password", secret(""))
            .await
            .unwrap_err()
            .code,
        "empty-password"
    );
    let first = store
        .store(&acme, "password", secret("correct horse"))
        .await
        .unwrap();
    assert_eq!(
        store
            .store(&acme, "password", secret("correct horse"))
            .await
            .unwrap(),
        first
    );
    let second = store
        .store(&acme, "password", secret("battery staple"))
        .await
        .unwrap();
    assert_ne!(first, second);
    assert_eq!(
        store.handle(&acme, "password").await.unwrap(),
        Some(second.clone())
    );
    assert_eq!(
        store.reveal(&acme, &second).await.unwrap().as_str(),
        "battery staple"
    );
    assert_eq!(
        store.reveal(&acme, &first).await.unwrap().as_str(),
        "correct horse"
    );
    let stolen = store.reveal(&other, &second).await;
    assert_eq!(stolen.unwrap_err().code, "unknown-credential");
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            assert!(
                !bytes.windows(14).any(|w| w == b"battery staple"),
                "{}",
                path.display()
            );
        }
    }
    assert_eq!(store.destroy(&acme).await.unwrap(), 2);
    assert_eq!(store.handle(&acme, "password").await.unwrap(), None);
}

pub(crate) async fn it_is_known_which_passwords_there_are<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let (acme, other) = (
        installed(&store, "acme").await,
        installed(&store, "other").await,
    );
    assert_eq!(store.names(&acme).await.unwrap(), [""; 0]);
    for name in ["password", "key", "password"] {
        let password = zeroize::Zeroizing::new(format!("of {name}"));
        store.store(&acme, name, password).await.unwrap();
    }
    assert_eq!(store.names(&acme).await.unwrap(), ["key", "password"]);
    assert_eq!(store.names(&other).await.unwrap(), [""; 0]);
}

pub(crate) async fn people_edited_by_hand_are_marked_so<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    synced(&store, &acme, vec![create("a", "a@x")]).await;
    let ada = Whom::ExternalId(id("a"));
    store
        .edit_person(&acme, &ada, &edit(&[("city", "Wien"), ("email", "Ada@x")]))
        .await
        .unwrap();
    let person = store.person(&acme, &ada).await.unwrap();
    assert_eq!(person.changed_in_portal, ["city", "email"]);
    assert_eq!(store.index(&acme, "", 10).await.unwrap().marks, [4]);
    assert_eq!(holder(&store, &acme, "ADA@X").await, Some(id("a")));
    assert_eq!(holder(&store, &acme, "a@x").await, None);
    let by_hand = edit(&[("username", "bob"), ("email", "ada@X"), ("last-name", "B")]);
    assert_eq!(
        store.add_person(&acme, &by_hand).await.unwrap_err().code,
        "unique-conflict"
    );
    let partial = edit(&[("username", "bob")]);
    assert_eq!(
        store.add_person(&acme, &partial).await.unwrap_err().code,
        "missing-value"
    );
    let bob = edit(&[("username", "bob"), ("email", "bob@x"), ("last-name", "B")]);
    let bob = Whom::Id(store.add_person(&acme, &bob).await.unwrap());
    assert_eq!(store.person(&acme, &bob).await.unwrap().external_id, "");
    assert_eq!(store.count(&acme).await.unwrap(), 2);
    assert_eq!(
        store.index(&acme, "", 10).await.unwrap().external_ids,
        [id("a")]
    );
    store.set_seats(&acme, 2).await.unwrap();
    let licence = store.licence(&acme).await.unwrap();
    assert_eq!((licence.seats, licence.used, licence.synced), (2, 2, 1));
    let late = edit(&[("username", "c"), ("email", "c@x"), ("last-name", "C")]);
    assert_eq!(
        store.add_person(&acme, &late).await.unwrap_err().code,
        "licence"
    );
    let leave = PersonEdit {
        status: Some(Status::Inactive),
        ..PersonEdit::default()
    };
    store.edit_person(&acme, &bob, &leave).await.unwrap();
    assert_eq!(store.licence(&acme).await.unwrap().used, 1);
    synced(&store, &acme, vec![remail("a", "ada@x", "a@x")]).await;
    assert!(
        store
            .person(&acme, &ada)
            .await
            .unwrap()
            .changed_in_portal
            .is_empty()
    );
}

pub(crate) async fn who_is_made_active_by_hand_is_absent_no_more<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    synced(&store, &acme, vec![create("a", "a@x")]).await;
    synced(&store, &acme, vec![deactivate("a", "absent")]).await;
    let since = async || store.index(&acme, "", 10).await.unwrap().absent_since[0];
    let ada = Whom::ExternalId(id("a"));
    store
        .edit_person(&acme, &ada, &edit(&[("city", "Wien")]))
        .await
        .unwrap();
    assert_ne!(since().await, 0);
    let back = PersonEdit {
        status: Some(Status::Active),
        ..PersonEdit::default()
    };
    store.edit_person(&acme, &ada, &back).await.unwrap();
    assert_eq!(since().await, 0);
}

pub(crate) async fn a_field_cannot_be_called_what_rows_say_beside_fields<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let field = |id: &str| Field {
        id: id.to_owned(),
        ..schema::fields().remove(2)
    };
    for reserved in ["role", "dn", "external-id"] {
        let refused = store.add_field(&acme, &field(reserved)).await.unwrap_err();
        assert_eq!(refused.code, "reserved-field");
    }
    store.add_field(&acme, &field("roles")).await.unwrap();
}

pub(crate) async fn tenants_see_nothing_of_each_other<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let (acme, other) = (
        installed(&store, "acme").await,
        installed(&store, "other").await,
    );
    let run = planned(&store, &acme, vec![create("a", "same@x")]).await;
    assert_eq!(
        synced(&store, &other, vec![create("a", "same@x")]).await,
        (1, 0)
    );
    assert_eq!(store.count(&acme).await.unwrap(), 0);
    assert_eq!(
        store.run(&other, run).await.unwrap_err().code,
        "unknown-run"
    );
    assert_eq!(
        store.apply(&other, run, 1).await.unwrap_err().code,
        "unknown-run"
    );
    assert_eq!(
        store
            .rows(&other, run, &Default::default(), 0, 9)
            .await
            .unwrap_err()
            .code,
        "unknown-run"
    );
    assert_eq!(applied(&store, &acme, run, 10).await.unwrap(), (1, 0));
    synced(&store, &acme, vec![remail("a", "same@x", "new@x")]).await;
    assert_eq!(
        value(&store, &other, "a", "email").await.as_deref(),
        Some("same@x")
    );
    assert_eq!(holder(&store, &acme, "same@x").await, None);
    store.commit(&acme, &[put("k", b"v", None)]).await.unwrap();
    assert_eq!(setting(&store, &other, "k").await.version, 0);
    store.uninstall(&acme).await.unwrap();
    assert_eq!(
        store
            .runs(&other, &RunQuery::default(), 9)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(store.component("plugin-1").await.unwrap(), b"component");
}

pub(crate) async fn who_was_absent_or_edited_is_pending_and_anybody_is_indexed_by_id<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let other = installed(&store, "other").await;
    for tenant in [&acme, &other] {
        let people = ["a", "b", "c", "d"].map(|name| create(name, &format!("{name}@x")));
        synced(&store, tenant, people.to_vec()).await;
    }
    assert!(store.pending(&acme, "", 10).await.unwrap().is_empty());
    let whom = Whom::ExternalId(id("d"));
    let edited = edit(&[("last-name", "By hand")]);
    store.edit_person(&acme, &whom, &edited).await.unwrap();
    let run = begun(&store, &acme).await;
    let absence = Absence {
        external_id: id("b"),
        review: false,
    };
    store.note_absent(&acme, run, vec![absence]).await.unwrap();
    let finished = store.finish(&acme, run, summary(), proof(), vec![]).await;
    finished.unwrap();
    applied(&store, &acme, run, 10).await.unwrap();
    assert_eq!(
        store.pending(&acme, "", 10).await.unwrap(),
        [id("b"), id("d")]
    );
    assert_eq!(store.pending(&acme, &id("b"), 10).await.unwrap(), [id("d")]);
    assert_eq!(store.pending(&acme, "", 1).await.unwrap(), [id("b")]);
    assert!(store.pending(&other, "", 10).await.unwrap().is_empty());

    let wanted = [id("d"), id("nobody"), id("b"), id("b")];
    let some = store.index_of(&acme, &wanted).await.unwrap();
    assert_eq!(some.external_ids, [id("b"), id("d")]);
    assert!(some.absent_since[0] > 0 && some.absent_since[1] == 0);
    assert_eq!(
        (some.marks[0] & 4, some.marks[1] & 4, some.more),
        (0, 4, false)
    );
    let all = store.index(&acme, "", 10).await.unwrap();
    assert_eq!(some.source_hashes[..2], all.source_hashes[2..4]);
    let none = store.index_of(&acme, &[id("nobody")]).await.unwrap();
    assert!(none.external_ids.is_empty());
}
