//! Listing runs, and what they came to.

use super::Engine;
use super::people::*;
use crate::contract::plan::RowKind;
use crate::ports::plan::{RowQuery, RunId, RunQuery, RunStatus};
use crate::ports::queue::{Ask, Queue as _};
use crate::ports::{Brought, TenantId};

async fn listed<S: super::Ports>(store: &S, tenant: &TenantId, query: RunQuery) -> Vec<RunId> {
    let runs = store.runs(tenant, &query, 2).await.unwrap();
    runs.into_iter().map(|run| run.id).collect()
}

pub(crate) async fn runs_are_listed_from_any_one_on_and_by_how_they_stand<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let other = installed(&store, "other").await;
    let mut runs = Vec::new();
    for number in 0..4 {
        runs.push(planned(&store, &acme, vec![create("a", &format!("{number}@x"))]).await);
        planned(&store, &other, Vec::new()).await;
    }
    applied(&store, &acme, runs[3], 10).await.unwrap();
    let before = |run| RunQuery {
        before: Some(run),
        ..RunQuery::default()
    };
    let newest = listed(&store, &acme, RunQuery::default()).await;
    assert_eq!(newest, [runs[3], runs[2]]);
    assert_eq!(
        listed(&store, &acme, before(runs[2])).await,
        [runs[1], runs[0]]
    );
    assert_eq!(listed(&store, &acme, before(runs[0])).await, []);
    let between = RunQuery {
        after: Some(runs[0]),
        ..before(runs[2])
    };
    assert_eq!(listed(&store, &acme, between).await, [runs[1]]);
    let stands = |status, before| RunQuery {
        before,
        status: Some(status),
        ..RunQuery::default()
    };
    let thrown = stands(RunStatus::Discarded, Some(runs[2]));
    assert_eq!(listed(&store, &acme, thrown).await, [runs[1], runs[0]]);
    let done = stands(RunStatus::Applied, None);
    assert_eq!(listed(&store, &acme, done).await, [runs[3]]);
    assert_eq!(
        listed(&store, &acme, stands(RunStatus::Failed, None)).await,
        []
    );
}

pub(crate) async fn a_run_that_is_over_keeps_its_counts_and_an_open_one_is_counted<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let rows = vec![create("a", "a@x"), create("b", "b@x")];
    let done = planned(&store, &acme, rows.clone()).await;
    applied(&store, &acme, done, 10).await.unwrap();
    let open = planned(&store, &acme, vec![deactivate("a", "absent")]).await;
    let before = store.run(&acme, done).await.unwrap().counts;
    assert_eq!(before.iter().map(|count| count.rows).sum::<u64>(), 2);
    let since = store.figures(&acme, 0, 10).await.unwrap();
    assert_eq!((since[1].run, since[1].applied(RowKind::Create)), (done, 2));
    E::execute(folder.path(), "DELETE FROM plan_row").await;
    assert_eq!(store.run(&acme, done).await.unwrap().counts, before);
    assert_eq!(store.run(&acme, open).await.unwrap().counts, []);
    let since = store.figures(&acme, 0, 10).await.unwrap();
    assert_eq!(
        (since[1].counts.clone(), since[0].counts.len()),
        (before, 0)
    );
}

pub(crate) async fn an_ended_run_keeps_what_was_planned_and_what_of_it_was_done<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let rows = vec![create("a", "a@x"), create("b", "b@x"), create("c", "c@x")];
    let run = planned(&store, &acme, rows).await;
    store.apply(&acme, run, 1).await.unwrap();
    store
        .end(&acme, run, RunStatus::Discarded, None)
        .await
        .unwrap();
    let ended = store.run(&acme, run).await.unwrap();
    assert_eq!(
        (ended.rows_with("applied"), ended.rows_with("discarded")),
        (1, 2)
    );
    E::execute(folder.path(), "DELETE FROM plan_row").await;
    assert_eq!(store.run(&acme, run).await.unwrap().counts, ended.counts);
}

pub(crate) async fn figures_tell_of_the_runs_since_a_moment<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let run = planned(&store, &acme, vec![create("a", "a@x")]).await;
    let queued = store.ask(&acme, &ask("schedule", 0)).await.unwrap();
    let figures = store.figures(&acme, 0, 10).await.unwrap();
    let runs: Vec<RunId> = figures.iter().map(|one| one.run).collect();
    assert_eq!(runs, [queued, run]);
    let planned = &figures[1];
    assert_eq!((planned.seen, planned.everybody), (Some(10), true));
    assert_eq!(planned.applied(RowKind::Create), 0, "it is not applied");
    assert_eq!(planned.counts[0].rows, 1);
    assert_eq!((figures[0].seen, figures[0].everybody), (None, false));
    assert_eq!(store.figures(&acme, 0, 1).await.unwrap().len(), 1);
    let later = figures[1].started_at + 3_600_000;
    assert_eq!(store.figures(&acme, later, 10).await.unwrap(), []);
    let other = installed(&store, "other").await;
    assert_eq!(store.figures(&other, 0, 10).await.unwrap(), []);
}

