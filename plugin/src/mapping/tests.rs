#![expect(clippy::unwrap_used, reason = "tests")]

use std::borrow::Cow;

use proptest::prelude::*;

use super::{Mapping, OnEmpty, Rule, TRANSFORMS, Value};
use crate::attribute::AttributeSet;
use crate::entry::Page;
use crate::field::{Field, FieldKind};
use crate::fixture;

/// A page whose attributes stand in the order that the mapping asked for.
fn page(attributes: &AttributeSet, values: &[(&str, &[&[u8]])]) -> Page {
    let all: Vec<(&str, &[&[u8]])> = attributes
        .names()
        .iter()
        .map(|name| {
            let values = values
                .iter()
                .find(|(known, _)| known == name)
                .map_or(&[][..], |(_, values)| values);
            (name.as_str(), values)
        })
        .collect();
    fixture::entry(r"cn=Smith\, Jane+uid=js,ou=Sales \2B Ops,dc=org", &all).1
}

const VALUES: &[(&str, &[&[u8]])] = &[
    ("mail", &[b" ", b" Jane@Example.ORG ", b"j@x.org"]),
    ("cn", &["Zoe\u{308} O'NEILL-mcdonald d'arc".as_bytes()]),
    ("sn", &[b"Smith"]),
    ("blank", &[b" \t "]),
    ("c", &[b"de"]),
    ("ou", &[b"A,B", b"C", b"A,B,D"]),
    ("entryUUID", &[b"66446001-1DD2-11B2-8A3F-C0E1A5B0D701"]),
    (
        "objectGUID",
        &[&[
            0x01, 0x60, 0x44, 0x66, 0xd2, 0x1d, 0xb2, 0x11, 0x8a, 0x3f, 0xc0, 0xe1, 0xa5, 0xb0,
            0xd7, 0x01,
        ]],
    ),
    ("created", &[b"20240229120000Z"]),
    ("accountExpires", &[b"9223372036854775807"]),
    ("lastLogon", &[b"133536816000000000"]),
    ("locked", &[b"TRUE"]),
    ("number", &[b"0042"]),
    ("manager", &[r"cn=Boss\2C The,OU=Board,dc=org".as_bytes()]),
    ("photo", &[&[0xff, 0xd8, 0xff]]),
    ("latin1", &[b"Zo\xeb"]),
    ("mixed", &[b"fine", b"Zo\xeb"]),
    ("tricky", &[b"a|b:c}d"]),
];

fn map_as(kind: FieldKind, source: &str) -> Value<'static> {
    let mut attributes = AttributeSet::new();
    let fields = [Field::plain("f", kind)];
    let mapping = Mapping::compile(&[Rule::new("f", source)], &fields, &mut attributes);
    let mapping = mapping.unwrap_or_else(|problems| unreachable!("{source}: {problems:?}"));
    let page = page(&attributes, VALUES);
    let mut mapped = mapping.evaluate(&page.iter().next().unwrap());
    mapped.pop().unwrap().into_owned().value
}

fn map(source: &str) -> Value<'static> {
    map_as(FieldKind::Text, source)
}

fn set(value: &str) -> Value<'static> {
    Value::Set(Cow::Owned(value.to_owned()))
}

