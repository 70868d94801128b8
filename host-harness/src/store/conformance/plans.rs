//! Recording, finishing, approving.

use super::Engine;
use super::people::*;
use crate::Problem;
use crate::contract::plan::{Absence, Party, Rejection, Row, RowKind};
use crate::ports::plan::{Begin, RowQuery, RunQuery, RunStatus};
use crate::store::check::Schema;
use crate::store::digest::{PlanDigest, line};
use crate::store::row::encode;
use crate::store::schema;

fn rejection(person: &str) -> Rejection {
    Rejection {
        external_id: id(person),
        problem: Problem::new("duplicate", "two have this", "change one"),
        other: None,
    }
}

pub(crate) async fn rows_are_read_back_as_recorded<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let rows = vec![
        create("a", "a@x"),
        row(
            RowKind::Update,
            "b",
            &[("city", "Wien", ""), ("role", "requester", "agent")],
        ),
        Row {
            dn: "cn=\u{1f}\n".into(),
            ..deactivate("c", "absent")
        },
    ];
    let run = planned(&store, &acme, rows.clone()).await;
    let all = store
        .rows(&acme, run, &RowQuery::default(), 0, 10)
        .await
        .unwrap();
    assert_eq!(
        all.iter().map(|r| r.sequence).collect::<Vec<_>>(),
        [1, 2, 3]
    );
    assert_eq!(all.into_iter().map(|r| r.row).collect::<Vec<_>>(), rows);
    let count = async |query: RowQuery| store.rows(&acme, run, &query, 0, 10).await.unwrap().len();
    let by = RowQuery::default;
    assert_eq!(
        count(RowQuery {
            kind: Some(RowKind::Update),
            ..by()
        })
        .await,
        1
    );
    assert_eq!(
        count(RowQuery {
            reason: Some("absent".into()),
            ..by()
        })
        .await,
        1
    );
    assert_eq!(
        count(RowQuery {
            person: Some("person B".into()),
            ..by()
        })
        .await,
        1
    );
    assert_eq!(
        count(RowQuery {
            person: Some(id("a")),
            ..by()
        })
        .await,
        1
    );
    assert_eq!(
        count(RowQuery {
            outcome: Some("pending".into()),
            ..by()
        })
        .await,
        3
    );
    assert_eq!(
        count(RowQuery {
            outcome: Some("failed".into()),
            ..by()
        })
        .await,
        0
    );
    assert_eq!(store.rows(&acme, run, &by(), 2, 10).await.unwrap().len(), 1);
}

pub(crate) async fn a_second_row_for_a_person_is_refused<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let run = begun(&store, &acme).await;
    store
        .record(&acme, run, vec![create("a", "a@x")])
        .await
        .unwrap();
    let twice = store
        .record(&acme, run, vec![create("b", "b@x"), create("a", "c@x")])
        .await;
    assert_eq!(twice.unwrap_err().code, "duplicate-row");
    let rows = store
        .rows(&acme, run, &RowQuery::default(), 0, 10)
        .await
        .unwrap();
    assert_eq!(rows.len(), 1, "all of a call or nothing");
    let many = (0..1_001).map(|n| create(&n.to_string(), "m@x")).collect();
    assert_eq!(
        store.record(&acme, run, many).await.unwrap_err().code,
        "bad-request"
    );
    let unknown = vec![row(RowKind::Update, "z", &[("shoe", "", "43")])];
    assert_eq!(
        store.record(&acme, run, unknown).await.unwrap_err().code,
        "unknown-field"
    );
    store
        .finish(&acme, run, summary(), proof(), vec![])
        .await
        .unwrap();
    let late = store.record(&acme, run, vec![create("d", "d@x")]).await;
    assert_eq!(late.unwrap_err().code, "wrong-status");
}

