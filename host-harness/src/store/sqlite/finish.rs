//! Finishing a plan: its digest, its weight, its guards.

use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::open::{Store, now_millis, unsigned};
use super::runs::{row_id, standing, wrong_status};
use super::{adopt, migrate};
use crate::contract::plan::{Guard, Proof, Summary};
use crate::ports::TenantId;
use crate::ports::plan::{MIGRATE_IDS, RunId, RunStatus, UNINSTALL};
use crate::store::digest::PlanDigest;
use crate::store::error::StoreResult;
use crate::store::guards::{Limits, Standing, Weight, flaw, guards};
use crate::store::refused;
use crate::store::values::json;

/// Lines of the digest that travel together.
const LINES: i64 = 500;
/// About how many bytes of them; one line alone may have more.
const LINE_BYTES: i64 = 8 << 20;

impl Store {
    pub(super) async fn finish_plan(
        &self,
        tenant: &TenantId,
        run: RunId,
        summary: &Summary,
        proof: &Proof,
        checkpoint: Vec<u8>,
    ) -> StoreResult<String> {
        let tenant = self.tenant(tenant).await?;
        let mut reader = self.readers().acquire().await?;
        let now = standing(&mut reader, tenant, run).await?;
        if now.status != RunStatus::Planning {
            return Err(wrong_status(run, now.status, "being planned"));
        }
        if now.mode == UNINSTALL {
            only_deactivates(&mut reader, run).await?;
        }
        let weight = weigh(&mut reader, run).await?;
        if weight.absent > 0
            && let Some(flaw) = flaw(proof, &now.configuration)
        {
            return Err(refused::absence_unproven(weight.absent, &flaw));
        }
        let digest = digest(&mut reader, run, now.sequence, &now.configuration).await?;
        let guards = current_guards(&mut reader, tenant, weight).await?;
        drop(reader);
        let status = if guards.iter().any(|guard| guard.tripped) {
            RunStatus::Held
        } else {
            RunStatus::Planned
        };
        let mut tx = self.write().await?;
        let ended = sqlx::query(
            "UPDATE run SET status = ?2, planned_at = ?3, digest = ?4, summary = ?5, proof = ?6,
                guards = ?7, checkpoint = ?8,
                pending = (SELECT count(*) FROM plan_row WHERE run = ?1 AND kind <> 4)
             WHERE id = ?1 AND status = 'planning'",
        )
        .bind(run.0)
        .bind(status.name())
        .bind(now_millis())
        .bind(&digest)
        .bind(json(summary))
        .bind(json(proof))
        .bind(json(&guards))
        .bind(checkpoint)
        .execute(&mut *tx)
        .await?;
        if ended.rows_affected() == 0 {
            let now = standing(&mut tx, tenant, run).await?;
            return Err(wrong_status(run, now.status, "being planned"));
        }
        sqlx::query(
            "INSERT INTO plan_person (run, external_id, id)
             SELECT run, external_id, id FROM plan_row
             WHERE id > ?1 AND id <= ?2 AND external_id <> '' ORDER BY external_id",
        )
        .bind(row_id(run, 0))
        .bind(row_id(run, now.sequence))
        .execute(&mut *tx)
        .await?;
        if now.mode == MIGRATE_IDS {
            migrate::only_ids(&mut tx, run).await?;
        }
        adopt::check(&mut tx, tenant, run).await?;
        tx.commit().await?;
        self.planning().await.forget(run);
        Ok(digest)
    }
}

/// Refuses an uninstall's plan that does anything but deactivate: no guard stands in the way of such a plan.
async fn only_deactivates(connection: &mut SqliteConnection, run: RunId) -> StoreResult<()> {
    let others: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM plan_row
         WHERE run = ?1 AND (kind <> 2 OR after <> '{}' OR pseudo IS NOT NULL)",
    )
    .bind(run.0)
    .fetch_one(connection)
    .await?;
    if others == 0 {
        return Ok(());
    }
    Err(refused::not_just_deactivations(others))
}

/// The digest over a run's rows as they are stored, read in pieces.
pub(super) async fn digest(
    connection: &mut SqliteConnection,
    run: RunId,
    sequence: i64,
    configuration: &str,
) -> StoreResult<String> {
    let mut digest = PlanDigest::new(configuration);
    let mut after = 0;
    while after < sequence {
        let last = piece(connection, run, after, sequence).await?;
        let lines = sqlx::query(
            "SELECT group_concat(line, '') FROM (
                SELECT concat_ws(char(31), kind, octet_length(external_id), external_id,
                    octet_length(dn), dn, octet_length(display), display, reason,
                    iif(source_hash IS NULL, '-', lower(hex(source_hash))), coalesce(before, '-'), after,
                    coalesce(pseudo, '-'), coalesce(role, '-'), coalesce(claims, '-'), claimed,
                    flags, coalesce(problem, '-'), coalesce(other, '-')) || char(10) AS line
                FROM plan_row WHERE id > ?1 AND id <= ?2 ORDER BY id)",
        )
        .bind(row_id(run, after))
        .bind(row_id(run, last))
        .fetch_one(&mut *connection)
        .await?;
        digest.add(lines.try_get::<Option<&str>, _>(0)?.unwrap_or_default());
        after = last;
    }
    Ok(digest.finish())
}

