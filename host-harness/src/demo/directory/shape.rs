//! The organisation's entries as another product would have them.

use uuid::Uuid;

use super::vendor::{IdForm, Kind};
use crate::demo::Entry;
use crate::demo::dn::{Dn, escape};

/// Attributes whose values are names of entries.
const NAMES: [&str; 3] = ["manager", "member", "memberOf"];
/// What OpenLDAP's password policy keeps.
const LOCK: &str = "pwdAccountLockedTime";
const FOR_EVER: &str = "000001010000Z";
/// The domain's security identifier (MS-DTYP section 2.4.2.2) with room for a number of its own: S-1-5-21-1-2-3.
const DOMAIN: [u8; 24] = [
    1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0,
];
/// The number of *Domain Users*, everybody's primary group at first.
const DOMAIN_USERS: &str = "513";

/// The name of one of the organisation's entries. What is no name stays as it is.
pub(super) fn dn(kind: &Kind, dn: &str) -> String {
    let upper = kind
        .ids
        .iter()
        .any(|(_, form)| *form == IdForm::MixedEndian);
    if !upper && kind.containers.is_empty() {
        return dn.to_owned();
    }
    let Ok(parsed) = Dn::parse(dn) else {
        return dn.to_owned();
    };
    let rdns = parsed.rdns.iter().map(|avas| {
        let text = |value: &[u8]| escape(&String::from_utf8_lossy(value));
        if !upper {
            let parts = avas
                .iter()
                .map(|ava| format!("{}={}", ava.attribute, text(&ava.value)));
            let rdn = parts.collect::<Vec<_>>().join("+");
            let other = kind
                .containers
                .iter()
                .find(|(from, _)| from.eq_ignore_ascii_case(&rdn));
            return other.map_or(rdn, |(_, to)| (*to).to_owned());
        }
        // Here everybody is called by the common name, and by nothing else.
        let values: Vec<_> = avas
            .iter()
            .map(|ava| String::from_utf8_lossy(&ava.value))
            .collect();
        let attribute = avas
            .first()
            .map_or("", |ava| &*ava.attribute)
            .to_ascii_uppercase();
        let attribute = if attribute == "UID" { "CN" } else { &attribute };
        format!("{attribute}={}", escape(&values.join(" ")))
    });
    rdns.collect::<Vec<_>>().join(",")
}

/// An entry of the organisation.
pub(super) fn entry(kind: &Kind, mut entry: Entry) -> Entry {
    let person = has_class(&entry, "inetOrgPerson");
    entry.dn = dn(kind, &entry.dn);
    for name in NAMES {
        let named = |value: &Vec<u8>| match std::str::from_utf8(value) {
            Ok(text) => dn(kind, text).into_bytes(),
            Err(_) => value.clone(),
        };
        let values = entry.values(name).iter().map(named).collect();
        entry.set(name, values);
    }
    if person {
        make_person(kind, &mut entry);
    } else if has_class(&entry, "groupOfNames") && !kind.groups.is_empty() {
        let classes = kind.groups.iter().map(|class| class.as_bytes().to_vec());
        entry.set("objectClass", classes.collect());
    }
    identify(kind, &mut entry);
    entry
}

/// Gives an entry the ids that it lacks: made of its `entryUUID` where it has one, and else new.
pub(super) fn identify(kind: &Kind, entry: &mut Entry) {
    let id = entry
        .text("entryUUID")
        .and_then(|text| Uuid::parse_str(text).ok())
        .unwrap_or_else(Uuid::new_v4);
    if !kind.ids.iter().any(|(name, _)| *name == "entryUUID") {
        entry.set("entryUUID", Vec::new());
    }
    let person = has_class(entry, "person");
    for (name, form) in kind
        .ids
        .iter()
        .chain(kind.person_id.iter().filter(|_| person))
    {
        if entry.values(name).is_empty() {
            entry.push(*name, form.written(id));
        }
    }
    if kind.sids && (person || has_class(entry, "group")) && entry.values("objectSid").is_empty() {
        // Above the numbers that a domain gives by itself.
        let number = id.as_fields().0 | 1 << 20;
        entry.push("objectSid", [&DOMAIN[..], &number.to_le_bytes()].concat());
    }
    if kind.sids && person && entry.values("primaryGroupID").is_empty() {
        entry.push("primaryGroupID", DOMAIN_USERS);
    }
}

fn make_person(kind: &Kind, entry: &mut Entry) {
    if !kind.classes.is_empty() {
        let classes = kind.classes.iter().map(|class| class.as_bytes().to_vec());
        entry.set("objectClass", classes.collect());
    }
    for (from, to) in kind.renamed {
        let values = entry.values(from).to_vec();
        entry.set(*from, Vec::new());
        entry.set(*to, values);
    }
    for (name, value) in kind.fixed {
        if entry.values(name).is_empty() {
            entry.push(*name, *value);
        }
    }
    if kind.lock.attribute != LOCK {
        // A lock that passes by itself is kept elsewhere, and no concern of anybody who syncs.
        let locked = entry.text(LOCK) == Some(FOR_EVER);
        entry.set(LOCK, Vec::new());
        let value = if locked {
            Some(kind.lock.on)
        } else {
            kind.lock.off
        };
        if let Some(value) = value {
            entry.push(kind.lock.attribute, value);
        }
    }
    // The common name is the name of the entry, and there is one.
    if let Ok(name) = Dn::parse(&entry.dn)
        && let Some(ava) = name.rdns.first().and_then(|rdn| rdn.first())
        && ava.attribute == "CN"
    {
        entry.set("cn", vec![ava.value.clone()]);
    }
}

