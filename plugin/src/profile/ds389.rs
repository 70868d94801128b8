//! 389 Directory Server, and Red Hat Directory Server, which is made of it.

use super::{Groups, IdAttribute, IdDecoder, Profile, RootDse, groups};
use crate::sync::changes::Mechanism;

pub(super) static PROFILE: Profile = Profile {
    id: "389-ds",
    label: "389 Directory Server",
    detect,
    // The server's own, which every entry has. Its `entryUUID` is an option: entries that were imported have none.
    ids: &[IdAttribute {
        name: "nsUniqueId",
        decoder: IdDecoder::Uuid,
    }],
    filter: "(objectClass=inetOrgPerson)",
    rules: super::generic::RULES,
    // Written in any case; absent where the account is enabled.
    disabled_when: "(nsAccountLock=TRUE)",
    always: &[],
    attributes: super::generic::ATTRIBUTES,
    base: "",
    changes: &[Mechanism::ContentSync { deletes: true }, Mechanism::Stamps],
    // Its schema lets a group be empty. Its memberOf is a plugin's, which knows nothing of what was there before it.
    groups: Groups {
        never_empty: &[],
        ..groups::STANDARD
    },
    limits: LIMITS,
};

pub(super) const LIMITS: &[&str] = &[
    "389-DS ends a search after 2000 entries (nsslapd-sizelimit) and after looking at 5000 (nsslapd-lookthroughlimit); a \
     paged one has limits of its own (nsslapd-pagedsizelimit, nsslapd-pagedlookthroughlimit): raise them, or those of the \
     bind account (nsSizeLimit, nsLookThroughLimit, nsPagedSizeLimit, nsPagedLookThroughLimit)",
];

fn detect(root_dse: &RootDse) -> Option<Vec<String>> {
    let mut evidence = vendor(root_dse);
    if evidence.is_empty() {
        return None;
    }
    // FreeIPA comes first in detection, so nothing of it was seen.
    evidence.push(
        "the root DSE shows nothing of FreeIPA; if it is one that keeps this to itself, choose the directory type freeipa"
            .to_owned(),
    );
    Some(evidence)
}

/// What the root DSE says of the product (RFC 3045).
pub(super) fn vendor(root_dse: &RootDse) -> Vec<String> {
    let known = |attribute: &str, known: &[&str]| {
        let value = root_dse.value(attribute)?;
        let lower = value.to_ascii_lowercase();
        known
            .iter()
            .any(|start| lower.starts_with(start))
            .then(|| format!("the root DSE's {attribute} is {value}"))
    };
    let name = known("vendorName", &["389 project"]);
    let version = known("vendorVersion", &["389-directory/", "red-hat-directory/"]);
    name.into_iter().chain(version).collect()
}
