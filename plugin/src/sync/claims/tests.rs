//! Small worlds, and a check of the settlement against its definition on random ones.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use proptest::prelude::*;

use super::*;

fn name(number: Number) -> String {
    format!("p{:04}", number.0)
}

fn value(n: u64) -> Token {
    Token([n, 0])
}

/// Why each is rejected, by number.
fn settled(claims: Claims, withdrawn: &BTreeSet<Number>) -> BTreeMap<Number, Conflict> {
    let conflicts = claims.settle(name, withdrawn);
    let found: BTreeMap<Number, Conflict> = conflicts.iter().copied().collect();
    assert_eq!(found.len(), conflicts.iter().count(), "each once");
    assert!(found.keys().all(|number| conflicts.contains(*number)));
    found
}

#[test]
fn two_who_claim_one_value_are_both_rejected_and_told_of_each_other() {
    let mut claims = Claims::default();
    claims.claim(Number(1), 0, value(7), false);
    claims.claim(Number(0), 0, value(7), false);
    claims.claim(Number(2), 0, value(8), false);
    let conflicts = settled(claims, &BTreeSet::new());
    let other = |n| conflicts.get(&Number(n)).map(|conflict| conflict.other);
    assert_eq!(other(0), Some(Number(1)));
    assert_eq!(other(1), Some(Number(0)));
    assert_eq!(other(2), None);
}

#[test]
fn who_yields_does_without_and_stands_in_nobodys_way() {
    let mut claims = Claims::default();
    claims.claim(Number(0), 0, value(7), true);
    claims.claim(Number(1), 0, value(7), false);
    claims.claim(Number(2), 0, value(8), true);
    let conflicts = settled(claims, &BTreeSet::new());
    assert_eq!(conflicts.keys().collect::<Vec<_>>(), [&Number(0)]);
    assert_eq!(conflicts[&Number(0)].other, Number(1));
}

#[test]
fn a_cycle_of_exchanges_is_allowed() {
    let mut claims = Claims::default();
    for n in 0..5 {
        claims.release(Number(n), value(u64::from(n)));
        claims.claim(Number(n), 0, value(u64::from(n + 1) % 5), false);
        claims.held(
            Number(n),
            0,
            value(u64::from(n + 1) % 5),
            Number((n + 1) % 5),
        );
    }
    assert_eq!(settled(claims, &BTreeSet::new()), BTreeMap::new());
}

#[test]
fn a_chain_falls_when_its_end_does_not_move() {
    let mut claims = Claims::default();
    for n in 0..4 {
        claims.claim(Number(n), 0, value(u64::from(n + 1)), false);
        claims.held(Number(n), 0, value(u64::from(n + 1)), Number(n + 1));
        claims.release(Number(n), value(u64::from(n)));
    }
    assert_eq!(settled(claims, &BTreeSet::new()).len(), 4);
}

#[test]
fn who_is_withdrawn_neither_claims_nor_gives_up() {
    let mut claims = Claims::default();
    claims.claim(Number(0), 0, value(1), false);
    claims.claim(Number(1), 0, value(1), false);
    claims.claim(Number(2), 0, value(2), false);
    claims.held(Number(2), 0, value(2), Number(0));
    claims.release(Number(0), value(2));
    let conflicts = settled(claims, &BTreeSet::from([Number(0)]));
    assert_eq!(conflicts.keys().collect::<Vec<_>>(), [&Number(2)]);
}

/// A name that is counted while it is held.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Held {
    name: String,
    /// Now, and the most there ever were.
    held: Rc<(Cell<u32>, Cell<u32>)>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.held.0.set(self.held.0.get() - 1);
    }
}

#[test]
fn of_however_many_who_claim_one_value_few_names_are_held_and_each_conflict_takes_few_bytes() {
    let mut claims = Claims::default();
    let count = 100_000_u32;
    for n in 0..count {
        claims.claim(Number(n), 0, value(7), n % 3 == 0);
    }
    let held = Rc::new((Cell::new(0), Cell::new(0)));
    let counted = |number: Number| {
        held.0.set(held.0.get() + 1);
        held.1.set(held.1.get().max(held.0.get()));
        let held = Rc::clone(&held);
        // The last has the smallest name.
        let name = name(Number(count - number.0));
        Held { name, held }
    };
    let conflicts = claims.settle(counted, &BTreeSet::new());
    assert_eq!((held.0.get(), held.1.get()), (0, 3));
    let numbers = conflicts.iter().map(|(number, _)| number.0);
    assert!(numbers.eq(0..count), "all of them, in order");
    assert!(size_of::<(Number, Conflict)>() <= 12);
    assert!(!conflicts.contains(Number(count)));
}

