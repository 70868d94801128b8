//! Fields that hold other people.

use super::people::*;
use super::{Engine, Ports};
use crate::Problem;
use crate::contract::plan::{Change, Link, Rejection, RowKind};
use crate::ports::plan::{RowQuery, RunId, RunStatus};
use crate::ports::{Outcome, TenantId};

/// A person's manager becomes another; an empty name is nobody.
fn link(person: &str, before: &str, after: &str) -> Link {
    let someone = |name: &str| (!name.is_empty()).then(|| id(name));
    Link {
        external_id: id(person),
        dn: format!("uid={person},dc=example"),
        display: format!("Person {person}"),
        change: Change {
            field: "manager".into(),
            before: someone(before),
            after: someone(after),
        },
        source_hash: vec![8; 16],
    }
}

async fn finished(store: &impl Ports, tenant: &TenantId, run: RunId) -> String {
    let digest = store.finish(tenant, run, summary(), proof(), vec![]).await;
    digest.unwrap()
}

/// People `a`, `b` and `c`, the first of whom the others report to.
async fn peopled(store: &impl Ports, tenant: &TenantId) {
    let run = begun(store, tenant).await;
    let people = ["a", "b", "c"].map(|name| create(name, &format!("{name}@x")));
    store.record(tenant, run, people.to_vec()).await.unwrap();
    let links = vec![link("b", "", "a"), link("c", "", "a")];
    store.link(tenant, run, links).await.unwrap();
    finished(store, tenant, run).await;
    assert_eq!(applied(store, tenant, run, 2).await.unwrap(), (3, 0));
}

async fn refused(store: &impl Ports, tenant: &TenantId, run: RunId, link: Link) -> String {
    let refused: Outcome<()> = store.link(tenant, run, vec![link]).await;
    refused.unwrap_err().code
}

pub(crate) async fn links_join_the_rows_that_people_have_and_make_rows_of_the_others<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    peopled(&store, &acme).await;
    assert_eq!(value(&store, &acme, "b", "manager").await, Some(id("a")));
    assert_eq!(value(&store, &acme, "a", "manager").await, None);
    let person = store.people(&acme, &[id("b")]).await.unwrap().remove(0);
    assert_eq!(person.source_hash, [8; 16]);

    let run = begun(&store, &acme).await;
    let moved = row(RowKind::Update, "b", &[("city", "", "Wien")]);
    let rows = vec![moved, create("d", "d@x")];
    store.record(&acme, run, rows).await.unwrap();
    let links = vec![link("b", "a", "d"), link("c", "a", "")];
    store.link(&acme, run, links).await.unwrap();
    finished(&store, &acme, run).await;
    let rows = store.rows(&acme, run, &RowQuery::default(), 0, 10).await;
    let rows: Vec<_> = rows.unwrap().into_iter().map(|stored| stored.row).collect();
    let changes = |place: usize| {
        let told = |change: &Change| {
            (
                change.field.clone(),
                change.before.clone(),
                change.after.clone(),
            )
        };
        rows[place].changes.iter().map(told).collect::<Vec<_>>()
    };
    assert_eq!(
        changes(0),
        [
            ("city".into(), None, Some("Wien".into())),
            ("manager".into(), Some(id("a")), Some(id("d"))),
        ]
    );
    assert_eq!(
        (rows[0].reason.as_str(), rows[0].source_hash.as_slice()),
        ("changed", &[8; 16][..])
    );
    assert_eq!(changes(2), [("manager".into(), Some(id("a")), None)]);
    assert_eq!(
        (rows[2].kind, rows[2].display.as_str()),
        (RowKind::Update, "Person c")
    );
    let guards = store.run(&acme, run).await.unwrap().guards;
    let blanked = guards.iter().find(|guard| guard.name == "blank").unwrap();
    assert_eq!(blanked.count, 1);
    assert_eq!(applied(&store, &acme, run, 1).await.unwrap(), (3, 0));
    assert_eq!(value(&store, &acme, "b", "manager").await, Some(id("d")));
    assert_eq!(
        value(&store, &acme, "b", "city").await.as_deref(),
        Some("Wien")
    );
    assert_eq!(value(&store, &acme, "c", "manager").await, None);
}

