//! Keys from wherever they come, and what each seals.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::*;
use crate::Problem;

const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
const BASE64: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn code<T: fmt::Debug>(result: StoreResult<T>) -> String {
    Problem::from(result.unwrap_err()).code
}

fn file(folder: &Path, name: &str, bytes: &[u8], mode: u32) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    path
}

async fn told(script: &str, patience: Duration) -> StoreResult<Key> {
    let words = ["sh", "-c", script].map(str::to_owned);
    command::read(&words, patience).await
}

#[test]
fn a_key_is_read_as_it_is_in_hexadecimal_and_in_base64() {
    let raw: Vec<u8> = (0..32).collect();
    let wanted = Key::parse(&raw).unwrap();
    for text in [HEX.to_owned(), format!("{HEX}\n"), format!(" {BASE64}\r\n")] {
        assert_eq!(
            Key::parse(text.as_bytes()).unwrap().id(),
            wanted.id(),
            "{text}"
        );
    }
    let short = &HEX[2..];
    let other = HEX.replace('0', "g");
    for bad in [
        "",
        "password",
        short,
        &other,
        &BASE64[4..],
        &format!("{BASE64}{BASE64}"),
    ] {
        assert!(Key::parse(bad.as_bytes()).is_none(), "{bad}");
    }
}

#[test]
fn an_id_tells_keys_apart_and_nothing_else() {
    let (one, two) = (Key::generate().unwrap(), Key::generate().unwrap());
    assert_ne!(one.id(), two.id());
    assert_eq!(one.id().as_str().len(), 16);
    let hex: String = one
        .bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert!(!hex.contains(one.id().as_str()));
    assert_eq!(format!("{one:?}"), format!("Key({})", one.id()));
}

#[test]
fn a_data_key_opens_for_its_tenant_with_its_key_alone() {
    let tenant = |name| TenantId::new(name).unwrap();
    let (key, stranger) = (Key::generate().unwrap(), Key::generate().unwrap());
    let data = DataKey::generate().unwrap();
    let wrapped = key.wrap(&tenant("acme"), &data).unwrap();
    let sealed = data
        .seal(&tenant("acme"), "bind", "h-1", "hunter2")
        .unwrap();
    let opened = key.unwrap(&tenant("acme"), &wrapped).unwrap();
    let plain = opened
        .unseal(&tenant("acme"), "bind", "h-1", &sealed)
        .unwrap();
    assert_eq!(plain.as_str(), "hunter2");
    assert_eq!(
        code(key.unwrap(&tenant("other"), &wrapped)),
        "secret-unreadable"
    );
    assert_eq!(
        code(stranger.unwrap(&tenant("acme"), &wrapped)),
        "secret-unreadable"
    );
    let mut altered = sealed.clone();
    altered.bytes[0] ^= 1;
    for (name, place, handle, sealed) in [
        ("other", "bind", "h-1", &sealed),
        ("acme", "mail", "h-1", &sealed),
        ("acme", "bind", "h-2", &sealed),
        // Parts do not run into each other.
        ("acme", "bindh-1", "", &sealed),
        ("acme", "bind", "h-1", &altered),
    ] {
        let refused = opened.unseal(&tenant(name), place, handle, sealed);
        assert_eq!(
            code(refused),
            "secret-unreadable",
            "{name} {place} {handle}"
        );
    }
    let debugged = format!(
        "{:?} {opened:?}",
        Vault::new(KeyChoice::beside(Path::new("/")))
    );
    assert_eq!(debugged, "Vault(keys withheld) DataKey(withheld)");
}

#[test]
fn sources_are_named_by_their_kind() {
    let source = |text: &str| text.parse::<KeySource>();
    assert_eq!(
        source("file:/etc/x y"),
        Ok(KeySource::File("/etc/x y".into()))
    );
    assert_eq!(
        source("credential:key"),
        Ok(KeySource::Credential("key".into()))
    );
    let words = ["pass", "show", "rollcall"].map(str::to_owned).to_vec();
    assert_eq!(
        source("command:pass show  rollcall"),
        Ok(KeySource::Command(words))
    );
    for bad in [
        "",
        "x",
        "file:",
        "command: ",
        "credential:../key",
        "credential:..",
        "env:KEY",
    ] {
        assert_eq!(source(bad), Err(BadSource), "{bad}");
    }
    assert_eq!(source("command:a b").unwrap().to_string(), "command:a b");
}

