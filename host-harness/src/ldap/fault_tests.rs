//! Servers that break, lie or stall: each has its own problem, and none reads as a complete search.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use super::fake::{self, Asked, Peer, done, drain, entry, people, request, serve};
use super::frame;
use super::policy::{Limits, Policy};
use crate::contract::ldap::{Completion, Page, Turn};
use tokio::net::TcpStream;

fn policy() -> Policy {
    Policy::allowing_loopback()
}

/// Serves two good pages, then this; says how the search ended.
async fn third_answer(answer: fn(&Asked) -> Vec<u8>) -> (Vec<Page>, Completion) {
    let address = serve(move |mut peer| async move {
        while let Some(asked) = peer.search().await {
            let page = fake::page_of(&asked);
            if page == 2 {
                peer.send(&answer(&asked)).await;
                continue;
            }
            peer.send(&people(asked.id, page * 10, page * 10 + 10))
                .await;
            peer.send(&done(asked.id, 0, Some(&[u8::try_from(page).unwrap() + 1])))
                .await;
        }
    })
    .await;
    fake::read(address, policy()).await
}

async fn code_of(answer: fn(&Asked) -> Vec<u8>) -> String {
    let (pages, end) = third_answer(answer).await;
    assert_eq!((pages.len(), end.entries), (2, 20));
    assert!(!end.exhausted && end.result_code != 0);
    end.problem.unwrap().code
}

#[tokio::test]
async fn replies_that_are_not_ldap_end_the_search() {
    assert_eq!(
        code_of(|_| b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()).await,
        "protocol-violation"
    );
    // Nested 10,000 deep: the library alone would overflow its stack.
    let deep = code_of(|_| (0..10_000).fold(vec![4, 0], |inner, _| fake::element(0x30, &inner)));
    assert_eq!(deep.await, "protocol-violation");
    // An inner length that overruns its message: the library alone would wait for ever.
    assert_eq!(
        code_of(|_| vec![0x30, 5, 2, 1, 3, 0x64, 9]).await,
        "protocol-violation"
    );
    // 2 GiB declared.
    assert_eq!(
        code_of(|_| vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]).await,
        "protocol-violation"
    );
}

#[tokio::test]
async fn answers_to_nothing_that_was_asked_end_the_search() {
    assert_eq!(
        code_of(|asked| entry(asked.id + 7, "uid=x", &[])).await,
        "protocol-violation"
    );
    let bind =
        code_of(|asked| fake::message(asked.id, frame::BIND_RESPONSE, &fake::result(0, ""), &[]));
    assert_eq!(bind.await, "protocol-violation");
    let notice = code_of(|asked| fake::message(asked.id, 0x79, &[], &[]));
    assert_eq!(notice.await, "protocol-violation");
}

#[tokio::test]
async fn malformed_entries_and_results_end_the_search() {
    assert_eq!(
        code_of(|asked| fake::message(asked.id, 0x64, &[4, 0], &[])).await,
        "protocol-violation"
    );
    assert_eq!(
        code_of(|asked| fake::message(asked.id, 0x65, &[], &[])).await,
        "protocol-violation"
    );
    let controls =
        code_of(|asked| fake::message(asked.id, 0x65, &fake::result(0, ""), &[0xa0, 2, 0x30, 0]));
    assert_eq!(controls.await, "protocol-violation");
    let cookie = code_of(|asked| {
        let control = [
            fake::element(4, super::paging::OID.as_bytes()),
            fake::element(4, b"\x04\x00"),
        ];
        let controls = fake::element(0xa0, &fake::element(0x30, &control.concat()));
        fake::message(asked.id, 0x65, &fake::result(0, ""), &controls)
    });
    assert_eq!(cookie.await, "protocol-violation");
}

