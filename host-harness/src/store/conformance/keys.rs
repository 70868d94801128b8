//! Keys of passwords: whose rows open, with which key, and another key in the place of one.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use zeroize::Zeroizing;

use super::people::*;
use super::{Engine, Ports};
use crate::ports::TenantId;
use crate::store::Database;
use crate::store::error::{StoreError, StoreResult};
use crate::store::vault::{
    Change, KEY_FILE, Key, KeyChoice, KeyId, KeySource, KeyTable, Rotation, Standing, rotate,
};

const PASSWORD: &str = "correct horse";

async fn stored(store: &impl Ports, tenant: &TenantId, name: &str, password: &str) -> String {
    let password = Zeroizing::new(password.to_owned());
    store.store(tenant, name, password).await.unwrap()
}

/// The password, or the code of the refusal.
async fn revealed(store: &impl Ports, tenant: &TenantId, handle: &str) -> Result<String, String> {
    match store.reveal(tenant, handle).await {
        Ok(password) => Ok(password.as_str().to_owned()),
        Err(problem) => Err(problem.code),
    }
}

fn opens() -> Result<String, String> {
    Ok(PASSWORD.to_owned())
}

fn refuses(code: &str) -> Result<String, String> {
    Err(code.to_owned())
}

/// A source of its own, whose file is made by whoever rotates to it.
fn source(folder: &Path, name: &str) -> KeySource {
    KeySource::File(folder.join(name))
}

/// Why a database does not open.
async fn closed<E: Engine>(folder: &Path, keys: KeyChoice) -> crate::Problem {
    E::open_with(folder, keys).await.map(drop).unwrap_err()
}

pub(crate) async fn rows_exchanged_between_tenants_names_or_handles_do_not_open<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let other = installed(&store, "other").await;
    let mine = stored(&store, &acme, "password", PASSWORD).await;
    let theirs = stored(&store, &other, "password", PASSWORD).await;
    let key = stored(&store, &acme, "client-key", "another one").await;
    let run = async |sql: &str| E::execute(folder.path(), sql).await;
    let all_open = async || {
        assert_eq!(revealed(&store, &acme, &mine).await, opens());
        assert_eq!(revealed(&store, &other, &theirs).await, opens());
    };
    all_open().await;

    let tenants = "UPDATE secret SET tenant = 3 - tenant WHERE name = 'password'";
    run(tenants).await;
    assert_eq!(
        revealed(&store, &other, &mine).await,
        refuses("secret-unreadable")
    );
    assert_eq!(
        revealed(&store, &acme, &theirs).await,
        refuses("secret-unreadable")
    );
    run(tenants).await;
    all_open().await;

    // With the data keys exchanged too.
    let keys = "CREATE TABLE kept AS SELECT * FROM tenant_key;
        UPDATE tenant_key SET (nonce, sealed) =
            (SELECT nonce, sealed FROM kept WHERE kept.tenant = 3 - tenant_key.tenant);
        DROP TABLE kept";
    run(keys).await;
    assert_eq!(
        revealed(&store, &acme, &mine).await,
        refuses("secret-unreadable")
    );
    run(tenants).await;
    assert_eq!(
        revealed(&store, &other, &mine).await,
        refuses("secret-unreadable")
    );
    run(tenants).await;
    run(keys).await;
    all_open().await;

    run("UPDATE secret SET name = CASE name WHEN 'password' THEN 'client-key' ELSE 'password' END WHERE tenant = 1").await;
    assert_eq!(
        revealed(&store, &acme, &mine).await,
        refuses("secret-unreadable")
    );
    assert_eq!(
        revealed(&store, &acme, &key).await,
        refuses("secret-unreadable")
    );
    run("UPDATE secret SET name = CASE name WHEN 'password' THEN 'client-key' ELSE 'password' END WHERE tenant = 1").await;
    all_open().await;

    run(&format!(
        "UPDATE secret SET handle = 'credential-x' WHERE handle = '{mine}'"
    ))
    .await;
    assert_eq!(
        revealed(&store, &acme, "credential-x").await,
        refuses("secret-unreadable")
    );
    run(&format!(
        "UPDATE secret SET handle = '{mine}' WHERE handle = 'credential-x'"
    ))
    .await;
    all_open().await;

    // Where a data key opens no more, a password that is stored again does.
    run("UPDATE tenant_key SET nonce = sealed WHERE tenant = 1").await;
    assert_eq!(
        revealed(&store, &acme, &mine).await,
        refuses("secret-unreadable")
    );
    let again = stored(&store, &acme, "password", PASSWORD).await;
    assert_eq!(revealed(&store, &acme, &again).await, opens());
}

