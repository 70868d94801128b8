//! Makes plans and applies them to the portal in memory.

use std::collections::{BTreeMap, BTreeSet};

use crate::lifecycle::configure;
use crate::ports::directory::HostProblem;
use crate::ports::plan::{Change, Row, RowKind, Summary};
use crate::ports::portal::{Person, Status};
use crate::sync::{Mode, Options, Run, Step, start};
use crate::testing::World;
use crate::testing::portal::compared;

/// Stores settings.
pub(super) fn set(world: &World, more: &[(&str, &str)]) {
    let settings: Vec<(String, String)> = [("url", "ldap://h"), ("base-dn", "dc=example,dc=com")]
        .iter()
        .chain(more)
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    configure(world, &settings).unwrap();
}

/// Begins a run on a fresh plan.
pub(super) fn begin(world: &World, seed: u64) -> Result<Run<World>, Vec<HostProblem>> {
    world.rows.borrow_mut().clear();
    world.rejections.borrow_mut().clear();
    world.links.borrow_mut().clear();
    world.absences.borrow_mut().clear();
    world.finished.borrow_mut().take();
    let options = Options {
        mode: Mode::Full,
        checkpoint: Vec::new(),
        seed,
    };
    start(world, &options)
}

/// The same in another mode and from a checkpoint, to the end. Gives what the plan leaves for the next run too.
pub(super) fn plan_from(
    world: &World,
    mode: Mode,
    checkpoint: &[u8],
    seed: u64,
) -> Result<(Summary, Vec<u8>), Vec<HostProblem>> {
    drop(begin(world, seed));
    let checkpoint = checkpoint.to_vec();
    let mut run = start(
        world,
        &Options {
            mode,
            checkpoint,
            seed,
        },
    )?;
    loop {
        if let Step::Finished(summary) = run.step(world, 1)? {
            let (_, _, checkpoint) = world.finished.borrow().clone().unwrap();
            return Ok((summary, checkpoint));
        }
    }
}

/// Steps to the end.
pub(super) fn plan(world: &World, seed: u64, pages: u32) -> Result<Summary, Vec<HostProblem>> {
    let mut run = begin(world, seed)?;
    loop {
        if let Step::Finished(summary) = run.step(world, pages)? {
            return Ok(summary);
        }
    }
}

/// The plan's rows, rejections applied, by external id.
pub(super) fn rows(world: &World) -> Vec<Row<'static>> {
    let mut rows = world.rows.borrow().clone();
    let named: Vec<&str> = rows
        .iter()
        .map(|row| &*row.external_id)
        .filter(|id| !id.is_empty())
        .collect();
    assert_eq!(
        named.len(),
        named.iter().collect::<BTreeSet<_>>().len(),
        "one row a person"
    );
    for rejection in world.rejections.borrow().iter() {
        let row = rows
            .iter_mut()
            .find(|row| row.external_id == rejection.external_id);
        let rejected = |row: &Row<'static>| Row {
            kind: RowKind::Unsynced,
            reason: rejection.problem.code,
            problem: Some(rejection.problem.clone()),
            other: rejection.other.clone(),
            ..row.clone()
        };
        match row {
            Some(row) => *row = rejected(row),
            None => rows.push(rejected(&Row {
                kind: RowKind::Unsynced,
                external_id: rejection.external_id.clone().into(),
                dn: "".into(),
                display: "".into(),
                reason: "",
                changes: Vec::new(),
                source_hash: [0; 16],
                problem: None,
                other: None,
            })),
        }
    }
    for link in world.links.borrow().iter() {
        let change = Change {
            field: link.field.as_str().into(),
            before: link.before.clone().map(Into::into),
            after: link.after.clone().map(Into::into),
        };
        match rows
            .iter_mut()
            .find(|row| row.external_id == link.external_id)
        {
            Some(row) => {
                assert_ne!(row.kind, RowKind::Unsynced, "who is unsynced has no link");
                row.changes.push(change);
                row.source_hash = link.source_hash;
            }
            None => rows.push(Row {
                kind: RowKind::Update,
                external_id: link.external_id.clone().into(),
                dn: link.dn.clone().into(),
                display: link.display.clone().into(),
                reason: "changed",
                changes: vec![change],
                source_hash: link.source_hash,
                problem: None,
                other: None,
            }),
        }
    }
    rows.sort_by(|a, b| a.external_id.cmp(&b.external_id).then(a.dn.cmp(&b.dn)));
    rows
}

