//! Several bases, and subtrees that are left out.

use super::bench::{apply, changing, plan, rows};
use crate::ports::plan::{Proof, Summary};
use crate::testing::World;
use crate::testing::world::person;

const SALES: &str = "ou=sales,dc=example,dc=com";
const LABS: &str = "ou=labs,dc=example,dc=com";
const GUESTS: &str = "ou=guests,ou=labs,dc=example,dc=com";

/// Four people below `ou=people`, two in sales, two in the labs, and a guest of the labs.
fn world() -> World {
    let world = World::with_people(4);
    let mut n = 4;
    let mut entries = world.directory.entries.borrow_mut();
    for (unit, people) in [(SALES, 2), (LABS, 2), (GUESTS, 1)] {
        for _ in 0..people {
            n += 1;
            let mut record = person(n);
            record.dn = format!("uid=user{n},{unit}");
            entries.push(record);
        }
    }
    drop(entries);
    world
}

fn sync(world: &World, bases: &[&str], more: &[(&str, &str)]) -> (Summary, Proof) {
    let bases = bases.join("\n");
    let mut settings = vec![("leavers", "deactivate"), ("page-size", "1")];
    settings.extend(more);
    settings.push(("base-dn", &bases));
    let settings: Vec<_> = settings
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .chain([("url".to_owned(), "ldap://h".to_owned())])
        .collect();
    crate::lifecycle::configure(world, &settings).unwrap();
    let summary = plan(world, 1, 1).unwrap();
    let proof = world.finished.borrow().as_ref().unwrap().1.clone();
    (summary, proof)
}

fn ids(world: &World) -> Vec<u32> {
    let ids = rows(world).into_iter().map(|row| row.external_id);
    ids.map(|id| id[24..].parse().unwrap()).collect()
}

fn searched(proof: &Proof) -> Vec<(&str, u64)> {
    let searches = proof.searches.iter();
    searches
        .map(|one| (one.base.as_str(), one.entries))
        .collect()
}

#[test]
fn everybody_below_each_base_is_synced_and_nobody_else() {
    let world = world();
    let (summary, proof) = sync(&world, &[SALES, LABS], &[]);
    assert_eq!(ids(&world), [5, 6, 7, 8, 9]);
    assert_eq!(searched(&proof), [(SALES, 2), (LABS, 3)]);
    assert!(proof.complete);
    assert_eq!((summary.seen, proof.pages, proof.entries), (5, 5, 5));
    apply(&world);
    let (summary, _) = sync(&world, &[SALES, LABS], &[]);
    assert_eq!((rows(&world).len(), summary.unchanged), (0, 5));
}

#[test]
fn whoever_is_below_two_bases_counts_once() {
    let world = world();
    let (summary, proof) = sync(&world, &[GUESTS, LABS, SALES], &[]);
    assert_eq!((ids(&world).len(), summary.seen), (5, 5));
    assert_eq!(searched(&proof), [(LABS, 3), (SALES, 2)]);
}

#[test]
fn a_move_from_one_base_to_another_is_an_update() {
    let world = world();
    sync(&world, &[SALES, LABS], &[]);
    apply(&world);
    world.change("uid=user5,", |record| {
        record.dn = format!("uid=user5,{LABS}")
    });
    sync(&world, &[SALES, LABS], &[]);
    let reasons: Vec<_> = rows(&world).iter().map(|row| row.reason).collect();
    assert_eq!(reasons, ["renamed"]);
}

#[test]
fn a_subtree_that_is_left_out_brings_nobody_and_who_moves_there_leaves() {
    let world = world();
    let out = [("excluded-subtrees", GUESTS)];
    let (summary, proof) = sync(&world, &[SALES, LABS], &out);
    assert_eq!(ids(&world), [5, 6, 7, 8]);
    assert_eq!((summary.seen, proof.entries), (4, 5));
    let excluded = summary.counts.iter().find(|(name, _)| name == "excluded");
    assert_eq!(excluded.unwrap().1, 1);
    apply(&world);
    world.change("uid=user7,", |record| {
        record.dn = format!("uid=user7,{GUESTS}")
    });
    let (_, proof) = sync(&world, &[SALES, LABS], &out);
    assert_eq!(proof.gaps, []);
    let left: Vec<_> = changing(&world).iter().map(|row| row.reason).collect();
    assert_eq!((left, ids(&world)), (vec!["absent"], vec![7]));
}

#[test]
fn a_base_that_turned_empty_proves_nothing() {
    let world = world();
    sync(&world, &[SALES, LABS], &[]);
    apply(&world);
    let mut entries = world.directory.entries.borrow_mut();
    entries.retain(|record| !record.dn.contains("uid=user5,") && !record.dn.contains("uid=user6,"));
    entries.push(crate::testing::directory::Record::new(
        SALES,
        &[("objectClass", "top")],
    ));
    drop(entries);
    let (_, proof) = sync(&world, &[SALES, LABS], &[]);
    assert_eq!(proof.gaps[0].code, "empty-base");
    assert_eq!(rows(&world), []);
    // The twin: without that base they have left.
    let (_, proof) = sync(&world, &[LABS], &[]);
    assert_eq!((proof.gaps.len(), ids(&world)), (0, vec![5, 6]));
}

#[test]
fn a_base_that_cannot_be_read_to_its_end_proves_nothing_of_the_others() {
    let world = world();
    sync(&world, &[SALES, LABS], &[]);
    apply(&world);
    let mut entries = world.directory.entries.borrow_mut();
    entries.retain(|record| !record.dn.contains("uid=user5,"));
    drop(entries);
    // The root DSE, sales, the labs.
    world.directory.searches.set(0);
    world.directory.faults.borrow_mut().cut_search = Some(3);
    let (_, proof) = sync(&world, &[SALES, LABS], &[]);
    assert_eq!(proof.gaps[0].code, "connection-lost");
    assert_eq!(rows(&world), []);
    world.directory.faults.borrow_mut().cut_search = None;
    sync(&world, &[SALES, LABS], &[]);
    assert_eq!(ids(&world), [5]);
}
