//! Which processes serve on this database. All times are of the server's clock, which is the same for all of them.

use async_trait::async_trait;
use sqlx::Row as _;

use super::open::PostgresStore;
use super::text::{given, keep};
use crate::ports::Outcome;
use crate::ports::hosts::{Beating, FORGOTTEN, Hosts};
use crate::store::error::StoreResult;
use crate::store::standing::unsigned;

#[async_trait]
impl Hosts for PostgresStore {
    async fn beat(&self, version: &str) -> Outcome<()> {
        Ok(self.note_beat(version).await?)
    }

    async fn leave(&self) -> Outcome<()> {
        Ok(self.forget_host().await?)
    }

    async fn hosts(&self) -> Outcome<Vec<Beating>> {
        Ok(self.list_hosts().await?)
    }
}

impl PostgresStore {
    async fn note_beat(&self, version: &str) -> StoreResult<()> {
        sqlx::query(
            "WITH gone AS (DELETE FROM host
                WHERE heard < clock_timestamp() - make_interval(secs => $3::bigint) AND name <> $1)
             INSERT INTO host (name, version, since, heard)
             VALUES ($1, $2, clock_timestamp(), clock_timestamp())
             ON CONFLICT (name) DO UPDATE SET version = excluded.version, heard = excluded.heard",
        )
        .bind(self.keeper().holder())
        .bind(keep(version))
        .bind(FORGOTTEN)
        .execute(&mut *self.read().await?)
        .await?;
        Ok(())
    }

    async fn forget_host(&self) -> StoreResult<()> {
        sqlx::query("DELETE FROM host WHERE name = $1")
            .bind(self.keeper().holder())
            .execute(&mut *self.read().await?)
            .await?;
        Ok(())
    }

    async fn list_hosts(&self) -> StoreResult<Vec<Beating>> {
        sqlx::query(
            "SELECT h.name, h.version, floor(extract(epoch FROM h.since) * 1000)::bigint,
                floor(extract(epoch FROM clock_timestamp() - h.heard))::bigint,
                (SELECT count(*) FROM lease l WHERE l.holder = h.name AND l.until > clock_timestamp()),
                h.name = $1
             FROM host h WHERE h.heard >= clock_timestamp() - make_interval(secs => $2::bigint)
             ORDER BY h.since, h.name",
        )
        .bind(self.keeper().holder())
        .bind(FORGOTTEN)
        .fetch_all(&mut *self.read().await?)
        .await?
        .iter()
        .map(|row| {
            Ok(Beating {
                name: row.try_get(0)?,
                version: given(row.try_get(1)?),
                since: row.try_get(2)?,
                silent: row.try_get(3)?,
                tenants: unsigned(row.try_get(4)?),
                here: row.try_get(5)?,
            })
        })
        .collect()
    }
}
