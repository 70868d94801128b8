//! Fields that hold other people: added to a plan's rows, and given back where those others did not come.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Row as _, Sqlite, Transaction};

use super::open::Store;
use super::record::{insert_rows, planning};
use super::runs::{Standing, row_id};
use super::seen::{self, Seen};
use crate::contract::plan::Link;
use crate::ports::TenantId;
use crate::ports::plan::RunId;
use crate::store::error::{StoreError, StoreResult};
use crate::store::refused::{self, MAX_ROWS, bad_link};
use crate::store::row::{self, encode_link};
use crate::store::values::json;

/// A link to be added to a row.
#[derive(Serialize)]
struct Added<'l> {
    row: i64,
    id: &'l str,
    path: String,
    before: Option<&'l str>,
    after: Option<&'l str>,
    hash: String,
    /// 1: the row clears a field by it.
    clears: i64,
}

impl Store {
    pub(super) async fn link_rows(
        &self,
        tenant: &TenantId,
        run: RunId,
        links: Vec<Link>,
    ) -> StoreResult<()> {
        if links.len() > MAX_ROWS {
            return Err(refused::too_many("links", links.len()));
        }
        let tenant = self.tenant(tenant).await?;
        let schema = self.schema(tenant).await?;
        let alone = links
            .iter()
            .map(|link| encode_link(link, &schema))
            .collect::<Result<Vec<_>, _>>()?;
        let mut seen = self.planning().await;
        let mut tx = self.write().await?;
        let sequence = planning(&mut tx, tenant, run).await?;
        let known = seen::of(&mut seen, &mut tx, tenant, run, sequence).await?;
        known.note_links();
        let rows = rows_of(&mut tx, known, run, &links).await?;
        let mut people = HashSet::new();
        for link in &links {
            if !rows.contains_key(link.external_id.as_str()) {
                people.insert(link.external_id.as_str());
            }
            people.extend(link.change.after.as_deref());
        }
        someone(&mut tx, known, tenant, run, people, &rows).await?;
        let mut added = Vec::new();
        let mut fresh = Vec::new();
        for (link, alone) in links.iter().zip(alone) {
            let change = &link.change;
            match rows.get(link.external_id.as_str()) {
                Some((_, row::UNSYNCED)) => {
                    return Err(bad_link(&link.external_id, "the person is unsynced"));
                }
                Some((_, row::CREATE)) if change.before.is_some() || change.after.is_none() => {
                    return Err(bad_link(
                        &link.external_id,
                        "somebody new has nobody there before",
                    ));
                }
                Some((id, _)) => added.push(Added {
                    row: *id,
                    id: &link.external_id,
                    path: path(&change.field),
                    before: change.before.as_deref(),
                    after: change.after.as_deref(),
                    hash: link
                        .source_hash
                        .iter()
                        .map(|byte| format!("{byte:02x}"))
                        .collect(),
                    clears: i64::from(change.after.is_none()),
                }),
                None => fresh.push(alone),
            }
        }
        let limits = self.plan_limits();
        let bytes = added
            .iter()
            .map(|one| one.path.len() + one.after.map_or(0, str::len));
        known.admit(0, bytes.sum(), limits)?;
        if !added.is_empty() && add(&mut tx, &added).await? != added.len() as u64 {
            return Err(refused::changed_twice());
        }
        let inserted = insert_rows(&mut tx, &mut seen, tenant, run, fresh, limits).await;
        let stored = match inserted {
            Ok(()) => tx.commit().await.map_err(StoreError::from),
            Err(error) => Err(error),
        };
        if stored.is_err() {
            seen.forget(run);
        }
        stored
    }
}

/// The rows that these people have: where, and of which kind.
async fn rows_of<'l>(
    tx: &mut Transaction<'_, Sqlite>,
    seen: &Seen,
    run: RunId,
    links: &'l [Link],
) -> StoreResult<HashMap<&'l str, (i64, i64)>> {
    let mut wanted: HashMap<i64, &str> = HashMap::new();
    for link in links {
        if let Some(sequence) = seen.candidate(&link.external_id) {
            wanted.insert(row_id(run, i64::from(sequence)), &link.external_id);
        }
    }
    let places: Vec<i64> = wanted.keys().copied().collect();
    let found = rows_at(tx, &places).await?;
    Ok(found
        .into_iter()
        .filter_map(|(id, external_id, kind)| {
            let person = *wanted.get(&id)?;
            (person == external_id).then_some((person, (id, kind)))
        })
        .collect())
}

async fn rows_at(
    tx: &mut Transaction<'_, Sqlite>,
    ids: &[i64],
) -> StoreResult<Vec<(i64, String, i64)>> {
    sqlx::query(
        "SELECT r.id, r.external_id, r.kind FROM json_each(?1) j CROSS JOIN plan_row r ON r.id = j.value",
    )
    .bind(json(&ids))
    .fetch_all(&mut **tx)
    .await?
    .iter()
    .map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)))
    .collect()
}

