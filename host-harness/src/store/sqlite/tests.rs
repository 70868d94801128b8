//! SQLite keeps every promise of [`crate::store::conformance`].

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};
use zeroize::Zeroizing;

use super::{DATABASE, Store};
use crate::Problem;
use crate::ports::Secrets;
use crate::store::Database;
use crate::store::conformance::people::installed;
use crate::store::conformance::{Engine, conformance};
use crate::store::vault::{KeyChoice, KeyTable, Rotation, Vault};

struct Sqlite;

impl Engine for Sqlite {
    type Store = Store;
    async fn open_with(data_dir: &Path, keys: KeyChoice) -> Result<Store, Problem> {
        Store::open_with_keys(data_dir, keys).await
    }

    async fn execute(data_dir: &Path, sql: &str) {
        let options = SqliteConnectOptions::new().filename(data_dir.join(DATABASE));
        let mut connection = options.connect().await.unwrap();
        let done = connection.execute(AssertSqlSafe(sql.to_owned())).await;
        done.unwrap();
        connection.close().await.unwrap();
    }

    fn bytes(bytes: &[u8]) -> String {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("x'{digits}'")
    }

    fn keys(store: &Store) -> (&dyn KeyTable, &Vault) {
        (store, store.vault())
    }
}

conformance!(Sqlite);

/// How many times the tenant's wrapped data key, as it is now, is in the files: to be asked later.
async fn traces(store: &Store, folder: &Path) -> impl Fn() -> usize {
    let sealed: Vec<u8> = sqlx::query_scalar("SELECT sealed FROM tenant_key")
        .fetch_one(store.readers())
        .await
        .unwrap();
    let folder = folder.to_owned();
    move || {
        let files = std::fs::read_dir(&folder).unwrap();
        let files = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
        let hits = |bytes: Vec<u8>| {
            let hits = bytes.windows(sealed.len()).filter(|part| *part == sealed);
            hits.count()
        };
        files.map(hits).sum()
    }
}

#[tokio::test]
async fn a_data_key_that_is_destroyed_or_wrapped_anew_is_in_no_file_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).await.unwrap();
    let acme = installed(&store, "acme").await;
    let password = Zeroizing::new("correct horse".to_owned());
    store.store(&acme, "password", password).await.unwrap();
    let first = traces(&store, folder.path()).await;
    assert!(first() > 0);
    store.rotate_keys(&Rotation::default()).await.unwrap();
    let second = traces(&store, folder.path()).await;
    assert_eq!(first(), 0);
    assert!(second() > 0);
    store.destroy(&acme).await.unwrap();
    assert_eq!(second(), 0);
}

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
