//! Rows of a plan.

use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Problem;
use crate::contract::plan as contract;
use crate::ports::plan as port;

/// What happens to one person, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StoredRow {
    /// Ascending in its run, from 1.
    pub sequence: u64,
    /// `create`, `update`, `deactivate`, `reactivate` or `unsynced`.
    pub kind: &'static str,
    /// The person's stable id.
    pub external_id: String,
    /// The entry.
    pub dn: String,
    /// A name to show.
    pub display: String,
    /// Why.
    pub reason: String,
    /// Field by field.
    pub changes: Vec<Change>,
    /// Why the person is unsynced.
    pub problem: Option<Problem>,
    /// The other person of a duplicate; who is taken over.
    pub other: Option<Party>,
    /// `pending`, `applied`, `failed`, `discarded` or `reported`.
    pub outcome: String,
    /// Why it failed to apply.
    pub outcome_problem: Option<Problem>,
    /// Who has the value that it failed over.
    pub outcome_other: Option<Party>,
}

/// A field's change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Change {
    /// Which.
    pub field: String,
    /// Before.
    pub before: Option<String>,
    /// After.
    pub after: Option<String>,
}

/// Another person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Party {
    /// Empty where no sync brought the person.
    pub external_id: String,
    /// The entry, as far as known.
    pub dn: String,
    /// The portal's id, where the portal has the person.
    pub id: String,
}

/// The contract's name of a row's kind.
pub(crate) fn kind(kind: contract::RowKind) -> &'static str {
    match kind {
        contract::RowKind::Create => "create",
        contract::RowKind::Update => "update",
        contract::RowKind::Deactivate => "deactivate",
        contract::RowKind::Reactivate => "reactivate",
        contract::RowKind::Unsynced => "unsynced",
    }
}

impl From<&port::StoredRow> for StoredRow {
    fn from(stored: &port::StoredRow) -> Self {
        let row = &stored.row;
        let change = |one: &contract::Change| Change {
            field: one.field.clone(),
            before: one.before.clone(),
            after: one.after.clone(),
        };
        Self {
            sequence: stored.sequence,
            kind: kind(row.kind),
            external_id: row.external_id.clone(),
            dn: row.dn.clone(),
            display: row.display.clone(),
            reason: row.reason.clone(),
            changes: row.changes.iter().map(change).collect(),
            problem: row.problem.as_ref().map(Problem::from),
            other: row.other.as_ref().map(Party::from),
            outcome: stored.outcome.clone(),
            outcome_problem: stored.outcome_problem.as_ref().map(Problem::from),
            outcome_other: stored.outcome_other.as_ref().map(Party::from),
        }
    }
}

impl From<&contract::Party> for Party {
    fn from(party: &contract::Party) -> Self {
        Self {
            external_id: party.external_id.clone(),
            dn: party.dn.clone(),
            id: party.id.clone(),
        }
    }
}
