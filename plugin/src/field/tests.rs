#![expect(clippy::unwrap_used, reason = "tests")]

use std::borrow::Cow;

use proptest::prelude::*;

use super::{Field, FieldKind, unique_key};

fn field(kind: FieldKind, max_length: u32) -> Field {
    Field {
        max_length,
        ..Field::plain("field", kind)
    }
}

#[test]
fn values_of_the_fields_kind_are_accepted() {
    for (kind, value, accepted) in [
        (FieldKind::Text, " as it is\n", " as it is\n"),
        (FieldKind::Email, "zoë@exämple.org", "zoë@exämple.org"),
        (
            FieldKind::Email,
            "\"a@b\"@example.org",
            "\"a@b\"@example.org",
        ),
        (
            FieldKind::Phone,
            "+41 (44) 123-45-67 ext. 8",
            "+41 (44) 123-45-67 ext. 8",
        ),
        (FieldKind::Boolean, "TRUE", "true"),
        (FieldKind::Boolean, "no", "false"),
        (FieldKind::Integer, " 007", "7"),
        (
            FieldKind::Timestamp,
            "20240229120000Z",
            "2024-02-29T12:00:00Z",
        ),
        (
            FieldKind::Timestamp,
            "2024-02-29T12:00:00+01:00",
            "2024-02-29T11:00:00Z",
        ),
        (FieldKind::Language, "de-CH-1996", "de-CH-1996"),
        (
            FieldKind::Zone,
            "America/Port-au-Prince",
            "America/Port-au-Prince",
        ),
        (FieldKind::Person, "cn=boss,dc=org", "cn=boss,dc=org"),
        (FieldKind::Image, "/9j/4A==", "/9j/4A=="),
    ] {
        assert_eq!(
            field(kind, 0).accept(Cow::Borrowed(value)).unwrap(),
            accepted
        );
    }
}

#[test]
fn values_of_another_kind_are_refused() {
    for (kind, value) in [
        (FieldKind::Text, "a\0b"),
        (FieldKind::Email, "nowhere.net"),
        (FieldKind::Email, "@here.net"),
        (FieldKind::Email, "joe@"),
        (FieldKind::Email, "a@b@c"),
        (FieldKind::Email, "jane doe@example.org"),
        (FieldKind::Email, "Jane <jane@example.org>"),
        (FieldKind::Phone, "1\n2"),
        (FieldKind::Boolean, "perhaps"),
        (FieldKind::Integer, "1.5"),
        (FieldKind::Timestamp, "yesterday"),
        (FieldKind::Language, "de_CH"),
        (FieldKind::Language, "de, en;q=0.5"),
        (FieldKind::Zone, "Europe//Zurich"),
        (FieldKind::Image, "ÿØ"),
    ] {
        let problem = field(kind, 0).accept(Cow::Borrowed(value)).unwrap_err();
        assert_eq!(
            (problem.code, problem.field.as_deref()),
            ("bad-value", Some("field")),
            "{value}"
        );
        assert!(
            !problem.message.contains(value),
            "a problem does not repeat the value"
        );
    }
}

#[test]
fn length_counts_characters_not_bytes() {
    assert!(
        field(FieldKind::Text, 4)
            .accept(Cow::Borrowed("Zoë山"))
            .is_ok()
    );
    assert!(
        field(FieldKind::Text, 0)
            .accept(Cow::Owned("x".repeat(10_000)))
            .is_ok()
    );
}

#[test]
fn a_value_longer_than_the_field_is_refused() {
    let problem = field(FieldKind::Text, 3)
        .accept(Cow::Borrowed("Zoë山"))
        .unwrap_err();
    assert_eq!(problem.code, "too-long");
    assert!(problem.message.contains('4') && problem.message.contains('3'));
}

#[test]
fn values_that_the_portal_holds_equal_have_one_key() {
    assert_eq!(unique_key(" Jane@Example.ORG "), "jane@example.org");
    assert_eq!(unique_key("ｊａｎｅ@example.org"), "jane@example.org");
    assert_eq!(unique_key("ZOË@x"), unique_key("zoe\u{308}@x"));
    assert!(matches!(
        unique_key("jane@example.org "),
        Cow::Borrowed("jane@example.org")
    ));
}

#[test]
fn values_that_differ_have_different_keys() {
    assert_ne!(
        unique_key("jane@example.org"),
        unique_key("jané@example.org")
    );
    assert_ne!(unique_key("a b"), unique_key("ab"));
}

proptest! {
    #[test]
    fn the_fast_path_gives_the_same_key(text in "[ -~]{0,20}") {
        use unicode_normalization::UnicodeNormalization as _;
        let slow: String = text.trim().nfkc().collect::<String>().to_lowercase();
        prop_assert_eq!(unique_key(&text), slow.trim());
    }

    #[test]
    fn the_key_of_a_key_is_itself(text: String) {
        let key = unique_key(&text).into_owned();
        prop_assert_eq!(unique_key(&key), key.as_str());
    }

    #[test]
    fn any_value_is_accepted_or_refused(text in "\\PC*") {
        for kind in [FieldKind::Email, FieldKind::Timestamp, FieldKind::Language, FieldKind::Zone, FieldKind::Image] {
            let _ = field(kind, 5).accept(Cow::Borrowed(&text));
        }
        let _ = unique_key(&text);
    }
}
