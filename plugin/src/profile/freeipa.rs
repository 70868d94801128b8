//! FreeIPA, and Red Hat's Identity Management: 389-DS with plugins, a fixed tree and ids of its own.

use super::{Groups, IdAttribute, IdDecoder, Membership, Profile, RootDse, ds389};
use crate::sync::changes::Mechanism;

/// Under this arc FreeIPA has its extended operations: setting and getting keytabs, joining.
const EXTENSIONS: &str = "2.16.840.1.113730.3.8.10.";

/// What the topology plugin shows in the root DSE.
const TOPOLOGY: [&str; 3] = [
    "ipaTopologyPluginVersion",
    "ipaTopologyIsManaged",
    "ipaDomainLevel",
];

pub(super) static PROFILE: Profile = Profile {
    id: "freeipa",
    label: "FreeIPA",
    detect,
    // This one alone: were `nsUniqueId` taken where it cannot be read, everybody would be somebody else once the right to
    // read it comes or goes. Where it never can be read, the profile of 389-DS is the choice to make.
    ids: &[IdAttribute {
        name: "ipaUniqueID",
        decoder: IdDecoder::Uuid,
    }],
    // Staged users are no people yet; matters only where the base holds the whole suffix.
    filter: "(&(objectClass=person)(!(cn:dn:=staged users)))",
    rules: super::generic::RULES,
    // Preserved users have left, and may come back with the id they had.
    disabled_when: "(|(nsAccountLock=TRUE)(&(cn:dn:=deleted users)(cn:dn:=provisioning)))",
    always: &[],
    attributes: super::generic::ATTRIBUTES,
    base: "cn=users,cn=accounts",
    changes: &[Mechanism::Stamps],
    // Not by what is common: the same groups stand below cn=compat too, by other classes.
    groups: Groups {
        classes: &["ipaUserGroup"],
        names: &["cn"],
        membership: Membership::Person {
            groups: "memberOf",
            members: "member",
        },
        primary: false,
        partitioned: false,
        never_empty: &[],
    },
    limits: ds389::LIMITS,
};

fn detect(root_dse: &RootDse) -> Option<Vec<String>> {
    let mut evidence: Vec<String> = TOPOLOGY
        .iter()
        .filter_map(|attribute| {
            let value = root_dse.value(attribute)?;
            Some(format!("the root DSE's {attribute} is {value}"))
        })
        .collect();
    let extension = root_dse
        .values("supportedExtension")
        .find(|oid| oid.starts_with(EXTENSIONS));
    if let Some(oid) = extension {
        evidence.push(format!(
            "the root DSE's supportedExtension has {oid}, one of FreeIPA's"
        ));
    }
    if root_dse.has("namingContexts", "o=ipaca") {
        evidence.push("the root DSE's namingContexts have o=ipaca, FreeIPA's authority".to_owned());
    }
    if evidence.is_empty() {
        return None;
    }
    evidence.extend(ds389::vendor(root_dse));
    Some(evidence)
}
