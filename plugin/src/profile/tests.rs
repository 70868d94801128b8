#![expect(clippy::unwrap_used, reason = "tests")]

use super::{Profile, RootDse, by_id, detect, registry};
use crate::attribute::AttributeSet;
use crate::entry::Page;
use crate::field::{Field, FieldKind};
use crate::filter::Filter;
use crate::fixture;
use crate::mapping::{Mapping, Value};

const OPENLDAP: &str = include_str!("fixtures/openldap.ldif");
const GENERIC: &str = include_str!("fixtures/generic.ldif");
const ACTIVE_DIRECTORY: &str = include_str!("fixtures/active-directory.ldif");
const DS389: &str = include_str!("fixtures/389-ds.ldif");
const FREEIPA: &str = include_str!("fixtures/freeipa.ldif");

/// 25 November 2026.
const NOW: u64 = 1_795_564_800;

fn root_dse(ldif: &str) -> RootDse {
    let attributes: AttributeSet = RootDse::ATTRIBUTES.into_iter().collect();
    let page = fixture::ldif(ldif, &attributes);
    let entry = page.iter().next().unwrap();
    assert_eq!(entry.dn(), b"", "a fixture begins with the root DSE");
    RootDse::read(&entry, &attributes)
}

fn fields() -> Vec<Field> {
    let field = |id: &str, kind, required| Field {
        required,
        ..Field::plain(id, kind)
    };
    vec![
        field("external-id", FieldKind::Text, true),
        field("username", FieldKind::Text, true),
        field("email", FieldKind::Email, true),
        field("last-name", FieldKind::Text, true),
        field("display-name", FieldKind::Text, false),
        field("language", FieldKind::Language, false),
        field("location", FieldKind::Text, false),
        field("country", FieldKind::Text, false),
        field("vip", FieldKind::Boolean, false),
    ]
}

/// What a profile makes of the people of a fixture: id or code, disabled, and the fields or codes.
fn people(profile: &Profile, ldif: &str) -> Vec<(String, bool, Vec<String>)> {
    let mut attributes = AttributeSet::new();
    let identity = profile.ids("").identity(&mut attributes);
    let fields = fields();
    let mapping = Mapping::compile(&profile.rules_for(&fields), &fields, &mut attributes).unwrap();
    let filter = profile.filter().unwrap();
    let disabled = profile
        .disabled_when(NOW)
        .unwrap()
        .unwrap_or(Filter::Or(Vec::new()));
    filter.intern(&mut attributes);
    disabled.intern(&mut attributes);
    let page: Page = fixture::ldif(ldif, &attributes);
    page.iter()
        .filter(|entry| filter.matches(entry, &attributes))
        .map(|entry| {
            let id = identity
                .read(&entry)
                .map_or_else(|problem| problem.code.to_owned(), Into::into);
            let mapped = mapping.evaluate(&entry);
            let missing = mapping.missing(&mapped);
            let values = mapped.iter().filter_map(|mapped| match &mapped.value {
                Value::Set(value) => Some(value.to_string()),
                Value::Failed(problem) => Some(problem.code.to_owned()),
                _ => None,
            });
            let values = values
                .chain(missing.into_iter().map(|problem| problem.code.to_owned()))
                .collect();
            (id, disabled.matches(&entry, &attributes), values)
        })
        .collect()
}

#[test]
fn openldap_is_recognised_by_its_root_dse() {
    let root_dse = root_dse(OPENLDAP);
    let detected = detect(&root_dse);
    assert_eq!(detected.profile.id, "openldap");
    assert_eq!(
        detected.evidence[0],
        "the root DSE's objectClass is OpenLDAProotDSE"
    );
    assert_eq!(root_dse.bases(), ["dc=example,dc=org"]);
    assert!(root_dse.pages());
}

#[test]
fn openldap_is_recognised_where_most_of_the_root_dse_is_hidden() {
    let hidden: RootDse = [
        ("configContext", ["cn=config"]),
        ("monitorContext", ["cn=Monitor"]),
    ]
    .into_iter()
    .collect();
    assert_eq!(detect(&hidden).profile.id, "openldap");
}

