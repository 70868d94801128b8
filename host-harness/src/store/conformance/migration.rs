//! Plans that give people other external ids and change nothing else of them.

use super::people::*;
use super::{Engine, Ports};
use crate::contract::plan::{Absence, Change, Party, Proof, Row, RowKind};
use crate::contract::portal::{Person, Status};
use crate::ports::plan::{Begin, RunId, RunStatus};
use crate::ports::{Outcome, PersonEdit, TenantId, Whom};

/// People with a manager each: everybody's is the first.
async fn people(store: &impl Ports, count: usize) -> (TenantId, Vec<Person>) {
    let acme = installed(store, "acme").await;
    let create = |n: usize| create(&format!("o{n}"), &format!("o{n}@x"));
    synced(store, &acme, (0..count).map(create).collect()).await;
    let links = |n: usize| crate::contract::plan::Link {
        external_id: id(&format!("o{n}")),
        dn: String::new(),
        display: String::new(),
        change: Change {
            field: "manager".into(),
            before: None,
            after: Some(id("o0")),
        },
        source_hash: vec![1; 16],
    };
    let run = begun(store, &acme).await;
    store
        .link(&acme, run, (1..count).map(links).collect())
        .await
        .unwrap();
    store
        .finish(&acme, run, summary(), proof(), vec![7])
        .await
        .unwrap();
    applied(store, &acme, run, 100).await.unwrap();
    let mut people = Vec::new();
    for n in 0..count {
        people.push(person(store, &acme, &format!("o{n}")).await.unwrap());
    }
    (acme, people)
}

async fn person(store: &impl Ports, tenant: &TenantId, name: &str) -> Option<Person> {
    let mut found = store.people(tenant, &[id(name)]).await.unwrap();
    found.pop()
}

/// The row by which a person gets the id of another name.
fn moved(person: &Person, name: &str) -> Row {
    Row {
        kind: RowKind::Update,
        external_id: id(name),
        dn: person.dn.clone(),
        display: "Somebody".into(),
        reason: "id-migrated".into(),
        changes: vec![Change {
            field: "external-id".into(),
            before: Some(person.external_id.clone()),
            after: Some(id(name)),
        }],
        source_hash: vec![9; 16],
        problem: None,
        other: Some(Party {
            external_id: person.external_id.clone(),
            dn: person.dn.clone(),
            id: person.id.clone(),
        }),
    }
}

fn all(people: &[Person]) -> Vec<Row> {
    let each = people.iter().enumerate();
    each.map(|(n, one)| moved(one, &format!("n{n}"))).collect()
}

async fn migrating(store: &impl Ports, tenant: &TenantId) -> RunId {
    let begin = Begin {
        mode: "migrate-ids".into(),
        plugin: "plugin-1".into(),
        configuration: CONFIGURATION.into(),
        queued: None,
    };
    store.begin(tenant, begin).await.unwrap()
}

async fn finished(
    store: &impl Ports,
    tenant: &TenantId,
    rows: Vec<Row>,
    proof: Proof,
) -> Outcome<RunId> {
    let run = migrating(store, tenant).await;
    store.record(tenant, run, rows).await?;
    let done = store.finish(tenant, run, summary(), proof, vec![]).await;
    done.map(|_| run)
}

async fn approved(store: &impl Ports, tenant: &TenantId, rows: Vec<Row>) -> RunId {
    let run = finished(store, tenant, rows, proof()).await.unwrap();
    let held = store.run(tenant, run).await.unwrap();
    store
        .approve(tenant, run, &held.digest.unwrap())
        .await
        .unwrap();
    run
}

pub(crate) async fn a_migration_of_one_person_waits_for_an_approval_and_then_changes_the_id_alone<
    E: Engine,
>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let (acme, people) = people(&store, 3).await;
    let edit = PersonEdit {
        values: vec![("city".into(), Some("London".into()))],
        ..PersonEdit::default()
    };
    let whom = Whom::Id(people[1].id.clone());
    store.edit_person(&acme, &whom, &edit).await.unwrap();
    let edited = person(&store, &acme, "o1").await.unwrap();
    let rows = vec![moved(&edited, "n1")];
    let run = finished(&store, &acme, rows, proof()).await.unwrap();
    let held = store.run(&acme, run).await.unwrap();
    let tripped: Vec<_> = held.guards.iter().filter(|guard| guard.tripped).collect();
    let tripped: Vec<_> = tripped.iter().map(|g| (g.name.as_str(), g.limit)).collect();
    assert_eq!(
        (held.status, tripped),
        (RunStatus::Held, vec![("migrate-ids", 0)])
    );
    let refused = store.apply(&acme, run, 10).await.unwrap_err();
    assert_eq!(refused.code, "guard-held");
    let digest = held.digest.unwrap();
    store.approve(&acme, run, &digest).await.unwrap();
    assert_eq!(applied(&store, &acme, run, 10).await.unwrap(), (1, 0));
    let after = person(&store, &acme, "n1").await.unwrap();
    // What somebody changed by hand stays marked so.
    assert_eq!(after.changed_in_portal, ["city"]);
    let same = Person {
        external_id: edited.external_id.clone(),
        source_hash: edited.source_hash.clone(),
        ..after.clone()
    };
    assert_eq!((same, after.source_hash), (edited, vec![9; 16]));
    assert_eq!(person(&store, &acme, "o1").await, None);
    assert_eq!(store.count(&acme).await.unwrap(), 3);
    assert!(store.checkpoint(&acme).await.unwrap().is_empty());
}

