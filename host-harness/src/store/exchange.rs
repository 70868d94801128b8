//! Which rows of a batch can be applied together.
//!
//! People exchange unique values: one gives a mail address up, another takes it, round in circles or down a chain.
//! In one transaction that works, all values being given up before any is taken. A row that takes a value from
//! somebody who keeps it fails alone; and whoever counted on a value of the failed row fails with it.

use std::collections::HashMap;

use crate::Problem;

/// A row, as far as this question goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its place in the plan.
    pub row: i64,
    /// The person it changes; none for a new one.
    pub person: Option<i64>,
    /// Why it cannot be applied, whatever the others do.
    pub barred: Option<Refusal>,
    /// The values it takes.
    pub claims: Vec<Claim>,
    /// The unique fields whose values it gives up.
    pub releases: Vec<String>,
}

/// A value that a row takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The unique field.
    pub field: String,
    /// The value, normalised.
    pub value: String,
    /// Who has it in the portal now.
    pub holder: Option<i64>,
}

/// Who has a value that a row wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rival {
    /// Somebody in the portal.
    Person(i64),
    /// Somebody whom a row of the plan creates.
    Row(i64),
}

/// Why a row fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Somebody else keeps the value of this field.
    Taken {
        /// The unique field.
        field: String,
        /// Who has it.
        rival: Rival,
    },
    /// The portal already has a person with the external id.
    Exists,
    /// The portal has nobody with the external id.
    Unknown,
    /// The portal no longer has the person whom the row takes over as the plan says.
    Adopted,
}

impl Refusal {
    /// For people.
    #[must_use]
    pub fn problem(&self) -> Problem {
        match self {
            Self::Taken { field, .. } => Problem::new(
                "unique-conflict",
                format!("somebody else in the portal has this {field}"),
                "Change one of the two and sync again.",
            )
            .of_field(field),
            Self::Exists => Problem::new(
                "already-exists",
                "the portal has got this person since the plan was made",
                "Sync again.",
            ),
            Self::Unknown => Problem::new(
                "unknown-person",
                "the portal has no longer got this person",
                "Sync again.",
            ),
            Self::Adopted => Problem::new(
                "adoption-taken",
                "the person of the portal whom the plan takes over belongs to somebody else since",
                "Sync again.",
            ),
        }
    }

    /// Why a row cannot be applied, whatever the others do: it creates somebody or not, the portal knows its external id or
    /// not, and it takes over nobody, somebody, or somebody who is there no longer.
    #[must_use]
    pub fn bars(creates: bool, known: bool, adopts: bool, nobody: bool) -> Option<Self> {
        match (creates, known, adopts) {
            (true, true, _) => Some(Self::Exists),
            (false, _, true) if nobody => Some(Self::Adopted),
            (false, false, false) => Some(Self::Unknown),
            _ => None,
        }
    }

    /// Who is in the way.
    #[must_use]
    pub fn rival(&self) -> Option<Rival> {
        match self {
            Self::Taken { rival, .. } => Some(*rival),
            Self::Exists | Self::Unknown | Self::Adopted => None,
        }
    }
}

/// The rows that fail, each with its reason, by ascending row; all others can be applied in one transaction.
#[must_use]
pub fn refusals(candidates: &[Candidate]) -> Vec<(i64, Refusal)> {
    let mut state = State::new(candidates);
    for (at, candidate) in candidates.iter().enumerate() {
        if let Some(refusal) = &candidate.barred {
            state.fail(at, refusal.clone());
        }
        let kept = candidate
            .claims
            .iter()
            .find_map(|claim| Some((claim, state.keeper(at, claim)?)));
        if let Some((claim, keeper)) = kept {
            state.fail(
                at,
                Refusal::Taken {
                    field: claim.field.clone(),
                    rival: Rival::Person(keeper),
                },
            );
        }
    }
    state.spread();
    // Two that take the same value: the one that stands first in the plan gets it.
    let mut taken: HashMap<(&str, &str), usize> = HashMap::new();
    for (at, candidate) in candidates.iter().enumerate() {
        for claim in &candidate.claims {
            if state.failed[at].is_some() {
                break;
            }
            match taken.get(&(claim.field.as_str(), claim.value.as_str())) {
                Some(first) if state.failed[*first].is_none() => {
                    let first = &candidates[*first];
                    state.fail(
                        at,
                        Refusal::Taken {
                            field: claim.field.clone(),
                            rival: first.person.map_or(Rival::Row(first.row), Rival::Person),
                        },
                    );
                    state.spread();
                }
                _ => {
                    taken.insert((&claim.field, &claim.value), at);
                }
            }
        }
    }
    let failed = state.failed.into_iter();
    candidates
        .iter()
        .zip(failed)
        .filter_map(|(c, refusal)| Some((c.row, refusal?)))
        .collect()
}

struct State<'c> {
    candidates: &'c [Candidate],
    by_person: HashMap<i64, usize>,
    failed: Vec<Option<Refusal>>,
    /// For each row, the claims of others that count on it.
    dependents: Vec<Vec<(usize, &'c Claim)>>,
    fresh: Vec<usize>,
}