#[test]
fn another_directory_is_not_taken_for_openldap() {
    let root_dse = root_dse(GENERIC);
    let detected = detect(&root_dse);
    assert_eq!(detected.profile.id, "generic");
    assert!(detected.evidence[0].contains("Some Vendor"));
    assert!(!root_dse.pages());
    assert_eq!(detect(&RootDse::default()).profile.id, "generic");
}

#[test]
fn people_of_openldap_are_read_as_they_are() {
    let texts = |texts: &[&str]| {
        texts
            .iter()
            .map(|text| (*text).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        people(by_id("openldap").unwrap(), OPENLDAP),
        [
            (
                "0d9a5c6e-5f5c-103d-8a5b-7b3b1a9e0c01".to_owned(),
                false,
                texts(&[
                    "jane",
                    "jane.doe@example.org",
                    "Doe",
                    "Doe, Jane",
                    "de-CH",
                    "Zurich"
                ])
            ),
            (
                "0d9a5c6e-5f5c-103d-8a5b-7b3b1a9e0c02".to_owned(),
                true,
                texts(&["smith", "Smith", "Smith, John + Sons", "missing-value"])
            ),
            // A lock with another time passes by itself: not disabled.
            (
                "0d9a5c6e-5f5c-103d-8a5b-7b3b1a9e0c03".to_owned(),
                false,
                texts(&["zoë", "bad-value", "bad-utf8", "bad-utf8"])
            ),
            (
                "missing-external-id".to_owned(),
                false,
                texts(&["ghost", "ghost@example.org", "Ghost", "Ghost"])
            ),
        ]
    );
}

#[test]
fn people_of_any_directory_are_known_by_whatever_id_it_keeps() {
    let people = people(by_id("generic").unwrap(), GENERIC);
    let ids: Vec<&str> = people.iter().map(|(id, ..)| id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "66446001-1dd2-11b2-8a3f-c0e1a5b0d701",
            "66446001-1dd2-11b2-8a3f-c0e1a5b0d701",
            "bad-value",
            "bad-value",
        ]
    );
    assert_eq!(
        people[0].2,
        ["jane", "jane@example.org", "Doe", "Jane Doe", "de-CH", "CH"]
    );
}

/// The same without the fields: id or code, and whether disabled.
fn who(profile: &str, ldif: &str) -> Vec<(String, bool)> {
    people(by_id(profile).unwrap(), ldif)
        .into_iter()
        .map(|(id, disabled, _)| (id, disabled))
        .collect()
}

#[test]
fn active_directory_is_recognised_by_what_a_domain_controller_can_do() {
    let root_dse = root_dse(ACTIVE_DIRECTORY);
    let detected = detect(&root_dse);
    assert_eq!(detected.profile.id, "active-directory");
    assert_eq!(
        detected.evidence,
        [
            "the root DSE's supportedCapabilities have 1.2.840.113556.1.4.800, that of a domain controller",
            "the root DSE's rootDomainNamingContext is DC=example,DC=org",
            "the root DSE's dsServiceName is CN=NTDS Settings,CN=DC1,CN=Servers,CN=Default-First-Site-Name,CN=Sites,CN=Configuration,DC=example,DC=org"
        ]
    );
    assert_eq!(detected.profile.bases(&root_dse)[0], "DC=example,DC=org");
}

#[test]
fn active_directory_is_recognised_without_its_capabilities_and_ad_lds_is_not() {
    let service = "CN=NTDS Settings,CN=DC1,CN=Servers,CN=Sites,CN=Configuration,DC=example,DC=org";
    let hidden: RootDse = [
        ("rootDomainNamingContext", ["DC=example,DC=org"]),
        ("dsServiceName", [service]),
    ]
    .into_iter()
    .collect();
    assert_eq!(detect(&hidden).profile.id, "active-directory");
    let lds: RootDse = [
        ("dsServiceName", [service]),
        ("supportedCapabilities", ["1.2.840.113556.1.4.1851"]),
    ]
    .into_iter()
    .collect();
    assert_eq!(detect(&lds).profile.id, "generic");
}

