//! Those whom the last plan left unsynced, read alone.

use super::bench::{changing, plan_from, rows};
use super::changes::{basis, changes, instead, remembering, synced};
use crate::lifecycle::configure;
use crate::ports::plan::{Basis, RowKind, Summary};
use crate::sync::Mode;
use crate::testing::World;

fn again(world: &World, checkpoint: &[u8]) -> (Summary, Vec<u8>) {
    let ended = plan_from(world, Mode::Unsynced, checkpoint, 9).unwrap();
    super::bench::apply(world);
    ended
}

fn mail(world: &World, person: u32, values: &[&str]) {
    world.change(&format!("uid=user{person},"), |record| {
        record.set("mail", values)
    });
}

fn unsynced(world: &World) -> usize {
    let rows = rows(world);
    rows.iter()
        .filter(|row| row.kind == RowKind::Unsynced)
        .count()
}

/// Forty people, of whom three have no mail address and did not come.
fn troubled() -> (World, Vec<u8>) {
    let world = World::with_people(40);
    remembering(&world);
    super::bench::set(&world, &[("leavers", "deactivate")]);
    for person in [3, 4, 5] {
        mail(&world, person, &[]);
    }
    let (_, checkpoint) = changes(&world, &[]);
    assert_eq!(unsynced(&world), 3);
    (world, checkpoint)
}

#[test]
fn only_the_unsynced_are_read_and_what_changed_beside_them_is_found_by_the_next_sync_of_changes() {
    let (world, checkpoint) = troubled();
    mail(&world, 4, &["mended@example.com"]);
    for person in 10..20 {
        world.change(&format!("uid=user{person},"), |record| {
            record.set("sn", &["Elsewhere"])
        });
    }
    let (summary, next) = again(&world, &checkpoint);
    assert_eq!(
        (summary.seen, summary.warnings.len(), basis(&world)),
        (3, 0, Basis::Changes)
    );
    let made: Vec<_> = changing(&world)
        .iter()
        .map(|row| (row.kind, row.dn.contains("uid=user4,")))
        .collect();
    assert_eq!(made, [(RowKind::Create, true)]);
    assert_eq!(unsynced(&world), 2);

    let (summary, next) = changes(&world, &next);
    assert_eq!((summary.warnings, basis(&world)), (vec![], Basis::Changes));
    assert_eq!((changing(&world).len(), unsynced(&world)), (10, 2));
    let (summary, _) = again(&world, &next);
    assert_eq!((summary.seen, unsynced(&world)), (2, 2));
}

#[test]
fn where_nobody_is_unsynced_nobody_is_read() {
    let (world, checkpoint) = synced();
    world.change("uid=user7,", |record| record.set("sn", &["Elsewhere"]));
    let (summary, next) = again(&world, &checkpoint);
    assert_eq!((summary.seen, summary.warnings), (0, vec![]));
    assert!(world.finished.borrow().as_ref().unwrap().1.complete);
    assert_eq!(rows(&world), []);
    changes(&world, &next);
    assert_eq!(changing(&world).len(), 1);
}

#[test]
fn everybody_is_read_where_it_cannot_be_said_who_is_unsynced() {
    let (world, checkpoint) = troubled();
    let (summary, next) = again(&world, &[]);
    assert_eq!((summary.seen, basis(&world)), (40, Basis::Enumeration));
    assert!(
        instead(&summary).starts_with("everything was read, and not only those who are unsynced")
    );
    assert_eq!(again(&world, &next).0.seen, 3);
    super::bench::set(&world, &[("leavers", "keep")]);
    assert!(instead(&again(&world, &checkpoint).0).contains("settings"));
}

#[test]
fn whoever_is_hidden_with_everybody_else_does_not_count_as_gone() {
    let (world, checkpoint) = troubled();
    let people = world.directory.entries.borrow_mut().split_off(2);
    assert_eq!(people.len(), 40);
    let problems = plan_from(&world, Mode::Unsynced, &checkpoint, 1).unwrap_err();
    assert_eq!(problems[0].code, "empty-result");
    assert_eq!(rows(&world), []);
}

#[test]
fn an_unsynced_person_whom_the_portal_has_and_who_left_counts_as_gone_when_read_alone() {
    let (world, checkpoint) = synced();
    mail(&world, 5, &["user6@example.com"]);
    let (_, checkpoint) = changes(&world, &checkpoint);
    assert_eq!(unsynced(&world), 1);
    world
        .directory
        .entries
        .borrow_mut()
        .retain(|record| !record.dn.contains("uid=user5,"));
    let (summary, _) = again(&world, &checkpoint);
    assert_eq!(summary.warnings, []);
    let made: Vec<_> = changing(&world)
        .iter()
        .map(|row| (row.kind, row.reason))
        .collect();
    assert_eq!(made, [(RowKind::Deactivate, "absent")]);
}

#[test]
fn a_server_that_knows_nothing_of_changes_is_not_asked_for_any() {
    let world = World::with_people(40);
    let settings = [("url", "ldap://h"), ("base-dn", "dc=example,dc=com")];
    configure(&world, &settings.map(|(k, v)| (k.to_owned(), v.to_owned()))).unwrap();
    remembering(&world);
    mail(&world, 3, &[]);
    let checkpoint = changes(&world, &[]).1;
    world.directory.faults.borrow_mut().changes = Some(4096);
    let (summary, _) = again(&world, &checkpoint);
    assert_eq!((summary.seen, summary.warnings), (1, vec![]));
}
