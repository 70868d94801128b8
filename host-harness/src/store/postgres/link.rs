//! Fields that hold other people: added to a plan's rows, and given back where those others did not come.

use std::collections::{HashMap, HashSet};

use sqlx::{PgConnection, Postgres, Row as _, Transaction};

use super::open::PostgresStore;
use super::portal::all_kept;
use super::record::{commit, insert_rows, planning};
use super::seen;
use super::text::{given, keep, kept_json};
use crate::contract::plan::Link;
use crate::ports::TenantId;
use crate::ports::plan::RunId;
use crate::store::error::StoreResult;
use crate::store::refused::{self, MAX_ROWS, bad_link};
use crate::store::row::{self, encode_link};
use crate::store::seen::Seen;
use crate::store::standing::{Standing, row_id};
use crate::store::values::ObjectWriter;

/// Links to be added to rows, by column.
#[derive(Default)]
struct Added {
    ids: Vec<i64>,
    people: Vec<String>,
    fields: Vec<String>,
    /// As members of a JSON object.
    befores: Vec<String>,
    afters: Vec<String>,
    had: Vec<bool>,
    hashes: Vec<Vec<u8>>,
    /// 1: the row clears a field by it.
    clears: Vec<i64>,
    bytes: usize,
}

impl Added {
    fn push(&mut self, id: i64, link: &Link) {
        let change = &link.change;
        self.ids.push(id);
        self.people.push(keep(&link.external_id).into_owned());
        self.fields.push(keep(&change.field).into_owned());
        self.befores
            .push(member(&change.field, change.before.as_deref()));
        self.afters
            .push(member(&change.field, change.after.as_deref()));
        self.had.push(change.before.is_some());
        self.hashes.push(link.source_hash.clone());
        self.clears.push(i64::from(change.after.is_none()));
        // As SQLite counts it: the path of the field, and the value.
        self.bytes += change.field.len() + 4 + change.after.as_deref().map_or(0, str::len);
    }
}

/// A member of a JSON object, without the object around it.
fn member(field: &str, value: Option<&str>) -> String {
    let mut writer = ObjectWriter::with_capacity(field.len() + value.map_or(4, str::len) + 5);
    writer.put(field, value);
    let object = kept_json(writer.finish());
    object[1..object.len() - 1].to_owned()
}

impl PostgresStore {
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
        let mut seen = self.planning(tenant).await;
        let mut tx = self.write(tenant).await?;
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
        let mut added = Added::default();
        let mut fresh = Vec::new();
        for (link, alone) in links.iter().zip(alone) {
            let (before, after) = (&link.change.before, &link.change.after);
            match rows.get(link.external_id.as_str()) {
                Some((_, row::UNSYNCED)) => {
                    return Err(bad_link(&link.external_id, "the person is unsynced"));
                }
                Some((_, row::CREATE)) if before.is_some() || after.is_none() => {
                    let fault = "somebody new has nobody there before";
                    return Err(bad_link(&link.external_id, fault));
                }
                Some((id, _)) => added.push(*id, link),
                None => fresh.push(alone),
            }
        }
        let limits = self.plan_limits();
        known.admit(0, added.bytes, limits)?;
        let wanted = added.ids.len() as u64;
        if wanted > 0 && add(&mut tx, added).await? != wanted {
            return Err(refused::changed_twice());
        }
        let inserted = insert_rows(&mut tx, &mut seen, tenant, run, fresh, limits).await;
        commit(tx, &mut seen, run, inserted).await
    }
}

/// The rows that these people have: where, and of which kind.
async fn rows_of<'l>(
    tx: &mut Transaction<'_, Postgres>,
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
    let found = sqlx::query("SELECT id, external_id, kind FROM plan_row WHERE id = ANY ($1)")
        .bind(places)
        .fetch_all(&mut **tx)
        .await?;
    let mut rows = HashMap::new();
    for row in found {
        let id: i64 = row.try_get(0)?;
        let external_id = given(row.try_get(1)?);
        if let Some(person) = wanted.get(&id).filter(|person| **person == external_id) {
            rows.insert(*person, (id, row.try_get(2)?));
        }
    }
    Ok(rows)
}

