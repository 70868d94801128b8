//! Recording a plan: rows, rejections, absences.

use std::collections::{HashMap, HashSet};

use sqlx::{Postgres, Row as _, Transaction};

use super::adopt::or_taken;
use super::open::PostgresStore;
use super::portal::all_kept;
use super::runs::standing;
use super::seen;
use super::text::{given, keep, kept, kept_json};
use crate::contract::plan::{Absence, Rejection, Row};
use crate::ports::TenantId;
use crate::ports::plan::{RunId, RunStatus};
use crate::store::error::{StoreError, StoreResult};
use crate::store::refused::{self, MAX_ROWS};
use crate::store::row::{Encoded, encode, is_code, new_unsynced, weigh};
use crate::store::seen::{PlanLimits, Planning, Seen};
use crate::store::standing::{row_id, signed, wrong_status};
use crate::store::values::json;

impl PostgresStore {
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
        let mut seen = self.planning(tenant).await;
        let mut tx = self.write(tenant).await?;
        let added = insert_rows(&mut tx, &mut seen, tenant, run, rows, self.plan_limits()).await;
        commit(tx, &mut seen, run, added).await
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
        let mut seen = self.planning(tenant).await;
        let mut tx = self.write(tenant).await?;
        let sequence = planning(&mut tx, tenant, run).await?;
        let known = seen::of(&mut seen, &mut tx, tenant, run, sequence).await?;
        if known.linked() {
            return Err(refused::rejected_late());
        }
        for list in rejections.chunks_mut(MAX_ROWS) {
            name_others(&mut tx, known, run, list).await?;
        }
        let weighed = rejections.iter().map(weigh).sum::<Result<usize, _>>()?;
        known.admit(0, weighed, self.plan_limits())?;
        let mut unknown = Vec::new();
        for list in rejections.chunks(MAX_ROWS) {
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
        let added = insert_rows(&mut tx, &mut seen, tenant, run, rows, self.plan_limits()).await;
        commit(tx, &mut seen, run, added).await
    }

    pub(super) async fn note_absences(
        &self,
        tenant: &TenantId,
        run: RunId,
        absences: &[Absence],
    ) -> StoreResult<()> {
        let tenant = self.tenant(tenant).await?;
        let mut seen = self.planning(tenant).await;
        let mut tx = self.write(tenant).await?;
        let sequence = planning(&mut tx, tenant, run).await?;
        let bytes = absences.iter().map(|a| a.external_id.len()).sum();
        seen::of(&mut seen, &mut tx, tenant, run, sequence)
            .await?
            .admit(absences.len(), bytes, self.plan_limits())?;
        for list in absences.chunks(MAX_ROWS) {
            // Of two notes on one person the last holds; one statement cannot change a row twice.
            let last: HashMap<&str, i64> = list
                .iter()
                .map(|a| (a.external_id.as_str(), i64::from(a.review)))
                .collect();
            let (people, reviews): (Vec<String>, Vec<i64>) = last
                .into_iter()
                .map(|(person, review)| (keep(person).into_owned(), review))
                .unzip();
            sqlx::query(
                "INSERT INTO plan_absence (run, external_id, review)
                 SELECT $1, * FROM unnest($2::text[], $3::bigint[])
                 ON CONFLICT (run, external_id) DO UPDATE SET review = excluded.review",
            )
            .bind(run.0)
            .bind(people)
            .bind(reviews)
            .execute(&mut *tx)
            .await?;
        }
        Ok(tx.commit().await?)
    }
}

/// Commits what was recorded. What was noted of rows that are not stored is read again from those that are.
pub(super) async fn commit(
    tx: Transaction<'_, Postgres>,
    seen: &mut Planning,
    run: RunId,
    added: StoreResult<()>,
) -> StoreResult<()> {
    let stored = match added {
        Ok(()) => tx.commit().await.map_err(StoreError::from),
        Err(error) => Err(error),
    };
    if stored.is_err() {
        seen.forget(run);
    }
    stored
}