#[tokio::test]
async fn a_key_file_is_made_once_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let source = KeySource::beside(folder.path());
    assert_eq!(code(source.load_one().await), "key-file-missing");
    let made = source.load_or_make(false).await.unwrap();
    assert_eq!(source.load_or_make(false).await.unwrap().id(), made.id());
    let path = folder.path().join(KEY_FILE);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let named = KeySource::File(folder.path().join("named"));
    assert_eq!(code(named.load_or_make(false).await), "key-file-missing");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    named.load_or_make(true).await.unwrap();
}

#[tokio::test]
async fn a_key_file_that_others_may_read_or_that_holds_no_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let read = async |bytes: &[u8], mode| {
        let path = file(folder.path(), "key", bytes, mode);
        KeySource::File(path).load_one().await
    };
    assert!(read(HEX.as_bytes(), 0o600).await.is_ok());
    assert!(read(HEX.as_bytes(), 0o400).await.is_ok());
    for mode in [0o640, 0o604, 0o666] {
        assert_eq!(code(read(HEX.as_bytes(), mode).await), "key-file-exposed");
    }
    assert_eq!(code(read(b"short", 0o600).await), "key-file-broken");
}

#[tokio::test]
async fn a_credential_may_be_granted_and_not_open_to_all() {
    let folder = tempfile::tempdir().unwrap();
    let granted = file(folder.path(), "granted", HEX.as_bytes(), 0o440);
    assert!(
        file::read(&granted, file::Readers::Granted)
            .unwrap()
            .is_some()
    );
    let open = file(folder.path(), "open", HEX.as_bytes(), 0o444);
    assert_eq!(
        code(file::read(&open, file::Readers::Granted)),
        "key-file-exposed"
    );
    // Tests do not run as a service.
    let source = KeySource::Credential("rollcall-test".into());
    assert_eq!(code(source.load_one().await), "key-file-missing");
}

#[tokio::test]
async fn a_program_tells_the_key() {
    let long = Duration::from_secs(20);
    let key = told(&format!("echo {HEX}"), long).await.unwrap();
    assert_eq!(key.id(), Key::parse(HEX.as_bytes()).unwrap().id());
    let words = vec!["echo".to_owned(), BASE64.to_owned()];
    let echoed = KeySource::Command(words).load_one().await.unwrap();
    assert_eq!(echoed.id(), key.id());
    // No shell looks at the words.
    let words = vec!["echo".to_owned(), "$(id)".to_owned()];
    assert_eq!(
        code(KeySource::Command(words).load_one().await),
        "key-command-failed"
    );
}

#[tokio::test]
async fn a_program_that_tells_no_key_is_refused_with_what_it_says_and_without_the_key() {
    let long = Duration::from_secs(20);
    let script = format!("echo {HEX}; echo sealed >&2; echo had {HEX} >&2; exit 3");
    let problem = Problem::from(told(&script, long).await.unwrap_err());
    assert_eq!(problem.code, "key-command-failed");
    assert!(
        problem.message.contains("sealed had (withheld)"),
        "{}",
        problem.message
    );
    assert!(!problem.message.contains(HEX), "{}", problem.message);
    assert_eq!(code(told("echo no key", long).await), "key-command-failed");
    assert_eq!(code(told("yes", long).await), "key-command-failed");
    let missing = vec!["/nowhere/program".to_owned()];
    assert_eq!(
        code(command::read(&missing, long).await),
        "key-command-failed"
    );
    let slow = told("exec sleep 60", Duration::from_millis(200)).await;
    assert_eq!(code(slow), "key-command-timeout");
}
