//! The copy from the first table to the last number.

use std::path::Path;

use sha2::{Digest, Sha256};
use sqlx::{Postgres, Row, Sqlite, Transaction};

use super::cell::{Cell, Columns, Kind};
use super::tables::{TABLES, Table};
use crate::Problem;
use crate::ports::TenantId;
use crate::store::TenantLock;
use crate::store::error::{StoreError, StoreResult};
use crate::store::postgres::{PostgresStore, given, kept, kept_json, unique_key};
use crate::store::sqlite::{DATABASE, Store, wrapped};
use crate::store::vault::{KeyChoice, Sealed, unreadable_password};

/// Rows that travel together, and about how many bytes of them.
const ROWS: usize = 1_000;
const BYTES: usize = 4 << 20;

/// How many rows of a table were copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The table.
    pub table: &'static str,
    /// Its rows.
    pub rows: u64,
}

/// Copies the SQLite database of a data directory, which nobody else may write to meanwhile, into an empty PostgreSQL
/// database. Passwords are sealed anew, with the other store's keys. All is there afterwards, or nothing.
///
/// # Errors
/// `store-not-empty` where the database has tenants, tokens, users or a log; `tenant-busy` where a run is under way in the data directory;
/// `store-file` where it holds no database; what opening it refuses; `secret-unreadable` where a password does not open;
/// `copy-differs` where what arrived is not what was sent; and what the databases refuse.
pub async fn copy(
    from: &Path,
    keys: KeyChoice,
    to: &PostgresStore,
) -> Result<Vec<Copied>, Problem> {
    Ok(try_copy(from, keys, to).await?)
}

async fn try_copy(from: &Path, keys: KeyChoice, to: &PostgresStore) -> StoreResult<Vec<Copied>> {
    let path = from.join(DATABASE);
    std::fs::metadata(&path).map_err(|error| StoreError::file(&path, error))?;
    let source = Store::open_with_keys(from, keys).await?;
    // Whoever only edits people holds no lock: the transaction keeps everybody from writing.
    let mut reader = source.write().await?;
    let names: Vec<String> = sqlx::query_scalar("SELECT name FROM tenant ORDER BY id")
        .fetch_all(&mut *reader)
        .await?;
    let mut locks = Vec::new();
    for name in names {
        locks.push(TenantLock::acquire(from, &TenantId::new(name)?)?);
    }
    let mut writer = to.begin().await?;
    // Two that copy at once would both find it empty.
    sqlx::query("LOCK TABLE tenant IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *writer)
        .await?;
    let occupied: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM tenant) OR EXISTS (SELECT 1 FROM token) OR EXISTS (SELECT 1 FROM deed)
            OR EXISTS (SELECT 1 FROM console_user)",
    )
    .fetch_one(&mut *writer)
    .await?;
    if occupied {
        return Err(StoreError::refused(
            "store-not-empty",
            "the database already has tenants, tokens, users or a log",
            "Copy into a new database: createdb --encoding UTF8 NAME.",
        ));
    }
    let mut copied = Vec::with_capacity(TABLES.len());
    for table in TABLES {
        let (rows, sent) = send(table, &mut reader, &mut writer).await?;
        if received(table, &mut writer).await? != (rows, sent) {
            return Err(StoreError::refused(
                "copy-differs",
                format!("the table {} did not arrive as it was sent", table.name),
                "Nothing was kept. Report this, with the version of the database's server.",
            ));
        }
        copied.push(Copied {
            table: table.name,
            rows,
        });
    }
    seal_anew(&source, to, &mut reader, &mut writer).await?;
    count_on(&mut reader, &mut writer).await?;
    writer.commit().await?;
    reader.rollback().await?;
    source.close().await;
    Ok(copied)
}

/// Copies a table; says how many rows it has and the digest of them.
async fn send(
    table: &Table,
    reader: &mut Transaction<'_, Sqlite>,
    writer: &mut Transaction<'_, Postgres>,
) -> StoreResult<(u64, Vec<u8>)> {
    use futures_util::TryStreamExt;
    let mut rows = sqlx::query(table.read).fetch(&mut **reader);
    let (mut count, mut digest) = (0, Sha256::new());
    let mut columns = Columns::new(table.columns);
    while let Some(row) = rows.try_next().await? {
        for (at, kind) in table.columns.iter().enumerate() {
            let cell = match kind {
                Kind::Int => Cell::Int(row.try_get(at)?),
                Kind::Bool => Cell::Bool(row.try_get(at)?),
                Kind::Bytes => Cell::Bytes(row.try_get(at)?),
                Kind::Text => Cell::Text(row.try_get::<Option<_>, _>(at)?.map(kept)),
                Kind::Json => Cell::Text(row.try_get::<Option<_>, _>(at)?.map(kept_json)),
                Kind::Unique => Cell::Text(
                    row.try_get::<Option<_>, _>(at)?
                        .map(|value| unique_key(kept(value))),
                ),
            };
            cell.digest(&mut digest);
            columns.push(at, cell);
        }
        count += 1;
        if columns.rows() == ROWS || columns.bytes() > BYTES {
            columns.write(table.write, writer).await?;
        }
    }
    columns.write(table.write, writer).await?;
    Ok((count, digest.finalize().to_vec()))
}