#[test]
fn every_transform_does_what_it_says() {
    for (source, expected) in [
        ("{sn}", "Smith"),
        ("{mail|first|trim|lower}", "jane@example.org"),
        ("{mail}", " Jane@Example.ORG "),
        ("{mail|last}", "j@x.org"),
        ("{mail|trim|join:, }", "Jane@Example.ORG, j@x.org"),
        ("{sn|upper}", "SMITH"),
        ("{cn|nfc|title}", "Zoë O'Neill-Mcdonald D'Arc"),
        ("{cn|title|nfc}", "Zoë O'Neill-Mcdonald D'Arc"),
        ("{mail|split:@:2|trim}", "Example.ORG"),
        ("{mail|split:.:-1|trim}", "ORG"),
        ("{mail|split:x:9|default:none}", "none"),
        ("{ou|split:\\,|join:/}", "A/B/C/A/B/D"),
        ("{ou|split:\\,|last}", "D"),
        ("{ou|first|split:,:2}", "B"),
        ("{sn|replace:th:ths}", "Smiths"),
        ("{sn|replace:Smi:}", "th"),
        ("{c|lookup:DE=Germany:FR=France}", "Germany"),
        ("{c|lookup:FR=France}", "de"),
        ("{c|lookup:FR=France:*=Other}", "Other"),
        ("{gone|default:x}", "x"),
        ("{gone|default:x|upper}", "X"),
        ("{blank|default:x}", "x"),
        ("{gone,blank,sn}", "Smith"),
        ("{gone|coalesce:blank:sn|upper}", "SMITH"),
        ("{c|coalesce:sn}", "de"),
        ("{sn|template:Dr. % (%)}", "Dr. Smith (Smith)"),
        ("{entryUUID|uuid}", "66446001-1dd2-11b2-8a3f-c0e1a5b0d701"),
        ("{objectGUID|guid}", "66446001-1dd2-11b2-8a3f-c0e1a5b0d701"),
        (
            "{objectGUID|first|guid|upper}",
            "66446001-1DD2-11B2-8A3F-C0E1A5B0D701",
        ),
        ("{created|time}", "2024-02-29T12:00:00Z"),
        ("{lastLogon|filetime}", "2024-02-29T12:00:00Z"),
        ("{accountExpires|filetime|default:never}", "never"),
        ("{locked|boolean}", "true"),
        ("{locked|boolean:gone:here}", "gone"),
        ("{number|integer}", "42"),
        ("{manager|rdn}", "Boss, The"),
        ("{manager|rdn:ou}", "Board"),
        ("{dn|rdn}", "Smith, Jane"),
        ("{dn|rdn:uid}", "js"),
        ("{dn|rdn:ou}", "Sales + Ops"),
        ("{photo|base64}", "/9j/"),
    ] {
        assert_eq!(map(source), set(expected), "{source}");
    }
}

#[test]
fn templates_put_pieces_together() {
    for (source, expected) in [
        ("{sn}, {c|upper}", "Smith, DE"),
        ("{gone} {sn}", "Smith"),
        ("{sn} {gone}", "Smith"),
        ("constant", "constant"),
        (r"\{{sn}\}", "{Smith}"),
        (r"{tricky|replace:\|b\::-}", "a-c}d"),
        (r"{tricky|split:\}:1}", "a|b:c"),
        ("{ sn | upper }", "SMITH"),
        ("é{sn}é", "éSmithé"),
        ("a:b|c,d", "a:b|c,d"),
    ] {
        assert_eq!(map(source), set(expected), "{source}");
    }
}

#[test]
fn no_value_is_not_an_empty_value() {
    for source in [
        "{gone}",
        "{blank}",
        "{gone} {blank}",
        "Dr. {gone}",
        "{gone|join:x}",
        "{gone|template:x%}",
        "{accountExpires|filetime}",
        "{manager|rdn:cn|lookup:boss, the=}",
    ] {
        assert_eq!(map(source), Value::Keep, "{source}");
    }
}

#[test]
fn what_happens_with_no_value_is_the_rules_choice() {
    let fields = [
        Field::plain("a", FieldKind::Text),
        Field::plain("b", FieldKind::Text),
        Field::plain("c", FieldKind::Boolean),
    ];
    let rules = [
        Rule::new("c", "{gone}").on_empty(OnEmpty::Default("TRUE".to_owned())),
        Rule::new("a", "{gone}").on_empty(OnEmpty::Clear),
        Rule::new("b", "{gone}"),
    ];
    let mut attributes = AttributeSet::new();
    let mapping = Mapping::compile(&rules, &fields, &mut attributes).unwrap();
    let page = page(&attributes, VALUES);
    let mapped = mapping.evaluate(&page.iter().next().unwrap());
    let mapped: Vec<_> = mapped
        .into_iter()
        .map(|mapped| (mapped.field, mapped.value))
        .collect();
    assert_eq!(
        mapped,
        [(2, set("true")), (0, Value::Clear), (1, Value::Keep)]
    );
}

