//! Somebody who may need a row, and the draft of it.

use std::borrow::Cow;

use crate::entry::Entry;
use crate::field::Field;
use crate::mapping::Mapped;
use crate::ports::plan::{Party, Row, RowKind};
use crate::ports::portal::Person;
use crate::problem::Problem;
use crate::roles::Judged;

use super::compare::{self, Move, Names, Turn};
use super::hash::SourceHash;
use super::known::Slot;
use super::people::{Facts, NO_SLOT};
use super::recipe::{self, Recipe};
use super::role::Given;
use super::size;

/// An entry that is new or not as the portal last had it. Borrows from its page.
#[derive(Debug)]
pub(super) struct Candidate<'p> {
    pub(super) slot: Slot,
    pub(super) source: SourceHash,
    pub(super) external_id: Cow<'p, str>,
    pub(super) dn: Cow<'p, str>,
    pub(super) disabled: bool,
    /// The portal has the person.
    pub(super) known: bool,
    /// Whose entry it is, or whether it is disabled, could not be told.
    pub(super) problem: Option<Problem>,
    /// What the rules for roles say.
    pub(super) judged: Judged,
    pub(super) values: Vec<Mapped<'p>>,
    pub(super) recipe: &'p Recipe,
    pub(super) entry: Entry<'p>,
}

/// What a candidate asks for, before others are considered.
#[derive(Debug)]
pub(super) struct Draft<'c> {
    pub(super) slot: Slot,
    pub(super) row: Row<'c>,
    pub(super) facts: Facts,
    /// Unique values that it takes and leaves.
    pub(super) moves: Vec<Move<'c>>,
}

impl<'p> Candidate<'p> {
    /// Reads an entry's values; whose it is stands beside.
    pub(super) fn read(recipe: &'p Recipe, entry: &Entry<'p>) -> Self {
        Self {
            slot: NO_SLOT,
            source: SourceHash::default(),
            external_id: Cow::Borrowed(""),
            dn: recipe::name(entry),
            disabled: false,
            known: false,
            problem: None,
            judged: Judged::Unruled,
            values: recipe.evaluate(entry),
            recipe,
            entry: *entry,
        }
    }

    /// What becomes of the person; `None` where nothing does. `person` is who the portal has.
    pub(super) fn draft<'c>(
        &'c self,
        names: &Names,
        role: Given<'c>,
        person: Option<&'c Person>,
    ) -> Option<Draft<'c>> {
        if let Some(problem) = &self.problem {
            return Some(self.refused(names, problem.clone()));
        }
        match person {
            Some(person) => self.draft_known(names, role.known, person),
            None => (!self.disabled).then(|| self.draft_new(names, role.new)),
        }
    }

    /// The draft, if a host takes its row; else one that says why not. Who is disabled loses access all the same.
    pub(super) fn within_limits<'c>(&'c self, names: &Names, mut draft: Draft<'c>) -> Draft<'c> {
        match (size::trouble(&draft.row), draft.facts.kind) {
            (None, _) => draft,
            (Some(_), RowKind::Deactivate) => {
                draft.row.changes.clear();
                draft.moves.clear();
                size::cut(&mut draft.row);
                draft
            }
            (Some(problem), _) => self.refused(names, problem),
        }
    }

    /// The row of somebody who can't be brought over.
    pub(super) fn unsynced(
        &self,
        names: &Names,
        problem: Problem,
        other: Option<Party>,
    ) -> Row<'_> {
        let row = self.row(names, RowKind::Unsynced, problem.code);
        let changes = names.read(self.recipe.mapping(), &self.values, &self.entry);
        Row {
            changes,
            problem: Some(problem),
            other,
            ..row
        }
    }

    fn draft_new<'c>(&'c self, names: &Names, role: &'c str) -> Draft<'c> {
        let mapping = self.recipe.mapping();
        let problem = compare::failure(&self.values)
            .or_else(|| compare::first(mapping.missing(&self.values)));
        if let Some(problem) = problem {
            return self.refused(names, problem);
        }
        let row = Row {
            changes: names.all(&self.values, role),
            ..self.row(names, RowKind::Create, "new")
        };
        let moves = compare::claims(mapping, &self.values);
        Draft {
            slot: self.slot,
            row,
            facts: Facts::of(RowKind::Create),
            moves,
        }
    }

    fn draft_known<'c>(
        &'c self,
        names: &Names,
        role: Option<&'c str>,
        person: &'c Person,
    ) -> Option<Draft<'c>> {
        let turn = compare::turn(self.disabled, person);
        if let Some(problem) = compare::failure(&self.values) {
            // Whoever is disabled loses access whatever else is wrong with the entry.
            return match turn {
                Some(Turn {
                    kind: RowKind::Deactivate,
                    reason,
                }) => Some(Draft {
                    slot: self.slot,
                    row: self.row(names, RowKind::Deactivate, reason),
                    facts: Facts::of(RowKind::Deactivate),
                    moves: Vec::new(),
                }),
                _ if self.disabled => None,
                _ => Some(self.refused(names, problem)),
            };
        }
        let mut difference =
            names.difference(self.recipe.mapping(), &self.values, &self.dn, person);
        if let Some(role) = role {
            names.role_becomes(&mut difference, role, person);
        }
        let turn = turn.or_else(|| {
            let reason = if difference.renamed {
                "renamed"
            } else {
                "changed"
            };
            let changed = !difference.changes.is_empty();
            changed.then_some(Turn {
                kind: RowKind::Update,
                reason,
            })
        })?;
        let row = Row {
            changes: difference.changes,
            ..self.row(names, turn.kind, turn.reason)
        };
        let facts = Facts {
            kind: turn.kind,
            blanks: difference.blanks,
            role: difference.role,
        };
        Some(Draft {
            slot: self.slot,
            row,
            facts,
            moves: difference.moves,
        })
    }

    pub(super) fn refused(&self, names: &Names, problem: Problem) -> Draft<'_> {
        let mut row = self.unsynced(names, problem, None);
        size::cut(&mut row);
        Draft {
            slot: self.slot,
            row,
            facts: Facts::of(RowKind::Unsynced),
            moves: Vec::new(),
        }
    }

    pub(super) fn row(&self, names: &Names, kind: RowKind, reason: &'static str) -> Row<'_> {
        Row {
            kind,
            external_id: Cow::Borrowed(&self.external_id),
            dn: Cow::Borrowed(&self.dn),
            display: Cow::Borrowed(names.display(&self.values)),
            reason,
            changes: Vec::new(),
            source_hash: self.source.bytes(),
            problem: None,
            other: None,
        }
    }
}

/// Leaves the unique fields out of a row that must go out whoever has their values.
pub(super) fn without_unique(row: &mut Row<'_>, fields: &[Field]) {
    row.changes.retain(|change| {
        !fields
            .iter()
            .any(|field| field.unique && *field.id == *change.field)
    });
}

impl Draft<'_> {
    /// Turns it into the row of somebody who can't be brought over, keeping the values.
    pub(super) fn refuse(&mut self, problem: Problem, other: Party) {
        self.row.kind = RowKind::Unsynced;
        self.row.reason = problem.code;
        self.row.problem = Some(problem);
        self.row.other = Some(other);
        for change in &mut self.row.changes {
            change.before = None;
        }
        self.row.changes.retain(|change| {
            change.after.is_some() && !matches!(&*change.field, "dn" | "external-id")
        });
        self.facts = Facts::of(RowKind::Unsynced);
        self.moves.clear();
    }
}
