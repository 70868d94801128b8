//! Small worlds, and a check of the settlement against its definition on random ones.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

fn name(number: Number) -> String {
    format!("p{:04}", number.0)
}

fn value(n: u64) -> Token {
    Token([n, 0])
}

#[test]
fn two_who_claim_one_value_are_both_rejected_and_told_of_each_other() {
    let mut claims = Claims::default();
    claims.claim(Number(1), 0, value(7), false);
    claims.claim(Number(0), 0, value(7), false);
    claims.claim(Number(2), 0, value(8), false);
    let conflicts = claims.settle(name, &BTreeSet::new());
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
    let conflicts = claims.settle(name, &BTreeSet::new());
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
    assert_eq!(claims.settle(name, &BTreeSet::new()), BTreeMap::new());
}

#[test]
fn a_chain_falls_when_its_end_does_not_move() {
    let mut claims = Claims::default();
    for n in 0..4 {
        claims.claim(Number(n), 0, value(u64::from(n + 1)), false);
        claims.held(Number(n), 0, value(u64::from(n + 1)), Number(n + 1));
        claims.release(Number(n), value(u64::from(n)));
    }
    assert_eq!(claims.settle(name, &BTreeSet::new()).len(), 4);
}

#[test]
fn who_is_withdrawn_neither_claims_nor_gives_up() {
    let mut claims = Claims::default();
    claims.claim(Number(0), 0, value(1), false);
    claims.claim(Number(1), 0, value(1), false);
    claims.claim(Number(2), 0, value(2), false);
    claims.held(Number(2), 0, value(2), Number(0));
    claims.release(Number(0), value(2));
    let conflicts = claims.settle(name, &BTreeSet::from([Number(0)]));
    assert_eq!(conflicts.keys().collect::<Vec<_>>(), [&Number(2)]);
}

proptest! {
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
        let conflicts = claims.settle(name, &gone);

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
