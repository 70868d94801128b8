//! The database's shape: how old it is, and bringing it up to date.

use sqlx::PgConnection;
use sqlx::migrate::{MigrateError, Migrator};

use crate::store::database::SchemaVersions;
use crate::store::error::{StoreError, StoreResult};

static MIGRATIONS: Migrator = sqlx::migrate!("src/store/postgres/migrations");

/// Brings the shape up to date, one host at a time. A database of a newer program is refused.
pub(super) async fn update(connection: &mut PgConnection) -> StoreResult<SchemaVersions> {
    let SchemaVersions { from, to } = versions(connection).await?;
    let applied = applied(connection).await?;
    if from > to {
        return Err(MigrateError::VersionMissing(from).into());
    }
    // One that is up to date needs no right to change its shape.
    if !complete(&applied) {
        MIGRATIONS.run(&mut *connection).await?;
    }
    Ok(SchemaVersions { from, to })
}

/// How old the shape is, and this program's.
pub(super) async fn versions(connection: &mut PgConnection) -> StoreResult<SchemaVersions> {
    let to = MIGRATIONS.iter().map(|step| step.version).max();
    let from = applied(connection).await?.into_iter().max();
    Ok(SchemaVersions {
        from: from.unwrap_or(0),
        to: to.unwrap_or(0),
    })
}

/// Texts of every script must fit.
pub(super) async fn check_encoding(connection: &mut PgConnection) -> StoreResult<()> {
    let encoding: String = sqlx::query_scalar("SELECT current_setting('server_encoding')")
        .fetch_one(connection)
        .await?;
    if encoding == "UTF8" {
        return Ok(());
    }
    Err(StoreError::refused(
        "store-encoding",
        format!("the database keeps texts as {encoding}, which cannot hold every name"),
        "Make another: createdb --encoding UTF8 --template template0 NAME.",
    ))
}

/// The steps that the database has taken; none of a new one.
async fn applied(connection: &mut PgConnection) -> StoreResult<Vec<i64>> {
    let known: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await?;
    if !known {
        return Ok(Vec::new());
    }
    Ok(
        sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success")
            .fetch_all(connection)
            .await?,
    )
}

/// Whether every step was taken: one may have been added between others.
fn complete(applied: &[i64]) -> bool {
    MIGRATIONS
        .iter()
        .all(|step| applied.contains(&step.version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_without_a_step_in_the_middle_is_not_complete() {
        let all: Vec<i64> = MIGRATIONS.iter().map(|step| step.version).collect();
        assert!(complete(&all));
        for missing in &all {
            let others: Vec<i64> = all.iter().copied().filter(|one| one != missing).collect();
            assert!(!complete(&others), "{missing}");
        }
    }
}
