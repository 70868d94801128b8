//! Searches as they should go.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::fake::{self, connection, done, drain, endpoint, entry, people, request, serve, texts};
use super::frame;
use super::policy::Policy;
use crate::contract::ldap::{Authentication, Connection, Scope, SearchRequest, SimpleBind, Turn};
use crate::contract::types::Verdict;
use crate::ports::Directory;

fn policy() -> Policy {
    Policy::allowing_loopback()
}

#[tokio::test]
async fn all_pages_arrive_in_order_and_the_end_says_so() {
    let address = serve(|peer| fake::serve_pages(peer, 5)).await;
    let (pages, end) = fake::read(address, policy()).await;
    let names: Vec<_> = pages.iter().flat_map(texts).collect();
    assert_eq!((pages.len(), names.len()), (5, 100));
    assert_eq!((&*names[98], &*names[99]), ("uid=p49", "Person 49"));
    assert_eq!((end.entries, end.pages, end.result_code), (50, 5, 0));
    assert!(end.exhausted && end.paged && end.problem.is_none());
    assert_eq!(end.server.endpoint.port, address.port());
}

#[tokio::test]
async fn the_next_page_is_requested_while_the_last_one_is_read_and_no_further() {
    let asked = Arc::new(AtomicU32::new(0));
    let seen = asked.clone();
    let address = serve(move |mut peer| {
        let seen = seen.clone();
        async move {
            while let Some(asked) = peer.search().await {
                let page = fake::page_of(&asked);
                seen.store(page + 1, Ordering::SeqCst);
                peer.send(&people(asked.id, page * 10, page * 10 + 10))
                    .await;
                peer.send(&done(asked.id, 0, Some(&[u8::try_from(page).unwrap() + 1])))
                    .await;
            }
        }
    })
    .await;
    let mut session = fake::open(address, policy()).await;
    let mut cursor = session.search(request(&["cn"])).await.unwrap();
    for taken in 1..=20 {
        assert!(matches!(cursor.next().await, Turn::Entries(_)));
        let requested = asked.load(Ordering::SeqCst);
        assert!(
            (taken..=taken + 1).contains(&requested),
            "{taken} taken, {requested} requested"
        );
    }
}

#[tokio::test]
async fn a_server_without_paging_is_read_in_pages_all_the_same() {
    let address = serve(|mut peer| async move {
        while let Some(asked) = peer.search().await {
            if asked.cookie.is_some() {
                peer.send(&done(asked.id, 12, None)).await;
            } else {
                peer.send(&people(asked.id, 0, 35)).await;
                peer.send(&done(asked.id, 0, None)).await;
            }
        }
    })
    .await;
    let (pages, end) = fake::read(address, policy()).await;
    assert_eq!(
        pages.iter().map(|page| page.entries).collect::<Vec<_>>(),
        [10, 10, 10, 5]
    );
    assert!(end.exhausted && !end.paged && end.problem.is_none());
}

#[tokio::test]
async fn a_full_page_without_the_control_may_not_be_all() {
    let answering = |entries| async move {
        let address = serve(move |mut peer| async move {
            while let Some(asked) = peer.search().await {
                peer.send(&people(asked.id, 0, entries)).await;
                peer.send(&done(asked.id, 0, None)).await;
            }
        })
        .await;
        fake::read(address, policy()).await.1
    };
    let full = answering(10).await;
    assert!(!full.exhausted);
    assert_eq!(full.problem.unwrap().code, "paging-missing");
    // Less than a page, or more than one at once, is all.
    for entries in [9, 11] {
        let end = answering(entries).await;
        assert!(end.exhausted && end.problem.is_none());
    }
}

#[tokio::test]
async fn a_limit_cuts_and_is_not_complete() {
    let address = serve(|peer| fake::serve_pages(peer, 5)).await;
    let mut session = fake::open(address, policy()).await;
    let cut = SearchRequest {
        limit: 13,
        ..request(&["cn"])
    };
    let (pages, end) = drain(session.search(cut).await.unwrap()).await;
    assert_eq!(pages.iter().map(|page| page.entries).sum::<u32>(), 13);
    assert!(!end.exhausted && end.problem.is_none());
    let whole = SearchRequest {
        limit: 50,
        ..request(&["cn"])
    };
    let (_, end) = drain(session.search(whole).await.unwrap()).await;
    assert_eq!((end.entries, end.exhausted), (50, true));
}

#[tokio::test]
async fn a_page_size_that_the_server_refuses_is_lowered() {
    let address = serve(|mut peer| async move {
        while let Some(asked) = peer.search().await {
            // Answers only the third attempt.
            if asked.id < 3 {
                peer.send(&done(asked.id, 11, None)).await;
            } else {
                peer.send(&people(asked.id, 0, 3)).await;
                peer.send(&done(asked.id, 0, Some(b""))).await;
            }
        }
    })
    .await;
    let mut session = fake::open(address, policy()).await;
    let large = SearchRequest {
        page_size: 1000,
        ..request(&["cn"])
    };
    let (_, end) = drain(session.search(large).await.unwrap()).await;
    assert!(end.exhausted && end.problem.is_none());
}

