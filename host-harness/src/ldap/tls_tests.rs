//! Handshakes with certificates that are right, and wrong in each way.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::fake::{self, Peer, connection, serve};
use super::frame;
use super::policy::Policy;
use crate::contract::ldap::{Connection, OpenFailure, Security};
use crate::ports::{Directory, OpenSession};

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn for_names(names: &[&str]) -> CertificateParams {
    CertificateParams::new(
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>(),
    )
    .unwrap()
}

/// A TLS server with this certificate; it asks for StartTLS first if told so.
async fn server(certificate: CertificateDer<'static>, key: &KeyPair, start: bool) -> SocketAddr {
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    serve(move |mut peer| {
        let acceptor = acceptor.clone();
        async move {
            if start {
                let Some(asked) = peer.next().await else {
                    return;
                };
                let yes = fake::message(
                    asked.id,
                    frame::EXTENDED_RESPONSE,
                    &fake::result(0, ""),
                    &[],
                );
                peer.send(&yes).await;
            }
            let Ok(stream) = acceptor.accept(peer.stream).await else {
                return;
            };
            let mut peer = Peer::new(stream);
            while let Some(asked) = peer.search().await {
                peer.send(&fake::people(asked.id, 0, 3)).await;
                peer.send(&fake::done(asked.id, 0, Some(b""))).await;
            }
        }
    })
    .await
}

async fn open(
    address: SocketAddr,
    security: Security,
    authority: Option<String>,
) -> Result<OpenSession, OpenFailure> {
    let connection = Connection {
        security,
        certificate_authority: authority,
        ..connection(address)
    };
    fake::ldap(Policy::allowing_loopback())
        .open(&fake::tenant(), connection)
        .await
}

/// Opens against a certificate made of these parameters, trusting its issuer.
async fn issued(params: CertificateParams) -> Result<OpenSession, OpenFailure> {
    let authority = authority("Example CA");
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    let address = server(certificate.der().clone(), &key, false).await;
    open(address, Security::Ldaps, Some(authority.pem())).await
}

fn tls_failure(result: Result<OpenSession, OpenFailure>) -> (String, String, Vec<String>) {
    let failure = result.err().unwrap();
    let stage = failure.stages.last().unwrap().clone();
    assert_eq!(stage.name, "tls");
    (
        failure.problem.code,
        failure.problem.message,
        stage.evidence,
    )
}

#[tokio::test]
async fn a_good_certificate_is_accepted_over_ldaps_and_starttls() {
    let authority = authority("Example CA");
    let key = KeyPair::generate().unwrap();
    let certificate = for_names(&["127.0.0.1"])
        .signed_by(&key, &authority)
        .unwrap();
    for (security, start) in [(Security::Ldaps, false), (Security::StartTls, true)] {
        let address = server(certificate.der().clone(), &key, start).await;
        let opened = open(address, security, Some(authority.pem())).await;
        let mut session = opened.map_err(|failure| failure.problem).unwrap();
        let stages = session.stages();
        let tls = stages.iter().find(|stage| stage.name == "tls").unwrap();
        assert!(
            tls.evidence
                .iter()
                .any(|fact| fact.starts_with("SHA-256 fingerprint: "))
        );
        let (_, end) = fake::drain(session.search(fake::request(&["cn"])).await.unwrap()).await;
        assert_eq!((end.entries, end.exhausted), (3, true));
    }
}

#[tokio::test]
async fn an_expired_certificate_is_named_with_its_date() {
    let mut params = for_names(&["127.0.0.1"]);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2021, 2, 3);
    let (code, message, evidence) = tls_failure(issued(params).await);
    assert_eq!(code, "tls-expired");
    assert!(message.contains("2021-02-03"), "{message}");
    assert!(
        evidence
            .iter()
            .any(|fact| fact.starts_with("issuer: ") && fact.contains("Example CA"))
    );
}

#[tokio::test]
async fn a_certificate_of_the_future_is_named_with_its_date() {
    let mut params = for_names(&["127.0.0.1"]);
    params.not_before = date_time_ymd(2090, 1, 1);
    params.not_after = date_time_ymd(2091, 1, 1);
    let (code, message, _) = tls_failure(issued(params).await);
    assert_eq!(code, "tls-not-yet-valid");
    assert!(message.contains("2090-01-01"), "{message}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_told_with_the_names_it_has() {
    let (code, message, _) =
        tls_failure(issued(for_names(&["ldap.example.org", "10.1.2.3"])).await);
    assert_eq!(code, "tls-name-mismatch");
    assert!(message.contains("ldap.example.org, 10.1.2.3"), "{message}");
    let (code, message, _) = tls_failure(issued(for_names(&[])).await);
    assert_eq!(code, "tls-name-mismatch");
    assert!(message.contains("common name does not count"), "{message}");
}

#[tokio::test]
async fn an_issuer_that_is_not_trusted_is_named() {
    let stranger = authority("Somebody Else");
    let key = KeyPair::generate().unwrap();
    let certificate = for_names(&["127.0.0.1"])
        .signed_by(&key, &stranger)
        .unwrap();
    let address = server(certificate.der().clone(), &key, false).await;
    for trusted in [Some(authority("Example CA").pem()), None] {
        let (code, message, _) = tls_failure(open(address, Security::Ldaps, trusted).await);
        assert_eq!(code, "tls-unknown-issuer");
        assert!(message.contains("Somebody Else"), "{message}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_its_own_authority_is_trusted_only_if_it_is_named() {
    let key = KeyPair::generate().unwrap();
    let mut params = for_names(&["127.0.0.1"]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let own = params.self_signed(&key).unwrap();
    let address = server(own.der().clone(), &key, false).await;
    assert!(
        open(address, Security::Ldaps, Some(own.pem()))
            .await
            .is_ok()
    );
    let other = open(
        address,
        Security::Ldaps,
        Some(authority("Example CA").pem()),
    )
    .await;
    assert_eq!(tls_failure(other).0, "tls-unknown-issuer");

    let mut elsewhere = for_names(&["ldap.example.org"]);
    elsewhere.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let elsewhere = elsewhere.self_signed(&key).unwrap();
    let address = server(elsewhere.der().clone(), &key, false).await;
    let wrong = open(address, Security::Ldaps, Some(elsewhere.pem())).await;
    assert_eq!(tls_failure(wrong).0, "tls-name-mismatch");
}

#[tokio::test]
async fn a_server_without_tls_and_an_unusable_authority_are_told() {
    let plain = serve(|mut peer| async move { peer.send(b"\x30\x0c not TLS").await }).await;
    let (code, ..) = tls_failure(open(plain, Security::Ldaps, None).await);
    assert_eq!(code, "tls-handshake");
    for text in [
        "nonsense",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let (code, ..) = tls_failure(open(plain, Security::Ldaps, Some(text.to_owned())).await);
        assert_eq!(code, "bad-certificate");
    }
    let refuses = serve(|mut peer| async move {
        while let Some(asked) = peer.next().await {
            let no = fake::message(
                asked.id,
                frame::EXTENDED_RESPONSE,
                &fake::result(2, "no"),
                &[],
            );
            peer.send(&no).await;
        }
    })
    .await;
    let (code, ..) = tls_failure(open(refuses, Security::StartTls, None).await);
    assert_eq!(code, "starttls-refused");
}
