//! People of the portal who get the ids of another attribute.

use super::bench::{apply, changing, plan, plan_from, portal, rows, set};
use crate::ports::plan::{RowKind, Summary};
use crate::ports::portal::Status;
use crate::sync::Mode;
use crate::testing::World;
use crate::testing::directory::Record;
use crate::testing::world::person;

pub(super) const BY_NUMBER: (&str, &str) = ("id-attribute", "employeeNumber");
pub(super) const BY_UUID: (&str, &str) = ("id-attribute", "entryUUID");

pub(super) fn numbered(world: &World, people: u32) {
    for n in 1..=people {
        world.change(&format!("uid=user{n},"), |record| {
            record.set("employeeNumber", &[&format!("E-{n}")]);
            record.set("modifyTimestamp", &[&format!("202601{n:02}000000Z")]);
        });
    }
}

/// People with a number each, synced by entryUUID.
pub(super) fn synced(people: u32, more: &[(&str, &str)]) -> World {
    let world = World::with_people(people);
    numbered(&world, people);
    set(&world, more);
    plan(&world, 1, 1).unwrap();
    apply(&world);
    world
}

pub(super) fn migrate(world: &World) -> Summary {
    plan_from(world, Mode::MigrateIds, &[], 5).unwrap().0
}

/// What a run refuses with.
pub(super) fn code(world: &World, mode: Mode) -> String {
    let problems = plan_from(world, mode, &[], 6).unwrap_err();
    problems[0].code.clone()
}

fn count(summary: &Summary, name: &str) -> u64 {
    let mut counts = summary.counts.iter();
    counts.find(|(known, _)| known == name).unwrap().1
}

fn warned(summary: &Summary) -> Vec<&str> {
    summary
        .warnings
        .iter()
        .map(|one| one.code.as_str())
        .collect()
}

pub(super) fn remove(world: &World, part: &str) {
    let mut entries = world.directory.entries.borrow_mut();
    entries.retain(|record| !record.dn.contains(part));
}

/// Unsynced rows by external id and reason.
pub(super) fn told(world: &World) -> Vec<(String, &'static str)> {
    let rows = rows(world);
    let unsynced = rows.iter().filter(|row| row.kind == RowKind::Unsynced);
    unsynced
        .map(|row| (row.external_id.to_string(), row.reason))
        .collect()
}

#[test]
fn a_sync_by_another_id_attribute_is_refused_and_by_the_same_is_not() {
    let world = synced(3, &[]);
    set(&world, &[BY_NUMBER]);
    for mode in [Mode::Full, Mode::Changes] {
        assert_eq!(code(&world, mode), "id-changed");
    }
    assert_eq!(rows(&world), []);
    set(&world, &[("id-attribute", "entryuuid")]);
    plan(&world, 2, 1).unwrap();
    assert_eq!(rows(&world), []);
}

#[test]
fn people_from_before_this_was_remembered_are_known_by_the_profiles_attribute() {
    let world = synced(3, &[]);
    world.state.borrow_mut().remove("id-attribute");
    set(&world, &[BY_NUMBER]);
    assert_eq!(code(&world, Mode::Full), "id-changed");
    set(&world, &[]);
    plan(&world, 2, 1).unwrap();
    assert_eq!(rows(&world), []);
}

#[test]
fn people_whose_ids_are_no_profiles_are_known_by_nobody_knows_what_until_a_migration_finds_them() {
    let world = synced(3, &[BY_NUMBER]);
    world.state.borrow_mut().remove("id-attribute");
    set(&world, &[]);
    assert_eq!(code(&world, Mode::Full), "id-changed");
    assert_eq!(code(&world, Mode::MigrateIds), "nobody-to-migrate");
    set(&world, &[BY_NUMBER]);
    assert_eq!(code(&world, Mode::Full), "id-changed");
    assert_eq!(migrate(&world).unchanged, 3);
    assert_eq!(rows(&world), []);
    plan(&world, 2, 1).unwrap();
    assert_eq!(rows(&world), []);
}

#[test]
fn whoever_has_nobody_in_the_portal_may_change_the_id_attribute() {
    let world = World::with_people(2);
    numbered(&world, 2);
    set(&world, &[]);
    plan(&world, 1, 1).unwrap();
    set(&world, &[BY_NUMBER]);
    plan(&world, 2, 1).unwrap();
    apply(&world);
    assert!(portal(&world).contains_key("E-1"));
    set(&world, &[]);
    assert_eq!(code(&world, Mode::Full), "id-changed");
}

