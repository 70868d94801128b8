//! What tenants may connect to, components side by side, and what is left of an uninstall.

use super::people::*;
use super::{Engine, Ports};
use crate::contract::hooks::lifecycle::{Receipt, ReceiptLine};
use crate::ports::access::{Access as _, Holder, Rank, Reach, Token};
use crate::ports::endpoints::{Allowed, Endpoints as _};
use crate::ports::receipts::{Kept, Receipts as _};
use crate::ports::users::{PasswordHash, User, Users as _};
use crate::ports::versions::{Switch, Versions as _};

const EVERYTHING: Allowed = Allowed {
    loopback: true,
    link_local: true,
    metadata: true,
};

pub(crate) async fn what_a_tenant_may_connect_to_is_kept_and_forgotten_with_its_plugin<
    E: Engine,
>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let nobody = store.allowed(&tenant("nobody")).await;
    assert_eq!(nobody.unwrap_err().code, "not-installed");
    let nobody = store.allow(&tenant("nobody"), EVERYTHING).await;
    assert_eq!(nobody.unwrap_err().code, "not-installed");
    let (acme, other) = (
        installed(&store, "acme").await,
        installed(&store, "other").await,
    );
    assert_eq!(store.allowed(&acme).await.unwrap(), Allowed::default());
    let loopback = Allowed {
        loopback: true,
        ..Allowed::default()
    };
    store.allow(&acme, EVERYTHING).await.unwrap();
    store.allow(&acme, loopback).await.unwrap();
    assert_eq!(store.allowed(&acme).await.unwrap(), loopback);
    assert_eq!(store.allowed(&other).await.unwrap(), Allowed::default());
    let again = E::open(folder.path()).await;
    assert_eq!(again.allowed(&acme).await.unwrap(), loopback);

    store.uninstall(&acme).await.unwrap();
    let gone = store.allowed(&acme).await;
    assert_eq!(gone.unwrap_err().code, "not-installed");
    let gone = store.allow(&acme, EVERYTHING).await;
    assert_eq!(gone.unwrap_err().code, "not-installed");
    installed(&store, "acme").await;
    assert_eq!(store.allowed(&acme).await.unwrap(), Allowed::default());
}

pub(crate) async fn what_was_decided_is_not_decided_again_by_a_file<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    assert!(!store.allow_first(&acme, EVERYTHING).await.unwrap());
    assert_eq!(store.allowed(&acme).await.unwrap(), Allowed::default());
    let nobody = store.allow_first(&tenant("nobody"), EVERYTHING).await;
    assert_eq!(nobody.unwrap_err().code, "not-installed");
}

fn to<'s>(plugin: &'s str, configuration: &'s str) -> Switch<'s> {
    Switch {
        plugin,
        component: plugin.as_bytes(),
        configuration,
    }
}

async fn kept(store: &impl Ports, digest: &str) -> bool {
    store.component(digest).await.is_ok()
}

pub(crate) async fn another_component_keeps_the_one_before_until_nobody_could_go_back<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let other = installed(&store, "other").await;
    synced(&store, &acme, vec![create("a", "a@x")]).await;
    assert_eq!(store.before(&acme).await.unwrap(), None);
    assert!(!store.checkpoint(&acme).await.unwrap().is_empty());

    store.switch(&acme, to("plugin-2", "c-2")).await.unwrap();
    let now = Tenants::get(&store, &acme).await.unwrap();
    assert_eq!(
        (now.plugin.as_str(), now.configuration.as_str()),
        ("plugin-2", "c-2")
    );
    assert_eq!(
        store.before(&acme).await.unwrap().as_deref(),
        Some("plugin-1")
    );
    assert_eq!(store.checkpoint(&acme).await.unwrap(), b"");
    assert_eq!(store.component("plugin-2").await.unwrap(), b"plugin-2");
    // The other tenant has what it had.
    let theirs = Tenants::get(&store, &other).await.unwrap();
    assert_eq!(theirs.plugin, "plugin-1");
    assert_eq!(store.before(&other).await.unwrap(), None);

    store.switch(&acme, to("plugin-3", "c-3")).await.unwrap();
    assert!(kept(&store, "plugin-2").await, "one can go back to it");
    assert!(kept(&store, "plugin-1").await, "the other tenant uses it");
    store.switch(&acme, to("plugin-2", "c-2")).await.unwrap();
    assert_eq!(
        store.before(&acme).await.unwrap().as_deref(),
        Some("plugin-3")
    );
    store.uninstall(&other).await.unwrap();
    assert!(!kept(&store, "plugin-1").await);
    assert!(kept(&store, "plugin-2").await && kept(&store, "plugin-3").await);
    store.switch(&acme, to("plugin-4", "c-2")).await.unwrap();
    assert!(
        !kept(&store, "plugin-3").await,
        "nobody could go back to it"
    );
    store.uninstall(&acme).await.unwrap();
    assert!(!kept(&store, "plugin-2").await && !kept(&store, "plugin-4").await);
    installed(&store, "acme").await;
    assert_eq!(store.before(&acme).await.unwrap(), None);
}

