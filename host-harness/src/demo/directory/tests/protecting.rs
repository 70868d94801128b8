//! StartTLS, LDAPS, and certificates that must not be trusted.

use std::net::TcpStream;

use super::super::{Certificate, Deed, DemoDirectory, Fault, Options, Tls, When};
use super::client::{Client, ask, secure, start};

const START_TLS: &str = "1.3.6.1.4.1.1466.20037";

fn handshake(directory: &DemoDirectory) -> std::io::Result<Client> {
    let tcp = TcpStream::connect(("127.0.0.1", directory.ldaps_port())).unwrap();
    secure(tcp, &directory.ca_pem()).map(Client::new)
}

#[test]
fn ldaps_serves_whoever_trusts_the_authority() {
    let directory = start(5);
    let mut client = handshake(&directory).unwrap();
    assert_eq!(
        client.bind(&directory.bind_name(), &directory.password()),
        0
    );
    assert_eq!(
        client
            .search(ask("(objectClass=inetOrgPerson)"))
            .entries
            .len(),
        5
    );
}

#[test]
fn bad_certificates_are_bad_in_the_way_they_should_be() {
    let directory = start(1);
    for (certificate, reason) in [
        (Certificate::Expired, "Expired"),
        (Certificate::NotYetValid, "NotValidYet"),
        (Certificate::WrongName, "NotValidForName"),
        (Certificate::UnknownIssuer, "BadSignature"),
    ] {
        directory.set_certificate(certificate).unwrap();
        let error = format!("{:?}", handshake(&directory).unwrap_err());
        let issuer = certificate == Certificate::UnknownIssuer && error.contains("UnknownIssuer");
        assert!(error.contains(reason) || issuer, "{certificate:?}: {error}");
    }
    directory.set_certificate(Certificate::Good).unwrap();
    assert!(handshake(&directory).is_ok());
}

#[test]
fn start_tls_protects_a_plain_connection() {
    let directory = DemoDirectory::start(Options {
        people: 1,
        require_tls: true,
        ..Options::default()
    })
    .unwrap();
    let tcp = TcpStream::connect(("127.0.0.1", directory.port())).unwrap();
    let mut plain = Client::new(tcp.try_clone().unwrap());
    assert_eq!(
        plain.bind(&directory.bind_name(), &directory.password()),
        13
    );
    assert_eq!(plain.extended(START_TLS).res.code as i64, 0);
    let mut client = Client::new(secure(tcp, &directory.ca_pem()).unwrap());
    assert_eq!(
        client.bind(&directory.bind_name(), &directory.password()),
        0
    );
    assert_eq!(client.extended(START_TLS).res.code as i64, 1);
}

#[test]
fn start_tls_can_be_missing_or_refused() {
    let tls = Tls {
        start_tls: false,
        ldaps: false,
        ..Tls::default()
    };
    let directory = DemoDirectory::start(Options {
        people: 1,
        tls,
        ..Options::default()
    })
    .unwrap();
    assert_eq!(directory.ldaps_port(), 0);
    assert_eq!(
        Client::connect(&directory).extended(START_TLS).res.code as i64,
        2
    );

    let directory = start(1);
    directory.set_faults(vec![Fault::once(
        When::StartTls,
        Deed::Result { code: 52, after: 0 },
    )]);
    assert_eq!(
        Client::connect(&directory).extended(START_TLS).res.code as i64,
        52
    );
}
