//! What a data directory's database holds, table by table, so that two moments can be compared.

use std::collections::BTreeMap;
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Row as _, SqlitePool};

/// What remembers runs. A failed one may be remembered without anything having been done.
const HISTORY: [&str; 7] = [
    "failure",
    "pruned",
    "run",
    "plan_row",
    "row_outcome",
    "plan_absence",
    "sqlite_sequence",
];

/// The portal's people, as rows of text.
const PEOPLE: [&str; 3] = ["person", "person_values", "unique_value"];

/// Rows by table, each as SQL literals, sorted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contents(BTreeMap<String, Vec<String>>);

impl Contents {
    /// Reads everything. A data directory without a database has nothing.
    ///
    /// # Errors
    /// The database's.
    pub fn of(data: &Path) -> Result<Self, sqlx::Error> {
        let file = data.join("rollcall.db");
        if !file.is_file() {
            return Ok(Self::default());
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let options = SqliteConnectOptions::new().filename(file);
            let pool = SqlitePoolOptions::new()
                .max_connections(1)
                .connect_with(options)
                .await?;
            let contents = Self::read(&pool).await;
            pool.close().await;
            contents
        })
    }

    /// The same without what remembers runs.
    #[must_use]
    pub fn but_for_history(mut self) -> Self {
        self.0.retain(|table, _| !HISTORY.contains(&table.as_str()));
        self
    }

    /// The same without the log of what was done, where what was refused stands too.
    #[must_use]
    pub fn but_for_log(mut self) -> Self {
        self.0.remove("deed");
        if let Some(counters) = self.0.get_mut("sqlite_sequence") {
            counters.retain(|row| !row.starts_with("'deed'"));
        }
        self
    }

    /// The same without passwords: a password that was replaced and put back is sealed anew.
    #[must_use]
    pub fn but_for_seals(mut self) -> Self {
        self.0.remove("secret");
        self
    }

    /// The portal's people only, without what a sync notes about when it last saw whom.
    #[must_use]
    pub fn people(mut self) -> Self {
        self.0.retain(|table, _| PEOPLE.contains(&table.as_str()));
        self
    }

    /// How many rows a table has.
    #[must_use]
    pub fn count(&self, table: &str) -> usize {
        self.0.get(table).map_or(0, Vec::len)
    }

    /// How one differs from another, for a message; empty where it does not.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut told = Vec::new();
        for table in self.0.keys().chain(other.0.keys()) {
            let rows = |of: &Self| of.0.get(table).cloned().unwrap_or_default();
            let (before, after) = (rows(self), rows(other));
            let gone = before.iter().filter(|row| !after.contains(row));
            told.extend(gone.map(|row| format!("- {table}: {row}")));
            let new = after.iter().filter(|row| !before.contains(row));
            told.extend(new.map(|row| format!("+ {table}: {row}")));
        }
        told.sort();
        told.dedup();
        told
    }

    async fn read(pool: &SqlitePool) -> Result<Self, sqlx::Error> {
        let names = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
        let names: Vec<String> = sqlx::query_scalar(names).fetch_all(pool).await?;
        let mut tables = BTreeMap::new();
        for name in names {
            let columns = "SELECT name FROM pragma_table_info(?)";
            let columns: Vec<String> = sqlx::query_scalar(columns)
                .bind(&name)
                .fetch_all(pool)
                .await?;
            // Components are megabytes, and named by their digest.
            let literals: Vec<String> = columns
                .iter()
                .map(|c| {
                    format!("CASE WHEN length(\"{c}\") > 65536 THEN 'long' ELSE quote(\"{c}\") END")
                })
                .collect();
            let query = format!(
                "SELECT {} FROM \"{name}\" ORDER BY 1",
                literals.join(" || ',' || ")
            );
            let rows = sqlx::query(sqlx::AssertSqlSafe(query))
                .fetch_all(pool)
                .await?;
            let rows = rows
                .iter()
                .map(|row| row.try_get(0))
                .collect::<Result<_, _>>()?;
            tables.insert(name, rows);
        }
        Ok(Self(tables))
    }
}