/// The rows that change the portal.
pub(super) fn changing(world: &World) -> Vec<Row<'static>> {
    rows(world)
        .into_iter()
        .filter(|row| row.kind != RowKind::Unsynced)
        .collect()
}

/// Applies the plan; checks that what it says it found is there, and that unique values stay unique.
pub(super) fn apply(world: &World) {
    let rows = changing(world);
    let mut people = world.portal.people.borrow_mut();
    for row in rows {
        if row.kind == RowKind::Create {
            assert!(
                people
                    .iter()
                    .all(|person| person.external_id != row.external_id)
            );
            let id = format!("p-{}", row.external_id);
            people.push(Person {
                external_id: row.external_id.clone().into_owned(),
                id,
                dn: row.dn.clone().into_owned(),
                status: Status::Active,
                deactivated_by_sync: false,
                role: String::new(),
                source_hash: Vec::new(),
                changed_in_portal: Vec::new(),
                values: Vec::new(),
            });
        }
        take_over(&mut people, &row);
        let person = people
            .iter_mut()
            .find(|person| person.external_id == row.external_id)
            .unwrap();
        change(person, &row);
    }
    drop(people);
    unique(world);
}

/// What the portal has, by external id, without the portal's own ids.
pub(super) fn portal(world: &World) -> BTreeMap<String, Person> {
    world
        .portal
        .people
        .borrow()
        .iter()
        .map(|person| {
            let mut person = person.clone();
            person.values.sort();
            (person.external_id.clone(), person)
        })
        .collect()
}

/// Gives the portal person whom the row names the row's external id, as a host does.
fn take_over(people: &mut [Person], row: &Row<'_>) {
    let Some(change) = row
        .changes
        .iter()
        .find(|change| &*change.field == "external-id")
    else {
        return;
    };
    assert!(matches!(row.kind, RowKind::Update | RowKind::Reactivate));
    assert!(
        people
            .iter()
            .all(|person| person.external_id != row.external_id)
    );
    let other = row.other.as_ref().unwrap();
    let person = people.iter_mut().find(|person| person.id == other.id);
    let person = person.unwrap();
    let before = change.before.as_deref().unwrap_or_default();
    assert_eq!(person.external_id, before);
    assert_eq!(change.after.as_deref(), Some(&*row.external_id));
    person.external_id = row.external_id.clone().into_owned();
}

fn change(person: &mut Person, row: &Row<'_>) {
    for change in &row.changes {
        match &*change.field {
            "dn" => assert_eq!(change.before.as_deref().unwrap_or_default(), person.dn),
            "external-id" => {}
            "role" => person.role = change.after.clone().unwrap().into_owned(),
            field => {
                let before = person.values.iter().find(|(id, _)| id == field);
                assert_eq!(
                    change.before.as_deref(),
                    before.map(|(_, value)| value.as_str())
                );
                person.values.retain(|(id, _)| id != field);
                person.values.extend(
                    change
                        .after
                        .clone()
                        .map(|value| (field.to_owned(), value.into_owned())),
                );
            }
        }
    }
    person.dn = row.dn.clone().into_owned();
    person.source_hash = row.source_hash.to_vec();
    person.changed_in_portal.clear();
    match row.kind {
        RowKind::Deactivate => {
            assert_eq!(person.status, Status::Active);
            person.status = Status::Inactive;
            person.deactivated_by_sync = true;
        }
        RowKind::Reactivate => {
            assert!(person.deactivated_by_sync);
            person.status = Status::Active;
            person.deactivated_by_sync = false;
        }
        _ => {}
    }
}

fn unique(world: &World) {
    for field in world
        .portal
        .fields
        .borrow()
        .iter()
        .filter(|field| field.unique)
    {
        let mut held = BTreeSet::new();
        for person in world.portal.people.borrow().iter() {
            for (_, value) in person.values.iter().filter(|(id, _)| *id == field.id) {
                assert!(held.insert(compared(value)), "{} twice", field.id);
            }
        }
    }
}
