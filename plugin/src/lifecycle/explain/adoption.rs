//! Explaining people who would take over somebody of the portal: as the sync does it.

#![expect(clippy::unwrap_used, reason = "tests")]

use crate::lifecycle::{Who, configure, explain, preview};
use crate::testing::World;

const DN: &str = "uid=user1,ou=people,dc=example,dc=com";

fn world(adoption: &str) -> World {
    let world = World::with_people(2);
    let given = [
        ("url", "ldap://h"),
        ("base-dn", "dc=example,dc=com"),
        ("adoption", adoption),
    ];
    let given = given.map(|(key, value)| (key.to_owned(), value.to_owned()));
    configure(&world, &given).unwrap();
    world
}

fn asked(world: &World) -> (&'static str, String, Vec<String>) {
    let who = Who::Named(DN.to_owned());
    let outcome = preview(world, &[], &who).unwrap().outcome;
    let explained = explain(world, &who).unwrap();
    let portal = explained.stages.last().unwrap().evidence.clone();
    (outcome, explained.verdict, portal)
}

#[test]
fn who_would_take_somebody_over_is_told_whom() {
    let world = world("mail");
    let values = [("username", "ada"), ("email", "USER1@example.com")];
    world.portal.add("", "", &values);
    let (outcome, verdict, portal) = asked(&world);
    assert_eq!(outcome, "would-adopt");
    assert!(verdict.contains("takes over"), "{verdict}");
    assert!(portal[0].contains("p1"), "{portal:?}");
    assert!(
        portal
            .iter()
            .any(|line| line == "username: ada becomes user1")
    );
}

#[test]
fn without_the_setting_or_with_another_field_it_is_a_duplicate() {
    for adoption in ["report", "username"] {
        let world = world(adoption);
        let values = [("username", "ada"), ("email", "user1@example.com")];
        world.portal.add("", "", &values);
        assert_eq!(asked(&world).0, "unsynced", "{adoption}");
    }
}

#[test]
fn only_who_is_gone_from_the_directory_is_taken_over() {
    let world = world("mail");
    let gone = "00000000-0000-4000-8000-000000000900";
    let values = [("username", "user1"), ("email", "user1@example.com")];
    world.portal.add(gone, DN, &values);
    assert_eq!(asked(&world).0, "would-adopt");
    world.change("uid=user2,", |record| record.set("entryUUID", &[gone]));
    world.change("uid=user2,", |record| {
        record.set("mail", &["user1@example.com"])
    });
    assert_eq!(asked(&world).0, "unsynced");
}
