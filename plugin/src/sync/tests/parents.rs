//! People below entries that the bind account does not see: that these are moved would be missed.

use super::bench::{apply, begin, changing, plan, plan_from, set};
use super::changes::{basis, changes, instead, remembering};
use crate::lifecycle::configure;
use crate::ports::directory::HostProblem;
use crate::ports::plan::{Basis, RowKind, Summary};
use crate::sync::{Mode, Options, Step, start};
use crate::testing::World;
use crate::testing::directory::Record;
use crate::testing::world::person;

const UNIT: &str = "ou=sub,ou=people,dc=example,dc=com";
const OUTSIDE: &str = "ou=sub,ou=elsewhere,dc=example,dc=org";
const RENAMED: &str = "ou=renamed,ou=people,dc=example,dc=com";

/// A hundred people; the first three, too early to serve as a control, stand in a unit of their own.
fn world() -> World {
    let world = World::with_people(100);
    remembering(&world);
    let base = "ou=people,dc=example,dc=com";
    set(&world, &[("leavers", "deactivate")]);
    {
        let mut entries = world.directory.entries.borrow_mut();
        for entry in entries.iter_mut().skip(2) {
            entry.set("entryCSN", &["1"]);
        }
        for entry in entries.iter_mut().skip(2).take(3) {
            entry.dn = entry.dn.replace(base, UNIT);
        }
        entries.push(Record::new(UNIT, &[("objectClass", "organizationalUnit")]));
        // Who has the newest stamp is always read anew.
        entries[101].set("entryCSN", &["2"]);
    }
    world
}

fn hide(world: &World, start: &'static str) {
    world.directory.faults.borrow_mut().hidden_entries = Some(start);
}

/// Changes the unit itself, and nobody in it.
fn unit(world: &World, change: impl FnOnce(&mut Record)) {
    let mut entries = world.directory.entries.borrow_mut();
    change(entries.iter_mut().find(|entry| entry.dn == UNIT).unwrap());
}

/// Gives a unit another name, and the server says nothing of it: the entries below stay as they are.
fn moved(world: &World, from: &str, to: &str) {
    world.directory.faults.borrow_mut().silent = true;
    for entry in world.directory.entries.borrow_mut().iter_mut() {
        entry.dn = entry.dn.replace(from, to);
    }
}

fn codes(warnings: &[HostProblem]) -> Vec<&str> {
    warnings.iter().map(|one| one.code.as_str()).collect()
}

/// A sync of changes; after so many steps something happens.
fn during(
    world: &World,
    checkpoint: &[u8],
    after: usize,
    happens: impl FnOnce(),
) -> (Summary, Vec<u8>) {
    drop(begin(world, 7));
    let options = Options {
        mode: Mode::Changes,
        checkpoint: checkpoint.to_vec(),
        seed: 7,
    };
    let mut run = start(world, &options).unwrap();
    let mut happens = Some(happens);
    let mut steps = 0;
    loop {
        if let Some(happens) = happens.take_if(|_| steps == after) {
            happens();
        }
        steps += 1;
        if let Step::Finished(summary) = run.step(world, 1).unwrap() {
            if let Some(happens) = happens {
                happens();
            }
            apply(world);
            return (summary, world.finished.borrow().clone().unwrap().2);
        }
    }
}

/// The kinds of the rows that change somebody.
fn kinds(world: &World) -> Vec<RowKind> {
    changing(world).iter().map(|row| row.kind).collect()
}

#[test]
fn a_container_that_is_seen_lets_changes_alone_be_read_until_it_is_moved() {
    let world = world();
    let (summary, checkpoint) = changes(&world, &[]);
    assert_eq!(codes(&summary.warnings), ["full-instead"]);
    let (summary, next) = changes(&world, &checkpoint);
    assert_eq!((summary.warnings, basis(&world)), (vec![], Basis::Changes));
    moved(&world, UNIT, OUTSIDE);
    let (summary, _) = changes(&world, &next);
    assert!(instead(&summary).contains("renamed or moved"));
    assert_eq!(kinds(&world), [RowKind::Deactivate; 3]);
}