#[test]
fn conflicts_of_more_than_a_million_people_are_each_told_once() {
    let mut conflicts = Conflicts::default();
    let conflict = Conflict {
        field: 0,
        other: Number(0),
        held: false,
    };
    for n in (0..1 << 21).step_by(1000) {
        assert!(conflicts.insert(Number(n), conflict));
        assert!(!conflicts.insert(Number(n), conflict));
    }
    let numbers: BTreeSet<u32> = conflicts.iter().map(|(number, _)| number.0).collect();
    assert!(numbers.into_iter().eq((0..1 << 21).step_by(1000)));
}

proptest! {
    /// One value, and who wants it: some yield, and some have been withdrawn.
    #[test]
    fn each_is_told_of_the_smallest_id_but_their_own_and_rather_of_one_who_does_not_yield(
        wants in prop::collection::btree_map(0_u32..40, any::<bool>(), 0..12),
        withdrawn in prop::collection::btree_set(0_u32..40, 0..10),
        turn in 0_u32..40,
    ) {
        // Names in another order than numbers.
        let name = |number: Number| format!("p{:04}", (number.0 * 7 + turn) % 40);
        let mut claims = Claims::default();
        for (n, yields) in &wants {
            claims.claim(Number(*n), 0, value(7), *yields);
        }
        let gone: BTreeSet<_> = withdrawn.iter().copied().map(Number).collect();
        let conflicts = claims.settle(name, &gone);
        let mut standing: Vec<(bool, String, Number)> = wants
            .iter()
            .map(|(n, yields)| (*yields, name(Number(*n)), Number(*n)))
            .filter(|(_, _, number)| !gone.contains(number))
            .collect();
        standing.sort();
        let firm = standing.iter().filter(|(yields, ..)| !yields).count();
        let expected: BTreeMap<Number, Number> = standing
            .iter()
            .filter(|(yields, ..)| standing.len() > 1 && (*yields || firm > 1))
            .map(|(_, _, one)| {
                let mut others = standing.iter().map(|(_, _, other)| *other);
                (*one, others.find(|other| other != one).unwrap_or(*one))
            })
            .collect();
        let found: BTreeMap<Number, Number> = conflicts
            .iter()
            .map(|(number, conflict)| (*number, conflict.other))
            .collect();
        prop_assert_eq!(found, expected);
    }

    /// Each of the first `HOLDERS` people holds the value of their own number; everybody wants some value.
    #[test]
    fn the_settlement_is_the_least_one_that_leaves_every_value_with_one_person(
        wants in prop::collection::vec(0_u32..12, 1..12),
        withdrawn in prop::collection::btree_set(0_u32..12, 0..3),
        turn in 0_usize..12,
    ) {
        const HOLDERS: u32 = 6;
        let count = u32::try_from(wants.len()).unwrap_or(0);
        let mut claims = Claims::default();
        let mut order: Vec<u32> = (0..count).collect();
        order.rotate_left(turn % wants.len());
        for n in order {
            let wanted = wants[n as usize];
            if n < HOLDERS && wanted == n {
                continue;
            }
            claims.claim(Number(n), 0, value(u64::from(wanted)), false);
            if wanted < HOLDERS {
                // Holders who are not among the people of the plan hold all the same.
                claims.held(Number(n), 0, value(u64::from(wanted)), Number(wanted.min(count - 1)));
            }
            if n < HOLDERS {
                claims.release(Number(n), value(u64::from(n)));
            }
        }
        let gone: BTreeSet<_> = withdrawn.iter().copied().map(Number).collect();
        let conflicts = settled(claims, &gone);

        let mut rejected: BTreeSet<u32> = withdrawn.clone();
        let moves = |n: u32| wants[n as usize] != n || n >= HOLDERS;
        let standing: Vec<u32> = (0..count).filter(|n| moves(*n) && !withdrawn.contains(n)).collect();
        for n in &standing {
            if standing.iter().any(|m| m != n && wants[*m as usize] == wants[*n as usize]) {
                rejected.insert(*n);
            }
        }
        loop {
            let before = rejected.len();
            for n in &standing {
                let wanted = wants[*n as usize];
                let freed = standing.contains(&wanted) && !rejected.contains(&wanted);
                if wanted < HOLDERS && !freed {
                    rejected.insert(*n);
                }
            }
            if rejected.len() == before {
                break;
            }
        }
        let expected: BTreeSet<u32> = rejected.difference(&withdrawn).copied().collect();
        let found: BTreeSet<u32> = conflicts.keys().map(|number| number.0).collect();
        prop_assert_eq!(found, expected);
    }
}
