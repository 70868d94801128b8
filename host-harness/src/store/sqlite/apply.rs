//! Applying a plan, a batch of rows at a time.
//!
//! A batch is one transaction: the portal's changes and the rows' outcomes. First it is tried as it stands, with
//! statements over all of it. Where the counts say that something was in the way, it is taken back, the rows whose
//! values are needed are pulled in, the rows that cannot be applied get their outcome, and the rest is applied.

use futures_util::TryStreamExt;
use sqlx::{Row, Sqlite, Transaction};

use super::finish::{current_guards, digest, weigh};
use super::link::give_back;
use super::open::{Store, now, now_millis, signed, unsigned};
use super::runs::{
    Standing, keep_counts, row_id, same_configuration, sequence_of, set_status, standing,
    wrong_status,
};
use super::{adopt, failures, migrate, undo};
use crate::ports::TenantId;
use crate::ports::plan::{Applied, RunId, RunStatus};
use crate::store::error::{StoreError, StoreResult};
use crate::store::exchange::{Candidate, Claim, Refusal, Rival, refusals};
use crate::store::refused;
use crate::store::schema::DEFAULT_ROLE;
use crate::store::standing::tells_who_is_back;
use crate::store::values::json;

/// What the rows of a batch amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Extent {
    rows: i64,
    creates: i64,
    /// Rows that give up unique values or take others.
    exchanges: i64,
    claims: i64,
    last: i64,
}

/// What the statements over a batch did.
#[derive(Debug, PartialEq, Eq)]
struct Written {
    created: i64,
    changed: i64,
    claimed: i64,
}

impl Store {
    pub(super) async fn apply_batch(
        &self,
        tenant: &TenantId,
        run: RunId,
        limit: u32,
    ) -> StoreResult<Applied> {
        let tenant = self.tenant(tenant).await?;
        self.check_digest(tenant, run).await?;
        let mut tx = self.write().await?;
        let mut now = standing(&mut tx, tenant, run).await?;
        match now.status {
            RunStatus::Applying => {}
            RunStatus::Applied => {
                return Ok(Applied {
                    applied: 0,
                    failed: 0,
                    pending: 0,
                });
            }
            RunStatus::Planned => {
                if let Err(refusal) = clear(&mut tx, tenant, run, &now).await {
                    // A guard that trips only now holds the run; another configuration discards it.
                    tx.commit().await?;
                    return Err(refusal);
                }
                set_status(&mut tx, run, RunStatus::Applying).await?;
            }
            RunStatus::Held => return Err(refused::held(run)),
            status => return Err(wrong_status(run, status, "planned")),
        }
        let limit = i64::from(limit.max(1));
        fill(&mut tx, tenant, run, &now, limit).await?;
        let extent = extent(&mut tx).await?;
        let failed = if extent.rows == 0 {
            0
        } else {
            write(&mut tx, tenant, run, &now, extent).await?
        };
        let applied = if extent.rows == 0 {
            0
        } else {
            count(&mut tx).await?
        };
        let cursor = if extent.rows < limit {
            now.sequence
        } else {
            sequence_of(extent.last)
        };
        now.pending -= applied + failed;
        sqlx::query("UPDATE run SET cursor = ?2, pending = ?3 WHERE id = ?1")
            .bind(run.0)
            .bind(cursor)
            .bind(now.pending)
            .execute(&mut *tx)
            .await?;
        if now.pending == 0 {
            conclude(&mut tx, tenant, run, &now).await?;
        }
        tx.commit().await?;
        Ok(Applied {
            applied: unsigned(applied),
            failed: unsigned(failed),
            pending: unsigned(now.pending),
        })
    }

    /// Before the first batch, with a reader: nobody else has to wait for it, and rows of a finished plan
    /// are changed by nothing in this program.
    async fn check_digest(&self, tenant: i64, run: RunId) -> StoreResult<()> {
        let mut reader = self.readers().acquire().await?;
        let now = standing(&mut reader, tenant, run).await?;
        if now.status != RunStatus::Planned {
            return Ok(());
        }
        let found = digest(&mut reader, run, now.sequence, &now.configuration).await?;
        if now.digest.as_deref() == Some(found.as_str()) {
            return Ok(());
        }
        Err(refused::altered_rows(run))
    }
}

