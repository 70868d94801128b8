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

fn root_dse(ldif: &str) -> RootDse {
    let attributes: AttributeSet = RootDse::ATTRIBUTES.into_iter().collect();
    let page = fixture::ldif(ldif, &attributes);
    let entry = page.iter().next().unwrap();
    assert_eq!(entry.dn(), b"", "a fixture begins with the root DSE");
    RootDse::read(&entry, &attributes)
}

fn fields() -> Vec<Field> {
    let field = |id: &str, kind, required| Field {
        id: id.to_owned(),
        tab: "requester".to_owned(),
        label: id.to_owned(),
        kind,
        required,
        unique: false,
        max_length: 100,
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
    let identity = profile.identity(&mut attributes);
    let fields = fields();
    let mapping = Mapping::compile(&profile.rules_for(&fields), &fields, &mut attributes).unwrap();
    let filter = profile.filter().unwrap();
    let disabled = profile
        .disabled_when()
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
        let disabled = profile.disabled_when().unwrap();
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
