//! Recording a plan: rows, rejections, absences.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::sync::LazyLock;

use serde::Serialize;
use sqlx::{Row as _, Sqlite, Transaction};

use super::adopt::or_taken;
use super::open::{PlanLimits, Store, signed};
use super::runs::{row_id, standing, wrong_status};
use super::seen::{self, Planning, Seen};
use crate::contract::plan::{Absence, Rejection, Row};
use crate::ports::TenantId;
use crate::ports::plan::{RunId, RunStatus};
use crate::store::error::{StoreError, StoreResult};
use crate::store::refused::{self, MAX_ROWS};
use crate::store::row::{Encoded, encode, is_code, new_unsynced, weigh};
use crate::store::values::json;

/// Rows a statement: most go by the large one, the rest by the others.
const CHUNKS: [usize; 3] = [250, 25, 1];
const COLUMNS: usize = 18;
/// Rejections and absences a statement.
const LIST: usize = 500;

static INSERTS: LazyLock<[String; 3]> = LazyLock::new(|| CHUNKS.map(insert_of));

#[derive(Serialize)]
struct Rejected<'r> {
    row: i64,
    id: &'r str,
    code: &'r str,
    problem: String,
    other: Option<String>,
}

impl Store {
    pub(super) async fn record_rows(
        &self,
        tenant: &TenantId,
        run: RunId,
        rows: Vec<Row>,
    ) -> StoreResult<()> {
        if rows.len() > MAX_ROWS {
            return Err(refused::too_many("rows", rows.len()));
        }
        let tenant = self.tenant(tenant).await?;
        let schema = self.schema(tenant).await?;
        let rows = rows
            .into_iter()
            .map(|row| encode(row, &schema))
            .collect::<Result<Vec<_>, _>>()?;
        let mut seen = self.planning().await;
        let mut tx = self.write().await?;
        let limits = self.plan_limits();
        let added = insert_rows(&mut tx, &mut seen, tenant, run, rows, limits).await;
        // What was noted of rows that are not stored is read again from those that are.
        let stored = match added {
            Ok(()) => tx.commit().await.map_err(StoreError::from),
            Err(error) => Err(error),
        };
        if stored.is_err() {
            seen.forget(run);
        }
        stored
    }

    pub(super) async fn reject_rows(
        &self,
        tenant: &TenantId,
        run: RunId,
        mut rejections: Vec<Rejection>,
    ) -> StoreResult<()> {
        if let Some(bad) = rejections.iter().find(|r| !is_code(&r.problem.code)) {
            return Err(refused::no_code(&bad.problem.code));
        }
        let tenant = self.tenant(tenant).await?;
        let schema = self.schema(tenant).await?;
        let mut seen = self.planning().await;
        let mut tx = self.write().await?;
        let sequence = planning(&mut tx, tenant, run).await?;
        let known = seen::of(&mut seen, &mut tx, tenant, run, sequence).await?;
        if known.linked() {
            return Err(refused::rejected_late());
        }
        for list in rejections.chunks_mut(LIST) {
            name_others(&mut tx, known, run, list).await?;
        }
        let weighed = rejections.iter().map(weigh).sum::<Result<usize, _>>()?;
        known.admit(0, weighed, self.plan_limits())?;
        let mut unknown = Vec::new();
        for list in rejections.chunks(LIST) {
            let changed = turn_unsynced(&mut tx, known, run, list).await?;
            unknown.extend(
                list.iter()
                    .filter(|r| !changed.contains(r.external_id.as_str())),
            );
        }
        let dns = known_dns(&mut tx, tenant, &unknown).await?;
        let rows = unknown
            .into_iter()
            .map(|rejection| {
                let dn = dns.get(&rejection.external_id);
                encode(
                    new_unsynced(rejection, dn.map_or("", String::as_str)),
                    &schema,
                )
            })
            .collect::<Result<Vec<_>, _>>()?;
        let limits = self.plan_limits();
        let added = insert_rows(&mut tx, &mut seen, tenant, run, rows, limits).await;
        let stored = match added {
            Ok(()) => tx.commit().await.map_err(StoreError::from),
            Err(error) => Err(error),
        };
        if stored.is_err() {
            seen.forget(run);
        }
        stored
    }

    pub(super) async fn note_absences(
        &self,
        tenant: &TenantId,
        run: RunId,
        absences: &[Absence],
    ) -> StoreResult<()> {
        let tenant = self.tenant(tenant).await?;
        let mut seen = self.planning().await;
        let mut tx = self.write().await?;
        let sequence = planning(&mut tx, tenant, run).await?;
        let bytes = absences.iter().map(|a| a.external_id.len()).sum();
        seen::of(&mut seen, &mut tx, tenant, run, sequence)
            .await?
            .admit(absences.len(), bytes, self.plan_limits())?;
        for list in absences.chunks(LIST) {
            let list: Vec<_> = list
                .iter()
                .map(|a| (&a.external_id, i64::from(a.review)))
                .collect();
            sqlx::query(
                "INSERT INTO plan_absence (run, external_id, review)
                 SELECT ?1, value ->> 0, value ->> 1 FROM json_each(?2) WHERE true
                 ON CONFLICT DO UPDATE SET review = excluded.review",
            )
            .bind(run.0)
            .bind(json(&list))
            .execute(&mut *tx)
            .await?;
        }
        Ok(tx.commit().await?)
    }
}

pub(super) async fn planning(
    tx: &mut Transaction<'_, Sqlite>,
    tenant: i64,
    run: RunId,
) -> StoreResult<i64> {
    let now = standing(tx, tenant, run).await?;
    if now.status == RunStatus::Planning {
        Ok(now.sequence)
    } else {
        Err(wrong_status(run, now.status, "being planned"))
    }
}

