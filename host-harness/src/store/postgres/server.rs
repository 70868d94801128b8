//! A PostgreSQL server of the tests' own: one for the process, a database for each data directory.

mod process;

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::OnceLock;

use sha2::{Digest, Sha256};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};

use super::{DatabaseUrl, PostgresStore};
use process::Server;

/// Of the user `locked`.
pub(super) const PASSWORD: &str = "secret-of-ada";

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

fn over_socket(database: &str) -> PgConnectOptions {
    let server = server();
    PgConnectOptions::from_str("postgres:///")
        .unwrap()
        .socket(&server.home)
        .port(server.port)
        .username("rollcall")
        .database(database)
        .disable_statement_logging()
}

/// The database of a data directory, made where there is none.
pub(in crate::store) async fn database(data_dir: &Path) -> DatabaseUrl {
    let digest = Sha256::digest(data_dir.as_os_str().as_encoded_bytes());
    let name = digest[..12]
        .iter()
        .fold("d".to_owned(), |name, byte| format!("{name}{byte:02x}"));
    let mut connection = over_socket("postgres").connect().await.unwrap();
    let known: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)")
            .bind(&name)
            .fetch_one(&mut connection)
            .await
            .unwrap();
    if !known {
        let statement = format!("CREATE DATABASE {name}");
        connection.execute(AssertSqlSafe(statement)).await.unwrap();
    }
    connection.close().await.unwrap();
    over_socket(&name).into()
}

/// The URL of a database for a user who needs a password, over the network.
pub(super) fn over_network(database: &str, parameters: &str) -> String {
    let port = server().port;
    format!("postgres://locked:{PASSWORD}@localhost:{port}/{database}{parameters}")
}

/// The user who needs a password has a database of its own.
pub(super) async fn locked_database(data_dir: &Path) -> String {
    let url = database(data_dir).await;
    let options = url.options();
    let name = options.get_database().unwrap().to_owned();
    let mut connection = options.connect().await.unwrap();
    let statement = format!(
        "SELECT pg_advisory_lock(1);
         DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'locked') THEN
            CREATE ROLE locked LOGIN PASSWORD '{PASSWORD}'; END IF; END $$;
         SELECT pg_advisory_unlock(1);
         GRANT CREATE ON SCHEMA public TO locked"
    );
    connection.execute(AssertSqlSafe(statement)).await.unwrap();
    name
}

/// Where the server's certificate is, for those who trust it.
pub(super) fn certificate() -> PathBuf {
    server().home.join("server.crt")
}

/// The store of a data directory.
pub(in crate::store) async fn open(data_dir: &Path) -> PostgresStore {
    PostgresStore::open(&database(data_dir).await, data_dir)
        .await
        .unwrap()
}
