//! Roles by group: whose role is which, what makes it change, and what keeps it.

use super::bench::{apply, begin, plan, portal, rows, set};
use crate::ports::plan::{RowKind, Summary};
use crate::testing::World;
use crate::testing::directory::Record;
use crate::testing::world::person;

const TOP: &str = "dc=example,dc=com";

fn user(n: u32) -> String {
    format!("uid=user{n},ou=people,{TOP}")
}

fn group_dn(name: &str) -> String {
    format!("cn={name},{TOP}")
}

fn add(world: &World, record: Record) {
    world.directory.entries.borrow_mut().push(record);
}

/// A group of these members.
fn group(world: &World, name: &str, members: &[&str]) {
    let dn = group_dn(name);
    let mut record = Record::new(&dn, &[("objectClass", "groupOfNames"), ("cn", name)]);
    record.set("member", members);
    add(world, record);
}

/// People, of whom the second is in Desk and the third in a group in Desk that holds Desk.
fn desk(people: u32) -> World {
    let world = World::with_people(people);
    group(&world, "Desk", &[&user(2), &group_dn("Night")]);
    group(
        &world,
        "Night",
        &[&user(3).to_uppercase(), &group_dn("desk")],
    );
    set(&world, &[("role-rules", "Desk => approver")]);
    world
}

fn sync(world: &World, seed: u64) -> Summary {
    let summary = plan(world, seed, 1).unwrap();
    apply(world);
    summary
}

/// The role of each person, by number.
fn roles(world: &World) -> Vec<String> {
    portal(world)
        .into_values()
        .map(|person| person.role)
        .collect()
}

/// Kind, reason and changed fields of each row.
fn said(world: &World) -> Vec<(RowKind, String, Vec<String>)> {
    let fields = |row: &crate::ports::plan::Row<'_>| {
        row.changes
            .iter()
            .map(|change| change.field.to_string())
            .collect()
    };
    rows(world)
        .iter()
        .map(|row| (row.kind, row.reason.to_owned(), fields(row)))
        .collect()
}

fn role_row() -> (RowKind, String, Vec<String>) {
    (RowKind::Update, "changed".into(), vec!["role".into()])
}

fn warned(summary: &Summary) -> Vec<&str> {
    summary
        .warnings
        .iter()
        .map(|problem| problem.code.as_str())
        .collect()
}

fn digest(world: &World, seed: u64) -> Option<[u64; 2]> {
    begin(world, seed).unwrap().groups_digest()
}

#[test]
fn members_and_members_of_groups_in_the_group_get_the_role_and_a_circle_ends() {
    let world = desk(4);
    let summary = sync(&world, 1);
    assert_eq!(warned(&summary), [""; 0]);
    assert_eq!(
        roles(&world),
        ["requester", "approver", "approver", "requester"]
    );
    let again = sync(&world, 2);
    assert_eq!((said(&world), again.unchanged), (Vec::new(), 4));
}

#[test]
fn of_several_rules_the_first_that_fits_counts() {
    let world = desk(4);
    group(&world, "Chiefs", &[&user(2), &user(4)]);
    for (rules, wanted) in [
        (
            "Desk => approver\nChiefs => requester",
            ["other", "approver", "approver", "requester"],
        ),
        (
            "Chiefs => requester\nDesk => approver",
            ["other", "requester", "approver", "requester"],
        ),
    ] {
        let other = crate::ports::portal::Role {
            id: "other".into(),
            label: String::new(),
        };
        world.portal.roles.borrow_mut().push(other);
        set(&world, &[("role", "other"), ("role-rules", rules)]);
        sync(&world, 1);
        assert_eq!(roles(&world), wanted, "{rules}");
        sync(&world, 2);
        assert_eq!(said(&world), []);
    }
}

#[test]
fn a_membership_alone_makes_one_update_of_the_role_in_both_directions() {
    let world = desk(4);
    sync(&world, 1);
    world.change("cn=Night", |group| group.set("member", &[&user(4)]));
    let summary = sync(&world, 2);
    assert_eq!(said(&world), [role_row(), role_row()]);
    assert_eq!(summary.unchanged, 2);
    assert_eq!(
        roles(&world),
        ["requester", "approver", "requester", "approver"]
    );
    sync(&world, 3);
    assert_eq!(said(&world), []);
}

#[test]
fn another_attribute_of_a_group_changes_nobody() {
    let world = desk(4);
    sync(&world, 1);
    let before = digest(&world, 2);
    world.change("cn=Night", |group| group.set("description", &["new"]));
    world.change("cn=Desk", |group| {
        group.set("member", &[&group_dn("Night"), &user(2)])
    });
    assert_eq!(digest(&world, 3), before);
    assert!(before.is_some());
    let summary = sync(&world, 4);
    assert_eq!((said(&world), summary.unchanged), (Vec::new(), 4));
}