pub(crate) async fn another_key_is_refused_at_once_and_told_which_is_needed<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let needed = store.key_report().await.unwrap().key;
    let elsewhere = tempfile::tempdir().unwrap();
    let strange = KeySource::beside(elsewhere.path());
    // A database without passwords needs its key too: otherwise its hosts would have several.
    let problem = closed::<E>(folder.path(), KeyChoice::of(strange.clone())).await;
    assert_eq!(problem.code, "key-file-missing");
    assert!(problem.message.contains(needed.as_str()), "{problem:?}");
    strange.load_or_make(true).await.unwrap();
    let problem = closed::<E>(folder.path(), KeyChoice::of(strange.clone())).await;
    assert_eq!(problem.code, "wrong-secrets-key");
    assert!(problem.message.contains(needed.as_str()), "{problem:?}");

    let acme = installed(&store, "acme").await;
    let handle = stored(&store, &acme, "password", PASSWORD).await;
    drop(store);
    let both = KeyChoice::of(strange.clone()).or(KeySource::beside(folder.path()));
    let store = E::open_with(folder.path(), both).await.unwrap();
    assert_eq!(revealed(&store, &acme, &handle).await, opens());
    drop(store);
    // A reset without need destroys nothing.
    let needless = KeyChoice::beside(folder.path()).with_reset();
    let store = E::open_with(folder.path(), needless).await.unwrap();
    assert_eq!(store.key_report().await.unwrap().forgotten, 0);
    assert_eq!(revealed(&store, &acme, &handle).await, opens());
    drop(store);

    std::fs::remove_file(folder.path().join(KEY_FILE)).unwrap();
    let problem = closed::<E>(folder.path(), KeyChoice::beside(folder.path())).await;
    assert_eq!(problem.code, "key-file-missing");
    assert!(
        !folder.path().join(KEY_FILE).exists(),
        "no other key is made"
    );
    let lost = KeyChoice::beside(folder.path()).with_reset();
    let store = E::open_with(folder.path(), lost).await.unwrap();
    let report = store.key_report().await.unwrap();
    assert_eq!((report.forgotten, report.tenants.len()), (1, 0));
    assert_ne!(report.key, needed);
    assert_eq!(
        revealed(&store, &acme, &handle).await,
        refuses("unknown-credential")
    );
    let handle = stored(&store, &acme, "password", PASSWORD).await;
    drop(store);
    let store = E::open(folder.path()).await;
    assert_eq!(revealed(&store, &acme, &handle).await, opens());
}

pub(crate) async fn who_is_gone_has_no_data_key<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let other = installed(&store, "other").await;
    let mine = stored(&store, &acme, "password", PASSWORD).await;
    let theirs = stored(&store, &other, "password", PASSWORD).await;
    // Somebody keeps the sealed password.
    E::execute(
        folder.path(),
        "CREATE TABLE kept AS SELECT * FROM secret WHERE tenant = 1",
    )
    .await;
    assert_eq!(store.destroy(&acme).await.unwrap(), 1);
    let report = store.key_report().await.unwrap();
    assert_eq!(report.tenants, [(report.key.clone(), 1)]);
    E::execute(folder.path(), "INSERT INTO secret SELECT * FROM kept").await;
    assert_eq!(
        revealed(&store, &acme, &mine).await,
        refuses("secret-unreadable")
    );
    assert_eq!(revealed(&store, &other, &theirs).await, opens());
    // A new data key does not open it either.
    stored(&store, &acme, "client-key", "another one").await;
    assert_eq!(
        revealed(&store, &acme, &mine).await,
        refuses("secret-unreadable")
    );
}

