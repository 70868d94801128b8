//! What a run changed is put back, and nothing else.

use super::*;
use crate::contract::plan::RowKind;
use crate::contract::portal::Status;
use crate::ports::plan::{Run, RunStatus};
use crate::ports::{PersonEdit, Plans, RunId, Whom};

fn unwatched() -> Arc<Unwatched> {
    Arc::new(Unwatched::default())
}

/// The same rules, with another city for everybody.
async fn elsewhere(world: &World) {
    let mut rules = world.tenant.rules().await.unwrap();
    for rule in rules.iter_mut().filter(|rule| rule.field == "city") {
        rule.source = "In {l}".to_owned();
    }
    world.tenant.submit_rules(rules).await.unwrap();
}

/// Everybody's city and status, by external id.
async fn people(world: &World) -> Vec<(String, Option<String>, Status, Option<String>)> {
    let ids = world
        .store
        .index(&world.id, "", 1_000)
        .await
        .unwrap()
        .external_ids;
    let people = world.store.people(&world.id, &ids).await.unwrap();
    let mut told: Vec<_> = people
        .into_iter()
        .map(|person| {
            let value = |field: &str| {
                person
                    .values
                    .iter()
                    .find(|held| held.field == field)
                    .map(|held| held.value.clone())
            };
            (
                person.external_id.clone(),
                value("city"),
                person.status,
                value("manager"),
            )
        })
        .collect();
    told.sort_by(|one, other| one.0.cmp(&other.0));
    told
}

async fn approved(world: &World, run: &Run) -> Run {
    let digest = run.digest.clone().unwrap();
    world
        .tenant
        .approve_and_apply(run.id, &digest, unwatched())
        .await
        .unwrap()
}