#[test]
fn everybody_gets_the_new_id_and_nothing_else_and_the_way_back_is_the_same() {
    let world = synced(3, &[]);
    let before = portal(&world);
    set(&world, &[BY_NUMBER]);
    let summary = migrate(&world);
    let planned = changing(&world);
    assert_eq!(planned.len(), 3);
    for row in &planned {
        assert_eq!(row.changes.len(), 1, "{row:?}");
        let change = &row.changes[0];
        let was = before[change.before.as_deref().unwrap()].clone();
        assert_eq!((row.kind, row.reason), (RowKind::Update, "id-migrated"));
        assert_eq!((&*change.field, &*row.dn), ("external-id", &*was.dn));
        assert_eq!(change.after.as_deref(), Some(&*row.external_id));
        assert_eq!(row.other.as_ref().unwrap().id, was.id);
    }
    assert!(
        summary
            .guards
            .iter()
            .all(|guard| guard.tripped && guard.limit == 0)
    );
    assert_eq!((summary.seen, count(&summary, "update")), (3, 3));
    assert_eq!(summary.warnings, []);
    apply(&world);
    let after = portal(&world);
    for n in 1..=3 {
        let (old, new) = (format!("00000000-0000-4000-8000-{n:012}"), format!("E-{n}"));
        let (old, new) = (&before[&old], &after[&new]);
        assert_eq!(
            (&old.id, &old.values, &old.dn),
            (&new.id, &new.values, &new.dn)
        );
    }
    let summary = plan(&world, 2, 1).unwrap();
    assert_eq!((rows(&world).len(), summary.unchanged), (0, 3));
    set(&world, &[BY_UUID]);
    assert_eq!(code(&world, Mode::Full), "id-changed");
    migrate(&world);
    apply(&world);
    plan(&world, 3, 1).unwrap();
    assert_eq!(rows(&world), []);
    assert_eq!(
        portal(&world).keys().collect::<Vec<_>>(),
        before.keys().collect::<Vec<_>>()
    );
}

#[test]
fn what_differs_beside_the_id_is_left_to_the_next_sync() {
    let world = synced(2, &[]);
    world.change("uid=user1,", |record| record.set("sn", &["Other"]));
    set(&world, &[BY_NUMBER]);
    migrate(&world);
    assert_eq!(changing(&world)[0].changes.len(), 1);
    apply(&world);
    plan(&world, 2, 1).unwrap();
    let planned = rows(&world);
    assert_eq!((planned.len(), &*planned[0].external_id), (1, "E-1"));
    apply(&world);
    plan(&world, 3, 1).unwrap();
    assert_eq!(rows(&world), []);
}

#[test]
fn a_plan_that_was_not_applied_changes_nothing() {
    let world = synced(3, &[]);
    set(&world, &[BY_NUMBER]);
    migrate(&world);
    assert_eq!(code(&world, Mode::Full), "id-changed");
    set(&world, &[]);
    plan(&world, 2, 1).unwrap();
    assert_eq!(rows(&world), []);
}

#[test]
fn half_a_migration_lets_no_sync_make_duplicates_until_it_is_finished_either_way() {
    for finish in [BY_NUMBER, BY_UUID] {
        let world = synced(4, &[]);
        set(&world, &[BY_NUMBER]);
        migrate(&world);
        world.rows.borrow_mut().truncate(2);
        apply(&world);
        for setting in [BY_NUMBER, BY_UUID] {
            set(&world, &[setting]);
            for mode in [Mode::Full, Mode::Changes] {
                assert_eq!(code(&world, mode), "id-changed");
            }
        }
        set(&world, &[finish]);
        let summary = migrate(&world);
        assert_eq!((changing(&world).len(), summary.unchanged), (2, 2));
        apply(&world);
        plan(&world, 2, 1).unwrap();
        assert_eq!(rows(&world), []);
    }
}

#[test]
fn half_a_migration_can_be_finished_by_a_third_attribute() {
    let world = synced(4, &[]);
    set(&world, &[BY_NUMBER]);
    migrate(&world);
    world.rows.borrow_mut().truncate(2);
    apply(&world);
    set(&world, &[("id-attribute", "uid")]);
    migrate(&world);
    assert_eq!(changing(&world).len(), 4);
    apply(&world);
    plan(&world, 2, 1).unwrap();
    assert_eq!(rows(&world), []);
    assert!(portal(&world).contains_key("user4"));
}