/// A database as an older version left it: two tenants, three passwords, of which the last was damaged.
async fn older<E: Engine>(folder: &Path, key: &Key) -> (TenantId, TenantId) {
    let store = E::open(folder).await;
    let acme = installed(&store, "acme").await;
    let other = installed(&store, "other").await;
    drop(store);
    let mut sql = "DELETE FROM tenant_key; DELETE FROM secrets_key;".to_owned();
    for (number, tenant, name, handle) in [
        (1, &acme, "password", "h-1"),
        (2, &other, "password", "h-2"),
        (2, &other, "client-key", "h-3"),
    ] {
        let mut sealed = key.seal_unwrapped(tenant, name, PASSWORD).unwrap();
        sealed.bytes[0] ^= u8::from(handle == "h-3");
        let (nonce, bytes) = (E::bytes(&sealed.nonce), E::bytes(&sealed.bytes));
        sql.push_str(&format!(
            "INSERT INTO secret (tenant, name, handle, nonce, sealed)
             VALUES ({number}, '{name}', '{handle}', {nonce}, {bytes});"
        ));
    }
    E::execute(folder, &sql).await;
    (acme, other)
}

pub(crate) async fn passwords_of_an_older_version_come_under_data_keys<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let own = KeySource::beside(folder.path());
    let key = own.load_or_make(true).await.unwrap();
    let (acme, other) = older::<E>(folder.path(), &key).await;
    for _ in 0..2 {
        let store = E::open(folder.path()).await;
        assert_eq!(revealed(&store, &acme, "h-1").await, opens());
        assert_eq!(revealed(&store, &other, "h-2").await, opens());
        let damaged = revealed(&store, &other, "h-3").await;
        assert_eq!(damaged, refuses("secret-unreadable"));
        let report = store.key_report().await.unwrap();
        assert_eq!(report.tenants, [(key.id().clone(), 2)]);
    }
}

pub(crate) async fn passwords_of_an_older_version_are_left_alone_without_their_key<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let own = KeySource::beside(folder.path());
    let key = own.load_or_make(true).await.unwrap();
    let (acme, _) = older::<E>(folder.path(), &key).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let strange = KeySource::beside(elsewhere.path());
    let problem = closed::<E>(folder.path(), KeyChoice::of(strange.clone())).await;
    assert_eq!(
        problem.code, "key-file-missing",
        "none is made in its place"
    );
    strange.load_or_make(true).await.unwrap();
    let problem = closed::<E>(folder.path(), KeyChoice::of(strange.clone())).await;
    assert_eq!(problem.code, "wrong-secrets-key");
    let store = E::open(folder.path()).await;
    assert_eq!(revealed(&store, &acme, "h-1").await, opens());
}

/// Tables of a host that is killed at its nth statement of a rotation.
struct Killed<'a> {
    table: &'a dyn KeyTable,
    left: AtomicU64,
}

impl Killed<'_> {
    fn statement(&self) -> StoreResult<()> {
        let left = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
        left.map(drop)
            .map_err(|_| StoreError::Corrupt("killed".into()))
    }
}

