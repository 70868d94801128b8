//! Rows that take a person of the portal over: once, completely, and only as the settings say.

use super::people::*;
use super::{Engine, Ports};
use crate::contract::plan::{Absence, Change, Proof, Rejection, Row, RowKind};
use crate::contract::portal::Status;
use crate::ports::plan::{RowQuery, RunId, RunStatus};
use crate::ports::{Outcome, PersonEdit, TenantId, Whom};
use crate::problem::Problem;

/// A tenant whose settings say that people are taken over by mail address.
async fn adopting(store: &impl Ports) -> TenantId {
    let acme = installed(store, "acme").await;
    configure(store, &acme, CONFIGURATION, &[("adoption", "mail")]).await;
    acme
}

fn with(row: Row, changes: &[(&str, &str, &str)]) -> Row {
    let more = super::people::row(row.kind, "x", changes).changes;
    let changes = row.changes.iter().cloned().chain(more).collect();
    Row { changes, ..row }
}

async fn finished(
    store: &impl Ports,
    tenant: &TenantId,
    rows: Vec<Row>,
    proof: Proof,
) -> Outcome<RunId> {
    let run = begun(store, tenant).await;
    store.record(tenant, run, rows).await?;
    store
        .finish(tenant, run, summary(), proof, vec![])
        .await
        .map(|_| run)
}

async fn code(store: &impl Ports, tenant: &TenantId, rows: Vec<Row>) -> String {
    let refused = finished(store, tenant, rows, proof()).await;
    refused.unwrap_err().code
}

async fn by_id(store: &impl Ports, tenant: &TenantId, id: &str) -> crate::contract::portal::Person {
    let whom = Whom::Id(id.to_owned());
    store.person(tenant, &whom).await.unwrap()
}

pub(crate) async fn who_was_entered_by_hand_is_taken_over<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = adopting(&store).await;
    let ada = entered(&store, &acme, "ada").await;
    let bob = entered(&store, &acme, "bob").await;
    let taking = with(
        adopt("a", &ada, None),
        &[("username", "ada", "a.lovelace"), ("city", "", "London")],
    );
    let run = planned(&store, &acme, vec![create("c", "c@x"), taking.clone()]).await;
    let listed = store
        .rows(&acme, run, &RowQuery::default(), 0, 10)
        .await
        .unwrap();
    let mut changes = listed[1].row.changes.clone();
    changes.rotate_right(1);
    assert_eq!(
        (&changes, &listed[1].row.other),
        (&taking.changes, &taking.other)
    );
    assert_eq!(applied(&store, &acme, run, 1_000).await.unwrap(), (2, 0));
    assert_eq!(store.count(&acme).await.unwrap(), 3);
    let person = store.people(&acme, &[id("a")]).await.unwrap().remove(0);
    assert_eq!((&person.id, person.status), (&ada, Status::Active));
    assert_eq!(
        (person.dn.as_str(), person.source_hash),
        ("uid=a,dc=example", vec![1; 16])
    );
    assert_eq!(holder(&store, &acme, "ada@x").await, Some(id("a")));
    assert_eq!(value(&store, &acme, "a", "city").await.unwrap(), "London");
    assert_eq!(by_id(&store, &acme, &bob).await.external_id, "");
    let asked = [ada.clone(), bob.clone(), "999".into(), "x".into()];
    let found = store.people_with_ids(&acme, &asked).await.unwrap();
    let ids: Vec<_> = found.iter().map(|person| person.id.clone()).collect();
    assert_eq!(ids, [ada, bob]);
    // The next sync knows the person like anybody.
    assert_eq!(
        synced(&store, &acme, vec![remail("a", "ada@x", "a@x")]).await,
        (1, 0)
    );
    assert_eq!(
        store.index(&acme, "", 10).await.unwrap().external_ids,
        [id("a"), id("c")]
    );
}

pub(crate) async fn who_is_inactive_by_hand_stays_so_and_who_is_by_a_sync_does_not<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = adopting(&store).await;
    let ada = entered(&store, &acme, "ada").await;
    let leave = PersonEdit {
        status: Some(Status::Inactive),
        ..PersonEdit::default()
    };
    store
        .edit_person(&acme, &Whom::Id(ada.clone()), &leave)
        .await
        .unwrap();
    synced(&store, &acme, vec![create("old", "old@x")]).await;
    synced(&store, &acme, vec![deactivate("old", "disabled")]).await;
    let old = store
        .people(&acme, &[id("old")])
        .await
        .unwrap()
        .remove(0)
        .id;
    let back = Row {
        kind: RowKind::Reactivate,
        ..adopt("new", &old, Some("old"))
    };
    assert_eq!(
        synced(&store, &acme, vec![adopt("a", &ada, None), back]).await,
        (2, 0)
    );
    assert_eq!(by_id(&store, &acme, &ada).await.status, Status::Inactive);
    let person = by_id(&store, &acme, &old).await;
    assert_eq!(
        (person.external_id, person.status),
        (id("new"), Status::Active)
    );
}