pub(crate) async fn links_that_break_the_contract_are_refused<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    peopled(&store, &acme).await;
    let other = installed(&store, "other").await;
    let run = begun(&store, &other).await;
    store
        .record(&other, run, vec![create("z", "z@x")])
        .await
        .unwrap();
    assert_eq!(
        refused(&store, &other, run, link("z", "", "a")).await,
        "bad-row",
        "another tenant's"
    );

    let run = begun(&store, &acme).await;
    let direct = row(RowKind::Update, "b", &[("manager", "id-a", "id-c")]);
    let direct = store.record(&acme, run, vec![direct]).await;
    assert_eq!(direct.unwrap_err().code, "bad-row");
    let mut lost = row(RowKind::Unsynced, "u", &[("manager", "", "uid=gone")]);
    lost.reason = "duplicate".into();
    lost.problem = Some(Problem::new("duplicate", "two", ""));
    store
        .record(&acme, run, vec![create("d", "d@x"), lost])
        .await
        .unwrap();
    let code = async |link: Link| refused(&store, &acme, run, link).await;
    assert_eq!(code(link("b", "a", "nobody")).await, "bad-row");
    assert_eq!(code(link("nobody", "", "a")).await, "bad-row");
    assert_eq!(code(link("u", "", "a")).await, "bad-row", "unsynced");
    assert_eq!(
        code(link("b", "a", "u")).await,
        "bad-row",
        "to somebody unsynced"
    );
    assert_eq!(code(link("d", "a", "b")).await, "bad-row", "nobody before");
    let mut city = link("b", "", "a");
    city.change.field = "city".into();
    assert_eq!(code(city).await, "bad-row");
    let mut hashless = link("b", "a", "c");
    hashless.source_hash.clear();
    assert_eq!(code(hashless).await, "bad-row");
    let many = (0..1_001).map(|_| link("b", "a", "c")).collect();
    assert_eq!(
        store.link(&acme, run, many).await.unwrap_err().code,
        "bad-request"
    );
    store
        .link(&acme, run, vec![link("d", "", "b")])
        .await
        .unwrap();
    assert_eq!(code(link("d", "", "c")).await, "bad-row", "twice");
    let late = Rejection {
        external_id: id("d"),
        problem: Problem::new("duplicate", "two", ""),
        other: None,
    };
    let late = store.reject(&acme, run, vec![late]).await;
    assert_eq!(late.unwrap_err().code, "bad-request");
    finished(&store, &acme, run).await;
    assert_eq!(applied(&store, &acme, run, 10).await.unwrap(), (1, 0));
    assert_eq!(value(&store, &acme, "d", "manager").await, Some(id("b")));
    assert_eq!(value(&store, &acme, "b", "manager").await, Some(id("a")));
}

pub(crate) async fn the_digest_is_over_the_links_too<E: Engine>() {
    let mut digests = Vec::new();
    for manager in ["a", "b", "a"] {
        let folder = tempfile::tempdir().unwrap();
        let store = E::open(folder.path()).await;
        let acme = installed(&store, "acme").await;
        let run = begun(&store, &acme).await;
        let people = ["a", "b", "c"].map(|name| create(name, &format!("{name}@x")));
        store.record(&acme, run, people.to_vec()).await.unwrap();
        store
            .link(&acme, run, vec![link("c", "", manager)])
            .await
            .unwrap();
        digests.push(finished(&store, &acme, run).await);
    }
    assert_eq!(digests[0], digests[2]);
    assert_ne!(digests[0], digests[1]);
}

pub(crate) async fn who_did_not_come_is_nobodys_manager<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    peopled(&store, &acme).await;
    // Both want the same address: the second one's row fails.
    let run = begun(&store, &acme).await;
    let rows = vec![create("d", "d@x"), create("e", "d@x")];
    store.record(&acme, run, rows).await.unwrap();
    let links = vec![link("b", "a", "e"), link("c", "a", "d")];
    store.link(&acme, run, links).await.unwrap();
    finished(&store, &acme, run).await;
    assert_eq!(applied(&store, &acme, run, 10).await.unwrap(), (3, 1));
    assert_eq!(value(&store, &acme, "b", "manager").await, Some(id("a")));
    assert_eq!(value(&store, &acme, "c", "manager").await, Some(id("d")));
    let index = store.index(&acme, &id("a"), 2).await.unwrap();
    assert_eq!(index.marks, [4, 0], "looked at again");
    let person = store.people(&acme, &[id("b")]).await.unwrap().remove(0);
    assert_eq!(person.changed_in_portal, ["manager"]);
}

pub(crate) async fn a_plan_thrown_away_halfway_leaves_no_link_to_nobody<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    peopled(&store, &acme).await;
    let run = begun(&store, &acme).await;
    let mut rows = vec![row(RowKind::Update, "b", &[("city", "", "Wien")])];
    rows.push(row(RowKind::Update, "c", &[("city", "", "Graz")]));
    rows.push(create("d", "d@x"));
    store.record(&acme, run, rows).await.unwrap();
    let links = vec![link("b", "a", "d"), link("c", "a", "b")];
    store.link(&acme, run, links).await.unwrap();
    finished(&store, &acme, run).await;
    store.apply(&acme, run, 2).await.unwrap();
    assert_eq!(value(&store, &acme, "b", "manager").await, Some(id("d")));
    let ended = store.end(&acme, run, RunStatus::Discarded, None).await;
    ended.unwrap();
    assert_eq!(value(&store, &acme, "b", "manager").await, Some(id("a")));
    assert_eq!(
        value(&store, &acme, "b", "city").await.as_deref(),
        Some("Wien")
    );
    assert_eq!(value(&store, &acme, "c", "manager").await, Some(id("b")));
}

pub(crate) async fn a_killed_run_applies_its_links_once<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let run = {
        let store = E::open(folder.path()).await;
        let acme = installed(&store, "acme").await;
        let run = begun(&store, &acme).await;
        let people = ["a", "b", "c"].map(|name| create(name, &format!("{name}@x")));
        store.record(&acme, run, people.to_vec()).await.unwrap();
        let links = vec![link("a", "", "c"), link("b", "", "a"), link("c", "", "b")];
        store.link(&acme, run, links).await.unwrap();
        finished(&store, &acme, run).await;
        store.apply(&acme, run, 2).await.unwrap();
        run
    };
    let store = E::open(folder.path()).await;
    let acme = tenant("acme");
    assert_eq!(store.unfinished(&acme).await.unwrap(), Some(run));
    assert_eq!(applied(&store, &acme, run, 2).await.unwrap(), (1, 0));
    for (person, manager) in [("a", "c"), ("b", "a"), ("c", "b")] {
        assert_eq!(
            value(&store, &acme, person, "manager").await,
            Some(id(manager))
        );
    }
}