#[test]
fn samba_is_an_active_directory_and_its_vendor_is_shown() {
    let samba: RootDse = [
        ("supportedCapabilities", ["1.2.840.113556.1.4.800"]),
        ("vendorName", ["Samba Team (https://www.samba.org)"]),
    ]
    .into_iter()
    .collect();
    let detected = detect(&samba);
    assert_eq!(detected.profile.id, "active-directory");
    assert!(detected.evidence[1].contains("Samba Team"));
}

#[test]
fn a_389_ds_is_recognised_by_its_vendor_and_says_that_it_may_be_a_freeipa() {
    let root_dse = root_dse(DS389);
    let detected = detect(&root_dse);
    assert_eq!(detected.profile.id, "389-ds");
    assert_eq!(
        detected.evidence,
        [
            "the root DSE's vendorName is 389 Project",
            "the root DSE's vendorVersion is 389-Directory/2.3.1 B2022.307.0000",
            "the root DSE shows nothing of FreeIPA; if it is one that keeps this to itself, choose the directory type freeipa"
        ]
    );
    assert_eq!(detected.profile.bases(&root_dse), ["dc=example,dc=org"]);
}

#[test]
fn freeipa_is_recognised_by_its_plugins_and_offers_where_its_people_are() {
    let root_dse = root_dse(FREEIPA);
    let detected = detect(&root_dse);
    assert_eq!(detected.profile.id, "freeipa");
    assert_eq!(
        detected.evidence,
        [
            "the root DSE's ipaTopologyPluginVersion is 1.0",
            "the root DSE's ipaTopologyIsManaged is on",
            "the root DSE's ipaDomainLevel is 1",
            "the root DSE's supportedExtension has 2.16.840.1.113730.3.8.10.1, one of FreeIPA's",
            "the root DSE's namingContexts have o=ipaca, FreeIPA's authority",
            "the root DSE's vendorName is 389 Project",
            "the root DSE's vendorVersion is 389-Directory/2.3.1 B2022.307.0000"
        ]
    );
    assert_eq!(
        detected.profile.bases(&root_dse)[..2],
        [
            "cn=users,cn=accounts,dc=ipa,dc=example,dc=org",
            "dc=ipa,dc=example,dc=org"
        ]
    );
}

#[test]
fn freeipa_is_recognised_by_any_one_of_its_signs() {
    for (attribute, value) in [
        ("supportedExtension", "2.16.840.1.113730.3.8.10.5"),
        ("ipaDomainLevel", "1"),
        ("namingContexts", "o=ipaca"),
    ] {
        let root_dse = [("vendorName", ["389 Project"]), (attribute, [value])]
            .into_iter()
            .collect();
        assert_eq!(detect(&root_dse).profile.id, "freeipa", "{attribute}");
    }
}

#[test]
fn accounts_of_active_directory_are_disabled_by_their_bit_or_by_a_time_that_has_come() {
    let id = |n: u32| format!("66446001-1dd2-11b2-8a3f-c0e1a5b0d7{n:02}");
    assert_eq!(
        who("active-directory", ACTIVE_DIRECTORY),
        [(id(1), false), (id(2), true), (id(3), true), (id(4), false)]
    );
    assert_eq!(
        people(by_id("active-directory").unwrap(), ACTIVE_DIRECTORY)[0].2,
        [
            "jdoe",
            "jane.doe@example.org",
            "Doe",
            "Doe, Jane",
            "de-CH",
            "Zurich 4",
            "CH"
        ]
    );
}

