//! Who may do what, and who did.

use std::collections::BTreeSet;

use super::Engine;
use crate::ports::Access as _;
use crate::ports::TenantId;
use crate::ports::access::{Deed, DeedQuery, Rank, Reach, Token};

fn token(name: &str, reach: Reach) -> Token {
    Token {
        id: 0,
        name: name.into(),
        rank: Rank::Operator,
        reach,
        created_at: 5,
        expires_at: 10,
    }
}

fn deed(at: i64, tenant: Option<&TenantId>, what: &str) -> Deed {
    Deed {
        at,
        who: "ada \u{0}\u{1}".into(),
        from: "192.0.2.7".into(),
        tenant: tenant.cloned(),
        what: what.into(),
        which: "17".into(),
        refused: "rank-too-low".into(),
    }
}

pub(crate) async fn a_token_is_found_by_its_hash_until_it_is_revoked<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = TenantId::new("acme").unwrap();
    let some = Reach::Tenants(BTreeSet::from([acme]));
    let (one, other) = (token("one \u{0}", some), token("other", Reach::Everything));
    let first = store.add_token(&one, &[1; 32]).await.unwrap();
    let second = store.add_token(&other, &[2; 32]).await.unwrap();
    let one = Token { id: first, ..one };
    let other = Token {
        id: second,
        ..other
    };
    assert_eq!(store.token(&[1; 32]).await.unwrap(), Some(one.clone()));
    assert_eq!(store.token(&[3; 32]).await.unwrap(), None);
    assert_eq!(store.tokens().await.unwrap(), [other.clone(), one]);
    assert!(store.add_token(&other, &[2; 32]).await.is_err());

    store.revoke_token(first).await.unwrap();
    assert_eq!(store.token(&[1; 32]).await.unwrap(), None);
    assert_eq!(store.tokens().await.unwrap(), [other]);
    for gone in [first, 99] {
        let refused = store.revoke_token(gone).await.unwrap_err();
        assert_eq!(refused.code, "unknown-token");
    }
}

pub(crate) async fn deeds_are_listed_the_newest_first_by_tenant<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let (acme, other) = (
        TenantId::new("acme").unwrap(),
        TenantId::new("other").unwrap(),
    );
    // The tenant need not be there any more.
    let done = [
        deed(1, Some(&acme), "sync"),
        deed(2, None, "token.create"),
        deed(3, Some(&acme), "approve"),
    ];
    for deed in &done {
        store.note(deed).await.unwrap();
    }
    let every = DeedQuery::default();
    let all = store.deeds(&every, 0, 10).await.unwrap();
    assert_eq!(all, [done[2].clone(), done[1].clone(), done[0].clone()]);
    assert_eq!(store.deeds(&every, 1, 1).await.unwrap(), [done[1].clone()]);
    let of_acme = store.deeds(&DeedQuery::of(&acme), 0, 10).await.unwrap();
    assert_eq!(of_acme, [done[2].clone(), done[0].clone()]);
    let of_other = DeedQuery::of(&other);
    assert_eq!(store.deeds(&of_other, 0, 10).await.unwrap(), []);
}

pub(crate) async fn deeds_are_found_by_who_by_what_and_by_when<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = TenantId::new("acme").unwrap();
    let by = |who: &str, deed: Deed| Deed {
        who: who.into(),
        ..deed
    };
    let done = [
        by("user:Ada_\u{0}", deed(1, Some(&acme), "run")),
        by("token:ops", deed(2, None, "token.create")),
        by("user:grace", deed(3, Some(&acme), "run.undo")),
        by("user:ada%", deed(4, None, "run.undo")),
    ];
    for deed in &done {
        store.note(deed).await.unwrap();
    }
    let found = async |query: DeedQuery| -> Vec<i64> {
        let found = store.deeds(&query, 0, 10).await.unwrap();
        found.iter().map(|deed| deed.at).collect()
    };
    let who = |text: &str| DeedQuery {
        who: Some(text.into()),
        ..DeedQuery::default()
    };
    let what = |text: &str| DeedQuery {
        what: Some(text.into()),
        ..DeedQuery::default()
    };
    assert_eq!(found(who("ADA")).await, [4, 1]);
    assert_eq!(found(who("user:")).await, [4, 3, 1]);
    assert!(found(who("nobody")).await.is_empty());
    // What is typed is a text and no pattern.
    assert_eq!(found(who("%")).await, [4]);
    assert_eq!(found(who("_")).await, [1]);
    assert_eq!(found(who("\u{0}")).await, [1]);
    assert_eq!(found(what("Undo")).await, [4, 3]);
    assert_eq!(found(what("token.")).await, [2]);
    assert!(found(what("uninstall")).await.is_empty());
    let between = |from, before| DeedQuery {
        from,
        before,
        ..DeedQuery::default()
    };
    assert_eq!(found(between(Some(2), Some(4))).await, [3, 2]);
    assert_eq!(found(between(Some(3), None)).await, [4, 3]);
    assert!(found(between(None, Some(1))).await.is_empty());
    // All of them together, a page at a time.
    let both = DeedQuery {
        who: Some("user".into()),
        what: Some("run".into()),
        ..DeedQuery::of(&acme)
    };
    assert_eq!(found(both.clone()).await, [3, 1]);
    let second = store.deeds(&both, 1, 1).await.unwrap();
    assert_eq!(second, [done[0].clone()]);
}