pub(crate) async fn rejected_rows_become_unsynced_and_keep_their_values<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let run = begun(&store, &acme).await;
    store
        .record(&acme, run, vec![create("a", "a@x"), create("b", "b@x")])
        .await
        .unwrap();
    store
        .reject(&acme, run, vec![rejection("a"), rejection("new")])
        .await
        .unwrap();
    store
        .finish(&acme, run, summary(), proof(), vec![])
        .await
        .unwrap();
    assert_eq!(applied(&store, &acme, run, 10).await.unwrap(), (1, 0));
    let unsynced = store.unsynced(&acme, run, 0, 10).await.unwrap();
    let found: Vec<_> = unsynced
        .iter()
        .map(|u| (u.sequence, u.values.len()))
        .collect();
    assert_eq!(found, [(1, 3), (3, 0)]);
    assert_eq!(unsynced[0].problem.code, "duplicate");
    assert_eq!(store.unsynced(&acme, run, 1, 10).await.unwrap().len(), 1);
    assert_eq!(holder(&store, &acme, "a@x").await, None);
    let counts = store.run(&acme, run).await.unwrap().counts;
    let counts: Vec<_> = counts
        .iter()
        .map(|c| (c.kind, c.outcome.as_str(), c.rows))
        .collect();
    assert_eq!(
        counts,
        [
            (RowKind::Create, "applied", 1),
            (RowKind::Unsynced, "reported", 2)
        ]
    );
}

pub(crate) async fn the_other_of_a_duplicate_is_named_by_its_row<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let run = begun(&store, &acme).await;
    let rows = vec![create("a", "a@x"), create("b", "b@x"), create("c", "c@x")];
    let name = rows[1].dn.clone();
    store.record(&acme, run, rows).await.unwrap();
    let of = |person: &str, other: String, dn: &str| Rejection {
        other: Some(Party {
            external_id: other,
            dn: dn.to_owned(),
            id: String::new(),
        }),
        ..rejection(person)
    };
    let rejections = vec![
        of("a", id("b"), ""),
        of("b", id("nobody"), ""),
        of("c", id("b"), "cn=another entry"),
    ];
    store.reject(&acme, run, rejections).await.unwrap();
    store
        .finish(&acme, run, summary(), proof(), vec![])
        .await
        .unwrap();
    let unsynced = store.unsynced(&acme, run, 0, 10).await.unwrap();
    let named: Vec<_> = unsynced
        .iter()
        .map(|row| row.other.as_ref().map_or("?", |other| other.dn.as_str()))
        .collect();
    assert_eq!(named, [name.as_str(), "", "cn=another entry"]);
    assert_ne!(name, "");
}

pub(crate) async fn absence_needs_a_complete_proof<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    synced(&store, &acme, vec![create("a", "a@x")]).await;
    let torn = || crate::contract::plan::Proof {
        complete: false,
        ..proof()
    };
    let run = begun(&store, &acme).await;
    store
        .record(&acme, run, vec![deactivate("a", "absent")])
        .await
        .unwrap();
    let refused = store.finish(&acme, run, summary(), torn(), vec![]).await;
    assert_eq!(refused.unwrap_err().code, "absence-unproven");
    assert_eq!(
        store.apply(&acme, run, 1).await.unwrap_err().code,
        "wrong-status"
    );
    let run = begun(&store, &acme).await;
    store
        .record(&acme, run, vec![deactivate("a", "trust-me")])
        .await
        .unwrap();
    let refused = store.finish(&acme, run, summary(), torn(), vec![]).await;
    assert_eq!(refused.unwrap_err().code, "absence-unproven");
    let run = begun(&store, &acme).await;
    let absence = Absence {
        external_id: id("a"),
        review: false,
    };
    store.note_absent(&acme, run, vec![absence]).await.unwrap();
    let refused = store.finish(&acme, run, summary(), torn(), vec![]).await;
    assert_eq!(refused.unwrap_err().code, "absence-unproven");
    let run = begun(&store, &acme).await;
    store
        .record(&acme, run, vec![deactivate("a", "disabled")])
        .await
        .unwrap();
    store
        .finish(&acme, run, summary(), torn(), vec![])
        .await
        .unwrap();
    assert_eq!(applied(&store, &acme, run, 10).await.unwrap(), (1, 0));
    let begin = Begin {
        mode: "uninstall".into(),
        plugin: "plugin-1".into(),
        configuration: CONFIGURATION.into(),
        queued: None,
    };
    let run = store.begin(&acme, begin).await.unwrap();
    store
        .record(&acme, run, vec![deactivate("a", "uninstalled")])
        .await
        .unwrap();
    store
        .finish(&acme, run, summary(), torn(), vec![])
        .await
        .unwrap();
}