/// What must hold before the first row is applied.
async fn clear(
    tx: &mut Transaction<'_, Sqlite>,
    tenant: i64,
    run: RunId,
    now: &Standing,
) -> StoreResult<()> {
    same_configuration(tx, tenant, run, now).await?;
    undo::unedited(tx, tenant, run, now).await?;
    let weight = weigh(tx, run).await?;
    let guards = current_guards(tx, tenant, weight).await?;
    let tripped = guards.iter().any(|guard| guard.tripped);
    if tripped && (now.approved.is_none() || now.approved != now.digest) {
        sqlx::query("UPDATE run SET status = 'held', guards = ?2 WHERE id = ?1")
            .bind(run.0)
            .bind(json(&guards))
            .execute(&mut **tx)
            .await?;
        return Err(refused::held(run));
    }
    Ok(())
}

/// The next rows, each with its person; new people get the next numbers.
async fn fill(
    tx: &mut Transaction<'_, Sqlite>,
    tenant: i64,
    run: RunId,
    now: &Standing,
    limit: i64,
) -> StoreResult<()> {
    sqlx::query("DELETE FROM batch").execute(&mut **tx).await?;
    let people: i64 = sqlx::query_scalar("SELECT coalesce(max(id), 0) FROM person_values")
        .fetch_one(&mut **tx)
        .await?;
    let after = row_id(run, now.cursor);
    sqlx::query(
        "INSERT INTO batch (id, kind, person)
         SELECT r.id, r.kind, CASE r.kind WHEN 0 THEN r.id + ?5 ELSE (SELECT p.id FROM person p
            WHERE p.tenant = ?1 AND p.origin = 1 AND p.key = r.external_id) END
         FROM plan_row r
         WHERE r.id > ?2 AND r.id <= ?3 AND r.kind <> 4
            AND NOT EXISTS (SELECT 1 FROM row_outcome o WHERE o.id = r.id)
         ORDER BY r.id LIMIT ?4",
    )
    .bind(tenant)
    .bind(after)
    .bind(row_id(run, now.sequence))
    .bind(limit)
    .bind(people - after)
    .execute(&mut **tx)
    .await?;
    adopt::find(tx, tenant, run).await
}

async fn extent(tx: &mut Transaction<'_, Sqlite>) -> StoreResult<Extent> {
    let row = sqlx::query(
        "SELECT count(*), coalesce(sum(b.kind = 0), 0),
            coalesce(sum(b.kind <> 0 AND r.claims IS NOT NULL), 0), coalesce(sum(r.claimed), 0),
            coalesce(max(b.id), 0)
         FROM batch b CROSS JOIN plan_row r ON r.id = b.id",
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(Extent {
        rows: row.try_get(0)?,
        creates: row.try_get(1)?,
        exchanges: row.try_get(2)?,
        claims: row.try_get(3)?,
        last: row.try_get(4)?,
    })
}

async fn count(tx: &mut Transaction<'_, Sqlite>) -> StoreResult<i64> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM batch")
        .fetch_one(&mut **tx)
        .await?)
}

/// Writes the batch to the portal and the outcomes that the cursor will not tell. Says how many rows failed; the
/// batch then holds those that were applied.
async fn write(
    tx: &mut Transaction<'_, Sqlite>,
    tenant: i64,
    run: RunId,
    now: &Standing,
    whole: Extent,
) -> StoreResult<i64> {
    sqlx::query("SAVEPOINT attempt").execute(&mut **tx).await?;
    if change_portal(tx, tenant, run, whole).await? == whole.wanted() {
        sqlx::query("RELEASE attempt").execute(&mut **tx).await?;
        return Ok(0);
    }
    sqlx::query("ROLLBACK TO attempt")
        .execute(&mut **tx)
        .await?;
    sqlx::query("RELEASE attempt").execute(&mut **tx).await?;
    pull_in(tx, tenant, run, now).await?;
    let candidates = candidates(tx, tenant).await?;
    let failed = refusals(&candidates);
    drop(candidates);
    refuse(tx, run, &failed).await?;
    let rest = extent(tx).await?;
    if change_portal(tx, tenant, run, rest).await? != rest.wanted() {
        return Err(StoreError::Corrupt(format!(
            "rows of run {run} do not fit the portal"
        )));
    }
    sqlx::query(
        "INSERT INTO row_outcome (id, run, outcome) SELECT id, ?1, 'applied' FROM batch WHERE id > ?2",
    )
    .bind(run.0)
    .bind(whole.last)
    .execute(&mut **tx)
    .await?;
    Ok(signed(failed.len() as u64))
}

impl Extent {
    fn wanted(self) -> Written {
        Written {
            created: self.creates,
            changed: self.rows - self.creates,
            claimed: self.claims,
        }
    }
}

