//! Certificates as evidence: what an administrator needs to see to judge one.

use std::fmt::Write as _;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

use super::error::printable;

/// What a certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) subject: String,
    pub(super) issuer: String,
    /// Unix seconds.
    pub(super) not_before: i64,
    /// Unix seconds.
    pub(super) not_after: i64,
    /// Subject alternative names; the common name does not count (RFC 9525 section 6.3).
    pub(super) names: Vec<String>,
    /// SHA-256 of the certificate.
    pub(super) fingerprint: String,
}

impl Facts {
    /// Reads a certificate; `None` where it is not one.
    pub(super) fn of(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let names = certificate
            .subject_alternative_name()
            .ok()
            .flatten()
            .map(|extension| {
                extension
                    .value
                    .general_names
                    .iter()
                    .filter_map(shown)
                    .collect()
            })
            .unwrap_or_default();
        let mut fingerprint = String::new();
        for (index, octet) in Sha256::digest(der).iter().enumerate() {
            let colon = if index == 0 { "" } else { ":" };
            let _ = write!(fingerprint, "{colon}{octet:02X}");
        }
        Some(Self {
            subject: printable(&certificate.subject().to_string()),
            issuer: printable(&certificate.issuer().to_string()),
            not_before: certificate.validity().not_before.timestamp(),
            not_after: certificate.validity().not_after.timestamp(),
            names,
            fingerprint,
        })
    }

    /// It was issued by itself.
    pub(super) fn self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// The names, for a sentence.
    pub(super) fn names_shown(&self) -> String {
        if self.names.is_empty() {
            "none (a common name does not count)".to_owned()
        } else {
            self.names.join(", ")
        }
    }

    /// Short facts that can be shown.
    pub(super) fn evidence(&self) -> Vec<String> {
        vec![
            format!("subject: {}", self.subject),
            format!("issuer: {}", self.issuer),
            format!("names: {}", self.names_shown()),
            format!(
                "valid from {} to {}",
                date(self.not_before),
                date(self.not_after)
            ),
            format!("SHA-256 fingerprint: {}", self.fingerprint),
        ]
    }
}

/// An instant, in UTC.
pub(super) fn date(seconds: i64) -> String {
    DateTime::<Utc>::from_timestamp(seconds, 0).map_or_else(
        || seconds.to_string(),
        |at| at.format("%Y-%m-%d %H:%M UTC").to_string(),
    )
}

fn shown(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(printable(name)),
        GeneralName::IPAddress(octets) => {
            let address: Option<IpAddr> = <[u8; 4]>::try_from(*octets)
                .map(IpAddr::from)
                .or_else(|_| <[u8; 16]>::try_from(*octets).map(IpAddr::from))
                .ok();
            address.map(|address| address.to_string())
        }
        _ => None,
    }
}
