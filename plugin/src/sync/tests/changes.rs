//! What has changed since the last sync, and when everybody is read instead.

use proptest::prelude::*;

use super::bench::{apply, changing, plan, plan_from, portal, rows, set};
use super::properties::{put, records, states, world};
use crate::lifecycle::configure;
use crate::ports::plan::{Basis, RowKind, Summary};
use crate::sync::Mode;
use crate::testing::World;
use crate::testing::directory::Record;
use crate::testing::world::person;

const CONTENT_SYNC: &str = "1.3.6.1.4.1.4203.1.9.1.1";

/// A directory that remembers changes.
pub(super) fn remembering(world: &World) {
    let mut root = world.directory.root.borrow_mut();
    root.add("supportedControl", CONTENT_SYNC.as_bytes());
}

/// Forty people, synced, and the checkpoint that this left.
pub(super) fn synced() -> (World, Vec<u8>) {
    synced_with(40)
}

fn synced_with(people: u32) -> (World, Vec<u8>) {
    let world = World::with_people(people);
    remembering(&world);
    set(&world, &[("leavers", "deactivate")]);
    let checkpoint = changes(&world, &[]).1;
    assert!(!checkpoint.is_empty());
    (world, checkpoint)
}

pub(super) fn changes(world: &World, checkpoint: &[u8]) -> (Summary, Vec<u8>) {
    let ended = plan_from(world, Mode::Changes, checkpoint, 7).unwrap();
    apply(world);
    ended
}

pub(super) fn basis(world: &World) -> Basis {
    world.finished.borrow().as_ref().unwrap().1.basis
}

/// What is done to a directory.
type Hurt = fn(&World);

/// Why everybody was read.
pub(super) fn instead(summary: &Summary) -> &str {
    let mut warnings = summary.warnings.iter();
    let warning = warnings.find(|warning| warning.code == "full-instead");
    &warning.unwrap().message
}

#[test]
fn only_who_has_changed_is_read() {
    let (world, checkpoint) = synced();
    world.change("uid=user3,", |record| record.set("sn", &["Other"]));
    world
        .directory
        .entries
        .borrow_mut()
        .retain(|record| !record.dn.contains("uid=user4,"));
    world.directory.entries.borrow_mut().push(person(41));
    let (summary, next) = changes(&world, &checkpoint);
    assert_eq!((summary.seen, basis(&world)), (3, Basis::Changes));
    let made: Vec<_> = changing(&world)
        .iter()
        .map(|row| (row.kind, row.reason))
        .collect();
    assert_eq!(
        made,
        [
            (RowKind::Update, "changed"),
            (RowKind::Deactivate, "absent"),
            (RowKind::Create, "new"),
        ]
    );
    assert_eq!(summary.warnings, []);
    let (summary, _) = changes(&world, &next);
    assert_eq!(
        (summary.seen, changing(&world).len(), basis(&world)),
        (1, 0, Basis::Changes)
    );
}

#[test]
fn a_checkpoint_of_another_configuration_or_version_does_not_count() {
    let (world, checkpoint) = synced();
    set(&world, &[("leavers", "keep")]);
    let (summary, next) = changes(&world, &checkpoint);
    assert!(
        instead(&summary).contains("settings"),
        "{}",
        instead(&summary)
    );
    assert_eq!((summary.unchanged, basis(&world)), (40, Basis::Enumeration));
    assert_eq!(changes(&world, &next).0.warnings, []);
    let (summary, _) = changes(&world, b"{}");
    assert!(instead(&summary).contains("version"));
}

#[test]
fn whatever_the_server_does_not_say_well_leads_to_everybody() {
    let hurt: [(&str, Hurt); 4] = [
        ("refused", |world| {
            world.directory.faults.borrow_mut().changes = Some(4096)
        }),
        ("offer", |world| {
            world
                .directory
                .root
                .borrow_mut()
                .set("supportedControl", &["1.2.840.113556.1.4.319"]);
        }),
        ("not as they were", |world| {
            world.directory.faults.borrow_mut().silent = true;
            world.change("uid=user30,", |record| record.set("sn", &["Restored"]));
        }),
        ("container", |world| {
            let unit = "ou=new,ou=people,dc=example,dc=com";
            let unit = Record::new(unit, &[("objectClass", "organizationalUnit")]);
            world.directory.entries.borrow_mut().push(unit);
        }),
    ];
    for (why, hurt) in hurt {
        let (world, checkpoint) = synced();
        hurt(&world);
        let (summary, _) = changes(&world, &checkpoint);
        let said = instead(&summary);
        assert!(said.contains(why), "{why}: {said}");
        assert_eq!(summary.seen, 40);
    }
}

