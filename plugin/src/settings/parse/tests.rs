#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;

fn roles() -> Vec<Role> {
    ["requester", "approver"]
        .map(|id| Role {
            id: id.into(),
            label: id.into(),
        })
        .into()
}

fn form_of(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

const LEAST: &[(&str, &str)] = &[
    ("url", "ldap.example.com"),
    ("base-dn", "dc=example,dc=com"),
];

fn with(more: &[(&str, &str)]) -> Result<Parsed, Vec<Problem>> {
    parse(&form_of(&[LEAST, more].concat()), &roles())
}

fn codes(result: Result<Parsed, Vec<Problem>>) -> Vec<(&'static str, String)> {
    result
        .unwrap_err()
        .into_iter()
        .map(|p| (p.code, p.field.unwrap_or_default()))
        .collect()
}

#[test]
fn the_least_that_can_be_filled_in_gets_the_defaults() {
    let parsed = with(&[]).unwrap();
    assert_eq!(parsed.settings.leavers, LeaverPolicy::Deactivate);
    assert_eq!(
        parsed.settings.guards,
        GuardLimits {
            count: 500,
            percent: 10
        }
    );
    assert_eq!(parsed.settings.places.scope(), Scope::Subtree);
    assert_eq!(parsed.settings.profile, ProfileChoice::Auto);
    assert_eq!(parsed.settings.connection.security, Security::StartTls);
    assert_eq!(
        parsed.settings.connection.authentication,
        Authentication::Anonymous
    );
    assert_eq!(parsed.texts["page-size"], "1000");
    assert!(parsed.warnings.is_empty());
}

#[test]
fn what_is_stored_reads_back_as_the_same() {
    let parsed = with(&[
        ("bind-name", " cn=reader,dc=example,dc=com "),
        ("password", "credential-1"),
        ("leavers", "grace"),
        ("leaver-grace-days", "007"),
        ("filter", "(ou=Sales)"),
    ])
    .unwrap();
    assert_eq!(parsed.settings.leavers, LeaverPolicy::Grace { days: 7 });
    let texts: Vec<_> = parsed.texts.clone().into_iter().collect();
    assert_eq!(parse(&texts, &roles()).unwrap(), parsed);
}

#[test]
fn a_new_url_does_not_contradict_what_followed_from_the_old_one() {
    let mut texts = with(&[]).unwrap().texts;
    texts.insert("url".into(), "ldaps://ldap.example.com".into());
    let texts: Vec<_> = texts.into_iter().collect();
    assert_eq!(
        parse(&texts, &roles())
            .unwrap()
            .settings
            .connection
            .security,
        Security::Ldaps
    );
}

#[test]
fn everything_wrong_is_reported_at_once_by_field() {
    let problems = codes(parse(
        &form_of(&[
            ("url", "http://x"),
            ("port", "0"),
            ("bind-name", "cn=x"),
            ("scope", "all"),
            ("role", "king"),
            ("leavers", "fire"),
            ("guard-percent", "101"),
            ("page-size", "many"),
            ("base_dn", "dc=x"),
            ("certificate-authority", "x"),
        ]),
        &roles(),
    ));
    let expected = [
        ("unknown-setting", "base_dn"),
        ("bad-url", "url"),
        ("bad-port", "port"),
        ("bad-certificate", "certificate-authority"),
        ("password-missing", "password"),
        ("required", "base-dn"),
        ("bad-choice", "scope"),
        ("unknown-role", "role"),
        ("bad-choice", "leavers"),
        ("bad-number", "guard-percent"),
        ("bad-number", "page-size"),
    ];
    assert_eq!(
        problems,
        expected.map(|(code, field)| (code, field.to_owned()))
    );
}

#[test]
fn a_password_needs_a_name_and_a_name_a_password_that_is_not_empty() {
    assert_eq!(
        codes(with(&[("bind-name", "cn=x")])),
        [("password-missing", "password".into())]
    );
    assert_eq!(
        codes(with(&[("bind-name", "cn=x"), ("password", "")])),
        [("empty-password", "password".into())]
    );
    assert_eq!(
        codes(with(&[("password", "c1")])),
        [("required", "bind-name".into())]
    );
    assert!(with(&[("bind-name", ""), ("password", "")]).is_ok());
}

#[test]
fn a_missing_base_is_tolerated_only_where_bases_are_looked_for() {
    let form = form_of(&LEAST[..1]);
    assert_eq!(
        codes(parse(&form, &roles())),
        [("required", "base-dn".into())]
    );
    assert_eq!(
        parse_without_base(&form, &roles())
            .unwrap()
            .settings
            .places
            .bases()
            .len(),
        0
    );
}

#[test]
fn plain_transport_and_swapped_ports_are_warned_about() {
    let warned = |more: &[(&str, &str)]| -> Vec<_> {
        with(more)
            .unwrap()
            .warnings
            .into_iter()
            .map(|p| p.code)
            .collect()
    };
    assert_eq!(warned(&[("security", "plain")]), ["transport-unencrypted"]);
    assert_eq!(warned(&[("port", "636")]), ["unusual-port"]);
    assert_eq!(
        warned(&[("security", "ldaps"), ("port", "6360")]),
        Vec::<&str>::new()
    );
}

#[test]
fn a_broken_filter_or_base_is_refused_at_its_position_in_the_value_as_given() {
    let problems = parse(
        &form_of(&[
            ("url", "a"),
            ("base-dn", "  dc=x,="),
            ("filter", " (cn=a"),
            ("disabled-when", "(a=b))"),
        ]),
        &roles(),
    )
    .unwrap_err();
    let found: Vec<_> = problems
        .iter()
        .map(|p| (p.code, p.field.as_deref().unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            ("bad-dn", "base-dn"),
            ("filter-syntax", "filter"),
            ("filter-syntax", "disabled-when")
        ]
    );
    assert_eq!(problems[0].position, Some(7));
    assert_eq!(problems[2].position, Some(5));
    assert!(with(&[("filter", " (cn=John Smith) "), ("disabled-when", "(|)")]).is_ok());
}

#[test]
fn a_filter_that_hides_disabled_accounts_is_warned_about_and_one_that_does_not_is_not() {
    let warned = |filter: &str| {
        with(&[("filter", filter)])
            .unwrap()
            .warnings
            .first()
            .map(|p| p.code)
    };
    assert_eq!(
        warned("(&(uid=*)(!(nsAccountLock=TRUE)))"),
        Some("filter-hides-disabled")
    );
    assert_eq!(warned("(&(objectClass=person)(ou=Sales))"), None);
}

#[test]
fn a_filter_that_says_nothing_of_the_kind_of_entry_is_warned_about() {
    let warned = |filter: &str| {
        with(&[("filter", filter)])
            .unwrap()
            .warnings
            .into_iter()
            .map(|problem| (problem.code, problem.remedy))
            .collect::<Vec<_>>()
    };
    let long = format!("(ou={})", "x".repeat(300));
    for filter in ["(ou=Sales)", "(&(uid=*)(ou=Sales))", &long] {
        let [(code, remedy)] = warned(filter).try_into().unwrap();
        assert_eq!(code, "filter-without-class");
        assert!(remedy.len() < 300 && remedy.contains("(&(objectClass=inetOrgPerson)("));
    }
    assert!(warned("(ou=Sales)")[0].1.contains("(ou=Sales))"));
}

#[test]
fn a_filter_that_names_a_class_somewhere_and_the_profiles_own_are_not_warned_about() {
    for filter in [
        "",
        "(objectclass=person)",
        "(&(ou=Sales)(|(objectCategory=person)(cn=x)))",
        "(!(2.5.4.0=device))",
    ] {
        assert_eq!(
            with(&[("filter", filter)]).unwrap().warnings,
            [],
            "{filter}"
        );
    }
}

#[test]
fn a_setting_given_twice_is_refused() {
    assert_eq!(
        codes(with(&[("url", "b")])),
        [("duplicate-setting", "url".into())]
    );
}

#[test]
fn a_setting_that_is_none_is_told_what_it_was_meant_to_be() {
    let remedy = |key: &str| {
        with(&[(key, "x")])
            .unwrap_err()
            .into_iter()
            .find(|problem| problem.code == "unknown-setting")
            .unwrap()
            .remedy
    };
    for (key, meant) in [
        ("ca-file", "`certificate-authority`"),
        ("base_dn", "`base-dn`"),
        ("Bind DN", "`bind-name`"),
        ("fitler", "`filter`"),
        ("page-sise", "`page-size`"),
        ("guardpercnt", "`guard-percent`"),
        ("usl", "`url`"),
    ] {
        let remedy = remedy(key);
        assert!(remedy.contains(meant), "{key}: {remedy}");
    }
}

#[test]
fn a_setting_like_no_other_is_told_which_ones_there_are() {
    for key in ["colour", "xyz", "", &"filter".repeat(99)] {
        let remedy = with(&[(key, "x")]).unwrap_err().remove(0).remedy;
        assert!(!remedy.contains("mean"), "{key}: {remedy}");
        assert!(form::form().iter().all(|field| remedy.contains(field.key)));
    }
}

proptest! {
    #[test]
    fn what_is_one_edit_away_is_near(text in "[a-z]{3,12}", place in 0_usize..12) {
        let mut cut = text.clone();
        cut.remove(place % text.len());
        prop_assert_eq!(distance(&text, &text), 0);
        prop_assert_eq!(distance(&text, &cut), 1);
        prop_assert_eq!(distance(&cut, &text), 1);
    }

    #[test]
    fn no_form_makes_it_panic(
        pairs in prop::collection::vec(
            (prop::sample::select(form::form().iter().map(|f| f.key).collect::<Vec<_>>()), ".{0,20}"), 0..8)
    ) {
        let given: Vec<_> = pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let _ = parse(&given, &roles());
    }
}

/// A SEQUENCE of three bytes.
const PEM: &str = "-----BEGIN CERTIFICATE-----\nMAMBAf8=\n-----END CERTIFICATE-----";

fn identity(more: &[(&str, &str)]) -> (Authentication, Option<String>) {
    let connection = with(more).unwrap().settings.connection;
    (
        connection.authentication,
        connection.client_certificate.map(|client| client.key),
    )
}

#[test]
fn how_the_client_authenticates_follows_from_what_is_filled_in() {
    let certificate = [("client-certificate", PEM), ("client-key", "c2")];
    let password = [("bind-name", "cn=x"), ("password", "c1")];
    let simple = Authentication::Simple {
        name: "cn=x".into(),
        credential: "c1".into(),
    };
    assert_eq!(identity(&[]), (Authentication::Anonymous, None));
    assert_eq!(identity(&password), (simple.clone(), None));
    let key = Some("c2".to_owned());
    assert_eq!(
        identity(&certificate),
        (Authentication::External, key.clone())
    );
    let both = [&certificate[..], &password].concat();
    assert_eq!(identity(&both), (simple.clone(), key.clone()));
    // The same, demanded; and a certificate for TLS alone.
    for (demanded, expected, more) in [
        ("simple", simple, &both[..]),
        ("external", Authentication::External, &certificate[..]),
        ("anonymous", Authentication::Anonymous, &certificate[..]),
    ] {
        let more = [&[("authentication", demanded)][..], more].concat();
        assert_eq!(identity(&more), (expected, key.clone()), "{demanded}");
    }
}

#[test]
fn an_authentication_that_contradicts_the_rest_is_refused() {
    let certificate = ("client-certificate", PEM);
    let key = ("client-key", "c2");
    let name = ("bind-name", "cn=x");
    let password = ("password", "c1");
    let demand = |word| ("authentication", word);
    for (more, code, field) in [
        (vec![certificate], "key-missing", "client-key"),
        (
            vec![key],
            "client-certificate-missing",
            "client-certificate",
        ),
        (
            vec![demand("external")],
            "client-certificate-missing",
            "client-certificate",
        ),
        (
            vec![demand("external"), certificate, key, name, password],
            "contradiction",
            "authentication",
        ),
        (
            vec![demand("anonymous"), name, password],
            "contradiction",
            "authentication",
        ),
        (vec![demand("simple")], "required", "bind-name"),
        (
            vec![certificate, key, ("security", "plain")],
            "client-certificate-unprotected",
            "security",
        ),
        (
            vec![("client-certificate", "MAMBAf8="), key],
            "bad-certificate",
            "client-certificate",
        ),
        (
            vec![
                (
                    "client-certificate",
                    "-----BEGIN PRIVATE KEY-----\nMAMBAf8=\n-----END PRIVATE KEY-----",
                ),
                key,
            ],
            "bad-certificate",
            "client-certificate",
        ),
        (vec![demand("kerberos")], "bad-choice", "authentication"),
    ] {
        assert_eq!(codes(with(&more)), [(code, field.to_owned())], "{more:?}");
    }
}

#[test]
fn bind_names_of_every_kind_are_kept_as_they_are_and_odd_ones_warned_about() {
    for (name, warned) in [
        ("cn=reader,dc=example,dc=com", false),
        ("reader@example.com", false),
        ("EXAMPLE\\reader", false),
        ("reader", true),
    ] {
        let parsed = with(&[("bind-name", name), ("password", "c1")]).unwrap();
        assert_eq!(parsed.texts["bind-name"], name);
        let found = parsed
            .warnings
            .iter()
            .any(|problem| problem.code == "unusual-bind-name");
        assert_eq!(found, warned, "{name}");
    }
    let broken = [("bind-name", " cn=reader,dc=example,"), ("password", "c1")];
    let problems = with(&broken).unwrap_err();
    assert_eq!(
        (
            problems[0].code,
            problems[0].field.as_deref(),
            problems[0].position
        ),
        ("bad-dn", Some("bind-name"), Some(22))
    );
}

#[test]
fn a_client_certificate_that_is_never_shown_is_warned_about() {
    let shown = [
        ("client-certificate", PEM),
        ("client-key", "c2"),
        ("authentication", "anonymous"),
    ];
    assert!(with(&shown).unwrap().warnings.is_empty());
    let hidden = [&shown[..], &[("security", "plain")]].concat();
    let warned: Vec<_> = with(&hidden)
        .unwrap()
        .warnings
        .into_iter()
        .map(|problem| problem.code)
        .collect();
    assert_eq!(warned, ["transport-unencrypted", "certificate-unused"]);
}
