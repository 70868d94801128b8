//! Why a manager stays as the portal has it, and who is their own manager in the end: counted, with examples.

use std::collections::BTreeMap;

use crate::ports::directory::HostProblem;
use crate::problem::Problem;

use super::cycles::Cycles;
use super::known::Slot;

/// Examples of a cause.
const EXAMPLES: usize = 3;

/// Why a name is nobody in the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    /// The directory has no such entry, or keeps it to itself.
    Absent,
    /// An entry that is not among those who are synced.
    Outside,
    /// Disabled, and the portal has not got the person.
    Disabled,
    /// Cannot be brought over.
    Unsynced,
    /// An entry without a readable id.
    Nameless,
    /// No name.
    Unreadable,
    /// The person's own name.
    Oneself,
    /// The directory gave no answer.
    Unanswered,
    /// Too many were to be asked for.
    Unasked,
}

/// How many people for which cause.
#[derive(Debug, Default)]
pub(super) struct Unresolved(BTreeMap<Cause, (u64, Vec<Slot>)>);

/// A person's own name and the one given for the manager, by place.
pub(super) type Named = BTreeMap<Slot, (String, Option<String>)>;

impl Unresolved {
    /// Somebody's manager is nobody.
    pub(super) fn add(&mut self, cause: Cause, slot: Slot) {
        let (count, examples) = self.0.entry(cause).or_default();
        *count += 1;
        if examples.len() < EXAMPLES {
            examples.push(slot);
        }
    }

    /// Of some the directory gave no answer.
    pub(super) fn is_partial(&self) -> bool {
        self.0.contains_key(&Cause::Unanswered)
    }

    /// Whose names the warnings want.
    pub(super) fn examples(&self) -> impl Iterator<Item = Slot> + '_ {
        self.0.values().flat_map(|(_, slots)| slots.iter().copied())
    }

    /// A warning a cause.
    pub(super) fn warnings(&self, field: &str, named: &Named) -> Vec<HostProblem> {
        let warning = |(cause, (count, slots)): (&Cause, &(u64, Vec<Slot>))| {
            let examples: Vec<String> = slots
                .iter()
                .filter_map(|slot| example(named, *slot))
                .collect();
            let (what, remedy) = cause.told();
            let mut message = match count {
                1 => format!("of 1 person the manager stays as the portal has it: {what}"),
                _ => format!("of {count} people the manager stays as the portal has it: {what}"),
            };
            if !examples.is_empty() {
                message.push_str(&format!(" (for example {})", examples.join("; ")));
            }
            Problem::new("manager-unresolved", message, remedy)
                .of_field(field)
                .into()
        };
        self.0.iter().map(warning).collect()
    }
}

/// The warning of chains that return; nothing where none does.
pub(super) fn returning(cycles: &Cycles, field: &str, named: &Named) -> Option<HostProblem> {
    if cycles.count == 0 {
        return None;
    }
    let name = |place: &u32| {
        let known = named.get(&Slot(*place));
        known.map_or_else(|| "?".to_owned(), |(own, _)| format!("\"{own}\""))
    };
    let examples = cycles.examples.iter().map(|people| {
        let names: Vec<String> = people.iter().map(name).collect();
        format!("{} and so on", names.join(" reports to "))
    });
    let examples: Vec<String> = examples.collect();
    let message = format!(
        "{} people are their own manager in the end, in {} cycles; they are written as the directory has them \
         (for example {})",
        cycles.people,
        cycles.count,
        examples.join("; ")
    );
    let remedy = "Correct the managers in the directory.";
    let problem = Problem::new("manager-cycle", message, remedy);
    Some(problem.of_field(field).into())
}

fn example(named: &Named, slot: Slot) -> Option<String> {
    let (own, manager) = named.get(&slot)?;
    Some(match manager {
        Some(manager) => format!("\"{own}\" names \"{manager}\""),
        None => format!("\"{own}\""),
    })
}

impl Cause {
    /// What it is, and what to do about it.
    pub(crate) fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::Absent => (
                "the directory has no entry of that name, or does not let the bind account read it",
                "Correct the name in the directory, or let the bind account read the entry.",
            ),
            Self::Outside => (
                "the entry of that name is outside of base or filter, and the portal has not got the person",
                "Widen base or filter if managers are to be synced, or leave it so.",
            ),
            Self::Disabled => (
                "the account of that name is disabled, and the portal has not got the person",
                "Name another manager in the directory.",
            ),
            Self::Unsynced => (
                "the person of that name could not be brought over",
                "Look up the manager among the unsynced; the next sync tries again.",
            ),
            Self::Nameless => (
                "the entry of that name has no id that can be read",
                "Let the bind account read the id of everybody below the base.",
            ),
            Self::Unreadable => (
                "the value is no DN",
                "Correct it in the directory, or map an attribute that holds DNs.",
            ),
            Self::Oneself => (
                "it is the person's own name",
                "Correct it in the directory if somebody else is meant.",
            ),
            Self::Unanswered => (
                "the directory gave no answer when asked for that name",
                "Sync again.",
            ),
            Self::Unasked => (
                "nobody of that name was read, and too many names are so that all could be asked for",
                "Mend what the other warnings of this kind name, then sync again.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_is_one_warning_with_its_count_and_examples() {
        let mut unresolved = Unresolved::default();
        for slot in 0..5 {
            unresolved.add(Cause::Absent, Slot(slot));
        }
        unresolved.add(Cause::Oneself, Slot(9));
        assert_eq!(unresolved.examples().count(), EXAMPLES + 1);
        let named = Named::from([
            (Slot(0), ("uid=a".to_owned(), Some("uid=gone".to_owned()))),
            (Slot(9), ("uid=b".to_owned(), None)),
        ]);
        let warnings = unresolved.warnings("manager", &named);
        assert_eq!(warnings.len(), 2);
        assert_eq!(warnings[0].code, "manager-unresolved");
        assert!(warnings[0].message.starts_with("of 5 people"));
        assert!(warnings[0].message.contains("\"uid=a\" names \"uid=gone\""));
        assert!(warnings[1].message.starts_with("of 1 person "));
        assert!(Unresolved::default().warnings("manager", &named).is_empty());
    }

    #[test]
    fn a_cycle_names_its_people_and_no_cycle_is_no_warning() {
        let named = Named::from([(Slot(1), ("uid=a".to_owned(), None))]);
        assert_eq!(returning(&Cycles::default(), "manager", &named), None);
        let cycles = Cycles {
            people: 2,
            count: 1,
            examples: vec![vec![1, 2]],
        };
        let message = returning(&cycles, "manager", &named).map(|problem| problem.message);
        let message = message.unwrap_or_default();
        assert!(message.contains("\"uid=a\" reports to ?"), "{message}");
    }
}
