//! PostgreSQL keeps every promise of [`crate::store::conformance`], and some that only it makes.

use std::path::Path;
use std::time::Duration;

use sqlx::{AssertSqlSafe, ConnectOptions, Executor};

use super::server::{self, PASSWORD, certificate, locked_database, over_network};
use super::{DatabaseUrl, PostgresStore};
use crate::Problem;
use crate::contract::plan::{Change, Link, RowKind};
use crate::ports::plan::RunStatus;
use crate::ports::{PersonEdit, TenantId};
use crate::store::Store;
use crate::store::conformance::people::*;
use crate::store::conformance::{Engine, Ports, conformance};
use crate::store::vault::{KeyChoice, KeyTable, Vault};

struct Postgres;

impl Engine for Postgres {
    type Store = PostgresStore;
    async fn open_with(data_dir: &Path, keys: KeyChoice) -> Result<PostgresStore, Problem> {
        let url = server::database(data_dir).await;
        PostgresStore::open_with_keys(&url, data_dir, keys).await
    }

    async fn execute(data_dir: &Path, sql: &str) {
        let mut connection = beside(data_dir).await;
        let done = connection.execute(AssertSqlSafe(sql.to_owned())).await;
        done.unwrap();
    }

    fn bytes(bytes: &[u8]) -> String {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("'\\x{digits}'::bytea")
    }

    fn keys(store: &PostgresStore) -> (&dyn KeyTable, &Vault) {
        (store, store.vault())
    }
}

conformance!(
    Postgres,
    ignore = "starts a PostgreSQL server: tests/run postgres"
);

/// A connection beside the store's.
async fn beside(data_dir: &Path) -> sqlx::PgConnection {
    let url = server::database(data_dir).await;
    url.options().connect().await.unwrap()
}

async fn refused(url: &str, data_dir: &Path) -> Problem {
    let url = DatabaseUrl::parse(url).unwrap();
    PostgresStore::open(&url, data_dir).await.unwrap_err()
}

#[tokio::test]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
async fn a_connection_that_is_cut_leaves_nothing_half_done() {
    let folder = tempfile::tempdir().unwrap();
    let store = server::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let people = (0..20).map(|n| create(&format!("p{n}"), &format!("{n}@x")));
    let run = planned(&store, &acme, people.collect()).await;
    let mut beside = beside(folder.path()).await;
    // People are written before their unique values: there the batch has to wait.
    beside
        .execute("BEGIN; LOCK TABLE unique_value IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let applying = tokio::spawn({
        let (store, acme) = (store.clone(), acme.clone());
        async move { store.apply(&acme, run, 10).await }
    });
    let mut cut = 0;
    while cut == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        cut = sqlx::query_scalar::<_, i64>(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event_type = 'Lock'
                AND query LIKE 'INSERT INTO unique_value%'",
        )
        .fetch_one(&mut beside)
        .await
        .unwrap();
    }
    let problem = applying.await.unwrap().unwrap_err();
    assert_eq!(problem.code, "store-unreachable", "{problem:?}");
    beside.execute("ROLLBACK").await.unwrap();
    assert_eq!(store.count(&acme).await.unwrap(), 0);
    assert_eq!(
        store.run(&acme, run).await.unwrap().status,
        RunStatus::Planned
    );
    assert_eq!(applied(&store, &acme, run, 10).await.unwrap(), (20, 0));
    assert_eq!(store.count(&acme).await.unwrap(), 20);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
async fn hosts_that_apply_one_run_at_once_apply_each_row_once() {
    let folder = tempfile::tempdir().unwrap();
    let hosts = [
        server::open(folder.path()).await,
        server::open(folder.path()).await,
        server::open(folder.path()).await,
    ];
    let acme = installed(&hosts[0], "acme").await;
    let mut people: Vec<_> = (0..60)
        .map(|n| create(&format!("p{n}"), &format!("{n}@x")))
        .collect();
    people.push(create("q", "0@x"));
    let run = planned(&hosts[0], &acme, people).await;
    let hosts = hosts.map(|host| {
        let acme = acme.clone();
        tokio::spawn(async move { applied(&host, &acme, run, 4).await.unwrap() })
    });
    let (mut done, mut failed) = (0, 0);
    for host in hosts {
        let (applied, refused) = host.await.unwrap();
        (done, failed) = (done + applied, failed + refused);
    }
    assert_eq!((done, failed), (60, 1));
    let store = server::open(folder.path()).await;
    assert_eq!(store.count(&acme).await.unwrap(), 60);
}

