#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::Filter;
use crate::attribute::AttributeSet;
use crate::entry::Page;
use crate::fixture;

fn parse(text: &str) -> Filter {
    Filter::parse(text).unwrap()
}

fn equal(attribute: &str, value: &str) -> Filter {
    Filter::Equal(attribute.to_owned(), value.as_bytes().to_vec())
}

#[test]
fn the_examples_of_rfc_4515_are_read() {
    assert_eq!(parse("(cn=Babs Jensen)"), equal("cn", "Babs Jensen"));
    assert_eq!(
        parse("(!(cn=Tim Howes))"),
        Filter::Not(Box::new(equal("cn", "Tim Howes")))
    );
    assert_eq!(
        parse("(&(objectClass=Person)(|(sn=Jensen)(cn=Babs J*)))"),
        Filter::And(vec![
            equal("objectClass", "Person"),
            Filter::Or(vec![
                equal("sn", "Jensen"),
                Filter::Substrings {
                    attribute: "cn".to_owned(),
                    initial: Some(b"Babs J".to_vec()),
                    any: Vec::new(),
                    last: None,
                },
            ]),
        ])
    );
    assert_eq!(
        parse("(o=univ*of*mich*)"),
        Filter::Substrings {
            attribute: "o".to_owned(),
            initial: Some(b"univ".to_vec()),
            any: vec![b"of".to_vec(), b"mich".to_vec()],
            last: None,
        }
    );
    assert_eq!(parse("(seeAlso=)"), equal("seeAlso", ""));
    assert_eq!(
        parse("(cn:dn:2.4.6.8.10:=Dino)"),
        Filter::Extensible {
            attribute: Some("cn".to_owned()),
            rule: Some("2.4.6.8.10".to_owned()),
            value: b"Dino".to_vec(),
            dn_attributes: true,
        }
    );
    assert_eq!(
        parse("(:DN:2.4.6.8.10:=Dino)"),
        Filter::Extensible {
            attribute: None,
            rule: Some("2.4.6.8.10".to_owned()),
            value: b"Dino".to_vec(),
            dn_attributes: true,
        }
    );
    assert_eq!(
        parse(r"(o=Parens R Us \28for all your parenthetical needs\29)"),
        equal("o", "Parens R Us (for all your parenthetical needs)")
    );
    assert_eq!(
        parse(r"(cn=*\2A*)"),
        Filter::Substrings {
            attribute: "cn".to_owned(),
            initial: None,
            any: vec![b"*".to_vec()],
            last: None,
        }
    );
    assert_eq!(
        parse(r"(filename=C:\5cMyFile)"),
        equal("filename", r"C:\MyFile")
    );
    assert_eq!(parse(r"(bin=\00\00\00\04)"), equal("bin", "\0\0\0\u{4}"));
    assert_eq!(parse(r"(sn=Lu\c4\8di\c4\87)"), equal("sn", "Lučić"));
}

#[test]
fn what_other_parsers_trip_over_is_read() {
    assert_eq!(parse("(&)"), Filter::And(Vec::new()));
    assert_eq!(parse("(|)"), Filter::Or(Vec::new()));
    assert_eq!(parse("(mail=*)"), Filter::Present("mail".to_owned()));
    assert_eq!(
        parse("(userCertificate;binary=*)"),
        Filter::Present("userCertificate;binary".to_owned())
    );
    assert_eq!(
        parse("(cn=Smith, John+1=ü)"),
        equal("cn", "Smith, John+1=ü")
    );
    assert_eq!(
        parse(" (& (cn=a)\n  ( !(sn=b) ) ) ").attributes(),
        ["cn", "sn"]
    );
    assert_eq!(
        parse("(age>=18)"),
        Filter::GreaterOrEqual("age".to_owned(), b"18".to_vec())
    );
    assert_eq!(
        parse("(cn~=jon)"),
        Filter::Approximate("cn".to_owned(), b"jon".to_vec())
    );
}

