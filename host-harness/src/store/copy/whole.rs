//! Nothing is forgotten: what a later version keeps is copied, or said here.

use sqlx::{Connection as _, SqliteConnection};

use super::tables::TABLES;
use crate::store::Store;

/// Whoever has logged in or tries logs in anew; keys are the new host's own; how far a run has come is old; settings are found by name.
const LEFT: [&str; 7] = [
    "console_session",
    "login_try",
    "setup_secret",
    "secrets_key",
    "tenant_key",
    "run.heard",
    "state.id",
];

#[tokio::test]
async fn every_table_and_column_is_copied_or_left_for_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    Store::open(folder.path()).await.unwrap().close().await;
    let path = folder.path().join("rollcall.db");
    let url = format!("sqlite:{}", path.display());
    let mut database = SqliteConnection::connect(&url).await.unwrap();
    let all: Vec<(String, String)> = sqlx::query_as(
        "SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name NOT LIKE '_sqlx_%'",
    )
    .fetch_all(&mut database)
    .await
    .unwrap();
    assert!(all.len() > 100, "{all:?}");
    for (name, column) in all {
        let table = TABLES.iter().find(|table| table.name == name);
        let words = |read: &str| {
            let mut words = read.split(|c: char| !c.is_alphanumeric() && c != '_');
            words.any(|word| word == column)
        };
        let copied = table.is_some_and(|table| words(table.read) && words(table.check));
        let whole = format!("{name}.{column}");
        let left = LEFT.contains(&name.as_str()) || LEFT.contains(&whole.as_str());
        assert!(copied != left, "{whole}: copied {copied}, left {left}");
    }
}