#[test]
fn a_container_that_is_not_seen_is_told_and_everybody_is_read_so_that_its_leavers_are_found() {
    let world = world();
    hide(&world, UNIT);
    let (summary, checkpoint) = changes(&world, &[]);
    assert_eq!(
        codes(&summary.warnings),
        ["full-instead", "container-unseen"]
    );
    assert!(summary.warnings[1].message.contains(UNIT));
    moved(&world, UNIT, OUTSIDE);
    let (summary, _) = changes(&world, &checkpoint);
    assert_eq!(codes(&summary.warnings), ["full-instead"]);
    assert!(instead(&summary).contains(UNIT), "{}", instead(&summary));
    assert_eq!(kinds(&world), [RowKind::Deactivate; 3]);
}

#[test]
fn after_that_a_list_tells_of_changes_and_of_a_container_that_is_not_seen_too() {
    for mode in [Mode::Changes, Mode::Full] {
        let world = world();
        hide(&world, UNIT);
        let checkpoint = changes(&world, &[]).1;
        let (summary, listed) = plan_from(&world, mode, &checkpoint, 1).unwrap();
        apply(&world);
        let told: &[&str] = match mode {
            Mode::Changes => &["full-instead"],
            _ => &[],
        };
        assert_eq!(codes(&summary.warnings), told);
        let (summary, next) = changes(&world, &listed);
        assert_eq!((summary.warnings, basis(&world)), (vec![], Basis::Changes));
        assert!(summary.seen < 100);
        hide(&world, RENAMED);
        moved(&world, UNIT, RENAMED);
        let (_, next) = changes(&world, &next);
        assert_eq!(
            (kinds(&world), basis(&world)),
            (vec![RowKind::Update; 3], Basis::Changes)
        );
        assert!(
            changing(&world)
                .iter()
                .all(|row| row.dn.contains("ou=renamed"))
        );
        moved(&world, RENAMED, OUTSIDE);
        let (summary, _) = changes(&world, &next);
        assert_eq!((summary.warnings, basis(&world)), (vec![], Basis::Changes));
        assert_eq!(kinds(&world), [RowKind::Deactivate; 3]);
    }
}

#[test]
fn a_container_that_is_seen_again_before_the_next_sync_needs_no_list() {
    for seen in [true, false] {
        let world = world();
        hide(&world, UNIT);
        let checkpoint = changes(&world, &[]).1;
        if seen {
            world.directory.faults.borrow_mut().hidden_entries = None;
        }
        let (summary, next) = changes(&world, &checkpoint);
        assert_eq!(codes(&summary.warnings), ["full-instead"]);
        let text = String::from_utf8_lossy(&next);
        assert_eq!(
            (text.contains("ContentSync"), text.contains("Stamps")),
            (seen, !seen)
        );
    }
}

#[test]
fn somebody_who_came_below_a_container_that_is_not_seen_is_read_and_told() {
    let world = world();
    let checkpoint = changes(&world, &[]).1;
    let unit = "ou=new,ou=people,dc=example,dc=com";
    hide(&world, unit);
    {
        let mut entries = world.directory.entries.borrow_mut();
        entries.push(Record::new(unit, &[("objectClass", "organizationalUnit")]));
        entries[9].dn = entries[9].dn.replace("ou=people", "ou=new,ou=people");
    }
    let (summary, next) = changes(&world, &checkpoint);
    assert_eq!(basis(&world), Basis::Changes);
    assert_eq!(codes(&summary.warnings), ["container-unseen"]);
    assert_eq!(kinds(&world), [RowKind::Update]);
    let (summary, _) = changes(&world, &next);
    assert!(instead(&summary).contains(unit));
    assert_eq!(basis(&world), Basis::Enumeration);
}

#[test]
fn a_parent_that_is_no_container_by_its_class_is_one_that_is_not_seen() {
    let world = world();
    unit(&world, |unit| {
        unit.set("objectClass", &["applicationProcess"])
    });
    let (summary, checkpoint) = changes(&world, &[]);
    assert_eq!(
        codes(&summary.warnings),
        ["full-instead", "container-unseen"]
    );
    moved(&world, UNIT, OUTSIDE);
    let (summary, _) = changes(&world, &checkpoint);
    assert!(instead(&summary).contains(UNIT), "{}", instead(&summary));
    assert_eq!(kinds(&world), [RowKind::Deactivate; 3]);
}