#[test]
fn a_required_field_is_never_cleared_and_not_missing_where_the_portal_has_it() {
    let mut required = Field::plain("a", FieldKind::Text);
    required.required = true;
    let run = |on_empty, source: &str| {
        let mut attributes = AttributeSet::new();
        let fields = [required.clone()];
        let mapping = Mapping::compile(
            &[Rule::new("a", source).on_empty(on_empty)],
            &fields,
            &mut attributes,
        )
        .unwrap();
        let page = page(&attributes, VALUES);
        let mapped = mapping.evaluate(&page.iter().next().unwrap());
        let missing = mapping.missing(&mapped);
        (mapped[0].clone().into_owned().value, missing)
    };
    let (value, missing) = run(OnEmpty::Keep, "{gone}");
    assert_eq!(value, Value::Keep);
    assert_eq!(missing[0].code, "missing-value");
    let (value, _) = run(OnEmpty::Clear, "{gone}");
    assert!(matches!(value, Value::Failed(problem) if problem.code == "missing-value"));
    let (value, missing) = run(OnEmpty::Keep, "{sn}");
    assert_eq!((value, missing), (set("Smith"), Vec::new()));
}

#[test]
fn a_bad_value_fails_that_field_with_the_attributes_name() {
    for (kind, source, code, says) in [
        (FieldKind::Text, "{latin1|trim}", "bad-utf8", "latin1"),
        (FieldKind::Text, "{sn} {latin1}", "bad-utf8", "byte 2"),
        (FieldKind::Text, "{mixed|join:-}", "bad-utf8", "mixed"),
        (FieldKind::Text, "{sn|uuid}", "bad-value", "sn"),
        (
            FieldKind::Text,
            "{gone,sn|join:-|uuid}",
            "bad-value",
            "sn: ",
        ),
        (FieldKind::Text, "{sn|guid}", "bad-value", "5 bytes"),
        (FieldKind::Text, "{sn|time}", "bad-value", "sn"),
        (FieldKind::Text, "{sn|boolean}", "bad-value", "sn"),
        (FieldKind::Text, "{sn|rdn}", "bad-value", "DN"),
        (FieldKind::Email, "{sn}", "bad-value", "mail address"),
    ] {
        let Value::Failed(problem) = map_as(kind, source) else {
            unreachable!("{source} did not fail")
        };
        assert_eq!(
            (problem.code, problem.field.as_deref()),
            (code, Some("f")),
            "{source}"
        );
        assert!(
            problem.message.contains(says) && !problem.message.contains("Smith"),
            "{source}: {}",
            problem.message
        );
    }
}

#[test]
fn only_the_value_that_is_taken_must_be_readable() {
    assert_eq!(map("{mixed|first}"), set("fine"));
}

#[test]
fn a_picture_is_read_as_bytes() {
    assert_eq!(map_as(FieldKind::Image, "{photo}"), set("/9j/"));
    assert_eq!(map_as(FieldKind::Image, "{photo|base64}"), set("/9j/"));
}

fn refused(source: &str) -> crate::Problem {
    let rules = [Rule::new("f", source)];
    let mut attributes = AttributeSet::new();
    let mut problems = Mapping::compile(
        &rules,
        &[Field::plain("f", FieldKind::Text)],
        &mut attributes,
    )
    .unwrap_err();
    assert!(attributes.is_empty(), "nothing is added after an error");
    assert_eq!(problems.len(), 1);
    problems.pop().unwrap()
}