pub(crate) async fn only_whoever_has_a_plugin_is_given_another<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    store.uninstall(&acme).await.unwrap();
    for who in [&acme, &tenant("nobody")] {
        let switched = store.switch(who, to("plugin-2", "")).await;
        assert_eq!(switched.unwrap_err().code, "not-installed");
        assert_eq!(store.before(who).await.unwrap_err().code, "not-installed");
    }
    assert!(!kept(&store, "plugin-2").await, "nothing is left of it");
}

pub(crate) async fn a_receipt_is_kept_until_the_next_and_is_its_tenants_own<E: Engine>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let (acme, other) = (
        installed(&store, "acme").await,
        installed(&store, "other").await,
    );
    let receipt = |at, what: &str| Kept {
        at,
        receipt: Receipt {
            removed: vec![ReceiptLine {
                what: what.to_owned(),
                count: 3,
            }],
            left: Vec::new(),
        },
    };
    assert_eq!(store.receipt(&acme).await.unwrap_err().code, "no-receipt");
    store.uninstall(&acme).await.unwrap();
    for kept in [receipt(1, "runs"), receipt(2, "odd \0\u{1}\\u0000")] {
        store.keep_receipt(&acme, &kept).await.unwrap();
        assert_eq!(store.receipt(&acme).await.unwrap(), kept);
    }
    installed(&store, "acme").await;
    assert_eq!(store.receipt(&acme).await.unwrap().at, 2);
    assert_eq!(store.receipt(&other).await.unwrap_err().code, "no-receipt");
    let nobody = store.keep_receipt(&tenant("nobody"), &receipt(1, "")).await;
    assert_eq!(nobody.unwrap_err().code, "not-installed");
    let nobody = store.receipt(&tenant("nobody")).await;
    assert_eq!(nobody.unwrap_err().code, "no-receipt");
}

pub(crate) async fn whoever_reached_a_tenant_that_left_reads_the_receipt_and_reaches_the_next_no_more<
    E: Engine,
>() {
    let folder = tempfile::tempdir().unwrap();
    let store = E::open(folder.path()).await;
    let acme = installed(&store, "acme").await;
    let reach = |names: &[&str]| Reach::Tenants(names.iter().map(|name| tenant(name)).collect());
    let add = async |n: u8, reach: Reach| {
        let token = Token {
            id: 0,
            name: "ops \u{0}".into(),
            rank: Rank::Admin,
            reach,
            created_at: 5,
            expires_at: 10,
        };
        store.add_token(&token, &[n; 32]).await.unwrap()
    };
    let of = async |n: u8| store.token(&[n; 32]).await.unwrap().unwrap().reach;
    let own = add(1, reach(&["acme"])).await;
    let both = add(2, reach(&["acme", "globex"])).await;
    let similar = add(3, reach(&["acme-2", "my-acme"])).await;
    let whole = add(4, Reach::Everything).await;
    let ada = User {
        id: 0,
        name: "ada".into(),
        rank: Rank::Operator,
        reach: reach(&["acme"]),
        disabled: false,
        created_at: 5,
        changed_at: 5,
    };
    let hash = PasswordHash("$argon2id$x".into());
    let ada = store.add_user(&ada, &hash).await.unwrap();
    let holders = [
        (Holder::Token(own), true),
        (Holder::Token(both), true),
        (Holder::Token(similar), false),
        (Holder::Token(whole), false),
        (Holder::User(ada), true),
        // Another kind of the same number.
        (Holder::User(both), false),
    ];
    for (holder, _) in holders {
        assert!(!store.may_read(&acme, holder).await.unwrap(), "{holder}");
    }
    assert_eq!(store.withdraw(&acme).await.unwrap(), 3);
    store.uninstall(&acme).await.unwrap();
    installed(&store, "acme").await;
    for (holder, may) in holders {
        assert_eq!(
            store.may_read(&acme, holder).await.unwrap(),
            may,
            "{holder}"
        );
        assert!(!store.may_read(&tenant("globex"), holder).await.unwrap());
    }
    assert_eq!((of(1).await, of(2).await), (reach(&[]), reach(&["globex"])));
    assert_eq!(of(3).await, reach(&["acme-2", "my-acme"]));
    assert_eq!(of(4).await, Reach::Everything);
    assert_eq!(store.user(ada).await.unwrap().reach, reach(&[]));
    // The next tenant's receipt is for those who reached that one.
    let next = add(5, reach(&["acme"])).await;
    assert_eq!(store.withdraw(&acme).await.unwrap(), 1);
    for (holder, _) in holders {
        assert!(!store.may_read(&acme, holder).await.unwrap(), "{holder}");
    }
    assert!(store.may_read(&acme, Holder::Token(next)).await.unwrap());
}
