//! Active Directory Domain Services, and Samba in that role.
//!
//! AD LDS speaks the same dialect, but has no `sAMAccountType` and keeps *disabled* elsewhere: it is not taken for it.

use super::{Groups, IdAttribute, IdDecoder, Membership, Profile, RootDse};
use crate::sync::changes::Mechanism;

/// `LDAP_CAP_ACTIVE_DIRECTORY_OID`, which domain controllers have and AD LDS has not.
const DOMAIN_CONTROLLER: &str = "1.2.840.113556.1.4.800";

pub(super) static PROFILE: Profile = Profile {
    id: "active-directory",
    label: "Active Directory",
    detect,
    ids: &[IdAttribute {
        name: "objectGUID",
        decoder: IdDecoder::Guid,
    }],
    // 0x30000000, a normal user account: no computers, no trusts, no contacts. Unlike `objectCategory`, whose short
    // names only the server can compare, it can be evaluated anywhere.
    filter: "(&(objectClass=user)(sAMAccountType=805306368))",
    rules: RULES,
    // ACCOUNTDISABLE, or a time of expiry that has come. 0 and the largest value both mean never; so does none.
    disabled_when: "(|(userAccountControl:1.2.840.113556.1.4.803:=2)(&(accountExpires>=1)(accountExpires<={now})))",
    always: &["userAccountControl"],
    attributes: &[
        "objectClass",
        "sAMAccountName",
        "userPrincipalName",
        "cn",
        "mail",
    ],
    base: "",
    changes: &[Mechanism::UpdateSequence, Mechanism::Stamps],
    // Not by the person's memberOf: everybody is in dozens of groups, and a rule asks for one.
    groups: Groups {
        classes: &["group"],
        names: &["sAMAccountName", "cn"],
        membership: Membership::Group {
            members: &["member"],
            users: None,
            back: Some("memberOf"),
        },
        primary: true,
        partitioned: true,
        never_empty: &[],
    },
    limits: &[
        "a domain controller gives pages of 1000 entries at most (MaxPageSize), and 120 seconds to a search (MaxQueryDuration)",
        "a global catalog does not hold accountExpires: ask a domain controller, or expired accounts stay active",
    ],
};

const RULES: &[(&str, &str)] = &[
    ("username", "{sAMAccountName|first|trim}"),
    ("email", "{mail|first|trim|lower}"),
    ("first-name", "{givenName|first|trim}"),
    ("last-name", "{sn|first|trim}"),
    ("display-name", "{displayName,cn|first|trim}"),
    ("phone", "{telephoneNumber|first|trim}"),
    ("mobile", "{mobile|first|trim}"),
    (
        "language",
        "{preferredLanguage|first|split:,:1|split:;:1|split:.:1|trim|replace:_:-}",
    ),
    ("employee-id", "{employeeID,employeeNumber|first|trim}"),
    ("job-title", "{title|first|trim}"),
    ("department", "{department|first|trim}"),
    ("company", "{company|first|trim}"),
    ("location", "{physicalDeliveryOfficeName|first|trim}"),
    ("manager", "{manager}"),
    ("requester-type", "{employeeType|first|trim}"),
    // Here `street` is another attribute, which the usual tools do not fill in.
    ("street", "{streetAddress|first|trim}"),
    ("city", "{l|first|trim}"),
    ("state", "{st|first|trim}"),
    ("postal-code", "{postalCode|first|trim}"),
    ("country", "{c|first|trim|upper}"),
];

fn detect(root_dse: &RootDse) -> Option<Vec<String>> {
    let capable = root_dse.has("supportedCapabilities", DOMAIN_CONTROLLER);
    let root_domain = root_dse.value("rootDomainNamingContext");
    let service = root_dse
        .value("dsServiceName")
        .filter(|name| name.to_ascii_lowercase().starts_with("cn=ntds settings,"));
    if !capable && (root_domain.is_none() || service.is_none()) {
        return None;
    }
    let mut evidence = Vec::new();
    if capable {
        evidence.push(format!(
            "the root DSE's supportedCapabilities have {DOMAIN_CONTROLLER}, that of a domain controller"
        ));
    }
    evidence.extend(
        root_domain.map(|name| format!("the root DSE's rootDomainNamingContext is {name}")),
    );
    evidence.extend(service.map(|name| format!("the root DSE's dsServiceName is {name}")));
    evidence.extend(
        root_dse
            .value("vendorName")
            .map(|name| format!("the root DSE's vendorName is {name}")),
    );
    Some(evidence)
}