#[test]
fn an_account_expires_at_its_moment_and_not_before() {
    let profile = by_id("active-directory").unwrap();
    let expires = 1_709_208_000;
    for (value, now, disabled) in [
        ("133536816000000000", expires - 1, false),
        ("133536816000000000", expires, true),
        ("0", expires, false),
        ("9223372036854775807", u64::MAX, false),
    ] {
        let (attributes, page) = fixture::entry(
            "CN=x",
            &[
                ("userAccountControl", &[b"512"]),
                ("accountExpires", &[value.as_bytes()]),
            ],
        );
        let filter = profile.disabled_when(now).unwrap().unwrap();
        let entry = page.iter().next().unwrap();
        assert_eq!(
            filter.matches(&entry, &attributes),
            disabled,
            "{value} {now}"
        );
    }
}

#[test]
fn accounts_of_389_ds_are_locked_in_any_case_and_have_one_id() {
    let id = |n: u32| format!("66446001-1dd2-11b2-8a3f-c0e1a5b0d7{n:02}");
    assert_eq!(
        who("389-ds", DS389),
        [
            (id(1), false),
            (id(2), true),
            (id(3), false),
            ("missing-external-id".to_owned(), false)
        ]
    );
}

#[test]
fn freeipa_counts_preserved_users_as_disabled_and_staged_ones_as_nobody() {
    let id = |n: u32| format!("0d9a5c6e-5f5c-11ed-8a5b-7b3b1a9e0c{n:02}");
    assert_eq!(
        who("freeipa", FREEIPA),
        [
            (id(1), false),
            (id(2), true),
            (id(3), true),
            ("missing-external-id".to_owned(), false)
        ]
    );
}

#[test]
fn an_id_is_looked_for_in_the_ways_that_each_directory_writes_it() {
    let id = "66446001-1dd2-11b2-8a3f-c0e1a5b0d701";
    let wanted = |profile: &str| {
        let filters = by_id(profile).unwrap().ids("").having(id);
        filters.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let bytes = b"\x01\x60\x44\x66\xd2\x1d\xb2\x11\x8a\x3f\xc0\xe1\xa5\xb0\xd7\x01".to_vec();
    assert_eq!(
        by_id("active-directory").unwrap().ids("").having(id),
        [Filter::Equal("objectGUID".to_owned(), bytes)]
    );
    assert_eq!(
        wanted("389-ds")[1],
        "(nsUniqueId=66446001-1dd211b2-8a3fc0e1-a5b0d701)"
    );
    assert_eq!(wanted("freeipa")[0], format!("(ipaUniqueID={id})"));
}

#[test]
fn an_account_whose_status_cannot_be_read_is_told_apart_from_an_enabled_one() {
    let always = by_id("active-directory").unwrap().always;
    for (values, unreadable) in [(&[&b"512"[..]][..], false), (&[], true)] {
        let (attributes, page) = fixture::entry("CN=x", &[("userAccountControl", values)]);
        let entry = page.iter().next().unwrap();
        let problem = super::status::unreadable(always, &entry, &attributes);
        assert_eq!(problem.is_some(), unreadable);
        assert!(super::status::unreadable(&[], &entry, &attributes).is_none());
    }
}

#[test]
fn every_profile_is_sound() {
    for profile in registry() {
        let id = profile.id;
        assert!(
            std::ptr::eq(by_id(id).unwrap(), *profile),
            "{id} is there once"
        );
        assert!(!profile.ids.is_empty() && !profile.label.is_empty(), "{id}");
        let filter = profile.filter().unwrap();
        let disabled = profile.disabled_when(NOW).unwrap();
        assert_eq!(
            filter.hides_disabled(disabled.as_ref()),
            None,
            "{id} sees disabled accounts"
        );
        assert!(
            !filter.attributes().contains(&"mail"),
            "{id} sees people without a mail address"
        );
        for (field, source) in profile.rules {
            let rule = crate::mapping::Rule::new(*field, *source);
            let mut known = fields();
            known.truncate(1);
            known[0].id = (*field).to_owned();
            assert!(
                Mapping::compile(&[rule], &known, &mut AttributeSet::new()).is_ok(),
                "{id}: {field}"
            );
        }
        for required in ["username", "email", "last-name"] {
            assert!(
                profile.rules.iter().any(|(field, _)| *field == required),
                "{id} fills {required}"
            );
        }
    }
    assert!(by_id("nope").is_none());
}