/// All values are given up before any is taken.
async fn change_portal(
    tx: &mut Transaction<'_, Sqlite>,
    tenant: i64,
    run: RunId,
    extent: Extent,
) -> StoreResult<Written> {
    if extent.exchanges > 0 {
        sqlx::query(
            "DELETE FROM unique_value WHERE (person, field) IN (SELECT b.person, j.key
                FROM batch b CROSS JOIN plan_row r ON r.id = b.id CROSS JOIN json_each(r.claims) j
                WHERE b.kind <> 0 AND r.claims IS NOT NULL)",
        )
        .execute(&mut **tx)
        .await?;
    }
    let created = if extent.creates > 0 {
        create_people(tx, tenant).await?
    } else {
        0
    };
    let changed = if extent.rows > extent.creates {
        adopt::take_over(tx, tenant, run).await?;
        match migrate::rename(tx, tenant, run).await? {
            Some(renamed) => renamed,
            None => change_people(tx, tenant, run).await?,
        }
    } else {
        0
    };
    let claimed = if extent.claims > 0 {
        let done = sqlx::query(
            "INSERT INTO unique_value (tenant, field, value, person)
             SELECT ?1, j.key, j.value, b.person
             FROM batch b CROSS JOIN plan_row r ON r.id = b.id CROSS JOIN json_each(r.claims) j
             WHERE r.claims IS NOT NULL AND j.value IS NOT NULL AND b.person IS NOT NULL
             ON CONFLICT DO NOTHING",
        )
        .bind(tenant)
        .execute(&mut **tx)
        .await?;
        signed(done.rows_affected())
    } else {
        0
    };
    Ok(Written {
        created,
        changed,
        claimed,
    })
}

async fn create_people(tx: &mut Transaction<'_, Sqlite>, tenant: i64) -> StoreResult<i64> {
    let done = sqlx::query(
        "INSERT INTO person (tenant, origin, key, id, marks, role, source_hash)
         SELECT ?1, 1, r.external_id, b.person, 0, coalesce(r.role, ?2), r.source_hash
         FROM batch b CROSS JOIN plan_row r ON r.id = b.id WHERE b.kind = 0
         ON CONFLICT DO NOTHING",
    )
    .bind(tenant)
    .bind(DEFAULT_ROLE)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "INSERT INTO person_values (id, tenant, origin, key, dn, data)
         SELECT b.person, ?1, 1, r.external_id, r.dn, r.after
         FROM batch b CROSS JOIN plan_row r ON r.id = b.id WHERE b.kind = 0",
    )
    .bind(tenant)
    .execute(&mut **tx)
    .await?;
    Ok(signed(done.rows_affected()))
}

/// Who was edited by hand since the run began stays marked so: the plan knows nothing of that edit, and without the
/// mark the next sync would take the stored hash for the whole truth.
///
/// A sync that makes inactive remembers it, unless the portal was first; it reactivates only whom a sync made inactive.
///
/// Everybody here exists, so every insertion becomes an update. An `UPDATE ... FROM` would read the whole portal
/// for each row: nothing tells SQLite that a tenant has more people than a batch has rows.
async fn change_people(
    tx: &mut Transaction<'_, Sqlite>,
    tenant: i64,
    run: RunId,
) -> StoreResult<i64> {
    sqlx::query(
        "INSERT INTO person (tenant, origin, key, id, marks, role, source_hash, absent_since)
         SELECT ?1, 1, r.external_id, b.person, r.kind | iif(v.edited_in >= ?3, 4, 0),
            coalesce(r.role, ''), r.source_hash, iif(r.reason = 'absent', ?2, 0)
         FROM batch b CROSS JOIN plan_row r ON r.id = b.id
         CROSS JOIN person_values v ON v.id = b.person
         WHERE b.kind <> 0
         ON CONFLICT (tenant, origin, key) DO UPDATE SET
            role = iif(excluded.role = '', person.role, excluded.role),
            source_hash = coalesce(excluded.source_hash, person.source_hash),
            marks = excluded.marks & person.marks & 4 | CASE
                WHEN excluded.marks & 3 = 2 AND person.marks & 1 = 0 THEN 3
                WHEN excluded.marks & 3 = 3 AND person.marks & 2 <> 0 THEN 0
                ELSE person.marks & 3 END,
            absent_since = CASE
                WHEN excluded.absent_since <> 0 AND person.absent_since <> 0
                THEN person.absent_since ELSE excluded.absent_since END,
            review = 0",
    )
    .bind(tenant)
    .bind(now())
    .bind(run.0)
    .execute(&mut **tx)
    .await?;
    let done = sqlx::query(
        "UPDATE person_values SET data = json_patch(data, r.after),
            changed = iif(edited_in >= ?1, changed, '[]'),
            dn = CASE r.dn WHEN '' THEN person_values.dn ELSE r.dn END,
            origin = 1, key = r.external_id
         FROM batch b CROSS JOIN plan_row r ON r.id = b.id
         WHERE b.kind <> 0 AND person_values.id = b.person",
    )
    .bind(run.0)
    .execute(&mut **tx)
    .await?;
    Ok(signed(done.rows_affected()))
}

