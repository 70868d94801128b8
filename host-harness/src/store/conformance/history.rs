//! Failures over the runs.

use super::people::*;
use super::{Engine, Ports};
use crate::Problem;
use crate::contract::plan::{Basis, Proof, Row, RowKind};
use crate::ports::TenantId;
use crate::ports::history::Failure;
use crate::ports::plan::{Begin, RunId};

/// A row that says why a person does not come.
pub(crate) fn fails(person: &str, code: &str) -> Row {
    Row {
        reason: code.to_owned(),
        problem: Some(Problem::new(
            code,
            format!("{person} does not come"),
            "mend it",
        )),
        source_hash: Vec::new(),
        ..row(RowKind::Unsynced, person, &[("username", "", person)])
    }
}

/// The same of an entry without an id.
fn nameless(dn: &str) -> Row {
    Row {
        external_id: String::new(),
        dn: dn.to_owned(),
        ..fails("nobody", "missing-external-id")
    }
}

/// Plans and applies rows in this mode, with what was read.
async fn run(
    store: &impl Ports,
    tenant: &TenantId,
    mode: &str,
    basis: Basis,
    complete: bool,
    rows: Vec<Row>,
) -> RunId {
    let begin = Begin {
        mode: mode.into(),
        plugin: "plugin-1".into(),
        configuration: CONFIGURATION.into(),
        queued: None,
    };
    let run = store.begin(tenant, begin).await.unwrap();
    store.record(tenant, run, rows).await.unwrap();
    let proof = Proof {
        basis,
        complete,
        ..proof()
    };
    store
        .finish(tenant, run, summary(), proof, vec![7])
        .await
        .unwrap();
    applied(store, tenant, run, 10).await.unwrap();
    run
}

async fn full(store: &impl Ports, tenant: &TenantId, rows: Vec<Row>) -> RunId {
    run(store, tenant, "full", Basis::Enumeration, true, rows).await
}

async fn open(store: &impl Ports, tenant: &TenantId) -> Vec<Failure> {
    store.failures(tenant, None, 0, 100).await.unwrap()
}

/// Who still is unsynced, and why.
async fn told(store: &impl Ports, tenant: &TenantId) -> Vec<(String, String)> {
    let open = open(store, tenant).await.into_iter();
    open.map(|one| {
        let who = if one.external_id.is_empty() {
            one.dn
        } else {
            one.external_id
        };
        (who, one.problem.code)
    })
    .collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(who, code): &(&str, &str)| ((*who).to_owned(), (*code).to_owned());
    list.iter().map(own).collect()
}

pub(crate) async fn a_failure_keeps_its_identity_until_the_person_is_brought_over<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let rows = vec![
        fails("a", "duplicate"),
        create("b", "b@x"),
        nameless("cn=x"),
    ];
    let first = full(&store, &acme, rows).await;
    let began = open(&store, &acme).await;
    assert_eq!(began.len(), 2);
    assert_eq!(
        (began[0].external_id.clone(), began[0].display.as_str()),
        (id("a"), "Person a")
    );
    assert_eq!((began[0].attempts, began[0].sequence), (1, 1));
    assert_eq!((began[0].first_run, began[0].last_run), (first, first));

    // Another reason is the same failure; an entry without an id is known by its name.
    let rows = vec![
        fails("a", "missing-value"),
        nameless("cn=x"),
        nameless("cn=y"),
    ];
    let second = full(&store, &acme, rows).await;
    let now = open(&store, &acme).await;
    let known = |at: usize| {
        (
            now[at].id,
            now[at].first_run,
            now[at].last_run,
            now[at].attempts,
        )
    };
    assert_eq!(known(0), (began[0].id, first, second, 2));
    assert_eq!(known(1), (began[1].id, first, second, 2));
    assert_eq!((now[2].first_run, now[2].attempts), (second, 1));
    assert_eq!(now[0].first_at, began[0].first_at);
    assert!(now[0].last_at >= began[0].last_at);
    assert_eq!(now[0].problem.code, "missing-value");

    // Who was read and is not said again is fine, or gone.
    full(&store, &acme, vec![create("a", "a@x")]).await;
    assert_eq!(told(&store, &acme).await, []);
    full(&store, &acme, vec![fails("a", "duplicate")]).await;
    let again = open(&store, &acme).await;
    assert_eq!((again.len(), again[0].attempts), (1, 1));
    assert_ne!(again[0].id, began[0].id);
}

pub(crate) async fn what_the_portal_refused_is_a_failure_too<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let refused = full(&store, &acme, vec![create("a", "a@x"), create("b", "a@x")]).await;
    let open = open(&store, &acme).await;
    assert_eq!(
        told(&store, &acme).await,
        pairs(&[("id-b", "unique-conflict")])
    );
    assert_eq!((open[0].last_run, open[0].sequence), (refused, 2));
    assert_eq!(open[0].other.as_ref().unwrap().external_id, id("a"));
    full(&store, &acme, vec![create("b", "b@x")]).await;
    assert_eq!(told(&store, &acme).await, []);
}

pub(crate) async fn a_run_of_changes_closes_whom_it_read_or_brought_over<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let rows = vec![
        fails("a", "duplicate"),
        fails("b", "duplicate"),
        fails("c", "duplicate"),
        nameless("cn=x"),
        nameless("uid=d,dc=example"),
    ];
    full(&store, &acme, rows).await;
    let rows = vec![
        create("a", "a@x"),
        fails("b", "duplicate"),
        create("d", "d@x"),
    ];
    run(&store, &acme, "changes", Basis::Changes, true, rows).await;
    // The one who is fine without a row was read with the other unsynced; an entry without an id was not.
    assert_eq!(
        told(&store, &acme).await,
        pairs(&[("id-b", "duplicate"), ("cn=x", "missing-external-id")])
    );
    run(&store, &acme, "unsynced", Basis::Changes, true, vec![]).await;
    assert_eq!(
        told(&store, &acme).await,
        pairs(&[("cn=x", "missing-external-id")])
    );
}

