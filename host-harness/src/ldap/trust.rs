//! Which certificates are trusted: the tenant's own authority, or the machine's set; and what was presented.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};

use super::certificate::Facts;
use super::identity::Identity;
use crate::Problem;

/// The certificates that the server showed, its own first.
pub(super) type Presented = Arc<Mutex<Vec<CertificateDer<'static>>>>;

/// Makes a TLS configuration that trusts the PEM certificates, or else the machine's set, notes what
/// the server presents, and shows the client's identity, if there is one, to a server that asks for it.
///
/// # Errors
/// `bad-certificate` where the text holds no usable certificate; `no-trusted-certificates` where the machine has none.
pub(super) fn configuration(
    authority: Option<&str>,
    identity: Option<Arc<Identity>>,
) -> Result<(Arc<ClientConfig>, Presented), Problem> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let (roots, pinned) = match authority.filter(|text| !text.trim().is_empty()) {
        Some(text) => own(text)?,
        None => (machine(), Vec::new()),
    };
    let inner = WebPkiServerVerifier::builder_with_provider(roots, provider.clone())
        .build()
        .map_err(|_| {
            Problem::new(
                "no-trusted-certificates",
                "this machine trusts no certificate authority",
                "Give the certificate authority of the directory server in the settings.",
            )
        })?;
    let presented = Presented::default();
    let verifier = Verifier {
        inner,
        pinned,
        presented: presented.clone(),
    };
    let config = with_provider(provider, verifier, identity)?;
    Ok((Arc::new(config), presented))
}

fn with_provider(
    provider: Arc<CryptoProvider>,
    verifier: Verifier,
    identity: Option<Arc<Identity>>,
) -> Result<ClientConfig, Problem> {
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| {
            Problem::new(
                "tls-handshake",
                format!("TLS is not available: {error}"),
                "Report this.",
            )
        })?;
    let builder = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    Ok(match identity {
        Some(identity) => builder.with_client_cert_resolver(identity),
        None => builder.with_no_client_auth(),
    })
}

/// The tenant's certificates, as roots and as they are.
fn own(text: &str) -> Result<(Arc<RootCertStore>, Vec<CertificateDer<'static>>), Problem> {
    let bad = |message: String| {
        Problem::new(
            "bad-certificate",
            message,
            "Paste the certificate of the authority that signed the directory server's certificate, in PEM form, from \
             -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----.",
        )
        .of_field("certificate-authority")
    };
    let mut roots = RootCertStore::empty();
    let mut pinned = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
        let certificate = certificate
            .map_err(|error| bad(format!("the certificate authority is not PEM: {error}")))?;
        roots.add(certificate.clone()).map_err(|error| {
            bad(format!(
                "certificate {} of the authority is not usable: {error}",
                pinned.len() + 1
            ))
        })?;
        pinned.push(certificate);
    }
    if pinned.is_empty() {
        return Err(bad(
            "the certificate authority holds no certificate".to_owned()
        ));
    }
    Ok((Arc::new(roots), pinned))
}

/// The machine's set, read once; the set of Mozilla where the machine has none.
fn machine() -> Arc<RootCertStore> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    ROOTS
        .get_or_init(|| {
            let mut roots = RootCertStore::empty();
            let found = rustls_native_certs::load_native_certs();
            for error in &found.errors {
                tracing::warn!(%error, "a certificate of this machine cannot be read");
            }
            roots.add_parsable_certificates(found.certs);
            if roots.is_empty() {
                tracing::warn!("this machine has no certificate authorities; using Mozilla's");
                roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
            }
            Arc::new(roots)
        })
        .clone()
}

/// Verifies as usual; besides, a certificate that the tenant named itself is trusted even if it is its own
/// authority, as small directories often have it.
#[derive(Debug)]
struct Verifier {
    inner: Arc<WebPkiServerVerifier>,
    pinned: Vec<CertificateDer<'static>>,
    presented: Presented,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        further: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        stapled: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let all = std::iter::once(own)
            .chain(further)
            .map(|one| one.clone().into_owned());
        *self
            .presented
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = all.collect();
        match self
            .inner
            .verify_server_cert(own, further, name, stapled, now)
        {
            Err(_) if self.pinned.contains(own) => pinned(own, name, now),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Issuer settled, dates and name still have to fit.
fn pinned(
    certificate: &CertificateDer<'_>,
    name: &ServerName<'_>,
    now: UnixTime,
) -> Result<ServerCertVerified, rustls::Error> {
    let facts = Facts::of(certificate).ok_or(CertificateError::BadEncoding)?;
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    if now < facts.not_before {
        return Err(CertificateError::NotValidYet.into());
    }
    if now > facts.not_after {
        return Err(CertificateError::Expired.into());
    }
    rustls::client::verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
    Ok(ServerCertVerified::assertion())
}
