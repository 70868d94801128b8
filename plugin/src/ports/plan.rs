//! The plan port (contract: `plan`).

use std::borrow::Cow;
use std::sync::Arc;

use super::directory::HostProblem;
use crate::problem::Problem;

/// What a row does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowKind {
    /// A new person.
    Create,
    /// Changed fields.
    Update,
    /// No longer active.
    Deactivate,
    /// Active again.
    Reactivate,
    /// Could not be brought over.
    Unsynced,
}

/// One field's change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<'a> {
    /// A portal field, `role`, `dn` or `external-id`; shared, because the same few names stand in every row.
    pub field: Arc<str>,
    /// Before.
    pub before: Option<Cow<'a, str>>,
    /// After.
    pub after: Option<Cow<'a, str>>,
}

/// The other person of a duplicate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Empty where no sync brought the person.
    pub external_id: String,
    /// DN, as far as known. The host writes in that of somebody with a row.
    pub dn: String,
    /// The portal's id, or empty.
    pub id: String,
}

/// One person's row. Texts are borrowed where they can be: a first sync makes as many rows as there are people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<'a> {
    /// What it does.
    pub kind: RowKind,
    /// The stable id.
    pub external_id: Cow<'a, str>,
    /// The DN.
    pub dn: Cow<'a, str>,
    /// A name to show.
    pub display: Cow<'a, str>,
    /// Why, as a code.
    pub reason: &'static str,
    /// What changes.
    pub changes: Vec<Change<'a>>,
    /// What the directory said, hashed.
    pub source_hash: [u8; 16],
    /// Why unsynced.
    pub problem: Option<Problem>,
    /// The other person.
    pub other: Option<Party>,
}

impl Row<'_> {
    /// The same, free of what it borrows from.
    #[must_use]
    pub fn into_owned(self) -> Row<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Row {
            kind: self.kind,
            external_id: owned(self.external_id),
            dn: owned(self.dn),
            display: owned(self.display),
            reason: self.reason,
            changes: self
                .changes
                .into_iter()
                .map(|change| Change {
                    field: change.field,
                    before: change.before.map(owned),
                    after: change.after.map(owned),
                })
                .collect(),
            source_hash: self.source_hash,
            problem: self.problem,
            other: self.other,
        }
    }
}

/// Turns a recorded row into an unsynced one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Whose row.
    pub external_id: String,
    /// Why.
    pub problem: Problem,
    /// The other person.
    pub other: Option<Party>,
}

/// A field that comes to hold another person (contract: `plan.link`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Whose field.
    pub external_id: String,
    /// The DN that the portal knows, for a row of its own.
    pub dn: String,
    /// A name to show, for a row of its own.
    pub display: String,
    /// A portal field of the kind `person`.
    pub field: String,
    /// Before.
    pub before: Option<String>,
    /// After: an external id.
    pub after: Option<String>,
    /// What the directory said, hashed.
    pub source_hash: [u8; 16],
}

/// One search of an enumeration (contract: `plan.searched`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Searched {
    /// The base DN.
    pub base: String,
    /// Pages read.
    pub pages: u32,
    /// Entries read.
    pub entries: u64,
}

/// What a proof is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Everybody was asked for.
    Enumeration,
    /// Those who may have changed were asked for by id.
    Changes,
}

/// The completeness proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// What it is about.
    pub basis: Basis,
    /// Everything was seen.
    pub complete: bool,
    /// Why not.
    pub gaps: Vec<HostProblem>,
    /// Pages read.
    pub pages: u32,
    /// Entries read.
    pub entries: u64,
    /// References not followed.
    pub referrals: u32,
    /// Who answered.
    pub server: String,
    /// The searches that make the enumeration, one for each base.
    pub searches: Vec<Searched>,
    /// The configuration's digest.
    pub configuration: String,
}

/// A guard's verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    /// `deactivate`, `blank`, `role`, `reactivate`, `licence`, `adopt`, `migrate-ids`.
    pub name: String,
    /// It stops the plan.
    pub tripped: bool,
    /// What it counted.
    pub count: u64,
    /// What it allows.
    pub limit: u64,
    /// For people.
    pub message: String,
}

/// How a plan ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Entries that matched.
    pub seen: u64,
    /// People without a row.
    pub unchanged: u64,
    /// Other counts by name.
    pub counts: Vec<(String, u64)>,
    /// Guards.
    pub guards: Vec<Guard>,
    /// Warnings.
    pub warnings: Vec<HostProblem>,
}

/// A leaver who is not deactivated now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absence {
    /// Who.
    pub external_id: String,
    /// Shown for review.
    pub review: bool,
}

/// An unsynced person of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsyncedRow {
    /// Position in the run.
    pub sequence: u64,
    /// The stable id, or empty.
    pub external_id: String,
    /// The DN.
    pub dn: String,
    /// Field id and value as read.
    pub values: Vec<(String, String)>,
    /// Why.
    pub problem: HostProblem,
    /// The other person of a duplicate.
    pub other: Option<Party>,
}

/// Takes the plan.
pub trait Plan {
    /// Records rows.
    fn record(&self, rows: &[Row<'_>]) -> Result<(), HostProblem>;
    /// Rejects rows.
    fn reject(&self, rejections: Vec<Rejection>) -> Result<(), HostProblem>;
    /// Adds fields that hold other people to the rows of this plan, at most 1,000 a call.
    fn link(&self, links: &[Link]) -> Result<(), HostProblem>;
    /// Notes absences.
    fn note_absent(&self, absences: Vec<Absence>) -> Result<(), HostProblem>;
    /// Ends the plan; gives its digest.
    fn finish(
        &self,
        summary: &Summary,
        proof: &Proof,
        checkpoint: &[u8],
    ) -> Result<String, HostProblem>;
    /// The unsynced of the run being exported.
    fn unsynced(&self, after: u64, limit: u32) -> Vec<UnsyncedRow>;
}
