//! Who tries passwords, and how often.

use sqlx::{Row, Sqlite, Transaction};

use super::open::Store;
use crate::ports::users::{Hash, Trier, Try};
use crate::store::error::StoreResult;
use crate::store::tries::{Both, FORGOTTEN, Tries};

impl Store {
    pub(super) async fn begin_try(&self, who: &Trier, now: i64) -> StoreResult<Try> {
        let mut tx = self.write().await?;
        let mut both = read(&mut tx, who).await?;
        let may = both.begin(now);
        if may == Try::Allowed {
            sqlx::query("DELETE FROM login_try WHERE last_at <= ?1 AND known_until <= ?2")
                .bind(now - FORGOTTEN)
                .bind(now)
                .execute(&mut *tx)
                .await?;
            write(&mut tx, who, &both).await?;
            tx.commit().await?;
        }
        Ok(may)
    }

    pub(super) async fn clear_tries(&self, who: &Trier, now: i64) -> StoreResult<()> {
        let mut tx = self.write().await?;
        let mut both = read(&mut tx, who).await?;
        both.succeed(now);
        write(&mut tx, who, &both).await?;
        Ok(tx.commit().await?)
    }
}

async fn read(tx: &mut Transaction<'_, Sqlite>, who: &Trier) -> StoreResult<Both> {
    Ok(Both {
        pair: one(tx, &who.pair).await?,
        address: one(tx, &who.address).await?,
    })
}

async fn one(tx: &mut Transaction<'_, Sqlite>, hash: &Hash) -> StoreResult<Tries> {
    let row = sqlx::query(
        "SELECT failures, last_at, not_before, known_until FROM login_try WHERE hash = ?1",
    )
    .bind(&hash[..])
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else {
        return Ok(Tries::default());
    };
    Ok(Tries {
        failures: row.try_get(0)?,
        last_at: row.try_get(1)?,
        not_before: row.try_get(2)?,
        known_until: row.try_get(3)?,
    })
}

async fn write(tx: &mut Transaction<'_, Sqlite>, who: &Trier, both: &Both) -> StoreResult<()> {
    for (hash, tries) in [(&who.pair, both.pair), (&who.address, both.address)] {
        sqlx::query(
            "INSERT INTO login_try (hash, failures, last_at, not_before, known_until)
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (hash) DO UPDATE SET failures = excluded.failures,
                last_at = excluded.last_at, not_before = excluded.not_before, known_until = excluded.known_until",
        )
        .bind(&hash[..])
        .bind(tries.failures)
        .bind(tries.last_at)
        .bind(tries.not_before)
        .bind(tries.known_until)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}