/// Refuses people whom neither the portal knows nor a row of this plan creates.
async fn someone(
    tx: &mut Transaction<'_, Sqlite>,
    seen: &Seen,
    tenant: i64,
    run: RunId,
    mut wanted: HashSet<&str>,
    rows: &HashMap<&str, (i64, i64)>,
) -> StoreResult<()> {
    wanted.retain(|id| !matches!(rows.get(*id), Some((_, row::CREATE))));
    let ids: Vec<_> = wanted.iter().collect();
    let known: Vec<String> = sqlx::query_scalar(
        "SELECT p.key FROM json_each(?2) j
         CROSS JOIN person p ON p.tenant = ?1 AND p.origin = 1 AND p.key = j.value",
    )
    .bind(tenant)
    .bind(json(&ids))
    .fetch_all(&mut **tx)
    .await?;
    for id in &known {
        wanted.remove(id.as_str());
    }
    let candidates: Vec<i64> = wanted
        .iter()
        .filter_map(|id| seen.candidate(id))
        .map(|sequence| row_id(run, i64::from(sequence)))
        .collect();
    let coming: Vec<String> = sqlx::query_scalar(
        "SELECT r.external_id FROM json_each(?1) j CROSS JOIN plan_row r ON r.id = j.value
         WHERE r.kind = ?2 OR r.adopts IS NOT NULL",
    )
    .bind(json(&candidates))
    .bind(row::CREATE)
    .fetch_all(&mut **tx)
    .await?;
    for external_id in &coming {
        wanted.remove(external_id.as_str());
    }
    match wanted.into_iter().next() {
        None => Ok(()),
        Some(nobody) => Err(refused::nobody_linked(nobody)),
    }
}

/// Adds links to their rows; says to how many. A row without values before gets a place for each of its fields.
async fn add(tx: &mut Transaction<'_, Sqlite>, added: &[Added<'_>]) -> StoreResult<u64> {
    let done = sqlx::query(
        "UPDATE plan_row SET
            before = CASE WHEN before IS NULL AND j.value ->> 'before' IS NULL THEN NULL
                ELSE json_set(
                    coalesce(before, (SELECT json_group_object(f.key, NULL) FROM json_each(after) f)),
                    j.value ->> 'path', j.value ->> 'before') END,
            after = json_set(after, j.value ->> 'path', j.value ->> 'after'),
            source_hash = unhex(j.value ->> 'hash'),
            flags = flags | j.value ->> 'clears'
         FROM json_each(?1) j
         WHERE plan_row.id = j.value ->> 'row' AND plan_row.external_id = j.value ->> 'id'
            AND json_type(after, j.value ->> 'path') IS NULL",
    )
    .bind(json(&added))
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected())
}

/// Where a plan ended without creating everybody: fields that it made hold somebody who did not come hold again what
/// they held, and count as changed in the portal, so that the next sync looks at them.
pub(super) async fn give_back(
    connection: &mut SqliteConnection,
    tenant: i64,
    run: RunId,
    now: &Standing,
) -> StoreResult<()> {
    let fields: Vec<String> =
        sqlx::query_scalar("SELECT id FROM field WHERE tenant = ?1 AND kind = 'person'")
            .bind(tenant)
            .fetch_all(&mut *connection)
            .await?;
    for field in fields {
        let dangling: Vec<String> = sqlx::query_scalar(
            "UPDATE person_values SET
                data = json_patch(data, json_object(?4, r.before ->> ?5)),
                changed = json_insert(changed, '$[#]', ?4)
             FROM plan_row r
             CROSS JOIN person p ON p.tenant = ?1 AND p.origin = 1 AND p.key = r.external_id
             WHERE r.id > ?2 AND r.id <= ?3 AND r.kind <> 4 AND r.after ->> ?5 IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM person m
                    WHERE m.tenant = ?1 AND m.origin = 1 AND m.key = r.after ->> ?5)
                AND person_values.id = p.id AND person_values.data ->> ?5 = r.after ->> ?5
             RETURNING key",
        )
        .bind(tenant)
        .bind(row_id(run, 0))
        .bind(row_id(run, now.sequence))
        .bind(&field)
        .bind(path(&field))
        .fetch_all(&mut *connection)
        .await?;
        sqlx::query(
            "UPDATE person SET marks = marks | 4
             WHERE tenant = ?1 AND origin = 1 AND key IN (SELECT value FROM json_each(?2))",
        )
        .bind(tenant)
        .bind(json(&dangling))
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

fn path(field: &str) -> String {
    format!("$.\"{field}\"")
}
