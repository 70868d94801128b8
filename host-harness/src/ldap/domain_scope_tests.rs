//! Searches that stay in the domain of their base.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::net::SocketAddr;

use super::domain_scope::OID;
use super::fake::{self, done, drain, people, request, serve};
use super::frame;
use super::policy::Policy;
use crate::contract::ldap::{Scope, SearchRequest};

/// Offers these controls, and answers every other search with a reference unless it is told to stay in the domain, or
/// is `deaf` to that.
async fn domain(offered: &'static [&'static str], deaf: bool) -> SocketAddr {
    serve(move |mut peer| async move {
        let root = peer.search().await.unwrap();
        assert_eq!(root.controls, [""; 0]);
        let controls = [("supportedControl", offered)];
        peer.send(&fake::entry(root.id, "", &controls)).await;
        peer.send(&done(root.id, 0, None)).await;
        while let Some(asked) = peer.search().await {
            let stays = asked.controls.iter().any(|control| control == OID);
            assert_eq!(stays, offered.contains(&OID));
            if deaf || !stays {
                let url = fake::element(4, b"ldap://example.org/DC=DomainDnsZones");
                let reference = fake::message(asked.id, frame::SEARCH_REFERENCE, &url, &[]);
                peer.send(&reference).await;
            }
            peer.send(&people(asked.id, 0, 3)).await;
            peer.send(&done(asked.id, 0, Some(b""))).await;
        }
    })
    .await
}

/// Reads the root DSE, then everybody; says how many references came.
async fn references(address: SocketAddr) -> u32 {
    let mut session = fake::open(address, Policy::allowing_loopback()).await;
    let root = SearchRequest {
        base: String::new(),
        scope: Scope::Base,
        ..request(&["objectClass", "supportedControl"])
    };
    drain(session.search(root).await.unwrap()).await;
    let (_, end) = drain(session.search(request(&["cn"])).await.unwrap()).await;
    assert!(end.exhausted && end.entries == 3);
    end.referrals
}

#[tokio::test]
async fn where_the_server_offers_it_a_search_stays_in_its_domain() {
    let address = domain(&["1.2.840.113556.1.4.319", OID], false).await;
    assert_eq!(references(address).await, 0);
}

#[tokio::test]
async fn where_the_server_does_not_offer_it_nothing_is_asked() {
    let address = domain(&["1.2.840.113556.1.4.319"], false).await;
    assert_eq!(references(address).await, 1);
}

#[tokio::test]
async fn a_reference_that_comes_all_the_same_is_counted() {
    let address = domain(&[OID], true).await;
    assert_eq!(references(address).await, 1);
}