pub(crate) async fn the_digest_is_over_the_rows<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let mut rows: Vec<_> = (0..1_203)
        .map(|n| create(&format!("p{n}"), &format!("É{n}@x")))
        .collect();
    rows.push(row(
        RowKind::Update,
        "u",
        &[("city", "W", ""), ("role", "requester", "agent")],
    ));
    rows.push(Row {
        dn: "cn=\u{1f}\n".into(),
        source_hash: vec![],
        ..deactivate("c", "absent")
    });
    let run = planned(&store, &acme, rows.clone()).await;
    let portal = Schema::new(schema::fields(), schema::roles());
    let mut digest = PlanDigest::new(CONFIGURATION);
    for row in rows {
        digest.add(&line(&encode(row, &portal).unwrap()));
    }
    assert_eq!(
        store.run(&acme, run).await.unwrap().digest,
        Some(digest.finish())
    );
}

pub(crate) async fn a_tripped_guard_holds_the_plan_until_its_digest_is_approved<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let names: Vec<_> = (0..10).map(|n| format!("p{n}")).collect();
    let people = names.iter().map(|n| create(n, &format!("{n}@x"))).collect();
    assert_eq!(synced(&store, &acme, people).await, (10, 0));
    let leave = |count: usize| {
        names[..count]
            .iter()
            .map(|n| deactivate(n, "absent"))
            .collect()
    };
    let few = planned(&store, &acme, leave(4)).await;
    assert_eq!(
        store.run(&acme, few).await.unwrap().status,
        RunStatus::Planned
    );
    let run = planned(&store, &acme, leave(5)).await;
    let held = store.run(&acme, run).await.unwrap();
    assert_eq!(held.status, RunStatus::Held);
    assert!(
        held.guards
            .iter()
            .any(|g| g.name == "deactivate" && g.tripped && g.count == 5)
    );
    assert_eq!(
        store.apply(&acme, run, 10).await.unwrap_err().code,
        "guard-held"
    );
    let wrong = store.approve(&acme, run, "0000").await;
    assert_eq!(wrong.unwrap_err().code, "digest-mismatch");
    let digest = held.digest.unwrap();
    store.approve(&acme, run, &digest).await.unwrap();
    assert_eq!(
        store.approve(&acme, run, &digest).await.unwrap_err().code,
        "not-held"
    );
    assert_eq!(applied(&store, &acme, run, 2).await.unwrap(), (5, 0));
    assert_eq!(
        store.approve(&acme, run, &digest).await.unwrap_err().code,
        "not-held"
    );
    assert_eq!(store.licence(&acme).await.unwrap().used, 5);
}

pub(crate) async fn a_new_run_takes_the_place_of_an_open_one<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let planning = begun(&store, &acme).await;
    let planned_run = planned(&store, &acme, vec![create("a", "a@x"), create("b", "b@x")]).await;
    let status = async |run| store.run(&acme, run).await.unwrap().status;
    assert_eq!(status(planning).await, RunStatus::Abandoned);
    let run = planned(&store, &acme, vec![create("a", "a@x"), create("b", "b@x")]).await;
    assert_eq!(status(planned_run).await, RunStatus::Discarded);
    assert_eq!(
        store.apply(&acme, planned_run, 1).await.unwrap_err().code,
        "wrong-status"
    );
    store.apply(&acme, run, 1).await.unwrap();
    let begin = crate::ports::plan::Begin {
        mode: "full".into(),
        plugin: "p".into(),
        configuration: CONFIGURATION.into(),
        queued: None,
    };
    assert_eq!(
        store.begin(&acme, begin).await.unwrap_err().code,
        "run-unfinished"
    );
    assert_eq!(store.unfinished(&acme).await.unwrap(), Some(run));
    store
        .end(&acme, run, RunStatus::Cancelled, None)
        .await
        .unwrap();
    assert_eq!(store.unfinished(&acme).await.unwrap(), None);
    assert_eq!(
        store.apply(&acme, run, 1).await.unwrap_err().code,
        "wrong-status"
    );
    assert_eq!(
        store.runs(&acme, &RunQuery::default(), 2).await.unwrap()[0].id,
        run
    );
}