async fn entering(store: PostgresStore, tenant: TenantId, name: String, mail: &str) -> bool {
    let values = [("username", &*name), ("email", mail), ("last-name", "L")];
    let edit = PersonEdit {
        values: values
            .map(|(field, value)| (field.to_owned(), Some(value.to_owned())))
            .to_vec(),
        ..PersonEdit::default()
    };
    store.add_person(&tenant, &edit).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
async fn hosts_that_write_at_once_keep_values_unique_and_seats_counted() {
    let folder = tempfile::tempdir().unwrap();
    let hosts = [
        server::open(folder.path()).await,
        server::open(folder.path()).await,
    ];
    let acme = installed(&hosts[0], "acme").await;
    let entered = async |mail: fn(usize) -> String, prefix: &str| {
        let tasks: Vec<_> = (0..12)
            .map(|n| {
                let (host, acme) = (hosts[n % 2].clone(), acme.clone());
                let (name, mail) = (format!("{prefix}{n}"), mail(n));
                tokio::spawn(async move { entering(host, acme, name, &mail).await })
            })
            .collect();
        let mut entered = 0;
        for task in tasks {
            entered += usize::from(task.await.unwrap());
        }
        entered
    };
    assert_eq!(entered(|_| "one@x".into(), "a").await, 1);
    hosts[0].set_seats(&acme, 4).await.unwrap();
    assert_eq!(entered(|n| format!("{n}@x"), "b").await, 3);
    assert_eq!(hosts[1].licence(&acme).await.unwrap().used, 4);
}

#[tokio::test]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
async fn a_plan_has_one_digest_on_both_engines() {
    async fn digest(store: &impl Ports) -> String {
        let acme = installed(store, "acme").await;
        let run = begun(store, &acme).await;
        let mut odd = create("a", "a@\0x");
        odd.dn = "cn=\0\u{1}\u{2}\\u0000".into();
        odd.display = "\u{1f}\n\0".into();
        let rows = vec![
            odd,
            create("b", "b\u{1}@x"),
            row(
                RowKind::Create,
                "c",
                &[
                    ("username", "", "c"),
                    ("email", "", "É@x"),
                    ("last-name", "", "\"\\/\u{1f}\u{7f}\t"),
                    ("role", "", "agent"),
                ],
            ),
        ];
        store.record(&acme, run, rows).await.unwrap();
        let link = |person: &str, after: &str| Link {
            external_id: id(person),
            dn: String::new(),
            display: String::new(),
            change: Change {
                field: "manager".into(),
                before: None,
                after: Some(id(after)),
            },
            source_hash: vec![9; 16],
        };
        let links = vec![link("b", "a"), link("c", "b")];
        store.link(&acme, run, links).await.unwrap();
        let finished = store.finish(&acme, run, summary(), proof(), vec![]).await;
        finished.unwrap();
        assert_eq!(applied(store, &acme, run, 10).await.unwrap(), (3, 0));
        // Rows that had nothing before, and rows that had something.
        let run = begun(store, &acme).await;
        let rows = vec![
            row(
                RowKind::Update,
                "b",
                &[("city", "", "Wien"), ("state", "", "W")],
            ),
            row(RowKind::Update, "c", &[("last-name", "x", "y")]),
            row(RowKind::Reactivate, "a", &[]),
        ];
        store.record(&acme, run, rows).await.unwrap();
        let relink = |person: &str, before: &str, after: &str| {
            let mut link = link(person, after);
            link.change.before = (!before.is_empty()).then(|| id(before));
            link
        };
        let links = vec![
            relink("b", "a", "c"),
            relink("c", "b", "a"),
            relink("a", "", "b"),
        ];
        store.link(&acme, run, links).await.unwrap();
        let finished = store.finish(&acme, run, summary(), proof(), vec![]).await;
        finished.unwrap()
    }
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Store::open(folder.path()).await.unwrap();
    let postgres = server::open(folder.path()).await;
    assert_eq!(digest(&sqlite).await, digest(&postgres).await);
}

#[tokio::test]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
async fn a_database_is_brought_up_to_date_once_and_a_newer_one_refused() {
    let folder = tempfile::tempdir().unwrap();
    let url = server::database(folder.path()).await;
    // Hosts that begin together.
    let (one, other) = tokio::join!(
        PostgresStore::open(&url, folder.path()),
        PostgresStore::open(&url, folder.path())
    );
    let (one, other) = (one.unwrap().versions(), other.unwrap().versions());
    assert_eq!(one.to, other.to);
    let again = PostgresStore::open(&url, folder.path()).await.unwrap();
    assert_eq!(again.versions().from, one.to);
    let mut beside = beside(folder.path()).await;
    beside
        .execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (9999, 'later', true, '', 0)",
        )
        .await
        .unwrap();
    let problem = PostgresStore::open(&url, folder.path()).await.unwrap_err();
    assert_eq!(problem.code, "store-migration");
}