#[tokio::test]
async fn values_in_ranges_are_retrieved_whole() {
    let address = serve(|mut peer| async move {
        while let Some(asked) = peer.search().await {
            let wanted = String::from_utf8_lossy(&asked.content).into_owned();
            if wanted.contains("range=2-*") {
                peer.send(&entry(
                    asked.id,
                    "cn=g",
                    &[("member;range=2-3", &["c", "d"])],
                ))
                .await;
                peer.send(&done(asked.id, 0, None)).await;
            } else if wanted.contains("range=4-*") {
                peer.send(&entry(asked.id, "cn=g", &[("member;range=4-*", &["e"])]))
                    .await;
                peer.send(&done(asked.id, 0, None)).await;
            } else {
                let ranged = [
                    ("member;range=0-1", &["a", "b"][..]),
                    ("member", &[]),
                    ("cn", &["g"]),
                ];
                peer.send(&entry(
                    asked.id,
                    "cn=f",
                    &[("member", &["x"]), ("cn", &["f"])],
                ))
                .await;
                peer.send(&entry(asked.id, "cn=g", &ranged)).await;
                peer.send(&done(asked.id, 0, Some(b""))).await;
            }
        }
    })
    .await;
    let mut session = fake::open(address, policy()).await;
    let (pages, end) = drain(session.search(request(&["member", "cn"])).await.unwrap()).await;
    assert_eq!(
        texts(&pages[0]),
        ["cn=f", "x", "f", "cn=g", "a", "b", "c", "d", "e", "g"]
    );
    assert!(end.exhausted);
}

#[tokio::test]
async fn values_in_ranges_that_cannot_be_had_whole_end_the_search() {
    let address = serve(|mut peer| async move {
        while let Some(asked) = peer.search().await {
            if asked.cookie.is_some() {
                peer.send(&entry(
                    asked.id,
                    "cn=g",
                    &[("member;range=0-1", &["a", "b"])],
                ))
                .await;
            }
            peer.send(&done(asked.id, 0, asked.cookie.is_some().then_some(b"")))
                .await;
        }
    })
    .await;
    let mut session = fake::open(address, policy()).await;
    let (pages, end) = drain(session.search(request(&["member"])).await.unwrap()).await;
    assert!(pages.is_empty() && !end.exhausted && end.result_code != 0);
    assert_eq!(end.problem.unwrap().code, "range-incomplete");
}

#[tokio::test]
async fn referrals_are_counted_and_never_followed() {
    let address = serve(|mut peer| async move {
        while let Some(asked) = peer.search().await {
            let url = fake::element(4, b"ldap://elsewhere.example.org/dc=sub");
            peer.send(&fake::message(asked.id, frame::SEARCH_REFERENCE, &url, &[]))
                .await;
            peer.send(&people(asked.id, 0, 3)).await;
            peer.send(&fake::message(asked.id, frame::SEARCH_REFERENCE, &url, &[]))
                .await;
            peer.send(&done(asked.id, 0, Some(b""))).await;
        }
    })
    .await;
    let (_, end) = fake::read(address, policy()).await;
    assert_eq!((end.referrals, end.entries, end.exhausted), (2, 3, true));
}

#[tokio::test]
async fn an_entry_by_its_name_is_read_without_paging() {
    let address = serve(|mut peer| async move {
        while let Some(asked) = peer.search().await {
            assert!(asked.cookie.is_none());
            peer.send(&entry(
                asked.id,
                "",
                &[("namingContexts", &["dc=example,dc=org"])],
            ))
            .await;
            peer.send(&done(asked.id, 0, None)).await;
        }
    })
    .await;
    let mut session = fake::open(address, policy()).await;
    let root = SearchRequest {
        base: String::new(),
        scope: Scope::Base,
        ..request(&["namingcontexts"])
    };
    let (pages, end) = drain(session.search(root).await.unwrap()).await;
    assert_eq!(texts(&pages[0]), ["", "dc=example,dc=org"]);
    assert!(end.exhausted);
}

#[tokio::test]
async fn a_second_search_ends_the_first() {
    let address = serve(|peer| fake::serve_pages(peer, 9)).await;
    let mut session = fake::open(address, policy()).await;
    let mut first = session.search(request(&["cn"])).await.unwrap();
    assert!(matches!(first.next().await, Turn::Entries(_)));
    let second = session.search(request(&["cn"])).await.unwrap();
    let (pages, end) = drain(second).await;
    assert_eq!((pages.len(), end.exhausted), (9, true));
    let (_, end) = drain(first).await;
    assert!(!end.exhausted);
    assert_eq!(end.problem.unwrap().code, "search-ended");
}