pub(crate) async fn a_changed_configuration_stops_the_plan<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let run = planned(&store, &acme, vec![create("a", "a@x")]).await;
    configure(&store, &acme, "c-2", &[]).await;
    assert_eq!(
        store.apply(&acme, run, 10).await.unwrap_err().code,
        "configuration-changed"
    );
    assert_eq!(store.count(&acme).await.unwrap(), 0);
    configure(&store, &acme, CONFIGURATION, &[]).await;
    assert_eq!(
        store.apply(&acme, run, 10).await.unwrap_err().code,
        "wrong-status",
        "settings that come back do not bring the plan back"
    );
    assert_eq!(
        synced(&store, &acme, vec![create("a", "a@x")]).await,
        (1, 0)
    );
}

pub(crate) async fn a_refused_approval_does_not_take_effect_later<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    store.set_seats(&acme, 1).await.unwrap();
    let rows = vec![create("a", "a@x"), create("b", "b@x")];
    let run = planned(&store, &acme, rows).await;
    let held = store.run(&acme, run).await.unwrap();
    assert_eq!(held.status, RunStatus::Held);
    configure(&store, &acme, "c-2", &[]).await;
    let digest = held.digest.unwrap();
    assert_eq!(
        store.approve(&acme, run, &digest).await.unwrap_err().code,
        "configuration-changed"
    );
    configure(&store, &acme, CONFIGURATION, &[]).await;
    assert_eq!(
        store.run(&acme, run).await.unwrap().status,
        RunStatus::Discarded
    );
    assert_eq!(
        store.apply(&acme, run, 10).await.unwrap_err().code,
        "wrong-status"
    );
    assert_eq!(store.count(&acme).await.unwrap(), 0);
}

pub(crate) async fn seats_are_guarded<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let rows = || vec![create("a", "a@x"), create("b", "b@x")];
    let run = planned(&store, &acme, rows()).await;
    store.set_seats(&acme, 1).await.unwrap();
    let late = store.apply(&acme, run, 10).await;
    assert_eq!(late.unwrap_err().code, "guard-held", "it trips only now");
    assert_eq!(store.run(&acme, run).await.unwrap().status, RunStatus::Held);
    store.set_seats(&acme, 2).await.unwrap();
    assert_eq!(synced(&store, &acme, rows()).await, (2, 0));
}

pub(crate) async fn an_uninstall_deactivates_and_does_nothing_else<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let rows = vec![create("a", "a@x"), create("b", "b@x")];
    assert_eq!(synced(&store, &acme, rows).await, (2, 0));
    let planned = async |rows| {
        let begin = Begin {
            mode: "uninstall".into(),
            plugin: "plugin-1".into(),
            configuration: CONFIGURATION.into(),
            queued: None,
        };
        let run = store.begin(&acme, begin).await.unwrap();
        store.record(&acme, run, rows).await.unwrap();
        let finished = store.finish(&acme, run, summary(), proof(), vec![]).await;
        finished.map(|_| run)
    };
    let leaves = || deactivate("a", "uninstalled");
    let changes = |changes: &[_]| row(RowKind::Deactivate, "b", changes);
    for other in [
        create("c", "c@x"),
        remail("b", "b@x", "c@x"),
        row(RowKind::Reactivate, "b", &[]),
        changes(&[("city", "", "Wien")]),
        changes(&[("role", "requester", "agent")]),
    ] {
        let refused = planned(vec![leaves(), other.clone()]).await;
        assert_eq!(refused.unwrap_err().code, "bad-row", "{other:?}");
    }
    let run = planned(vec![leaves(), changes(&[])]).await.unwrap();
    assert_eq!(applied(&store, &acme, run, 10).await.unwrap(), (2, 0));
    assert_eq!(store.licence(&acme).await.unwrap().used, 0);
}

pub(crate) async fn unsynced_people_come_in_portions_where_they_are_large<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let run = begun(&store, &acme).await;
    let photo = "x".repeat(1 << 20);
    for n in 0..30 {
        let large = Row {
            problem: Some(Problem::new("too-long", "it is", "shorten it")),
            ..row(RowKind::Unsynced, &n.to_string(), &[("photo", "", &photo)])
        };
        store.record(&acme, run, vec![large]).await.unwrap();
    }
    let (mut after, mut portions) = (0, Vec::new());
    loop {
        let rows = store.unsynced(&acme, run, after, 1_000).await.unwrap();
        let Some(last) = rows.last() else { break };
        after = last.sequence;
        portions.push(rows.len());
    }
    assert_eq!((portions.iter().sum::<usize>(), after), (30, 30));
    assert!(portions.len() > 1 && portions[0] > 1, "{portions:?}");
}
