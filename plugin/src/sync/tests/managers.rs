//! Managers: names that become people of the portal.

use super::bench::{apply, plan, portal, rows, set};
use crate::field::{Field, FieldKind};
use crate::mapping::{OnEmpty, Rule};
use crate::ports::plan::{RowKind, Summary};
use crate::ports::portal::Status;
use crate::testing::World;
use crate::testing::directory::Record;

const BOSS: &str = "uid=user1,ou=people,dc=example,dc=com";

/// A world whose portal has a field for the manager; everybody but the first reports to the first.
pub(super) fn world(people: u32) -> World {
    let world = World::with_people(people);
    world
        .portal
        .fields
        .borrow_mut()
        .push(Field::plain("manager", FieldKind::Person));
    for n in 2..=people {
        manage(&world, n, &[BOSS]);
    }
    set(&world, &[("disabled-when", "(employeeType=left)")]);
    world
}

pub(super) fn manage(world: &World, n: u32, managers: &[&str]) {
    world.change(&format!("uid=user{n},"), |record| {
        record.set("manager", managers)
    });
}

pub(super) fn id(n: u32) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

/// Whom the portal has as the n-th person's manager.
pub(super) fn manager(world: &World, n: u32) -> Option<String> {
    let person = portal(world).remove(&id(n))?;
    let value = person
        .values
        .into_iter()
        .find(|(field, _)| field == "manager");
    value.map(|(_, value)| value)
}

/// What is said of managers.
fn said(summary: &Summary) -> Vec<(&str, &str)> {
    summary
        .warnings
        .iter()
        .filter(|warning| warning.code.starts_with("manager-"))
        .map(|warning| (warning.code.as_str(), warning.message.as_str()))
        .collect()
}

fn unresolved(summary: &Summary, people: &str, cause: &str) {
    let said = said(summary);
    let fits = |(code, message): &(&str, &str)| {
        *code == "manager-unresolved" && message.contains(people) && message.contains(cause)
    };
    assert!(said.len() == 1 && fits(&said[0]), "{said:?}");
}

#[test]
fn a_manager_is_found_whether_read_before_or_after_and_a_second_sync_has_nothing_to_do() {
    let world = world(4);
    manage(&world, 1, &["UID=User4, OU=People,DC=example,DC=com"]);
    manage(&world, 4, &[]);
    set(&world, &[("page-size", "1")]);
    let summary = plan(&world, 1, 1).unwrap();
    assert!(said(&summary).is_empty(), "{:?}", said(&summary));
    assert!(rows(&world).iter().all(|row| row.kind == RowKind::Create));
    apply(&world);
    assert_eq!(manager(&world, 1), Some(id(4)));
    assert_eq!(manager(&world, 2), Some(id(1)));
    assert_eq!(manager(&world, 4), None);
    let summary = plan(&world, 2, 1).unwrap();
    assert_eq!(rows(&world), []);
    assert_eq!(summary.unchanged, 4);
}

#[test]
fn another_manager_is_an_update_and_so_is_one_beside_another_change() {
    let world = world(4);
    plan(&world, 1, 1).unwrap();
    apply(&world);
    let other = "uid=user2,ou=people,dc=example,dc=com";
    manage(&world, 3, &[other]);
    manage(&world, 4, &[other]);
    world.change("uid=user4,", |record| record.set("sn", &["Other"]));
    let summary = plan(&world, 2, 1).unwrap();
    let found = rows(&world);
    let changes: Vec<_> = found
        .iter()
        .map(|row| (row.kind, row.changes.len()))
        .collect();
    assert_eq!(changes, [(RowKind::Update, 1), (RowKind::Update, 2)]);
    assert_eq!(found[0].changes[0].before.as_deref(), Some(id(1).as_str()));
    assert_eq!((summary.unchanged, summary.seen), (2, 4));
    apply(&world);
    assert_eq!(manager(&world, 4), Some(id(2)));
    plan(&world, 3, 1).unwrap();
    assert_eq!(rows(&world), []);
}

#[test]
fn a_manager_who_is_renamed_stays_the_same_person_and_needs_no_row_of_the_reports() {
    let world = world(3);
    plan(&world, 1, 1).unwrap();
    apply(&world);
    let renamed = "uid=chief,ou=people,dc=example,dc=com";
    world.change("uid=user1,", |record| record.dn = renamed.into());
    for n in 2..=3 {
        manage(&world, n, &[renamed]);
    }
    plan(&world, 2, 1).unwrap();
    let reasons: Vec<_> = rows(&world).iter().map(|row| row.reason).collect();
    assert_eq!(reasons, ["renamed"]);
}

