//! Roles by group in the kinds of directories that keep groups in ways of their own.

use super::bench::{apply, begin, plan, portal, rows, set};
use crate::ports::plan::Summary;
use crate::testing::World;
use crate::testing::directory::Record;

const TOP: &str = "dc=example,dc=com";

fn sync(world: &World) -> (Summary, usize) {
    let summary = plan(world, 1, 1).unwrap();
    let changed = rows(world).len();
    apply(world);
    (summary, changed)
}

fn roles(world: &World) -> Vec<String> {
    portal(world)
        .into_values()
        .map(|person| person.role)
        .collect()
}

/// What is said of groups; of the references of a domain's root, everybody's search says its own.
fn codes(summary: &Summary) -> Vec<&str> {
    let codes = summary.warnings.iter().map(|problem| problem.code.as_str());
    codes.filter(|code| code.starts_with("role-")).collect()
}

/// A security identifier of the domain, or of another one.
fn sid(domain: u8, number: u32) -> Vec<u8> {
    let mut sid = vec![1, 2, 0, 0, 0, 0, 0, 5, domain, 0, 0, 0];
    sid.extend_from_slice(&number.to_le_bytes());
    sid
}

fn group(name: &str, number: u32, members: &[&str]) -> Record {
    let dn = format!("CN={name},{TOP}");
    let attributes = [
        ("objectClass", "group"),
        ("sAMAccountName", name),
        ("cn", "Another name"),
    ];
    let mut group = Record::new(&dn, &attributes);
    group.add("objectSid", &sid(21, number));
    group.set("member", members);
    group
}

/// A domain of three people: the first has Staff as the primary group, the second another one.
fn domain() -> World {
    let world = World::default();
    *world.directory.root.borrow_mut() = Record::new(
        "",
        &[
            ("defaultNamingContext", TOP),
            ("supportedCapabilities", "1.2.840.113556.1.4.800"),
        ],
    );
    // The root of a domain refers to its other partitions.
    world.directory.faults.borrow_mut().referrals = 3;
    let mut entries = vec![Record::new(TOP, &[("objectClass", "domain")])];
    for (n, primary) in [(1_u8, "1200"), (2, "513"), (3, "513")] {
        let attributes = [
            ("objectClass", "user"),
            ("sAMAccountType", "805306368"),
            ("sAMAccountName", &format!("user{n}")),
            ("mail", &format!("user{n}@example.com")),
            ("sn", "Name"),
            ("userAccountControl", "512"),
            ("primaryGroupID", primary),
        ];
        let mut person = Record::new(&format!("CN=User {n},{TOP}"), &attributes);
        person.add("objectGUID", &[n; 16]);
        person.add("objectSid", &sid(21, 2_000 + u32::from(n)));
        entries.push(person);
    }
    entries.push(group("Staff", 1_200, &[]));
    entries.push(group("Desk", 1_201, &["CN=User 2,dc=example,dc=com"]));
    *world.directory.entries.borrow_mut() = entries;
    world
}

#[test]
fn a_primary_group_counts_though_it_does_not_list_its_members() {
    let world = domain();
    set(&world, &[("role-rules", "Staff => approver")]);
    assert_eq!(codes(&sync(&world).0), [""; 0]);
    assert_eq!(roles(&world), ["approver", "requester", "requester"]);
    // Of a group in the rule's group too.
    set(&world, &[("role-rules", "Desk => approver")]);
    sync(&world);
    assert_eq!(roles(&world), ["requester", "approver", "requester"]);
    world.change("CN=Desk", |group| {
        group.add("member", b"CN=Staff,dc=example,dc=com")
    });
    sync(&world);
    assert_eq!(roles(&world), ["approver", "approver", "requester"]);
    world.change("User 1", |person| person.set("primaryGroupID", &["513"]));
    assert_eq!(sync(&world).1, 1);
    assert_eq!(roles(&world), ["requester", "approver", "requester"]);
    assert_eq!(sync(&world).1, 0);
}

#[test]
fn a_group_with_that_number_in_another_domain_is_another_group() {
    let world = domain();
    world.change("CN=Staff", |group| {
        group.set("objectSid", &[]);
        group.add("objectSid", &sid(22, 1_200));
    });
    set(&world, &[("role-rules", "Staff => approver")]);
    sync(&world);
    assert_eq!(roles(&world), ["requester"; 3]);
}

#[test]
fn whose_primary_group_cannot_be_read_keeps_the_role_and_the_others_do_not() {
    let world = domain();
    set(
        &world,
        &[("role-rules", "Staff => approver\nDesk => approver")],
    );
    sync(&world);
    assert_eq!(roles(&world), ["approver", "approver", "requester"]);
    world.change("User 1", |person| person.set("primaryGroupID", &[]));
    world.change("CN=Desk", |group| {
        group.set("member", &["CN=User 3,dc=example,dc=com"])
    });
    let (summary, changed) = sync(&world);
    assert_eq!(
        (codes(&summary), changed),
        (vec!["role-group-unreadable"], 2)
    );
    assert_eq!(roles(&world), ["approver", "requester", "approver"]);
}