#[tokio::test]
async fn a_notice_of_disconnection_is_told() {
    for misplaced in [false, true] {
        let answer = if misplaced {
            |_: &Asked| {
                let name = fake::element(0x8a, b"1.3.6.1.4.1.1466.20036");
                fake::message(
                    0,
                    frame::EXTENDED_RESPONSE,
                    &fake::result(52, "maintenance"),
                    &name,
                )
            }
        } else {
            |_: &Asked| {
                let name = fake::element(0x8a, b"1.3.6.1.4.1.1466.20036");
                let content = [fake::result(52, "maintenance"), name].concat();
                fake::message(0, frame::EXTENDED_RESPONSE, &content, &[])
            }
        };
        let (_, end) = third_answer(answer).await;
        let problem = end.problem.unwrap();
        assert_eq!((end.result_code, &*problem.code), (52, "connection-lost"));
        assert!(problem.message.contains("maintenance"));
    }
}

#[tokio::test]
async fn other_unsolicited_messages_are_ignored() {
    let (_, end) = third_answer(|asked| {
        let content = [fake::result(0, ""), fake::element(0x8a, b"1.2.3.4")].concat();
        let mut bytes = fake::message(0, frame::EXTENDED_RESPONSE, &content, &[]);
        bytes.extend(done(asked.id, 0, Some(b"")));
        bytes
    })
    .await;
    assert!(end.exhausted && end.problem.is_none());
}

#[tokio::test]
async fn the_servers_limits_are_reported_with_their_names() {
    for (code, name) in [
        (3, "time-limit"),
        (4, "size-limit"),
        (11, "admin-limit"),
        (32, "no-such-base"),
        (10, "referral"),
    ] {
        let address = serve(move |mut peer| async move {
            while let Some(asked) = peer.search().await {
                peer.send(&people(asked.id, 0, 5)).await;
                peer.send(&done(asked.id, code, Some(b""))).await;
            }
        })
        .await;
        let (pages, end) = fake::read(address, policy()).await;
        assert_eq!(
            (pages.len(), end.entries, end.result_code),
            (1, 5, u32::from(code))
        );
        assert!(!end.exhausted);
        assert_eq!(end.problem.unwrap().code, name);
    }
}

/// Serves five pages, but ends the connection before page `cut`, or in it, or before it is said to be over.
async fn cut(mut peer: Peer<TcpStream>, cut: u32, way: u32) {
    while let Some(asked) = peer.search().await {
        let page = fake::page_of(&asked);
        let bytes = people(asked.id, page * 10, page * 10 + 10);
        let last: &[u8] = if page == 4 {
            &[]
        } else {
            &[u8::try_from(page).unwrap() + 1]
        };
        let end = done(asked.id, 0, Some(last));
        if page == cut {
            match way {
                0 => {}
                1 => peer.send(&bytes[..bytes.len() / 2]).await,
                2 => peer.send(&bytes).await,
                _ => {
                    peer.send(&[&bytes[..], &end[..end.len() - 1]].concat())
                        .await
                }
            }
            return;
        }
        peer.send(&[bytes, end].concat()).await;
    }
}

#[tokio::test]
async fn a_cut_at_any_page_boundary_is_never_complete() {
    for page in 0..5 {
        for way in 0..4 {
            let address = serve(move |peer| cut(peer, page, way)).await;
            let (pages, end) = fake::read(address, policy()).await;
            assert!(
                !end.exhausted && end.result_code != 0,
                "page {page}, way {way}"
            );
            assert_eq!(end.problem.unwrap().code, "connection-lost");
            let entries: u64 = pages.iter().map(|page| u64::from(page.entries)).sum();
            assert_eq!(entries, end.entries);
            assert!(entries <= u64::from(page + 1) * 10);
        }
    }
}

#[tokio::test]
async fn a_page_that_does_not_come_ends_the_search_in_time() {
    let address = serve(|mut peer| async move {
        let mut pages = 0;
        while let Some(asked) = peer.search().await {
            pages += 1;
            if pages < 3 {
                peer.send(&people(asked.id, pages * 10, pages * 10 + 10))
                    .await;
                peer.send(&done(asked.id, 0, Some(&[u8::try_from(pages).unwrap()])))
                    .await;
            }
        }
    })
    .await;
    let limits = Limits {
        page: Duration::from_millis(200),
        ..Limits::default()
    };
    let (pages, end) = fake::read(address, Policy { limits, ..policy() }).await;
    assert_eq!((pages.len(), end.exhausted), (2, false));
    assert_eq!(end.problem.unwrap().code, "timeout");
}

