#![expect(clippy::unwrap_used, reason = "tests")]

use super::super::mapping::submit;
use super::super::person::Who;
use super::super::{configure, preview};
use super::*;
use crate::mapping::{OnEmpty, Rule};
use crate::ports::Host;
use crate::ports::directory::Verdict;
use crate::ports::plan::RowKind;
use crate::ports::portal::Status;
use crate::sync::{Mode, Options, Step, start};
use crate::testing::World;
use crate::testing::directory::Record;
use crate::testing::world::person;

fn world(settings: &[(&str, &str)]) -> World {
    let world = World::with_people(5);
    let given: Vec<_> = [("url", "a"), ("base-dn", "ou=people,dc=example,dc=com")]
        .iter()
        .chain(settings)
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    configure(&world, &given).unwrap();
    world
}

fn who(name: &str) -> Who {
    Who::Named(name.to_owned())
}

fn id(n: u32) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

fn failed(explanation: &Explanation) -> Vec<(&str, &str)> {
    explanation
        .stages
        .iter()
        .filter(|stage| stage.verdict != Verdict::Passed)
        .flat_map(|stage| {
            stage
                .problems
                .iter()
                .map(|p| (stage.name.as_str(), p.code.as_str()))
        })
        .collect()
}

#[test]
fn a_good_person_passes_every_step_by_whatever_name() {
    let world = world(&[]);
    for name in [
        "user2",
        "USER2@example.com",
        &id(2),
        &id(2).to_uppercase(),
        "uid=user2, ou=People,dc=example,dc=com",
    ] {
        let explanation = explain(&world, &who(name)).unwrap();
        assert_eq!(explanation.external_id, id(2), "{name}");
        assert_eq!(failed(&explanation), [], "{name}");
        assert_eq!(explanation.verdict, "The next sync creates this person.");
        let names: Vec<_> = explanation
            .stages
            .iter()
            .map(|stage| stage.name.as_str())
            .collect();
        assert_eq!(
            names,
            [
                "find",
                "base",
                "filter",
                "id",
                "status",
                "map",
                "validate",
                "duplicate",
                "portal"
            ]
        );
    }
}

#[test]
fn who_is_outside_of_the_base_is_found_and_told_so() {
    let world = world(&[]);
    let mut other = person(9);
    other.dn = "uid=user9,ou=old,dc=example,dc=com".into();
    world.directory.entries.borrow_mut().push(other);
    let explanation = explain(&world, &who("user9")).unwrap();
    assert_eq!(failed(&explanation), [("base", "outside-base")]);
    assert!(
        explanation
            .verdict
            .starts_with("Not synced: the entry exists, but not below")
    );
}

#[test]
fn who_is_below_a_child_of_the_base_is_outside_of_scope_one() {
    let world = world(&[("scope", "one")]);
    let mut other = person(9);
    other.dn = "uid=user9,ou=deep,ou=people,dc=example,dc=com".into();
    world.directory.entries.borrow_mut().push(other);
    assert_eq!(
        failed(&explain(&world, &who("user9")).unwrap()),
        [("base", "outside-scope")]
    );
}

#[test]
fn the_clause_that_fails_is_named_with_what_the_entry_has() {
    let world = world(&[(
        "filter",
        "(&(objectClass=inetOrgPerson)(|(ou=Sales)(title=Boss)))",
    )]);
    world.change("uid=user2,", |entry| entry.set("ou", &["Law"]));
    let explanation = explain(&world, &who("user2")).unwrap();
    assert_eq!(failed(&explanation), [("filter", "outside-filter")]);
    assert_eq!(
        explanation.verdict,
        "Not synced: the filter does not let the entry through: (ou=Sales) does not hold: ou is Law; \
         (title=Boss) does not hold: title is absent."
    );
}

#[test]
fn who_the_filter_lost_is_a_leaver() {
    let world = world(&[("filter", "(ou=Sales)")]);
    world
        .portal
        .add(&id(2), "uid=user2,ou=people,dc=example,dc=com", &[]);
    assert!(
        explain(&world, &who("user2"))
            .unwrap()
            .verdict
            .contains("leaver")
    );
}

