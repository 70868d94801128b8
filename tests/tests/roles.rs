//! Roles by group on a directory of each kind, through the built program.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use rollcall::demo::Entry;
use rollcall::demo::directory::{DemoDirectory, Options, Vendor};
use rollcall::demo::people::SUFFIX;
use rollcall_tests::conformance::{Subject, Trial, Who};
use rollcall_tests::tenancy::{TENANT, sound};

const RULES: &str = "--set=role-rules=Desk => agent\nEveryone 1 => approver";

/// Adds a group, named and filled as the organisation would, in the shape of the directory's kind.
fn add_group(directory: &DemoDirectory, name: &str, members: &[&str]) -> String {
    let group = Entry::new(format!("cn={name},ou=Groups,{SUFFIX}"))
        .with("objectClass", "groupOfNames")
        .with("cn", name);
    let mut group = directory.vendor().entry(group);
    for member in members {
        group.push("member", *member);
    }
    let dn = group.dn.clone();
    directory.add(group).unwrap();
    dn
}

/// The roles of people, by their place in the directory.
fn roles(trial: &Trial, people: &[Who]) -> Vec<String> {
    let portal = trial.portal().unwrap().people(TENANT).unwrap();
    let role = |who: &Who| portal[&who.external_id].role.clone();
    people.iter().map(role).collect()
}

#[test]
fn every_profile_makes_roles_of_groups_and_of_groups_in_groups() {
    for vendor in Vendor::ALL {
        let directory = DemoDirectory::start(Options {
            vendor,
            ..sound(12)
        })
        .unwrap();
        let people = directory.people();
        let [one, two, three, four, ..] = &people[..] else {
            panic!("there is nobody")
        };
        let night = add_group(&directory, "Night", &[&two.dn]);
        let desk = add_group(&directory, "Desk", &[&one.dn, &night]);
        let trial = Trial::of(&directory, &[RULES]).unwrap();
        trial.sync().unwrap();
        let mut wanted = vec!["approver".to_owned(); people.len()];
        wanted[..2].fill("agent".to_owned());
        assert_eq!(roles(&trial, &people), wanted, "{vendor:?}");
        assert_eq!(trial.sync().unwrap(), [], "{vendor:?}");

        directory.set(&night, "member", &[&three.dn]).unwrap();
        let rows = trial.sync().unwrap();
        let said: Vec<_> = rows
            .iter()
            .map(|row| (row.kind, &*row.reason, &*row.after))
            .collect();
        assert_eq!(said, [("update", "changed", "{}"); 2], "{vendor:?}");
        wanted[1..3].clone_from_slice(&["approver".to_owned(), "agent".to_owned()]);
        assert_eq!(roles(&trial, &people), wanted, "{vendor:?}");
        assert_eq!(trial.sync().unwrap(), [], "{vendor:?}");

        if vendor == Vendor::ActiveDirectory {
            let sid = directory.entry(&desk).unwrap().values("objectSid")[0].clone();
            let number = u32::from_le_bytes(sid[sid.len() - 4..].try_into().unwrap());
            let number = number.to_string();
            directory
                .set(&four.dn, "primaryGroupID", &[&number])
                .unwrap();
            trial
                .sync_one("update", "changed", &four.external_id)
                .unwrap();
            wanted[3] = "agent".to_owned();
            assert_eq!(roles(&trial, &people), wanted);
        }
    }
}

#[test]
fn a_group_that_is_gone_keeps_roles_and_not_people_and_verify_says_so() {
    let directory = DemoDirectory::start(sound(12)).unwrap();
    let people = directory.people();
    let desk = add_group(&directory, "Desk", &[&people[0].dn]);
    let trial = Trial::of(&directory, &[RULES]).unwrap();
    trial.sync().unwrap();
    let before = roles(&trial, &people);
    assert_eq!(before[0], "agent");
    directory.delete(&desk).unwrap();
    directory.set(&people[1].dn, "sn", &["Changed"]).unwrap();
    let row = trial
        .sync_one("update", "changed", &people[1].external_id)
        .unwrap();
    assert!(row.pseudo.is_empty());
    assert_eq!(roles(&trial, &people), before);
    let report = trial.rollcall.expect(0, &["verify", TENANT]).unwrap();
    let stages = report.at("/stages").as_array().unwrap();
    let stage = stages.iter().find(|stage| stage["name"] == "role").unwrap();
    assert_eq!(
        (&stage["verdict"], &stage["problems"][0]["code"]),
        (&"warned".into(), &"role-group-unreadable".into())
    );
}

#[test]
fn many_roles_that_change_at_once_wait_for_an_approval() {
    let directory = DemoDirectory::start(sound(30)).unwrap();
    let trial = Trial::of(&directory, &[RULES, "--set=guard-count=5"]).unwrap();
    let people = directory.people();
    add_group(&directory, "Desk", &[&people[0].dn]);
    trial.sync().unwrap();
    let members: Vec<&str> = people[..12].iter().map(|who| &*who.dn).collect();
    let desk = directory
        .vendor()
        .dn(&format!("cn=Desk,ou=Groups,{SUFFIX}"));
    directory.set(&desk, "member", &members).unwrap();
    let held = trial.sync_ending(6).unwrap();
    assert_eq!(held.len(), 11);
    assert_eq!(roles(&trial, &people)[11], "approver");
    directory.set(&desk, "member", &members[..5]).unwrap();
    trial.sync().unwrap();
    assert_eq!(roles(&trial, &people)[4], "agent");
}

#[test]
fn rules_that_are_wrong_are_refused_each_at_its_place() {
    let directory = DemoDirectory::start(sound(1)).unwrap();
    let trial = Trial::of(&directory, &[]).unwrap();
    let rules = "--set=role-rules=Desk\nDesk => boss\ncn=a,, => agent";
    let refused = trial
        .rollcall
        .expect(3, &["configure", TENANT, rules])
        .unwrap();
    let problems = refused.document["problems"].as_array().unwrap();
    let said: Vec<_> = problems
        .iter()
        .map(|problem| {
            (
                problem["code"].as_str().unwrap(),
                problem["position"].as_u64(),
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            ("bad-role-rule", Some(0)),
            ("unknown-role", Some(13)),
            ("bad-dn", Some(23))
        ]
    );
    trial
        .rollcall
        .expect(0, &["configure", TENANT, "--set=role-rules=Desk => agent"])
        .unwrap();
}
