//! The products that the directory can be.

use ldap3_proto::LdapSearchScope;

use super::super::{DemoDirectory, Options, Vendor};
use super::client::{Ask, Client, ask};
use crate::demo::people::{ServiceAccount, Troubles};

const ANYBODY: &str = "(objectClass=user)";

/// A directory with so many people, and a client that syncs.
fn of(vendor: Vendor, people: u64) -> (DemoDirectory, Client) {
    let options = Options {
        people,
        troubles: Troubles::none(),
        vendor,
        referrals: true,
        ..Options::default()
    };
    let directory = DemoDirectory::start(options).unwrap();
    let client = Client::bound(&directory, ServiceAccount::Sync);
    (directory, client)
}

fn among_people(vendor: Vendor, filter: &'static str) -> Ask {
    Ask {
        base: vendor.people(),
        ..ask(filter)
    }
}

#[test]
fn a_domain_controller_knows_a_category_by_its_short_name_and_compares_bits() {
    let (directory, mut client) = of(Vendor::ActiveDirectory, 5);
    let first = Vendor::ActiveDirectory.dn(&directory.organisation().expected(0).dn);
    directory.disable(&first).unwrap();
    for (filter, count) in [
        ("(objectCategory=person)", 5),
        ("(objectCategory=computer)", 0),
        ("(&(objectClass=user)(sAMAccountType=805306368))", 5),
        ("(userAccountControl:1.2.840.113556.1.4.803:=2)", 1),
        ("(streetAddress=*)", 5),
        ("(street=*)", 0),
    ] {
        let found = client.search(among_people(Vendor::ActiveDirectory, filter));
        assert_eq!(found.entries.len(), count, "{filter}");
    }
    directory.enable(&first).unwrap();
    let control = directory.entry(&first).unwrap();
    assert_eq!(control.text("userAccountControl"), Some("512"));
}

#[test]
fn a_domain_controller_makes_pages_smaller_instead_of_refusing_them() {
    let (_directory, mut client) = of(Vendor::ActiveDirectory, 1_100);
    let page = client.search(Ask {
        page: Some((5_000, Vec::new())),
        ..among_people(Vendor::ActiveDirectory, ANYBODY)
    });
    assert_eq!((page.code, page.entries.len()), (0, 1_000));
    assert!(!page.cookie.unwrap().is_empty());
    let whole = client.search(among_people(Vendor::ActiveDirectory, ANYBODY));
    assert_eq!((whole.code, whole.entries.len()), (4, 1_000));
}

#[test]
fn a_domain_controller_refers_to_its_other_partitions_from_the_whole_domain_only() {
    let (_directory, mut client) = of(Vendor::ActiveDirectory, 3);
    let domain = client.search(ask(ANYBODY));
    let to_zones = |url: &String| url.contains("DomainDnsZones");
    assert!(domain.references.iter().any(to_zones));
    let people = client.search(among_people(Vendor::ActiveDirectory, ANYBODY));
    assert_eq!((people.references.len(), people.entries.len()), (0, 3));
}

#[test]
fn every_kind_has_a_root_dse_of_its_own() {
    for (vendor, sign) in [
        (Vendor::ActiveDirectory, "1.2.840.113556.1.4.800"),
        (Vendor::Ds389, "389 Project"),
        (Vendor::FreeIpa, "2.16.840.1.113730.3.8.10.5"),
    ] {
        let (_directory, mut client) = of(vendor, 1);
        let answer = client.search(Ask {
            base: String::new(),
            scope: LdapSearchScope::Base,
            attrs: vec!["*", "+"],
            ..ask("(objectClass=*)")
        });
        let values = answer.entries[0].attributes.iter().flat_map(|a| &a.vals);
        let values: Vec<_> = values.map(|v| String::from_utf8_lossy(v)).collect();
        assert!(values.iter().any(|value| value == sign), "{vendor:?}");
        assert!(!values.iter().any(|value| value == "OpenLDAProotDSE"));
    }
}

#[test]
fn every_kind_is_known_by_its_profile() {
    for vendor in Vendor::ALL {
        assert_eq!(Vendor::of_profile(vendor.profile()), Some(vendor));
    }
    assert_eq!(Vendor::of_profile("lotus-notes"), None);
}

#[test]
fn whoever_joins_gets_the_ids_of_the_kind() {
    for (vendor, id) in [
        (Vendor::ActiveDirectory, "objectGUID"),
        (Vendor::Ds389, "nsUniqueId"),
        (Vendor::FreeIpa, "ipaUniqueID"),
        (Vendor::OpenLdap, "entryUUID"),
    ] {
        let (directory, _) = of(vendor, 1);
        let mut entry = directory.organisation().person(0);
        entry.dn = "uid=new,ou=People,dc=example,dc=org".to_owned();
        entry.set("entryUUID", Vec::new());
        let entry = vendor.entry(entry);
        let dn = entry.dn.clone();
        directory.add(entry).unwrap();
        let entry = directory.entry(&dn).unwrap();
        assert_eq!(entry.values(id).len(), 1, "{vendor:?}");
        let old = vendor.dn(&directory.organisation().expected(0).dn);
        assert_ne!(entry.values(id), directory.entry(&old).unwrap().values(id));
    }
}