#[test]
fn the_digest_of_the_groups_sees_members_and_groups_in_groups() {
    let world = desk(4);
    let mut seen = vec![digest(&world, 1)];
    let mut note = |world: &World| {
        let now = digest(world, 1);
        assert!(!seen.contains(&now));
        seen.push(now);
    };
    world.change("cn=Night", |group| group.set("member", &[&user(4)]));
    note(&world);
    group(&world, "Day", &[&user(1)]);
    world.change("cn=Desk", |group| {
        group.add("member", group_dn("Day").as_bytes())
    });
    note(&world);
    world.change("cn=Desk", |group| group.set("member", &[&user(2)]));
    note(&world);
    set(&world, &[]);
    assert_eq!(digest(&world, 1), None);
}

#[test]
fn without_rules_roles_are_the_portals_own_and_no_group_is_asked_for() {
    let world = desk(3);
    sync(&world, 1);
    set(&world, &[]);
    world.portal.people.borrow_mut()[0].role = "approver".into();
    let before = world.directory.searches.get();
    sync(&world, 2);
    assert_eq!(said(&world), []);
    assert_eq!(roles(&world), ["approver"; 3]);
    // The root DSE and everybody.
    assert_eq!(world.directory.searches.get() - before, 2);
}

#[test]
fn a_role_that_the_portal_changed_is_set_back_and_one_from_before_the_rules_is_set() {
    let world = desk(3);
    set(&world, &[("role", "approver")]);
    sync(&world, 1);
    set(&world, &[("role-rules", "Desk => approver")]);
    sync(&world, 2);
    assert_eq!(said(&world), [role_row()]);
    assert_eq!(roles(&world), ["requester", "approver", "approver"]);
    {
        let mut people = world.portal.people.borrow_mut();
        people[1].role = "requester".into();
        people[1].changed_in_portal.push("role".into());
    }
    sync(&world, 3);
    assert_eq!(said(&world), [role_row()]);
    assert_eq!(roles(&world), ["requester", "approver", "approver"]);
}

/// Makes a change that stops the rules, and one to a person, and a newcomer; then mends it.
fn stands_still(stop: impl Fn(&World), mend: impl Fn(&World), cause: &str) {
    let world = desk(3);
    sync(&world, 1);
    let before = roles(&world);
    stop(&world);
    // Who would get another role if anybody did.
    world.change("cn=Night", |group| group.set("member", &[&user(1)]));
    world.change("uid=user2,", |record| record.set("sn", &["New"]));
    add(&world, person(4));
    world.change("cn=Desk", |group| group.add("member", user(4).as_bytes()));
    let summary = sync(&world, 2);
    assert_eq!(warned(&summary), ["role-group-unreadable"]);
    assert!(
        summary.warnings[0].message.contains(cause),
        "{:?}",
        summary.warnings
    );
    assert_eq!(
        (
            said(&world)[0].2.clone(),
            said(&world)[1].0,
            said(&world).len()
        ),
        (vec!["last-name".to_owned()], RowKind::Create, 2)
    );
    assert_eq!(roles(&world)[..3], before);
    assert_eq!(roles(&world)[3], "requester");
    assert_eq!(digest(&world, 3), None);
    let again = sync(&world, 3);
    assert_eq!((said(&world), again.unchanged), (Vec::new(), 4));
    mend(&world);
    let mended = sync(&world, 4);
    assert_eq!(warned(&mended), [""; 0]);
    assert_eq!(said(&world), [role_row(), role_row(), role_row()]);
    assert_eq!(
        roles(&world),
        ["approver", "approver", "requester", "approver"]
    );
    let last = sync(&world, 5);
    assert_eq!((said(&world), last.unchanged), (Vec::new(), 4));
}

#[test]
fn a_group_that_is_not_found_stops_role_changes_and_not_the_sync() {
    let class = |class: &'static str| {
        move |world: &World| world.change("cn=Desk", |group| group.set("objectClass", &[class]))
    };
    stands_still(
        class("device"),
        class("groupOfNames"),
        "no group of that name",
    );
}

#[test]
fn a_name_of_two_groups_stops_role_changes_and_not_the_sync() {
    stands_still(
        |world| {
            let other = format!("cn=desk,ou=people,{TOP}");
            let attributes = [
                ("objectClass", "groupOfNames"),
                ("cn", "Desk"),
                ("member", ""),
            ];
            add(world, Record::new(&other, &attributes));
        },
        |world| {
            world
                .directory
                .entries
                .borrow_mut()
                .retain(|record| !record.dn.starts_with("cn=desk,ou"))
        },
        "several groups have that name",
    );
}

