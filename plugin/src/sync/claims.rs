//! Unique values: who wants one, who gives one up, and who therefore cannot have what they want.
//!
//! Only people who are new or changed claim values. What follows is the least set of rejections that leaves
//! every value with one person, so it does not depend on the order in which people were read:
//!
//! 1. Two who claim the same value are both rejected. Who yields (a person being deactivated, who can do without)
//!    is rejected alone.
//! 2. Who claims a value that somebody holds in the portal is rejected, unless the holder gives the value up in
//!    this plan and is not rejected.
//! 3. A rejected person gives nothing up, so 2 is asked again.

use std::collections::BTreeSet;

use super::column::Parts;
use super::hash::Token;
use super::people::Number;

/// A value: 96 bits of its token, in words, so that what holds it is no larger than it must be.
type Value = [u32; 3];

/// Of two people whose numbers differ in these last bits alone, conflicts stand in one part.
const NEIGHBOURS: u32 = 14;

/// A person wants a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Claim {
    value: Value,
    person: Number,
    field: u16,
    yields: bool,
}

/// A person leaves a value that the portal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Release {
    value: Value,
    person: Number,
}

/// A claimed value has a holder in the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Holding {
    value: Value,
    person: Number,
    holder: Number,
    field: u16,
}

/// Why a person cannot have what they want.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Conflict {
    /// The field's place in the schema.
    pub(super) field: u16,
    /// The other person.
    pub(super) other: Number,
    /// The other person holds the value in the portal now.
    pub(super) held: bool,
}

/// Who cannot have what they want, with why: 13 bytes for each of them.
#[derive(Debug, Default)]
pub(super) struct Conflicts {
    /// By number.
    rejected: Vec<bool>,
    found: Parts<(Number, Conflict)>,
}

/// All claims of a run.
#[derive(Debug, Default)]
pub(super) struct Claims {
    claims: Parts<Claim>,
    releases: Parts<Release>,
    holdings: Parts<Holding>,
}

impl Claims {
    /// `person` wants `value` of `field`, and `yields` to others who want it.
    pub(super) fn claim(&mut self, person: Number, field: u16, value: Token, yields: bool) {
        let value = words(value);
        let claim = Claim {
            value,
            person,
            field,
            yields,
        };
        self.claims.push(value[0], claim);
    }

    /// `person` leaves `value`.
    pub(super) fn release(&mut self, person: Number, value: Token) {
        let value = words(value);
        self.releases.push(value[0], Release { value, person });
    }

    /// `value`, which `person` claims, is held by `holder` in the portal.
    pub(super) fn held(&mut self, person: Number, field: u16, value: Token, holder: Number) {
        let value = words(value);
        let holding = Holding {
            value,
            person,
            holder,
            field,
        };
        self.holdings.push(value[0], holding);
    }

    /// The conflicts. `withdrawn` are people whose rows fell for another reason: they claim nothing and give nothing
    /// up. `name` gives external ids.
    pub(super) fn settle<N: Ord>(
        mut self,
        name: impl Fn(Number) -> N,
        withdrawn: &BTreeSet<Number>,
    ) -> Conflicts {
        let standing = |person: Number| !withdrawn.contains(&person);
        self.claims.retain(|claim| standing(claim.person));
        self.releases.retain(|release| standing(release.person));
        self.holdings.retain(|holding| standing(holding.person));
        self.claims.sort();
        self.releases.sort();
        self.holdings.sort();
        let mut settlement = Settlement::default();
        for part in self.claims.parts() {
            for group in part.chunk_by(|a, b| a.value == b.value) {
                settlement.contest(group, &name);
            }
        }
        for holding in self.holdings.parts().flatten() {
            let releases = self.releases.part(holding.value[0]);
            let freed = releases.binary_search_by(|one| one.value.cmp(&holding.value));
            if freed.is_err() {
                settlement.reject(holding.person, holding.conflict());
            }
        }
        // Only what somebody waits for can matter.
        let awaited = |one: &&Release| {
            let holdings = self.holdings.part(one.value[0]);
            holdings
                .binary_search_by(|holding| holding.value.cmp(&one.value))
                .is_ok()
        };
        let releases = self.releases.parts().flatten().filter(awaited);
        let mut by_person: Vec<(Number, Value)> =
            releases.map(|one| (one.person, one.value)).collect();
        by_person.sort_unstable();
        while let Some(person) = settlement.fallen.pop() {
            let first = by_person.partition_point(|(other, _)| *other < person);
            let kept = by_person[first..]
                .iter()
                .take_while(|(other, _)| *other == person);
            for (_, value) in kept {
                let holdings = self.holdings.part(value[0]);
                let first = holdings.partition_point(|one| one.value < *value);
                for holding in holdings[first..]
                    .iter()
                    .take_while(|one| one.value == *value)
                {
                    settlement.reject(holding.person, holding.conflict());
                }
            }
        }
        settlement.conflicts.found.sort();
        settlement.conflicts
    }
}

