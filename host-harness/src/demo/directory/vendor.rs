//! As which product the server shows itself: its root DSE, where it keeps people, what it calls their attributes, what
//! identifies them, how it says that an account is disabled, and what it limits.

use super::options::Limits;
use super::shape;
use crate::demo::Entry;
use crate::demo::people::SUFFIX;

/// As which product the server shows itself. Each is the kind of directory that one of the plugin's profiles is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vendor {
    /// OpenLDAP 2.5.
    OpenLdap,
    /// No product: only what RFC 4512 section 5.1 lists, and OpenLDAP's schema.
    Generic,
    /// A domain controller of Active Directory.
    ActiveDirectory,
    /// 389 Directory Server.
    Ds389,
    /// FreeIPA.
    FreeIpa,
}

/// How a UUID is written as an entry's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IdForm {
    /// RFC 4122: 8-4-4-4-12.
    Text,
    /// 389-DS's: 8-8-8-8.
    ThreeHyphens,
    /// 16 bytes, the first three groups little-endian.
    MixedEndian,
}

/// The attribute by which an account is disabled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lock {
    pub(super) attribute: &'static str,
    pub(super) on: &'static str,
    /// What an enabled account has; nothing where it lacks the attribute.
    pub(super) off: Option<&'static str>,
}

/// What a product is like, as far as clients can tell.
#[derive(Debug)]
pub(super) struct Kind {
    /// The plugin's profile for it.
    profile: &'static str,
    /// Below the suffix.
    people: &'static str,
    /// What every entry is identified by, and what people are besides.
    pub(super) ids: &'static [(&'static str, IdForm)],
    pub(super) person_id: Option<(&'static str, IdForm)>,
    pub(super) lock: Lock,
    /// A person's object classes; empty for those of `inetOrgPerson`.
    pub(super) classes: &'static [&'static str],
    /// A person's attributes that go by another name.
    pub(super) renamed: &'static [(&'static str, &'static str)],
    /// A group's object classes; empty for those of `groupOfNames`.
    pub(super) groups: &'static [&'static str],
    /// Entries that act have a security identifier, and people a primary group.
    pub(super) sids: bool,
    /// What every person has besides.
    pub(super) fixed: &'static [(&'static str, &'static str)],
    /// Containers by another name: an RDN and the RDNs in its place.
    pub(super) containers: &'static [(&'static str, &'static str)],
    /// Containers that there are besides, those above before those below, relative to the suffix.
    skeleton: &'static [&'static str],
    /// Attributes of the root DSE, but for what the options say.
    pub(super) root: &'static [(&'static str, &'static str)],
    limits: Limits,
    /// A page that is too large is made smaller, not refused.
    pub(super) caps_pages: bool,
}

const NO_LIMITS: Limits = Limits {
    unpaged: None,
    page: None,
    paged: None,
};

/// What OpenLDAP is like, which the organisation is generated for.
const PLAIN: Kind = Kind {
    profile: "openldap",
    people: "ou=People",
    ids: &[("entryUUID", IdForm::Text)],
    person_id: None,
    lock: Lock {
        attribute: "pwdAccountLockedTime",
        on: "000001010000Z",
        off: None,
    },
    classes: &[],
    groups: &[],
    sids: false,
    renamed: &[],
    fixed: &[],
    containers: &[],
    skeleton: &[],
    root: &[
        ("objectClass", "OpenLDAProotDSE"),
        ("structuralObjectClass", "OpenLDAProotDSE"),
        ("configContext", "cn=config"),
    ],
    limits: Limits {
        unpaged: Some(500),
        page: Some(1_000),
        paged: None,
    },
    caps_pages: false,
};

static OPENLDAP: Kind = PLAIN;

static GENERIC: Kind = Kind {
    profile: "generic",
    root: &[],
    ..PLAIN
};

static ACTIVE_DIRECTORY: Kind = Kind {
    profile: "active-directory",
    people: "OU=People",
    ids: &[("objectGUID", IdForm::MixedEndian)],
    lock: Lock {
        attribute: "userAccountControl",
        on: "514",
        off: Some("512"),
    },
    classes: &["top", "person", "organizationalPerson", "user"],
    groups: &["top", "group"],
    sids: true,
    renamed: &[
        ("uid", "sAMAccountName"),
        ("departmentNumber", "department"),
        ("o", "company"),
        ("street", "streetAddress"),
        ("employeeNumber", "employeeID"),
    ],
    fixed: &[
        (
            "objectCategory",
            "CN=Person,CN=Schema,CN=Configuration,DC=example,DC=org",
        ),
        ("sAMAccountType", "805306368"),
        ("accountExpires", "9223372036854775807"),
    ],
    root: &[
        ("defaultNamingContext", "DC=example,DC=org"),
        ("rootDomainNamingContext", "DC=example,DC=org"),
        (
            "configurationNamingContext",
            "CN=Configuration,DC=example,DC=org",
        ),
        (
            "dsServiceName",
            "CN=NTDS Settings,CN=DC1,CN=Servers,CN=Default-First-Site-Name,CN=Sites,CN=Configuration,DC=example,DC=org",
        ),
        ("supportedCapabilities", "1.2.840.113556.1.4.800"),
        ("supportedCapabilities", "1.2.840.113556.1.4.1670"),
        ("supportedCapabilities", "1.2.840.113556.1.4.1791"),
        ("supportedLDAPPolicies", "MaxPageSize"),
        ("supportedLDAPPolicies", "MaxValRange"),
        ("isGlobalCatalogReady", "TRUE"),
        ("domainControllerFunctionality", "7"),
    ],
    // MaxPageSize.
    limits: Limits {
        unpaged: Some(1_000),
        page: Some(1_000),
        paged: None,
    },
    caps_pages: true,
    ..PLAIN
};

