//! What the directory is to be like.

use super::faults::Fault;
use super::tls::Tls;
pub use super::vendor::Vendor;
use crate::demo::people::{Organisation, Troubles};

/// Options to start with.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many people.
    pub people: u64,
    /// Which people.
    pub seed: u64,
    /// Their troubles.
    pub troubles: Troubles,
    /// The beginning of every service account's password.
    pub password: String,
    /// The password of `cn=admin,dc=example,dc=org`, who may write over LDAP.
    pub admin_password: String,
    /// Transport security.
    pub tls: Tls,
    /// Whether binds over an unprotected connection are refused (result code 13).
    pub require_tls: bool,
    /// What an unbound client may see.
    pub anonymous: Anonymous,
    /// Whether the paging control (RFC 2696) is known.
    pub paging: bool,
    /// As which product the server shows itself.
    pub vendor: Vendor,
    /// Whether a domain controller answers a search of the whole domain with references to its other partitions.
    pub referrals: bool,
    /// What is to go wrong.
    pub faults: Vec<Fault>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            people: 200,
            seed: 1,
            troubles: Troubles::default(),
            password: "demo".to_owned(),
            admin_password: "demo-admin".to_owned(),
            tls: Tls::default(),
            require_tls: false,
            anonymous: Anonymous::RootDse,
            paging: true,
            vendor: Vendor::OpenLdap,
            referrals: false,
            faults: Vec::new(),
        }
    }
}

impl Options {
    /// The organisation that these options describe.
    #[must_use]
    pub fn organisation(&self) -> Organisation {
        Organisation {
            seed: self.seed,
            people: self.people,
            troubles: self.troubles.clone(),
            password: self.password.clone(),
        }
    }
}

/// What an unbound client may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anonymous {
    /// Everything, 500 entries at most.
    Read,
    /// The root DSE; any other base does not exist for it (result code 32).
    RootDse,
    /// The root DSE; an anonymous bind is refused (48), and so is searching without a bind (8).
    Refused,
}

/// How much one account may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Entries without paging; more end with result code 4.
    pub unpaged: Option<u64>,
    /// The largest page; a larger one is refused with result code 11.
    pub page: Option<u64>,
    /// Entries over all pages; more end with result code 4.
    pub paged: Option<u64>,
}

impl Limits {
    /// What OpenLDAP gives everybody by default.
    pub const USUAL: Self = Self {
        unpaged: Some(500),
        page: None,
        paged: Some(500),
    };
}
