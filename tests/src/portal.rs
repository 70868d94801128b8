//! The portal's database, read beside the program: what is in it, and what was written to it.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{ConnectOptions, Connection, Row};

/// Why it could not be read.
#[derive(Debug, thiserror::Error)]
pub enum PortalError {
    /// The database's own trouble.
    #[error("the portal's database: {0}")]
    Database(#[from] sqlx::Error),
    /// No runtime.
    #[error("no runtime: {0}")]
    Runtime(#[from] std::io::Error),
    /// Something in it is no JSON.
    #[error("the portal's database holds what is no JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Somebody whom a sync brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// As the directory wrote it.
    pub dn: String,
    /// Not made inactive by anybody.
    pub active: bool,
    /// Made inactive by a sync.
    pub by_sync: bool,
    /// The role's id.
    pub role: String,
    /// What the plugin recorded.
    pub source_hash: Vec<u8>,
    /// The directory did not hold them at the last sync.
    pub absent: bool,
    /// Listed for review.
    pub review: bool,
    /// By field.
    pub values: BTreeMap<String, String>,
    /// Held unique values as they are compared, by field.
    pub unique: BTreeMap<String, String>,
}

/// Everybody whom a sync brought, by external id. Numbers and moments, which differ from run to run, are left out.
pub type People = BTreeMap<String, Person>;

/// A row of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRow {
    /// `create`, `update`, `deactivate`, `reactivate` or `unsynced`.
    pub kind: &'static str,
    /// Whose.
    pub external_id: String,
    /// As the directory wrote it.
    pub dn: String,
    /// A stable code.
    pub reason: String,
    /// The values before, as JSON.
    pub before: String,
    /// The values after, as JSON.
    pub after: String,
    /// Changes of role and DN, as JSON.
    pub pseudo: String,
    /// The problem's code and field; empty where there is none.
    pub problem: (String, String),
    /// The other party's external id and DN; empty where there is none.
    pub other: (String, String),
}

/// The kinds of rows by number.
const KINDS: [&str; 5] = ["create", "update", "deactivate", "reactivate", "unsynced"];

/// The tables that make the portal.
const TABLES: [&str; 3] = ["person", "person_values", "unique_value"];

/// A data directory's database. Every call opens and closes it, so that the program finds it as it left it.
#[derive(Debug)]
pub struct Portal {
    runtime: tokio::runtime::Runtime,
    options: SqliteConnectOptions,
}

impl Portal {
    /// The database of a data directory.
    ///
    /// # Errors
    /// Where there is no runtime to be had.
    pub fn of(data: &Path) -> Result<Self, PortalError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let options = SqliteConnectOptions::new()
            .filename(data.join("rollcall.db"))
            .disable_statement_logging();
        Ok(Self { runtime, options })
    }

