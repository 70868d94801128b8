//! Chains of managers that come back to where they began.

/// Nobody.
const NONE: u32 = u32::MAX;

/// Who is whose manager, by place.
#[derive(Debug)]
pub(super) struct Chains(Vec<u32>);

/// The cycles found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Cycles {
    /// People who are their own manager in the end.
    pub(super) people: u64,
    /// Cycles.
    pub(super) count: u64,
    /// The first people of the first cycles, each followed by their manager.
    pub(super) examples: Vec<Vec<u32>>,
}

/// Cycles shown, and people of each.
const EXAMPLES: usize = 3;

impl Chains {
    /// Of so many people, none of whom has a manager yet.
    pub(super) fn new(people: usize) -> Self {
        Self(vec![NONE; people])
    }

    /// Somebody has a manager.
    pub(super) fn set(&mut self, person: u32, manager: u32) {
        if let Some(place) = self.0.get_mut(person as usize) {
            *place = manager;
        }
    }

    /// Follows every chain once.
    pub(super) fn cycles(&self) -> Cycles {
        let mut cycles = Cycles::default();
        // In which walk each was met; 0 is in none.
        let mut walks = vec![0_u32; self.0.len()];
        for (walk, start) in (1_u32..).zip(0..self.0.len()) {
            let mut at = start;
            while let Some(met) = walks.get_mut(at) {
                if *met == walk {
                    self.note(&mut cycles, at);
                    break;
                }
                if *met != 0 {
                    break;
                }
                *met = walk;
                at = self.0[at] as usize;
            }
        }
        cycles
    }

    fn note(&self, cycles: &mut Cycles, start: usize) {
        let (mut at, mut members) = (start, Vec::new());
        loop {
            cycles.people += 1;
            if members.len() < EXAMPLES {
                members.push(u32::try_from(at).unwrap_or(NONE));
            }
            at = self.0[at] as usize;
            if at == start {
                break;
            }
        }
        cycles.count += 1;
        if cycles.examples.len() < EXAMPLES {
            cycles.examples.push(members);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chains(managers: &[u32]) -> Chains {
        Chains(managers.to_vec())
    }

    #[test]
    fn a_chain_that_ends_is_no_cycle_and_one_that_returns_is() {
        assert_eq!(chains(&[1, 2, NONE]).cycles(), Cycles::default());
        let found = chains(&[1, 2, 1, 0]).cycles();
        assert_eq!((found.people, found.count), (2, 1));
        assert_eq!(found.examples, [vec![1, 2]]);
    }

    proptest! {
        #[test]
        fn those_counted_are_those_who_come_back_to_themselves(
            managers in prop::collection::vec(prop_oneof![Just(NONE), 0..12_u32], 0..12),
        ) {
            let next = |at: u32| managers.get(at as usize).copied().unwrap_or(NONE);
            let returns = (0..).zip(&managers).filter(|(start, _)| {
                let mut at = *start;
                (0..12).any(|_| {
                    at = next(at);
                    at == *start
                })
            });
            prop_assert_eq!(chains(&managers).cycles().people, returns.count() as u64);
        }
    }
}
