//! What can go wrong between us and a server, and how it is told.

use std::time::Duration;

use rustls::AlertDescription;

use crate::Problem;

/// Why octets are not the LDAP message that was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Tag numbers above 30 do not occur in LDAP.
    #[error("a tag that LDAP does not use")]
    Tag,
    /// RFC 4511 section 5.1.
    #[error("a length in the indefinite form")]
    Indefinite,
    /// More than four octets of length.
    #[error("a length that is written in more than four octets")]
    Length,
    /// An element that is longer than what holds it.
    #[error("an element that overruns what holds it")]
    Overrun,
    /// Nested too deeply.
    #[error("elements nested too deeply")]
    Depth,
    /// Longer than the limit.
    #[error("a message of {size} bytes, over the limit of {limit}")]
    TooLong {
        /// What the header declares.
        size: usize,
        /// [`super::Limits::frame_bytes`].
        limit: usize,
    },
    /// Another element than the one that belongs there.
    #[error("an element where another one belongs")]
    Unexpected,
    /// An integer out of its range.
    #[error("an integer out of its range")]
    Number,
    /// Text that is not UTF-8.
    #[error("a name that is not UTF-8")]
    Text,
    /// An operation that may not come now.
    #[error("an answer (operation {0:#04x}) to nothing that was asked")]
    Unasked(u8),
}

/// Why a connection is of no more use. The first one stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The server closed, or the network broke.
    #[error("the connection was closed{}", detail(.0))]
    Lost(String),
    /// The server said that it would close (RFC 4511 section 4.4.1).
    #[error("the server closes the connection: result code {code}{}", detail(.message))]
    Notice {
        /// Its result code.
        code: u32,
        /// Its diagnostic message.
        message: String,
    },
    /// The server ended TLS because of the client's certificate, or for want of one (RFC 8446 section 6.2). With TLS
    /// 1.3 that comes after the handshake.
    #[error("the server {}", refused(.0))]
    ClientCertificate(AlertDescription),
    /// Not LDAP.
    #[error("the server's reply is not LDAP: {0}")]
    Malformed(#[from] Malformed),
    /// Nothing came in time.
    #[error("no answer to the {what} within {} s", .after.as_secs_f32())]
    Timeout {
        /// What was waited for.
        what: &'static str,
        /// How long.
        after: Duration,
    },
    /// More than may be kept in memory at once.
    #[error("a page holds more than {limit} bytes")]
    Memory {
        /// [`super::Limits::held_bytes`].
        limit: usize,
    },
    /// One entry has more of something than may be kept in memory at once.
    #[error("an entry has more than {limit} {what}")]
    Crowded {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        limit: usize,
    },
    /// Paging goes round in circles.
    #[error("paging makes no progress: {0}")]
    Circle(&'static str),
    /// The LDAP library gave up.
    #[error("the LDAP library failed: {0}")]
    Library(String),
    /// Another search of the session began.
    #[error("the search ended because another one began")]
    Superseded,
}

impl Fault {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Lost(_) | Self::Notice { .. } => "connection-lost",
            Self::ClientCertificate(_) => "tls-client-certificate",
            Self::Malformed(_) | Self::Circle(_) | Self::Library(_) => "protocol-violation",
            Self::Timeout { .. } => "timeout",
            Self::Memory { .. } | Self::Crowded { .. } => "memory-limit",
            Self::Superseded => "search-ended",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Lost(_) | Self::Notice { .. } => {
                "Try again. If it comes back, read the directory server's log for the time of the loss, and \
                 look for firewalls or load balancers that end idle connections."
            }
            Self::ClientCertificate(_) => {
                "Give a client certificate and its key that were issued, for client authentication, by an authority that \
                 the directory server trusts, together with the certificates between."
            }
            Self::Malformed(_) => {
                "Check that host and port belong to an LDAP server and that the security setting fits the port \
                 (389 for plain and StartTLS, 636 for LDAPS)."
            }
            Self::Circle(_) => {
                "The server does not page correctly. Ask its administrator for an update, or read from another \
                 replica."
            }
            Self::Timeout { .. } => {
                "Check the load of the directory server, an index for the attributes of the filter, and the \
                 network between; a smaller page size makes answers shorter."
            }
            Self::Memory { .. } => {
                "Lower the page size, or do not map attributes with very large values, such as photos."
            }
            Self::Crowded { .. } => {
                "Do not map attributes with so many values, such as the members of a group."
            }
            Self::Library(_) => "Report this, with the host's log.",
            Self::Superseded => "Finish one search before the next one of the same session begins.",
        }
    }

    /// As a problem of the connection to a server.
    #[must_use]
    pub fn problem(&self, server: &str) -> Problem {
        let problem = Problem::new(self.code(), format!("{server}: {self}"), self.remedy());
        match self {
            Self::ClientCertificate(_) => problem.of_field("client-certificate"),
            _ => problem,
        }
    }

    /// The fault behind an error of TLS, if it is about the client's certificate.
    pub(super) fn of_alert(error: &rustls::Error) -> Option<Self> {
        use AlertDescription as Alert;
        match error {
            rustls::Error::AlertReceived(
                alert @ (Alert::NoCertificate
                | Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateRevoked
                | Alert::CertificateExpired
                | Alert::CertificateUnknown
                | Alert::UnknownCA
                | Alert::AccessDenied
                | Alert::CertificateRequired),
            ) => Some(Self::ClientCertificate(*alert)),
            _ => None,
        }
    }
}

fn refused(alert: &AlertDescription) -> String {
    if *alert == AlertDescription::CertificateRequired {
        "requires a client certificate".to_owned()
    } else {
        format!("does not accept the client certificate (TLS alert {alert:?})")
    }
}

/// `text` made fit to be shown: no control characters, at most 300 characters.
#[must_use]
pub(super) fn printable(text: &str) -> String {
    let mut out: String = text
        .trim_end_matches('\0')
        .trim()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(300)
        .collect();
    if text.chars().count() > 300 + 2 {
        out.push('…');
    }
    out
}

fn detail(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!(" ({text})")
    }
}
