//! Finishing a plan: its digest, its weight, its guards.

use futures_util::TryStreamExt;
use sqlx::{PgConnection, Row};

use super::open::PostgresStore;
use super::rows::read_encoded;
use super::runs::standing;
use super::text::{given_json, kept_json};
use super::{adopt, migrate};
use crate::contract::plan::{Guard, Proof, Summary};
use crate::ports::TenantId;
use crate::ports::plan::{MIGRATE_IDS, RunId, RunStatus, UNINSTALL};
use crate::store::digest::{PlanDigest, line};
use crate::store::error::StoreResult;
use crate::store::guards::{self, Limits, Weight, flaw, guards};
use crate::store::refused;
use crate::store::standing::{row_id, unsigned, wrong_status};
use crate::store::values::json;

impl PostgresStore {
    pub(super) async fn finish_plan(
        &self,
        tenant: &TenantId,
        run: RunId,
        summary: &Summary,
        proof: &Proof,
        checkpoint: Vec<u8>,
    ) -> StoreResult<String> {
        let tenant = self.tenant(tenant).await?;
        // The portal's people are not kept waiting while the plan is read.
        let mut reader = self.snapshot().await?;
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
        reader.commit().await?;
        let status = if guards.iter().any(|guard| guard.tripped) {
            RunStatus::Held
        } else {
            RunStatus::Planned
        };
        let mut tx = self.write(tenant).await?;
        let found = standing(&mut tx, tenant, run).await?;
        if found.status != RunStatus::Planning || found.sequence != now.sequence {
            return Err(wrong_status(run, found.status, "being planned"));
        }
        sqlx::query(
            "UPDATE run SET status = $2, digest = $3, summary = $4, proof = $5, guards = $6,
                checkpoint = $7, planned_at = floor(extract(epoch FROM now()) * 1000)::bigint,
                pending = (SELECT count(*) FROM plan_row WHERE run = $1 AND kind <> 4)
             WHERE id = $1",
        )
        .bind(run.0)
        .bind(status.name())
        .bind(&digest)
        .bind(kept_json(json(summary)))
        .bind(kept_json(json(proof)))
        .bind(kept_json(json(&guards)))
        .bind(checkpoint)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "INSERT INTO plan_person (run, external_id, id)
             SELECT run, external_id, id FROM plan_row
             WHERE id > $1 AND id <= $2 AND external_id <> '' ORDER BY external_id",
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
        self.planning(tenant).await.forget(run);
        Ok(digest)
    }
}

async fn only_deactivates(connection: &mut PgConnection, run: RunId) -> StoreResult<()> {
    let others: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM plan_row
         WHERE run = $1 AND (kind <> 2 OR after <> '{}' OR pseudo IS NOT NULL)",
    )
    .bind(run.0)
    .fetch_one(connection)
    .await?;
    if others == 0 {
        return Ok(());
    }
    Err(refused::not_just_deactivations(others))
}

/// The digest over a run's rows as they are stored. They are read as they come, never all at once.
pub(super) async fn digest(
    connection: &mut PgConnection,
    run: RunId,
    sequence: i64,
    configuration: &str,
) -> StoreResult<String> {
    let mut digest = PlanDigest::new(configuration);
    let mut rows = sqlx::query(
        "SELECT kind, external_id, dn, display, reason, source_hash, before, after, pseudo, role,
            claims, claimed, flags, problem, other, adopts
         FROM plan_row WHERE id > $1 AND id <= $2 ORDER BY id",
    )
    .bind(row_id(run, 0))
    .bind(row_id(run, sequence))
    .fetch(connection);
    while let Some(row) = rows.try_next().await? {
        digest.add(&line(&read_encoded(&row)?));
    }
    Ok(digest.finish())
}

/// What a run's rows would do, counted from the rows.
///
/// Whoever a sync makes inactive without having seen the account disabled counts as absent, whatever the plugin
/// calls the reason: the proof is not the plugin's to waive. So does whoever loses the external id to somebody else.
pub(super) async fn weigh(connection: &mut PgConnection, run: RunId) -> StoreResult<Weight> {
    let row = sqlx::query(
        "SELECT
            count(*) FILTER (WHERE kind = 2),
            count(*) FILTER (WHERE flags & 1 <> 0),
            count(*) FILTER (WHERE flags & 2 <> 0),
            count(*) FILTER (WHERE kind = 0),
            count(*) FILTER (WHERE kind = 3),
            count(*) FILTER (WHERE CASE
                    WHEN kind <> 2 OR (SELECT mode FROM run WHERE id = $1) IN ('uninstall', 'undo')
                    THEN reason = 'absent' ELSE reason <> 'disabled' END)
                + (SELECT count(*) FROM plan_absence WHERE run = $1)
                + count(*) FILTER (WHERE adopts IS NOT NULL AND other::json ->> 'external_id' <> ''),
            count(*) FILTER (WHERE adopts IS NOT NULL)
         FROM plan_row WHERE run = $1",
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
    connection: &mut PgConnection,
    tenant: i64,
    weight: Weight,
) -> StoreResult<Vec<Guard>> {
    let row = sqlx::query(
        "SELECT t.settings, t.seats, p.used, p.synced FROM tenant t,
            (SELECT count(*) AS used, count(*) FILTER (WHERE origin = 1) AS synced
             FROM person WHERE tenant = $1 AND marks & 1 = 0) p
         WHERE t.id = $1",
    )
    .bind(tenant)
    .fetch_one(connection)
    .await?;
    let limits = Limits::of(&serde_json::from_str::<Vec<_>>(&given_json(
        row.try_get(0)?,
    ))?);
    let standing = guards::Standing {
        seats: unsigned(row.try_get(1)?),
        used: unsigned(row.try_get(2)?),
        active_synced: unsigned(row.try_get(3)?),
    };
    Ok(guards(weight, standing, limits))
}
