#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::{Dn, DnValue, NamePart, Rdn};

fn parse(text: &str) -> Dn {
    Dn::parse(text).unwrap()
}

#[test]
fn special_characters_are_read() {
    for (text, value) in [
        (r"cn=Smith\, John,dc=org", "Smith, John"),
        (r"cn=Smith\2C John,dc=org", "Smith, John"),
        (r"cn=C\+\+,dc=org", "C++"),
        (r#"cn=The \"Boss\",dc=org"#, "The \"Boss\""),
        (r"cn=Lu\C4\8Di\C4\87,dc=org", "Lučić"),
        ("cn=山田 太郎,dc=org", "山田 太郎"),
        (r"cn=\ both\ ,dc=org", " both "),
        (r"cn=\#1,dc=org", "#1"),
        ("cn = spaced  , dc=org", "spaced"),
        ("cn=a=b,dc=org", "a=b"),
        ("cn=,dc=org", ""),
        ("cn=#04024869,dc=org", "Hi"),
        (r"cn=a\\,dc=org", r"a\"),
    ] {
        let dn = parse(text);
        assert_eq!(dn.rdn_value().unwrap(), value, "{text}");
        assert_eq!(dn.rdns().len(), 2, "{text}");
    }
}

#[test]
fn a_multi_valued_rdn_has_all_its_parts() {
    let dn = parse("uid=jane+cn=Jane \\+ Co,dc=org");
    let parts: Vec<_> = dn.rdns()[0]
        .parts()
        .iter()
        .map(|part| part.value.text())
        .collect();
    assert_eq!(parts, ["jane", "Jane + Co"]);
    assert_eq!(dn.value_of("commonName").unwrap(), "Jane + Co");
}

#[test]
fn a_broken_name_is_refused_with_its_place() {
    for (text, position, says) in [
        ("jane", 0, "attribute=value"),
        ("cn=x,", 5, "behind a separator"),
        ("cn=x,,dc=org", 5, "attribute=value"),
        ("=x", 0, "name was expected"),
        ("cn=Smith, John,dc=org", 10, "attribute=value"),
        (r"cn=a\q", 4, "backslash"),
        ("cn=a\\", 4, "backslash"),
        ("cn=\"a\"", 3, "without a backslash"),
        ("cn=a;dc=org", 4, "without a backslash"),
        ("cn=#zz", 4, "hexadecimal"),
        ("cn=#0", 4, "hexadecimal"),
    ] {
        let problem = Dn::parse(text).unwrap_err();
        assert_eq!(
            (problem.code, problem.position),
            ("bad-dn", Some(position)),
            "{text}: {}",
            problem.message
        );
        assert!(
            problem.message.contains(says),
            "{text}: {}",
            problem.message
        );
    }
}

#[test]
fn names_of_the_same_entry_are_equal_however_spelled() {
    for (one, two) in [
        (r"cn=Smith\, John,dc=org", r"CN=smith\2c john, DC=ORG"),
        ("cn=a+uid=b,dc=org", "UID=B+CN=A,dc=org"),
        ("commonName=x,0.9.2342.19200300.100.1.25=org", "cn=x,dc=org"),
        ("2.5.4.3=#04024869,dc=org", "cn=Hi,dc=org"),
        ("cn=Zoe\u{308},dc=org", "cn=ZOË,dc=org"),
        ("cn=two  spaces,dc=org", "cn=two spaces,dc=org"),
        ("", " "),
    ] {
        assert_eq!(parse(one), parse(two));
        assert_eq!(parse(one).normalized(), parse(two).normalized());
    }
}

#[test]
fn names_of_different_entries_are_not_equal() {
    for (one, two) in [
        ("cn=a,dc=org", "cn=b,dc=org"),
        ("cn=a,dc=org", "uid=a,dc=org"),
        ("cn=a,dc=org", "cn=a"),
        ("cn=a+uid=b", "cn=a,uid=b"),
        (r"cn=a\,dc=org", "cn=a,dc=org"),
        (r"cn=a\+uid\=b", "cn=a+uid=b"),
        ("cn=#0500", "cn=\\#0500"),
    ] {
        assert_ne!(parse(one), parse(two));
        assert_ne!(parse(one).normalized(), parse(two).normalized());
    }
}

#[test]
fn what_stands_below_a_base_is_below_it() {
    let base = parse("ou=People,dc=example,dc=org");
    for text in [
        "ou=people, DC=example,dc=org",
        r"cn=Smith\, J,OU=PEOPLE,dc=example,dc=org",
        "cn=a,ou=b,ou=people,dc=example,dc=org",
    ] {
        assert!(parse(text).is_below(&base), "{text}");
    }
    assert!(base.is_below(&Dn::default()));
}

#[test]
fn what_only_looks_alike_is_not_below() {
    let base = parse("ou=people,dc=example,dc=org");
    for text in [
        "dc=example,dc=org",
        "cn=a,ou=xpeople,dc=example,dc=org",
        r"cn=a\,ou=people,dc=example,dc=org",
        "",
    ] {
        assert!(!parse(text).is_below(&base), "{text}");
    }
}

#[test]
fn the_parent_is_the_rest_of_the_name() {
    assert_eq!(
        parse("cn=a,ou=b,dc=c").parent().unwrap().to_string(),
        "ou=b,dc=c"
    );
    assert!(parse("").parent().is_none());
    assert_eq!(parse("cn=a,OU=x,ou=y").value_of("ou").unwrap(), "x");
    assert_eq!(parse("cn=a").value_of("ou"), None);
}

fn names() -> impl Strategy<Value = Dn> {
    let value =
        prop_oneof!["[ #+,\"\\\\;<>=a\u{0}é山-]{0,6}", "\\PC{0,8}",].prop_map(DnValue::Text);
    let part = ("[a-zA-Z][a-zA-Z0-9-]{0,5}", value)
        .prop_map(|(attribute, value)| NamePart { attribute, value });
    let rdn = proptest::collection::vec(part, 1..3).prop_map(|parts| Rdn { parts });
    proptest::collection::vec(rdn, 0..5).prop_map(|rdns| Dn { rdns })
}

proptest! {
    #[test]
    fn a_printed_name_reads_back_as_the_same(dn in names()) {
        let text = dn.to_string();
        let read = Dn::parse(&text).unwrap();
        prop_assert_eq!(read.to_string(), text);
        let values = |dn: &Dn| -> Vec<DnValue> {
            dn.rdns.iter().flat_map(|rdn| &rdn.parts).map(|part| part.value.clone()).collect()
        };
        prop_assert_eq!(values(&read), values(&dn));
        prop_assert_eq!(&read, &dn);
        prop_assert_eq!(Dn::parse(&dn.normalized()).unwrap().normalized(), dn.normalized());
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*") {
        let _ = Dn::parse(&text);
    }

    #[test]
    fn any_mixture_of_name_characters_is_read_or_refused_in_place(text in "[cn=,+#\\\\\"; 04aé]{0,30}") {
        match Dn::parse(&text) {
            Ok(dn) => prop_assert_eq!(Dn::parse(&dn.to_string()), Ok(dn)),
            Err(problem) => prop_assert!(text.is_char_boundary(problem.position.unwrap() as usize)),
        }
    }
}
