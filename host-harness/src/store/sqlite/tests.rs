//! SQLite keeps every promise of [`crate::store::conformance`].

use std::path::Path;

use super::Store;
use crate::store::conformance::{Engine, conformance};

struct Sqlite;

impl Engine for Sqlite {
    type Store = Store;
    async fn open(data_dir: &Path) -> Store {
        Store::open(data_dir).await.unwrap()
    }
}

conformance!(Sqlite);

#[tokio::test]
async fn a_step_that_was_added_between_others_is_taken() {
    use crate::ports::Access as _;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).await.unwrap();
    let mut tx = store.write().await.unwrap();
    for statement in [
        "DROP TABLE token",
        "DROP TABLE deed",
        "DELETE FROM _sqlx_migrations WHERE version = 11",
    ] {
        sqlx::query(statement).execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert!(store.tokens().await.is_err());
    store.close().await;
    let store = Store::open(folder.path()).await.unwrap();
    assert_eq!(store.tokens().await.unwrap(), []);
}