#[async_trait]
impl KeyTable for Killed<'_> {
    async fn standing(&self) -> StoreResult<Option<Standing>> {
        self.table.standing().await
    }
    async fn claim(&self, key: &KeyId) -> StoreResult<()> {
        self.table.claim(key).await
    }
    async fn begin_rotation(&self, from: &KeyId, begun: &Standing) -> StoreResult<bool> {
        self.statement()?;
        self.table.begin_rotation(from, begun).await
    }
    async fn end_rotation(&self, key: &KeyId) -> StoreResult<bool> {
        self.statement()?;
        self.table.end_rotation(key).await
    }
    async fn elsewhere(&self, key: &KeyId) -> StoreResult<Vec<i64>> {
        self.statement()?;
        self.table.elsewhere(key).await
    }
    async fn unkeyed(&self) -> StoreResult<Vec<i64>> {
        self.table.unkeyed().await
    }
    async fn change(&self, tenant: i64, change: Change<'_>) -> StoreResult<()> {
        self.statement()?;
        self.table.change(tenant, change).await
    }
    async fn wrapped_by(&self) -> StoreResult<Vec<(KeyId, u64)>> {
        self.table.wrapped_by().await
    }
    async fn reset(&self, key: &KeyId) -> StoreResult<u64> {
        self.table.reset(key).await
    }
}

pub(crate) async fn a_rotation_that_is_killed_anywhere_loses_nothing_and_goes_on<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let mut handles = Vec::new();
    for name in ["acme", "other", "third"] {
        let tenant = installed(&store, name).await;
        handles.push((stored(&store, &tenant, "password", PASSWORD).await, tenant));
    }
    drop(store);
    let all_open = async |store: &E::Store| {
        for (handle, tenant) in &handles {
            assert_eq!(revealed(store, tenant, handle).await, opens());
        }
    };
    let mut now = KeySource::beside(folder.path());
    // Beginning, looking, three tenants, looking again, ending; and one that is not killed.
    for at in 0..=7 {
        let next = source(folder.path(), &format!("key-{at}"));
        let rotation = Rotation {
            to: Some(next.clone()),
            data_keys: at % 2 == 1,
        };
        let store = E::open_with(folder.path(), KeyChoice::of(now.clone()))
            .await
            .unwrap();
        let (table, vault) = E::keys(&store);
        let killed = Killed {
            table,
            left: AtomicU64::new(at),
        };
        let done = rotate(&killed, vault, &rotation).await;
        assert_eq!(done.is_ok(), at == 7, "{at}: {done:?}");
        let begun = table.standing().await.unwrap().unwrap();
        assert_eq!(begun.previous.is_some(), (1..7).contains(&at), "{at}");
        all_open(&store).await;
        drop(store);

        if at == 0 {
            let store = E::open_with(folder.path(), KeyChoice::of(now.clone()))
                .await
                .unwrap();
            all_open(&store).await;
        } else {
            let old = closed::<E>(folder.path(), KeyChoice::of(now.clone())).await;
            assert_eq!(old.code, "wrong-secrets-key", "{at}");
            let store = E::open_with(folder.path(), KeyChoice::of(next.clone()))
                .await
                .unwrap();
            all_open(&store).await;
        }
        let both = KeyChoice::of(now.clone()).or(next.clone());
        let store = E::open_with(folder.path(), both).await.unwrap();
        if at < 7 {
            let other = Rotation {
                to: Some(source(folder.path(), "key-0")),
                data_keys: false,
            };
            if at > 0 {
                let other = store.rotate_keys(&other).await.unwrap_err();
                assert_eq!(other.code, "rotation-unfinished", "{at}");
            }
            let finished = store.rotate_keys(&rotation).await.unwrap();
            assert_eq!(finished.resumed, at > 0, "{at}");
            assert_eq!(finished.tenants, 3 - at.saturating_sub(2).min(3), "{at}");
            assert_eq!(finished.data_keys, at % 2 == 1, "{at}");
        }
        let report = store.key_report().await.unwrap();
        assert_eq!(report.previous, None);
        assert_eq!(report.tenants, [(report.key.clone(), 3)]);
        all_open(&store).await;
        let same = store.rotate_keys(&rotation).await.unwrap_err();
        assert_eq!(same.code, "rotation-target", "{at}");
        drop(store);
        let old = closed::<E>(folder.path(), KeyChoice::of(now)).await;
        assert_eq!(old.code, "wrong-secrets-key", "{at}");
        now = next;
    }
}