async fn undo(world: &World, run: RunId) -> Run {
    let run = world.tenant.undo(run, false, unwatched()).await.unwrap();
    if run.status == RunStatus::Held {
        approved(world, &run).await
    } else {
        run
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_sync_changed_comes_back_but_for_what_somebody_changed_since() {
    let world = World::with_people(20).await;
    world.sync().await;
    let before = people(&world).await;
    elsewhere(&world).await;
    let moved = world.sync().await.run;
    assert!(moved.rows_of(RowKind::Update) > 5);
    let after = people(&world).await;
    assert_ne!(before, after);
    let edited = before[3].0.clone();
    let edit = PersonEdit {
        values: vec![("city".into(), Some("London".into()))],
        ..PersonEdit::default()
    };
    let whom = Whom::ExternalId(edited.clone());
    world
        .store
        .edit_person(&world.id, &whom, &edit)
        .await
        .unwrap();
    let planned = world
        .tenant
        .undo(moved.id, true, unwatched())
        .await
        .unwrap();
    assert_eq!(planned.mode, "undo");
    let undone = undo(&world, moved.id).await;
    assert_eq!(undone.status, RunStatus::Applied);
    assert_eq!(
        (
            undone.rows_of(RowKind::Unsynced),
            undone.rows_of(RowKind::Deactivate)
        ),
        (1, 0)
    );
    let mut wanted = before.clone();
    wanted[3].1 = Some("London".into());
    assert_eq!(people(&world).await, wanted);
    // The directory and the rules still say otherwise.
    world.sync().await;
    assert_eq!(people(&world).await, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_a_first_sync_brought_an_undo_deactivates_once_it_is_approved_and_undoing_that_brings_them_back()
 {
    let world = World::with_people(20).await;
    let first = world.sync().await.run;
    let before = people(&world).await;
    let held = world
        .tenant
        .undo(first.id, false, unwatched())
        .await
        .unwrap();
    assert_eq!(held.status, RunStatus::Held);
    assert_eq!(
        people(&world).await,
        before,
        "nothing is applied before the approval"
    );
    let undone = approved(&world, &held).await;
    let after = people(&world).await;
    assert!(after.iter().all(|person| person.2 == Status::Inactive));
    assert_eq!(after.len(), before.len(), "nobody is removed");
    undo(&world, undone.id).await;
    assert_eq!(people(&world).await, before);
    assert_eq!(world.sync().await.run.rows_with("failed"), 0);
    assert_eq!(people(&world).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_changed_nothing_has_no_undo() {
    let world = World::with_people(20).await;
    let first = world.sync().await.run;
    let unchanged = world.sync().await.run;
    let before = people(&world).await;
    for run in [unchanged.id, RunId(first.id.0 + 1_000)] {
        let refused = world
            .tenant
            .undo(run, false, unwatched())
            .await
            .unwrap_err();
        assert!(
            ["not-undoable", "unknown-run"].contains(&refused.code()),
            "{refused}"
        );
    }
    assert_eq!(people(&world).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_that_waited_takes_no_edit_back_that_was_made_since() {
    let world = World::with_people(20).await;
    world.sync().await;
    elsewhere(&world).await;
    let moved = world.sync().await.run;
    let (first, second) = (people(&world).await, moved.id);
    let planned = world.tenant.undo(second, true, unwatched()).await.unwrap();
    let edit = PersonEdit {
        values: vec![("city".into(), Some("London".into()))],
        ..PersonEdit::default()
    };
    let whom = Whom::ExternalId(first[3].0.clone());
    let store = &world.store;
    store.edit_person(&world.id, &whom, &edit).await.unwrap();
    let before = people(&world).await;
    let late = world.tenant.apply(planned.id, unwatched()).await;
    assert_eq!(late.unwrap_err().code(), "undo-outdated");
    assert_eq!(people(&world).await, before);
    // Planned anew it leaves that person alone.
    undo(&world, second).await;
    assert_eq!(people(&world).await[3].1.as_deref(), Some("London"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_status_a_later_run_changed_keeps_it() {
    let world = World::with_people(20).await;
    world.sync().await;
    let everybody = people(&world).await;
    let person = world
        .directory
        .organisation()
        .manifest()
        .find(|one| one.fate == crate::demo::people::Fate::Valid)
        .unwrap();
    let dn = person.dn;
    // Disabled, back, and disabled again: the first of these is undone.
    world.directory.disable(&dn).unwrap();
    let first = world.sync().await.run;
    assert_eq!(first.rows_of(RowKind::Deactivate), 1);
    world.directory.enable(&dn).unwrap();
    assert_eq!(world.sync().await.run.rows_of(RowKind::Reactivate), 1);
    world.directory.disable(&dn).unwrap();
    world.sync().await;
    let inactive = |people: &[(String, Option<String>, Status, Option<String>)]| {
        let inactive = people.iter().filter(|one| one.2 == Status::Inactive);
        inactive.count()
    };
    let before = people(&world).await;
    assert_eq!(inactive(&before), inactive(&everybody) + 1);
    undo(&world, first.id).await;
    assert_eq!(people(&world).await, before);
}

impl World {
    /// Does something to the database behind the store's back.
    async fn sql(&self, statement: &'static str, value: &str) {
        use sqlx::Connection as _;
        let url = format!("sqlite:{}", self.data.path().join("rollcall.db").display());
        let mut database = sqlx::SqliteConnection::connect(&url).await.unwrap();
        let done = sqlx::query(statement)
            .bind(value)
            .execute(&mut database)
            .await;
        assert!(done.unwrap().rows_affected() > 0, "{statement}");
        database.close().await.unwrap();
    }

    async fn edit(&self, external_id: &str, field: &str, value: Option<&str>) {
        let edit = PersonEdit {
            values: vec![(field.into(), value.map(Into::into))],
            ..PersonEdit::default()
        };
        let whom = Whom::ExternalId(external_id.to_owned());
        let edited = self.store.edit_person(&self.id, &whom, &edit);
        edited.await.unwrap();
    }

    /// The codes of whom a run left alone, by external id.
    async fn left_alone(&self, run: RunId) -> Vec<(String, String)> {
        let unsynced = crate::ports::plan::RowQuery {
            kind: Some(RowKind::Unsynced),
            ..Default::default()
        };
        let rows = Plans::rows(&self.store, &self.id, run, &unsynced, 0, 100).await;
        let told = |row: crate::contract::plan::Row| (row.external_id, row.problem.unwrap().code);
        let rows = rows.unwrap().into_iter();
        rows.map(|stored| told(stored.row)).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_whom_the_portal_would_not_take_back_what_was_there_nothing_is_put_back_and_the_others_are()
 {
    let world = World::with_people(20).await;
    world.sync().await;
    // Somebody's city is emptied by hand; somebody has another manager by hand, and another one's city is long.
    let first = people(&world).await;
    let managed = first.iter().position(|one| one.3.is_some()).unwrap();
    let free: Vec<usize> = (0..first.len()).filter(|at| *at != managed).collect();
    let (emptied, long) = (&first[free[0]].0, &first[free[1]].0);
    let gone = free.iter().map(|at| &first[*at]).find(|one| {
        let id = Some(one.0.clone());
        one.0 != *emptied && one.0 != *long && first.iter().all(|other| other.3 != id)
    });
    let gone = &gone.unwrap().0;
    world.edit(emptied, "city", None).await;
    world.edit(long, "city", Some(&"x".repeat(100))).await;
    world.edit(&first[managed].0, "manager", Some(gone)).await;
    let before = people(&world).await;
    elsewhere(&world).await;
    let moved = world.sync().await.run;
    let after = people(&world).await;
    assert_eq!(
        after[managed].3, first[managed].3,
        "the directory's manager"
    );
    // Meanwhile the portal requires a city, of fewer characters, and knows that manager by another id.
    world
        .sql(
            "UPDATE field SET required = 1, max_length = 50 WHERE id = ?1",
            "city",
        )
        .await;
    world
        .sql("UPDATE person SET key = 'renamed' WHERE key = ?1", gone)
        .await;
    world
        .sql(
            "UPDATE person_values SET key = 'renamed' WHERE key = ?1",
            gone,
        )
        .await;
    let undone = undo(&world, moved.id).await;
    assert_eq!(undone.status, RunStatus::Applied);
    let mut expected = [
        (emptied.clone(), "undo-required".to_owned()),
        (long.clone(), "undo-unfit".to_owned()),
        (first[managed].0.clone(), "undo-nobody".to_owned()),
        (gone.clone(), "undo-gone".to_owned()),
    ];
    expected.sort_unstable();
    let mut told = world.left_alone(undone.id).await;
    told.sort_unstable();
    assert_eq!(told, expected);
    let now = people(&world).await;
    let of = |all: &[(String, Option<String>, Status, Option<String>)], id: &str| {
        all.iter().find(|one| one.0 == id).cloned()
    };
    for person in &before {
        let id = person.0.as_str();
        if id == gone {
            continue;
        }
        let left = expected.iter().any(|(one, _)| one == id);
        let wanted = of(if left { &after } else { &before }, id);
        assert_eq!(of(&now, id), wanted, "{id}");
    }
}
