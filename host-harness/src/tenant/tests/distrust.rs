//! What a plugin says of its settings counts for nothing.

use super::super::grant::Granted;
use super::*;
use crate::contract::ldap::{Authentication, Connection, Endpoint, Security, SimpleBind};
use crate::ports::Directory;

impl World {
    /// A connection with the stored password, as a plugin asks for it.
    async fn asks(&self, port: u16, security: Security) -> Connection {
        let settings = self.store.get(&self.id).await.unwrap().settings;
        let handle = settings.iter().find(|setting| setting.key == "password");
        Connection {
            servers: vec![Endpoint {
                host: "127.0.0.1".to_owned(),
                port,
            }],
            security,
            certificate_authority: Some(self.directory.ca_pem()),
            client_certificate: None,
            authentication: Authentication::Simple(SimpleBind {
                name: self.directory.bind_name(),
                credential: handle.unwrap().value.clone(),
            }),
        }
    }

    fn granted(&self) -> Granted {
        let Platform {
            directory, tenants, ..
        } = self.platform.clone();
        Granted::stored(directory, tenants)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_reaches_the_server_that_was_named_and_no_other_one() {
    let world = World::with_people(20).await;
    let port = world.directory.port();
    let stranger = DemoDirectory::start(Options::default()).unwrap();
    let open = async |connection| world.granted().open(&world.id, connection).await;
    let named = world.asks(port, Security::StartTls).await;
    assert!(open(named).await.is_ok());
    for (port, security) in [
        (stranger.port(), Security::Plain),
        (stranger.port(), Security::StartTls),
        (port, Security::Plain),
    ] {
        let asked = world.asks(port, security).await;
        let refused = open(asked).await.err().unwrap();
        assert_eq!(refused.problem.code, "not-granted", "{port} {security:?}");
    }
    assert_eq!(stranger.seen().connections, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_are_tried_open_their_own_server_for_that_call_only() {
    let world = World::with_people(20).await;
    let other = DemoDirectory::start(Options::default()).unwrap();
    let tried = [
        setting("url", &format!("ldap://127.0.0.1:{}", other.port())),
        setting("certificate-authority", &world.directory.ca_pem()),
    ];
    let mut asked = world.asks(other.port(), Security::StartTls).await;
    asked.authentication = Authentication::Anonymous;
    let trying = world.granted().given(&tried);
    let opened = trying.open(&world.id, asked.clone()).await;
    // That far it came: the other directory has another authority.
    assert_ne!(opened.err().unwrap().problem.code, "not-granted");
    let stored = world.granted().open(&world.id, asked).await;
    assert_eq!(stored.err().unwrap().problem.code, "not-granted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_nobody_gave_makes_no_plan() {
    let world = World::with_people(20).await;
    // As after a plugin has changed its own settings: it works by a digest that the host never noted.
    let noted = world.store.get(&world.id).await.unwrap();
    let other = "0".repeat(32);
    world
        .store
        .configured(&world.id, &other, noted.settings)
        .await
        .unwrap();
    let watch = Arc::new(Unwatched::default());
    let refused = world.tenant.sync(SyncOptions::default(), watch).await;
    assert_eq!(refused.unwrap_err().code(), "configuration-unknown");
    assert_eq!(world.store.count(&world.id).await.unwrap(), 0);
    // Given again, it is known.
    world.tenant.configure(world.settings()).await.unwrap();
    assert_eq!(world.sync().await.run.status, RunStatus::Applied);
}

#[tokio::test(flavor = "multi_thread")]
async fn guards_go_by_what_was_given_and_not_by_what_the_plugin_makes_of_it() {
    let world = World::with_people(20).await;
    let change = Change {
        set: vec![setting("guard-count", "7")],
        ..Change::default()
    };
    let configured = world.tenant.configure(change).await.unwrap();
    let noted = world.store.get(&world.id).await.unwrap();
    assert_eq!(noted.configuration, configured.digest);
    assert!(noted.settings.contains(&setting("guard-count", "7").into()));
    // A default that the plugin filled in is no word of the administrator's.
    let echoed = |key: &str| configured.settings.iter().any(|s| s.key == key);
    let given = |key: &str| noted.settings.iter().any(|s| s.key == key);
    assert!(echoed("guard-percent") && !given("guard-percent"));
}