#[test]
fn a_group_whose_members_are_hidden_stops_role_changes_and_not_the_sync() {
    let members = |name: &'static str| {
        move |world: &World| {
            let members = [user(2), group_dn("Night"), user(4)];
            let members: Vec<&str> = members.iter().map(String::as_str).collect();
            world.change("cn=Desk", |group| {
                group.set("member", &[]);
                group.set(name, &members);
            });
        }
    };
    let world = desk(3);
    sync(&world, 1);
    members("hidden")(&world);
    let summary = sync(&world, 2);
    assert_eq!(warned(&summary), ["role-group-unreadable"]);
    assert!(summary.warnings[0].message.contains("shows no member"));
    assert_eq!(
        (said(&world), roles(&world)[1].as_str()),
        (Vec::new(), "approver")
    );
    // Of a kind that may be empty, it is.
    world.change("cn=Desk", |group| {
        group.set("objectClass", &["groupOfMembers"])
    });
    assert_eq!(warned(&sync(&world, 3)), [""; 0]);
    assert_eq!(said(&world), [role_row(), role_row()]);
}

#[test]
fn a_search_for_groups_that_is_cut_or_limited_stops_role_changes_at_every_search() {
    let world = desk(3);
    sync(&world, 1);
    world.change("cn=Night", |group| group.set("member", &[&user(1)]));
    // The root DSE, the name, all groups, two groups, everybody.
    for search in 2..=5 {
        let first = world.directory.searches.get();
        world.directory.faults.borrow_mut().cut_search = Some(first + search);
        let summary = sync(&world, 2);
        assert_eq!(warned(&summary), ["role-group-unreadable"], "{search}");
        assert_eq!(said(&world), [], "{search}");
    }
    world.directory.faults.borrow_mut().cut_search = None;
    assert_eq!(warned(&sync(&world, 3)), [""; 0]);
    assert_eq!(said(&world), [role_row(), role_row()]);
}

#[test]
fn a_rule_by_dn_finds_that_group_and_no_other_kind_of_entry() {
    let world = desk(3);
    group(&world, "Other", &[&user(1)]);
    set(
        &world,
        &[("role-rules", "CN=other, dc=example,dc=com => approver")],
    );
    sync(&world, 1);
    assert_eq!(roles(&world), ["approver", "requester", "requester"]);
    for wrong in [user(1), group_dn("Nobody")] {
        set(&world, &[("role-rules", &format!("{wrong} => approver"))]);
        let summary = sync(&world, 2);
        assert_eq!(warned(&summary), ["role-group-unreadable"]);
        assert_eq!(roles(&world), ["approver", "requester", "requester"]);
    }
}

#[test]
fn user_names_and_unique_members_are_members_too() {
    let world = World::with_people(3);
    let posix = [
        ("objectClass", "posixGroup"),
        ("cn", "Posix"),
        ("memberUid", "USER1"),
    ];
    add(&world, Record::new(&group_dn("Posix"), &posix));
    let mut unique = Record::new(
        &group_dn("Unique"),
        &[("objectClass", "groupOfUniqueNames"), ("cn", "Unique")],
    );
    unique.add("uniqueMember", format!("{}#'01'B", user(2)).as_bytes());
    add(&world, unique);
    set(
        &world,
        &[("role-rules", "Posix => approver\nUnique => approver")],
    );
    sync(&world, 1);
    assert_eq!(roles(&world), ["approver", "approver", "requester"]);
}

#[test]
fn groups_nested_too_deeply_stop_role_changes_and_those_within_the_limit_do_not() {
    for (levels, code) in [(99, None), (101, Some("role-groups-too-large"))] {
        let world = World::with_people(1);
        for level in 1..levels {
            group(
                &world,
                &format!("g{level}"),
                &[&group_dn(&format!("g{}", level + 1))],
            );
        }
        group(&world, &format!("g{levels}"), &[&user(1)]);
        set(&world, &[("role-rules", "g1 => approver")]);
        let summary = sync(&world, 1);
        assert_eq!(warned(&summary), code.into_iter().collect::<Vec<_>>());
        let role = if code.is_some() {
            "requester"
        } else {
            "approver"
        };
        assert_eq!(roles(&world), [role]);
    }
}

#[test]
fn a_run_that_is_stopped_while_groups_are_read_has_no_plan() {
    let world = desk(2);
    world.patience.set(Some(2));
    let problems = plan(&world, 1, 1).unwrap_err();
    assert_eq!(problems[0].code, "cancelled");
}
