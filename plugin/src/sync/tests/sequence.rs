//! Changes by the update sequence numbers of a domain controller.

use super::bench::{apply, changing, plan_from};
use super::disabled::domain;
use crate::ports::plan::{Basis, Summary};
use crate::sync::Mode;
use crate::testing::World;
use crate::testing::directory::Record;

const DATABASE: &str = "CN=NTDS Settings,CN=DC1,dc=example,dc=com";

/// A domain controller that shows its numbers and what was deleted, synced; and the checkpoint that this left.
fn synced() -> (World, Vec<u8>) {
    let world = domain("0");
    {
        let mut entries = world.directory.entries.borrow_mut();
        for (n, entry) in entries.iter_mut().enumerate() {
            entry.set("uSNChanged", &[&(100 + n).to_string()]);
        }
        let invocation = [
            ("objectClass", "nTDSDSA"),
            ("invocationId", "the first database"),
        ];
        entries.push(Record::new(DATABASE, &invocation));
        let deleted = "CN=Deleted Objects,dc=example,dc=com";
        entries.push(Record::new(deleted, &[("objectClass", "container")]));
        let tombstone = format!("CN=Old,{deleted}");
        let mut tombstone =
            Record::new(&tombstone, &[("objectClass", "user"), ("uSNChanged", "90")]);
        tombstone.add("objectGUID", &[9; 16]);
        entries.push(tombstone);
    }
    root(&world, "dsServiceName", DATABASE);
    root(&world, "namingContexts", "dc=example,dc=com");
    root(&world, "highestCommittedUSN", "110");
    let checkpoint = sync(&world, &[]).1;
    assert!(String::from_utf8_lossy(&checkpoint).contains("UpdateSequence"));
    (world, checkpoint)
}

fn root(world: &World, attribute: &str, value: &str) {
    world.directory.root.borrow_mut().set(attribute, &[value]);
}

/// Changes a person's name, under a number.
fn renamed(world: &World, number: &str) {
    world.change("CN=User 2", |record| {
        record.set("sn", &["Other"]);
        record.set("uSNChanged", &[number]);
    });
}

fn sync(world: &World, checkpoint: &[u8]) -> (Summary, Vec<u8>) {
    let ended = plan_from(world, Mode::Changes, checkpoint, 3).unwrap();
    apply(world);
    ended
}

fn basis(world: &World) -> Basis {
    world.finished.borrow().as_ref().unwrap().1.basis
}

#[test]
fn who_has_a_later_number_is_read() {
    let (world, checkpoint) = synced();
    renamed(&world, "111");
    root(&world, "highestCommittedUSN", "111");
    let (_, next) = sync(&world, &checkpoint);
    assert_eq!((basis(&world), changing(&world).len()), (Basis::Changes, 1));
    let (summary, _) = sync(&world, &next);
    assert_eq!((basis(&world), changing(&world).len()), (Basis::Changes, 0));
    assert_eq!(summary.warnings, []);
}

#[test]
fn another_database_or_one_that_was_set_back_leads_to_everybody() {
    let hurt: [fn(&World); 3] = [
        // Another domain controller under the same name, or this one restored.
        |world| {
            world.change("NTDS Settings", |record| {
                record.set("invocationId", &["another one"])
            })
        },
        |world| root(world, "highestCommittedUSN", "105"),
        |world| {
            let mut entries = world.directory.entries.borrow_mut();
            entries.retain(|entry| !entry.dn.starts_with("CN=Old"));
        },
    ];
    for hurt in hurt {
        let (world, checkpoint) = synced();
        // A change that no number tells of.
        renamed(&world, "102");
        hurt(&world);
        let (summary, _) = sync(&world, &checkpoint);
        assert_eq!(summary.warnings[0].code, "full-instead");
        assert_eq!(
            (basis(&world), changing(&world).len()),
            (Basis::Enumeration, 1)
        );
    }
}

#[test]
fn people_below_an_entry_that_is_no_container_lead_to_everybody_and_those_below_one_do_not() {
    for (class, told) in [("container", false), ("device", true)] {
        let (world, checkpoint) = synced();
        let unit = "CN=Sub,dc=example,dc=com";
        let record = Record::new(unit, &[("objectClass", class)]);
        world.directory.entries.borrow_mut().push(record);
        world.change("CN=User 2", |record| {
            record.dn = format!("CN=User 2,{unit}");
            record.set("uSNChanged", &["111"]);
        });
        root(&world, "highestCommittedUSN", "111");
        let (summary, next) = sync(&world, &checkpoint);
        let warned = |summary: &Summary, code| summary.warnings.iter().any(|one| one.code == code);
        assert_eq!(warned(&summary, "container-unseen"), told);
        let (summary, _) = sync(&world, &next);
        assert_eq!(warned(&summary, "full-instead"), told);
        assert_eq!(basis(&world) == Basis::Enumeration, told);
    }
}
