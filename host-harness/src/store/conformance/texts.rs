//! Texts of whatever characters, in whatever length.

use super::Engine;
use super::people::*;
use crate::contract::plan::{Change, Link, Party, Rejection, Row, RowKind};
use crate::contract::portal::Field;
use crate::contract::state::Operation;
use crate::ports::plan::RowQuery;
use crate::ports::tenants::HostSetting;
use crate::ports::{PersonEdit, State, Whom};
use crate::problem::Problem;
use crate::store::check::Schema;
use crate::store::digest::{PlanDigest, line};
use crate::store::row::encode;
use crate::store::schema;

/// What a database may take for an end, an escape or a mark of its own.
const ODD: &str = "\0a\u{1}\u{2}\\u0000\\\u{1}\u{3}\"\u{7f}é\0";

fn odd(person: &str) -> Row {
    Row {
        external_id: format!("{person}{ODD}"),
        dn: format!("cn={person}{ODD}"),
        display: format!("Person {person}{ODD}"),
        ..row(
            RowKind::Create,
            person,
            &[
                ("username", "", &format!("{person}{ODD}")),
                ("email", "", &format!("{person}@{ODD}x")),
                ("last-name", "", ODD),
            ],
        )
    }
}

pub(crate) async fn texts_with_every_character_are_kept_found_and_given_back<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let rows = vec![odd("a"), odd("b"), odd("c")];
    let run = begun(&store, &acme).await;
    store.record(&acme, run, rows.clone()).await.unwrap();
    let again = store.record(&acme, run, vec![odd("a")]).await;
    assert_eq!(again.unwrap_err().code, "duplicate-row");
    let rejection = Rejection {
        external_id: odd("c").external_id,
        problem: Problem::new("duplicate", ODD, ODD),
        other: Some(Party {
            external_id: odd("a").external_id,
            dn: String::new(),
            id: String::new(),
        }),
    };
    store.reject(&acme, run, vec![rejection]).await.unwrap();
    store
        .finish(&acme, run, summary(), proof(), vec![7])
        .await
        .unwrap();
    let found = async |query: RowQuery| store.rows(&acme, run, &query, 0, 10).await.unwrap();
    let all = found(RowQuery::default()).await;
    assert_eq!(all[0].row, rows[0]);
    assert_eq!(all[1].row, rows[1]);
    for person in [odd("a").external_id, odd("a").dn, format!("SON a{ODD}")] {
        let query = RowQuery {
            person: Some(person.clone()),
            ..RowQuery::default()
        };
        assert_eq!(found(query).await.len(), 1, "{person:?}");
    }
    let unsynced = store.unsynced(&acme, run, 0, 10).await.unwrap();
    assert_eq!(unsynced[0].problem.message, ODD);
    assert_eq!(unsynced[0].other.as_ref().unwrap().dn, odd("a").dn);

    assert_eq!(applied(&store, &acme, run, 10).await.unwrap(), (2, 0));
    let ids = [odd("a").external_id, odd("b").external_id];
    assert_eq!(store.index(&acme, "", 10).await.unwrap().external_ids, ids);
    let after = store.index(&acme, &ids[0], 10).await.unwrap();
    assert_eq!(after.external_ids, ids[1..]);
    let named = store.index_of(&acme, &ids).await.unwrap();
    assert_eq!(named.external_ids, ids);
    let people = store.people(&acme, &ids).await.unwrap();
    assert_eq!(
        (people[0].external_id.as_str(), people[0].dn.as_str()),
        (ids[0].as_str(), odd("a").dn.as_str())
    );
    let value = people[0].values.iter().find(|v| v.field == "username");
    assert_eq!(value.unwrap().value, format!("a{ODD}"));
    let mail = format!("A@{ODD}x");
    assert_eq!(holder(&store, &acme, &mail).await.as_ref(), Some(&ids[0]));
    assert_eq!(holder(&store, &acme, "a@").await, None, "NUL ends nothing");

    // Another takes a value that is held, and fails over its holder.
    let taken = row(
        RowKind::Create,
        "d",
        &[
            ("username", "", "d"),
            ("email", "", &mail),
            ("last-name", "", "D"),
        ],
    );
    let linked = Link {
        external_id: ids[1].clone(),
        dn: odd("b").dn,
        display: ODD.into(),
        change: Change {
            field: "manager".into(),
            before: None,
            after: Some(ids[0].clone()),
        },
        source_hash: vec![8; 16],
    };
    let run = begun(&store, &acme).await;
    let moved = Row {
        kind: RowKind::Update,
        changes: vec![Change {
            field: "city".into(),
            before: None,
            after: Some(ODD.into()),
        }],
        ..odd("b")
    };
    store
        .record(&acme, run, vec![moved.clone(), taken])
        .await
        .unwrap();
    store.link(&acme, run, vec![linked.clone()]).await.unwrap();
    store
        .finish(&acme, run, summary(), proof(), vec![7])
        .await
        .unwrap();
    let all = store.rows(&acme, run, &RowQuery::default(), 0, 10).await;
    assert_eq!(
        all.unwrap()[0].row.changes,
        [moved.changes[0].clone(), linked.change]
    );
    assert_eq!(applied(&store, &acme, run, 10).await.unwrap(), (1, 1));
    let query = RowQuery {
        outcome: Some("failed".into()),
        ..RowQuery::default()
    };
    let failed = store.rows(&acme, run, &query, 0, 10).await.unwrap();
    let other = failed[0].outcome_other.as_ref().unwrap();
    assert_eq!((&other.external_id, &other.dn), (&ids[0], &odd("a").dn));
    let named = store.naming(&acme, "manager", &ids[..1]).await.unwrap();
    assert_eq!(named, ids[1..]);
    let people = store.people(&acme, &ids[1..]).await.unwrap();
    let city = people[0].values.iter().find(|v| v.field == "city");
    assert_eq!(city.unwrap().value, ODD);
}

