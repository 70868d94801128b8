//! People who name those who have changed as their managers, in a sync of changes: nothing is told of them.

use super::bench::{apply, changing, plan_from, set};
use super::changes::{basis, changes, instead, remembering};
use super::managers::{id, manage, manager, world};
use crate::ports::plan::{Basis, RowKind};
use crate::sync::Mode;
use crate::testing::World;

/// As many bosses as reports; each report names a boss by the name that the boss will have. And the checkpoint of the
/// sync that could not find them.
fn synced(bosses: u32) -> (World, Vec<u8>) {
    let world = world(2 * bosses);
    for n in 1..=bosses {
        manage(&world, n, &[]);
        manage(&world, bosses + n, &[&later(n)]);
    }
    remembering(&world);
    set(&world, &[("leavers", "deactivate")]);
    let checkpoint = changes(&world, &[]).1;
    assert!(!checkpoint.is_empty());
    (world, checkpoint)
}

fn later(n: u32) -> String {
    format!("uid=boss{n},ou=people,dc=example,dc=com")
}

fn rename(world: &World, bosses: u32) {
    for n in 1..=bosses {
        world.change(&format!("uid=user{n},"), |record| record.dn = later(n));
    }
}

/// One of so many bosses whose report is nobody whom the next sync looks at anyway; hides the report's id.
fn hide(world: &World, bosses: u32, checkpoint: &[u8]) -> u32 {
    let checkpoint = String::from_utf8_lossy(checkpoint);
    let boss = (1..=bosses).find(|n| !checkpoint.contains(&id(bosses + n)));
    let boss = boss.unwrap();
    let report = format!("uid=user{},", bosses + boss);
    world.directory.faults.borrow_mut().hidden_ids = Some(report);
    boss
}

/// How often a sync of changes with so many renamed bosses can be stopped.
fn reports(bosses: u32) -> u32 {
    let (world, checkpoint) = synced(bosses);
    rename(&world, bosses);
    world.patience.set(Some(1000));
    changes(&world, &checkpoint);
    assert_eq!(changing(&world).len(), 2 * bosses as usize);
    1000 - world.patience.get().unwrap()
}

#[test]
fn who_names_somebody_by_a_new_name_is_read() {
    let (world, checkpoint) = synced(2);
    rename(&world, 1);
    let (_, next) = changes(&world, &checkpoint);
    assert_eq!((basis(&world), next.is_empty()), (Basis::Changes, false));
    assert_eq!(manager(&world, 3), Some(id(1)));
    assert_eq!(manager(&world, 4), None);
}

#[test]
fn they_are_looked_for_fifty_names_at_a_time_and_a_run_can_be_stopped_between() {
    let all = reports(100);
    assert_eq!(all, reports(50) + 1);
    let (world, checkpoint) = synced(100);
    rename(&world, 100);
    for patience in (0..all).rev().step_by(4) {
        world.patience.set(Some(patience));
        let problems = plan_from(&world, Mode::Changes, &checkpoint, 1).unwrap_err();
        assert_eq!(problems[0].code, "cancelled", "{patience}");
        assert!(world.finished.borrow().is_none());
    }
    world.patience.set(Some(all));
    plan_from(&world, Mode::Changes, &checkpoint, 1).unwrap();
}

#[test]
fn who_names_somebody_and_shows_no_id_is_read_by_the_next_sync() {
    let (world, checkpoint) = synced(60);
    let boss = hide(&world, 60, &checkpoint);
    world.change(&format!("uid=user{boss},"), |record| {
        record.dn = later(boss)
    });
    let (_, next) = changes(&world, &checkpoint);
    assert_eq!((basis(&world), next.is_empty()), (Basis::Changes, true));
    assert_eq!(changing(&world).len(), 1);
    assert_eq!(manager(&world, 60 + boss), None);
}

#[test]
fn whoever_leaves_takes_nobody_along_who_names_them_in_the_portal_and_shows_no_id() {
    for hidden in [false, true] {
        let (world, checkpoint) = synced(60);
        rename(&world, 60);
        let checkpoint = changes(&world, &checkpoint).1;
        let boss = hide(&world, 60, &checkpoint);
        if !hidden {
            world.directory.faults.borrow_mut().hidden_ids = None;
        }
        assert_eq!(manager(&world, 60 + boss), Some(id(boss)));
        let name = later(boss);
        let mut entries = world.directory.entries.take();
        entries.retain(|record| record.dn != name);
        world.directory.entries.replace(entries);
        let (_, next) = plan_from(&world, Mode::Changes, &checkpoint, 1).unwrap();
        let gone: Vec<_> = changing(&world)
            .into_iter()
            .map(|row| (row.kind, row.external_id.into_owned()))
            .collect();
        assert_eq!(gone, [(RowKind::Deactivate, id(boss))], "{hidden}");
        assert_eq!((basis(&world), next.is_empty()), (Basis::Changes, hidden));
    }
}

/// Forty people who report to the first, synced by a directory that remembers changes; and the checkpoint.
fn managed() -> (World, Vec<u8>) {
    let world = world(40);
    remembering(&world);
    set(&world, &[]);
    let checkpoint = changes(&world, &[]).1;
    (world, checkpoint)
}

fn read_all(world: &World, checkpoint: &[u8]) -> (Vec<String>, Vec<u8>) {
    let (summary, next) = plan_from(world, Mode::Full, checkpoint, 1).unwrap();
    apply(world);
    let codes = summary.warnings.into_iter().map(|warning| warning.code);
    (codes.collect(), next)
}

fn name(n: u32) -> String {
    format!("uid=user{n},ou=people,dc=example,dc=com")
}

#[test]
fn a_manager_who_is_another_one_and_was_not_told_is_found_to_have_drifted_and_one_who_was_told_is_not()
 {
    for silent in [false, true] {
        let (world, checkpoint) = managed();
        manage(&world, 5, &[&name(2)]);
        world.directory.faults.borrow_mut().silent = silent;
        let (codes, _) = read_all(&world, &checkpoint);
        assert_eq!(codes, vec!["drift-found"; usize::from(silent)], "{silent}");
        assert_eq!(changing(&world).len(), 1);
        assert_eq!(manager(&world, 5), Some(id(2)));
    }
}

#[test]
fn who_names_somebody_of_whom_the_directory_told_has_not_drifted() {
    let (world, checkpoint) = synced(2);
    rename(&world, 2);
    let (codes, _) = read_all(&world, &checkpoint);
    assert_eq!(codes, [""; 0]);
    assert_eq!(manager(&world, 3), Some(id(1)));
}

#[test]
fn whose_manager_changed_last_is_held_against_the_directory() {
    let (world, checkpoint) = managed();
    let noted = |checkpoint: &[u8]| String::from_utf8_lossy(checkpoint).contains(&id(5));
    assert!(!noted(&checkpoint), "the rows of others are newer");
    let backup = world.directory.entries.borrow().clone();
    manage(&world, 5, &[&name(2)]);
    let (_, checkpoint) = changes(&world, &checkpoint);
    assert!(noted(&checkpoint));
    *world.directory.entries.borrow_mut() = backup;
    world.directory.faults.borrow_mut().silent = true;
    let (summary, _) = changes(&world, &checkpoint);
    assert!(instead(&summary).contains("not as they were"));
    assert_eq!(manager(&world, 5), Some(id(1)));
}