pub(super) async fn planning(
    tx: &mut Transaction<'_, Postgres>,
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

/// Rows by column, as one statement takes them.
#[derive(Default)]
struct Columns {
    ids: Vec<i64>,
    kinds: Vec<i64>,
    external_ids: Vec<String>,
    dns: Vec<String>,
    displays: Vec<String>,
    reasons: Vec<String>,
    hashes: Vec<Option<Vec<u8>>>,
    befores: Vec<Option<String>>,
    afters: Vec<String>,
    pseudos: Vec<Option<String>>,
    roles: Vec<Option<String>>,
    claims: Vec<Option<String>>,
    claimed: Vec<i64>,
    flags: Vec<i64>,
    problems: Vec<Option<String>>,
    others: Vec<Option<String>>,
    adopts: Vec<Option<i64>>,
}

impl Columns {
    fn push(&mut self, id: i64, row: Encoded) {
        self.ids.push(id);
        self.kinds.push(row.kind);
        self.external_ids.push(kept(row.external_id));
        self.dns.push(kept(row.dn));
        self.displays.push(kept(row.display));
        self.reasons.push(row.reason);
        self.hashes.push(row.source_hash);
        self.befores.push(row.before.map(kept_json));
        self.afters.push(kept_json(row.after));
        self.pseudos.push(row.pseudo.map(kept_json));
        self.roles.push(row.role.map(kept));
        self.claims.push(row.claims.map(kept_json));
        self.claimed.push(row.claimed);
        self.flags.push(row.flags);
        self.problems.push(row.problem.map(kept_json));
        self.others.push(row.other.map(kept_json));
        self.adopts.push(row.adopts);
    }
}

pub(super) async fn insert_rows(
    tx: &mut Transaction<'_, Postgres>,
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
    while rows.len() > 0 {
        let mut columns = Columns::default();
        for row in rows.by_ref().take(MAX_ROWS) {
            sequence += 1;
            if !row.external_id.is_empty() {
                seen.insert(&row.external_id, sequence);
            }
            columns.push(row_id(run, sequence), row);
        }
        sqlx::query(
            "INSERT INTO plan_row (run, id, kind, external_id, dn, display, reason, source_hash, before,
                after, pseudo, role, claims, claimed, flags, problem, other, adopts)
             SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[],
                $7::text[], $8::bytea[], $9::text[], $10::text[], $11::text[], $12::text[],
                $13::text[], $14::bigint[], $15::bigint[], $16::text[], $17::text[], $18::bigint[])",
        )
        .bind(run.0)
        .bind(columns.ids)
        .bind(columns.kinds)
        .bind(columns.external_ids)
        .bind(columns.dns)
        .bind(columns.displays)
        .bind(columns.reasons)
        .bind(columns.hashes)
        .bind(columns.befores)
        .bind(columns.afters)
        .bind(columns.pseudos)
        .bind(columns.roles)
        .bind(columns.claims)
        .bind(columns.claimed)
        .bind(columns.flags)
        .bind(columns.problems)
        .bind(columns.others)
        .bind(columns.adopts)
        .execute(&mut **tx)
        .await
        .map_err(or_taken)?;
    }
    sqlx::query("UPDATE run SET sequence = $2 WHERE id = $1")
        .bind(run.0)
        .bind(after)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Writes in the names of other parties that have a row: the plugin need not remember them.
async fn name_others(
    tx: &mut Transaction<'_, Postgres>,
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
    let names: HashMap<String, String> =
        sqlx::query("SELECT external_id, dn FROM plan_row WHERE id = ANY ($1)")
            .bind(rows)
            .fetch_all(&mut **tx)
            .await?
            .iter()
            .map(|row| Ok((given(row.try_get(0)?), given(row.try_get(1)?))))
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
    tx: &mut Transaction<'_, Postgres>,
    seen: &Seen,
    run: RunId,
    rejections: &[Rejection],
) -> StoreResult<HashSet<String>> {
    let mut ids = Vec::new();
    let mut people = Vec::new();
    let mut codes = Vec::new();
    let mut problems = Vec::new();
    let mut others = Vec::new();
    for rejection in rejections {
        let Some(sequence) = seen.candidate(&rejection.external_id) else {
            continue;
        };
        ids.push(row_id(run, i64::from(sequence)));
        people.push(keep(&rejection.external_id).into_owned());
        codes.push(rejection.problem.code.as_str());
        problems.push(kept_json(json(&rejection.problem)));
        others.push(rejection.other.as_ref().map(|other| kept_json(json(other))));
    }
    let changed: Vec<String> = sqlx::query_scalar(
        "UPDATE plan_row SET kind = 4, reason = j.code, problem = j.problem, other = j.other,
            before = NULL, role = NULL, claims = NULL, claimed = 0, flags = 0,
            pseudo = CASE WHEN adopts IS NULL THEN pseudo END, adopts = NULL
         FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[])
            j (id, person, code, problem, other)
         WHERE plan_row.id = j.id AND plan_row.external_id = j.person
         RETURNING external_id",
    )
    .bind(ids)
    .bind(people)
    .bind(codes)
    .bind(problems)
    .bind(others)
    .fetch_all(&mut **tx)
    .await?;
    Ok(changed.into_iter().map(given).collect())
}

/// The DNs that the portal knows of these people.
async fn known_dns(
    tx: &mut Transaction<'_, Postgres>,
    tenant: i64,
    rejections: &[&Rejection],
) -> StoreResult<HashMap<String, String>> {
    if rejections.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<&String> = rejections.iter().map(|r| &r.external_id).collect();
    sqlx::query(
        "SELECT p.key, v.dn FROM unnest($2::text[]) j (key)
         JOIN person p ON p.tenant = $1 AND p.origin = 1 AND p.key = j.key
         JOIN person_values v ON v.id = p.id",
    )
    .bind(tenant)
    .bind(all_kept(&ids))
    .fetch_all(&mut **tx)
    .await?
    .iter()
    .map(|row| Ok((given(row.try_get(0)?), given(row.try_get(1)?))))
    .collect()
}
