//! Would-be leavers are asked for by id before anything becomes of them.

use super::bench::{apply, changing, plan, set};
use crate::ports::plan::{Proof, Summary};
use crate::testing::World;

/// Ten people in the portal, who leave when they are not found.
fn synced() -> World {
    let world = World::with_people(10);
    set(&world, &[("leavers", "deactivate"), ("page-size", "2")]);
    plan(&world, 1, 1).unwrap();
    apply(&world);
    world
}

fn leave(world: &World, part: &str) {
    let mut entries = world.directory.entries.borrow_mut();
    entries.retain(|record| !record.dn.contains(part));
}

/// Plans again; gives what was proven and how many rows change the portal.
fn again(world: &World) -> (Summary, Proof, usize) {
    world.directory.searches.set(0);
    let summary = plan(world, 2, 1).unwrap();
    let proof = world.finished.borrow().as_ref().unwrap().1.clone();
    let rows = changing(world).len();
    (summary, proof, rows)
}

fn gaps(proof: &Proof) -> Vec<&str> {
    assert_eq!(proof.complete, proof.gaps.is_empty());
    proof.gaps.iter().map(|gap| gap.code.as_str()).collect()
}

#[test]
fn who_is_there_when_asked_for_is_no_leaver_nor_is_anybody_else() {
    for seen in [1, 7, 8, 9] {
        let world = synced();
        leave(&world, "uid=user1,");
        world.directory.faults.borrow_mut().ends_early = Some(seen);
        let (summary, proof, rows) = again(&world);
        let expected: &[&str] = if seen == 9 { &[] } else { &["missed-entries"] };
        assert_eq!(gaps(&proof), expected, "{seen}");
        assert_eq!(rows, usize::from(seen == 9), "{seen}");
        let warned = summary
            .warnings
            .iter()
            .any(|w| w.code == "absence-unproven");
        assert_eq!(warned, seen < 9, "{seen}");
        // The twin: told everything, the same leaver goes.
        world.directory.faults.borrow_mut().ends_early = None;
        let (_, proof, rows) = again(&world);
        assert_eq!((gaps(&proof), rows), (vec![], 1));
    }
}

#[test]
fn a_second_look_that_fails_proves_nothing() {
    let world = synced();
    leave(&world, "uid=user1,");
    // The root DSE, everybody, the second look.
    world.directory.faults.borrow_mut().cut_search = Some(3);
    let (_, proof, rows) = again(&world);
    assert_eq!((gaps(&proof), rows), (vec!["connection-lost"], 0));
    world.directory.faults.borrow_mut().cut_search = None;
    let (_, proof, rows) = again(&world);
    assert_eq!((gaps(&proof), rows), (vec![], 1));
}

#[test]
fn who_is_still_there_but_outside_the_filter_has_left() {
    let world = synced();
    set(
        &world,
        &[
            ("leavers", "deactivate"),
            (
                "filter",
                "(&(objectClass=inetOrgPerson)(!(employeeType=guest)))",
            ),
        ],
    );
    world.change("uid=user1,", |record| {
        record.set("employeeType", &["guest"])
    });
    let (_, proof, rows) = again(&world);
    assert_eq!((gaps(&proof), rows), (vec![], 1));
}

#[test]
fn nobody_is_asked_for_whom_the_policy_keeps() {
    let world = synced();
    for policy in ["keep", "review", "grace"] {
        set(&world, &[("leavers", policy)]);
        leave(&world, "uid=user1,");
        let (_, _, rows) = again(&world);
        assert_eq!((rows, world.directory.searches.get()), (0, 2), "{policy}");
    }
}

#[test]
fn many_leavers_are_asked_for_in_portions() {
    let world = World::with_people(450);
    let settings = [("leavers", "deactivate"), ("guard-percent", "100")];
    set(&world, &settings);
    plan(&world, 1, 1).unwrap();
    apply(&world);
    leave(&world, "uid=user1");
    let left = 111;
    let (_, proof, rows) = again(&world);
    assert_eq!((gaps(&proof), rows), (vec![], left));
    assert_eq!(world.directory.searches.get(), 3);
    leave(&world, "uid=user2");
    leave(&world, "uid=user3");
    let (_, _, rows) = again(&world);
    assert_eq!((rows, world.directory.searches.get()), (333, 4));
}