#[test]
fn of_two_entries_with_one_new_id_neither_gets_it_and_nobody_is_synced_until_that_is_mended() {
    for pages in ["1", "10"] {
        let world = synced(4, &[("page-size", pages)]);
        world.change("uid=user3,", |record| {
            record.set("employeeNumber", &["E-1"])
        });
        set(&world, &[BY_NUMBER, ("page-size", pages)]);
        let summary = migrate(&world);
        let uuid = "00000000-0000-4000-8000-000000000003".to_owned();
        let wanted = [(uuid, "id-contested"), ("E-1".to_owned(), "id-contested")];
        assert_eq!(told(&world), wanted);
        // Each row names the other one.
        let others: Vec<_> = rows(&world)
            .iter()
            .filter(|row| row.kind == RowKind::Unsynced)
            .map(|row| row.other.clone().unwrap().dn)
            .collect();
        let dn = |n: u32| format!("uid=user{n},ou=people,dc=example,dc=com");
        assert_eq!(others, [dn(1), dn(3)]);
        assert_eq!(
            (count(&summary, "update"), warned(&summary)),
            (2, vec!["id-contested"])
        );
        apply(&world);
        assert_eq!(code(&world, Mode::Full), "id-changed");
        world.change("uid=user3,", |record| {
            record.set("employeeNumber", &["E-3"])
        });
        let summary = migrate(&world);
        assert_eq!((count(&summary, "update"), summary.unchanged), (2, 2));
        apply(&world);
        plan(&world, 2, 1).unwrap();
        assert_eq!(rows(&world), []);
        assert_eq!(portal(&world).len(), 4);
    }
}

#[test]
fn somebody_new_with_the_new_id_of_another_contests_it() {
    for place in [2, 5] {
        let world = synced(3, &[]);
        let mut newcomer = person(9);
        newcomer.set("employeeNumber", &["E-1"]);
        world.directory.entries.borrow_mut().insert(place, newcomer);
        set(&world, &[BY_NUMBER]);
        migrate(&world);
        assert_eq!((told(&world).len(), changing(&world).len()), (1, 2));
        apply(&world);
        assert_eq!(code(&world, Mode::Full), "id-changed");
    }
}

#[test]
fn of_two_entries_with_one_old_id_neither_gets_the_person() {
    let world = synced(3, &[]);
    let mut copy = person(9);
    copy.set("entryUUID", &["00000000-0000-4000-8000-000000000002"]);
    copy.set("employeeNumber", &["E-9"]);
    world.directory.entries.borrow_mut().push(copy);
    set(&world, &[BY_NUMBER]);
    migrate(&world);
    assert_eq!(told(&world), [("E-2".to_owned(), "id-contested")]);
    assert_eq!(changing(&world).len(), 2);
    apply(&world);
    assert_eq!(code(&world, Mode::Full), "id-changed");
    remove(&world, "uid=user9,");
    migrate(&world);
    assert_eq!((told(&world).len(), changing(&world).len()), (0, 1));
}

#[test]
fn an_entry_without_a_new_id_contests_the_old_one_all_the_same() {
    for number in [0, 9] {
        let world = synced(3, &[]);
        let mut copy = person(number);
        copy.set("entryUUID", &["00000000-0000-4000-8000-000000000002"]);
        let mut entries = world.directory.entries.borrow_mut();
        let place = if number == 0 { 0 } else { entries.len() };
        entries.insert(place, copy);
        drop(entries);
        set(&world, &[BY_NUMBER]);
        migrate(&world);
        let reasons: Vec<_> = told(&world).into_iter().map(|(_, reason)| reason).collect();
        assert_eq!((reasons, changing(&world).len()), (vec!["id-contested"], 2));
        apply(&world);
        assert_eq!(code(&world, Mode::Full), "id-changed");
    }
}

#[test]
fn whom_no_entry_is_about_is_told_and_is_an_ordinary_leaver_of_the_next_sync() {
    let world = synced(12, &[("leavers", "deactivate")]);
    remove(&world, "uid=user2,");
    set(&world, &[BY_NUMBER, ("leavers", "deactivate")]);
    let summary = migrate(&world);
    let uuid = "00000000-0000-4000-8000-000000000002".to_owned();
    assert_eq!(told(&world), [(uuid.clone(), "id-partnerless")]);
    assert_eq!(
        (count(&summary, "id-partnerless"), warned(&summary)),
        (1, vec!["id-partnerless"])
    );
    let statuses = |world: &World| portal(world)[&uuid].status;
    apply(&world);
    assert_eq!(statuses(&world), Status::Active);
    plan(&world, 2, 1).unwrap();
    let planned = rows(&world);
    assert_eq!(
        (planned.len(), planned[0].kind, planned[0].reason),
        (1, RowKind::Deactivate, "absent")
    );
    apply(&world);
    // Who is inactive already is counted, and has no row in another migration.
    set(&world, &[BY_UUID]);
    let summary = migrate(&world);
    assert_eq!(
        (told(&world).len(), warned(&summary)),
        (0, vec!["id-partnerless"])
    );
}

