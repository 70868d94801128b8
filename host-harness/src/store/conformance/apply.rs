//! Applying: people change, exchange values, fail alone; a killed run goes on.

use super::people::*;
use super::{Engine, Ports};
use crate::contract::plan::{Absence, Party, Row, RowKind};
use crate::contract::portal::Status;
use crate::ports::plan::{RowQuery, RunStatus};
use crate::ports::{PersonEdit, TenantId, Whom};

/// People with these names, with the mail address `NAME@x` each.
async fn peopled(store: &impl Ports, tenant: &TenantId, names: &[&str]) {
    let rows: Vec<_> = names
        .iter()
        .map(|name| create(name, &format!("{name}@x")))
        .collect();
    assert_eq!(synced(store, tenant, rows).await.1, 0);
}

/// The row by which a person takes the mail address of another.
fn takes(person: &str, of: &str) -> Row {
    remail(person, &format!("{person}@x"), &format!("{of}@x"))
}

pub(crate) async fn people_are_created_changed_and_made_inactive<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let mut ada = create("a", " Ada@X ");
    ada.changes.push(
        row(RowKind::Create, "a", &[("role", "", "agent")])
            .changes
            .remove(0),
    );
    assert_eq!(
        synced(&store, &acme, vec![ada, create("b", "b@x")]).await,
        (2, 0)
    );
    let person = store.people(&acme, &[id("a")]).await.unwrap().remove(0);
    assert_eq!(
        (person.role.as_str(), person.dn.as_str()),
        ("agent", "uid=a,dc=example")
    );
    assert_eq!(
        value(&store, &acme, "a", "email").await.as_deref(),
        Some(" Ada@X ")
    );
    assert_eq!(value(&store, &acme, "a", "role").await, None);
    assert_eq!(holder(&store, &acme, "ada@x").await, Some(id("a")));
    let update = Row {
        dn: "uid=a,ou=new".into(),
        source_hash: vec![9; 16],
        ..row(
            RowKind::Update,
            "a",
            &[("city", "", "Wien"), ("role", "agent", "requester")],
        )
    };
    assert_eq!(
        synced(&store, &acme, vec![update, deactivate("b", "disabled")]).await,
        (2, 0)
    );
    let person = store.people(&acme, &[id("a")]).await.unwrap().remove(0);
    assert_eq!(
        (person.role.as_str(), person.dn.as_str()),
        ("requester", "uid=a,ou=new")
    );
    assert_eq!(person.source_hash, [9; 16]);
    let index = store.index(&acme, "", 10).await.unwrap();
    assert_eq!((index.marks, index.more), (vec![0, 3], false));
    assert_eq!(index.source_hashes[0], u64::from_le_bytes([9; 8]));
    assert_eq!(store.licence(&acme).await.unwrap().used, 1);
    let back = Row {
        reason: "returned".into(),
        ..row(RowKind::Reactivate, "b", &[("email", "b@x", "bo@x")])
    };
    assert_eq!(synced(&store, &acme, vec![back]).await, (1, 0));
    assert_eq!(store.index(&acme, &id("a"), 10).await.unwrap().marks, [0]);
    assert_eq!(holder(&store, &acme, "bo@x").await, Some(id("b")));
    let clear = row(RowKind::Update, "a", &[("city", "Wien", "")]);
    synced(&store, &acme, vec![clear]).await;
    assert_eq!(value(&store, &acme, "a", "city").await, None);
}

pub(crate) async fn an_unchanged_portal_needs_no_row<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let run = planned(&store, &acme, vec![]).await;
    assert_eq!(applied(&store, &acme, run, 10).await.unwrap(), (0, 0));
    assert_eq!(
        store.run(&acme, run).await.unwrap().status,
        RunStatus::Applied
    );
    assert_eq!(
        applied(&store, &acme, run, 10).await.unwrap(),
        (0, 0),
        "asking again does no harm"
    );
}

pub(crate) async fn who_was_made_inactive_by_hand_stays_so<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    peopled(&store, &acme, &["a"]).await;
    let run = planned(&store, &acme, vec![deactivate("a", "disabled")]).await;
    let leave = PersonEdit {
        status: Some(Status::Inactive),
        ..PersonEdit::default()
    };
    store
        .edit_person(&acme, &Whom::ExternalId(id("a")), &leave)
        .await
        .unwrap();
    applied(&store, &acme, run, 10).await.unwrap();
    assert_eq!(store.index(&acme, "", 10).await.unwrap().marks, [1]);
    synced(&store, &acme, vec![row(RowKind::Reactivate, "a", &[])]).await;
    assert_eq!(store.index(&acme, "", 10).await.unwrap().marks, [1]);
}