#[test]
fn a_broken_source_is_refused_with_its_place() {
    for (source, code, position) in [
        ("", "template-syntax", 0),
        ("{mail", "template-syntax", 0),
        ("x{mail|first", "template-syntax", 1),
        ("mail}", "template-syntax", 4),
        ("{}", "template-syntax", 1),
        ("{mail,}", "template-syntax", 6),
        ("{ given name}", "template-syntax", 2),
        ("{mail:x}", "template-syntax", 5),
        ("{a{b}}", "template-syntax", 2),
        ("{a|join:{}", "template-syntax", 8),
        (r"a\q", "template-syntax", 1),
        ("a\\", "template-syntax", 1),
        ("{mail|frist}", "unknown-transform", 6),
        ("{mail|}", "unknown-transform", 6),
        ("{mail|trim:x}", "template-syntax", 11),
        ("{mail|join}", "template-syntax", 6),
        ("{mail|join:a:b}", "template-syntax", 13),
        ("{mail|split::1}", "template-syntax", 12),
        ("{mail|split:@:0}", "template-syntax", 14),
        ("{mail|split:@:x}", "template-syntax", 14),
        ("{mail|replace:a}", "template-syntax", 6),
        ("{mail|lookup:a}", "template-syntax", 13),
        ("{mail|lookup:a=1:A=2}", "template-syntax", 17),
        ("{mail|template:x}", "template-syntax", 15),
        ("{mail|coalesce:}", "template-syntax", 15),
        ("{mail|default:}", "template-syntax", 14),
        ("{mail|trim|guid}", "template-syntax", 11),
        ("{mail|join:x|base64}", "template-syntax", 13),
    ] {
        let problem = refused(source);
        assert_eq!(
            (problem.code, problem.position),
            (code, Some(position)),
            "{source}: {}",
            problem.message
        );
        assert_eq!(problem.field.as_deref(), Some("f"));
        assert!(!problem.remedy.is_empty());
    }
    assert!(refused("{mail|low}").remedy.contains("Did you mean lower?"));
}

#[test]
fn all_wrong_rules_are_reported_at_once() {
    let mut required = Field::plain("username", FieldKind::Text);
    required.required = true;
    let mut id = Field::plain("external-id", FieldKind::Text);
    id.required = true;
    let fields = [
        id,
        required,
        Field::plain("vip", FieldKind::Boolean),
        Field::plain("x", FieldKind::Text),
        Field::plain("boss", FieldKind::Person),
    ];
    let rules = [
        Rule::new("nickname", "{cn}"),
        Rule::new("external-id", "{cn}"),
        Rule::new("boss", "{manager|rdn}"),
        Rule::new("vip", "{cn}").on_empty(OnEmpty::Default("maybe".to_owned())),
        Rule::new("vip", "{sn}"),
        Rule::new("x", "{cn|nope}"),
    ];
    let problems = Mapping::compile(&rules, &fields, &mut AttributeSet::new()).unwrap_err();
    let found: Vec<_> = problems
        .iter()
        .map(|p| (p.code, p.field.as_deref().unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            ("unknown-field", "nickname"),
            ("reserved-field", "external-id"),
            ("person-field", "boss"),
            ("duplicate-rule", "vip"),
            ("unknown-transform", "x"),
            ("bad-default", "vip"),
            ("missing-rule", "username"),
        ]
    );
    assert!(problems[0].remedy.contains("username, vip, x"));
}

