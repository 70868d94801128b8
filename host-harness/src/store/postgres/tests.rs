//! PostgreSQL keeps every promise of [`crate::store::conformance`], and some that only it makes.

use std::path::Path;

use super::PostgresStore;
use super::server;
use crate::store::conformance::{Engine, conformance};

struct Postgres;

impl Engine for Postgres {
    type Store = PostgresStore;
    async fn open(data_dir: &Path) -> PostgresStore {
        server::open(data_dir).await
    }
}

conformance!(
    Postgres,
    ignore = "starts a PostgreSQL server: tests/run postgres"
);