#[test]
fn a_container_that_is_made_while_people_are_read_is_seen_by_the_next_sync() {
    let unit = "ou=new,ou=people,dc=example,dc=com";
    let mut late = 0;
    for seen in [true, false] {
        for step in 0..12 {
            let world = world();
            let checkpoint = changes(&world, &[]).1;
            world.directory.faults.borrow_mut().hidden_entries = (!seen).then_some(unit);
            // Told from the beginning; and below the unit when they are read.
            world.change("uid=user9,", |record| record.set("sn", &["Other"]));
            let (summary, next) = during(&world, &checkpoint, step, || {
                let mut entries = world.directory.entries.borrow_mut();
                entries.push(Record::new(unit, &[("objectClass", "organizationalUnit")]));
                entries[10].dn = entries[10].dn.replace("ou=people", "ou=new,ou=people");
            });
            let below = changing(&world).iter().any(|row| row.dn.contains(unit));
            let unseen = summary
                .warnings
                .iter()
                .any(|one| one.code == "container-unseen");
            // Whoever can be seen to stand below a container is no reason to ask by a list.
            assert_eq!(unseen, below && !seen, "{step}");
            let text = String::from_utf8_lossy(&next);
            assert_eq!(text.contains("ContentSync"), !unseen, "{step}: {text}");
            late += u32::from(below && seen && basis(&world) == Basis::Changes);
            moved(&world, unit, OUTSIDE);
            let (summary, _) = changes(&world, &next);
            if below {
                let why = if seen { "renamed or moved" } else { unit };
                assert!(instead(&summary).contains(why), "{step}");
                assert_eq!(kinds(&world), [RowKind::Deactivate], "{step}");
            }
        }
    }
    assert!(late > 0);
}

/// The people right below two units alone.
fn flat() -> World {
    let world = world();
    let bases = format!("ou=people,dc=example,dc=com\n{UNIT}");
    let settings = [
        ("url", "ldap://h"),
        ("leavers", "deactivate"),
        ("scope", "one"),
        ("base-dn", &bases),
    ];
    configure(
        &world,
        &settings.map(|(key, value)| (key.to_owned(), value.to_owned())),
    )
    .unwrap();
    unit(&world, |unit| {
        unit.set("entryUUID", &["00000000-0000-4000-9000-000000000001"]);
    });
    world
}

#[test]
fn where_people_stand_right_below_a_base_only_the_base_must_stay_what_it_was() {
    let world = flat();
    let checkpoint = changes(&world, &[]).1;
    let other = "ou=other,ou=people,dc=example,dc=com";
    let unit = Record::new(other, &[("objectClass", "organizationalUnit")]);
    world.directory.entries.borrow_mut().push(unit);
    let (summary, next) = changes(&world, &checkpoint);
    assert_eq!((summary.warnings, basis(&world)), (vec![], Basis::Changes));
    // Another unit takes the place of the base.
    moved(&world, UNIT, OUTSIDE);
    let mut unit = Record::new(UNIT, &[("objectClass", "organizationalUnit")]);
    unit.set("entryUUID", &["00000000-0000-4000-9000-000000000002"]);
    let mut somebody = person(101);
    somebody.dn = format!("uid=user101,{UNIT}");
    world
        .directory
        .entries
        .borrow_mut()
        .extend([unit, somebody]);
    let (summary, _) = changes(&world, &next);
    assert!(instead(&summary).contains("renamed or moved"));
    let leavers = kinds(&world).into_iter();
    let leavers = leavers.filter(|kind| *kind == RowKind::Deactivate);
    assert_eq!(leavers.count(), 3);
}

#[test]
fn where_people_stand_right_below_a_base_that_is_not_seen_everybody_is_read() {
    let world = flat();
    hide(&world, UNIT);
    let (summary, checkpoint) = changes(&world, &[]);
    assert_eq!(
        codes(&summary.warnings),
        ["full-instead", "container-unseen"]
    );
    let (summary, next) = changes(&world, &checkpoint);
    assert!(instead(&summary).contains(UNIT));
    let (summary, _) = changes(&world, &next);
    assert_eq!((summary.warnings, basis(&world)), (vec![], Basis::Changes));
}

#[test]
fn nothing_is_told_where_no_sync_of_changes_will_come() {
    let world = world();
    hide(&world, UNIT);
    assert_eq!(plan(&world, 1, 1).unwrap().warnings, []);
}
