//! The floor that the benchmark measures against: ldap3 → map → SQLite in one native process.
//!
//! No sandbox, no plan, no journal, no duplicates across the batch, no proof: what a straightforward
//! program would do. It reads pages of 1,000 through ldap3's own search and decoding, hashes each
//! entry, and writes what is new or changed in one transaction a page.
//!
//! Usage: `native-floor URL BIND-NAME PASSWORD BASE DATABASE`

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use ldap3::adapters::{Adapter, EntriesOnly, PagedResults};
use ldap3::{LdapConnAsync, Scope, SearchEntry};
use rollcall_tests::measure::ATTRIBUTES;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, QueryBuilder, Row, Sqlite, SqliteConnection};

type Failure = Box<dyn std::error::Error>;

/// SQLite takes 32,766 parameters; a statement of 500 rows is past the point where more helps.
const ROWS_PER_STATEMENT: usize = 500;

struct Person {
    hash: i64,
    values: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, name, password, base, database] = arguments.as_slice() else {
        return Err("usage: native-floor URL BIND-NAME PASSWORD BASE DATABASE".into());
    };
    let mut database = open(database).await?;
    let known = known(&mut database).await?;

    let (connection, mut ldap) = LdapConnAsync::new(url).await?;
    tokio::spawn(connection.drive());
    ldap.simple_bind(name, password).await?.success()?;
    let adapters: Vec<Box<dyn Adapter<_, _>>> = vec![
        Box::new(EntriesOnly::new()),
        Box::new(PagedResults::new(1000)),
    ];
    let mut search = ldap
        .streaming_search_with(
            adapters,
            base,
            Scope::Subtree,
            "(objectClass=inetOrgPerson)",
            ATTRIBUTES.to_vec(),
        )
        .await?;

    let (mut seen, mut written) = (0_u64, 0_u64);
    let mut page = Vec::with_capacity(1000);
    while let Some(entry) = search.next().await? {
        seen += 1;
        let person = map(SearchEntry::construct(entry));
        let unchanged = person
            .values
            .first()
            .is_some_and(|id| known.get(id) == Some(&person.hash));
        if !unchanged {
            page.push(person);
        }
        if page.len() == 1000 {
            written += write(&mut database, &mut page).await?;
        }
    }
    search.finish().await.success()?;
    written += write(&mut database, &mut page).await?;
    println!("{seen} seen, {written} written");
    Ok(())
}

async fn open(path: &str) -> Result<SqliteConnection, Failure> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal);
    let mut database = SqliteConnection::connect_with(&options).await?;
    sqlx::query(
        "CREATE TABLE IF NOT EXISTS person (
            external_id TEXT PRIMARY KEY, hash INTEGER NOT NULL, username TEXT UNIQUE, email TEXT UNIQUE,
            first_name TEXT, last_name TEXT, display_name TEXT, phone TEXT, mobile TEXT, employee_id TEXT,
            title TEXT, department TEXT, location TEXT)",
    )
    .execute(&mut database)
    .await?;
    Ok(database)
}

async fn known(database: &mut SqliteConnection) -> Result<HashMap<String, i64>, Failure> {
    let rows = sqlx::query("SELECT external_id, hash FROM person")
        .fetch_all(database)
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect()
}

fn map(mut entry: SearchEntry) -> Person {
    let mut hasher = DefaultHasher::new();
    let values = ATTRIBUTES
        .iter()
        .map(|attribute| {
            let values = entry.attrs.remove(*attribute).unwrap_or_default();
            values.hash(&mut hasher);
            values
                .into_iter()
                .next()
                .map(|value| value.trim().to_owned())
                .unwrap_or_default()
        })
        .enumerate()
        .map(|(index, value)| {
            if index == 2 {
                value.to_lowercase()
            } else {
                value
            }
        })
        .collect();
    Person {
        hash: hasher.finish().cast_signed(),
        values,
    }
}

async fn write(database: &mut SqliteConnection, page: &mut Vec<Person>) -> Result<u64, Failure> {
    let mut transaction = database.begin().await?;
    for rows in page.chunks(ROWS_PER_STATEMENT) {
        let mut statement = QueryBuilder::<Sqlite>::new("INSERT OR REPLACE INTO person ");
        statement.push_values(rows, |mut row, person| {
            let mut values = person.values.iter();
            row.push_bind(values.next()).push_bind(person.hash);
            for value in values {
                row.push_bind(Some(value).filter(|value| !value.is_empty()));
            }
        });
        statement.build().execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    let written = page.len() as u64;
    page.clear();
    Ok(written)
}
