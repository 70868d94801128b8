//! The list of servers: which failure leads to the next one, and which never does.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::fake::{self, serve};
use super::frame;
use super::policy::Policy;
use crate::contract::ldap::{
    Authentication, Connection, Endpoint, OpenFailure, Security, SimpleBind,
};
use crate::contract::types::Verdict;
use crate::ports::{Directory, OpenSession};

/// A server that answers every bind so, and counts connections.
async fn answering(
    code: u8,
    text: &'static str,
    policy: &'static [u8],
) -> (SocketAddr, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let address = serve(move |mut peer| {
        counted.fetch_add(1, Ordering::SeqCst);
        async move {
            while let Some(asked) = peer.next().await {
                if asked.operation == frame::BIND_REQUEST {
                    let result = fake::result(code, text);
                    let answer = fake::message(asked.id, frame::BIND_RESPONSE, &result, policy);
                    peer.send(&answer).await;
                }
            }
        }
    })
    .await;
    (address, count)
}

/// An address at which nobody listens.
async fn nobody() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

async fn open(servers: &[SocketAddr], security: Security) -> Result<OpenSession, OpenFailure> {
    let account = SimpleBind {
        name: "cn=sync".to_owned(),
        credential: "x".to_owned(),
    };
    let connection = Connection {
        servers: servers
            .iter()
            .map(|address| fake::endpoint(*address))
            .collect(),
        security,
        authentication: Authentication::Simple(account),
        ..fake::connection(servers[0])
    };
    fake::ldap(Policy::allowing_loopback())
        .open(&fake::tenant(), connection)
        .await
}

fn port(endpoint: &Endpoint) -> u16 {
    endpoint.port
}

#[tokio::test]
async fn a_server_that_is_down_busy_or_unavailable_is_passed_over_with_a_warning() {
    let (good, _) = answering(0, "", &[]).await;
    let (busy, _) = answering(51, "", &[]).await;
    let (unavailable, _) = answering(52, "", &[]).await;
    let silent = serve(|peer| async move { drop(peer) }).await;
    for (first, stage) in [
        (nobody().await, "connect"),
        (busy, "bind"),
        (unavailable, "bind"),
        (silent, "bind"),
    ] {
        let opened = open(&[first, good], Security::Plain).await;
        let session = opened.map_err(|failure| failure.problem).unwrap();
        assert_eq!(port(&session.server().endpoint), good.port());
        let stages = session.stages();
        let warned: Vec<_> = stages
            .iter()
            .filter(|stage| stage.verdict == Verdict::Warned)
            .map(|stage| stage.name.as_str())
            .collect();
        assert_eq!(warned, [stage]);
        assert!(stages.iter().all(|stage| stage.verdict != Verdict::Failed));
    }
}

#[tokio::test]
async fn the_first_server_that_answers_is_used_and_the_next_is_not_asked() {
    let (first, _) = answering(0, "", &[]).await;
    let (second, asked) = answering(0, "", &[]).await;
    let opened = open(&[first, second], Security::Plain).await;
    let session = opened.map_err(|failure| failure.problem).unwrap();
    assert_eq!(port(&session.server().endpoint), first.port());
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn what_is_wrong_with_the_account_is_never_tried_on_another_server() {
    let (good, asked) = answering(0, "", &[]).await;
    let locked =
        "80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 775, v3839";
    for (code, text, expected) in [
        (49, "", "wrong-password"),
        (49, locked, "account-locked"),
        (
            53,
            "Account inactivated. Contact system administrator.",
            "account-disabled",
        ),
        (8, "", "stronger-auth-required"),
        (34, "", "bad-bind-name"),
    ] {
        let (first, _) = answering(code, text, &[]).await;
        let failure = open(&[first, good], Security::Plain).await.err().unwrap();
        assert_eq!(failure.problem.code, expected);
        assert_eq!(asked.load(Ordering::SeqCst), 0, "{expected}");
    }
}

#[tokio::test]
async fn where_no_server_is_left_the_one_that_came_furthest_is_told() {
    let (busy, _) = answering(51, "", &[]).await;
    let failure = open(&[busy, nobody().await], Security::Plain)
        .await
        .err()
        .unwrap();
    assert_eq!(failure.problem.code, "server-unavailable");
    let verdicts: Vec<_> = failure
        .stages
        .iter()
        .filter(|stage| stage.verdict != Verdict::Passed)
        .map(|stage| stage.verdict)
        .collect();
    assert_eq!(verdicts, [Verdict::Warned, Verdict::Failed]);
}

#[tokio::test]
async fn a_server_that_refuses_tls_leads_to_the_next_one_and_never_to_a_plain_bind() {
    let refusing = || async {
        serve(|mut peer| async move {
            while let Some(asked) = peer.next().await {
                assert_ne!(asked.operation, frame::BIND_REQUEST, "a plain bind");
                let no = fake::result(2, "unsupported extended operation");
                peer.send(&fake::message(asked.id, frame::EXTENDED_RESPONSE, &no, &[]))
                    .await;
            }
        })
        .await
    };
    let servers = [refusing().await, refusing().await];
    let failure = open(&servers, Security::StartTls).await.err().unwrap();
    assert_eq!(failure.problem.code, "starttls-refused");
    let tried: Vec<_> = failure
        .stages
        .iter()
        .filter(|stage| stage.name == "tls")
        .collect();
    assert_eq!(tried.len(), 2, "both servers are asked");
}

#[tokio::test]
async fn a_bind_that_allows_only_a_new_password_is_refused() {
    // The password policy's control with changeAfterReset, beside a success.
    const RESET: &[u8] =
        b"\xa0\x24\x30\x22\x04\x191.3.6.1.4.1.42.2.27.8.5.1\x04\x05\x30\x03\x81\x01\x02";
    let (server, _) = answering(0, "", RESET).await;
    let failure = open(&[server], Security::Plain).await.err().unwrap();
    assert_eq!(failure.problem.code, "password-must-change");
    const NOTHING: &[u8] = b"\xa0\x21\x30\x1f\x04\x191.3.6.1.4.1.42.2.27.8.5.1\x04\x02\x30\x00";
    let (server, _) = answering(0, "", NOTHING).await;
    assert!(open(&[server], Security::Plain).await.is_ok());
}

#[tokio::test]
async fn a_server_that_repeats_the_password_is_not_quoted() {
    let (server, _) = answering(49, "bad password: secret, try another", &[]).await;
    let failure = open(&[server], Security::Plain).await.err().unwrap();
    assert_eq!(failure.problem.code, "wrong-password");
    assert!(!format!("{failure:?}").contains(fake::PASSWORD));
}
