//! The plan port over `plan`.

use super::bindings::marketplace::directory_sync::{plan, types};
use super::host::Imports;
use crate::ports::directory::HostProblem;
use crate::ports::plan::{
    Absence, Basis, Change, Link, Party, Plan, Proof, Rejection, Row, RowKind, Summary, UnsyncedRow,
};

impl Plan for Imports {
    fn record(&self, rows: &[Row<'_>]) -> Result<(), HostProblem> {
        let troubles: Vec<Option<types::Problem>> = rows
            .iter()
            .map(|row| row.problem.clone().map(Into::into))
            .collect();
        let others: Vec<Option<plan::Party>> = rows
            .iter()
            .map(|row| row.other.as_ref().map(Into::into))
            .collect();
        // One list for the changes of all rows: a list for each would cost an allocation a person.
        let changes: Vec<plan::Change<'_>> = rows
            .iter()
            .flat_map(|row| row.changes.iter().map(change))
            .collect();
        let mut rest = changes.as_slice();
        let rows: Vec<plan::Row<'_>> = rows
            .iter()
            .zip(troubles.iter().zip(&others))
            .map(|(row, (problem, other))| {
                let (own, others) = rest.split_at(row.changes.len());
                rest = others;
                plan::Row {
                    kind: kind(row.kind),
                    external_id: &row.external_id,
                    dn: &row.dn,
                    display: &row.display,
                    reason: row.reason,
                    changes: own,
                    source_hash: &row.source_hash,
                    problem: problem.as_ref(),
                    other: other.as_ref(),
                }
            })
            .collect();
        plan::record_rows(&rows).map_err(Into::into)
    }

    fn reject(&self, rejections: Vec<Rejection>) -> Result<(), HostProblem> {
        let parts: Vec<(types::Problem, Option<plan::Party>)> = rejections
            .iter()
            .map(|one| {
                (
                    one.problem.clone().into(),
                    one.other.as_ref().map(Into::into),
                )
            })
            .collect();
        let rejections: Vec<plan::Rejection<'_>> = rejections
            .iter()
            .zip(&parts)
            .map(|(one, (problem, other))| plan::Rejection {
                external_id: &one.external_id,
                problem,
                other: other.as_ref(),
            })
            .collect();
        plan::reject(&rejections).map_err(Into::into)
    }

    fn link(&self, links: &[Link]) -> Result<(), HostProblem> {
        let links: Vec<plan::Link<'_>> = links
            .iter()
            .map(|one| plan::Link {
                external_id: &one.external_id,
                dn: &one.dn,
                display: &one.display,
                change: plan::Change {
                    field: &one.field,
                    before: one.before.as_deref(),
                    after: one.after.as_deref(),
                },
                source_hash: &one.source_hash,
            })
            .collect();
        plan::record_links(&links).map_err(Into::into)
    }

    fn note_absent(&self, absences: Vec<Absence>) -> Result<(), HostProblem> {
        let absences: Vec<plan::Absence<'_>> = absences
            .iter()
            .map(|one| plan::Absence {
                external_id: &one.external_id,
                review: one.review,
            })
            .collect();
        plan::note_absent(&absences).map_err(Into::into)
    }

    fn finish(
        &self,
        summary: &Summary,
        proof: &Proof,
        checkpoint: &[u8],
    ) -> Result<String, HostProblem> {
        let gaps: Vec<types::Problem> = proof.gaps.iter().cloned().map(Into::into).collect();
        let searches: Vec<plan::Searched<'_>> = proof
            .searches
            .iter()
            .map(|one| plan::Searched {
                base: &one.base,
                pages: one.pages,
                entries: one.entries,
            })
            .collect();
        plan::finish(
            &summary.into(),
            plan::Proof {
                basis: match proof.basis {
                    Basis::Enumeration => plan::Basis::Enumeration,
                    Basis::Changes => plan::Basis::Changes,
                },
                complete: proof.complete,
                gaps: &gaps.iter().collect::<Vec<_>>(),
                pages: proof.pages,
                entries: proof.entries,
                referrals: proof.referrals,
                server: &proof.server,
                searches: &searches,
                configuration: &proof.configuration,
            },
            checkpoint,
        )
        .map_err(Into::into)
    }

    fn unsynced(&self, after: u64, limit: u32) -> Vec<UnsyncedRow> {
        plan::unsynced_rows(after, limit)
            .into_iter()
            .map(|row| UnsyncedRow {
                sequence: row.sequence,
                external_id: row.external_id,
                dn: row.dn,
                values: row.values.into_iter().map(|v| (v.field, v.value)).collect(),
                problem: row.problem.into(),
                other: row.other.map(Party::from),
            })
            .collect()
    }
}

fn change<'a>(change: &'a Change<'_>) -> plan::Change<'a> {
    plan::Change {
        field: &change.field,
        before: change.before.as_deref(),
        after: change.after.as_deref(),
    }
}

fn kind(kind: RowKind) -> plan::RowKind {
    match kind {
        RowKind::Create => plan::RowKind::Create,
        RowKind::Update => plan::RowKind::Update,
        RowKind::Deactivate => plan::RowKind::Deactivate,
        RowKind::Reactivate => plan::RowKind::Reactivate,
        RowKind::Unsynced => plan::RowKind::Unsynced,
    }
}