#[test]
fn a_field_that_holds_another_person_takes_one_attribute_as_it_is_and_nothing_else() {
    let fields = [
        Field::plain("boss", FieldKind::Person),
        Field::plain("proxy", FieldKind::Person),
    ];
    let compile = |rules: &[Rule]| {
        let mut attributes = AttributeSet::new();
        Mapping::compile(rules, &fields, &mut attributes).map(|mapping| (mapping, attributes))
    };
    for source in ["{manager}", "{manager|first}"] {
        let (mapping, attributes) = compile(&[Rule::new("boss", source)]).unwrap();
        let page = page(&attributes, VALUES);
        let entry = page.iter().next().unwrap();
        let link = mapping.link().unwrap();
        assert_eq!(
            link.name(&entry).unwrap(),
            r"cn=Boss\2C The,OU=Board,dc=org"
        );
        assert!(
            mapping.evaluate(&entry).is_empty(),
            "no value of the entry's own"
        );
    }
    let refused = [
        vec![Rule::new("boss", "{manager|last}")],
        vec![Rule::new("boss", "{manager,secretary}")],
        vec![Rule::new("boss", "{dn}")],
        vec![Rule::new("boss", "cn={cn}")],
        vec![Rule::new("boss", "{manager}").on_empty(OnEmpty::Default("x".to_owned()))],
        vec![
            Rule::new("boss", "{manager}"),
            Rule::new("proxy", "{secretary}"),
        ],
    ];
    for rules in refused {
        let problems = compile(&rules).unwrap_err();
        let codes: Vec<_> = problems.iter().map(|problem| problem.code).collect();
        assert_eq!(codes, ["person-field"], "{rules:?}");
    }
}

#[test]
fn a_required_field_gets_no_blank_value() {
    let mut required = Field::plain("a", FieldKind::Text);
    required.required = true;
    let compile = |rule: Rule| {
        let mut attributes = AttributeSet::new();
        Mapping::compile(&[rule], &[required.clone()], &mut attributes)
            .map(|mapping| (mapping, attributes))
    };
    for rule in [
        Rule::new("a", "{gone}").on_empty(OnEmpty::Default(" ".to_owned())),
        Rule::new("a", "  "),
    ] {
        let problems = compile(rule).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].code, "bad-default");
    }
    for source in [
        "{c|lookup:de=}",
        "{gone|default: }",
        "{c|lookup:de=} ",
        " {sn|lookup:smith=}",
    ] {
        let (mapping, attributes) = compile(Rule::new("a", source)).unwrap();
        let page = page(&attributes, VALUES);
        let mapped = mapping.evaluate(&page.iter().next().unwrap());
        assert_eq!(mapped[0].value, Value::Keep, "{source}");
    }
}

#[test]
fn an_optional_field_may_be_blank_by_default() {
    let rules = [Rule::new("a", "{gone}").on_empty(OnEmpty::Default(String::new()))];
    let fields = [Field::plain("a", FieldKind::Text)];
    assert!(Mapping::compile(&rules, &fields, &mut AttributeSet::new()).is_ok());
}

#[test]
fn a_trace_shows_what_was_read() {
    let mut attributes = AttributeSet::new();
    let rules = [Rule::new("f", "{gone,mail|first|trim} {latin1}")];
    let fields = [Field::plain("f", FieldKind::Text)];
    let mapping = Mapping::compile(&rules, &fields, &mut attributes).unwrap();
    let page = page(&attributes, VALUES);
    let entry = page.iter().next().unwrap();
    let traced = mapping.trace(&entry);
    assert_eq!(traced[0].source, rules[0].source);
    assert_eq!(
        traced[0].raw,
        [" ", " Jane@Example.ORG ", "j@x.org", "0x5a6feb"]
    );
    assert_eq!(vec![traced[0].mapped.clone()], mapping.evaluate(&entry));
}

#[test]
fn what_a_value_is_made_of_is_given_unaltered() {
    let exact = |source: &str| {
        let mut attributes = AttributeSet::new();
        let rules = [Rule::new("f", source)];
        let mapping = Mapping::compile(
            &rules,
            &[Field::plain("f", FieldKind::Text)],
            &mut attributes,
        )
        .unwrap();
        let page = page(&attributes, VALUES);
        mapping.exact(0, &page.iter().next().unwrap())
    };
    for (source, made_of) in [
        ("{mail}", " Jane@Example.ORG "),
        ("{mail|first|trim|lower}", " Jane@Example.ORG "),
        ("{gone,mail|last|trim}", "j@x.org"),
        ("{latin1|first}", "0x5a6feb"),
        ("{mail|join:-}", " ;  Jane@Example.ORG ; j@x.org"),
        ("{mail|first} {latin1}", " Jane@Example.ORG ; 0x5a6feb"),
        ("{gone}", ""),
        ("{gone|coalesce:mail}", " ;  Jane@Example.ORG ; j@x.org"),
    ] {
        assert_eq!(exact(source), made_of, "{source}");
    }
}