pub(crate) async fn nobody_is_taken_over_twice<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = adopting(&store).await;
    let ada = entered(&store, &acme, "ada").await;
    let rows = vec![adopt("a", &ada, None), adopt("b", &ada, None)];
    assert_eq!(code(&store, &acme, rows).await, "adoption-taken");
    let run = begun(&store, &acme).await;
    let first = vec![adopt("a", &ada, None)];
    store.record(&acme, run, first).await.unwrap();
    let second = vec![adopt("b", &ada, None)];
    let refused = store.record(&acme, run, second).await.unwrap_err();
    assert_eq!(refused.code, "adoption-taken");
    assert_eq!(
        synced(&store, &acme, vec![adopt("a", &ada, None)]).await,
        (1, 0)
    );
    assert_eq!(
        code(&store, &acme, vec![adopt("b", &ada, None)]).await,
        "bad-row"
    );
}

pub(crate) async fn a_rejected_adoption_takes_nobody_over<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = adopting(&store).await;
    let ada = entered(&store, &acme, "ada").await;
    let run = begun(&store, &acme).await;
    let first = vec![adopt("a", &ada, None)];
    store.record(&acme, run, first).await.unwrap();
    let rejection = Rejection {
        external_id: id("a"),
        problem: Problem::new("adoption-ambiguous", "two", ""),
        other: None,
    };
    store.reject(&acme, run, vec![rejection]).await.unwrap();
    let second = vec![adopt("b", &ada, None)];
    store.record(&acme, run, second).await.unwrap();
    store
        .finish(&acme, run, summary(), proof(), vec![])
        .await
        .unwrap();
    let rows = store
        .rows(&acme, run, &RowQuery::default(), 0, 10)
        .await
        .unwrap();
    assert_eq!(
        (rows[0].row.kind, rows[0].row.changes.len()),
        (RowKind::Unsynced, 0)
    );
    assert_eq!(applied(&store, &acme, run, 10).await.unwrap(), (1, 0));
    assert_eq!(by_id(&store, &acme, &ada).await.external_id, id("b"));
}

pub(crate) async fn nobody_is_taken_over_against_the_settings<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let ada = entered(&store, &acme, "ada").await;
    let rows = || vec![adopt("a", &ada, None)];
    for settings in [&[][..], &[("adoption", "report")]] {
        configure(&store, &acme, CONFIGURATION, settings).await;
        assert_eq!(code(&store, &acme, rows()).await, "bad-row");
    }
    let other = |field| vec![with(adopt("a", &ada, None), &[(field, "", "other@x")])];
    configure(&store, &acme, CONFIGURATION, &[("adoption", "mail")]).await;
    assert_eq!(code(&store, &acme, other("email")).await, "bad-row");
    configure(&store, &acme, CONFIGURATION, &[("adoption", "username")]).await;
    assert_eq!(code(&store, &acme, other("username")).await, "bad-row");
    // By user name, the mail address may be another; and the same in another case is the same.
    let mut taking = other("email");
    taking[0] = with(taking[0].clone(), &[("username", "ada", "ADA")]);
    assert_eq!(synced(&store, &acme, taking).await, (1, 0));
}

pub(crate) async fn nobody_is_taken_over_who_is_not_there_as_the_row_says<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = adopting(&store).await;
    let ada = entered(&store, &acme, "ada").await;
    let umbrella = installed(&store, "umbrella").await;
    let stranger = entered(&store, &umbrella, "eve").await;
    synced(&store, &acme, vec![create("c", "c@x")]).await;
    let known = store.people(&acme, &[id("c")]).await.unwrap().remove(0).id;
    for row in [
        adopt("a", "999", None),
        adopt("a", &stranger, None),
        adopt("a", &ada, Some("c")),
        adopt("a", &known, None),
        adopt("c", &ada, None),
    ] {
        assert_eq!(code(&store, &acme, vec![row]).await, "bad-row");
    }
    let mut nameless = adopt("a", &ada, None);
    nameless.other = None;
    assert_eq!(code(&store, &acme, vec![nameless]).await, "bad-row");
    assert_eq!(by_id(&store, &acme, &ada).await.external_id, "");
    assert_eq!(
        synced(&store, &acme, vec![adopt("a", &ada, None)]).await,
        (1, 0)
    );
}

pub(crate) async fn who_has_another_external_id_is_taken_over_with_a_proof_only<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = adopting(&store).await;
    let ada = entered(&store, &acme, "ada").await;
    synced(&store, &acme, vec![create("old", "old@x")]).await;
    let old = store
        .people(&acme, &[id("old")])
        .await
        .unwrap()
        .remove(0)
        .id;
    let half = || Proof {
        complete: false,
        ..proof()
    };
    let by_hand = vec![adopt("a", &ada, None)];
    assert!(finished(&store, &acme, by_hand, half()).await.is_ok());
    let anew = || vec![adopt("new", &old, Some("old"))];
    let refused = finished(&store, &acme, anew(), half()).await.unwrap_err();
    assert_eq!(refused.code, "absence-unproven");
    assert_eq!(synced(&store, &acme, anew()).await, (1, 0));
    assert_eq!(by_id(&store, &acme, &old).await.external_id, id("new"));
    assert_eq!(store.people(&acme, &[id("old")]).await.unwrap(), []);
}