pub(crate) async fn passwords_are_sealed_anew_only_where_data_keys_are<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let handle = stored(&store, &acme, "password", PASSWORD).await;
    let kept = async || {
        E::execute(
            folder.path(),
            "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT nonce, sealed FROM secret",
        )
        .await;
    };
    let put_back = async || {
        let back = "UPDATE secret SET (nonce, sealed) = (SELECT nonce, sealed FROM kept)";
        E::execute(folder.path(), back).await;
    };
    for data_keys in [false, true] {
        kept().await;
        let rotation = Rotation {
            to: None,
            data_keys,
        };
        let before = std::fs::read(folder.path().join(KEY_FILE)).unwrap();
        let done = store.rotate_keys(&rotation).await.unwrap();
        assert_eq!((done.tenants, done.resumed), (1, false));
        // The new key is in the old one's place, which is kept beside it.
        assert_eq!(std::fs::read(done.kept.unwrap()).unwrap(), before);
        assert_ne!(std::fs::read(folder.path().join(KEY_FILE)).unwrap(), before);
        assert_eq!(revealed(&store, &acme, &handle).await, opens());
        put_back().await;
        let old = revealed(&store, &acme, &handle).await;
        if data_keys {
            assert_eq!(old, refuses("secret-unreadable"));
        } else {
            assert_eq!(old, opens());
        }
    }
    drop(store);
    E::open(folder.path()).await;
}

pub(crate) async fn a_host_at_work_takes_a_replaced_key_file_and_no_key_it_has_not<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let (host, other) = (E::open(folder.path()).await, E::open(folder.path()).await);
    let acme = installed(&host, "acme").await;
    let late = installed(&host, "late").await;
    let handle = stored(&host, &acme, "password", PASSWORD).await;
    other.rotate_keys(&Rotation::default()).await.unwrap();
    assert_eq!(revealed(&host, &acme, &handle).await, opens());
    let made = stored(&host, &late, "password", PASSWORD).await;
    assert_eq!(revealed(&other, &late, &made).await, opens());

    let to = source(folder.path(), "elsewhere");
    let rotation = Rotation {
        to: Some(to.clone()),
        data_keys: false,
    };
    other.rotate_keys(&rotation).await.unwrap();
    assert_eq!(
        revealed(&host, &acme, &handle).await,
        refuses("wrong-secrets-key")
    );
    let refused = host
        .store(&acme, "password", Zeroizing::new("x".into()))
        .await;
    assert_eq!(refused.unwrap_err().code, "wrong-secrets-key");
    let host = E::open_with(folder.path(), KeyChoice::of(to))
        .await
        .unwrap();
    assert_eq!(revealed(&host, &acme, &handle).await, opens());
}

pub(crate) async fn a_replacement_of_the_key_file_that_is_killed_goes_on<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let handle = stored(&store, &acme, "password", PASSWORD).await;
    let path = folder.path().join(KEY_FILE);
    let next = folder.path().join(format!("{KEY_FILE}.next"));
    let (table, vault) = E::keys(&store);
    // Killed before the database knew of the next key, and after.
    for at in [0, 1] {
        let killed = Killed {
            table,
            left: AtomicU64::new(at),
        };
        let before = std::fs::read(&path).unwrap();
        rotate(&killed, vault, &Rotation::default())
            .await
            .unwrap_err();
        if at == 1 {
            // As if it had been killed before the file was in its place.
            std::fs::rename(&path, &next).unwrap();
            std::fs::write(&path, &before).unwrap();
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        assert!(next.exists());
        let again = E::open(folder.path()).await;
        assert_eq!(revealed(&again, &acme, &handle).await, opens());
    }
    let again = E::open(folder.path()).await;
    let done = again.rotate_keys(&Rotation::default()).await.unwrap();
    assert!(done.resumed && done.kept.is_some());
    assert!(!next.exists());
    let again = E::open(folder.path()).await;
    assert_eq!(revealed(&again, &acme, &handle).await, opens());
}
