//! Certificates, good and bad, of an authority made for one directory.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// Names and addresses that a good certificate is for.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Which ways to TLS there are, and what the server shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tls {
    /// StartTLS on the plain port.
    pub start_tls: bool,
    /// A port of its own for LDAPS.
    pub ldaps: bool,
    /// The server's certificate.
    pub certificate: Certificate,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            start_tls: true,
            ldaps: true,
            certificate: Certificate::Good,
        }
    }
}

/// A server certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certificate {
    /// For `localhost`, `127.0.0.1` and `::1`, by the authority that is told.
    Good,
    /// Expired in 2021.
    Expired,
    /// Begins in 2090.
    NotYetValid,
    /// For `other.invalid`.
    WrongName,
    /// By an authority that nobody knows.
    UnknownIssuer,
}

/// A certificate and its key, both as PEM.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The certificate.
    pub certificate: String,
    /// The private key (PKCS #8).
    pub key: String,
}

impl Identity {
    fn new((certificate, key): (rcgen::Certificate, KeyPair)) -> Self {
        Self {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }
}

/// A certificate authority.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority")
    }
}

impl Authority {
    /// A new authority with a new key.
    ///
    /// # Errors
    /// What making a key or a certificate says.
    pub fn new(name: &str) -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2120, 1, 1);
        CertifiedIssuer::self_signed(params, KeyPair::generate()?).map(Self)
    }

    /// The authority's certificate, as clients need it.
    #[must_use]
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A server certificate. [`Certificate::UnknownIssuer`] comes from another authority of the same name.
    ///
    /// # Errors
    /// What making a key or a certificate says.
    pub fn issue(&self, certificate: Certificate) -> Result<Identity, rcgen::Error> {
        self.issue_der(certificate, &[]).map(Identity::new)
    }

    /// A good server certificate for some more names or addresses.
    ///
    /// # Errors
    /// What making a key or a certificate says.
    pub fn issue_for(&self, more: &[String]) -> Result<Identity, rcgen::Error> {
        self.issue_der(Certificate::Good, more).map(Identity::new)
    }

    /// A client certificate for `CN=name,OU=Machines`, valid from the first year's beginning to the second's.
    ///
    /// # Errors
    /// What making a key or a certificate says.
    pub fn issue_client(&self, name: &str, years: (i32, i32)) -> Result<Identity, rcgen::Error> {
        let mut params = CertificateParams::default();
        let mut subject = DistinguishedName::new();
        subject.push(DnType::OrganizationalUnitName, "Machines");
        subject.push(DnType::CommonName, name);
        params.distinguished_name = subject;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        params.not_before = date_time_ymd(years.0, 1, 1);
        params.not_after = date_time_ymd(years.1, 1, 1);
        let key = KeyPair::generate()?;
        Ok(Identity {
            certificate: params.signed_by(&key, &self.0)?.pem(),
            key: key.serialize_pem(),
        })
    }

    fn issue_der(
        &self,
        certificate: Certificate,
        more: &[String],
    ) -> Result<(rcgen::Certificate, KeyPair), rcgen::Error> {
        let mut names: Vec<String> = match certificate {
            Certificate::WrongName => vec!["other.invalid".to_owned()],
            _ => NAMES.map(str::to_owned).to_vec(),
        };
        names.extend_from_slice(more);
        let mut params = CertificateParams::new(names)?;
        params
            .distinguished_name
            .push(DnType::CommonName, "Rollcall demo directory");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let (from, to) = match certificate {
            Certificate::Expired => (2020, 2021),
            Certificate::NotYetValid => (2090, 2100),
            _ => (2020, 2100),
        };
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(to, 1, 1);
        let key = KeyPair::generate()?;
        let signed = if certificate == Certificate::UnknownIssuer {
            params.signed_by(&key, &Self::new("Nobody's authority")?.0)
        } else {
            params.signed_by(&key, &self.0)
        }?;
        Ok((signed, key))
    }

    /// What a TLS server needs to show such a certificate.
    pub(super) fn server_config(
        &self,
        certificate: Certificate,
    ) -> Result<Arc<ServerConfig>, TlsError> {
        let (certificate, key) = self.issue_der(certificate, &[])?;
        let chain: Vec<CertificateDer<'static>> = vec![certificate.der().clone()];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        Ok(Arc::new(config))
    }
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// No key or certificate could be made.
    #[error("could not make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The TLS library refused it.
    #[error("could not set up TLS: {0}")]
    Setup(#[from] rustls::Error),
}
