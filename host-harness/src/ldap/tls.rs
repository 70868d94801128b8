//! The TLS handshake, and which check failed when it does.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError};

use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig, Error as TlsError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::certificate::{Facts, date};
use super::error::Fault;
use super::policy::Limits;
use super::trust::Presented;
use crate::Problem;

/// A failed handshake: what was seen, and what was wrong.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) evidence: Vec<String>,
    pub(super) problem: Problem,
}

/// Secures a connection to `host`.
///
/// # Errors
/// `tls-expired`, `tls-not-yet-valid`, `tls-unknown-issuer`, `tls-name-mismatch`, `tls-client-certificate`,
/// `tls-handshake`.
pub(super) async fn secure<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    host: &str,
    config: Arc<ClientConfig>,
    presented: &Presented,
    limits: &Limits,
) -> Result<(TlsStream<S>, Vec<String>), Box<Refused>> {
    let bare = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .trim_end_matches('.');
    let name = match bare.parse::<IpAddr>() {
        Ok(address) => ServerName::IpAddress(address.into()),
        Err(_) => ServerName::try_from(bare.to_owned()).map_err(|_| {
            refused(
                handshake(format!(
                    "{host:?} is not a name that a certificate could have"
                )),
                &[],
            )
        })?,
    };
    let connecting = TlsConnector::from(config).connect(name, stream);
    match tokio::time::timeout(limits.tls, connecting).await {
        Ok(Ok(stream)) => {
            let mut evidence = Vec::new();
            let session = stream.get_ref().1;
            if let (Some(version), Some(suite)) = (
                session.protocol_version(),
                session.negotiated_cipher_suite(),
            ) {
                evidence.push(format!("{version:?}, {:?}", suite.suite()));
            }
            evidence.extend(
                chain(presented)
                    .first()
                    .map(Facts::evidence)
                    .unwrap_or_default(),
            );
            Ok((stream, evidence))
        }
        Ok(Err(error)) => {
            let chain = chain(presented);
            let cause = error
                .get_ref()
                .and_then(|inner| inner.downcast_ref::<TlsError>());
            let problem = match cause {
                Some(TlsError::InvalidCertificate(cause)) => certificate(cause, bare, &chain),
                Some(cause) if let Some(fault) = Fault::of_alert(cause) => fault.problem(bare),
                Some(cause) => handshake(format!("the TLS handshake failed: {cause}")),
                None => handshake(format!("the server ended the TLS handshake: {error}")),
            };
            Err(refused(problem, &chain))
        }
        Err(_) => {
            let waited = limits.tls.as_secs_f32();
            Err(refused(
                handshake(format!("no TLS handshake within {waited} s")),
                &[],
            ))
        }
    }
}

fn refused(problem: Problem, chain: &[Facts]) -> Box<Refused> {
    let evidence = chain.first().map(Facts::evidence).unwrap_or_default();
    Box::new(Refused { evidence, problem })
}

fn chain(presented: &Presented) -> Vec<Facts> {
    let presented = presented.lock().unwrap_or_else(PoisonError::into_inner);
    presented.iter().filter_map(|der| Facts::of(der)).collect()
}

fn handshake(message: String) -> Problem {
    Problem::new(
        "tls-handshake",
        message,
        "Check that the port speaks TLS from the first byte for LDAPS (usually 636; 389 wants StartTLS), and that the \
         server supports TLS 1.2 or 1.3.",
    )
}

fn certificate(cause: &CertificateError, host: &str, chain: &[Facts]) -> Problem {
    let own = chain.first();
    let subject = own.map_or("the server's certificate", |own| own.subject.as_str());
    let now = chrono::Utc::now().timestamp();
    match cause {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            let what = chain.iter().find(|one| one.not_after < now).map_or_else(
                || format!("a certificate that vouches for {subject:?} has expired"),
                |one| {
                    format!(
                        "the certificate {:?} expired on {}",
                        one.subject,
                        date(one.not_after)
                    )
                },
            );
            Problem::new(
                "tls-expired",
                what,
                "Renew the directory server's certificate; if it is valid, check this machine's clock.",
            )
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            let what = chain.iter().find(|one| one.not_before > now).map_or_else(
                || format!("a certificate that vouches for {subject:?} is not valid yet"),
                |one| {
                    let from = date(one.not_before);
                    format!(
                        "the certificate {:?} is not valid before {from}",
                        one.subject
                    )
                },
            );
            Problem::new(
                "tls-not-yet-valid",
                what,
                "Check the clocks of this machine and of the machine that issued the certificate.",
            )
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            let names = own.map_or_else(|| "unknown".to_owned(), Facts::names_shown);
            Problem::new(
                "tls-name-mismatch",
                format!("the certificate is not for {host:?}; the names it has: {names}"),
                "Set the host to a name that the certificate has, or issue a certificate with this name among its \
                 subject alternative names.",
            )
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => unknown_issuer(own),
        // A certificate authority's own certificate, used by a server, that nobody named.
        CertificateError::Other(_) if own.is_some_and(Facts::self_issued) => unknown_issuer(own),
        other => Problem::new(
            "tls-handshake",
            format!("the certificate {subject:?} is not acceptable: {other}"),
            "Issue a server certificate (X.509 version 3, for server authentication) for the directory server.",
        ),
    }
}

fn unknown_issuer(own: Option<&Facts>) -> Problem {
    let message = match own {
        Some(own) if own.self_issued() => {
            format!(
                "the certificate {:?} is signed by itself, and is not trusted",
                own.subject
            )
        }
        Some(own) => format!(
            "the certificate {:?} was issued by {:?}, which is not trusted",
            own.subject, own.issuer
        ),
        None => "the certificate's issuer is not trusted".to_owned(),
    };
    Problem::new(
        "tls-unknown-issuer",
        message,
        "Compare the fingerprint with the directory's administrator, then paste the issuer's certificate (PEM) as the \
         certificate authority; the server must send intermediate certificates itself.",
    )
    .of_field("certificate-authority")
}
