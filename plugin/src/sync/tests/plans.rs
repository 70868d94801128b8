//! What a plan holds.

use std::collections::BTreeMap;

use super::bench::{apply, begin, changing, plan, rows, set};
use crate::lifecycle::configure;
use crate::ports::plan::{Row, RowKind, Summary};
use crate::ports::portal::Status;
use crate::settings::Configuration;
use crate::sync::{Mode, Options, Step, start};
use crate::testing::World;
use crate::testing::directory::Record;
use crate::testing::world::person;

const DISABLED: (&str, &str) = ("disabled-when", "(employeeType=left)");

/// A world whose people are in the portal.
fn synced(count: u32, more: &[(&str, &str)]) -> World {
    let world = World::with_people(count);
    set(&world, more);
    plan(&world, 1, 1).unwrap();
    apply(&world);
    world
}

fn count(summary: &Summary, name: &str) -> u64 {
    summary
        .counts
        .iter()
        .find(|(known, _)| known == name)
        .unwrap()
        .1
}

fn kinds(rows: &[Row<'_>]) -> Vec<(RowKind, &'static str)> {
    rows.iter().map(|row| (row.kind, row.reason)).collect()
}

fn remove(world: &World, part: &str) {
    world
        .directory
        .entries
        .borrow_mut()
        .retain(|record| !record.dn.contains(part));
}

fn codes(world: &World) -> Vec<String> {
    plan(world, 1, 1)
        .unwrap_err()
        .into_iter()
        .map(|problem| problem.code)
        .collect()
}

#[test]
fn everybody_is_created_with_all_values_and_the_role() {
    let world = World::with_people(3);
    set(&world, &[("role", "approver")]);
    let summary = plan(&world, 1, 1).unwrap();
    assert_eq!(
        (summary.seen, summary.unchanged, count(&summary, "create")),
        (3, 0, 3)
    );
    let row = rows(&world).remove(0);
    assert_eq!(
        (row.kind, row.reason, &*row.display),
        (RowKind::Create, "new", "Given Name 1")
    );
    let value = |field: &str| {
        row.changes
            .iter()
            .find(|change| &*change.field == field)
            .and_then(|change| change.after.clone())
    };
    assert_eq!(value("email").as_deref(), Some("user1@example.com"));
    assert_eq!(value("role").as_deref(), Some("approver"));
    let finished = world.finished.borrow();
    assert!(finished.as_ref().unwrap().1.complete);
}

#[test]
fn a_second_sync_has_nothing_to_do() {
    let world = synced(5, &[]);
    let summary = plan(&world, 2, 1).unwrap();
    assert_eq!(rows(&world), []);
    assert_eq!((summary.seen, summary.unchanged), (5, 5));
}

#[test]
fn a_move_is_an_update_of_the_name() {
    let world = synced(2, &[]);
    world.change("uid=user1,", |record| {
        record.dn = "uid=user1,ou=gone,ou=people,dc=example,dc=com".into();
    });
    plan(&world, 2, 1).unwrap();
    let rows = rows(&world);
    assert_eq!(kinds(&rows), [(RowKind::Update, "renamed")]);
    assert_eq!(&*rows[0].changes[0].field, "dn");
    apply(&world);
    assert_eq!(plan(&world, 3, 1).unwrap().unchanged, 2);
}

#[test]
fn two_people_can_exchange_a_mail_address() {
    let world = synced(2, &[]);
    world.change("uid=user1,", |record| {
        record.set("mail", &["user2@example.com"])
    });
    world.change("uid=user2,", |record| {
        record.set("mail", &["USER1@example.com"])
    });
    plan(&world, 2, 1).unwrap();
    assert_eq!(kinds(&rows(&world)), [(RowKind::Update, "changed"); 2]);
    apply(&world);
    assert_eq!(plan(&world, 3, 1).unwrap().unchanged, 2);
}

#[test]
fn a_value_that_its_holder_keeps_cannot_be_taken() {
    let world = synced(2, &[]);
    world.change("uid=user1,", |record| {
        record.set("mail", &["User2@Example.com"])
    });
    let summary = plan(&world, 2, 1).unwrap();
    let rows = rows(&world);
    assert_eq!(kinds(&rows), [(RowKind::Unsynced, "duplicate")]);
    let other = rows[0].other.clone().unwrap();
    assert_eq!(other.dn, "uid=user2,ou=people,dc=example,dc=com");
    assert_eq!(other.id, "p-00000000-0000-4000-8000-000000000002");
    assert_eq!(
        (count(&summary, "unsynced"), count(&summary, "update")),
        (1, 0)
    );
}

#[test]
fn two_new_people_with_one_value_are_both_reported() {
    let world = World::with_people(2);
    set(&world, &[("page-size", "1")]);
    world.change("uid=user1,", |record| {
        record.set("mail", &["user2@example.com"])
    });
    let summary = plan(&world, 1, 9).unwrap();
    let rows = rows(&world);
    assert_eq!(kinds(&rows), [(RowKind::Unsynced, "duplicate"); 2]);
    assert!(rows.iter().all(|row| !row.changes.is_empty()));
    assert_eq!(
        (count(&summary, "unsynced"), count(&summary, "create")),
        (2, 0)
    );
}

#[test]
fn a_value_that_cannot_be_brought_over_is_reported_as_it_is() {
    let world = World::with_people(3);
    set(&world, &[]);
    let lines = "two\nlines@x.org";
    let long = format!("{}@x.org", "é".repeat(500));
    let twice = ["no address", "a; b@x.org"];
    world.change("uid=user1,", |record| record.set("mail", &[lines]));
    world.change("uid=user2,", |record| record.set("mail", &[&long]));
    world.change("uid=user3,", |record| record.set("mail", &twice));
    plan(&world, 1, 1).unwrap();
    let rows = rows(&world);
    assert!(rows.iter().all(|row| row.kind == RowKind::Unsynced));
    let mails: Vec<_> = rows
        .iter()
        .flat_map(|row| &row.changes)
        .filter(|change| &*change.field == "email")
        .map(|change| change.after.as_deref().unwrap())
        .collect();
    assert_eq!(mails, [lines, &long, twice[0]]);
}

#[test]
fn a_value_of_somebody_whom_no_sync_brought_cannot_be_taken() {
    let world = World::with_people(1);
    set(&world, &[]);
    world.portal.add("", "", &[("email", "user1@example.com")]);
    plan(&world, 1, 1).unwrap();
    let rows = rows(&world);
    assert_eq!(kinds(&rows), [(RowKind::Unsynced, "duplicate")]);
    assert_eq!(rows[0].other.as_ref().unwrap().id, "p1");
}

#[test]
fn who_is_disabled_is_deactivated_and_comes_back() {
    let world = synced(2, &[DISABLED]);
    world.change("uid=user1,", |record| record.set("employeeType", &["left"]));
    plan(&world, 2, 1).unwrap();
    assert_eq!(kinds(&rows(&world)), [(RowKind::Deactivate, "disabled")]);
    apply(&world);
    assert_eq!(plan(&world, 3, 1).unwrap().unchanged, 2);
    assert_eq!(rows(&world), []);
    world.change("uid=user1,", |record| record.set("employeeType", &[]));
    plan(&world, 4, 1).unwrap();
    assert_eq!(kinds(&rows(&world)), [(RowKind::Reactivate, "returned")]);
}

#[test]
fn whom_the_portal_deactivated_stays_inactive() {
    let world = synced(1, &[]);
    world.portal.people.borrow_mut()[0].status = Status::Inactive;
    world.change("uid=user1,", |record| record.set("sn", &["Other"]));
    plan(&world, 2, 1).unwrap();
    assert_eq!(kinds(&rows(&world)), [(RowKind::Update, "changed")]);
}

#[test]
fn an_unknown_disabled_person_is_counted_and_not_created() {
    let world = World::with_people(2);
    set(&world, &[DISABLED]);
    world.change("uid=user1,", |record| record.set("employeeType", &["left"]));
    let summary = plan(&world, 1, 1).unwrap();
    assert_eq!(
        (rows(&world).len(), count(&summary, "disabled-skipped")),
        (1, 1)
    );
}

#[test]
fn who_is_disabled_loses_access_even_with_values_that_are_wrong_or_taken() {
    for (attribute, value) in [("mail", "nonsense"), ("mail", "user2@example.com")] {
        let world = synced(2, &[DISABLED]);
        world.change("uid=user1,", |record| {
            record.set("employeeType", &["left"]);
            record.set(attribute, &[value]);
        });
        plan(&world, 2, 1).unwrap();
        let rows = rows(&world);
        assert_eq!(kinds(&rows), [(RowKind::Deactivate, "disabled")]);
        assert_eq!(rows[0].changes, []);
        apply(&world);
        plan(&world, 3, 1).unwrap();
        assert_eq!(changing(&world), []);
    }
}

#[test]
fn a_bad_person_is_reported_and_counts_as_present() {
    let world = synced(3, &[("leavers", "deactivate")]);
    world.change("uid=user1,", |record| record.set("mail", &["nonsense"]));
    world.change("uid=user2,", |record| record.set("entryUUID", &[]));
    let summary = plan(&world, 2, 1).unwrap();
    assert_eq!(
        kinds(&rows(&world)),
        [
            (RowKind::Unsynced, "missing-external-id"),
            (RowKind::Unsynced, "bad-value")
        ]
    );
    assert_eq!(
        (count(&summary, "unsynced"), count(&summary, "deactivate")),
        (2, 0)
    );
}

#[test]
fn who_was_moved_and_has_no_readable_id_is_no_leaver() {
    let world = synced(3, &[("leavers", "deactivate")]);
    world.change("uid=user2,", |record| {
        record.set("entryUUID", &[]);
        record.dn = record.dn.replace("uid=user2", "uid=renamed");
    });
    remove(&world, "uid=user3,");
    let summary = plan(&world, 2, 1).unwrap();
    assert_eq!(
        kinds(&rows(&world)),
        [(RowKind::Unsynced, "missing-external-id")]
    );
    let warned: Vec<_> = summary
        .warnings
        .iter()
        .map(|warning| &*warning.code)
        .collect();
    assert_eq!(warned, ["unidentified-entries", "absence-unproven"]);
    world.change("uid=renamed,", |record| {
        record.set("entryUUID", &["00000000-0000-4000-8000-000000000002"]);
    });
    plan(&world, 3, 1).unwrap();
    let gone: Vec<_> = kinds(&rows(&world))
        .into_iter()
        .filter(|(kind, _)| *kind == RowKind::Deactivate)
        .collect();
    assert_eq!(gone, [(RowKind::Deactivate, "absent")]);
}

#[test]
fn an_entry_too_large_for_a_row_is_reported_and_ends_nothing() {
    let world = World::with_people(3);
    set(&world, &[]);
    world.change("uid=user1,", |record| {
        record.set("entryUUID", &[&"f".repeat(2000)])
    });
    world.change("uid=user2,", |record| {
        record.dn = format!("cn={},ou=people,dc=example,dc=com", "x".repeat(40_000));
    });
    let summary = plan(&world, 1, 1).unwrap();
    assert_eq!(
        (count(&summary, "create"), count(&summary, "unsynced")),
        (1, 2)
    );
    let rows = rows(&world);
    assert_eq!(
        kinds(&rows),
        [
            (RowKind::Unsynced, "missing-external-id"),
            (RowKind::Unsynced, "too-long"),
            (RowKind::Create, "new")
        ]
    );
    assert!(rows.iter().all(|row| row.dn.len() <= 8 << 10));
}

#[test]
fn two_entries_with_one_id_are_both_left_alone() {
    let world = synced(2, &[]);
    let mut twin = person(3);
    twin.set("entryUUID", &["00000000-0000-4000-8000-000000000001"]);
    world.directory.entries.borrow_mut().push(twin);
    let summary = plan(&world, 2, 1).unwrap();
    let rows = rows(&world);
    assert_eq!(kinds(&rows), [(RowKind::Unsynced, "duplicate-external-id")]);
    assert_eq!(
        rows[0].other.as_ref().unwrap().dn,
        "uid=user3,ou=people,dc=example,dc=com"
    );
    assert_eq!((summary.unchanged, count(&summary, "unsynced")), (1, 1));
}

#[test]
fn an_entry_that_comes_twice_is_one_person() {
    let world = World::with_people(2);
    set(&world, &[("page-size", "1")]);
    world.directory.entries.borrow_mut().push(person(1));
    plan(&world, 1, 1).unwrap();
    assert_eq!(kinds(&rows(&world)), [(RowKind::Create, "new"); 2]);
}

#[test]
fn leavers_are_treated_as_the_policy_says() {
    let leave = |more: &[(&str, &str)]| {
        let world = synced(8, more);
        remove(&world, "uid=user1,");
        let summary = plan(&world, 2, 1).unwrap();
        let noted: Vec<bool> = world
            .absences
            .borrow()
            .iter()
            .map(|one| one.review)
            .collect();
        (
            changing(&world).len(),
            noted,
            count(&summary, "absent-deactivated"),
        )
    };
    assert_eq!(leave(&[("leavers", "keep")]), (0, vec![false], 0));
    assert_eq!(leave(&[("leavers", "review")]), (0, vec![true], 0));
    assert_eq!(
        leave(&[("leavers", "grace"), ("leaver-grace-days", "3")]),
        (0, vec![false], 0)
    );
    assert_eq!(leave(&[("leavers", "deactivate")]), (1, vec![], 1));
}

#[test]
fn a_leaver_who_returns_unchanged_is_reactivated() {
    let world = synced(8, &[("leavers", "deactivate")]);
    remove(&world, "uid=user1,");
    plan(&world, 2, 1).unwrap();
    assert_eq!(kinds(&rows(&world)), [(RowKind::Deactivate, "absent")]);
    apply(&world);
    plan(&world, 3, 1).unwrap();
    assert_eq!(rows(&world), []);
    world.directory.entries.borrow_mut().push(person(1));
    plan(&world, 4, 1).unwrap();
    assert_eq!(kinds(&rows(&world)), [(RowKind::Reactivate, "returned")]);
}

#[test]
fn nothing_found_is_an_error_and_leaves_no_plan() {
    let world = synced(3, &[("leavers", "deactivate")]);
    remove(&world, "uid=");
    assert_eq!(codes(&world), ["empty-result"]);
    assert!(world.finished.borrow().is_none());
    world.directory.entries.borrow_mut().clear();
    assert_eq!(codes(&world), ["no-such-base"]);
}

#[test]
fn a_changed_configuration_leaves_no_plan() {
    let world = synced(3, &[]);
    let mut run = begin(&world, 2).unwrap();
    assert_eq!(run.step(&world, 1).unwrap(), Step::More);
    set(&world, &[("filter", "(uid=user1)")]);
    let problem = loop {
        match run.step(&world, 1) {
            Ok(Step::More) => {}
            Ok(Step::Finished(_)) => unreachable!("it must not finish"),
            Err(problems) => break problems[0].code.clone(),
        }
    };
    assert_eq!(problem, "configuration-changed");
    assert!(world.finished.borrow().is_none());
    assert_eq!(run.step(&world, 1).unwrap_err()[0].code, "run-over");
}

#[test]
fn a_stop_leaves_no_plan() {
    let world = synced(3, &[]);
    let mut run = begin(&world, 2).unwrap();
    world.patience.set(Some(1));
    assert_eq!(run.step(&world, 9).unwrap_err()[0].code, "cancelled");
    assert!(world.finished.borrow().is_none());
}

#[test]
fn more_leavers_than_allowed_trip_the_guard() {
    let world = synced(20, &[("leavers", "deactivate")]);
    for n in 1..=6 {
        remove(&world, &format!("uid=user{n},"));
    }
    let summary = plan(&world, 2, 1).unwrap();
    let tripped: Vec<_> = summary
        .guards
        .iter()
        .filter(|guard| guard.tripped)
        .map(|guard| guard.name.as_str())
        .collect();
    assert_eq!(tripped, ["deactivate"]);
}

#[test]
fn what_was_changed_in_the_portal_is_brought_back() {
    let world = synced(1, &[]);
    {
        let mut people = world.portal.people.borrow_mut();
        people[0]
            .values
            .iter_mut()
            .find(|(id, _)| id == "last-name")
            .unwrap()
            .1 = "Mine".into();
        people[0].changed_in_portal.push("last-name".into());
    }
    plan(&world, 2, 1).unwrap();
    assert_eq!(kinds(&rows(&world)), [(RowKind::Update, "changed")]);
}

#[test]
fn a_directory_that_cannot_be_recognised_just_now_is_not_taken_for_another_kind() {
    let world = synced(2, &[]);
    world.directory.faults.borrow_mut().cut_after = Some(0);
    assert_eq!(codes(&world), ["connection-lost"]);
    world.directory.faults.borrow_mut().cut_after = None;
    plan(&world, 2, 1).unwrap();
    assert_eq!(rows(&world), []);
}

/// The root DSE, which the directory keeps to itself from now on.
fn hide_root(world: &World) -> Record {
    std::mem::take(&mut *world.directory.root.borrow_mut())
}

#[test]
fn a_directory_that_hides_its_root_all_at_once_reactivates_nobody() {
    let world = synced(2, &[]);
    world.change("uid=user1,", |record| {
        record.set("pwdAccountLockedTime", &["000001010000Z"]);
    });
    plan(&world, 2, 1).unwrap();
    apply(&world);
    let root = hide_root(&world);
    assert_eq!(codes(&world), ["profile-changed"]);
    assert!(world.finished.borrow().is_none() && rows(&world).is_empty());
    *world.directory.root.borrow_mut() = root;
    plan(&world, 3, 1).unwrap();
    assert_eq!(rows(&world), []);
}

#[test]
fn a_profile_that_somebody_chose_is_taken_whatever_was_remembered() {
    let world = synced(2, &[]);
    hide_root(&world);
    set(&world, &[("profile", "generic")]);
    plan(&world, 2, 1).unwrap();
    // That is what it is from now on.
    set(&world, &[]);
    plan(&world, 3, 1).unwrap();
}

#[test]
fn another_server_or_base_may_have_another_profile() {
    for other in [
        ("port", "1389"),
        ("base-dn", "ou=people,dc=example,dc=com"),
        ("url", "ldap://other"),
    ] {
        let world = synced(2, &[]);
        hide_root(&world);
        let mut settings: BTreeMap<_, _> = [("url", "ldap://h"), ("base-dn", "dc=example,dc=com")]
            .into_iter()
            .collect();
        settings.insert("filter", "(uid=user1)");
        configure(&world, &texts(&settings)).unwrap();
        assert_eq!(codes(&world), ["profile-changed"]);
        settings.insert(other.0, other.1);
        configure(&world, &texts(&settings)).unwrap();
        plan(&world, 2, 1).unwrap();
    }
}

fn texts(settings: &BTreeMap<&str, &str>) -> Vec<(String, String)> {
    settings
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn a_run_that_made_no_plan_remembers_no_profile() {
    let world = World::with_people(0);
    set(&world, &[]);
    let root = hide_root(&world);
    assert_eq!(codes(&world), ["empty-result"]);
    *world.directory.root.borrow_mut() = root;
    world.directory.entries.borrow_mut().push(person(1));
    plan(&world, 2, 1).unwrap();
}

#[test]
fn changes_only_falls_back_to_everything_and_says_so() {
    let world = synced(2, &[]);
    let options = Options {
        mode: Mode::Changes,
        checkpoint: vec![1],
        seed: 1,
    };
    let mut run = start(&world, &options).unwrap();
    let summary = loop {
        if let Step::Finished(summary) = run.step(&world, 5).unwrap() {
            break summary;
        }
    };
    assert_eq!(
        (summary.unchanged, summary.warnings[0].code.as_str()),
        (2, "full-instead")
    );
}

#[test]
fn a_run_without_settings_is_refused() {
    let world = World::with_people(1);
    assert!(Configuration::load(&world, &[]).unwrap().is_none());
    let options = Options {
        mode: Mode::Full,
        checkpoint: Vec::new(),
        seed: 1,
    };
    let problems = start(&world, &options).map(|_| ()).unwrap_err();
    assert_eq!(problems[0].code, "not-configured");
}
