//! What holds for all plans.

use proptest::prelude::*;

use super::bench::{apply, changing, plan, portal, rows, set};
use crate::testing::World;
use crate::testing::directory::Record;
use crate::testing::world::person;

/// What one person has become: which of few mail addresses and user names, disabled or not, there or not.
#[derive(Debug, Clone)]
pub(super) struct State {
    mail: u32,
    uid: u32,
    disabled: bool,
    present: bool,
    /// Shares the id of the person before.
    twin: bool,
    moved: bool,
}

fn state(values: u32) -> impl Strategy<Value = State> {
    (
        0..values,
        0..values,
        prop::bool::weighted(0.15),
        prop::bool::weighted(0.85),
        prop::bool::weighted(0.05),
        any::<bool>(),
    )
        .prop_map(|(mail, uid, disabled, present, twin, moved)| State {
            mail,
            uid,
            disabled,
            present,
            twin,
            moved,
        })
}

pub(super) fn states() -> impl Strategy<Value = Vec<Vec<State>>> {
    prop::collection::vec(prop::collection::vec(state(14), 8), 2..4)
}

pub(super) fn records(states: &[State]) -> Vec<Record> {
    let mut records = Vec::new();
    for (n, state) in (1..).zip(states) {
        if !state.present {
            continue;
        }
        let mut record = person(n);
        record.set("mail", &[&format!("mail{}@example.com", state.mail)]);
        record.set("uid", &[&format!("name{}", state.uid)]);
        if state.disabled {
            record.set("employeeType", &["left"]);
        }
        if state.twin && n > 1 {
            record.set(
                "entryUUID",
                &[&format!("00000000-0000-4000-8000-{:012}", n - 1)],
            );
        }
        if state.moved {
            record.dn = record.dn.replace(",ou=people", ",ou=else,ou=people");
        }
        records.push(record);
    }
    records
}

pub(super) fn world(page: usize) -> World {
    let world = World::with_people(0);
    set(&world, &settings(page));
    world
}

fn settings(page: usize) -> [(&'static str, &'static str); 3] {
    let page = ["1", "2", "3", "1000"][page % 4];
    [
        ("leavers", "deactivate"),
        ("disabled-when", "(employeeType=left)"),
        ("page-size", page),
    ]
}

pub(super) fn put(world: &World, records: Vec<Record>) {
    let mut entries = world.directory.entries.borrow_mut();
    entries.truncate(2);
    let unit = "ou=else,ou=people,dc=example,dc=com";
    entries.push(Record::new(unit, &[("objectClass", "organizationalUnit")]));
    entries.extend(records);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_portal_ends_the_same_whatever_the_page_size_and_the_order(
        history in states(), page in 1_usize..4, pages in 1_u32..4, turn in 0_usize..8,
    ) {
        let (one, other) = (world(3), world(page));
        for (step, states) in (0..).zip(&history) {
            let straight = records(states);
            if straight.is_empty() {
                continue;
            }
            let mut turned = straight.clone();
            turned.rotate_left(turn % straight.len());
            turned.reverse();
            put(&one, straight);
            put(&other, turned);
            let ends = (plan(&one, step, 1).unwrap(), plan(&other, step + 99, pages).unwrap());
            prop_assert_eq!(&ends.0.counts, &ends.1.counts);
            apply(&one);
            apply(&other);
            let (mut a, mut b) = (portal(&one), portal(&other));
            // Of two entries with one id, which is read first is the directory's choice; nothing but its hash shows.
            for person in a.values_mut().chain(b.values_mut()) {
                person.source_hash.clear();
            }
            prop_assert_eq!(a, b);
        }
    }

    #[test]
    fn a_second_run_changes_nothing_and_the_counts_are_those_of_the_rows(
        history in states(), page in 0_usize..4,
    ) {
        let world = world(page);
        for (step, states) in (0..).zip(&history) {
            let records = records(states);
            if records.is_empty() {
                continue;
            }
            put(&world, records);
            let summary = plan(&world, step, 1).unwrap();
            for kind in ["create", "update", "deactivate", "reactivate", "unsynced"] {
                let made = rows(&world).iter().filter(|row| format!("{:?}", row.kind).to_lowercase() == kind).count();
                let counted = summary.counts.iter().find(|(name, _)| name == kind).map(|(_, count)| *count);
                prop_assert_eq!(counted, Some(made as u64), "{}", kind);
            }
            apply(&world);
            plan(&world, step + 50, 1).unwrap();
            prop_assert_eq!(changing(&world), []);
        }
    }

    #[test]
    fn an_enumeration_that_is_not_whole_deactivates_nobody_as_absent(
        before in prop::collection::vec(state(30), 8),
        after in prop::collection::vec(state(30), 8),
        at in 0_u64..8,
        fault in 0..3,
    ) {
        let world = world(0);
        put(&world, records(&before));
        if plan(&world, 1, 1).is_err() {
            return Ok(());
        }
        apply(&world);
        put(&world, records(&after));
        {
            let mut faults = world.directory.faults.borrow_mut();
            match fault {
                0 => faults.size_limit = Some(at),
                1 => faults.cut_after = Some(at),
                _ => faults.referrals = 1,
            }
        }
        let hit = fault == 2 || (records(&after).len() as u64) > at;
        let ended = plan(&world, 2, 1);
        if hit {
            prop_assert!(rows(&world).iter().all(|row| row.reason != "absent"));
            prop_assert!(world.absences.borrow().is_empty());
            if ended.is_ok() {
                prop_assert!(!world.finished.borrow().as_ref().unwrap().1.complete);
            }
        }
    }
}