#[test]
fn a_manager_who_is_not_there_is_a_warning_and_the_portal_keeps_what_it_has() {
    let world = world(3);
    plan(&world, 1, 1).unwrap();
    apply(&world);
    let gone = "uid=gone,ou=people,dc=example,dc=com";
    manage(&world, 2, &[gone]);
    let summary = plan(&world, 2, 1).unwrap();
    unresolved(&summary, "of 1 person", "no entry of that name");
    assert!(said(&summary)[0].1.contains(gone));
    assert_eq!(rows(&world), []);
    assert_eq!(manager(&world, 2), Some(id(1)));
    // Once there, the next run finds the person by itself.
    world.change("uid=user3,", |record| record.dn = gone.into());
    let summary = plan(&world, 3, 1).unwrap();
    assert!(said(&summary).is_empty());
    apply(&world);
    assert_eq!(manager(&world, 2), Some(id(3)));
}

#[test]
fn each_reason_for_being_nobody_is_told_apart() {
    let disabled = world(2);
    disabled.change("uid=user1,", |record| record.add("employeeType", b"left"));
    unresolved(
        &plan(&disabled, 1, 1).unwrap(),
        "of 1 person",
        "is disabled",
    );

    let unsynced = world(2);
    unsynced.change("uid=user1,", |record| record.set("mail", &[]));
    unresolved(
        &plan(&unsynced, 1, 1).unwrap(),
        "of 1 person",
        "could not be brought over",
    );
    apply(&unsynced);
    unsynced.change("uid=user1,", |record| {
        record.set("mail", &["a@example.com"])
    });
    assert!(said(&plan(&unsynced, 2, 1).unwrap()).is_empty());
    apply(&unsynced);
    assert_eq!(manager(&unsynced, 2), Some(id(1)), "tried again by itself");

    let oneself = world(2);
    manage(&oneself, 2, &["uid=user2,ou=people,dc=example,dc=com"]);
    unresolved(&plan(&oneself, 1, 1).unwrap(), "of 1 person", "own name");

    let unreadable = world(2);
    manage(&unreadable, 2, &["the boss"]);
    unresolved(&plan(&unreadable, 1, 1).unwrap(), "of 1 person", "no DN");

    let outside = world(3);
    set(&outside, &[("filter", "(!(uid=user1))")]);
    unresolved(
        &plan(&outside, 1, 1).unwrap(),
        "of 2 people",
        "outside of base or filter",
    );

    let nameless = world(2);
    nameless.change("uid=user1,", |record| record.set("entryUUID", &[]));
    unresolved(&plan(&nameless, 1, 1).unwrap(), "of 1 person", "no id");
}

#[test]
fn a_duplicate_who_is_rejected_is_nobodys_manager() {
    let world = world(3);
    world.change("uid=user3,", |record| {
        record.set("mail", &["user1@example.com"])
    });
    let summary = plan(&world, 1, 1).unwrap();
    unresolved(&summary, "of 1 person", "could not be brought over");
    apply(&world);
    assert_eq!(manager(&world, 2), None);
    assert_eq!(portal(&world).len(), 1);
}

#[test]
fn a_manager_outside_of_the_filter_whom_the_portal_has_is_found_by_asking() {
    let world = world(3);
    plan(&world, 1, 1).unwrap();
    apply(&world);
    let third = "uid=user3,ou=people,dc=example,dc=com";
    set(&world, &[("filter", "(!(uid=user3))"), ("leavers", "keep")]);
    manage(&world, 2, &[third]);
    let summary = plan(&world, 2, 1).unwrap();
    assert!(said(&summary).is_empty(), "{:?}", said(&summary));
    apply(&world);
    assert_eq!(manager(&world, 2), Some(id(3)));
}

#[test]
fn a_manager_who_is_deactivated_stays_the_manager() {
    let world = world(3);
    plan(&world, 1, 1).unwrap();
    apply(&world);
    world.change("uid=user1,", |record| record.add("employeeType", b"left"));
    let summary = plan(&world, 2, 1).unwrap();
    assert!(said(&summary).is_empty());
    let kinds: Vec<_> = rows(&world).iter().map(|row| row.kind).collect();
    assert_eq!(kinds, [RowKind::Deactivate]);
    apply(&world);
    assert_eq!(portal(&world)[&id(1)].status, Status::Inactive);
    assert_eq!(manager(&world, 2), Some(id(1)));
}