/// Where a piece of the digest ends: fewer lines where they are long.
async fn piece(
    connection: &mut SqliteConnection,
    run: RunId,
    after: i64,
    sequence: i64,
) -> StoreResult<i64> {
    let mut lines = LINES.min(sequence - after);
    while lines > 1 {
        let bytes: i64 = sqlx::query_scalar(
            "SELECT coalesce(sum(octet_length(after) + coalesce(octet_length(before), 0)
                + octet_length(dn) + coalesce(octet_length(problem), 0)), 0)
             FROM plan_row WHERE id > ?1 AND id <= ?2",
        )
        .bind(row_id(run, after))
        .bind(row_id(run, after + lines))
        .fetch_one(&mut *connection)
        .await?;
        if bytes <= LINE_BYTES {
            break;
        }
        lines /= 2;
    }
    Ok(after + lines)
}

/// What a run's rows would do, counted from the rows.
///
/// Whoever a sync makes inactive without having seen the account disabled counts as absent, whatever the plugin
/// calls the reason: the proof is not the plugin's to waive. So does whoever loses the external id to somebody else.
pub(super) async fn weigh(connection: &mut SqliteConnection, run: RunId) -> StoreResult<Weight> {
    let row = sqlx::query(
        "SELECT
            (SELECT count(*) FROM plan_row WHERE run = ?1 AND kind = 2),
            (SELECT count(*) FROM plan_row WHERE run = ?1 AND flags <> 0 AND flags & 1),
            (SELECT count(*) FROM plan_row WHERE run = ?1 AND flags <> 0 AND flags & 2),
            (SELECT count(*) FROM plan_row WHERE run = ?1 AND kind = 0),
            (SELECT count(*) FROM plan_row WHERE run = ?1 AND kind = 3),
            (SELECT count(*) FROM plan_row WHERE run = ?1 AND reason = 'absent' AND kind <> 2)
                + (SELECT count(*) FROM plan_row WHERE run = ?1 AND kind = 2 AND iif(
                    (SELECT mode FROM run WHERE id = ?1) IN ('uninstall', 'undo'),
                    reason = 'absent', reason <> 'disabled'))
                + (SELECT count(*) FROM plan_absence WHERE run = ?1)
                + (SELECT count(*) FROM plan_row WHERE run = ?1 AND adopts IS NOT NULL
                    AND other ->> 'external_id' <> ''),
            (SELECT count(*) FROM plan_row WHERE run = ?1 AND adopts IS NOT NULL)",
    )
    .bind(run.0)
    .fetch_one(&mut *connection)
    .await?;
    let count = |column: usize| row.try_get::<i64, _>(column).map(unsigned);
    let (migrate, adopt) = match migrate::is(connection, run).await? {
        true => (count(6)?, 0),
        false => (0, count(6)?),
    };
    Ok(Weight {
        deactivate: count(0)?,
        blank: count(1)?,
        role: count(2)?,
        create: count(3)?,
        reactivate: count(4)?,
        absent: count(5)?,
        adopt,
        migrate,
    })
}

/// The guards against the portal and the limits as they are now.
pub(super) async fn current_guards(
    connection: &mut SqliteConnection,
    tenant: i64,
    weight: Weight,
) -> StoreResult<Vec<Guard>> {
    let row = sqlx::query(
        "SELECT t.settings, t.seats, count(p.tenant), coalesce(sum(p.origin = 1), 0)
         FROM tenant t LEFT JOIN person p ON p.tenant = t.id AND p.marks & 1 = 0 WHERE t.id = ?1",
    )
    .bind(tenant)
    .fetch_one(connection)
    .await?;
    let limits = Limits::of(&serde_json::from_str::<Vec<_>>(row.try_get(0)?)?);
    let standing = Standing {
        seats: unsigned(row.try_get(1)?),
        used: unsigned(row.try_get(2)?),
        active_synced: unsigned(row.try_get(3)?),
    };
    Ok(guards(weight, standing, limits))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::contract::plan::RowKind;
    use crate::store::conformance::people::{Plans, begun, create, installed, row};

    #[tokio::test]
    async fn long_lines_of_the_digest_travel_in_small_pieces_and_short_ones_in_large() {
        const PHOTO: usize = 300_000;
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).await.unwrap();
        let acme = installed(&store, "acme").await;
        let run = begun(&store, &acme).await;
        let photo = "x".repeat(PHOTO);
        let long = |n: i64| row(RowKind::Update, &format!("l{n}"), &[("photo", "", &photo)]);
        let short = |n: i64| create(&format!("s{n}"), &format!("{n}@x"));
        let (long, short) = ((0..60).map(long), (0..600).map(short));
        store.record(&acme, run, long.collect()).await.unwrap();
        store.record(&acme, run, short.collect()).await.unwrap();
        let mut reader = store.readers().acquire().await.unwrap();
        let (mut after, mut pieces) = (0, Vec::new());
        while after < 660 {
            let last = piece(&mut reader, run, after, 660).await.unwrap();
            pieces.push(last - after);
            after = last;
        }
        assert_eq!(after, 660);
        assert!(
            pieces[0] > 1 && pieces[0] * PHOTO as i64 <= LINE_BYTES,
            "{pieces:?}"
        );
        assert!(pieces.contains(&LINES), "{pieces:?}");
    }
}