#[tokio::test]
async fn a_server_that_accepts_and_is_silent_is_told_by_the_stage_that_waited() {
    use crate::contract::ldap::{Authentication, Connection, Security, SimpleBind};
    use crate::ports::Directory;
    let address = serve(|mut peer| async move { while peer.next().await.is_some() {} }).await;
    let short = Duration::from_millis(100);
    let limits = Limits {
        bind: short,
        tls: short,
        ..Limits::default()
    };
    let ldap = fake::ldap(Policy { limits, ..policy() });
    let account = SimpleBind {
        name: "cn=x".to_owned(),
        credential: "x".to_owned(),
    };
    let simple = Authentication::Simple(account);
    for (security, stage, code) in [
        (Security::Plain, "bind", "timeout"),
        (Security::StartTls, "tls", "timeout"),
        (Security::Ldaps, "tls", "tls-handshake"),
    ] {
        let connection = Connection {
            security,
            authentication: simple.clone(),
            ..fake::connection(address)
        };
        let failure = ldap.open(&fake::tenant(), connection).await.err().unwrap();
        assert_eq!(
            (
                &*failure.problem.code,
                &*failure.stages.last().unwrap().name
            ),
            (code, stage)
        );
    }
}

#[tokio::test]
async fn paging_in_circles_ends_the_search() {
    let repeated = |mut peer: Peer<TcpStream>| async move {
        while let Some(asked) = peer.search().await {
            peer.send(&people(asked.id, 0, 10)).await;
            peer.send(&done(asked.id, 0, Some(b"again"))).await;
        }
    };
    let (_, end) = fake::read(serve(repeated).await, policy()).await;
    assert_eq!(end.problem.unwrap().code, "protocol-violation");

    let empty = |mut peer: Peer<TcpStream>| async move {
        while let Some(asked) = peer.search().await {
            peer.send(&done(asked.id, 0, Some(&asked.id.to_be_bytes())))
                .await;
        }
    };
    let (_, end) = fake::read(serve(empty).await, policy()).await;
    assert_eq!((end.pages, end.exhausted), (101, false));
    assert_eq!(end.problem.unwrap().code, "protocol-violation");

    let forgets = |mut peer: Peer<TcpStream>| async move {
        while let Some(asked) = peer.search().await {
            let cookie: Option<&[u8]> = if fake::page_of(&asked) == 0 {
                Some(b"\x01")
            } else {
                None
            };
            peer.send(&people(asked.id, 0, 10)).await;
            peer.send(&done(asked.id, 0, cookie)).await;
        }
    };
    let (_, end) = fake::read(serve(forgets).await, policy()).await;
    assert!(!end.exhausted);
    assert_eq!(end.problem.unwrap().code, "protocol-violation");
}

#[tokio::test]
async fn one_cookie_for_all_pages_is_fine_while_pages_go_on() {
    let address = serve(|mut peer| async move {
        let mut page = 0;
        while let Some(asked) = peer.search().await {
            peer.send(&people(asked.id, page * 10, page * 10 + 10))
                .await;
            page += 1;
            peer.send(&done(asked.id, 0, Some(if page == 6 { b"" } else { b"0" })))
                .await;
        }
    })
    .await;
    let (_, end) = fake::read(address, policy()).await;
    assert_eq!((end.entries, end.exhausted), (60, true));
}

#[tokio::test]
async fn a_broken_connection_refuses_further_searches() {
    let address = serve(|peer| cut(peer, 0, 0)).await;
    let mut session = fake::open(address, policy()).await;
    let (_, end) = drain(session.search(request(&["cn"])).await.unwrap()).await;
    assert_eq!(end.problem.unwrap().code, "connection-lost");
    let again = session.search(request(&["cn"])).await.err().unwrap();
    assert_eq!(again.code, "connection-lost");
}