impl Conflicts {
    /// The person cannot have what they want.
    pub(super) fn contains(&self, person: Number) -> bool {
        let rejected = self.rejected.get(person.0 as usize);
        rejected.copied().unwrap_or_default()
    }

    /// Each person once.
    pub(super) fn iter(&self) -> impl Iterator<Item = &(Number, Conflict)> {
        self.found.parts().flatten()
    }

    /// False where the person has a conflict already: the first one is told.
    fn insert(&mut self, person: Number, conflict: Conflict) -> bool {
        if self.contains(person) {
            return false;
        }
        let place = person.0 as usize;
        if place >= self.rejected.len() {
            self.rejected.resize(place + 1, false);
        }
        self.rejected[place] = true;
        // Neighbours stand together, so that parts of up to a million people follow one another.
        self.found.push(person.0 >> NEIGHBOURS, (person, conflict));
        true
    }
}

impl Holding {
    fn conflict(&self) -> Conflict {
        Conflict {
            field: self.field,
            other: self.holder,
            held: true,
        }
    }
}

fn words(Token([low, high]): Token) -> Value {
    [low, low >> 32, high].map(|word| {
        let word = word & u64::from(u32::MAX);
        u32::try_from(word).unwrap_or_default()
    })
}

#[derive(Debug, Default)]
struct Settlement {
    conflicts: Conflicts,
    /// Rejected, and what they would have given up not yet looked at.
    fallen: Vec<Number>,
}

impl Settlement {
    fn reject(&mut self, person: Number, conflict: Conflict) {
        if self.conflicts.insert(person, conflict) {
            self.fallen.push(person);
        }
    }

    /// Rejects those of a group that claim one value and cannot have it. Each is told of the one with the smallest id
    /// but oneself, and rather of one who does not yield. A group may be everybody: no more than the two who are told of
    /// are named at a time.
    fn contest<N: Ord>(&mut self, group: &[Claim], name: impl Fn(Number) -> N) {
        let mut named = group
            .iter()
            .map(|claim| (claim.yields, name(claim.person), claim.person));
        let (Some(first), Some(second)) = (named.next(), named.next()) else {
            return;
        };
        let mut told = if first <= second {
            [first, second]
        } else {
            [second, first]
        };
        for one in named {
            let [first, second] = &mut told;
            if one < *first {
                *second = std::mem::replace(first, one);
            } else if one < *second {
                *second = one;
            }
        }
        let [first, second] = told.map(|(_, _, person)| person);
        let firm = group.iter().filter(|claim| !claim.yields).count();
        for claim in group {
            if firm == 1 && !claim.yields {
                continue;
            }
            let other = if claim.person == first { second } else { first };
            let conflict = Conflict {
                field: claim.field,
                other,
                held: false,
            };
            self.reject(claim.person, conflict);
        }
    }
}

#[cfg(test)]
#[path = "claims/tests.rs"]
mod tests;
