//! Why nobody, or somebody not, gets another id.

use crate::ports::directory::HostProblem;
use crate::problem::Problem;

use super::EXTERNAL_ID;

/// Why nobody may be left out of a reading that was not everything.
pub(in crate::sync) fn unproven(gaps: &[HostProblem]) -> HostProblem {
    let why = gaps
        .first()
        .map_or("it did not end well", |gap| &gap.message);
    Problem::new(
        "migration-unproven",
        format!("not everything was read, so nobody can be told to have an id alone: {why}"),
        "Mend that, then migrate again.",
    )
    .into()
}

/// Everybody has their ids.
pub(in crate::sync) fn needless(to: &str) -> HostProblem {
    Problem::new(
        "nothing-to-migrate",
        format!("nobody in the portal is known by another attribute than {to}"),
        "Set the id attribute to the new one first, then migrate.",
    )
    .of_field("id-attribute")
    .into()
}

/// Nobody could get another id.
pub(super) fn nobody(to: &str) -> Problem {
    Problem::new(
        "nobody-to-migrate",
        format!("no entry carries the id of somebody in the portal together with {to}"),
        "Check the name of the attribute, the rights of the bind account, base and filter. If the directory is another one, \
         set the id attribute back, and let new people take over by the setting adoption.",
    )
    .of_field("id-attribute")
}

/// New ids are old ones of others.
pub(super) fn overlap(entries: u64, to: &str) -> Problem {
    Problem::new(
        "ids-overlap",
        format!(
            "{entries} entries have as {to} what somebody else in the portal is known by, so nobody could tell later who is who"
        ),
        "Migrate to an attribute with other values first (entryUUID, or the directory type's own: leave the setting empty), and from that to \
         this one. If it is one person who was renamed meanwhile, name the entry as the portal has it until the migration is over.",
    )
    .of_field("id-attribute")
}

/// Too few have an entry to believe that this is what they are known by.
pub(super) fn unlikely(found: u64, strangers: u64, to: &str) -> Problem {
    Problem::new(
        "id-unproven",
        format!("{found} people of the portal have an entry by {to}, and {strangers} have none"),
        "Set the id attribute to the one that people were made with; check base, filter and the rights of the bind account. If the directory \
         is another one, let new people take over by the setting adoption.",
    )
    .of_field("id-attribute")
}

/// Two entries have the new id.
pub(super) fn shared(to: &str) -> Problem {
    Problem::new(
        "id-contested",
        format!("another entry has the same {to}, so it cannot be told whose id it is"),
        "Give each entry a value of its own, or leave one of them out by the filter, then migrate again.",
    )
    .of_field(EXTERNAL_ID)
}

/// Two entries have the old id.
pub(super) fn claimed(to: &str) -> Problem {
    Problem::new(
        "id-contested",
        format!("two entries carry the id that the person has until now, so it cannot be told whose {to} the person gets"),
        "Leave one of the entries out by the filter, then migrate again.",
    )
    .of_field(EXTERNAL_ID)
}

/// One entry has the old ids of several people.
pub(super) fn several(to: &str) -> Problem {
    Problem::new(
        "id-contested",
        format!("one entry carries the ids of several people of the portal, so it cannot be told whose {to} it has"),
        "Correct the entry, or remove one of the people in the portal, then migrate again.",
    )
    .of_field(EXTERNAL_ID)
}

/// The entry has no new id.
pub(super) fn missing(to: &str) -> Problem {
    Problem::new(
        "id-missing",
        format!("the person's entry has no single readable {to}"),
        "Give the entry one value, and let the bind account read it.",
    )
    .of_field(EXTERNAL_ID)
}

/// No entry has the old id.
pub(super) fn absent() -> Problem {
    Problem::new(
        "id-partnerless",
        "no entry carries the id that the person has until now",
        "Check base, filter and the rights of the bind account if the person should be there.",
    )
    .of_field(EXTERNAL_ID)
}
