//! Applying a plan, a batch of rows at a time.
//!
//! A batch is one transaction: the portal's changes and the rows' outcomes. First it is tried as it stands, with
//! statements over all of it. Where the counts say that something was in the way, it is taken back, the rows whose
//! values are needed are pulled in, the rows that cannot be applied get their outcome, and the rest is applied.

use std::collections::HashSet;

use sqlx::{Executor as _, Postgres, Transaction};

use super::batch::{Batch, Extent, length};
use super::finish::{current_guards, digest, weigh};
use super::link::give_back;
use super::open::PostgresStore;
use super::runs::{keep_counts, same_configuration, set_status, standing};
use super::text::kept_json;
use super::unique::key_of;
use super::{adopt, failures, migrate, undo};
use crate::ports::TenantId;
use crate::ports::plan::{Applied, RunId, RunStatus};
use crate::store::error::{StoreError, StoreResult};
use crate::store::exchange::{Refusal, Rival, refusals};
use crate::store::refused;
use crate::store::schema::DEFAULT_ROLE;
use crate::store::standing::{
    Standing, sequence_of, signed, tells_who_is_back, unsigned, wrong_status,
};
use crate::store::values::json;

/// A batch is small and every table may be large: what it asks for is looked up, row by row of the batch. Looking up counts
/// as cheap, for else a plan of some thousand rows is gone through whole, once for each row of the batch.
const LOOK_UP: &str = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;
    SET LOCAL enable_seqscan = off; SET LOCAL enable_material = off; SET LOCAL random_page_cost = 0.1";

/// What the statements over a batch did.
#[derive(Debug, PartialEq, Eq)]
struct Written {
    created: i64,
    changed: i64,
    claimed: i64,
}

