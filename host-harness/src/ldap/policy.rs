//! What connections may reach and what they may cost. Defaults are for a platform whose tenants name
//! the servers themselves.

use std::time::Duration;

use crate::ports::endpoints::Allowed;

/// Where connections may go, and their limits.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Allows the machine itself (127.0.0.0/8, ::1). Default: refused.
    pub allow_loopback: bool,
    /// Allows link-local addresses (169.254.0.0/16, fe80::/10). Default: refused.
    pub allow_link_local: bool,
    /// Allows the addresses at which clouds serve their metadata and credentials. Default: refused.
    pub allow_metadata: bool,
    /// Time and memory.
    pub limits: Limits,
}

impl Policy {
    /// The default, but for directories on the machine itself: development, demos, tests.
    #[must_use]
    pub fn allowing_loopback() -> Self {
        Self {
            allow_loopback: true,
            ..Self::default()
        }
    }
}

impl From<Allowed> for Policy {
    fn from(allowed: Allowed) -> Self {
        Self {
            allow_loopback: allowed.loopback,
            allow_link_local: allowed.link_local,
            allow_metadata: allowed.metadata,
            limits: Limits::default(),
        }
    }
}

/// Time and memory that one connection may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// For the name to be resolved. Default 5 s.
    pub resolve: Duration,
    /// For each address to be connected. Default 10 s.
    pub connect: Duration,
    /// For StartTLS and the handshake, each. Default 10 s.
    pub tls: Duration,
    /// For the bind. Default 15 s.
    pub bind: Duration,
    /// For the server's next page, from the request to its last entry. Default 60 s. The time that a plugin takes
    /// does not count.
    pub page: Duration,
    /// The longest message accepted, 1 KiB to 1 GiB. Default 16 MiB.
    pub frame_bytes: usize,
    /// The deepest BER nesting accepted, at most 64. Default 32; LDAP results need 8.
    pub depth: usize,
    /// A page is handed on once it holds so many bytes, even if the server's page goes on. Default 4 MiB.
    pub page_bytes: usize,
    /// The most that is held while values are retrieved by range. Default 64 MiB.
    pub held_bytes: usize,
    /// Pages without entries accepted in a row. Default 100.
    pub empty_pages: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            resolve: Duration::from_secs(5),
            connect: Duration::from_secs(10),
            tls: Duration::from_secs(10),
            bind: Duration::from_secs(15),
            page: Duration::from_secs(60),
            frame_bytes: 16 << 20,
            depth: 32,
            page_bytes: 4 << 20,
            held_bytes: 64 << 20,
            empty_pages: 100,
        }
    }
}