#[test]
fn whose_entry_has_no_new_id_is_told_and_comes_to_no_harm() {
    let world = synced(3, &[("leavers", "deactivate")]);
    world.change("uid=user2,", |record| record.set("employeeNumber", &[]));
    world.change("uid=user3,", |record| {
        record.set("employeeNumber", &["1", "2"])
    });
    set(&world, &[BY_NUMBER, ("leavers", "deactivate")]);
    let summary = migrate(&world);
    let reasons: Vec<_> = told(&world).into_iter().map(|(_, reason)| reason).collect();
    assert_eq!(reasons, ["id-missing", "id-missing"]);
    assert_eq!(warned(&summary), ["id-missing"]);
    apply(&world);
    plan(&world, 2, 1).unwrap();
    assert_eq!(changing(&world), []);
}

#[test]
fn a_directory_that_knows_nobody_of_the_portal_is_refused() {
    let world = synced(3, &[]);
    for n in 1..=3 {
        world.change(&format!("uid=user{n},"), |record| {
            record.set("entryUUID", &[&format!("00000000-0000-4000-9000-{n:012}")]);
        });
    }
    set(&world, &[BY_NUMBER]);
    assert_eq!(code(&world, Mode::MigrateIds), "nobody-to-migrate");
    assert_eq!(code(&world, Mode::Full), "id-changed");
}

#[test]
fn a_reading_that_is_not_everything_gives_nobody_another_id() {
    let world = synced(3, &[]);
    set(&world, &[BY_NUMBER]);
    world.directory.faults.borrow_mut().referrals = 1;
    assert_eq!(code(&world, Mode::MigrateIds), "migration-unproven");
    world.directory.faults.borrow_mut().referrals = 0;
    assert_eq!(count(&migrate(&world), "update"), 3);
}

#[test]
fn where_everybody_is_known_by_the_attribute_there_is_nothing_to_migrate() {
    let world = synced(2, &[]);
    assert_eq!(code(&world, Mode::MigrateIds), "nothing-to-migrate");
    let world = World::with_people(2);
    set(&world, &[BY_NUMBER]);
    assert_eq!(code(&world, Mode::MigrateIds), "nothing-to-migrate");
}

#[test]
fn a_checkpoint_from_before_a_migration_leads_to_everybody_and_then_changes_are_listed() {
    let world = synced(3, &[]);
    world
        .directory
        .root
        .borrow_mut()
        .add("supportedControl", b"1.3.6.1.4.1.4203.1.9.1.1");
    let (_, checkpoint) = plan_from(&world, Mode::Changes, &[], 2).unwrap();
    assert!(!checkpoint.is_empty());
    let (summary, checkpoint) = plan_from(&world, Mode::Changes, &checkpoint, 2).unwrap();
    assert_eq!(summary.warnings, []);
    set(&world, &[BY_NUMBER]);
    let (_, left) = plan_from(&world, Mode::MigrateIds, &checkpoint, 3).unwrap();
    assert!(left.is_empty());
    apply(&world);
    let (summary, next) = plan_from(&world, Mode::Changes, &checkpoint, 4).unwrap();
    assert_eq!((warned(&summary), summary.seen), (vec!["full-instead"], 3));
    assert_eq!(rows(&world), []);
    // The server would tell of whom it means by other ids: the list of everybody is compared.
    world.directory.faults.borrow_mut().silent = true;
    world.change("uid=user2,", |record| {
        record.set("sn", &["Other"]);
        record.set("modifyTimestamp", &["20260201000000Z"]);
    });
    let (summary, _) = plan_from(&world, Mode::Changes, &next, 5).unwrap();
    assert_eq!(summary.warnings, []);
    let changed: Vec<_> = changing(&world)
        .into_iter()
        .map(|row| row.external_id)
        .collect();
    assert_eq!(changed, ["E-2"]);
}

#[test]
fn a_generic_directory_is_read_by_one_attribute_that_is_chosen_once() {
    let world = World::with_people(3);
    let generic = ("profile", "generic");
    *world.directory.root.borrow_mut() = Record::new("", &[("objectClass", "top")]);
    for n in 1..=2 {
        world.change(&format!("uid=user{n},"), |record| {
            record.set("entryUUID", &[]);
            record.set("nsUniqueId", &[&format!("00000000-0000-4000-8000-{n:012}")]);
        });
    }
    set(&world, &[generic]);
    plan(&world, 1, 1).unwrap();
    // The third has an id, and it is not the directory's.
    let kinds: Vec<_> = rows(&world)
        .iter()
        .map(|row| (row.kind, row.reason))
        .collect();
    assert_eq!(
        kinds,
        [
            (RowKind::Unsynced, "missing-external-id"),
            (RowKind::Create, "new"),
            (RowKind::Create, "new")
        ]
    );
    apply(&world);
    // Later on most have the other: the choice stays.
    for n in 4..=9 {
        world.directory.entries.borrow_mut().push(person(n));
    }
    plan(&world, 2, 1).unwrap();
    assert_eq!(changing(&world), []);
    set(&world, &[generic, BY_UUID]);
    assert_eq!(code(&world, Mode::Full), "id-changed");
}