#[test]
fn a_broken_filter_is_refused_with_its_place() {
    for (text, position, says) in [
        ("", 0, "empty"),
        ("cn=x", 0, "opening parenthesis"),
        ("cn=x)", 0, "opening parenthesis"),
        ("(cn=x", 5, "never closed"),
        ("(&(cn=x)(sn=y)", 14, "never closed"),
        ("(cn=x))", 6, "too many"),
        ("(cn=x)(sn=y)", 6, "after the end"),
        ("()", 1, "empty"),
        ("((cn=x))", 1, "two opening"),
        ("(cn)", 3, "not followed"),
        ("(=x)", 1, "name was expected"),
        ("(c n=x)", 2, "space"),
        ("(cn>5)", 3, "strictly"),
        ("(cn!=5)", 3, "!="),
        (r"(cn=\zz)", 4, "hexadecimal"),
        (r"(cn=Smith\, J)", 9, "hexadecimal"),
        ("(cn=a(b)", 5, "opening parenthesis"),
        ("(cn=a**b)", 5, "two stars"),
        ("(cn>=a*)", 6, "star"),
        ("(!cn=x)", 2, "parentheses of its own"),
        ("(!(a=1)(b=2))", 7, "one filter"),
        ("(&(a=1)b=2)", 7, "closing parenthesis was expected"),
        ("(cn:=*)", 5, "star"),
        ("(:=x)", 1, "extensible"),
        ("(cn:a:b:=x)", 6, "matching rule"),
        ("(cn;=x)", 1, "not an attribute's name"),
        ("(é=x)", 1, "name was expected"),
    ] {
        let problem = Filter::parse(text).unwrap_err();
        assert_eq!(problem.code, "filter-syntax");
        assert_eq!(
            problem.position,
            Some(position),
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
fn nesting_is_limited() {
    let nested = |depth: usize| format!("{}(a=1){}", "(!".repeat(depth), ")".repeat(depth));
    assert!(Filter::parse(&nested(63)).is_ok());
    assert!(
        Filter::parse(&nested(64))
            .unwrap_err()
            .message
            .contains("deeper")
    );
    assert!(Filter::parse(&"(&".repeat(1_000_000)).is_err());
}

fn jane() -> (AttributeSet, Page) {
    fixture::entry(
        "uid=jane,ou=people,dc=example,dc=org",
        &[
            ("objectClass", &[b"top", b"inetOrgPerson"]),
            ("cn", &["Jane  O'Néill".as_bytes()]),
            ("mail", &[b"Jane@Example.org", b"j@x.org"]),
            ("userAccountControl", &[b"514"]),
            (
                "manager",
                &[b"cn=Smith\\2C John,ou=People,dc=example,dc=org"],
            ),
            ("modifyTimestamp", &[b"20240229120000Z"]),
            ("jpegPhoto", &[b"\xff\xd8"]),
            ("description", &[]),
        ],
    )
}

fn evaluate(text: &str) -> Option<bool> {
    let (attributes, page) = jane();
    let entry = page.iter().next().unwrap();
    parse(text).evaluate(&entry, &attributes)
}

#[test]
fn filters_that_hold_match() {
    for text in [
        "(&)",
        "(objectclass=INETORGPERSON)",
        "(CN=jane o'néill)",
        "(cn=JANE*)",
        "(cn=*O'N*)",
        "(cn=j*e*l)",
        "(mail=*@example.ORG)",
        "(userAccountControl:1.2.840.113556.1.4.803:=2)",
        "(userAccountControl:1.2.840.113556.1.4.803:=514)",
        "(userAccountControl:1.2.840.113556.1.4.804:=3)",
        "(userAccountControl>=99)",
        "(userAccountControl<=514)",
        r"(manager=CN=Smith\5c, John, OU=people, DC=Example, DC=org)",
        "(modifyTimestamp>=20240101000000Z)",
        "(modifyTimestamp<=202402291230+0015)",
        r"(jpegPhoto=\ff\d8)",
        "(!(description=*))",
        "(|(unknown=x)(mail=*))",
    ] {
        assert_eq!(evaluate(text), Some(true), "{text}");
    }
}

#[test]
fn filters_that_do_not_hold_do_not_match() {
    for text in [
        "(|)",
        "(objectClass=person)",
        "(cn=jane)",
        "(cn=j*j*l)",
        "(mail=*@example.or)",
        "(userAccountControl:1.2.840.113556.1.4.803:=18)",
        "(userAccountControl:1.2.840.113556.1.4.804:=16)",
        "(userAccountControl>=1000)",
        r"(manager=CN=Smith\5c, Jane,OU=people,DC=Example,DC=org)",
        "(modifyTimestamp>=20240229120001Z)",
        r"(jpegPhoto=\ff\d9)",
        "(description=*)",
        "(&(unknown=x)(description=*))",
    ] {
        assert_eq!(evaluate(text), Some(false), "{text}");
    }
}

#[test]
fn what_was_not_asked_for_is_undefined_and_so_is_its_negation() {
    for text in [
        "(unknown=x)",
        "(!(unknown=x))",
        "(&(unknown=x)(mail=*))",
        "(|(unknown=x)(description=*))",
        "(cn:1.2.3:=x)",
    ] {
        assert_eq!(evaluate(text), None, "{text}");
    }
}

#[test]
fn an_assertion_about_the_name_looks_at_every_part_of_it() {
    let dn = "uid=a,cn=Deleted  Users,OU=Sales,dc=example";
    let (attributes, page) = fixture::entry(dn, &[("cn", &[b"A"]), ("ou", &[])]);
    let entry = page.iter().next().unwrap();
    for (text, held) in [
        ("(cn:dn:=deleted users)", Some(true)),
        ("(ou:dn:=SALES)", Some(true)),
        ("(commonName:dn:=a)", Some(true)),
        ("(cn:dn:=sales)", Some(false)),
        ("(!(cn:dn:=staged users))", Some(true)),
        // Without `:dn` the name does not count.
        ("(cn:=deleted users)", Some(false)),
        // The name says so, whatever was asked for; it does not say that the entry has no such value.
        ("(dc:dn:=example)", Some(true)),
        ("(dc:dn:=org)", None),
    ] {
        let filter = parse(text);
        assert_eq!(filter.evaluate(&entry, &attributes), held, "{text}");
    }
}

#[test]
fn a_category_by_its_short_name_is_left_to_the_server() {
    let person = "CN=Person,CN=Schema,CN=Configuration,DC=example,DC=org";
    let (attributes, page) = fixture::entry("cn=x", &[("objectCategory", &[person.as_bytes()])]);
    let entry = page.iter().next().unwrap();
    for (text, held) in [
        ("(objectCategory=person)", None),
        (
            "(objectCategory=cn=person,cn=schema,cn=configuration,dc=example,dc=org)",
            Some(true),
        ),
        (
            "(objectCategory=CN=Computer,CN=Schema,CN=Configuration,DC=example,DC=org)",
            Some(false),
        ),
    ] {
        assert_eq!(parse(text).evaluate(&entry, &attributes), held, "{text}");
    }
}

#[test]
fn a_filter_that_hides_disabled_accounts_is_detected() {
    for (text, attribute) in [
        (
            "(&(objectClass=user)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))",
            "userAccountControl",
        ),
        ("(userAccountControl=512)", "userAccountControl"),
        ("(userAccountControl=66048)", "userAccountControl"),
        ("(&(mail=*)(!(nsAccountLock=true)))", "nsAccountLock"),
        (
            "(|(!(nsaccountlock=*))(nsaccountlock=FALSE))",
            "nsAccountLock",
        ),
        (
            "(!(1.2.840.113556.1.4.8:1.2.840.113556.1.4.804:=2))",
            "userAccountControl",
        ),
        // One of several forms is enough to lose somebody.
        ("(!(userAccountControl=514))", "userAccountControl"),
        ("(!(nsAccountLock=*))", "nsAccountLock"),
        ("(nsAccountLock=FALSE)", "nsAccountLock"),
        (
            "(|(accountExpires=0)(accountExpires>=134000000000000000))",
            "accountExpires",
        ),
        (
            "(!(msDS-UserAccountDisabled=TRUE))",
            "msDS-UserAccountDisabled",
        ),
        ("(!(pwdAccountLockedTime=*))", "pwdAccountLockedTime"),
        ("(!(employeeType=left))", "employeeType"),
    ] {
        let disabled_when = parse("(employeeType=left)");
        let hidden = parse(text).hides_disabled(Some(&disabled_when));
        assert_eq!(hidden.as_deref(), Some(attribute), "{text}");
    }
}

#[test]
fn a_filter_that_shows_disabled_accounts_raises_no_alarm() {
    for text in [
        "(objectClass=inetOrgPerson)",
        "(&(objectClass=user)(userAccountControl=*))",
        "(userAccountControl:1.2.840.113556.1.4.803:=2)",
        "(|(!(userAccountControl:1.2.840.113556.1.4.803:=2))(memberOf=cn=keep))",
        "(|(nsAccountLock=TRUE)(uid=*))",
        "(userAccountControl:1.2.840.113556.1.4.803:=512)",
        "(accountExpires=*)",
        "(pwdAccountLockedTime=000001010000Z)",
    ] {
        assert_eq!(parse(text).hides_disabled(None), None, "{text}");
    }
}

fn filters() -> impl Strategy<Value = Filter> {
    let name = "[a-zA-Z][a-zA-Z0-9-]{0,8}(;[a-z]{1,4})?";
    let value = || any::<Vec<u8>>();
    let part = || proptest::collection::vec(any::<u8>(), 1..6);
    let some = || proptest::option::of(part());
    let leaf = prop_oneof![
        (name, value()).prop_map(|(name, value)| Filter::Equal(name, value)),
        (name, value()).prop_map(|(name, value)| Filter::GreaterOrEqual(name, value)),
        (name, value()).prop_map(|(name, value)| Filter::LessOrEqual(name, value)),
        (name, "\\PC*").prop_map(|(name, value)| Filter::Approximate(name, value.into_bytes())),
        name.prop_map(Filter::Present),
        (
            name,
            some(),
            proptest::collection::vec(part(), 0..3),
            some()
        )
            .prop_map(|(attribute, initial, any, last)| {
                if initial.is_none() && any.is_empty() && last.is_none() {
                    Filter::Present(attribute)
                } else {
                    Filter::Substrings {
                        attribute,
                        initial,
                        any,
                        last,
                    }
                }
            }),
        (
            name,
            proptest::option::of("[0-9](\\.[0-9]){1,5}"),
            value(),
            any::<bool>()
        )
            .prop_map(|(name, rule, value, dn_attributes)| Filter::Extensible {
                attribute: Some(name),
                rule,
                value,
                dn_attributes
            }),
    ];
    leaf.prop_recursive(6, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Filter::And),
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Filter::Or),
            inner.prop_map(|filter| Filter::Not(Box::new(filter))),
        ]
    })
}

proptest! {
    #[test]
    fn a_printed_filter_reads_back_as_the_same(filter in filters()) {
        let text = filter.to_string();
        prop_assert_eq!(Filter::parse(&text), Ok(filter), "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*") {
        let _ = Filter::parse(&text);
    }

    #[test]
    fn any_mixture_of_filter_characters_is_read_or_refused_in_place(text in "[()&|!=<>~*:;\\\\a2é .-]{0,40}") {
        match Filter::parse(&text) {
            Ok(filter) => prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter)),
            Err(problem) => prop_assert!(text.is_char_boundary(problem.position.unwrap() as usize)),
        }
    }

    #[test]
    fn any_filter_can_be_evaluated_on_any_values(filter in filters(), values: Vec<Vec<u8>>) {
        let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
        let names = filter.attributes();
        let (attributes, page) = fixture::entry("cn=x", &[(names.first().copied().unwrap_or("a"), &values)]);
        for entry in page.iter() {
            let _ = filter.evaluate(&entry, &attributes);
        }
        let _ = filter.hides_disabled(Some(&filter));
    }
}