#[test]
fn a_bind_account_that_sees_nobody_any_more_deactivates_nobody() {
    let (world, checkpoint) = synced();
    let people: Vec<Record> = world.directory.entries.borrow_mut().split_off(2);
    assert_eq!(people.len(), 40);
    let problems = plan_from(&world, Mode::Changes, &checkpoint, 1).unwrap_err();
    assert_eq!(problems[0].code, "empty-result");
    assert_eq!(rows(&world), []);
}

#[test]
fn a_base_that_turned_empty_deactivates_nobody() {
    let world = World::with_people(40);
    remembering(&world);
    world.directory.faults.borrow_mut().presence = true;
    {
        let mut entries = world.directory.entries.borrow_mut();
        let unit = "ou=more,dc=example,dc=com";
        entries.push(Record::new(unit, &[("objectClass", "organizationalUnit")]));
        for n in 41..=44 {
            let mut more = person(n);
            more.dn = more.dn.replace("ou=people", "ou=more");
            entries.push(more);
        }
    }
    let bases = "ou=people,dc=example,dc=com\nou=more,dc=example,dc=com";
    let settings = [
        ("url", "ldap://h"),
        ("leavers", "deactivate"),
        ("base-dn", bases),
    ];
    let settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned()));
    configure(&world, &settings).unwrap();
    let checkpoint = changes(&world, &[]).1;
    let hidden = |record: &Record| record.dn.contains(",ou=more");
    world
        .directory
        .entries
        .borrow_mut()
        .retain(|record| !hidden(record));
    let (summary, next) = changes(&world, &checkpoint);
    let codes: Vec<_> = summary
        .warnings
        .iter()
        .map(|warning| warning.code.as_str())
        .collect();
    assert_eq!(
        (codes, changing(&world).len()),
        (vec!["empty-base", "absence-unproven"], 0)
    );
    assert_eq!((basis(&world), next.len()), (Basis::Changes, 0));
}

#[test]
fn who_is_missed_once_and_there_when_asked_again_is_no_leaver() {
    let (world, checkpoint) = synced();
    world.change("uid=user3,", |record| record.set("sn", &["Other"]));
    world.change("uid=user4,", |record| record.set("sn", &["Other"]));
    // After what is asked first, the search for people by id ends early.
    world.directory.faults.borrow_mut().ends_early_at =
        Some((world.directory.searches.get() + 7, 1));
    let (summary, _) = changes(&world, &checkpoint);
    assert_eq!(
        summary.warnings[0].code, "missed-entries",
        "{:?}",
        summary.warnings
    );
    assert!(
        rows(&world)
            .iter()
            .all(|row| row.kind != RowKind::Deactivate)
    );
}

#[test]
fn a_clock_that_was_set_back_leads_to_everybody() {
    let (world, checkpoint) = synced();
    world.now.set(1000);
    let later = changes(&world, &checkpoint).1;
    world.now.set(999);
    assert!(instead(&changes(&world, &later).0).contains("clock"));
}

#[test]
fn who_was_unsynced_or_changed_in_the_portal_is_looked_at_again() {
    let (world, checkpoint) = synced();
    world.change("uid=user3,", |record| {
        record.set("mail", &["user4@example.com"])
    });
    let (_, next) = changes(&world, &checkpoint);
    assert_eq!(
        rows(&world)
            .iter()
            .filter(|row| row.kind == RowKind::Unsynced)
            .count(),
        1
    );
    world.change("uid=user4,", |record| {
        record.set("mail", &["other@example.com"])
    });
    {
        let mut people = world.portal.people.borrow_mut();
        let edited = people
            .iter_mut()
            .find(|person| person.dn.contains("uid=user9,"))
            .unwrap();
        edited.changed_in_portal.push("last-name".into());
        for (field, value) in &mut edited.values {
            if field == "last-name" {
                "By hand".clone_into(value);
            }
        }
    }
    changes(&world, &next);
    assert_eq!(changing(&world).len(), 3);
}

#[test]
fn reading_everybody_tells_of_what_changes_would_have_missed() {
    let (world, checkpoint) = synced_with(100);
    world.change("uid=user30,", |record| record.set("sn", &["Told"]));
    let (summary, next) = plan_from(&world, Mode::Full, &checkpoint, 1).unwrap();
    apply(&world);
    assert_eq!((summary.warnings, changing(&world).len()), (vec![], 1));
    // A server that says nothing of it, and of people whom nobody holds it against.
    let faults = &world.directory.faults;
    faults.borrow_mut().silent = true;
    world.change("uid=user20,", |record| record.set("sn", &["Missed"]));
    let (summary, _) = plan_from(&world, Mode::Full, &next, 1).unwrap();
    let codes: Vec<_> = summary
        .warnings
        .iter()
        .map(|warning| warning.code.as_str())
        .collect();
    assert_eq!((codes, changing(&world).len()), (vec!["drift-found"], 1));
}

