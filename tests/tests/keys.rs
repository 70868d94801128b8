//! The key of the passwords as an administrator has it: from every source, refused in every way, and put in the place of another
//! while somebody kills the program.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "tests")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rollcall::ports::{Secrets as _, TenantId, Tenants as _};
use rollcall::store::Store;
use rollcall_tests::portal::Portal;
use rollcall_tests::rollcall::Rollcall;
use rollcall_tests::tenancy::{TENANT, Tenancy, sound};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use zeroize::Zeroizing;

const HEX: &str = "8f0e61c31ab5d2a44b7d6f0ac6ce4b0ee9e1a7c02c6dfb7dd8c47ee51c2b9a01";

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

fn private(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

fn refused(rollcall: &Rollcall, exit: i32, source: &str) -> (String, String) {
    let answer = rollcall
        .expect(exit, &["--secrets-key", source, "key", "show"])
        .unwrap();
    let problem = &answer.document["problems"][0];
    let text = |key: &str| problem[key].as_str().unwrap().to_owned();
    (text("code"), text("message"))
}

#[test]
fn the_key_comes_from_a_file_a_credential_or_a_program_and_goes_from_one_to_the_other() {
    let tenancy = Tenancy::configured(sound(5)).unwrap();
    let files = tempfile::tempdir().unwrap();
    let file = files.path().join("the key");
    let (key, script) = (files.path().join("secrets"), files.path().join("tell"));
    private(&key, HEX);
    private(&script, HEX);
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o600)).unwrap();
    let sources = [
        format!("file:{}", file.display()),
        "credential:secrets".to_owned(),
        format!("file:{}.other", file.display()),
        format!("command:cat {}", script.display()),
    ];
    let with = |source: &str| {
        let rollcall = Rollcall::on(tenancy.rollcall.data()).unwrap();
        rollcall
            .with_variable("CREDENTIALS_DIRECTORY", files.path().to_str().unwrap())
            .with_variable("ROLLCALL_SECRETS_KEY", source)
    };
    let mut now = with(&format!(
        "file:{}/secrets.key",
        tenancy.rollcall.data().display()
    ));
    for source in &sources {
        let rotated = now.expect(0, &["key", "rotate", "--to", source]).unwrap();
        assert_eq!(rotated.at("/tenants"), 1, "{source}");
        let old = now.expect(1, &["verify", TENANT]).unwrap();
        assert_eq!(old.problem_codes(), ["wrong-secrets-key"]);
        now = with(source);
        now.expect(0, &["verify", TENANT]).unwrap();
        let shown = now.expect(0, &["key", "show"]).unwrap();
        assert_eq!(shown.at("/source"), source.as_str());
        assert_eq!(shown.at("/key"), rotated.at("/to"));
        assert_eq!(shown.at("/wrapped/0/key"), rotated.at("/to"));
    }
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_key_that_is_not_the_databases_is_refused_before_anything_happens() {
    let tenancy = Tenancy::configured(sound(5)).unwrap();
    let rollcall = &tenancy.rollcall;
    let shown = rollcall.expect(0, &["key", "show"]).unwrap();
    let needed = shown.at("/key").as_str().unwrap();
    let files = tempfile::tempdir().unwrap();
    let path = |name: &str| files.path().join(name);
    private(&path("other"), HEX);
    private(&path("broken"), "no key");
    private(&path("exposed"), HEX);
    std::fs::set_permissions(path("exposed"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let file = |name: &str| format!("file:{}", path(name).display());

    let (code, message) = refused(rollcall, 1, &file("other"));
    assert_eq!(code, "wrong-secrets-key");
    assert!(message.contains(needed), "{message}");
    let (code, message) = refused(rollcall, 1, &file("missing"));
    assert_eq!(code, "key-file-missing");
    assert!(message.contains(needed), "{message}");
    assert!(!path("missing").exists());
    for (source, wanted) in [
        (file("broken"), "key-file-broken"),
        (file("exposed"), "key-file-exposed"),
        ("credential:x".to_owned(), "key-file-missing"),
        ("command:false".to_owned(), "key-command-failed"),
        (format!("command:echo {HEX}"), "wrong-secrets-key"),
        ("command:echo no key".to_owned(), "key-command-failed"),
        ("command:sleep 60".to_owned(), "key-command-timeout"),
    ] {
        let (code, message) = refused(rollcall, 1, &source);
        assert_eq!(code, wanted, "{source}: {message}");
    }
    let output = rollcall
        .run(&["--secrets-key", "env:KEY", "tenants"])
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    rollcall.expect(0, &["verify", TENANT]).unwrap();

    // Lost: nothing is destroyed unless somebody says so.
    std::fs::remove_file(rollcall.data().join("secrets.key")).unwrap();
    for arguments in [
        &["verify", TENANT][..],
        &["key", "show"],
        &["key", "rotate"],
    ] {
        let lost = rollcall.expect(1, arguments).unwrap();
        assert_eq!(lost.problem_codes(), ["key-file-missing"], "{arguments:?}");
    }
    assert_eq!(
        rollcall.run(&["key", "reset"]).unwrap().status.code(),
        Some(2)
    );
    let reset = rollcall
        .expect(0, &["key", "reset", "--forget-passwords"])
        .unwrap();
    assert_eq!(reset.at("/destroyed"), 1);
    let forgotten = rollcall.json(&["verify", TENANT]).unwrap();
    assert_ne!(forgotten.code, 0);
    tenancy.configure(0, &["--set=guard-count=7"]).unwrap();
    rollcall.expect(0, &["verify", TENANT]).unwrap();
}

const TENANTS: usize = 60;

/// Tenants with a password each, and a database that takes its time over their keys.
async fn many(data: &Path) -> Vec<(TenantId, String)> {
    let store = Store::open(data).await.unwrap();
    let mut made = Vec::new();
    for number in 0..TENANTS {
        let tenant = TenantId::new(format!("tenant-{number}")).unwrap();
        store
            .install(&tenant, "plugin", b"component")
            .await
            .unwrap();
        let password = Zeroizing::new(format!("password {number}"));
        let handle = store.store(&tenant, "password", password).await.unwrap();
        made.push((tenant, handle));
    }
    store.close().await;
    made
}

async fn all_open(data: &Path, made: &[(TenantId, String)]) {
    let store = Store::open(data).await.unwrap();
    for (number, (tenant, handle)) in made.iter().enumerate() {
        let password = store.reveal(tenant, handle).await.unwrap();
        assert_eq!(password.as_str(), format!("password {number}"));
    }
    store.close().await;
}

/// How many tenants are wrapped by the new key, while a rotation is under way.
async fn done(data: &Path) -> Option<i64> {
    let options = SqliteConnectOptions::new()
        .filename(data.join("rollcall.db"))
        .read_only(true);
    let mut connection = options.connect().await.unwrap();
    let count = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM tenant_key t WHERE t.key = s.key) FROM secrets_key s WHERE previous IS NOT NULL",
    );
    let count = count.fetch_optional(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    count
}

#[test]
fn a_rotation_that_is_killed_in_the_middle_is_finished_by_the_next() {
    let rollcall = Rollcall::new().unwrap();
    let runtime = runtime();
    let made = runtime.block_on(many(rollcall.data()));
    let slow = "CREATE TABLE written (n INTEGER);
        CREATE TRIGGER slow AFTER INSERT ON tenant_key BEGIN INSERT INTO written VALUES
            ((WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n LIMIT 60000) SELECT max(i) FROM n)); END";
    Portal::of(rollcall.data()).unwrap().execute(slow).unwrap();
    for data_keys in [false, true] {
        let arguments = if data_keys {
            &["key", "rotate", "--data-keys"][..]
        } else {
            &["key", "rotate"]
        };
        // The same rotation, again and again, each time a little farther.
        for enough in [0, 3, 17, 18, 40] {
            let mut process = rollcall.spawn(arguments).unwrap();
            let until = Instant::now() + Duration::from_secs(60);
            while runtime
                .block_on(done(rollcall.data()))
                .is_none_or(|count| count < enough)
            {
                assert!(Instant::now() < until, "it does not get so far");
                std::thread::sleep(Duration::from_millis(2));
            }
            process.kill().unwrap();
            let ended = process.wait().unwrap();
            assert_eq!(ended.code(), None, "it was killed");
            let stood = runtime.block_on(done(rollcall.data())).unwrap();
            assert!((enough..TENANTS as i64).contains(&stood), "{stood}");
            runtime.block_on(all_open(rollcall.data(), &made));
            let shown = rollcall.expect(0, &["key", "show"]).unwrap();
            assert!(shown.at("/previous").is_string(), "{:?}", shown.document);
        }
        let finished = rollcall.expect(0, arguments).unwrap();
        assert_eq!(finished.at("/resumed"), true);
        assert_eq!(finished.at("/data_keys"), data_keys);
        let left = finished.at("/tenants").as_u64().unwrap();
        assert!((1..=20).contains(&left), "{left}");
        runtime.block_on(all_open(rollcall.data(), &made));
        let shown = rollcall.expect(0, &["key", "show"]).unwrap();
        assert!(shown.at("/previous").is_null());
        assert_eq!(shown.at("/wrapped/0/tenants"), TENANTS);
        assert_eq!(shown.at("/wrapped").as_array().unwrap().len(), 1);
    }
}