/// Adds the rows of those who hold what the batch claims, and of those who hold what these claim, and so on.
async fn pull_in(
    tx: &mut Transaction<'_, Sqlite>,
    tenant: i64,
    run: RunId,
    now: &Standing,
) -> StoreResult<()> {
    sqlx::query(
        "WITH RECURSIVE pulled (id) AS (
            SELECT id FROM batch
            UNION
            SELECT q.id FROM pulled
            CROSS JOIN plan_row r ON r.id = pulled.id
            CROSS JOIN json_each(r.claims) j
            CROSS JOIN unique_value u ON u.tenant = ?1 AND u.field = j.key AND u.value = j.value
            CROSS JOIN person_values v ON v.id = u.person AND v.origin = 1
            CROSS JOIN plan_person h ON h.run = ?2 AND h.external_id = v.key
            CROSS JOIN plan_row q ON q.id = h.id AND q.kind <> 4
            WHERE q.id > ?3 AND NOT EXISTS (SELECT 1 FROM row_outcome o WHERE o.id = q.id)
            UNION
            SELECT q.id FROM pulled
            CROSS JOIN plan_row r ON r.id = pulled.id
            CROSS JOIN json_each(r.claims) j
            CROSS JOIN unique_value u ON u.tenant = ?1 AND u.field = j.key AND u.value = j.value
            CROSS JOIN plan_row q ON q.run = ?2 AND q.adopts = u.person
            WHERE q.id > ?3 AND NOT EXISTS (SELECT 1 FROM row_outcome o WHERE o.id = q.id))
         INSERT OR IGNORE INTO batch (id, kind, person)
         SELECT r.id, r.kind, (SELECT p.id FROM person p
            WHERE p.tenant = ?1 AND p.origin = 1 AND p.key = r.external_id)
         FROM pulled CROSS JOIN plan_row r ON r.id = pulled.id
         WHERE pulled.id NOT IN (SELECT id FROM batch)",
    )
    .bind(tenant)
    .bind(run.0)
    .bind(row_id(run, now.cursor))
    .execute(&mut **tx)
    .await?;
    adopt::find(tx, tenant, run).await
}

async fn candidates(tx: &mut Transaction<'_, Sqlite>, tenant: i64) -> StoreResult<Vec<Candidate>> {
    let mut found: Vec<Candidate> = Vec::new();
    let mut rows = sqlx::query(
        "SELECT b.id, b.kind = 0, b.person, EXISTS (SELECT 1 FROM person p
            WHERE p.tenant = ?1 AND p.origin = 1 AND p.key = r.external_id), r.adopts IS NOT NULL
         FROM batch b CROSS JOIN plan_row r ON r.id = b.id ORDER BY b.id",
    )
    .bind(tenant)
    .fetch(&mut **tx);
    while let Some(row) = rows.try_next().await? {
        let nobody = row.try_get::<Option<i64>, _>(2)?.is_none();
        let barred = Refusal::bars(row.try_get(1)?, row.try_get(3)?, row.try_get(4)?, nobody);
        found.push(Candidate {
            row: row.try_get(0)?,
            person: if row.try_get(1)? {
                None
            } else {
                row.try_get(2)?
            },
            barred,
            claims: Vec::new(),
            releases: Vec::new(),
        });
    }
    drop(rows);
    let mut claims = sqlx::query(
        "SELECT b.id, j.key, j.value, u.person
         FROM batch b CROSS JOIN plan_row r ON r.id = b.id CROSS JOIN json_each(r.claims) j
         LEFT JOIN unique_value u ON u.tenant = ?1 AND u.field = j.key AND u.value = j.value
         WHERE r.claims IS NOT NULL ORDER BY b.id",
    )
    .bind(tenant)
    .fetch(&mut **tx);
    let mut at = 0;
    while let Some(row) = claims.try_next().await? {
        let id: i64 = row.try_get(0)?;
        while found.get(at).is_some_and(|candidate| candidate.row < id) {
            at += 1;
        }
        let Some(candidate) = found.get_mut(at) else {
            break;
        };
        let field: String = row.try_get(1)?;
        if candidate.person.is_some() {
            candidate.releases.push(field.clone());
        }
        if let Some(value) = row.try_get::<Option<String>, _>(2)? {
            candidate.claims.push(Claim {
                field,
                value,
                holder: row.try_get(3)?,
            });
        }
    }
    Ok(found)
}