#[tokio::test]
async fn the_end_is_given_again_and_again() {
    let address = serve(|peer| fake::serve_pages(peer, 1)).await;
    let mut session = fake::open(address, policy()).await;
    let mut cursor = session.search(request(&["cn"])).await.unwrap();
    cursor.next().await;
    let Turn::Finished(first) = cursor.next().await else {
        unreachable!()
    };
    let Turn::Finished(again) = cursor.next().await else {
        unreachable!()
    };
    assert_eq!(first, again);
}

fn with_password(address: std::net::SocketAddr, name: &str, credential: &str) -> Connection {
    let account = SimpleBind {
        name: name.to_owned(),
        credential: credential.to_owned(),
    };
    Connection {
        authentication: Authentication::Simple(account),
        ..connection(address)
    }
}

/// Accepts one name and the one password.
async fn bindable() -> std::net::SocketAddr {
    serve(|mut peer| async move {
        while let Some(asked) = peer.next().await {
            if asked.operation == frame::BIND_REQUEST {
                let content = String::from_utf8_lossy(&asked.content).into_owned();
                let good = content.contains("cn=sync") && content.ends_with(fake::PASSWORD);
                let result = fake::result(if good { 0 } else { 49 }, "");
                peer.send(&fake::message(asked.id, frame::BIND_RESPONSE, &result, &[]))
                    .await;
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_bind_passes_all_stages() {
    let address = bindable().await;
    let (ldap, tenant) = (fake::ldap(policy()), fake::tenant());
    let opened = ldap
        .open(&tenant, with_password(address, "cn=sync", "x"))
        .await;
    let session = opened.map_err(|failure| failure.problem).unwrap();
    let stages: Vec<_> = session
        .stages()
        .into_iter()
        .map(|stage| stage.name)
        .collect();
    assert_eq!(stages, ["resolve", "connect", "bind"]);
}

#[tokio::test]
async fn a_refused_bind_says_why_and_tries_no_other_server() {
    let address = bindable().await;
    for (name, credential, code) in [
        ("cn=other", "x", "wrong-password"),
        ("cn=sync", "empty", "empty-password"),
        ("", "x", "bind-name-missing"),
        ("cn=sync", "unknown", "unknown-credential"),
    ] {
        let mut twice = with_password(address, name, credential);
        twice.servers.push(endpoint(address));
        let failure = fake::ldap(policy())
            .open(&fake::tenant(), twice)
            .await
            .err()
            .unwrap();
        assert_eq!(failure.problem.code, code);
        let failed: Vec<_> = failure
            .stages
            .iter()
            .filter(|stage| stage.verdict != Verdict::Passed)
            .collect();
        assert_eq!((failed.len(), &*failed[0].name), (1, "bind"), "{name}");
        assert!(!format!("{failure:?}").contains(fake::PASSWORD));
    }
}

#[tokio::test]
async fn the_next_server_is_tried_when_one_cannot_be_connected() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead = closed.local_addr().unwrap();
    drop(closed);
    let address = serve(|peer| fake::serve_pages(peer, 1)).await;
    let mut both = connection(dead);
    both.servers.push(endpoint(address));
    let opened = fake::ldap(policy()).open(&fake::tenant(), both).await;
    let session = opened.map_err(|failure| failure.problem).unwrap();
    assert_eq!(session.server().endpoint.port, address.port());
    let stages = session.stages();
    assert_eq!(
        (stages[1].verdict, &*stages[1].problems[0].code),
        (Verdict::Warned, "connect-refused")
    );

    let failure = fake::ldap(policy())
        .open(&fake::tenant(), connection(dead))
        .await
        .err()
        .unwrap();
    assert_eq!(failure.problem.code, "connect-refused");
    let failure = fake::ldap(Policy::default())
        .open(&fake::tenant(), connection(address))
        .await
        .err()
        .unwrap();
    assert_eq!(failure.problem.code, "endpoint-refused");
}

#[tokio::test]
async fn deleted_entries_are_asked_for_with_those_of_the_recycle_bin_and_only_where_they_are_wanted()
 {
    const DELETED: [&str; 2] = ["1.2.840.113556.1.4.417", "1.2.840.113556.1.4.2064"];
    for show_deleted in [true, false] {
        let address = serve(move |mut peer| async move {
            let asked = peer.search().await.unwrap();
            let sent = DELETED.map(|oid| asked.controls.iter().any(|control| control == oid));
            assert_eq!(sent, [show_deleted; 2]);
            peer.send(&fake::people(asked.id, 0, 1)).await;
            peer.send(&fake::done(asked.id, 0, Some(b""))).await;
        })
        .await;
        let mut session = fake::open(address, policy()).await;
        let wanted = SearchRequest {
            show_deleted,
            ..request(&["cn"])
        };
        let (_, end) = drain(session.search(wanted).await.unwrap()).await;
        assert!(end.exhausted && end.entries == 1);
    }
}