#[test]
fn what_needs_no_change_is_not_copied() {
    let mut attributes = AttributeSet::new();
    let rules = [
        Rule::new("f", "{mail|last}"),
        Rule::new("g", "{sn|first|trim|nfc|replace:x:y}"),
    ];
    let fields = [
        Field::plain("f", FieldKind::Email),
        Field::plain("g", FieldKind::Text),
    ];
    let mapping = Mapping::compile(&rules, &fields, &mut attributes).unwrap();
    let page = page(&attributes, VALUES);
    for mapped in mapping.evaluate(&page.iter().next().unwrap()) {
        assert!(matches!(mapped.value, Value::Set(Cow::Borrowed(_))));
    }
}

#[test]
fn every_transform_in_the_list_is_known() {
    for (usage, _) in TRANSFORMS {
        let name = usage.split([':', '[']).next().unwrap();
        let rules = [Rule::new("f", format!("{{a|{name}}}"))];
        let result = Mapping::compile(
            &rules,
            &[Field::plain("f", FieldKind::Text)],
            &mut AttributeSet::new(),
        );
        let unknown = result.is_err_and(|problems| problems[0].code == "unknown-transform");
        assert!(!unknown, "{name}");
    }
}

proptest! {
    #[test]
    fn any_source_is_compiled_or_refused_in_place(source in "[{}|:,\\\\a=%*@é ]{0,30}|\\{a(\\|(first|split:a|split:a:[1-3]|join:é|title|template:%|rdn|default:x|lookup:a=b|upper)){0,5}\\}", values: Vec<Vec<u8>>) {
        let mut attributes = AttributeSet::new();
        match Mapping::compile(&[Rule::new("f", source.clone())], &[Field::plain("f", FieldKind::Text)], &mut attributes) {
            Err(problems) => {
                let position = problems[0].position.unwrap() as usize;
                prop_assert!(source.is_char_boundary(position));
            }
            Ok(mapping) => {
                let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
                let page = page(&attributes, &[("a", &values)]);
                let _ = mapping.trace(&page.iter().next().unwrap());
            }
        }
    }

    #[test]
    fn escaped_text_stands_for_itself(text in "\\PC{1,20}") {
        let mut source = String::new();
        for character in text.chars() {
            if "{}|:,\\".contains(character) {
                source.push('\\');
            }
            source.push(character);
        }
        prop_assert_eq!(map(&source), set(&text));
        let defaulted = map(&format!("{{gone|default:{source}}}"));
        prop_assert_eq!(defaulted, if text.trim().is_empty() { Value::Keep } else { set(&text) });
    }

    #[test]
    fn title_changes_case_only(text in "\\PC{0,20}") {
        let titled = super::apply::each(&[super::Transform::Title], Cow::Borrowed(&text)).unwrap();
        prop_assert_eq!(titled.to_lowercase().to_uppercase(), text.to_lowercase().to_uppercase());
    }
}

#[test]
fn a_unique_field_takes_no_rule_that_gives_everybody_the_same() {
    let mut badge = Field::plain("badge", FieldKind::Text);
    let compile = |badge: &Field, source: &str| {
        let fields = std::slice::from_ref(badge);
        let compiled = Mapping::compile(
            &[Rule::new("badge", source)],
            fields,
            &mut AttributeSet::new(),
        );
        compiled.map(drop).map_err(|problems| {
            let each = problems.into_iter();
            each.map(|problem| problem.code).collect::<Vec<_>>()
        })
    };
    assert_eq!(compile(&badge, "same"), Ok(()), "others may share it");
    badge.unique = true;
    assert_eq!(compile(&badge, "same"), Err(vec!["same-for-all"]));
    assert_eq!(compile(&badge, "B-{uid}"), Ok(()));
}
