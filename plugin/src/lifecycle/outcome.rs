//! What a sync would do with one person, given what the portal has.

use crate::ports::Host;
use crate::ports::portal::{Person, Status};

use super::view::Reading;

/// What would become of a person, as a stable word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Create,
    Adopt,
    Update,
    Unchanged,
    Deactivate,
    Reactivate,
    DisabledSkipped,
    Unsynced,
}

impl Fate {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Create => "would-create",
            Self::Adopt => "would-adopt",
            Self::Update => "would-update",
            Self::Unchanged => "unchanged",
            Self::Deactivate => "would-deactivate",
            Self::Reactivate => "would-reactivate",
            Self::DisabledSkipped => "disabled-skipped",
            Self::Unsynced => "unsynced",
        }
    }
}

/// The person with this reading's id in the portal.
pub(crate) fn in_portal(host: &impl Host, reading: &Reading) -> Option<Person> {
    let id = reading.id.as_ref().ok()?;
    host.portal()
        .people(std::slice::from_ref(id))
        .into_iter()
        .next()
}

/// What a sync would do; `clash` says that somebody else has one of the person's unique values.
pub(crate) fn fate(reading: &Reading, person: Option<&Person>, clash: bool) -> Fate {
    if reading.id.is_err() {
        return Fate::Unsynced;
    }
    // Who is disabled leaves, or does not come, whatever the values are.
    if reading.disabled {
        match person {
            None => return Fate::DisabledSkipped,
            Some(person) if person.status == Status::Active => return Fate::Deactivate,
            Some(_) if !reading.problems(true).is_empty() => return Fate::Unchanged,
            Some(_) => {}
        }
    }
    if clash || !reading.problems(person.is_some()).is_empty() {
        return Fate::Unsynced;
    }
    match person {
        None => Fate::Create,
        Some(person)
            if !reading.disabled
                && person.status == Status::Inactive
                && person.deactivated_by_sync =>
        {
            Fate::Reactivate
        }
        Some(person) if changes(reading, person).is_empty() => Fate::Unchanged,
        Some(_) => Fate::Update,
    }
}

/// The same for somebody who is new, and takes this person over.
pub(crate) fn fate_taking_over(reading: &Reading, person: &Person, clash: bool) -> Fate {
    match fate(reading, Some(person), clash) {
        Fate::Unsynced => Fate::Unsynced,
        _ => Fate::Adopt,
    }
}

/// The fields that would change: the id, before and after. A field without a rule is the portal's own.
pub(crate) fn changes(
    reading: &Reading,
    person: &Person,
) -> Vec<(String, Option<String>, Option<String>)> {
    let mut changes = Vec::new();
    for mapped in &reading.fields {
        let cleared = reading.cleared.contains(&mapped.field);
        if mapped.value.is_none() && !cleared {
            continue;
        }
        let before = if mapped.field == "role" {
            Some(person.role.clone())
        } else {
            person
                .values
                .iter()
                .find(|(id, _)| *id == mapped.field)
                .map(|(_, value)| value.clone())
        };
        if before != mapped.value {
            changes.push((mapped.field.clone(), before, mapped.value.clone()));
        }
    }
    if person.dn != reading.dn {
        changes.push((
            "dn".into(),
            Some(person.dn.clone()),
            Some(reading.dn.clone()),
        ));
    }
    changes
}