pub(crate) async fn people_exchange_unique_values<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    peopled(&store, &acme, &["a", "b", "c", "d", "e", "f"]).await;
    let rows = vec![
        takes("a", "b"),
        takes("c", "d"),
        remail("f", "f@x", "F@X"),
        takes("b", "a"),
        takes("d", "e"),
        takes("e", "c"),
        create("g", "g@x"),
    ];
    let run = planned(&store, &acme, rows).await;
    let first = store.apply(&acme, run, 1).await.unwrap();
    assert_eq!((first.applied, first.pending), (2, 5), "both of a swap");
    let second = store.apply(&acme, run, 1).await.unwrap();
    assert_eq!((second.applied, second.pending), (3, 2), "all of a circle");
    assert_eq!(applied(&store, &acme, run, 1).await.unwrap(), (2, 0));
    for (email, who) in [
        ("a", "b"),
        ("b", "a"),
        ("d", "c"),
        ("e", "d"),
        ("c", "e"),
        ("f", "f"),
    ] {
        assert_eq!(
            holder(&store, &acme, &format!("{email}@x")).await,
            Some(id(who))
        );
    }
    let counts = store.run(&acme, run).await.unwrap().counts;
    assert_eq!(counts.iter().map(|c| c.rows).collect::<Vec<_>>(), [1, 6]);
    assert!(counts.iter().all(|c| c.outcome == "applied"));
}

pub(crate) async fn a_long_chain_is_applied_together<E: Engine>() {
    const LENGTH: usize = 1_200;
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let rows = (0..LENGTH)
        .map(|n| create(&format!("p{n}"), &format!("{n}@x")))
        .collect();
    assert_eq!(synced(&store, &acme, rows).await, (LENGTH as u64, 0));
    let rows = (0..LENGTH)
        .map(|n| remail(&format!("p{n}"), &format!("{n}@x"), &format!("{}@x", n + 1)))
        .collect();
    let run = planned(&store, &acme, rows).await;
    let all = store.apply(&acme, run, 10).await.unwrap();
    assert_eq!(
        (all.applied, all.failed, all.pending),
        (LENGTH as u64, 0, 0)
    );
    assert_eq!(holder(&store, &acme, "1@x").await, Some(id("p0")));
    assert_eq!(holder(&store, &acme, "0@x").await, None);
}

pub(crate) async fn a_conflict_fails_its_row_alone<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    peopled(&store, &acme, &["a", "b", "c"]).await;
    let rows = vec![
        create("d", "d@x"),
        takes("a", "b"),
        create("e", "c@x"),
        takes("b", "taken"),
        create("f", "f@x"),
        create("g", "F@X"),
        row(RowKind::Update, "nobody", &[("city", "", "Wien")]),
        remail("nowhere", "", "nowhere@x"),
    ];
    let run = planned(&store, &acme, rows).await;
    let bob = PersonEdit {
        values: [
            ("username", "bob"),
            ("email", "taken@x"),
            ("last-name", "B"),
        ]
        .map(|(field, value)| (field.to_owned(), Some(value.to_owned())))
        .to_vec(),
        ..PersonEdit::default()
    };
    let bob = store.add_person(&acme, &bob).await.unwrap();
    assert_eq!(applied(&store, &acme, run, 3).await.unwrap(), (2, 6));
    let query = RowQuery {
        outcome: Some("failed".into()),
        ..RowQuery::default()
    };
    let failed = store.rows(&acme, run, &query, 0, 10).await.unwrap();
    let code = |n: usize| failed[n].outcome_problem.clone().unwrap().code;
    assert_eq!(
        failed.iter().map(|r| r.sequence).collect::<Vec<_>>(),
        [2, 3, 4, 6, 7, 8]
    );
    assert_eq!(
        (code(0).as_str(), code(4).as_str(), code(5).as_str()),
        ("unique-conflict", "unknown-person", "unknown-person")
    );
    let of = async |name: &str| {
        store
            .person(&acme, &Whom::ExternalId(id(name)))
            .await
            .unwrap()
            .id
    };
    let party = |name: &str, id_here: String| Party {
        external_id: id(name),
        dn: format!("uid={name},dc=example"),
        id: id_here,
    };
    let by_hand = Party {
        external_id: String::new(),
        dn: String::new(),
        id: bob,
    };
    let others: Vec<_> = failed.iter().map(|r| r.outcome_other.clone()).collect();
    let holders = [
        Some(party("b", of("b").await)),
        Some(party("c", of("c").await)),
        Some(by_hand),
        Some(party("f", of("f").await)),
        None,
        None,
    ];
    assert_eq!(
        others, holders,
        "who has the value is named, whoever that is"
    );
    let export = store.unsynced(&acme, run, 0, 10).await.unwrap();
    let told: Vec<_> = export.iter().map(|r| r.other.clone()).collect();
    assert_eq!(told, holders);
    let export = store.unsynced(&acme, run, 2, 2).await.unwrap();
    let told: Vec<_> = export
        .iter()
        .map(|r| (r.sequence, r.problem.code.as_str()))
        .collect();
    assert_eq!(
        told,
        [(3, "unique-conflict"), (4, "unique-conflict")],
        "whom the portal refuses is exported too"
    );
    let query = RowQuery {
        outcome: Some("applied".into()),
        ..RowQuery::default()
    };
    assert_eq!(
        store.rows(&acme, run, &query, 0, 10).await.unwrap().len(),
        2
    );
    assert_eq!(holder(&store, &acme, "b@x").await, Some(id("b")));
    assert_eq!(holder(&store, &acme, "f@x").await, Some(id("f")));
    assert_eq!(store.count(&acme).await.unwrap(), 6);
    assert_eq!(
        store.run(&acme, run).await.unwrap().status,
        RunStatus::Applied
    );
    let run = planned(&store, &acme, vec![create("a", "new@x")]).await;
    assert_eq!(
        applied(&store, &acme, run, 3).await.unwrap(),
        (0, 1),
        "somebody known"
    );
}

