//! Any directory that keeps to the RFCs: `inetOrgPerson` (RFC 2798) and `entryUUID` (RFC 4530).

use super::{IdAttribute, IdDecoder, Profile, RootDse};
use crate::sync::changes::Mechanism;

pub(super) static PROFILE: Profile = Profile {
    id: "generic",
    label: "Other LDAP directory",
    detect,
    ids: &[
        IdAttribute {
            name: "entryUUID",
            decoder: IdDecoder::Uuid,
        },
        IdAttribute {
            name: "nsUniqueId",
            decoder: IdDecoder::Uuid,
        },
        IdAttribute {
            name: "objectGUID",
            decoder: IdDecoder::Guid,
        },
    ],
    filter: "(objectClass=inetOrgPerson)",
    rules: RULES,
    // No standard says it.
    disabled_when: "",
    always: &[],
    attributes: ATTRIBUTES,
    base: "",
    changes: &[Mechanism::Stamps],
    groups: super::groups::STANDARD,
    limits: &[],
};

/// Rules for `inetOrgPerson`. Pictures are left out: they are large, and a choice.
pub(super) const RULES: &[(&str, &str)] = &[
    ("username", "{uid|first|trim}"),
    ("email", "{mail|first|trim|lower}"),
    ("first-name", "{givenName|first|trim}"),
    ("last-name", "{sn|first|trim}"),
    ("display-name", "{displayName,cn|first|trim}"),
    ("phone", "{telephoneNumber|first|trim}"),
    ("mobile", "{mobile|first|trim}"),
    // RFC 2798 has it written as HTTP's Accept-Language; many write a locale such as de_CH.UTF-8.
    (
        "language",
        "{preferredLanguage|first|split:,:1|split:;:1|split:.:1|trim|replace:_:-}",
    ),
    ("employee-id", "{employeeNumber|first|trim}"),
    ("job-title", "{title|first|trim}"),
    ("department", "{departmentNumber,ou|first|trim}"),
    ("company", "{o|first|trim}"),
    ("location", "{physicalDeliveryOfficeName,l|first|trim}"),
    ("manager", "{manager}"),
    ("requester-type", "{employeeType|first|trim}"),
    ("street", "{street|first|trim}"),
    ("city", "{l|first|trim}"),
    ("state", "{st|first|trim}"),
    ("postal-code", "{postalCode|first|trim}"),
    ("country", "{c|first|trim|upper}"),
];

/// What helps to tell people apart.
pub(super) const ATTRIBUTES: &[&str] = &["objectClass", "uid", "cn", "mail"];

/// Fits every directory; what it offers of an id is the evidence.
fn detect(root_dse: &RootDse) -> Option<Vec<String>> {
    let vendor = root_dse.value("vendorName").map_or_else(
        || "the root DSE names no vendor that has a profile".to_owned(),
        |vendor| format!("there is no profile for the vendor {vendor}"),
    );
    Some(vec![vendor])
}
