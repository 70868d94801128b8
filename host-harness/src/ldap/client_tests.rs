//! Client certificates: shown, asked for or not, accepted or refused; and the EXTERNAL bind behind them.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio_rustls::TlsAcceptor;

use super::fake::{self, Peer, connection, serve};
use super::frame;
use super::policy::Policy;
use crate::contract::ldap::{
    Authentication, ClientCertificate, Connection, OpenFailure, Security, SimpleBind,
};
use crate::ports::{Directory, OpenSession};

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Issuer {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn client(issuer: &Issuer) -> ClientCertificate {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "sync");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate().unwrap();
    ClientCertificate {
        certificates: params.signed_by(&key, issuer).unwrap().pem(),
        key: key.serialize_pem(),
    }
}

/// Whether a server asks for a client certificate.
#[derive(Clone, Copy, PartialEq)]
enum Asks {
    Never,
    Politely,
    Insistently,
}

/// A server that lets in whom SASL EXTERNAL names, if there was a certificate, and nobody else.
async fn server(
    issuer: &Issuer,
    asks: Asks,
    version: &'static SupportedProtocolVersion,
) -> SocketAddr {
    let mut roots = RootCertStore::empty();
    roots.add(issuer.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    let verifier = match asks {
        Asks::Never => WebPkiClientVerifier::no_client_auth(),
        Asks::Politely => verifier.allow_unauthenticated().build().unwrap(),
        Asks::Insistently => verifier.build().unwrap(),
    };
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()])
        .unwrap()
        .signed_by(&key, issuer)
        .unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    serve(move |peer| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(stream) = acceptor.accept(peer.stream).await else {
                return;
            };
            let known = stream.get_ref().1.peer_certificates().is_some();
            let mut peer = Peer::new(stream);
            while let Some(asked) = peer.next().await {
                if asked.operation == frame::BIND_REQUEST {
                    let external = asked.content.windows(8).any(|part| part == b"EXTERNAL");
                    let code = if external && known { 0 } else { 49 };
                    let result = fake::result(code, "");
                    peer.send(&fake::message(asked.id, frame::BIND_RESPONSE, &result, &[]))
                        .await;
                }
            }
        }
    })
    .await
}

async fn open(
    address: SocketAddr,
    issuer: &Issuer,
    certificate: Option<ClientCertificate>,
    authentication: Authentication,
) -> Result<OpenSession, OpenFailure> {
    let connection = Connection {
        security: Security::Ldaps,
        certificate_authority: Some(issuer.pem()),
        client_certificate: certificate,
        authentication,
        ..connection(address)
    };
    fake::ldap(Policy::allowing_loopback())
        .open(&fake::tenant(), connection)
        .await
}

fn refusal(result: Result<OpenSession, OpenFailure>) -> (String, String) {
    let failure = result.err().unwrap();
    (
        failure.problem.code,
        failure.stages.last().unwrap().name.clone(),
    )
}

fn told(code: &str, stage: &str) -> (String, String) {
    (code.to_owned(), stage.to_owned())
}

#[tokio::test]
async fn a_client_certificate_is_shown_and_external_binds_by_it() {
    let issuer = authority("Example CA");
    for version in [&TLS12, &TLS13] {
        for asks in [Asks::Politely, Asks::Insistently] {
            let address = server(&issuer, asks, version).await;
            let opened = open(
                address,
                &issuer,
                Some(client(&issuer)),
                Authentication::External,
            );
            let session = opened.await.map_err(|failure| failure.problem).unwrap();
            let stages = session.stages();
            let facts = |name: &str| {
                let stage = stages.iter().find(|stage| stage.name == name).unwrap();
                stage.evidence.join("; ")
            };
            assert!(facts("tls").contains("asked for by the server"));
            assert!(facts("bind").contains("CN=sync"), "{}", facts("bind"));
        }
    }
}

#[tokio::test]
async fn a_strangers_certificate_is_refused_and_told_in_every_version_of_tls() {
    let issuer = authority("Example CA");
    let stranger = client(&authority("Somebody else"));
    for version in [&TLS12, &TLS13] {
        let address = server(&issuer, Asks::Politely, version).await;
        let opened = open(
            address,
            &issuer,
            Some(stranger.clone()),
            Authentication::External,
        );
        let (code, _) = refusal(opened.await);
        assert_eq!(code, "tls-client-certificate", "{version:?}");
    }
}

#[tokio::test]
async fn a_server_that_requires_a_certificate_says_so_to_whoever_has_none() {
    let issuer = authority("Example CA");
    let address = server(&issuer, Asks::Insistently, &TLS13).await;
    let account = SimpleBind {
        name: "cn=sync".to_owned(),
        credential: "x".to_owned(),
    };
    let failure = open(address, &issuer, None, Authentication::Simple(account))
        .await
        .err()
        .unwrap();
    assert_eq!(failure.problem.code, "tls-client-certificate");
    assert!(
        failure
            .problem
            .message
            .contains("requires a client certificate"),
        "{}",
        failure.problem.message
    );
}

#[tokio::test]
async fn a_server_that_asks_for_no_certificate_is_told_apart_from_one_that_refuses_it() {
    let issuer = authority("Example CA");
    let address = server(&issuer, Asks::Never, &TLS13).await;
    let opened = open(
        address,
        &issuer,
        Some(client(&issuer)),
        Authentication::External,
    );
    assert_eq!(
        refusal(opened.await),
        told("client-certificate-unasked", "bind")
    );
}

#[tokio::test]
async fn external_without_a_certificate_or_without_tls_is_never_sent() {
    let issuer = authority("Example CA");
    let address = server(&issuer, Asks::Politely, &TLS13).await;
    let opened = open(address, &issuer, None, Authentication::External);
    assert_eq!(
        refusal(opened.await),
        told("client-certificate-missing", "bind")
    );
    let plain = serve(|mut peer| async move {
        assert!(peer.next().await.is_none(), "something was sent");
    })
    .await;
    let connection = Connection {
        client_certificate: Some(client(&issuer)),
        authentication: Authentication::External,
        ..connection(plain)
    };
    let ldap = fake::ldap(Policy::allowing_loopback());
    let opened = ldap.open(&fake::tenant(), connection).await;
    assert_eq!(
        refusal(opened),
        told("client-certificate-unprotected", "bind")
    );
}

#[tokio::test]
async fn an_identity_that_does_not_fit_is_refused_before_the_handshake_and_on_no_other_server() {
    let issuer = authority("Example CA");
    let address = server(&issuer, Asks::Politely, &TLS13).await;
    let mixed = ClientCertificate {
        key: client(&issuer).key,
        ..client(&issuer)
    };
    let failure = open(address, &issuer, Some(mixed), Authentication::External)
        .await
        .err()
        .unwrap();
    assert_eq!(failure.problem.code, "key-mismatch");
    assert_eq!(failure.stages.last().unwrap().name, "tls");
}

#[tokio::test]
async fn a_private_key_is_never_sent_as_a_password() {
    let issuer = authority("Example CA");
    let address = server(&issuer, Asks::Politely, &TLS13).await;
    let account = SimpleBind {
        name: "cn=sync".to_owned(),
        credential: client(&issuer).key,
    };
    let opened = open(address, &issuer, None, Authentication::Simple(account));
    assert_eq!(refusal(opened.await), told("wrong-credential", "bind"));
}