impl PostgresStore {
    pub(super) async fn apply_batch(
        &self,
        tenant: &TenantId,
        run: RunId,
        limit: u32,
    ) -> StoreResult<Applied> {
        let tenant = self.tenant(tenant).await?;
        self.check_digest(tenant, run).await?;
        let mut tx = self.write(tenant).await?;
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
        tx.execute(LOOK_UP).await?;
        let limit = i64::from(limit.max(1));
        let mut batch = Batch::next(&mut tx, tenant, run, &now, limit).await?;
        let extent = batch.extent();
        let failed = if extent.rows == 0 {
            0
        } else {
            write(&mut tx, tenant, run, &now, &mut batch).await?
        };
        let applied = batch.extent().rows;
        let cursor = if extent.rows < limit {
            now.sequence
        } else {
            sequence_of(extent.last)
        };
        now.pending -= applied + failed;
        sqlx::query("UPDATE run SET cursor = $2, pending = $3 WHERE id = $1")
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

    /// Before the first batch, without a lock: nobody else has to wait for it, and rows of a finished plan
    /// are changed by nothing in this program.
    async fn check_digest(&self, tenant: i64, run: RunId) -> StoreResult<()> {
        let mut reader = self.read().await?;
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
    tx: &mut Transaction<'_, Postgres>,
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
        sqlx::query("UPDATE run SET status = 'held', guards = $2 WHERE id = $1")
            .bind(run.0)
            .bind(kept_json(json(&guards)))
            .execute(&mut **tx)
            .await?;
        return Err(refused::held(run));
    }
    Ok(())
}

/// Writes the batch to the portal and the outcomes that the cursor will not tell. Says how many rows failed; the
/// batch then holds those that were applied.
async fn write(
    tx: &mut Transaction<'_, Postgres>,
    tenant: i64,
    run: RunId,
    now: &Standing,
    batch: &mut Batch,
) -> StoreResult<i64> {
    let whole = batch.extent();
    tx.execute("SAVEPOINT attempt").await?;
    if change_portal(tx, tenant, run, batch).await? == whole.wanted() {
        tx.execute("RELEASE attempt").await?;
        return Ok(0);
    }
    tx.execute("ROLLBACK TO attempt").await?;
    tx.execute("RELEASE attempt").await?;
    batch.pull_in(tx, tenant, run, now).await?;
    let candidates = batch.candidates(tx, tenant).await?;
    let failed = refusals(&candidates);
    drop(candidates);
    refuse(tx, run, batch, &failed).await?;
    if change_portal(tx, tenant, run, batch).await? != batch.extent().wanted() {
        return Err(StoreError::Corrupt(format!(
            "rows of run {run} do not fit the portal"
        )));
    }
    sqlx::query(
        "INSERT INTO row_outcome (id, run, outcome)
         SELECT id, $1, 'applied' FROM unnest($2::bigint[]) b (id)",
    )
    .bind(run.0)
    .bind(batch.ids_after(whole.last))
    .execute(&mut **tx)
    .await?;
    Ok(length(failed.len()))
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
    tx: &mut Transaction<'_, Postgres>,
    tenant: i64,
    run: RunId,
    batch: &Batch,
) -> StoreResult<Written> {
    let extent = batch.extent();
    if extent.exchanges {
        sqlx::query(
            "DELETE FROM unique_value u
             USING unnest($1::bigint[], $2::bigint[]) b (id, person)
             JOIN plan_row r ON r.id = b.id
             CROSS JOIN LATERAL json_object_keys(r.claims::json) j (key)
             WHERE r.kind <> 0 AND u.person = b.person AND u.field = j.key",
        )
        .bind(batch.ids())
        .bind(batch.people())
        .execute(&mut **tx)
        .await?;
    }
    let created = if extent.creates > 0 {
        create_people(tx, tenant, batch).await?
    } else {
        0
    };
    let changed = if extent.rows > extent.creates {
        adopt::take_over(tx, tenant, batch).await?;
        match migrate::rename(tx, tenant, run, batch).await? {
            Some(renamed) => renamed,
            None => change_people(tx, tenant, run, batch).await?,
        }
    } else {
        0
    };
    let claimed = if extent.claims > 0 {
        let done = sqlx::query(concat!(
            "INSERT INTO unique_value (tenant, field, value, person)
             SELECT $1, j.key, ",
            key_of!("j.value"),
            ", b.person FROM unnest($2::bigint[], $3::bigint[]) b (id, person)
             JOIN plan_row r ON r.id = b.id CROSS JOIN LATERAL json_each_text(r.claims::json) j
             WHERE j.value IS NOT NULL AND b.person IS NOT NULL
             ON CONFLICT DO NOTHING",
        ))
        .bind(tenant)
        .bind(batch.ids())
        .bind(batch.people())
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

async fn create_people(
    tx: &mut Transaction<'_, Postgres>,
    tenant: i64,
    batch: &Batch,
) -> StoreResult<i64> {
    let done = sqlx::query(
        "INSERT INTO person (tenant, origin, key, id, marks, role, source_hash)
         SELECT $1, 1, r.external_id, b.person, 0, coalesce(r.role, $4), r.source_hash
         FROM unnest($2::bigint[], $3::bigint[]) b (id, person) JOIN plan_row r ON r.id = b.id
         WHERE r.kind = 0
         ON CONFLICT DO NOTHING",
    )
    .bind(tenant)
    .bind(batch.ids())
    .bind(batch.people())
    .bind(DEFAULT_ROLE)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "INSERT INTO person_values (id, tenant, origin, key, dn, data)
         SELECT b.person, $1, 1, r.external_id, r.dn, r.after
         FROM unnest($2::bigint[], $3::bigint[]) b (id, person) JOIN plan_row r ON r.id = b.id
         WHERE r.kind = 0",
    )
    .bind(tenant)
    .bind(batch.ids())
    .bind(batch.people())
    .execute(&mut **tx)
    .await?;
    Ok(signed(done.rows_affected()))
}

/// Who was edited by hand since the run began stays marked so: the plan knows nothing of that edit, and without the
/// mark the next sync would take the stored hash for the whole truth.
///
/// A sync that makes inactive remembers it, unless the portal was first; it reactivates only whom a sync made inactive.
async fn change_people(
    tx: &mut Transaction<'_, Postgres>,
    tenant: i64,
    run: RunId,
    batch: &Batch,
) -> StoreResult<i64> {
    sqlx::query(
        "UPDATE person p SET
            role = coalesce(nullif(r.role, ''), p.role),
            source_hash = coalesce(r.source_hash, p.source_hash),
            marks = CASE WHEN v.edited_in >= $4 THEN p.marks & 4 ELSE 0 END | CASE
                WHEN r.kind = 2 AND p.marks & 1 = 0 THEN 3
                WHEN r.kind = 3 AND p.marks & 2 <> 0 THEN 0
                ELSE p.marks & 3 END,
            absent_since = CASE WHEN r.reason <> 'absent' THEN 0
                WHEN p.absent_since <> 0 THEN p.absent_since
                ELSE floor(extract(epoch FROM now()))::bigint END,
            review = 0
         FROM unnest($2::bigint[], $3::bigint[]) b (id, person)
         JOIN plan_row r ON r.id = b.id
         JOIN person_values v ON v.id = b.person
         WHERE r.kind <> 0 AND p.tenant = $1 AND p.origin = 1 AND p.key = r.external_id",
    )
    .bind(tenant)
    .bind(batch.ids())
    .bind(batch.people())
    .bind(run.0)
    .execute(&mut **tx)
    .await?;
    let done = sqlx::query(
        "UPDATE person_values v SET
            data = CASE r.after WHEN '{}' THEN v.data
                ELSE jsonb_strip_nulls(v.data::jsonb || r.after::jsonb)::text END,
            changed = CASE WHEN v.edited_in >= $3 THEN v.changed ELSE '[]' END,
            dn = CASE r.dn WHEN '' THEN v.dn ELSE r.dn END,
            origin = 1, key = r.external_id
         FROM unnest($1::bigint[], $2::bigint[]) b (id, person) JOIN plan_row r ON r.id = b.id
         WHERE r.kind <> 0 AND v.id = b.person",
    )
    .bind(batch.ids())
    .bind(batch.people())
    .bind(run.0)
    .execute(&mut **tx)
    .await?;
    Ok(signed(done.rows_affected()))
}

/// Takes the failed rows out of the batch and gives them their outcome, with who has what they want. A person whom a row
/// is about to create has a number already, if that row is still in the batch.
async fn refuse(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
    batch: &mut Batch,
    failed: &[(i64, Refusal)],
) -> StoreResult<()> {
    const CHUNK: usize = 1_000;
    let rows: HashSet<i64> = failed.iter().map(|(row, _)| *row).collect();
    batch.remove(&rows);
    let by_row = batch.by_row();
    for list in failed.chunks(CHUNK) {
        let ids: Vec<i64> = list.iter().map(|(row, _)| *row).collect();
        let problems: Vec<String> = list
            .iter()
            .map(|(_, refusal)| kept_json(json(&refusal.problem())))
            .collect();
        let mut people = Vec::with_capacity(list.len());
        let mut others = Vec::with_capacity(list.len());
        let mut coming = Vec::with_capacity(list.len());
        for (_, refusal) in list {
            let (person, row) = match refusal.rival() {
                Some(Rival::Person(id)) => (Some(id), None),
                Some(Rival::Row(id)) => (None, Some(id)),
                None => (None, None),
            };
            people.push(person);
            others.push(row);
            coming.push(row.and_then(|row| by_row.get(&row).copied()));
        }
        sqlx::query(
            "INSERT INTO row_outcome (id, run, outcome, problem, other)
             SELECT j.id, $1, 'failed', j.problem, coalesce(
                (SELECT json_build_object('external_id', CASE v.origin WHEN 1 THEN v.key ELSE '' END,
                        'dn', v.dn, 'id', v.id::text)
                    FROM person_values v WHERE v.id = j.person),
                (SELECT json_build_object('external_id', r.external_id, 'dn', r.dn,
                        'id', coalesce(j.coming::text, ''))
                    FROM plan_row r WHERE r.id = j.other))::text
             FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[])
                j (id, problem, person, other, coming)",
        )
        .bind(run.0)
        .bind(ids)
        .bind(problems)
        .bind(people)
        .bind(others)
        .bind(coming)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// With the last row: who is absent, the checkpoint, the run's end.
async fn conclude(
    tx: &mut Transaction<'_, Postgres>,
    tenant: i64,
    run: RunId,
    now_at: &Standing,
) -> StoreResult<()> {
    sqlx::query(
        "UPDATE person p SET review = a.review, absent_since = CASE p.absent_since
                WHEN 0 THEN floor(extract(epoch FROM now()))::bigint ELSE p.absent_since END
         FROM plan_absence a
         WHERE a.run = $2 AND p.tenant = $1 AND p.origin = 1 AND p.key = a.external_id
            AND (p.absent_since = 0 OR p.review <> a.review)",
    )
    .bind(tenant)
    .bind(run.0)
    .execute(&mut **tx)
    .await?;
    if tells_who_is_back(&now_at.mode) {
        // Who came back without any other change has no row. A proof of completeness says that everybody was read,
        // whatever was asked for.
        sqlx::query(
            "UPDATE person p SET absent_since = 0, review = 0
             WHERE p.tenant = $1 AND p.origin = 1 AND p.absent_since <> 0 AND p.marks & 3 <> 3
                AND (SELECT (proof::json ->> 'complete')::boolean FROM run WHERE id = $2)
                AND NOT EXISTS (SELECT 1 FROM plan_absence a
                    WHERE a.run = $2 AND a.external_id = p.key)",
        )
        .bind(tenant)
        .bind(run.0)
        .execute(&mut **tx)
        .await?;
    }
    let failed: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM row_outcome WHERE run = $1 AND outcome = 'failed')",
    )
    .bind(run.0)
    .fetch_one(&mut **tx)
    .await?;
    if failed {
        give_back(tx, tenant, run, now_at).await?;
    }
    migrate::follow(tx, tenant, run).await?;
    failures::note(tx, tenant, run, &now_at.mode).await?;
    // Who was refused is not as the directory has them: the next sync must not pass them over.
    sqlx::query(
        "UPDATE tenant SET checkpoint = CASE WHEN $3 THEN ''
            ELSE (SELECT checkpoint FROM run WHERE id = $2) END
         WHERE id = $1",
    )
    .bind(tenant)
    .bind(run.0)
    .bind(failed)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "UPDATE run SET status = 'applied', cursor = sequence, checkpoint = '',
            ended_at = floor(extract(epoch FROM now()) * 1000)::bigint
         WHERE id = $1",
    )
    .bind(run.0)
    .execute(&mut **tx)
    .await?;
    keep_counts(tx, tenant, run).await
}
