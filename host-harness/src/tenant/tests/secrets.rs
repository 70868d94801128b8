//! A password and a private key, each behind its own handle.

use super::*;

/// The second secret field, beside the password.
fn key(text: &str) -> SecretValues {
    SecretValues::from([("client-key".to_owned(), Zeroizing::new(text.to_owned()))])
}

/// A SEQUENCE of three bytes: the plugin looks at the form only.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMAMBAf8=\n-----END CERTIFICATE-----\n";

#[tokio::test(flavor = "multi_thread")]
async fn each_secret_has_its_own_handle_and_changes_alone() {
    let world = World::with_people(20).await;
    let handle = async |key| world.store.handle(&world.id, key).await.unwrap();
    let password = handle("password").await.unwrap();
    let change = |text| Change {
        set: vec![setting("client-certificate", CERTIFICATE)],
        secrets: key(text),
        ..Change::default()
    };
    let configured = world.tenant.configure(change("first")).await.unwrap();
    let first = handle("client-key").await.unwrap();
    assert!(configured.settings.contains(&setting("client-key", &first)));
    assert_eq!(handle("password").await, Some(password.clone()));
    let again = world.tenant.configure(change("second")).await.unwrap();
    assert_eq!(again.digest, configured.digest);
    assert!(world.store.reveal(&world.id, &first).await.is_err());
    assert_eq!(handle("password").await, Some(password.clone()));
    // Taken back, the key is destroyed; the password stays.
    let change = Change {
        unset: vec!["client-key".into(), "client-certificate".into()],
        ..Change::default()
    };
    world.tenant.configure(change).await.unwrap();
    assert_eq!(handle("client-key").await, None);
    assert_eq!(handle("password").await, Some(password));
    assert!(world.binds().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_settings_keep_every_stored_secret_and_store_no_new_one() {
    let world = World::with_people(20).await;
    let before = world.store.handle(&world.id, "password").await.unwrap();
    // A key without a certificate.
    let change = Change {
        secrets: key("a key"),
        ..Change::default()
    };
    let refused = world.tenant.configure(change).await.unwrap_err();
    assert_eq!(refused.code(), "client-certificate-missing");
    assert_eq!(
        world.store.handle(&world.id, "client-key").await.unwrap(),
        None
    );
    assert_eq!(
        world.store.handle(&world.id, "password").await.unwrap(),
        before
    );
    assert!(world.binds().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_the_form_does_not_have_is_refused() {
    let world = World::with_people(20).await;
    let change = Change {
        secrets: SecretValues::from([("pasword".to_owned(), Zeroizing::new("hunter2".to_owned()))]),
        ..Change::default()
    };
    let refused = world.tenant.configure(change).await.unwrap_err();
    assert_eq!(refused.code(), "unknown-setting");
    assert!(!refused.to_string().contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stored_key_is_not_used_with_another_server() {
    let world = World::with_people(20).await;
    let change = Change {
        set: vec![setting("client-certificate", CERTIFICATE)],
        secrets: key("a key"),
        ..Change::default()
    };
    world.tenant.configure(change).await.unwrap();
    let change = || Change {
        set: vec![setting("url", "ldap://127.0.0.1:1")],
        secrets: password("for the new server"),
        ..Change::default()
    };
    let refused = world.tenant.configure(change()).await.unwrap_err();
    assert_eq!(refused.code(), "key-missing");
    assert!(refused.to_string().contains("url"), "{refused}");
    let kept = world.store.handle(&world.id, "client-key").await.unwrap();
    assert!(kept.is_some());
    let mut both = change();
    both.secrets.extend(key("a key"));
    world.tenant.configure(both).await.unwrap();
}
