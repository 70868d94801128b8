//! Rows that are kept no longer.

use super::history::fails;
use super::people::*;
use super::{Engine, Ports};
use crate::contract::plan::RowKind;
use crate::ports::TenantId;
use crate::ports::plan::{RowQuery, RunId, RunQuery};

const DAY: i64 = 86_400_000;

/// So many days from now.
fn later(days: i64) -> i64 {
    chrono::Utc::now().timestamp_millis() + days * DAY
}

/// Prunes until nothing is left to prune; says how many rows are gone, and in how many pieces.
async fn pruned(store: &impl Ports, tenant: &TenantId, now: i64, limit: u32) -> (u64, u32) {
    let (mut rows, mut pieces) = (0, 0);
    loop {
        let piece = store.prune(tenant, now, limit).await.unwrap();
        if !piece.more {
            return (rows, pieces);
        }
        (rows, pieces) = (rows + piece.rows, pieces + 1);
    }
}

async fn rows_of(store: &impl Ports, tenant: &TenantId, run: RunId) -> Result<usize, String> {
    let rows = store
        .rows(tenant, run, &RowQuery::default(), 0, 1_000)
        .await;
    rows.map(|rows| rows.len()).map_err(|problem| problem.code)
}

pub(crate) async fn rows_kept_long_enough_go_and_the_line_of_the_run_stays<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let mut rows: Vec<_> = (0..20)
        .map(|n| create(&format!("p{n}"), &format!("{n}@x")))
        .collect();
    rows.push(create("late", "7@x"));
    rows.push(fails("u", "duplicate"));
    let old = planned(&store, &acme, rows).await;
    assert_eq!(applied(&store, &acme, old, 7).await.unwrap(), (20, 1));
    let new = planned(&store, &acme, vec![create("n", "n@x")]).await;
    applied(&store, &acme, new, 10).await.unwrap();
    let before = store.run(&acme, old).await.unwrap();
    assert_eq!((before.rows_with("applied"), before.pruned_at), (20, None));

    assert_eq!(store.days(&acme).await.unwrap(), 90);
    assert_eq!(store.prunable(later(89)).await.unwrap(), []);
    assert_eq!(pruned(&store, &acme, later(89), 5).await, (0, 0));
    let prunable = store.prunable(later(91)).await.unwrap();
    assert_eq!(prunable, std::slice::from_ref(&acme));
    let piece = store.prune(&acme, later(91), 5).await.unwrap();
    assert!(piece.more && piece.rows <= 20, "{piece:?}");
    // Half gone counts as gone, and is counted as it was.
    assert_eq!(rows_of(&store, &acme, old).await, Err("rows-pruned".into()));
    assert_eq!(store.run(&acme, old).await.unwrap().counts, before.counts);
    let (_, pieces) = pruned(&store, &acme, later(91), 5).await;
    assert!(pieces >= 4, "{pieces}");
    let after = store.run(&acme, old).await.unwrap();
    assert_eq!(after.pruned_at.is_some(), before.pruned_at.is_none());
    assert_eq!(
        (after.counts, after.proof, after.digest, after.ended_at),
        (before.counts, before.proof, before.digest, before.ended_at)
    );
    let unsynced = store.unsynced(&acme, old, 0, 10).await;
    assert_eq!(unsynced.unwrap_err().code, "rows-pruned");
    assert_eq!(rows_of(&store, &acme, new).await, Ok(1));
    assert_eq!(store.prunable(later(91)).await.unwrap(), []);
    let listed = store.runs(&acme, &RunQuery::default(), 10).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[1].rows_of(RowKind::Create), 21);
    assert_eq!(store.count(&acme).await.unwrap(), 21, "people stay");
}

pub(crate) async fn the_newest_applied_run_and_open_ones_keep_their_rows<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let first = planned(&store, &acme, vec![create("a", "a@x")]).await;
    applied(&store, &acme, first, 10).await.unwrap();
    let thrown = planned(&store, &acme, vec![create("b", "b@x")]).await;
    let waiting = planned(&store, &acme, vec![create("b", "b@x")]).await;
    pruned(&store, &acme, later(1_000), 100).await;
    assert_eq!(rows_of(&store, &acme, first).await, Ok(1));
    assert_eq!(
        rows_of(&store, &acme, thrown).await,
        Err("rows-pruned".into())
    );
    assert_eq!(rows_of(&store, &acme, waiting).await, Ok(1));
    // A plan that waited for long is applied as it was made, and the one before is the newest no more.
    assert_eq!(applied(&store, &acme, waiting, 10).await.unwrap(), (1, 0));
    pruned(&store, &acme, later(1_000), 100).await;
    assert_eq!(
        rows_of(&store, &acme, first).await,
        Err("rows-pruned".into())
    );
    assert_eq!(rows_of(&store, &acme, waiting).await, Ok(1));
}

pub(crate) async fn nothing_goes_for_ever_or_while_a_run_is_under_way<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let other = installed(&store, "other").await;
    for tenant in [&acme, &other] {
        synced(&store, tenant, vec![create("a", "a@x")]).await;
        synced(&store, tenant, vec![create("b", "b@x")]).await;
    }
    store.keep_days(&acme, 0).await.unwrap();
    store.keep_days(&other, 1).await.unwrap();
    assert_eq!(store.days(&acme).await.unwrap(), 0);
    assert_eq!(pruned(&store, &acme, later(10_000), 10).await, (0, 0));
    let prunable = store.prunable(later(10_000)).await.unwrap();
    assert_eq!(prunable, std::slice::from_ref(&other));
    begun(&store, &other).await;
    assert_eq!(pruned(&store, &other, later(2), 10).await, (0, 0));
    planned(&store, &other, vec![]).await;
    assert!(pruned(&store, &other, later(2), 10).await.0 > 0);
}

pub(crate) async fn a_failure_keeps_its_text_when_its_row_is_gone<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    synced(&store, &acme, vec![fails("a", "duplicate")]).await;
    let told = store.failures(&acme, None, 0, 10).await.unwrap();
    let run = begun(&store, &acme).await;
    let torn = crate::contract::plan::Proof {
        complete: false,
        ..proof()
    };
    store
        .finish(&acme, run, summary(), torn, vec![])
        .await
        .unwrap();
    applied(&store, &acme, run, 10).await.unwrap();
    assert!(pruned(&store, &acme, later(91), 10).await.0 > 0);
    assert_eq!(store.failures(&acme, None, 0, 10).await.unwrap(), told);
    let open = store.open_unsynced(&acme, 0, 10).await.unwrap();
    assert_eq!(
        (open[0].dn.as_str(), open[0].values.len()),
        ("uid=a,dc=example", 0)
    );
    assert_eq!(open[0].problem, told[0].problem);
}
