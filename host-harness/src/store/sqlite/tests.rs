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