const DS389_ROOT: &[(&str, &str)] = &[
    ("defaultNamingContext", SUFFIX),
    ("vendorName", "389 Project"),
    ("vendorVersion", "389-Directory/2.3.1 B2022.307.0000"),
];

static DS389: Kind = Kind {
    profile: "389-ds",
    ids: &[("nsUniqueId", IdForm::ThreeHyphens)],
    lock: Lock {
        attribute: "nsAccountLock",
        on: "true",
        off: None,
    },
    root: DS389_ROOT,
    limits: Limits {
        unpaged: Some(2_000),
        page: None,
        paged: None,
    },
    ..PLAIN
};

static FREEIPA: Kind = Kind {
    profile: "freeipa",
    people: "cn=users,cn=accounts",
    ids: &[("nsUniqueId", IdForm::ThreeHyphens)],
    person_id: Some(("ipaUniqueID", IdForm::Text)),
    lock: Lock {
        attribute: "nsAccountLock",
        on: "TRUE",
        off: Some("FALSE"),
    },
    classes: &[
        "top",
        "person",
        "organizationalperson",
        "inetorgperson",
        "posixaccount",
        "ipaobject",
    ],
    groups: &["top", "groupofnames", "nestedgroup", "ipausergroup"],
    containers: &[
        ("ou=people", "cn=users,cn=accounts"),
        ("ou=groups", "cn=groups,cn=accounts"),
    ],
    skeleton: &[
        "cn=accounts",
        "cn=provisioning",
        "cn=accounts,cn=provisioning",
        "cn=deleted users,cn=accounts,cn=provisioning",
        "cn=staged users,cn=accounts,cn=provisioning",
    ],
    root: &[
        ("defaultNamingContext", SUFFIX),
        ("namingContexts", "o=ipaca"),
        ("vendorName", "389 Project"),
        ("vendorVersion", "389-Directory/2.3.1 B2022.307.0000"),
        ("supportedExtension", "2.16.840.1.113730.3.8.10.1"),
        ("supportedExtension", "2.16.840.1.113730.3.8.10.5"),
        ("ipaTopologyPluginVersion", "1.0"),
        ("ipaTopologyIsManaged", "on"),
        ("ipaDomainLevel", "1"),
    ],
    limits: NO_LIMITS,
    ..PLAIN
};

impl Vendor {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::OpenLdap,
        Self::Generic,
        Self::ActiveDirectory,
        Self::Ds389,
        Self::FreeIpa,
    ];

    pub(super) const fn kind(self) -> &'static Kind {
        match self {
            Self::OpenLdap => &OPENLDAP,
            Self::Generic => &GENERIC,
            Self::ActiveDirectory => &ACTIVE_DIRECTORY,
            Self::Ds389 => &DS389,
            Self::FreeIpa => &FREEIPA,
        }
    }

    /// The id of the plugin's profile for directories of this kind.
    #[must_use]
    pub const fn profile(self) -> &'static str {
        self.kind().profile
    }

    /// The kind of directory that a profile is for.
    #[must_use]
    pub fn of_profile(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|vendor| vendor.profile() == id)
    }

    /// The entry below which the people are.
    #[must_use]
    pub fn people(self) -> String {
        format!("{},{}", self.kind().people, self.dn(SUFFIX))
    }

    /// The name here of an entry of the organisation.
    #[must_use]
    pub fn dn(self, dn: &str) -> String {
        shape::dn(self.kind(), dn)
    }

    /// The entry here that stands for one of the organisation.
    #[must_use]
    pub fn entry(self, entry: Entry) -> Entry {
        shape::entry(self.kind(), entry)
    }

    /// The RDN here of a person who has this user name.
    #[must_use]
    pub fn rdn(self, username: &str) -> String {
        self.dn(&format!("uid={username}"))
    }

    /// The attribute here that has the values of one of the organisation's.
    #[must_use]
    pub fn attribute(self, name: &'static str) -> &'static str {
        let renamed = self.kind().renamed.iter();
        renamed
            .into_iter()
            .find(|(from, _)| from.eq_ignore_ascii_case(name))
            .map_or(name, |(_, to)| to)
    }

    /// What the accounts of a sync meet where nothing else is said.
    pub(super) const fn limits(self) -> Limits {
        self.kind().limits
    }

    /// The containers that there are besides those of the organisation. With `referrals`, a domain controller points at
    /// its other partitions too.
    pub(super) fn skeleton(self, referrals: bool) -> Vec<Entry> {
        let suffix = self.dn(SUFFIX);
        let mut entries: Vec<Entry> = self
            .kind()
            .skeleton
            .iter()
            .map(|rdns| {
                Entry::new(format!("{rdns},{suffix}"))
                    .with("objectClass", "top")
                    .with("objectClass", "nsContainer")
            })
            .collect();
        if referrals && self == Self::ActiveDirectory {
            let partitions = ["CN=Configuration", "DC=DomainDnsZones", "DC=ForestDnsZones"];
            entries.extend(partitions.map(|rdn| {
                Entry::new(format!("{rdn},{suffix}"))
                    .with("objectClass", "referral")
                    .with("ref", format!("ldap://example.org/{rdn},{suffix}"))
            }));
        }
        entries
    }
}
