//! The client's own certificate and key, for servers that ask who is there (RFC 8446 section 4.4.2).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::certificate::{Facts, date};
use crate::Problem;

/// A certificate with the key that belongs to it, valid now.
#[derive(Debug)]
pub(super) struct Identity {
    certified: Arc<CertifiedKey>,
    facts: Facts,
    asked: AtomicBool,
}

impl Identity {
    /// Reads certificates and key (PEM), and checks that they fit at a moment (Unix seconds).
    ///
    /// # Errors
    /// `bad-certificate`, `bad-key`, `key-encrypted`, `key-mismatch`, `client-certificate-expired`,
    /// `client-certificate-not-yet-valid`. No message holds anything of the key.
    pub(super) fn new(
        certificates: &str,
        key: &str,
        provider: &CryptoProvider,
        now: i64,
    ) -> Result<Self, Problem> {
        let chain = chain(certificates)?;
        let facts = chain
            .first()
            .and_then(|own| Facts::of(own))
            .ok_or_else(|| {
                bad_certificate("the client certificate is not an X.509 certificate".to_owned())
            })?;
        let key = read_key(key)?;
        let key = provider
            .key_provider
            .load_private_key(key)
            .map_err(|_| bad_key("the client key is of a kind that TLS does not use here"))?;
        let certified = CertifiedKey::new(chain, key);
        if certified.keys_match().is_err() {
            return Err(Problem::new(
                "key-mismatch",
                format!(
                    "the client key does not belong to the certificate {:?}",
                    facts.subject
                ),
                "Give the key that this certificate was made for; the client's own certificate must be the first one.",
            )
            .of_field("client-key"));
        }
        timely(&facts, now)?;
        Ok(Self {
            certified: Arc::new(certified),
            facts,
            asked: AtomicBool::new(false),
        })
    }

    /// Whether the server has asked for a certificate.
    pub(super) fn was_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// The certificate's subject.
    pub(super) fn subject(&self) -> &str {
        &self.facts.subject
    }

    /// What can be shown of it.
    pub(super) fn evidence(&self) -> String {
        format!(
            "client certificate {:?}, valid until {}, {}",
            self.facts.subject,
            date(self.facts.not_after),
            if self.was_asked() {
                "asked for by the server"
            } else {
                "not asked for by the server"
            }
        )
    }
}

impl ResolvesClientCert for Identity {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        Some(self.certified.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Whether a secret is a private key, which must not be sent to anybody.
pub(super) fn is_private_key(secret: &str) -> bool {
    secret.contains("-----BEGIN ") && secret.contains("PRIVATE KEY-----")
}

fn chain(text: &str) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(text.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| bad_certificate(format!("the client certificate is not PEM: {error}")))?;
    if chain.is_empty() {
        return Err(bad_certificate(
            "the client certificate holds no certificate".to_owned(),
        ));
    }
    Ok(chain)
}

fn read_key(text: &str) -> Result<PrivateKeyDer<'static>, Problem> {
    if text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----")
        || text.contains("Proc-Type: 4,ENCRYPTED")
    {
        return Err(Problem::new(
            "key-encrypted",
            "the client key is protected by a passphrase",
            "Give the key without one, for example by `openssl pkey -in key.pem -out plain.pem`; it is stored encrypted.",
        )
        .of_field("client-key"));
    }
    PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|error| match error {
        pem::Error::NoItemsFound => bad_key("the client key holds no private key in PEM form"),
        _ => bad_key("the client key is damaged: what stands between its markers is not one"),
    })
}

fn timely(facts: &Facts, now: i64) -> Result<(), Problem> {
    let (code, when, remedy) = if now > facts.not_after {
        (
            "client-certificate-expired",
            format!("expired on {}", date(facts.not_after)),
            "Issue a new client certificate and store it together with its key; if it is valid, check this machine's clock.",
        )
    } else if now < facts.not_before {
        (
            "client-certificate-not-yet-valid",
            format!("is not valid before {}", date(facts.not_before)),
            "Wait until then, or check the clocks of this machine and of the machine that issued the certificate.",
        )
    } else {
        return Ok(());
    };
    let message = format!("the client certificate {:?} {when}", facts.subject);
    Err(Problem::new(code, message, remedy).of_field("client-certificate"))
}