/// Takes the failed rows out of the batch and gives them their outcome, with who has what they want. A person whom a row
/// is about to create has a number already, if that row is still in the batch.
async fn refuse(
    tx: &mut Transaction<'_, Sqlite>,
    run: RunId,
    failed: &[(i64, Refusal)],
) -> StoreResult<()> {
    const CHUNK: usize = 500;
    for list in failed.chunks(CHUNK) {
        let list: Vec<_> = list.iter().map(|(row, _)| row).collect();
        sqlx::query("DELETE FROM batch WHERE id IN (SELECT value FROM json_each(?1))")
            .bind(json(&list))
            .execute(&mut **tx)
            .await?;
    }
    for list in failed.chunks(CHUNK) {
        let list: Vec<_> = list
            .iter()
            .map(|(row, refusal)| {
                let (person, other) = match refusal.rival() {
                    Some(Rival::Person(id)) => (Some(id), None),
                    Some(Rival::Row(id)) => (None, Some(id)),
                    None => (None, None),
                };
                (row, json(&refusal.problem()), person, other)
            })
            .collect();
        sqlx::query(
            "INSERT INTO row_outcome (id, run, outcome, problem, other)
             SELECT j.value ->> 0, ?1, 'failed', j.value ->> 1, coalesce(
                (SELECT json_object('external_id', iif(v.origin = 1, v.key, ''), 'dn', v.dn,
                        'id', cast(v.id AS TEXT))
                    FROM person_values v WHERE v.id = j.value ->> 2),
                (SELECT json_object('external_id', r.external_id, 'dn', r.dn,
                        'id', coalesce(cast(b.person AS TEXT), ''))
                    FROM plan_row r LEFT JOIN batch b ON b.id = r.id WHERE r.id = j.value ->> 3))
             FROM json_each(?2) j",
        )
        .bind(run.0)
        .bind(json(&list))
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// With the last row: who is absent, the checkpoint, the run's end.
async fn conclude(
    tx: &mut Transaction<'_, Sqlite>,
    tenant: i64,
    run: RunId,
    now_at: &Standing,
) -> StoreResult<()> {
    sqlx::query(
        "UPDATE person SET absent_since = iif(absent_since = 0, ?3, absent_since),
            review = (SELECT a.review FROM plan_absence a
                WHERE a.run = ?2 AND a.external_id = person.key)
         WHERE tenant = ?1 AND origin = 1 AND key IN (SELECT external_id FROM plan_absence WHERE run = ?2)
            AND (absent_since = 0 OR review <> (SELECT a.review FROM plan_absence a
                WHERE a.run = ?2 AND a.external_id = person.key))",
    )
    .bind(tenant)
    .bind(run.0)
    .bind(now())
    .execute(&mut **tx)
    .await?;
    if tells_who_is_back(&now_at.mode) {
        // Who came back without any other change has no row. A proof of completeness says that everybody was read,
        // whatever was asked for.
        sqlx::query(
            "UPDATE person SET absent_since = 0, review = 0
             WHERE tenant = ?1 AND origin = 1 AND absent_since <> 0 AND marks & 3 <> 3
                AND (SELECT proof ->> 'complete' FROM run WHERE id = ?2)
                AND NOT EXISTS (SELECT 1 FROM plan_absence a
                    WHERE a.run = ?2 AND a.external_id = person.key)",
        )
        .bind(tenant)
        .bind(run.0)
        .execute(&mut **tx)
        .await?;
    }
    let failed: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM row_outcome WHERE run = ?1 AND outcome = 'failed')",
    )
    .bind(run.0)
    .fetch_one(&mut **tx)
    .await?;
    if failed {
        give_back(tx, tenant, run, now_at).await?;
    }
    migrate::follow(tx, tenant, run).await?;
    failures::note(tx, tenant, run, &now_at.mode).await?;
    sqlx::query(
        // Who was refused is not as the directory has them: the next sync must not pass them over.
        "UPDATE tenant SET checkpoint = iif(EXISTS (SELECT 1 FROM row_outcome
                WHERE run = ?2 AND outcome = 'failed'), x'', (SELECT checkpoint FROM run WHERE id = ?2))
         WHERE id = ?1",
    )
    .bind(tenant)
    .bind(run.0)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "UPDATE run SET status = 'applied', ended_at = ?2, cursor = sequence, checkpoint = x'' WHERE id = ?1",
    )
    .bind(run.0)
    .bind(now_millis())
    .execute(&mut **tx)
    .await?;
    keep_counts(tx, tenant, run).await
}
