//! Reads whose rows a run has, where this process has not recorded them.

use futures_util::TryStreamExt;
use sqlx::{Postgres, Row, Transaction};

use super::text::{given, keep};
use crate::ports::plan::RunId;
use crate::store::error::StoreResult;
use crate::store::seen::{Planning, Seen};
use crate::store::standing::{row_id, sequence_of, unknown_run, unsigned};

/// What a run has; read from its rows where this process has not recorded them.
pub(super) async fn of<'s>(
    planning: &'s mut Planning,
    tx: &mut Transaction<'_, Postgres>,
    tenant: i64,
    run: RunId,
    sequence: i64,
) -> StoreResult<&'s mut Seen> {
    if planning.known(run).is_none() {
        let seen = read(tx, tenant, run, sequence).await?;
        return Ok(planning.remember(run, seen));
    }
    planning.known(run).ok_or_else(|| unknown_run(run))
}

async fn read(
    tx: &mut Transaction<'_, Postgres>,
    tenant: i64,
    run: RunId,
    sequence: i64,
) -> StoreResult<Seen> {
    let mut seen = Seen::new(tenant);
    let mut rows = sqlx::query(
        "SELECT id, external_id, (octet_length(external_id) + octet_length(dn) + octet_length(display)
            + octet_length(after) + coalesce(octet_length(before), 0)
            + coalesce(octet_length(pseudo), 0) + coalesce(octet_length(claims), 0)
            + coalesce(octet_length(problem), 0) + coalesce(octet_length(other), 0))::bigint
         FROM plan_row WHERE id > $1 AND id <= $2",
    )
    .bind(row_id(run, 0))
    .bind(row_id(run, sequence))
    .fetch(&mut **tx);
    while let Some(row) = rows.try_next().await? {
        let external_id = given(row.try_get(1)?);
        if !external_id.is_empty() {
            seen.insert(&external_id, sequence_of(row.try_get(0)?));
        }
        seen.note_held(1, unsigned(row.try_get(2)?));
    }
    drop(rows);
    let absences = sqlx::query(
        "SELECT count(*), coalesce(sum(octet_length(external_id)), 0)::bigint
         FROM plan_absence WHERE run = $1",
    )
    .bind(run.0)
    .fetch_one(&mut **tx)
    .await?;
    seen.note_held(
        unsigned(absences.try_get(0)?),
        unsigned(absences.try_get(1)?),
    );
    Ok(seen)
}

/// Whether one of these people is among them twice, or has a row already.
pub(super) async fn has_any<'p>(
    seen: &Seen,
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
    people: impl Iterator<Item = &'p str>,
) -> StoreResult<bool> {
    let Some(candidates) = seen.candidates(people) else {
        return Ok(true);
    };
    if candidates.is_empty() {
        return Ok(false);
    }
    let (ids, people): (Vec<i64>, Vec<String>) = candidates
        .into_iter()
        .map(|(sequence, person)| (row_id(run, i64::from(sequence)), keep(person).into_owned()))
        .unzip();
    Ok(sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM unnest($1::bigint[], $2::text[]) j (id, person)
            JOIN plan_row r ON r.id = j.id AND r.external_id = j.person)",
    )
    .bind(ids)
    .bind(people)
    .fetch_one(&mut **tx)
    .await?)
}
