//! Accounts that are disabled by the passing of time, and accounts of which nobody can tell.

use super::bench::{apply, plan, rows, set};
use crate::ports::plan::RowKind;
use crate::ports::portal::Status;
use crate::testing::World;
use crate::testing::directory::Record;

/// The first of January 2024 and 2025.
const IN_2024: u64 = 1_704_067_200;
const IN_2025: u64 = 1_735_689_600;
/// 29 February 2024 as a Windows file time.
const LEAP_DAY: &str = "133536816000000000";

/// A domain controller with two people, the first of whom has an account that expires.
pub(super) fn domain(expires: &str) -> World {
    let world = World::default();
    *world.directory.root.borrow_mut() = Record::new(
        "",
        &[
            ("defaultNamingContext", "dc=example,dc=com"),
            ("supportedControl", "1.2.840.113556.1.4.319"),
            ("supportedCapabilities", "1.2.840.113556.1.4.800"),
        ],
    );
    let mut entries = vec![Record::new(
        "dc=example,dc=com",
        &[("objectClass", "domain")],
    )];
    for (n, expires) in [(1_u8, expires), (2, "0")] {
        let mut person = Record::new(
            &format!("CN=User {n},dc=example,dc=com"),
            &[
                ("objectClass", "user"),
                ("sAMAccountType", "805306368"),
                ("sAMAccountName", &format!("user{n}")),
                ("mail", &format!("user{n}@example.com")),
                ("sn", "Name"),
                ("userAccountControl", "512"),
                ("accountExpires", expires),
            ],
        );
        person.add("objectGUID", &[n; 16]);
        entries.push(person);
    }
    *world.directory.entries.borrow_mut() = entries;
    world.now.set(IN_2024);
    set(&world, &[]);
    world
}

/// Syncs, and says what became of whom.
fn sync(world: &World) -> Vec<(RowKind, String, String)> {
    plan(world, 1, 1).unwrap();
    let said = rows(world)
        .iter()
        .map(|row| (row.kind, row.reason.to_owned(), row.external_id.to_string()))
        .collect();
    apply(world);
    said
}

fn id(n: u8) -> String {
    let digit = format!("{n:02x}");
    let run = |times: usize| digit.repeat(times);
    format!("{}-{}-{}-{}-{}", run(4), run(2), run(2), run(2), run(6))
}

fn row(kind: RowKind, reason: &str, n: u8) -> (RowKind, String, String) {
    (kind, reason.to_owned(), id(n))
}

#[test]
fn an_account_that_expires_between_two_runs_is_deactivated_though_its_entry_is_the_same() {
    let world = domain(LEAP_DAY);
    assert_eq!(
        sync(&world),
        [
            row(RowKind::Create, "new", 1),
            row(RowKind::Create, "new", 2)
        ]
    );
    // Time alone changes nobody.
    world.now.set(IN_2024 + 86_400);
    assert_eq!(sync(&world), []);
    world.now.set(IN_2025);
    assert_eq!(sync(&world), [row(RowKind::Deactivate, "disabled", 1)]);
    assert_eq!(sync(&world), []);
    let people = world.portal.people.borrow();
    let statuses: Vec<_> = people.iter().map(|person| person.status).collect();
    assert_eq!(statuses, [Status::Inactive, Status::Active]);
}

#[test]
fn an_account_that_never_expires_stays_whatever_time_it_is() {
    for never in ["0", "9223372036854775807"] {
        let world = domain(never);
        sync(&world);
        world.now.set(IN_2025 * 4);
        assert_eq!(sync(&world), [], "{never}");
    }
}

#[test]
fn an_account_that_is_extended_comes_back() {
    let world = domain(LEAP_DAY);
    sync(&world);
    world.now.set(IN_2025);
    sync(&world);
    world.change("User 1", |record| record.set("accountExpires", &["0"]));
    assert_eq!(sync(&world), [row(RowKind::Reactivate, "returned", 1)]);
}

#[test]
fn a_rule_of_the_site_stands_instead_of_the_profiles() {
    let world = domain(LEAP_DAY);
    set(&world, &[("disabled-when", "(mail=user2@*)")]);
    world.now.set(IN_2025);
    assert_eq!(sync(&world), [row(RowKind::Create, "new", 1)]);
}

#[test]
fn who_may_be_disabled_for_all_anybody_can_read_is_neither_created_nor_reactivated() {
    let world = domain("0");
    sync(&world);
    world.change("User 1", |record| {
        record.set("userAccountControl", &["514"])
    });
    assert_eq!(sync(&world), [row(RowKind::Deactivate, "disabled", 1)]);
    world.change("User 1", |record| record.set("userAccountControl", &[]));
    world.change("User 2", |record| record.set("userAccountControl", &[]));
    for _ in 0..2 {
        assert_eq!(
            sync(&world),
            [
                row(RowKind::Unsynced, "status-unreadable", 1),
                row(RowKind::Unsynced, "status-unreadable", 2)
            ]
        );
    }
    // An account that is disabled all the same, by what can be read, is.
    world.now.set(IN_2025);
    world.change("User 2", |record| record.set("accountExpires", &[LEAP_DAY]));
    assert_eq!(sync(&world)[1], row(RowKind::Deactivate, "disabled", 2));
}

#[test]
fn a_site_that_says_who_is_disabled_needs_no_other_sign() {
    let world = domain("0");
    set(&world, &[("disabled-when", "(|)")]);
    world.change("User 1", |record| record.set("userAccountControl", &[]));
    assert_eq!(sync(&world).len(), 2);
}