pub(crate) async fn a_migration_changes_nothing_but_external_ids<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let (acme, people) = people(&store, 3).await;
    let by_hand = entered(&store, &acme, "hand").await;
    let wrong = |change: &dyn Fn(&mut Row)| {
        let mut row = moved(&people[1], "n1");
        change(&mut row);
        row
    };
    let more = |row: &mut Row, field: &str, before: Option<&str>, after: &str| {
        row.changes.push(Change {
            field: field.into(),
            before: before.map(str::to_owned),
            after: Some(after.into()),
        });
    };
    for row in [
        wrong(&|row| more(row, "city", None, "London")),
        wrong(&|row| more(row, "email", Some("o1@x"), "x@x")),
        wrong(&|row| more(row, "role", Some("requester"), "agent")),
        wrong(&|row| more(row, "dn", Some(&people[1].dn), "uid=x")),
        wrong(&|row| row.dn = "uid=x".into()),
        wrong(&|row| row.kind = RowKind::Reactivate),
        create("c", "c@x"),
        deactivate("o2", "disabled"),
        remail("o2", "o2@x", "x@x"),
        adopt("h", &by_hand, None),
        moved(&people[1], "o2"),
    ] {
        let told = format!("{row:?}");
        let refused = finished(&store, &acme, vec![row], proof())
            .await
            .unwrap_err();
        assert_eq!(refused.code, "bad-row", "{told}");
    }
    let run = migrating(&store, &acme).await;
    let absence = Absence {
        external_id: id("o2"),
        review: false,
    };
    store.note_absent(&acme, run, vec![absence]).await.unwrap();
    let refused = store.finish(&acme, run, summary(), proof(), vec![]).await;
    assert_eq!(refused.unwrap_err().code, "bad-row");
    let half = Proof {
        complete: false,
        ..proof()
    };
    let refused = finished(&store, &acme, all(&people), half).await;
    assert_eq!(refused.unwrap_err().code, "absence-unproven");
    // And an ordinary plan gives nobody another id against the settings.
    let run = begun(&store, &acme).await;
    store.record(&acme, run, all(&people)).await.unwrap();
    let refused = store.finish(&acme, run, summary(), proof(), vec![]).await;
    assert_eq!(refused.unwrap_err().code, "bad-row");
    assert!(finished(&store, &acme, all(&people), proof()).await.is_ok());
}

pub(crate) async fn a_killed_migration_goes_on_where_it_was_and_whoever_is_named_stays_named<
    E: Engine,
>() {
    const PEOPLE: usize = 7;
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let (acme, people) = people(&store, PEOPLE).await;
    let run = approved(&store, &acme, all(&people)).await;
    drop(store);
    loop {
        // Each batch by a process of its own.
        let store = E::open(folder.path()).await;
        let batch = store.apply(&acme, run, 2).await.unwrap();
        assert_eq!(batch.failed, 0);
        if batch.pending == 0 {
            break;
        }
    }
    let store = E::open(folder.path()).await;
    for (n, before) in people.iter().enumerate() {
        let after = person(&store, &acme, &format!("n{n}")).await.unwrap();
        assert_eq!((&after.id, after.status), (&before.id, Status::Active));
        let manager = value(&store, &acme, &format!("n{n}"), "manager").await;
        assert_eq!(manager, (n > 0).then(|| id("n0")));
    }
    assert_eq!(store.count(&acme).await.unwrap(), PEOPLE as u64);
}

pub(crate) async fn half_a_migration_thrown_away_leaves_everybody_with_one_id_and_their_manager<
    E: Engine,
>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let (acme, people) = people(&store, 4).await;
    let run = approved(&store, &acme, all(&people)).await;
    let batch = store.apply(&acme, run, 2).await.unwrap();
    assert_eq!((batch.applied, batch.pending), (2, 2));
    store
        .end(&acme, run, RunStatus::Discarded, None)
        .await
        .unwrap();
    let ids = store.index(&acme, "", 10).await.unwrap().external_ids;
    assert_eq!(ids, ["n0", "n1", "o2", "o3"].map(id));
    for name in ["n1", "o2", "o3"] {
        let manager = value(&store, &acme, name, "manager").await;
        assert_eq!(manager, Some(id("n0")), "{name}");
    }
}

pub(crate) async fn whoever_is_absent_stays_so_through_a_migration<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let (acme, people) = people(&store, 3).await;
    let run = begun(&store, &acme).await;
    let absence = |name: &str| Absence {
        external_id: id(name),
        review: false,
    };
    let absences = vec![absence("o1"), absence("o2")];
    store.note_absent(&acme, run, absences).await.unwrap();
    store
        .finish(&acme, run, summary(), proof(), vec![])
        .await
        .unwrap();
    applied(&store, &acme, run, 10).await.unwrap();
    let before = store.index(&acme, "", 10).await.unwrap().absent_since;
    assert!(before[1] > 0 && before[2] > 0);
    let run = approved(&store, &acme, all(&people[..2])).await;
    applied(&store, &acme, run, 10).await.unwrap();
    let after = store.index(&acme, "", 10).await.unwrap();
    assert_eq!(after.external_ids, ["n0", "n1", "o2"].map(id));
    assert_eq!(after.absent_since, before);
}