/// Refuses people whom neither the portal knows nor a row of this plan creates.
async fn someone(
    tx: &mut Transaction<'_, Postgres>,
    seen: &Seen,
    tenant: i64,
    run: RunId,
    mut wanted: HashSet<&str>,
    rows: &HashMap<&str, (i64, i64)>,
) -> StoreResult<()> {
    wanted.retain(|id| !matches!(rows.get(*id), Some((_, row::CREATE))));
    let ids: Vec<&str> = wanted.iter().copied().collect();
    let known: Vec<String> = sqlx::query_scalar(
        "SELECT p.key FROM unnest($2::text[]) j (key)
         JOIN person p ON p.tenant = $1 AND p.origin = 1 AND p.key = j.key",
    )
    .bind(tenant)
    .bind(all_kept(&ids))
    .fetch_all(&mut **tx)
    .await?;
    for id in known {
        wanted.remove(given(id).as_str());
    }
    let candidates: Vec<i64> = wanted
        .iter()
        .filter_map(|id| seen.candidate(id))
        .map(|sequence| row_id(run, i64::from(sequence)))
        .collect();
    let coming: Vec<String> = sqlx::query_scalar(
        "SELECT external_id FROM plan_row
         WHERE id = ANY ($1) AND (kind = $2 OR adopts IS NOT NULL)",
    )
    .bind(candidates)
    .bind(row::CREATE)
    .fetch_all(&mut **tx)
    .await?;
    for external_id in coming {
        wanted.remove(given(external_id).as_str());
    }
    match wanted.into_iter().next() {
        None => Ok(()),
        Some(nobody) => Err(refused::nobody_linked(nobody)),
    }
}

/// Adds links to their rows; says to how many. A row without values before gets a place for each of its fields. The texts
/// grow at their end, so that they are the same as in every other database.
async fn add(tx: &mut Transaction<'_, Postgres>, added: Added) -> StoreResult<u64> {
    let done = sqlx::query(
        "UPDATE plan_row r SET
            before = CASE WHEN r.before IS NULL AND NOT j.had THEN NULL
                ELSE (SELECT '{' || concat_ws(',', nullif(substr(b.text, 2, length(b.text) - 2), ''), j.before) || '}'
                    FROM (SELECT coalesce(r.before, (SELECT '{' || string_agg(to_json(f.key)::text || ':null', ','
                            ORDER BY f.place) || '}'
                        FROM json_object_keys(r.after::json) WITH ORDINALITY f (key, place)), '{}') AS text) b) END,
            after = '{' || concat_ws(',', nullif(substr(r.after, 2, length(r.after) - 2), ''), j.after) || '}',
            source_hash = j.hash,
            flags = r.flags | j.clears
         FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bool[],
            $7::bytea[], $8::bigint[]) j (id, person, field, before, after, had, hash, clears)
         WHERE r.id = j.id AND r.external_id = j.person AND r.after::json -> j.field IS NULL",
    )
    .bind(added.ids)
    .bind(added.people)
    .bind(added.fields)
    .bind(added.befores)
    .bind(added.afters)
    .bind(added.had)
    .bind(added.hashes)
    .bind(added.clears)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected())
}

/// Where a plan ended without creating everybody: fields that it made hold somebody who did not come hold again what
/// they held, and count as changed in the portal, so that the next sync looks at them.
pub(super) async fn give_back(
    connection: &mut PgConnection,
    tenant: i64,
    run: RunId,
    now: &Standing,
) -> StoreResult<()> {
    let fields: Vec<String> =
        sqlx::query_scalar("SELECT id FROM field WHERE tenant = $1 AND kind = 'person'")
            .bind(tenant)
            .fetch_all(&mut *connection)
            .await?;
    for field in fields {
        let dangling: Vec<String> = sqlx::query_scalar(
            "UPDATE person_values v SET
                data = jsonb_strip_nulls(v.data::jsonb
                    || jsonb_build_object($4::text, r.before::json ->> $4))::text,
                changed = (v.changed::jsonb || to_jsonb($4::text))::text
             FROM plan_row r
             JOIN person p ON p.tenant = $1 AND p.origin = 1 AND p.key = r.external_id
             WHERE r.id > $2 AND r.id <= $3 AND r.kind <> 4 AND r.after::json ->> $4 IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM person m
                    WHERE m.tenant = $1 AND m.origin = 1 AND m.key = r.after::json ->> $4)
                AND v.id = p.id AND v.data::json ->> $4 = r.after::json ->> $4
             RETURNING v.key",
        )
        .bind(tenant)
        .bind(row_id(run, 0))
        .bind(row_id(run, now.sequence))
        .bind(&field)
        .fetch_all(&mut *connection)
        .await?;
        sqlx::query(
            "UPDATE person SET marks = marks | 4
             WHERE tenant = $1 AND origin = 1 AND key = ANY ($2)",
        )
        .bind(tenant)
        .bind(dangling)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