fn bad_certificate(message: String) -> Problem {
    Problem::new(
        "bad-certificate",
        message,
        "Paste the client's certificate in PEM form, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----.",
    )
    .of_field("client-certificate")
}

fn bad_key(message: &str) -> Problem {
    Problem::new(
        "bad-key",
        message,
        "Give an RSA, ECDSA (P-256 or P-384) or Ed25519 key in PEM form, from -----BEGIN PRIVATE KEY----- to -----END \
         PRIVATE KEY-----.",
    )
    .of_field("client-key")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    /// 2026-01-01.
    const NOW: i64 = 1_767_225_600;

    fn issued(years: (i32, i32)) -> (String, String) {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.not_before = date_time_ymd(years.0, 1, 1);
        params.not_after = date_time_ymd(years.1, 1, 1);
        let key = KeyPair::generate().unwrap();
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    fn refusal(certificate: &str, key: &str) -> Problem {
        let provider = rustls::crypto::ring::default_provider();
        Identity::new(certificate, key, &provider, NOW).unwrap_err()
    }

    #[test]
    fn a_certificate_with_its_key_is_accepted_alone_and_in_one_file() {
        let provider = rustls::crypto::ring::default_provider();
        let (certificate, key) = issued((2020, 2100));
        assert!(Identity::new(&certificate, &key, &provider, NOW).is_ok());
        let file = format!("{certificate}{key}");
        let identity = Identity::new(&certificate, &file, &provider, NOW).unwrap();
        assert!(!identity.was_asked());
        assert!(identity.evidence().contains("valid until 2100-01-01"));
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let problem = refusal(&issued((2020, 2100)).0, &issued((2020, 2100)).1);
        assert_eq!(
            (&*problem.code, problem.field.as_deref()),
            ("key-mismatch", Some("client-key"))
        );
    }

    #[test]
    fn a_certificate_out_of_its_time_is_refused_with_the_date() {
        let (certificate, key) = issued((2020, 2021));
        let problem = refusal(&certificate, &key);
        assert_eq!(problem.code, "client-certificate-expired");
        assert!(problem.message.contains("2021-01-01"));
        let (certificate, key) = issued((2090, 2100));
        let problem = refusal(&certificate, &key);
        assert_eq!(problem.code, "client-certificate-not-yet-valid");
        assert!(problem.message.contains("2090-01-01"));
    }

    #[test]
    fn what_is_no_key_is_refused_and_nothing_of_it_told() {
        let (certificate, key) = issued((2020, 2100));
        let body = key.lines().nth(1).unwrap();
        let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        let legacy = key.replace("-----\n", "-----\nProc-Type: 4,ENCRYPTED\n");
        let cut: String = key.lines().take(2).collect::<Vec<_>>().join("\n");
        let odd = key.replace(&body[..8], "AAAAAAAA");
        for (text, code) in [
            (body, "bad-key"),
            (&certificate, "bad-key"),
            (&cut, "bad-key"),
            (&odd, "bad-key"),
            (&encrypted, "key-encrypted"),
            (&legacy, "key-encrypted"),
        ] {
            let problem = refusal(&certificate, text);
            assert_eq!(problem.code, code, "{text}");
            assert!(!format!("{problem:?}").contains(&body[8..24]));
        }
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let (certificate, key) = issued((2020, 2100));
        for text in [
            "",
            &certificate[..40],
            &key,
            "-----BEGIN CERTIFICATE-----\nMAMBAf8=\n-----END CERTIFICATE-----\n",
        ] {
            let problem = refusal(text, &key);
            assert_eq!(
                (&*problem.code, problem.field.as_deref()),
                ("bad-certificate", Some("client-certificate"))
            );
        }
    }

    #[test]
    fn a_private_key_is_known_as_one_and_a_password_is_not() {
        assert!(is_private_key(&issued((2020, 2100)).1));
        assert!(is_private_key("-----BEGIN RSA PRIVATE KEY-----"));
        assert!(!is_private_key("-----BEGIN a password"));
    }
}