#[tokio::test]
async fn a_reader_that_stops_makes_the_server_wait() {
    // Unpaged and endless: only back-pressure keeps memory bounded.
    let (sent, mut count) = tokio::sync::watch::channel(0_u32);
    let address = serve(move |mut peer| {
        let sent = sent.clone();
        async move {
            let Some(asked) = peer.search().await else {
                return;
            };
            peer.send(&done(asked.id, 12, None)).await;
            let Some(asked) = peer.search().await else {
                return;
            };
            let filler = "x".repeat(100_000);
            for number in 0.. {
                let bytes = entry(asked.id, &format!("uid={number}"), &[("cn", &[&filler])]);
                let blocked = Duration::from_millis(300);
                if tokio::time::timeout(blocked, peer.send(&bytes))
                    .await
                    .is_err()
                {
                    break;
                }
                sent.send_replace(number);
            }
            sent.send_replace(u32::MAX);
            std::future::pending::<()>().await;
        }
    })
    .await;
    let limits = Limits {
        page_bytes: 1 << 20,
        ..Limits::default()
    };
    let mut session = fake::open(address, Policy { limits, ..policy() }).await;
    let mut cursor = session.search(request(&["cn"])).await.unwrap();
    assert!(matches!(cursor.next().await, Turn::Entries(_)));
    // The server gets stuck although nobody ever stopped it.
    count.wait_for(|count| *count == u32::MAX).await.unwrap();
}

#[tokio::test]
async fn texts_that_are_not_utf8_do_no_harm() {
    let (_, end) = third_answer(|asked| {
        let content = [
            fake::element(0x0a, &[4]),
            fake::element(4, b"dc=\xff"),
            fake::element(4, b"n\xe4h"),
        ];
        fake::message(asked.id, 0x65, &content.concat(), &[])
    })
    .await;
    assert_eq!(
        (&*end.message, &*end.matched_dn, end.result_code),
        ("n?h", "dc=?", 4)
    );
}

/// Reads somebody whose values come in so many ranges of one empty value, and so many nobodies behind that
/// person, where 64 KiB may be held.
async fn read_held(ranges: u32, nobodies: usize) -> Completion {
    let address = serve(move |mut peer| async move {
        while let Some(asked) = peer.search().await {
            let wanted = String::from_utf8_lossy(&asked.content).into_owned();
            let from = wanted
                .split_once("cn;range=")
                .and_then(|(_, range)| range.split_once("-*"))
                .map_or(0, |(from, _)| from.parse::<u32>().unwrap());
            let range = if from == ranges {
                format!("cn;range={from}-*")
            } else {
                format!("cn;range={from}-{from}")
            };
            let mut bytes = entry(asked.id, "uid=a", &[(&*range, &[""])]);
            if from == 0 {
                bytes.extend(entry(asked.id, "", &[("cn", &[""])]).repeat(nobodies));
            }
            bytes.extend(done(asked.id, 0, asked.cookie.is_some().then_some(b"")));
            peer.send(&bytes).await;
        }
    })
    .await;
    let limits = Limits {
        held_bytes: 64 << 10,
        ..Limits::default()
    };
    fake::read(address, Policy { limits, ..policy() }).await.1
}

#[tokio::test]
async fn entries_and_ranges_that_are_few_are_held() {
    let end = read_held(20, 200).await;
    assert_eq!((end.exhausted, end.problem), (true, None));
    assert_eq!(end.entries, 201);
}

#[tokio::test]
async fn neither_endless_entries_nor_endless_ranges_fill_the_memory_by_being_empty() {
    for (ranges, nobodies) in [(1, 10_000), (2_000, 1)] {
        let end = read_held(ranges, nobodies).await;
        assert!(!end.exhausted, "{ranges} {nobodies}");
        assert_eq!(end.problem.unwrap().code, "memory-limit");
    }
}