pub(crate) async fn an_edit_made_after_the_plan_stays_marked<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    peopled(&store, &acme, &["a", "b"]).await;
    let move_to = |city: &str| PersonEdit {
        values: vec![("city".into(), Some(city.into()))],
        ..PersonEdit::default()
    };
    let (ada, bea) = (Whom::ExternalId(id("a")), Whom::ExternalId(id("b")));
    store
        .edit_person(&acme, &bea, &move_to("Graz"))
        .await
        .unwrap();
    let phone = |person| row(RowKind::Update, person, &[("phone", "", "1")]);
    let run = planned(&store, &acme, vec![phone("a"), phone("b")]).await;
    store
        .edit_person(&acme, &ada, &move_to("Wien"))
        .await
        .unwrap();
    assert_eq!(applied(&store, &acme, run, 10).await.unwrap(), (2, 0));
    let (ada, bea) = (
        store.person(&acme, &ada).await.unwrap(),
        store.person(&acme, &bea).await.unwrap(),
    );
    assert_eq!(ada.changed_in_portal, ["city"]);
    assert!(bea.changed_in_portal.is_empty());
    assert_eq!(store.index(&acme, "", 10).await.unwrap().marks, [4, 0]);
    synced(&store, &acme, vec![phone("a")]).await;
    assert_eq!(store.index(&acme, "", 10).await.unwrap().marks, [0, 0]);
}

pub(crate) async fn a_killed_run_goes_on_where_it_was<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let mut rows: Vec<_> = (0..20)
        .map(|n| create(&format!("p{n}"), &format!("{n}@x")))
        .collect();
    rows.push(create("q", "0@x"));
    let run = planned(&store, &acme, rows).await;
    let (mut done, mut failed) = (0, 0);
    loop {
        let step = store.apply(&acme, run, 3).await.unwrap();
        (done, failed) = (done + step.applied, failed + step.failed);
        drop(store);
        store = E::open(folder.path()).await;
        let open = store.unfinished(&acme).await.unwrap();
        assert_eq!(open, (step.pending > 0).then_some(run));
        assert_eq!(store.count(&acme).await.unwrap(), done);
        if step.pending == 0 {
            break;
        }
    }
    assert_eq!((done, failed), (20, 1));
    let run = store.run(&acme, run).await.unwrap();
    let counts: Vec<_> = run
        .counts
        .iter()
        .map(|c| (c.outcome.as_str(), c.rows))
        .collect();
    assert_eq!(counts, [("applied", 20), ("failed", 1)]);
}