#[tokio::test]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
async fn what_keeps_a_database_from_being_opened_is_said_without_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let name = locked_database(folder.path()).await;
    let good = over_network(&name, "");
    let url = DatabaseUrl::parse(&good).unwrap();
    PostgresStore::open(&url, folder.path()).await.unwrap();

    let wrong = good.replace(PASSWORD, "hunter2");
    let nowhere = format!("postgres://locked:{PASSWORD}@127.0.0.1:1/{name}");
    let nothing = over_network("no-such-database", "");
    let forbidden = over_network("postgres", "");
    let mut latin = beside(folder.path()).await;
    latin
        .execute(
            "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'",
        )
        .await
        .unwrap();
    for (url, code) in [
        (wrong, "store-login"),
        (nowhere, "store-unreachable"),
        (nothing, "store-no-database"),
        (forbidden, "store-forbidden"),
        (over_network("latin", ""), "store-encoding"),
    ] {
        let problem = refused(&url, folder.path()).await;
        assert_eq!(problem.code, code, "{problem:?}");
        let told = format!("{problem:?}");
        assert!(
            !told.contains(PASSWORD) && !told.contains("hunter2"),
            "{told}"
        );
    }
}

#[tokio::test]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
async fn tls_is_verified_where_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let name = locked_database(folder.path()).await;
    let trusting = format!(
        "?sslmode=verify-full&sslrootcert={}",
        certificate().display()
    );
    let good = over_network(&name, &trusting);
    let url = DatabaseUrl::parse(&good).unwrap();
    let store = PostgresStore::open(&url, folder.path()).await.unwrap();
    let mut connection = store.read().await.unwrap();
    let encrypted: bool =
        sqlx::query_scalar("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
            .fetch_one(&mut *connection)
            .await
            .unwrap();
    assert!(encrypted);
    let stranger = over_network(&name, "?sslmode=verify-full");
    let elsewhere = good.replace("localhost", "127.0.0.1");
    for url in [stranger, elsewhere] {
        let problem = refused(&url, folder.path()).await;
        assert_eq!(problem.code, "store-tls", "{problem:?}");
    }
}

#[tokio::test]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
async fn another_user_than_the_owner_needs_rights_on_rows_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let owner = server::open(folder.path()).await;
    let acme = installed(&owner, "acme").await;
    let name = locked_database(folder.path()).await;
    let network = over_network(&name, "");
    let problem = refused(&network, folder.path()).await;
    assert_eq!(problem.code, "store-forbidden", "{problem:?}");
    let mut beside = beside(folder.path()).await;
    beside
        .execute(
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO locked;
             GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO locked;
             REVOKE CREATE ON SCHEMA public FROM locked",
        )
        .await
        .unwrap();
    let url = DatabaseUrl::parse(&network).unwrap();
    let store = PostgresStore::open(&url, folder.path()).await.unwrap();
    installed(&store, "other").await;
    assert_eq!(
        synced(&store, &acme, vec![create("a", "a@x")]).await,
        (1, 0)
    );
    store.uninstall(&acme).await.unwrap();
    assert_eq!(owner.list().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
async fn a_tenant_waits_for_nobody_but_itself() {
    let folder = tempfile::tempdir().unwrap();
    let store = server::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let other = installed(&store, "other").await;
    let (of_acme, of_other) = (begun(&store, &acme).await, begun(&store, &other).await);
    let mut beside = beside(folder.path()).await;
    beside
        .execute("BEGIN; SELECT 1 FROM tenant WHERE name = 'acme' FOR NO KEY UPDATE")
        .await
        .unwrap();
    let waiting = tokio::spawn({
        let (store, acme) = (store.clone(), acme.clone());
        async move { store.record(&acme, of_acme, vec![create("a", "a@x")]).await }
    });
    let recorded = store.record(&other, of_other, vec![create("a", "a@x")]);
    let soon = tokio::time::timeout(Duration::from_secs(5), recorded).await;
    soon.unwrap().unwrap();
    assert!(!waiting.is_finished());
    beside.execute("ROLLBACK").await.unwrap();
    waiting.await.unwrap().unwrap();
}