#[test]
fn each_trouble_is_told_at_its_step() {
    let world = world(&[]);
    world.change("uid=user1,", |entry| entry.set("entryUUID", &[]));
    world.change("uid=user2,", |entry| {
        entry.set("pwdAccountLockedTime", &["000001010000Z"])
    });
    world.change("uid=user3,", |entry| {
        entry.set("sn", &[]);
        entry.add("sn", b"\xff\xfe");
        entry.set("mail", &["no address"]);
    });
    world.change("uid=user4,", |entry| {
        entry.set("mail", &["USER5@example.com"])
    });
    let told = |name: &str| {
        let explanation = explain(&world, &who(name)).unwrap();
        failed(&explanation)
            .into_iter()
            .map(|(s, c)| format!("{s} {c}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(told("user1"), ["id missing-external-id"]);
    assert_eq!(told("user2"), ["status disabled"]);
    assert_eq!(told("user3"), ["map bad-utf8", "validate bad-value"]);
    assert_eq!(told("user4"), ["duplicate duplicate"]);
    assert_eq!(told("user5"), ["duplicate duplicate"]);
}

#[test]
fn nobody_is_explained_by_where_it_was_looked_and_what_the_portal_knows() {
    let world = world(&[]);
    let explanation = explain(&world, &who("ghost")).unwrap();
    assert_eq!(failed(&explanation), [("find", "nobody-found")]);
    assert_eq!(explanation.stages[0].evidence.len(), 2);
    assert!(
        explanation
            .verdict
            .contains("not found in the directory or in the portal")
    );
    world.portal.add(
        &id(77),
        "uid=ghost,ou=people,dc=example,dc=com",
        &[("username", "ghost")],
    );
    let explanation = explain(&world, &who("ghost")).unwrap();
    assert_eq!(explanation.external_id, id(77));
    assert!(explanation.verdict.contains("leaver"));
    assert!(
        explain(&world, &Who::Nth(5))
            .unwrap()
            .verdict
            .contains("that many")
    );
}

#[test]
fn namesakes_are_listed_and_not_guessed() {
    let world = world(&[]);
    world.change("uid=user1,", |entry| entry.set("cn", &["Same"]));
    world.change("uid=user2,", |entry| entry.set("cn", &["Same"]));
    assert_eq!(
        failed(&explain(&world, &who("same")).unwrap()),
        [("find", "ambiguous")]
    );
    assert_eq!(
        preview(&world, &[], &who("same")).unwrap_err()[0].code,
        "ambiguous"
    );
}

#[test]
fn a_preview_says_what_a_sync_would_do() {
    let world = world(&[]);
    let outcome = |name: &Who| preview(&world, &[], name).unwrap().outcome;
    assert_eq!(outcome(&Who::First), "would-create");
    let first = preview(&world, &[], &Who::First).unwrap();
    let values: Vec<_> = first
        .fields
        .iter()
        .filter_map(|f| Some((f.field.as_str(), f.value.as_deref()?)))
        .collect();
    world.portal.add(&id(1), &first.dn, &values);
    assert_eq!(outcome(&Who::Nth(0)), "unchanged");
    world.change("uid=user1,", |entry| entry.set("givenName", &["Other"]));
    assert_eq!(outcome(&who("user1")), "would-update");
    world.change("uid=user1,", |entry| {
        entry.set("pwdAccountLockedTime", &["000001010000Z"])
    });
    assert_eq!(outcome(&who("user1")), "would-deactivate");
    world.portal.people.borrow_mut()[0].status = Status::Inactive;
    world.portal.people.borrow_mut()[0].deactivated_by_sync = true;
    assert_eq!(outcome(&who("user1")), "would-update");
    world.change("uid=user1,", |entry| entry.set("givenName", &["Given"]));
    assert_eq!(outcome(&who("user1")), "unchanged");
    world.change("uid=user1,", |entry| entry.set("givenName", &["Other"]));
    world.portal.people.borrow_mut()[0].deactivated_by_sync = false;
    world.change("uid=user1,", |entry| entry.set("pwdAccountLockedTime", &[]));
    assert_eq!(outcome(&who("user1")), "would-update");
    world.portal.people.borrow_mut()[0].deactivated_by_sync = true;
    assert_eq!(outcome(&who("user1")), "would-reactivate");
    world.change("uid=user2,", |entry| {
        entry.set("pwdAccountLockedTime", &["000001010000Z"])
    });
    assert_eq!(outcome(&who("user2")), "disabled-skipped");
    world.change("uid=user3,", |entry| entry.set("mail", &[]));
    assert_eq!(outcome(&who("user3")), "unsynced");
}

#[test]
fn a_preview_of_nobody_is_an_error_that_says_where_it_looked() {
    let world = world(&[]);
    for name in [
        Who::Nth(5),
        who("ghost"),
        who("uid=ghost,dc=example,dc=com"),
    ] {
        assert_eq!(
            preview(&world, &[], &name).unwrap_err()[0].code,
            "nobody-found"
        );
    }
    assert_eq!(
        preview(&world, &[], &Who::Nth(10_001)).unwrap_err()[0].code,
        "bad-number"
    );
    assert_eq!(
        preview(&world, &[], &who(" ")).unwrap_err()[0].code,
        "required"
    );
}

#[test]
fn a_value_that_its_holder_gives_up_in_the_directory_is_free() {
    let world = world(&[]);
    world.portal.add(
        &id(2),
        "uid=user2,ou=people,dc=example,dc=com",
        &[("email", "user1@example.com")],
    );
    assert_eq!(
        preview(&world, &[], &who("user1")).unwrap().outcome,
        "would-create"
    );
    world.change("uid=user2,", |entry| {
        entry.set("mail", &["user1@example.com"])
    });
    assert_eq!(
        preview(&world, &[], &who("user1")).unwrap().outcome,
        "unsynced"
    );
    assert_ne!(
        preview(&world, &[], &who("user2")).unwrap().outcome,
        "unsynced"
    );
}

/// The kinds of the rows that a sync records for these people, rejections aside.
fn synced(world: &World, ids: &[String]) -> Vec<Option<RowKind>> {
    world.rows.borrow_mut().clear();
    world.rejections.borrow_mut().clear();
    let options = Options {
        mode: Mode::Full,
        checkpoint: Vec::new(),
        seed: 1,
    };
    let mut run = start(world, &options).unwrap();
    while run.step(world, 9).unwrap() == Step::More {}
    let (rows, rejections) = (world.rows.borrow(), world.rejections.borrow());
    let rejected = |id: &String| rejections.iter().any(|row| row.external_id == *id);
    ids.iter()
        .map(|id| {
            let row = rows.iter().find(|row| *row.external_id == **id)?;
            (!rejected(id)).then_some(row.kind)
        })
        .collect()
}

#[test]
fn a_value_is_free_as_in_a_sync_where_its_holder_is_disabled_or_has_none_any_more() {
    let world = world(&[("disabled-when", "(employeeType=left)")]);
    for field in world.portal.fields.borrow_mut().iter_mut() {
        field.required &= field.id != "email";
    }
    let rules = [
        Rule::new("username", "{uid}"),
        Rule::new("last-name", "{sn}"),
        Rule::new("email", "{mail|lower}").on_empty(OnEmpty::Clear),
    ];
    submit(&world, &rules).unwrap();
    world.portal.add(
        &id(2),
        "uid=user2,ou=people,dc=example,dc=com",
        &[("email", "user1@example.com")],
    );
    let ids = [id(1), id(2)];
    for (mail, state, outcome, kinds) in [
        (
            &[][..],
            &[][..],
            "would-create",
            [Some(RowKind::Create), Some(RowKind::Update)],
        ),
        (
            &["user2@example.com"],
            &["left"],
            "would-create",
            [Some(RowKind::Create), Some(RowKind::Deactivate)],
        ),
        (
            &[],
            &["left"],
            "would-create",
            [Some(RowKind::Create), Some(RowKind::Deactivate)],
        ),
        // Who keeps the value, keeps it disabled too.
        (
            &["user1@example.com"],
            &["left"],
            "unsynced",
            [None, Some(RowKind::Deactivate)],
        ),
    ] {
        world.change("uid=user2,", |entry| {
            entry.set("mail", mail);
            entry.set("employeeType", state);
        });
        assert_eq!(
            preview(&world, &[], &who("uid=user1,ou=people,dc=example,dc=com"))
                .unwrap()
                .outcome,
            outcome,
            "{mail:?} {state:?}"
        );
        assert_eq!(synced(&world, &ids), kinds, "{mail:?} {state:?}");
    }
}

#[test]
fn a_person_seen_only_outside_of_the_filter_is_previewed_with_a_hint() {
    let world = world(&[]);
    world.directory.entries.borrow_mut().push(Record::new(
        "cn=printer,ou=people,dc=example,dc=com",
        &[("objectClass", "device"), ("cn", "printer")],
    ));
    let previewed = preview(&world, &[], &who("printer")).unwrap();
    assert!(
        previewed
            .problems
            .iter()
            .any(|problem| problem.code == "outside-filter")
    );
}

#[test]
fn a_directory_that_fails_to_say_what_it_is_is_not_guessed() {
    let world = world(&[]);
    world.directory.faults.borrow_mut().root = Some("connection-lost");
    assert_eq!(
        preview(&world, &[], &who("user1")).unwrap_err()[0].code,
        "connection-lost"
    );
    assert_eq!(
        explain(&world, &who("user1")).unwrap_err()[0].code,
        "connection-lost"
    );
}

#[test]
fn a_directory_that_a_sync_would_refuse_as_another_kind_is_refused_here() {
    let world = world(&[]);
    let configuration = crate::settings::Configuration::require(&world, &world.portal().roles());
    let openldap = crate::profile::by_id("openldap").unwrap();
    crate::sync::remembered::remember(&world, &configuration.unwrap(), openldap).unwrap();
    preview(&world, &[], &who("user1")).unwrap();
    std::mem::take(&mut *world.directory.root.borrow_mut());
    assert_eq!(
        preview(&world, &[], &who("user1")).unwrap_err()[0].code,
        "profile-changed"
    );
}