pub(super) async fn insert_rows(
    tx: &mut Transaction<'_, Sqlite>,
    seen: &mut Planning,
    tenant: i64,
    run: RunId,
    rows: Vec<Encoded>,
    limits: PlanLimits,
) -> StoreResult<()> {
    let before = planning(tx, tenant, run).await?;
    let seen = seen::of(seen, tx, tenant, run, before).await?;
    let people = rows.iter().map(|row| row.external_id.as_str());
    if seen::has_any(seen, tx, run, people).await? {
        return Err(refused::duplicate_row());
    }
    let bytes = rows.iter().map(Encoded::bytes).sum();
    seen.admit(rows.len(), bytes, limits)?;
    let after = before + signed(rows.len() as u64);
    let mut sequence = before;
    let mut rows = rows.into_iter();
    for (size, statement) in CHUNKS.iter().zip(INSERTS.iter()) {
        while rows.len() >= *size {
            let mut query = sqlx::query(statement.as_str());
            for row in rows.by_ref().take(*size) {
                sequence += 1;
                if !row.external_id.is_empty() {
                    seen.insert(&row.external_id, sequence);
                }
                query = query
                    .bind(row_id(run, sequence))
                    .bind(run.0)
                    .bind(row.kind)
                    .bind(row.external_id)
                    .bind(row.dn)
                    .bind(row.display)
                    .bind(row.reason)
                    .bind(row.source_hash)
                    .bind(row.before)
                    .bind(row.after)
                    .bind(row.pseudo)
                    .bind(row.role)
                    .bind(row.claims)
                    .bind(row.claimed)
                    .bind(row.flags)
                    .bind(row.problem)
                    .bind(row.other)
                    .bind(row.adopts);
            }
            query.execute(&mut **tx).await.map_err(or_taken)?;
        }
    }
    sqlx::query("UPDATE run SET sequence = ?2 WHERE id = ?1")
        .bind(run.0)
        .bind(after)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Writes in the names of other parties that have a row: the plugin need not remember them.
async fn name_others(
    tx: &mut Transaction<'_, Sqlite>,
    seen: &Seen,
    run: RunId,
    rejections: &mut [Rejection],
) -> StoreResult<()> {
    let mut nameless: Vec<_> = rejections
        .iter_mut()
        .filter_map(|rejection| rejection.other.as_mut())
        .filter(|other| other.dn.is_empty() && !other.external_id.is_empty())
        .collect();
    let rows: Vec<i64> = nameless
        .iter()
        .filter_map(|other| seen.candidate(&other.external_id))
        .map(|sequence| row_id(run, i64::from(sequence)))
        .collect();
    let names: HashMap<String, String> = sqlx::query(
        "SELECT external_id, dn FROM json_each(?1) j CROSS JOIN plan_row ON plan_row.id = j.value",
    )
    .bind(json(&rows))
    .fetch_all(&mut **tx)
    .await?
    .iter()
    .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
    .collect::<StoreResult<_>>()?;
    for other in &mut nameless {
        if let Some(name) = names.get(&other.external_id) {
            other.dn.clone_from(name);
        }
    }
    Ok(())
}

/// The rows of these people become unsynced; says whose rows those were.
async fn turn_unsynced(
    tx: &mut Transaction<'_, Sqlite>,
    seen: &Seen,
    run: RunId,
    rejections: &[Rejection],
) -> StoreResult<HashSet<String>> {
    let list: Vec<_> = rejections
        .iter()
        .filter_map(|rejection| Some((rejection, seen.candidate(&rejection.external_id)?)))
        .map(|(rejection, sequence)| Rejected {
            row: row_id(run, i64::from(sequence)),
            id: &rejection.external_id,
            code: &rejection.problem.code,
            problem: json(&rejection.problem),
            other: rejection.other.as_ref().map(json),
        })
        .collect();
    let changed: Vec<String> = sqlx::query_scalar(
        "UPDATE plan_row SET kind = 4, reason = j.value ->> 'code', problem = j.value ->> 'problem',
            other = j.value ->> 'other', before = NULL, role = NULL, claims = NULL, claimed = 0, flags = 0,
            pseudo = iif(adopts IS NULL, pseudo, NULL), adopts = NULL
         FROM json_each(?1) j
         WHERE plan_row.id = j.value ->> 'row' AND plan_row.external_id = j.value ->> 'id'
         RETURNING external_id",
    )
    .bind(json(&list))
    .fetch_all(&mut **tx)
    .await?;
    Ok(changed.into_iter().collect())
}

/// The DNs that the portal knows of these people.
async fn known_dns(
    tx: &mut Transaction<'_, Sqlite>,
    tenant: i64,
    rejections: &[&Rejection],
) -> StoreResult<HashMap<String, String>> {
    if rejections.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<_> = rejections
        .iter()
        .map(|rejection| &rejection.external_id)
        .collect();
    sqlx::query(
        "SELECT p.key, v.dn FROM json_each(?2) j
         CROSS JOIN person p ON p.tenant = ?1 AND p.origin = 1 AND p.key = j.value
         CROSS JOIN person_values v ON v.id = p.id",
    )
    .bind(tenant)
    .bind(json(&ids))
    .fetch_all(&mut **tx)
    .await?
    .iter()
    .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
    .collect()
}

fn insert_of(rows: usize) -> String {
    let mut statement = String::from(
        "INSERT INTO plan_row (id, run, kind, external_id, dn, display, reason, source_hash, before,
            after, pseudo, role, claims, claimed, flags, problem, other, adopts) VALUES ",
    );
    for row in 0..rows {
        let marks = vec!["?"; COLUMNS].join(",");
        // Writing into a text cannot fail.
        let _ = write!(statement, "{}({marks})", if row == 0 { "" } else { "," });
    }
    statement
}