impl<'c> State<'c> {
    fn new(candidates: &'c [Candidate]) -> Self {
        let by_person: HashMap<i64, usize> = candidates
            .iter()
            .enumerate()
            .filter_map(|(at, candidate)| Some((candidate.person?, at)))
            .collect();
        let mut dependents = vec![Vec::new(); candidates.len()];
        for (at, candidate) in candidates.iter().enumerate() {
            for claim in &candidate.claims {
                let giver = claim.holder.and_then(|holder| by_person.get(&holder));
                if let Some(giver) = giver.filter(|giver| **giver != at) {
                    dependents[*giver].push((at, claim));
                }
            }
        }
        let failed = vec![None; candidates.len()];
        Self {
            candidates,
            by_person,
            failed,
            dependents,
            fresh: Vec::new(),
        }
    }

    /// Who keeps a claimed value, even if all rows are applied.
    fn keeper(&self, at: usize, claim: &Claim) -> Option<i64> {
        let holder = claim.holder?;
        let keeps = match self.by_person.get(&holder) {
            None => true,
            Some(giver) if *giver == at => false,
            Some(giver) => !self.candidates[*giver].releases.contains(&claim.field),
        };
        keeps.then_some(holder)
    }

    fn fail(&mut self, at: usize, refusal: Refusal) {
        if self.failed[at].is_none() {
            self.failed[at] = Some(refusal);
            self.fresh.push(at);
        }
    }

    fn spread(&mut self) {
        while let Some(at) = self.fresh.pop() {
            for (dependent, claim) in std::mem::take(&mut self.dependents[at]) {
                let Some(holder) = claim.holder else {
                    continue;
                };
                self.fail(
                    dependent,
                    Refusal::Taken {
                        field: claim.field.clone(),
                        rival: Rival::Person(holder),
                    },
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Person `id` (row `id`) takes `takes`, held by `holder`, and gives up what it has.
    fn mover(id: i64, takes: &str, holder: Option<i64>) -> Candidate {
        Candidate {
            row: id,
            person: Some(id),
            barred: None,
            claims: vec![Claim {
                field: "email".into(),
                value: takes.into(),
                holder,
            }],
            releases: vec!["email".into()],
        }
    }

    fn failing(candidates: &[Candidate]) -> Vec<i64> {
        refusals(candidates)
            .into_iter()
            .map(|(row, _)| row)
            .collect()
    }

    #[test]
    fn swaps_circles_and_chains_are_applied() {
        assert!(failing(&[mover(1, "b", Some(2)), mover(2, "a", Some(1))]).is_empty());
        let circle = [
            mover(1, "b", Some(2)),
            mover(2, "c", Some(3)),
            mover(3, "a", Some(1)),
        ];
        assert!(failing(&circle).is_empty());
        assert!(failing(&[mover(1, "b", Some(2)), mover(2, "new", None)]).is_empty());
        assert!(
            failing(&[mover(1, "a", Some(1))]).is_empty(),
            "a change of case only"
        );
    }

    #[test]
    fn who_takes_from_somebody_who_keeps_fails_alone() {
        assert_eq!(
            failing(&[mover(1, "x", Some(9)), mover(2, "new", None)]),
            [1]
        );
        let keeper = Candidate {
            claims: vec![],
            releases: vec![],
            ..mover(2, "", None)
        };
        assert_eq!(failing(&[mover(1, "b", Some(2)), keeper]), [1]);
    }

    #[test]
    fn who_counted_on_a_failed_row_fails_with_it() {
        let chain = [
            mover(1, "b", Some(2)),
            mover(2, "c", Some(3)),
            mover(3, "x", Some(9)),
        ];
        assert_eq!(failing(&chain), [1, 2, 3]);
        let gone = Candidate {
            barred: Some(Refusal::Unknown),
            ..mover(2, "c", None)
        };
        assert_eq!(failing(&[mover(1, "b", Some(2)), gone]), [1, 2]);
    }

    #[test]
    fn of_two_that_take_one_value_the_first_gets_it() {
        let rows = [
            mover(1, "n", None),
            mover(2, "n", None),
            mover(3, "b", Some(2)),
        ];
        assert_eq!(failing(&rows), [2, 3]);
    }

    #[test]
    fn a_refusal_names_who_has_the_value() {
        let new = |row: i64| Candidate {
            person: None,
            releases: vec![],
            ..mover(row, "n", None)
        };
        let rivals = |rows: &[Candidate]| -> Vec<_> {
            refusals(rows)
                .iter()
                .map(|(row, refusal)| (*row, refusal.rival()))
                .collect()
        };
        let kept = [mover(1, "b", Some(2)), mover(2, "x", Some(9))];
        let (two, nine) = (Rival::Person(2), Rival::Person(9));
        assert_eq!(rivals(&kept), [(1, Some(two)), (2, Some(nine))]);
        assert_eq!(
            rivals(&[new(1), new(3)]),
            [(3, Some(Rival::Row(1)))],
            "who comes first is not in the portal yet"
        );
        assert_eq!(rivals(&[mover(2, "n", None), new(3)]), [(3, Some(two))]);
        let gone = Candidate {
            barred: Some(Refusal::Unknown),
            ..mover(1, "n", None)
        };
        assert_eq!(rivals(&[gone]), [(1, None)]);
    }
}