#[test]
fn chains_that_return_are_reported_and_written_all_the_same() {
    let world = world(3);
    manage(&world, 1, &["uid=user2,ou=people,dc=example,dc=com"]);
    let summary = plan(&world, 1, 1).unwrap();
    let said = said(&summary);
    assert_eq!(said.len(), 1);
    assert_eq!(said[0].0, "manager-cycle");
    assert!(said[0].1.starts_with("2 people"), "{said:?}");
    assert!(said[0].1.contains(BOSS), "{said:?}");
    apply(&world);
    assert_eq!(
        (manager(&world, 1), manager(&world, 2)),
        (Some(id(2)), Some(id(1)))
    );
}

#[test]
fn without_a_value_a_rule_that_clears_clears_and_one_that_keeps_keeps() {
    for (on_empty, left) in [(OnEmpty::Clear, None), (OnEmpty::Keep, Some(id(1)))] {
        let world = world(3);
        let rules = [
            Rule::new("username", "{uid}"),
            Rule::new("email", "{mail}"),
            Rule::new("last-name", "{sn}"),
            Rule::new("manager", "{manager}").on_empty(on_empty),
        ];
        crate::lifecycle::mapping::submit(&world, &rules).unwrap();
        plan(&world, 1, 1).unwrap();
        apply(&world);
        assert_eq!(manager(&world, 2), Some(id(1)));
        manage(&world, 2, &[]);
        let summary = plan(&world, 2, 1).unwrap();
        let blanked = summary
            .counts
            .iter()
            .find(|(name, _)| name == "blanked")
            .unwrap();
        assert_eq!(blanked.1, u64::from(left.is_none()));
        apply(&world);
        assert_eq!(manager(&world, 2), left);
        plan(&world, 3, 1).unwrap();
        assert_eq!(rows(&world), []);
    }
}

#[test]
fn a_manager_changed_in_the_portal_is_set_right_again() {
    let world = world(3);
    plan(&world, 1, 1).unwrap();
    apply(&world);
    {
        let mut people = world.portal.people.borrow_mut();
        let person = people
            .iter_mut()
            .find(|person| person.external_id == id(2))
            .unwrap();
        person.values.retain(|(field, _)| field != "manager");
        person.values.push(("manager".into(), id(3)));
        person.changed_in_portal.push("manager".into());
    }
    plan(&world, 2, 1).unwrap();
    assert_eq!(rows(&world).len(), 1);
    apply(&world);
    assert_eq!(manager(&world, 2), Some(id(1)));
}

#[test]
fn who_is_unsynced_is_reported_with_the_managers_name() {
    let world = world(2);
    world.change("uid=user2,", |record| record.set("mail", &[]));
    plan(&world, 1, 1).unwrap();
    let row = rows(&world).remove(1);
    assert_eq!(row.kind, RowKind::Unsynced);
    let change = row
        .changes
        .iter()
        .find(|change| &*change.field == "manager");
    assert_eq!(change.unwrap().after.as_deref(), Some(BOSS));
}

#[test]
fn at_most_so_many_names_are_asked_for_and_the_others_are_told() {
    let world = world(1);
    {
        let mut entries = world.directory.entries.borrow_mut();
        let gone = |n: u32| {
            let mut record = crate::testing::world::person(n);
            record.add(
                "manager",
                format!("uid=gone{n},dc=example,dc=com").as_bytes(),
            );
            record
        };
        entries.extend((2..=520).map(gone));
    }
    let summary = plan(&world, 1, 1).unwrap();
    let said = said(&summary);
    assert!(
        said.iter()
            .any(|(_, message)| message.starts_with("of 500 people")),
        "{said:?}"
    );
    assert!(
        said.iter()
            .any(|(_, message)| message.starts_with("of 19 people")),
        "{said:?}"
    );
}

#[test]
fn without_a_rule_nothing_is_asked() {
    let world = world(2);
    world
        .directory
        .entries
        .borrow_mut()
        .push(Record::new("dc=x", &[]));
    let rules = [
        Rule::new("username", "{uid}"),
        Rule::new("email", "{mail}"),
        Rule::new("last-name", "{sn}"),
    ];
    crate::lifecycle::mapping::submit(&world, &rules).unwrap();
    plan(&world, 1, 1).unwrap();
    assert!(world.links.borrow().is_empty());
}
