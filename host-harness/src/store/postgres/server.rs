//! A PostgreSQL server of the tests' own: one for the process, a database for each data directory.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::sync::OnceLock;

use sha2::{Digest, Sha256};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};

use super::{DatabaseUrl, PostgresStore};

/// Makes a cluster in a new directory, runs a server on it, and ends the server when the input ends: that is when the tests
/// do, however that happens.
const SCRIPT: &str = r#"
set -e
umask 077
home=$(mktemp -d "${TMPDIR:-/tmp}/rollcall-postgres-XXXXXX")
cd "$home"
"$1/initdb" -D data -U rollcall -A trust -E UTF8 --no-locale --no-sync >log 2>&1 || { cat log >&2; exit 1; }
cat >tls.conf <<END
[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = localhost
[extensions]
subjectAltName = DNS:localhost
basicConstraints = critical, CA:FALSE
END
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -config tls.conf -keyout data/server.key -out server.crt >>log 2>&1
cp server.crt data/server.crt
echo "host all locked 127.0.0.1/32 scram-sha-256" >data/pg_hba.conf
echo "host all all 127.0.0.1/32 trust" >>data/pg_hba.conf
echo "local all all trust" >>data/pg_hba.conf
"$1/postgres" -D data -k "$home" -p "$2" -c listen_addresses=127.0.0.1 -c ssl=on -c fsync=off \
  -c synchronous_commit=off -c full_page_writes=off -c max_connections=200 -c shared_buffers=64MB </dev/null >>log 2>&1 &
server=$!
tries=0
until "$1/pg_isready" -q -h "$home" -p "$2"; do
  kill -0 $server 2>/dev/null || { cat log >&2; exit 1; }
  tries=$((tries + 1)); [ $tries -lt 600 ] || exit 1
  sleep 0.1
done
echo "$home"
read -r end || true
kill -QUIT $server 2>/dev/null || true
wait $server 2>/dev/null || true
cd /
rm -rf "$home"
"#;

/// Of the user `locked`.
pub(super) const PASSWORD: &str = "secret-of-ada";

struct Server {
    home: PathBuf,
    port: u16,
    /// Its input is the server's life.
    _guard: Child,
}

/// The folder with `initdb` and the others: the newest of Debian's, or wherever the variable says.
fn programs() -> PathBuf {
    if let Some(folder) = std::env::var_os("ROLLCALL_TEST_POSTGRES") {
        return folder.into();
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let mut folders: Vec<PathBuf> = versions
        .map(|entry| entry.unwrap().path().join("bin"))
        .filter(|bin| bin.join("initdb").is_file())
        .collect();
    folders.sort();
    folders.pop().expect(
        "PostgreSQL's programs are below /usr/lib/postgresql, or where ROLLCALL_TEST_POSTGRES says",
    )
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let held = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = held.local_addr().unwrap().port();
        drop(held);
        // PostgreSQL does not run as root.
        let id = Command::new("id").arg("-u").output().unwrap();
        let mut command = if id.stdout == b"0\n" {
            let mut command = Command::new("runuser");
            command.args(["-u", "nobody", "--", "sh"]);
            command
        } else {
            Command::new("sh")
        };
        let mut guard = command
            .args(["-c", SCRIPT, "sh"])
            .arg(programs())
            .arg(port.to_string())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut home = String::new();
        let mut said = BufReader::new(guard.stdout.take().unwrap());
        said.read_line(&mut home).unwrap();
        let home = home.trim();
        assert!(!home.is_empty(), "no PostgreSQL server; see above");
        Server {
            home: home.into(),
            port,
            _guard: guard,
        }
    })
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