#[test]
fn a_sync_that_is_to_read_everybody_and_has_no_checkpoint_leaves_none() {
    let world = World::with_people(3);
    remembering(&world);
    set(&world, &[]);
    plan(&world, 1, 1).unwrap();
    assert!(world.finished.borrow().as_ref().unwrap().2.is_empty());
    assert!(world.directory.served.borrow().is_empty());
}

#[test]
fn an_attribute_that_is_made_of_other_entries_leads_to_everybody() {
    let world = World::with_people(2);
    remembering(&world);
    set(&world, &[("filter", "(&(uid=*)(!(memberOf=cn=x)))")]);
    let (summary, next) = changes(&world, &[]);
    assert_eq!((summary.seen, next.len()), (2, 0));
    assert!(instead(&summary).contains("no sync before"));
}

#[test]
fn guards_take_their_shares_of_synced_people_alone_however_much_is_read() {
    for mode in [Mode::Full, Mode::Changes] {
        for leavers in [6, 7] {
            let (world, checkpoint) = synced_with(60);
            for _ in 0..60 {
                world.portal.add("", "", &[]);
            }
            let mut entries = world.directory.entries.take();
            entries.truncate(entries.len() - leavers);
            world.directory.entries.replace(entries);
            let (summary, _) = plan_from(&world, mode, &checkpoint, 1).unwrap();
            let guard = &summary.guards[0];
            assert_eq!((guard.name.as_str(), guard.limit), ("deactivate", 6));
            assert_eq!((guard.count, guard.tripped), (leavers as u64, leavers == 7));
        }
    }
}

#[test]
fn everybody_is_read_again_after_a_week_or_when_the_timetable_says() {
    let (world, checkpoint) = synced();
    let day = 86_400;
    world.now.set(7 * day - 1);
    let next = changes(&world, &checkpoint).1;
    assert_eq!(basis(&world), Basis::Changes);
    world.now.set(7 * day);
    let (summary, next) = changes(&world, &next);
    assert!(instead(&summary).contains("every 7 days"));
    crate::schedule::store::submit(
        &world,
        &crate::schedule::Timetable {
            frequency: crate::schedule::Frequency::Daily,
            start: "2026-01-01T06:00".into(),
            zone: "UTC".into(),
            active: true,
            full_every: Some(2),
        },
    )
    .unwrap();
    world.now.set(8 * day);
    let next = changes(&world, &next).1;
    assert_eq!(basis(&world), Basis::Changes);
    world.now.set(9 * day);
    assert!(instead(&changes(&world, &next).0).contains("every 2 days"));
}

/// How a directory tells of changes.
#[derive(Debug, Clone, Copy)]
enum Telling {
    Deletes,
    Presence,
    Stamps,
}

fn telling(world: &World, telling: Telling) {
    match telling {
        Telling::Stamps => {}
        Telling::Deletes => remembering(world),
        Telling::Presence => {
            remembering(world);
            world.directory.faults.borrow_mut().presence = true;
        }
    }
}

/// With a stamp that is another one whenever anything is.
fn stamped(mut records: Vec<Record>) -> Vec<Record> {
    for record in &mut records {
        let text = format!("{record:?}");
        let sum = text.bytes().fold(7_u64, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(byte.into())
        });
        record.set("entryCSN", &[&sum.to_string()]);
    }
    records
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_portal_ends_as_if_everybody_had_been_read(
        history in states(),
        how in prop::sample::select(vec![Telling::Deletes, Telling::Presence, Telling::Stamps]),
        seen: bool,
    ) {
        let (full, only) = (world(3), world(3));
        telling(&only, how);
        only.directory.faults.borrow_mut().hidden_entries = (!seen).then_some("ou=else,");
        let mut checkpoint = Vec::new();
        for (step, states) in (0..).zip(&history) {
            let records = stamped(records(states));
            if records.is_empty() {
                continue;
            }
            for world in [&full, &only] {
                put(world, records.clone());
            }
            plan(&full, step, 1).unwrap();
            checkpoint = plan_from(&only, Mode::Changes, &checkpoint, step).unwrap().1;
            apply(&full);
            apply(&only);
            let (mut a, mut b) = (portal(&full), portal(&only));
            // What the directory said last of somebody who has no row is not remembered.
            for person in a.values_mut().chain(b.values_mut()) {
                person.source_hash.clear();
            }
            prop_assert_eq!(a, b);
            let unsynced = |world: &World| {
                let rows = rows(world).into_iter();
                let unsynced = rows.filter(|row| row.kind == RowKind::Unsynced);
                unsynced.map(|row| (row.external_id.into_owned(), row.reason)).collect::<Vec<_>>()
            };
            prop_assert_eq!(unsynced(&full), unsynced(&only));
        }
    }
}