pub(crate) async fn absences_are_noted_and_cleared<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    peopled(&store, &acme, &["a", "b"]).await;
    let since = async || store.index(&acme, "", 10).await.unwrap().absent_since;
    let run = begun(&store, &acme).await;
    let absence = Absence {
        external_id: id("a"),
        review: true,
    };
    store
        .note_absent(&acme, run, vec![absence.clone()])
        .await
        .unwrap();
    store
        .finish(&acme, run, summary(), proof(), vec![])
        .await
        .unwrap();
    assert_eq!(since().await, [0, 0], "not before the run is applied");
    applied(&store, &acme, run, 10).await.unwrap();
    let first = since().await;
    assert!(first[0] > 0 && first[1] == 0);
    let run = begun(&store, &acme).await;
    store.note_absent(&acme, run, vec![absence]).await.unwrap();
    store
        .finish(&acme, run, summary(), proof(), vec![])
        .await
        .unwrap();
    applied(&store, &acme, run, 10).await.unwrap();
    assert_eq!(since().await, first);
    synced(&store, &acme, vec![]).await;
    assert_eq!(since().await, [0, 0]);
    synced(&store, &acme, vec![deactivate("b", "absent")]).await;
    assert!(since().await[1] > 0);
}

pub(crate) async fn the_checkpoint_is_kept_with_the_last_row<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let run = planned(&store, &acme, vec![create("a", "a@x"), create("b", "b@x")]).await;
    store.apply(&acme, run, 1).await.unwrap();
    assert!(store.checkpoint(&acme).await.unwrap().is_empty());
    store.apply(&acme, run, 1).await.unwrap();
    assert_eq!(store.checkpoint(&acme).await.unwrap(), [7]);
}

pub(crate) async fn a_refused_row_leaves_no_checkpoint<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    synced(&store, &acme, vec![create("a", "a@x")]).await;
    assert_eq!(store.checkpoint(&acme).await.unwrap(), [7]);
    // Planned before somebody else got the address.
    let run = planned(&store, &acme, vec![create("b", "taken@x")]).await;
    let by_hand = PersonEdit {
        values: ["username", "email", "last-name"]
            .map(|field| (field.into(), Some("taken@x".into())))
            .to_vec(),
        ..PersonEdit::default()
    };
    store.add_person(&acme, &by_hand).await.unwrap();
    assert_eq!(applied(&store, &acme, run, 10).await.unwrap(), (0, 1));
    assert!(store.checkpoint(&acme).await.unwrap().is_empty());
}

pub(crate) async fn what_an_interrupted_run_has_left_can_be_thrown_away<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    peopled(&store, &acme, &["a"]).await;
    let run = begun(&store, &acme).await;
    let rows = ["b", "c", "d"].map(|name| create(name, &format!("{name}@x")));
    store.record(&acme, run, rows.to_vec()).await.unwrap();
    let absence = Absence {
        external_id: id("a"),
        review: true,
    };
    store.note_absent(&acme, run, vec![absence]).await.unwrap();
    store
        .finish(&acme, run, summary(), proof(), vec![9])
        .await
        .unwrap();
    let checkpoint = store.checkpoint(&acme).await.unwrap();
    store.apply(&acme, run, 1).await.unwrap();
    let discard = async || store.end(&acme, run, RunStatus::Discarded, None).await;
    discard().await.unwrap();
    assert_eq!(store.unfinished(&acme).await.unwrap(), None);
    assert_eq!(
        store.apply(&acme, run, 1).await.unwrap_err().code,
        "wrong-status"
    );
    assert_eq!(discard().await.unwrap_err().code, "wrong-status");
    let counts = store.run(&acme, run).await.unwrap().counts;
    let counts: Vec<_> = counts.iter().map(|c| (&*c.outcome, c.rows)).collect();
    assert_eq!(counts, [("applied", 1), ("discarded", 2)]);
    for (outcome, rows) in [("applied", 1), ("discarded", 2), ("pending", 0)] {
        let query = RowQuery {
            outcome: Some(outcome.into()),
            ..RowQuery::default()
        };
        let found = store.rows(&acme, run, &query, 0, 10).await.unwrap();
        assert_eq!(found.len(), rows, "{outcome}");
    }
    assert_eq!(store.count(&acme).await.unwrap(), 2);
    assert_eq!(store.checkpoint(&acme).await.unwrap(), checkpoint);
    let since = store.index(&acme, "", 10).await.unwrap().absent_since;
    assert_eq!(since, [0, 0], "nobody is absent by half a plan");
    let rows = vec![create("c", "c@x"), create("d", "d@x")];
    assert_eq!(synced(&store, &acme, rows).await, (2, 0));
}
