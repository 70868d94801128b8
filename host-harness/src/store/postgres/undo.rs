//! Plans that put back what a run changed.

use sqlx::{Postgres, Transaction};

use super::open::PostgresStore;
use super::portal::all_kept;
use super::runs::throw_away;
use super::text::given;
use crate::ports::TenantId;
use crate::ports::plan::{RunId, UNDO};
use crate::store::error::StoreResult;
use crate::store::refused;
use crate::store::standing::Standing;

impl PostgresStore {
    pub(super) async fn statuses_since(
        &self,
        tenant: &TenantId,
        run: RunId,
        external_ids: &[String],
    ) -> StoreResult<Vec<String>> {
        let tenant = self.tenant(tenant).await?;
        let ids: Vec<&String> = external_ids.iter().collect();
        let changed: Vec<String> = sqlx::query_scalar(
            "SELECT DISTINCT h.external_id FROM run u
             JOIN plan_person h ON h.run = u.id AND h.external_id = ANY ($3)
             JOIN plan_row r ON r.id = h.id LEFT JOIN row_outcome o ON o.id = r.id
             WHERE u.tenant = $1 AND u.id > $2 AND r.kind IN (0, 2, 3)
                AND coalesce(o.outcome = 'applied', r.id & 4294967295 <= u.cursor)",
        )
        .bind(tenant)
        .bind(run.0)
        .bind(all_kept(&ids))
        .fetch_all(&mut *self.read().await?)
        .await?;
        Ok(changed.into_iter().map(given).collect())
    }
}

/// Refuses an undo, and throws it away, where somebody was edited since it was planned: it would take that back too. The caller
/// commits.
pub(super) async fn unedited(
    tx: &mut Transaction<'_, Postgres>,
    tenant: i64,
    run: RunId,
    now: &Standing,
) -> StoreResult<()> {
    if now.mode != UNDO {
        return Ok(());
    }
    let edited: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM plan_row r
            JOIN person p ON p.tenant = $1 AND p.origin = 1 AND p.key = r.external_id
            JOIN person_values v ON v.id = p.id
            WHERE r.run = $2 AND r.kind <> 4 AND v.edited_in >= $2)",
    )
    .bind(tenant)
    .bind(run.0)
    .fetch_one(&mut **tx)
    .await?;
    if !edited {
        return Ok(());
    }
    throw_away(tx, run, refused::undo_outdated(run).into()).await
}
