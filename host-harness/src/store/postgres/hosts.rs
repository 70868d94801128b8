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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::path::Path;

    use sqlx::{ConnectOptions as _, PgConnection};

    use super::*;
    use crate::ports::{Leases as _, TenantId};
    use crate::store::postgres::server;

    /// As if nobody had heard of a host for a while.
    async fn unheard(data_dir: &Path, name: &str, seconds: i32) {
        let database = server::database(data_dir).await;
        let mut beside: PgConnection = database.options().connect().await.unwrap();
        let done = sqlx::query(
            "UPDATE host SET heard = now() - make_interval(secs => $2) WHERE name = $1",
        )
        .bind(name)
        .bind(seconds)
        .execute(&mut beside)
        .await
        .unwrap();
        assert_eq!(done.rows_affected(), 1);
    }

    #[tokio::test]
    #[ignore = "starts a PostgreSQL server: tests/run postgres"]
    async fn whoever_beats_is_listed_with_its_leases_until_it_leaves() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (
            server::open(folder.path()).await,
            server::open(folder.path()).await,
        );
        assert_eq!(one.hosts().await.unwrap(), []);
        one.beat("1.0.0").await.unwrap();
        other.beat("1.1.0").await.unwrap();
        let _lease = other.lease(&TenantId::new("acme").unwrap()).await.unwrap();
        let seen = one.hosts().await.unwrap();
        let told: Vec<_> = seen
            .iter()
            .map(|host| (host.version.as_str(), host.tenants, host.here, host.gone()))
            .collect();
        assert_eq!(
            told,
            [("1.0.0", 0, true, false), ("1.1.0", 1, false, false)]
        );
        // It goes on serving, with a newer program perhaps, and is one host.
        other.beat("1.2.0").await.unwrap();
        let again = one.hosts().await.unwrap();
        assert_eq!((again.len(), &*again[1].version), (2, "1.2.0"));
        assert_eq!(again[1].since, seen[1].since);
        other.leave().await.unwrap();
        let left = one.hosts().await.unwrap();
        assert_eq!(left.len(), 1);
        assert!(left[0].here);
    }

    #[tokio::test]
    #[ignore = "starts a PostgreSQL server: tests/run postgres"]
    async fn whoever_is_not_heard_of_is_gone_and_forgotten_after_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (
            server::open(folder.path()).await,
            server::open(folder.path()).await,
        );
        one.beat("1").await.unwrap();
        other.beat("1").await.unwrap();
        let name = other.keeper().holder();
        unheard(folder.path(), name, 15).await;
        assert!(!one.hosts().await.unwrap()[1].gone(), "one beat late");
        unheard(folder.path(), name, 60).await;
        let seen = one.hosts().await.unwrap();
        assert!(seen[1].gone() && seen[1].silent >= 60 && !seen[0].gone());
        unheard(folder.path(), name, 25 * 60 * 60).await;
        assert_eq!(one.hosts().await.unwrap().len(), 1);
        // The next beat removes it, and whoever is back is there anew.
        one.beat("1").await.unwrap();
        let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM host")
            .fetch_one(&mut *one.read().await.unwrap())
            .await
            .unwrap();
        assert_eq!(kept, 1);
        other.beat("1").await.unwrap();
        assert!(one.hosts().await.unwrap().iter().all(|host| !host.gone()));
    }
}