pub(crate) async fn who_is_taken_over_has_no_other_row<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = adopting(&store).await;
    synced(&store, &acme, vec![create("old", "old@x")]).await;
    let old = store
        .people(&acme, &[id("old")])
        .await
        .unwrap()
        .remove(0)
        .id;
    let anew = || adopt("new", &old, Some("old"));
    for other in [deactivate("old", "disabled"), remail("old", "old@x", "o@x")] {
        let rows = vec![anew(), other];
        assert_eq!(code(&store, &acme, rows).await, "adoption-taken");
    }
    let run = begun(&store, &acme).await;
    store.record(&acme, run, vec![anew()]).await.unwrap();
    let absence = Absence {
        external_id: id("old"),
        review: false,
    };
    store.note_absent(&acme, run, vec![absence]).await.unwrap();
    let refused = store.finish(&acme, run, summary(), proof(), vec![]).await;
    assert_eq!(refused.unwrap_err().code, "adoption-taken");
    assert_eq!(synced(&store, &acme, vec![anew()]).await, (1, 0));
}

pub(crate) async fn what_the_taken_over_give_up_others_get<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = adopting(&store).await;
    let ada = entered(&store, &acme, "ada").await;
    let name = |field: &str, before: &str, after: &str| Change {
        field: field.into(),
        before: Some(before.into()),
        after: Some(after.into()),
    };
    let mut taking = adopt("a", &ada, None);
    taking.changes.push(name("username", "ada", "lovelace"));
    let mut new = create("c", "c@x");
    new.changes[0].after = Some("ada".into());
    let run = planned(&store, &acme, vec![new, create("d", "d@x"), taking]).await;
    let first = store.apply(&acme, run, 1).await.unwrap();
    assert_eq!((first.applied, first.failed, first.pending), (2, 0, 1));
    assert_eq!(applied(&store, &acme, run, 1).await.unwrap(), (1, 0));
    assert_eq!(
        value(&store, &acme, "a", "username").await.unwrap(),
        "lovelace"
    );
    assert_eq!(value(&store, &acme, "c", "username").await.unwrap(), "ada");
}

pub(crate) async fn a_killed_adoption_goes_on_where_it_was<E: Engine>() {
    const PEOPLE: usize = 7;
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = adopting(&store).await;
    configure(
        &store,
        &acme,
        CONFIGURATION,
        &[
            ("adoption", "mail"),
            ("guard-count", "9"),
            ("guard-percent", "100"),
        ],
    )
    .await;
    let synced_people = (0..PEOPLE).map(|n| create(&format!("s{n}"), &format!("s{n}@x")));
    synced(&store, &acme, synced_people.collect()).await;
    let mut rows = Vec::new();
    let mut ids = Vec::new();
    for n in 0..PEOPLE {
        let id = entered(&store, &acme, &format!("p{n}")).await;
        rows.push(adopt(&format!("a{n}"), &id, None));
        ids.push(id);
    }
    let run = planned(&store, &acme, rows).await;
    drop(store);
    let mut done = 0;
    loop {
        // Each batch by a process of its own.
        let store = E::open(folder.path()).await;
        let batch = store.apply(&acme, run, 2).await.unwrap();
        done += batch.applied;
        assert_eq!(batch.failed, 0);
        if batch.pending == 0 {
            break;
        }
    }
    let store = E::open(folder.path()).await;
    assert_eq!(done, PEOPLE as u64);
    assert_eq!(
        store.run(&acme, run).await.unwrap().status,
        RunStatus::Applied
    );
    for (n, portal) in ids.iter().enumerate() {
        let person = by_id(&store, &acme, portal).await;
        assert_eq!(person.external_id, id(&format!("a{n}")));
    }
    assert_eq!(store.count(&acme).await.unwrap(), 2 * PEOPLE as u64);
}

pub(crate) async fn many_adoptions_wait_for_an_approval<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = adopting(&store).await;
    let mut rows = Vec::new();
    for n in 0..5 {
        let id = entered(&store, &acme, &format!("p{n}")).await;
        rows.push(adopt(&format!("a{n}"), &id, None));
    }
    let few = planned(&store, &acme, rows[..4].to_vec()).await;
    let status = store.run(&acme, few).await.unwrap().status;
    assert_eq!(status, RunStatus::Planned);
    let run = planned(&store, &acme, rows).await;
    let held = store.run(&acme, run).await.unwrap();
    assert_eq!(held.status, RunStatus::Held);
    let tripped: Vec<_> = held.guards.iter().filter(|guard| guard.tripped).collect();
    assert_eq!((tripped.len(), tripped[0].name.as_str()), (1, "adopt"));
    let digest = held.digest.unwrap();
    store.approve(&acme, run, &digest).await.unwrap();
    assert_eq!(applied(&store, &acme, run, 10).await.unwrap(), (5, 0));
}