pub(crate) async fn an_incomplete_run_closes_whom_it_brought_over_alone<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let rows = vec![fails("a", "duplicate"), fails("b", "duplicate")];
    full(&store, &acme, rows).await;
    for basis in [Basis::Enumeration, Basis::Changes] {
        let rows = vec![fails("c", "duplicate")];
        run(&store, &acme, "full", basis, false, rows).await;
        assert_eq!(open(&store, &acme).await.len(), 3);
    }
    let rows = vec![create("a", "a@x")];
    run(&store, &acme, "full", Basis::Enumeration, false, rows).await;
    assert_eq!(
        told(&store, &acme).await,
        pairs(&[("id-b", "duplicate"), ("id-c", "duplicate")])
    );
}

pub(crate) async fn what_an_undo_leaves_alone_is_no_failure<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    full(
        &store,
        &acme,
        vec![create("a", "a@x"), fails("b", "duplicate")],
    )
    .await;
    let rows = vec![deactivate("a", "undone"), fails("c", "undo-gone")];
    run(&store, &acme, "undo", Basis::Enumeration, false, rows).await;
    assert_eq!(told(&store, &acme).await, pairs(&[("id-b", "duplicate")]));
}

pub(crate) async fn failures_are_listed_by_code_in_pieces_and_of_one_tenant<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let other = installed(&store, "other").await;
    let code = |n: usize| ["duplicate", "bad-value"][n % 2];
    let rows = (0..9).map(|n| fails(&format!("p{n}"), code(n))).collect();
    full(&store, &acme, rows).await;
    full(&store, &other, vec![fails("z", "duplicate")]).await;
    assert_eq!(store.count_failures(&acme, None).await.unwrap(), 9);
    let odd = store.count_failures(&acme, Some("bad-value")).await;
    assert_eq!(odd.unwrap(), 4);
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let piece = store.failures(&acme, Some("duplicate"), after, 2).await;
        let piece = piece.unwrap();
        let Some(last) = piece.last() else { break };
        assert!(piece.len() <= 2 && last.id > after);
        after = last.id;
        seen.extend(piece.into_iter().map(|one| one.external_id));
    }
    let wanted: Vec<_> = [0, 2, 4, 6, 8].map(|n| id(&format!("p{n}"))).into();
    assert_eq!(seen, wanted);
    let none = store.failures(&acme, Some("no-such"), 0, 10).await;
    assert_eq!(none.unwrap(), []);
    assert_eq!(told(&store, &other).await, pairs(&[("id-z", "duplicate")]));
}

pub(crate) async fn the_open_ones_are_exported_with_their_values<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    full(
        &store,
        &acme,
        vec![fails("a", "duplicate"), fails("b", "duplicate")],
    )
    .await;
    let rows = vec![fails("c", "missing-value")];
    run(&store, &acme, "full", Basis::Enumeration, false, rows).await;
    let open = store.open_unsynced(&acme, 0, 10).await.unwrap();
    let named: Vec<_> = open
        .iter()
        .map(|one| (one.external_id.clone(), one.values[0].value.as_str()))
        .collect();
    assert_eq!(named, [(id("a"), "a"), (id("b"), "b"), (id("c"), "c")]);
    let after = open[0].sequence;
    let rest = store.open_unsynced(&acme, after, 1).await.unwrap();
    assert_eq!(rest, [open[1].clone()]);
}

pub(crate) async fn an_uninstall_forgets_failures<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    full(&store, &acme, vec![fails("a", "duplicate")]).await;
    store.keep_days(&acme, 3).await.unwrap();
    store.uninstall(&acme).await.unwrap();
    assert_eq!(open(&store, &acme).await, []);
    assert_eq!(store.days(&acme).await.unwrap(), 90);
}

pub(crate) async fn causes_are_counted_over_all_and_of_one_run<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let other = installed(&store, "other").await;
    let counted = |causes: Vec<crate::ports::history::Cause>| -> Vec<(String, u64)> {
        let each = causes.into_iter();
        each.map(|cause| (cause.problem.code, cause.people))
            .collect()
    };
    assert_eq!(counted(store.open_causes(&acme).await.unwrap()), []);
    let rows = vec![
        fails("a", "duplicate"),
        fails("b", "missing-value"),
        fails("c", "missing-value"),
        create("d", "d@x"),
    ];
    let first = full(&store, &acme, rows).await;
    full(&store, &other, vec![fails("z", "duplicate")]).await;
    let told = [("missing-value".to_owned(), 2), ("duplicate".to_owned(), 1)];
    assert_eq!(counted(store.open_causes(&acme).await.unwrap()), told);
    assert_eq!(counted(store.causes(&acme, first).await.unwrap()), told);
    // What was mended is of that run, and open no more; what the portal refuses is of its run too.
    let rows = vec![create("a", "a@x"), create("e", "d@x")];
    let second = full(&store, &acme, rows).await;
    let refused = [("unique-conflict".to_owned(), 1)];
    assert_eq!(counted(store.open_causes(&acme).await.unwrap()), refused);
    assert_eq!(counted(store.causes(&acme, second).await.unwrap()), refused);
    assert_eq!(counted(store.causes(&acme, first).await.unwrap()), told);
    let hidden = store.causes(&other, first).await.unwrap_err();
    assert_eq!(hidden.code, "unknown-run");
}
