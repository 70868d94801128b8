//! New ids that others have as their old ones, and whoever gets a new id late.

use super::bench::{apply, changing, plan, portal, rows, set};
use super::migration::{BY_NUMBER, BY_UUID, code, migrate, numbered, remove, synced, told};
use crate::ports::plan::RowKind;
use crate::sync::Mode;
use crate::testing::World;
use crate::testing::directory::Record;
use crate::testing::world::person;

#[test]
fn ids_that_others_are_known_by_are_refused_until_an_attribute_of_other_values_comes_between() {
    let world = synced(2, &[BY_NUMBER]);
    // The first one's user name is the number of the second.
    world.change("uid=user1,", |record| record.set("uid", &["E-2"]));
    let by_name = ("id-attribute", "uid");
    set(&world, &[by_name]);
    assert_eq!(code(&world, Mode::MigrateIds), "ids-overlap");
    assert_eq!(*world.finished.borrow(), None, "there is no plan");
    for way in [BY_UUID, by_name] {
        set(&world, &[way]);
        migrate(&world);
        assert_eq!((told(&world).len(), changing(&world).len()), (0, 2));
        apply(&world);
        plan(&world, 2, 1).unwrap();
        apply(&world);
    }
    assert!(portal(&world).contains_key("E-2") && portal(&world).contains_key("user2"));
}

#[test]
fn who_has_by_both_attributes_the_same_value_keeps_it() {
    let world = synced(3, &[BY_NUMBER]);
    world.change("uid=user1,", |record| record.set("uid", &["E-1"]));
    set(&world, &[("id-attribute", "uid")]);
    let summary = migrate(&world);
    assert_eq!((summary.unchanged, changing(&world).len()), (1, 2));
    apply(&world);
    plan(&world, 2, 1).unwrap();
    assert!(rows(&world).iter().all(|row| row.kind == RowKind::Update));
}

#[test]
fn somebody_new_whose_new_id_is_that_of_somebody_gone_gets_nobodys_place() {
    let world = synced(3, &[BY_NUMBER]);
    remove(&world, "uid=user2,");
    let mut newcomer = person(9);
    newcomer.set("uid", &["E-2"]);
    world.directory.entries.borrow_mut().push(newcomer);
    set(&world, &[("id-attribute", "uid")]);
    assert_eq!(code(&world, Mode::MigrateIds), "ids-overlap");
    assert_eq!(code(&world, Mode::Full), "id-changed");
}

#[test]
fn where_some_have_their_new_ids_nobody_else_gets_these_by_chance() {
    for place in [0, 9] {
        let world = synced(4, &[]);
        set(&world, &[BY_NUMBER]);
        migrate(&world);
        world.rows.borrow_mut().truncate(2);
        apply(&world);
        // The first one, who has the new id, has left; somebody new has their number.
        remove(&world, "uid=user1,");
        let mut newcomer = person(9);
        newcomer.set("employeeNumber", &["E-1"]);
        let place = place.min(world.directory.entries.borrow().len());
        world.directory.entries.borrow_mut().insert(place, newcomer);
        assert_eq!(code(&world, Mode::MigrateIds), "ids-overlap");
        assert_eq!(*world.finished.borrow(), None, "there is no plan");
    }
}

#[test]
fn one_match_by_chance_does_not_make_an_attribute_that_of_the_portal() {
    let world = synced(12, &[BY_NUMBER]);
    world.state.borrow_mut().remove("id-attribute");
    world.change("uid=user1,", |record| record.set("uid", &["E-1"]));
    let by_name = ("id-attribute", "uid");
    set(&world, &[by_name]);
    assert_eq!(code(&world, Mode::MigrateIds), "id-unproven");
    assert_eq!(code(&world, Mode::Full), "id-changed");
    // Of somebody else it is no match at all.
    world.change("uid=user1,", |record| record.set("uid", &["user1"]));
    world.change("uid=user2,", |record| record.set("uid", &["E-1"]));
    assert_eq!(code(&world, Mode::MigrateIds), "ids-overlap");
    // And one who has left does not stand in the way.
    remove(&world, "uid=user7,");
    set(&world, &[BY_NUMBER]);
    assert_eq!(migrate(&world).unchanged, 11);
    plan(&world, 2, 1).unwrap();
}

#[test]
fn who_gets_a_new_id_late_is_migrated_late() {
    let world = synced(3, &[("leavers", "deactivate")]);
    world.change("uid=user2,", |record| record.set("employeeNumber", &[]));
    set(&world, &[BY_NUMBER, ("leavers", "deactivate")]);
    migrate(&world);
    apply(&world);
    plan(&world, 2, 1).unwrap();
    apply(&world);
    world.change("uid=user2,", |record| {
        record.set("employeeNumber", &["E-2"])
    });
    let summary = migrate(&world);
    assert_eq!((summary.unchanged, changing(&world).len()), (2, 1));
    apply(&world);
    plan(&world, 3, 1).unwrap();
    assert_eq!(rows(&world), []);
    assert_eq!(portal(&world).len(), 3);
    assert_eq!(code(&world, Mode::MigrateIds), "nothing-to-migrate");
}

#[test]
fn with_rules_for_roles_too_a_migration_remembers_what_a_sync_would_have() {
    let rules = ("role-rules", "Desk => approver");
    let with_group = |world: &World, there: bool| {
        let mut group = Record::new(
            "cn=Desk,dc=example,dc=com",
            &[("objectClass", "groupOfNames"), ("cn", "Desk")],
        );
        group.set("member", &["uid=user2,ou=people,dc=example,dc=com"]);
        if there {
            world.directory.entries.borrow_mut().push(group);
        }
    };
    // Without the group nobody's role can be told, and all stay.
    for there in [true, false] {
        let hashes = |world: &World| -> Vec<Vec<u8>> {
            let people = portal(world);
            people.into_values().map(|one| one.source_hash).collect()
        };
        let fresh = World::with_people(3);
        with_group(&fresh, there);
        numbered(&fresh, 3);
        set(&fresh, &[BY_NUMBER, rules]);
        plan(&fresh, 1, 1).unwrap();
        apply(&fresh);
        let world = World::with_people(3);
        with_group(&world, there);
        numbered(&world, 3);
        set(&world, &[rules]);
        plan(&world, 1, 1).unwrap();
        apply(&world);
        set(&world, &[BY_NUMBER, rules]);
        migrate(&world);
        assert_eq!(changing(&world).len(), 3);
        apply(&world);
        assert_eq!(hashes(&world), hashes(&fresh), "group: {there}");
        plan(&world, 2, 1).unwrap();
        assert_eq!(rows(&world), []);
    }
}