pub(crate) async fn what_people_and_plugins_keep_may_hold_every_character<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let put = |key: &str| Operation {
        key: key.into(),
        expected: Some(0),
        value: Some(ODD.as_bytes().to_vec()),
    };
    let keys = ["k\0", "k\0\u{1}", "k\u{1}", "k\u{1}\u{2}", "ka"];
    let operations: Vec<_> = keys.iter().map(|key| put(key)).collect();
    store.commit(&acme, &operations).await.unwrap();
    assert_eq!(store.keys(&acme, "k").await.unwrap(), keys);
    assert_eq!(store.keys(&acme, "k\0").await.unwrap(), keys[..2]);
    let value = State::get(&store, &acme, keys[1]).await.unwrap().value;
    assert_eq!(value, ODD.as_bytes());

    let settings = vec![HostSetting {
        key: ODD.into(),
        value: ODD.into(),
    }];
    store
        .configured(&acme, CONFIGURATION, settings.clone())
        .await
        .unwrap();
    let kept = Tenants::get(&store, &acme).await.unwrap();
    assert_eq!(kept.settings, settings);

    let ada = entered(&store, &acme, "ada").await;
    let edit = PersonEdit {
        values: vec![
            ("city".into(), Some(ODD.into())),
            ("email".into(), Some(ODD.into())),
        ],
        ..PersonEdit::default()
    };
    let ada = Whom::Id(ada);
    store.edit_person(&acme, &ada, &edit).await.unwrap();
    let person = store.person(&acme, &ada).await.unwrap();
    for field in ["city", "email"] {
        let value = person.values.iter().find(|v| v.field == field).unwrap();
        assert_eq!(value.value, ODD);
    }
    let bea = entered(&store, &acme, "bea").await;
    let taken = store.edit_person(&acme, &Whom::Id(bea), &edit).await;
    assert_eq!(taken.unwrap_err().code, "unique-conflict");
}

pub(crate) async fn external_ids_are_in_the_order_of_their_bytes<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let mut ids: Vec<String> = [
        "a",
        "B",
        "A-b",
        "Ab",
        "ä",
        "a\u{308}",
        "Z",
        "_",
        "a b",
        "\u{ffff}",
        "\u{10000}",
        "\0",
        "\u{1}",
        "\0\u{1}",
        "\u{2}",
    ]
    .map(str::to_owned)
    .to_vec();
    let rows = ids.iter().enumerate().map(|(n, external_id)| Row {
        external_id: external_id.clone(),
        ..create(&n.to_string(), &format!("{n}@x"))
    });
    let run = planned(&store, &acme, rows.collect()).await;
    assert_eq!(applied(&store, &acme, run, 10).await.unwrap().1, 0);
    ids.sort_unstable();
    let mut found: Vec<String> = Vec::new();
    loop {
        let after = found.last().cloned().unwrap_or_default();
        let page = store.index(&acme, &after, 4).await.unwrap();
        found.extend(page.external_ids);
        if !page.more {
            break;
        }
    }
    assert_eq!(found, ids);
    let backwards: Vec<String> = ids.iter().rev().cloned().collect();
    let named = store.index_of(&acme, &backwards).await.unwrap();
    assert_eq!(named.external_ids, ids);
}

pub(crate) async fn unique_values_may_be_long<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let badge = Field {
        id: "badge".into(),
        unique: true,
        required: false,
        max_length: 100_000,
        ..schema::fields().remove(2)
    };
    store.add_field(&acme, &badge).await.unwrap();
    // Nothing that could be packed: an index has little room.
    let mut state = 7_u32;
    let long: String = (0..20_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from_digit(state >> 27, 36).unwrap()
        })
        .collect();
    let other = format!("{long}x");
    let wearing = |person: &str, badge: &str| {
        let mut row = create(person, &format!("{person}@x"));
        row.changes.push(Change {
            field: "badge".into(),
            before: None,
            after: Some(badge.into()),
        });
        row
    };
    let rows = vec![
        wearing("a", &long),
        wearing("b", &other),
        wearing("c", &long),
    ];
    assert_eq!(synced(&store, &acme, rows).await, (2, 1));
    let holders = store
        .holders(&acme, "badge", &[other.clone(), long.to_uppercase()])
        .await
        .unwrap();
    let found: Vec<_> = holders
        .iter()
        .map(|h| (h.position, h.external_id.clone()))
        .collect();
    assert_eq!(found, [(0, id("b")), (1, id("a"))]);
    // They are exchanged like any others.
    let swap = |person: &str, before: &str, after: &str| {
        row(RowKind::Update, person, &[("badge", before, after)])
    };
    let rows = vec![swap("a", &long, &other), swap("b", &other, &long)];
    let run = planned(&store, &acme, rows.clone()).await;
    let mut digest = PlanDigest::new(CONFIGURATION);
    let mut fields = schema::fields();
    fields.push(badge);
    let portal = Schema::new(fields, schema::roles());
    for row in rows {
        digest.add(&line(&encode(row, &portal).unwrap()));
    }
    let found = store.run(&acme, run).await.unwrap().digest;
    assert_eq!(found, Some(digest.finish()));
    assert_eq!(store.apply(&acme, run, 1).await.unwrap().applied, 2);
    let edit = PersonEdit {
        values: vec![("badge".into(), Some(long.clone()))],
        ..PersonEdit::default()
    };
    let ada = Whom::ExternalId(id("a"));
    let taken = store.edit_person(&acme, &ada, &edit).await;
    assert_eq!(taken.unwrap_err().code, "unique-conflict");
}