#[test]
fn an_empty_group_whom_somebody_says_to_be_in_is_not_taken_for_empty() {
    let world = domain();
    set(&world, &[("role-rules", "Desk => approver")]);
    sync(&world);
    world.change("CN=Desk", |group| group.set("member", &[]));
    world.change("User 2", |person| {
        person.set("memberOf", &["CN=Desk,dc=example,dc=com"])
    });
    let (summary, changed) = sync(&world);
    assert_eq!(
        (codes(&summary), changed),
        (vec!["role-group-unreadable"], 0)
    );
    world.change("User 2", |person| person.set("memberOf", &[]));
    let (summary, changed) = sync(&world);
    assert_eq!((codes(&summary), changed), (Vec::new(), 1));
    assert_eq!(roles(&world), ["requester"; 3]);
}

#[test]
fn references_count_as_unread_groups_where_they_are_not_a_domains() {
    let world = World::with_people(1);
    world.directory.entries.borrow_mut().push(Record::new(
        &format!("cn=Desk,{TOP}"),
        &[("objectClass", "groupOfMembers"), ("cn", "Desk")],
    ));
    set(&world, &[("role-rules", "Desk => approver")]);
    assert_eq!(codes(&sync(&world).0), [""; 0]);
    world.directory.faults.borrow_mut().referrals = 1;
    assert_eq!(codes(&sync(&world).0), ["role-group-unreadable"]);
}

const GROUPS: &str = "cn=groups,cn=accounts,dc=example,dc=com";

/// A FreeIPA with two people and three groups, of which the second is in the first.
fn freeipa() -> World {
    let world = World::default();
    *world.directory.root.borrow_mut() = Record::new(
        "",
        &[
            ("defaultNamingContext", TOP),
            ("ipaDomainLevel", "1"),
            ("vendorName", "389 Project"),
        ],
    );
    let mut entries = vec![Record::new(TOP, &[("objectClass", "domain")])];
    for (n, group) in [(1, "night"), (2, "other")] {
        let attributes = [
            ("objectClass", "person"),
            ("ipaUniqueID", &format!("00000000-0000-4000-8000-{n:012}")),
            ("uid", &format!("user{n}")),
            ("mail", &format!("user{n}@example.com")),
            ("sn", "Name"),
            ("memberOf", &format!("cn={group},{GROUPS}")),
        ];
        let dn = format!("uid=user{n},cn=users,cn=accounts,{TOP}");
        entries.push(Record::new(&dn, &attributes));
    }
    for (name, around) in [("desk", "night"), ("night", "desk"), ("other", "none")] {
        let attributes = [
            ("objectClass", "ipaUserGroup"),
            ("cn", name),
            ("member", "somebody"),
            ("memberOf", &format!("cn={around},{GROUPS}")),
            ("modifyTimestamp", "20260101000000Z"),
        ];
        entries.push(Record::new(&format!("cn={name},{GROUPS}"), &attributes));
    }
    *world.directory.entries.borrow_mut() = entries;
    set(&world, &[("role-rules", "desk => approver")]);
    world
}

#[test]
fn where_people_say_which_groups_they_are_in_groups_in_groups_count_too() {
    let world = freeipa();
    assert_eq!(codes(&sync(&world).0), [""; 0]);
    assert_eq!(roles(&world), ["approver", "requester"]);
    assert_eq!(sync(&world).1, 0);
    // What else somebody is in changes nobody.
    world.change("user1", |person| {
        person.add("memberOf", format!("cn=other,{GROUPS}").as_bytes())
    });
    let (summary, changed) = sync(&world);
    assert_eq!((summary.unchanged, changed), (2, 0));
    world.change("user2", |person| {
        person.add("memberOf", format!("CN=Night,{GROUPS}").as_bytes())
    });
    assert_eq!(sync(&world).1, 1);
    assert_eq!(roles(&world), ["approver", "approver"]);
}

#[test]
fn a_groups_stamp_tells_whether_it_changed_and_without_one_it_may_have() {
    let world = freeipa();
    let digest = |seed| begin(&world, seed).unwrap().groups_digest().unwrap();
    let before = digest(1);
    assert_eq!(digest(2), before);
    let stamp = |values: &[&str]| {
        world.change("cn=night", |group| group.set("modifyTimestamp", values));
    };
    stamp(&["20260102000000Z"]);
    assert_ne!(digest(2), before);
    stamp(&["20260101000000Z"]);
    assert_eq!(digest(2), before);
    stamp(&[]);
    assert_ne!(digest(1), digest(2));
}

#[test]
fn where_nobody_says_to_be_in_a_group_with_members_it_is_unreadable_and_without_members_empty() {
    let world = freeipa();
    sync(&world);
    for entry in ["user1", "cn=night", "cn=desk"] {
        world.change(entry, |record| record.set("memberOf", &[]));
    }
    let (summary, changed) = sync(&world);
    assert_eq!(
        (codes(&summary), changed),
        (vec!["role-group-unreadable"], 0)
    );
    world.change("cn=desk", |group| group.set("member", &[]));
    let (summary, changed) = sync(&world);
    assert_eq!((codes(&summary), changed), (Vec::new(), 1));
    assert_eq!(roles(&world), ["requester", "requester"]);
}