fn has_class(entry: &Entry, class: &str) -> bool {
    let classes = entry.values("objectClass");
    classes
        .iter()
        .any(|value| value.eq_ignore_ascii_case(class.as_bytes()))
}

impl IdForm {
    fn written(self, id: Uuid) -> Vec<u8> {
        match self {
            Self::Text => id.to_string().into_bytes(),
            Self::ThreeHyphens => {
                let digits = id.simple().to_string();
                let groups = [0, 8, 16, 24].map(|at| &digits[at..at + 8]);
                groups.join("-").into_bytes()
            }
            Self::MixedEndian => id.to_bytes_le().to_vec(),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::options::Vendor;
    use crate::demo::people::{Organisation, Troubles};
    use crate::demo::{Entry, people::SUFFIX};

    fn first() -> (Entry, String) {
        let organisation = Organisation::new(1, 3).with_troubles(Troubles::none());
        let id = organisation.expected(1).external_id;
        (organisation.person(1), id)
    }

    #[test]
    fn a_person_keeps_the_id_in_the_form_of_each_kind() {
        let (entry, id) = first();
        let id = uuid::Uuid::parse_str(&id).unwrap();
        let hyphens = |dn: &Entry| dn.text("nsUniqueId").unwrap().matches('-').count();
        let domain = Vendor::ActiveDirectory.entry(entry.clone());
        assert_eq!(domain.values("objectGUID"), [id.to_bytes_le().to_vec()]);
        let ds = Vendor::Ds389.entry(entry.clone());
        assert_eq!(hyphens(&ds), 3);
        assert_eq!(
            ds.text("nsUniqueId").unwrap().replace('-', ""),
            id.simple().to_string()
        );
        let ipa = Vendor::FreeIpa.entry(entry.clone());
        assert_eq!(ipa.text("ipaUniqueID"), Some(&*id.to_string()));
        assert_eq!(hyphens(&ipa), 3);
        for other in [&domain, &ds, &ipa] {
            assert!(other.values("entryUUID").is_empty(), "{}", other.dn);
        }
        assert_eq!(Vendor::OpenLdap.entry(entry.clone()), entry);
    }

    #[test]
    fn a_domain_controller_calls_people_by_their_common_name() {
        let (entry, _) = first();
        let uid = entry.text("uid").unwrap().to_owned();
        let manager = entry.text("manager").unwrap().to_owned();
        let domain = Vendor::ActiveDirectory.entry(entry);
        assert_eq!(domain.dn, format!("CN={uid},OU=People,DC=example,DC=org"));
        assert_eq!(domain.values("cn"), [uid.clone().into_bytes()]);
        assert_eq!(domain.text("sAMAccountName"), Some(&*uid));
        assert_eq!(domain.text("userAccountControl"), Some("512"));
        assert_eq!(
            domain.text("manager").unwrap(),
            Vendor::ActiveDirectory.dn(&manager)
        );
        assert_eq!(
            Vendor::ActiveDirectory.dn("cn=A\\, B+employeeNumber=E1,ou=People,dc=example,dc=org"),
            "CN=A\\, B E1,OU=People,DC=example,DC=org"
        );
    }

    #[test]
    fn a_group_is_of_the_classes_of_each_kind_and_a_domain_numbers_who_acts() {
        let organisation = Organisation::new(1, 3);
        let group = organisation.entries().last().unwrap();
        let classes = |vendor: Vendor| {
            let shaped = vendor.entry(group.clone());
            let classes = shaped.values("objectClass").iter();
            let classes = classes.map(|class| String::from_utf8_lossy(class).into_owned());
            classes.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(classes(Vendor::ActiveDirectory), "top group");
        assert!(classes(Vendor::FreeIpa).ends_with("ipausergroup"));
        assert_eq!(classes(Vendor::Ds389), "top groupOfNames");
        let sid = |entry: &Entry, vendor: Vendor| {
            vendor.entry(entry.clone()).values("objectSid").to_vec()
        };
        let (person, _) = first();
        let (one, other) = (
            sid(&group, Vendor::ActiveDirectory),
            sid(&person, Vendor::ActiveDirectory),
        );
        assert_eq!((one[0].len(), one[0][..24] == other[0][..24]), (28, true));
        assert_ne!(one, other);
        assert!(sid(&person, Vendor::OpenLdap).is_empty());
    }

    #[test]
    fn freeipa_keeps_people_among_its_accounts() {
        let dn = format!("uid=a,ou=Contractors,ou=People,{SUFFIX}");
        assert_eq!(
            Vendor::FreeIpa.dn(&dn),
            format!("uid=a,ou=Contractors,cn=users,cn=accounts,{SUFFIX}")
        );
        assert_eq!(Vendor::Ds389.dn(&dn), dn);
        assert_eq!(
            Vendor::FreeIpa.people(),
            format!("cn=users,cn=accounts,{SUFFIX}")
        );
    }

    #[test]
    fn each_kind_says_in_its_own_way_that_an_account_is_disabled() {
        let (mut entry, _) = first();
        entry.push("pwdAccountLockedTime", "000001010000Z");
        for (vendor, attribute, value) in [
            (Vendor::ActiveDirectory, "userAccountControl", "514"),
            (Vendor::Ds389, "nsAccountLock", "true"),
            (Vendor::FreeIpa, "nsAccountLock", "TRUE"),
            (Vendor::OpenLdap, "pwdAccountLockedTime", "000001010000Z"),
        ] {
            let shaped = vendor.entry(entry.clone());
            assert_eq!(shaped.text(attribute), Some(value), "{vendor:?}");
        }
        let passing = Vendor::Ds389.entry({
            entry.set("pwdAccountLockedTime", vec![b"20260105091500Z".to_vec()]);
            entry
        });
        assert!(passing.values("nsAccountLock").is_empty());
    }
}
