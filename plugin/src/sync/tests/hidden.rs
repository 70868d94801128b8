//! Ids that the bind account may no longer read somewhere: whoever has one is not gone.

use super::bench::{changing, rows};
use super::changes::{basis, changes, instead, synced};
use crate::ports::plan::{Basis, RowKind};
use crate::testing::World;
use crate::testing::world::person;

const HIDDEN: &str = "uid=user3,";

/// The id of the person with that name.
fn id() -> String {
    String::from_utf8(person(3).attributes[1].1[0].clone()).unwrap()
}

fn hide(world: &World) {
    world.directory.faults.borrow_mut().hidden_ids = Some(HIDDEN.into());
}

/// Somebody set another name in the portal.
fn edit(world: &World) {
    let mut people = world.portal.people.borrow_mut();
    let mut people = people.iter_mut();
    let edited = people.find(|person| person.external_id == id()).unwrap();
    edited.changed_in_portal.push("last-name".into());
}

fn remove(world: &World) {
    let mut entries = world.directory.entries.borrow_mut();
    entries.retain(|record| !record.dn.contains(HIDDEN));
}

/// Expects that everybody was read, and that nobody left.
fn nobody_leaves(world: &World, checkpoint: &[u8]) {
    let (summary, next) = changes(world, checkpoint);
    assert!(instead(&summary).contains("the right to entryUUID"));
    let codes: Vec<_> = summary.warnings.iter().map(|w| w.code.as_str()).collect();
    assert_eq!(
        codes,
        ["full-instead", "unidentified-entries", "absence-unproven"]
    );
    assert_eq!(
        (changing(world), basis(world)),
        (vec![], Basis::Enumeration)
    );
    // The next sync reads everybody too.
    assert!(next.is_empty());
}

/// Expects that the person left, by a sync of changes.
fn leaves(world: &World, checkpoint: &[u8]) {
    let (summary, _) = changes(world, checkpoint);
    assert_eq!(summary.warnings, []);
    let rows = changing(world);
    let rows: Vec<_> = rows.iter().map(|row| (row.kind, row.reason)).collect();
    assert_eq!(rows, [(RowKind::Deactivate, "absent")]);
    assert_eq!(basis(world), Basis::Changes);
}

#[test]
fn who_has_changed_and_is_not_found_by_the_id_leads_to_everybody() {
    let (world, checkpoint) = synced();
    world.change(HIDDEN, |record| record.set("sn", &["Other"]));
    hide(&world);
    nobody_leaves(&world, &checkpoint);
}

#[test]
fn who_moved_to_where_ids_cannot_be_read_leads_to_everybody() {
    let (world, checkpoint) = synced();
    world.change(HIDDEN, |record| {
        record.dn = record.dn.replace("ou=people", "ou=hidden,ou=people");
    });
    world.directory.faults.borrow_mut().hidden_ids = Some("ou=hidden".into());
    nobody_leaves(&world, &checkpoint);
}

#[test]
fn who_is_told_to_be_gone_and_is_there_by_name_leads_to_everybody() {
    for presence in [false, true] {
        for place in ["ou=people", "ou=hidden,ou=people"] {
            let (world, checkpoint) = synced();
            {
                let mut faults = world.directory.faults.borrow_mut();
                (faults.presence, faults.hidden_are_gone) = (presence, true);
            }
            world.change(HIDDEN, |record| {
                record.dn = record.dn.replace("ou=people", place);
                record.set("sn", &["Other"]);
            });
            hide(&world);
            nobody_leaves(&world, &checkpoint);
        }
    }
}

#[test]
fn somebody_else_by_the_name_of_who_is_gone_keeps_nobody() {
    let (world, checkpoint) = synced();
    world.change(HIDDEN, |record| {
        record.set("entryUUID", &["00000000-0000-4000-8000-000000000099"]);
        record.set("mail", &["another@example.com"]);
        record.set("uid", &["another", "user3"]);
    });
    let (summary, _) = changes(&world, &checkpoint);
    let reasons: Vec<_> = rows(&world).iter().map(|row| row.reason).collect();
    assert_eq!((summary.warnings, basis(&world)), (vec![], Basis::Changes));
    assert_eq!(reasons, ["absent", "new"]);
}

#[test]
fn who_has_changed_and_is_found_outside_of_the_filter_leaves() {
    let (world, checkpoint) = synced();
    world.change(HIDDEN, |record| record.set("objectClass", &["device"]));
    leaves(&world, &checkpoint);
}

#[test]
fn who_is_told_to_be_gone_leaves_whether_ids_can_be_read_or_not() {
    for presence in [false, true] {
        let (world, checkpoint) = synced();
        world.directory.faults.borrow_mut().presence = presence;
        remove(&world);
        hide(&world);
        leaves(&world, &checkpoint);
    }
}

#[test]
fn who_was_edited_in_the_portal_and_is_not_found_without_a_word_leads_to_everybody() {
    let (world, checkpoint) = synced();
    edit(&world);
    hide(&world);
    nobody_leaves(&world, &checkpoint);
}

#[test]
fn who_was_edited_in_the_portal_and_is_told_to_be_gone_leaves() {
    let (world, checkpoint) = synced();
    edit(&world);
    remove(&world);
    leaves(&world, &checkpoint);
}

#[test]
fn who_was_gone_before_and_is_not_told_of_again_leaves() {
    let (world, checkpoint) = synced();
    world.portal.absent.borrow_mut().insert(id());
    remove(&world);
    world.directory.faults.borrow_mut().silent = true;
    leaves(&world, &checkpoint);
}