pub(crate) async fn the_reasons_of_a_run_are_each_told_once<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    synced(&store, &acme, vec![create("c", "c@x"), create("d", "d@x")]).await;
    let rows = vec![
        create("a", "a@x"),
        create("b", "b@x"),
        deactivate("c", "absent"),
        deactivate("d", "disabled"),
    ];
    let run = planned(&store, &acme, rows).await;
    let reasons = store.reasons(&acme, run).await.unwrap();
    assert_eq!(reasons, ["absent", "disabled", "new"]);
    let other = installed(&store, "other").await;
    let refused = store.reasons(&other, run).await.unwrap_err();
    assert_eq!(refused.code, "unknown-run");
}

pub(crate) async fn a_person_is_found_in_a_plan_by_the_external_id_alone<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let by = |external_id: &str| RowQuery {
        external_id: Some(external_id.to_owned()),
        ..RowQuery::default()
    };
    let found = async |run, external_id: &str| {
        let rows = store
            .rows(&acme, run, &by(external_id), 0, 10)
            .await
            .unwrap();
        rows.iter().map(|row| row.sequence).collect::<Vec<_>>()
    };
    let open = begun(&store, &acme).await;
    let rows = vec![create("a", "a@x"), create("b", "b@x")];
    store.record(&acme, open, rows.clone()).await.unwrap();
    assert_eq!(
        found(open, &id("b")).await,
        [2],
        "a plan that is being made"
    );
    let run = planned(&store, &acme, rows).await;
    assert_eq!(found(run, &id("b")).await, [2]);
    for none in ["Person b", "uid=b,dc=example", "b", ""] {
        assert_eq!(found(run, none).await, [0; 0], "{none}");
    }
    let other_kind = RowQuery {
        kind: Some(RowKind::Update),
        ..by(&id("b"))
    };
    assert_eq!(
        store.rows(&acme, run, &other_kind, 0, 10).await.unwrap(),
        []
    );
}

pub(crate) async fn a_plan_that_is_thrown_away_says_why<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let why = async |run| {
        let problem = store.run(&acme, run).await.unwrap().problem;
        problem.map(|problem| problem.code)
    };
    let dead = begun(&store, &acme).await;
    let first = planned(&store, &acme, vec![create("a", "a@x")]).await;
    let second = planned(&store, &acme, vec![create("a", "a@x")]).await;
    assert_eq!(
        why(dead).await,
        None,
        "its host ended, nobody threw it away"
    );
    assert_eq!(why(first).await.as_deref(), Some("superseded"));
    assert_eq!(why(second).await, None);
    configure(&store, &acme, "c-2", &[]).await;
    store.apply(&acme, second, 10).await.unwrap_err();
    assert_eq!(why(second).await.as_deref(), Some("configuration-changed"));
}

fn ask(by: &str, attempt: u32) -> Ask {
    Ask {
        mode: "full".into(),
        by: by.into(),
        key: None,
        not_before: 7,
        attempt,
    }
}

pub(crate) async fn what_was_asked_for_stays_known<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let run = store.ask(&acme, &ask("alice\0", 2)).await.unwrap();
    assert_eq!(
        store.asked(&acme, run).await.unwrap(),
        Some(ask("alice\0", 2))
    );
    store.stop(&acme, run).await.unwrap();
    assert_eq!(
        store.asked(&acme, run).await.unwrap(),
        Some(ask("alice\0", 2))
    );
    let by_hand = begun(&store, &acme).await;
    assert_eq!(store.asked(&acme, by_hand).await.unwrap(), None);
    let other = installed(&store, "other").await;
    assert_eq!(store.asked(&other, run).await.unwrap(), None);
}

pub(crate) async fn those_whom_syncs_brought_are_counted_apart<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let nobody = Brought::default();
    assert_eq!(store.brought(&acme).await.unwrap(), nobody);
    entered(&store, &acme, "by-hand").await;
    synced(&store, &acme, vec![create("a", "a@x"), create("b", "b@x")]).await;
    synced(&store, &acme, vec![deactivate("a", "absent")]).await;
    let brought = Brought {
        people: 2,
        active: 1,
    };
    assert_eq!(store.brought(&acme).await.unwrap(), brought);
    let other = installed(&store, "other").await;
    assert_eq!(store.brought(&other).await.unwrap(), nobody);
}