    /// Everybody whom a sync brought to a tenant.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn people(&self, tenant: &str) -> Result<People, PortalError> {
        let rows = self.ask(
            "SELECT p.key, v.dn, p.marks, p.role, p.source_hash, p.absent_since <> 0, p.review <> 0, v.data,
                coalesce((SELECT json_group_object(field, value) FROM unique_value u WHERE u.person = p.id), '{}')
             FROM person p JOIN person_values v ON v.id = p.id JOIN tenant t ON t.id = p.tenant
             WHERE t.name = ?1 AND p.origin = 1",
            tenant,
        )?;
        rows.iter().map(person).collect()
    }

    /// What the last applied plan left for the next, as text.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn checkpoint(&self, tenant: &str) -> Result<String, PortalError> {
        let rows = self.ask(
            "SELECT CAST(checkpoint AS TEXT) FROM tenant WHERE name = ?1",
            tenant,
        )?;
        let text = rows.first().map(|row| row.try_get(0)).transpose()?;
        Ok(text.unwrap_or_default())
    }

    /// The rows of a run, in order.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn rows(&self, run: i64) -> Result<Vec<PlanRow>, PortalError> {
        let rows = self.ask(
            "SELECT kind, external_id, dn, reason, coalesce(before, ''), after, coalesce(pseudo, ''),
                coalesce(problem ->> 'code', ''), coalesce(problem ->> 'field', ''),
                coalesce(other ->> 'external-id', other ->> 'external_id', ''), coalesce(other ->> 'dn', '')
             FROM plan_row WHERE run = ?1 ORDER BY id",
            &run.to_string(),
        )?;
        rows.iter().map(plan_row).collect()
    }

    /// All texts of one query's first column, with one parameter `?1`.
    ///
    /// # Errors
    /// Where the query is wrong or the database cannot be read.
    pub fn texts(&self, query: &'static str, parameter: &str) -> Result<Vec<String>, PortalError> {
        let rows = self.ask(query, parameter)?;
        let texts = rows.iter().map(|row| row.try_get(0));
        Ok(texts.collect::<Result<_, _>>()?)
    }

    /// A number.
    ///
    /// # Errors
    /// As [`Self::texts`].
    pub fn number(&self, query: &'static str, parameter: &str) -> Result<i64, PortalError> {
        let rows = self.ask(query, parameter)?;
        let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        Ok(row.try_get(0)?)
    }

    /// From now on the database itself notes every write to the portal, whoever makes it, in the same transaction, and
    /// counts to `slowness` each time, so that a test can meet the program while it writes.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub fn watch(&self, slowness: u32) -> Result<(), PortalError> {
        let mut script =
            "CREATE TABLE written (what TEXT NOT NULL, person INTEGER NOT NULL, counted INTEGER);"
                .to_owned();
        for table in TABLES {
            let id = if table == "unique_value" {
                "person"
            } else {
                "id"
            };
            for (event, row) in [("insert", "new"), ("update", "new"), ("delete", "old")] {
                script.push_str(&format!(
                    "CREATE TRIGGER watch_{table}_{event} AFTER {event} ON {table} BEGIN
                        INSERT INTO written VALUES ('{event} {table}', {row}.{id},
                            (WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n LIMIT {slowness})
                             SELECT max(i) FROM n)); END;"
                ));
            }
        }
        self.execute(script)
    }

    /// Changes the database by hand, to have what takes days.
    ///
    /// # Errors
    /// Where a statement is wrong or the database cannot be written.
    pub fn execute(&self, script: impl Into<String>) -> Result<(), PortalError> {
        self.runtime.block_on(async {
            let mut connection = self.options.connect().await?;
            sqlx::raw_sql(sqlx::AssertSqlSafe(script.into()))
                .execute(&mut connection)
                .await?;
            connection.close().await?;
            Ok(())
        })
    }

    /// What was written to the portal since [`Self::watch`]: how often each thing was done to each person, by the
    /// external id.
    ///
    /// # Errors
    /// Where nobody watches.
    pub fn written(&self) -> Result<BTreeMap<(String, String), i64>, PortalError> {
        let rows = self.ask(
            "SELECT w.what, coalesce(v.key, ?1), count(*) FROM written w
             LEFT JOIN person_values v ON v.id = w.person GROUP BY w.what, w.person",
            "nobody",
        )?;
        rows.iter()
            .map(|row| Ok(((row.try_get(0)?, row.try_get(1)?), row.try_get(2)?)))
            .collect()
    }

    fn ask(&self, query: &'static str, parameter: &str) -> Result<Vec<SqliteRow>, PortalError> {
        self.runtime.block_on(async {
            let mut connection: SqliteConnection = self.options.connect().await?;
            let rows = sqlx::query(query)
                .bind(parameter)
                .fetch_all(&mut connection)
                .await?;
            connection.close().await?;
            Ok(rows)
        })
    }
}

fn person(row: &SqliteRow) -> Result<(String, Person), PortalError> {
    let marks: i64 = row.try_get(2)?;
    Ok((
        row.try_get(0)?,
        Person {
            dn: row.try_get(1)?,
            active: marks & 1 == 0,
            by_sync: marks & 2 != 0,
            role: row.try_get(3)?,
            source_hash: row.try_get::<Option<_>, _>(4)?.unwrap_or_default(),
            absent: row.try_get(5)?,
            review: row.try_get(6)?,
            values: texts_of(row.try_get(7)?)?,
            unique: texts_of(row.try_get(8)?)?,
        },
    ))
}

fn texts_of(json: &str) -> Result<BTreeMap<String, String>, PortalError> {
    let values: BTreeMap<String, Value> = serde_json::from_str(json)?;
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    Ok(values.into_iter().map(|(k, v)| (k, text(v))).collect())
}

fn plan_row(row: &SqliteRow) -> Result<PlanRow, PortalError> {
    let kind: i64 = row.try_get(0)?;
    Ok(PlanRow {
        kind: usize::try_from(kind)
            .ok()
            .and_then(|kind| KINDS.get(kind))
            .copied()
            .unwrap_or("unknown"),
        external_id: row.try_get(1)?,
        dn: row.try_get(2)?,
        reason: row.try_get(3)?,
        before: row.try_get(4)?,
        after: row.try_get(5)?,
        pseudo: row.try_get(6)?,
        problem: (row.try_get(7)?, row.try_get(8)?),
        other: (row.try_get(9)?, row.try_get(10)?),
    })
}
