//! Somebody who gets another id.

use std::borrow::Cow;
use std::sync::Arc;

use super::super::candidate::Candidate;
use super::super::compare::Names;
use super::super::hash::SourceHash;
use super::super::known::Slot;
use super::super::recipe::Recipe;
use super::super::role::RoleBook;
use crate::entry::Entry;
use crate::ports::plan::{Change, Party, Row, RowKind};
use crate::ports::portal::Person;
use crate::roles::Judged;

/// A person of the portal and the entry that says what the new id is.
pub(super) struct Pair<'p> {
    pub(super) old: (Slot, String),
    pub(super) place: Slot,
    pub(super) new: Cow<'p, str>,
    pub(super) source: SourceHash,
    pub(super) judged: Judged,
    pub(super) entry: Entry<'p>,
}

impl<'p> Pair<'p> {
    pub(super) fn row<'c>(
        &'c self,
        field: &Arc<str>,
        display: &'c str,
        person: &'c Person,
    ) -> Row<'c> {
        Row {
            kind: RowKind::Update,
            external_id: Cow::Borrowed(&self.new),
            dn: Cow::Borrowed(&person.dn),
            display: Cow::Borrowed(display),
            reason: "id-migrated",
            changes: vec![Change {
                field: Arc::clone(field),
                before: Some(Cow::Borrowed(&self.old.1)),
                after: Some(Cow::Borrowed(&self.new)),
            }],
            source_hash: [0; 16],
            problem: None,
            other: Some(Party {
                external_id: person.external_id.clone(),
                dn: person.dn.clone(),
                id: person.id.clone(),
            }),
        }
    }

    /// What the next sync holds the entry against: the entry as it is, where the portal is as it says, and else what
    /// the last sync saw, so that it is looked at.
    pub(super) fn source_hash(
        &self,
        recipe: &Recipe,
        names: &Names,
        person: &Person,
        roles: &RoleBook,
        default: &str,
    ) -> [u8; 16] {
        let candidate = Candidate {
            source: self.source,
            external_id: Cow::Borrowed(&self.new),
            disabled: recipe.disabled(&self.entry),
            known: true,
            problem: recipe.unreadable(&self.entry),
            ..Candidate::read(recipe, &self.entry)
        };
        let role = roles.given(self.judged, default);
        if candidate.draft(names, role, Some(person)).is_none() {
            return roles.hash(self.source, self.judged, &person.role).bytes();
        }
        let mut hash = [0; 16];
        for (to, from) in hash.iter_mut().zip(&person.source_hash) {
            *to = *from;
        }
        hash
    }
}