/// How many rows arrived, and the digest of them.
async fn received(
    table: &Table,
    writer: &mut Transaction<'_, Postgres>,
) -> StoreResult<(u64, Vec<u8>)> {
    use futures_util::TryStreamExt;
    let mut rows = sqlx::query(table.check).fetch(&mut **writer);
    let (mut count, mut digest) = (0, Sha256::new());
    while let Some(row) = rows.try_next().await? {
        for (at, kind) in table.columns.iter().enumerate() {
            let cell = match kind {
                Kind::Int => Cell::Int(row.try_get(at)?),
                Kind::Bool => Cell::Bool(row.try_get(at)?),
                Kind::Bytes => Cell::Bytes(row.try_get(at)?),
                Kind::Text | Kind::Json | Kind::Unique => Cell::Text(row.try_get(at)?),
            };
            cell.digest(&mut digest);
        }
        count += 1;
    }
    Ok((count, digest.finalize().to_vec()))
}

/// Passwords open with the keys of the database that they are in.
async fn seal_anew(
    source: &Store,
    to: &PostgresStore,
    reader: &mut Transaction<'_, Sqlite>,
    writer: &mut Transaction<'_, Postgres>,
) -> StoreResult<()> {
    let secrets = sqlx::query(
        "SELECT s.id, t.name, s.name, s.nonce, s.sealed, s.handle, t.id
         FROM secret s JOIN tenant t ON t.id = s.tenant",
    )
    .fetch_all(&mut **writer)
    .await?;
    for secret in secrets {
        let tenant = TenantId::new(secret.try_get::<String, _>(1)?)?;
        let name = given(secret.try_get(2)?);
        let sealed = Sealed {
            nonce: secret.try_get(3)?,
            bytes: secret.try_get(4)?,
        };
        let handle = given(secret.try_get(5)?);
        let number = secret.try_get(6)?;
        let Some(wrapped) = wrapped(reader, number).await? else {
            return Err(unreadable_password(&tenant, &name));
        };
        let key = source.vault().data_key(&tenant, &wrapped).await?;
        let password = key.unseal(&tenant, &name, &handle, &sealed)?;
        let key = to.data_key(writer, number, &tenant).await?;
        let sealed = key.seal(&tenant, &name, &handle, &password)?;
        sqlx::query("UPDATE secret SET nonce = $2, sealed = $3 WHERE id = $1")
            .bind(secret.try_get::<i64, _>(0)?)
            .bind(sealed.nonce)
            .bind(sealed.bytes)
            .execute(&mut **writer)
            .await?;
    }
    Ok(())
}

/// New numbers go on where SQLite's were, also after runs that are gone: people remember in which run they were edited.
async fn count_on(
    reader: &mut Transaction<'_, Sqlite>,
    writer: &mut Transaction<'_, Postgres>,
) -> StoreResult<()> {
    let runs: i64 =
        sqlx::query_scalar("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'run'")
            .fetch_one(&mut **reader)
            .await?;
    sqlx::query(
        "SELECT setval(pg_get_serial_sequence('run', 'id'), $1 + 1, false),
            setval(pg_get_serial_sequence('tenant', 'id'),
                (SELECT coalesce(max(id), 0) + 1 FROM tenant), false),
            setval(pg_get_serial_sequence('secret', 'id'),
                (SELECT coalesce(max(id), 0) + 1 FROM secret), false),
            setval(pg_get_serial_sequence('token', 'id'),
                (SELECT coalesce(max(id), 0) + 1 FROM token), false),
            setval(pg_get_serial_sequence('deed', 'id'),
                (SELECT coalesce(max(id), 0) + 1 FROM deed), false),
            setval(pg_get_serial_sequence('console_user', 'id'),
                (SELECT coalesce(max(id), 0) + 1 FROM console_user), false),
            setval(pg_get_serial_sequence('failure', 'id'),
                (SELECT coalesce(max(id), 0) + 1 FROM failure), false),
            setval('person_number', (SELECT coalesce(max(id), 0) + 1 FROM person_values), false)",
    )
    .bind(runs)
    .execute(&mut **writer)
    .await?;
    Ok(())
}
