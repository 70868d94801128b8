//! OpenLDAP with `inetOrgPerson` (RFC 2798). Its root DSE has no vendor name, but an object class of its own.

use super::{IdAttribute, IdDecoder, Profile, RootDse};
use crate::sync::changes::Mechanism;

pub(super) static PROFILE: Profile = Profile {
    id: "openldap",
    label: "OpenLDAP",
    detect,
    ids: &[IdAttribute {
        name: "entryUUID",
        decoder: IdDecoder::Uuid,
    }],
    filter: "(objectClass=inetOrgPerson)",
    rules: super::generic::RULES,
    // The value by which the password policy overlay locks for ever; other times are locks that pass.
    disabled_when: "(pwdAccountLockedTime=000001010000Z)",
    always: &[],
    attributes: super::generic::ATTRIBUTES,
    base: "",
    changes: &[Mechanism::ContentSync { deletes: false }, Mechanism::Stamps],
    groups: super::groups::STANDARD,
    limits: &[
        "slapd gives 500 entries by default, paged or not (sizelimit): raise it for the bind account, as in `limits \
         dn.exact=\"cn=reader,dc=example,dc=org\" size=unlimited`",
    ],
};

fn detect(root_dse: &RootDse) -> Option<Vec<String>> {
    let mut evidence = Vec::new();
    for attribute in ["objectClass", "structuralObjectClass"] {
        if root_dse.has(attribute, "OpenLDAProotDSE") {
            evidence.push(format!("the root DSE's {attribute} is OpenLDAProotDSE"));
        }
    }
    if let Some(vendor) = root_dse
        .value("vendorName")
        .filter(|name| is_openldap(name))
    {
        evidence.push(format!("the root DSE's vendorName is {vendor}"));
    }
    // Where the root DSE is kept from the bind account in part: only OpenLDAP has both of these.
    if evidence.is_empty()
        && root_dse.value("vendorName").is_none()
        && root_dse.has("configContext", "cn=config")
        && root_dse.has("monitorContext", "cn=Monitor")
    {
        evidence.push("the root DSE names cn=config and cn=Monitor, as slapd does".to_owned());
    }
    (!evidence.is_empty()).then_some(evidence)
}

fn is_openldap(vendor: &str) -> bool {
    vendor.to_ascii_lowercase().contains("openldap")
}
