//! Binds, searches, limits, referrals.

use ldap3_proto::LdapSearchScope;
use ldap3_proto::control::LdapControl;

use super::super::{Anonymous, DemoDirectory, Limits, Options, Vendor};
use super::client::{Ask, Client, ask, start};
use crate::demo::Entry;
use crate::demo::people::{SUFFIX, ServiceAccount};

const PEOPLE: &str = "(objectClass=inetOrgPerson)";

fn base(dn: &str, attrs: Vec<&'static str>) -> Ask {
    Ask {
        base: dn.to_owned(),
        scope: LdapSearchScope::Base,
        attrs,
        ..ask("(objectClass=*)")
    }
}

#[test]
fn the_right_password_binds_and_everything_else_is_refused() {
    let directory = start(10);
    let name = directory.bind_name();
    let mut client = Client::connect(&directory);
    assert_eq!(client.bind(&name, &directory.password()), 0);
    assert_eq!(client.bind(&name, "wrong"), 49);
    assert_eq!(client.bind("cn=nobody,dc=example,dc=org", "x"), 49);
    assert_eq!(client.bind(&name, ""), 53);
    assert_eq!(client.bind("no name", "x"), 34);
    assert_eq!(client.bind("", ""), 0);
}

#[test]
fn a_failed_bind_leaves_the_client_anonymous() {
    let directory = start(10);
    let mut client = Client::bound(&directory, ServiceAccount::Sync);
    let who = |client: &mut Client| client.extended("1.3.6.1.4.1.4203.1.11.3").value.unwrap();
    assert_eq!(
        who(&mut client),
        format!("dn:{}", directory.bind_name()).into_bytes()
    );
    assert_eq!(client.bind(&directory.bind_name(), "wrong"), 49);
    assert_eq!(who(&mut client), b"");
    assert_eq!(client.search(ask(PEOPLE)).code, 32);
}

#[test]
fn an_anonymous_client_sees_what_the_policy_allows() {
    for (anonymous, bind, search) in [
        (Anonymous::Read, 0, 0),
        (Anonymous::RootDse, 0, 32),
        (Anonymous::Refused, 48, 8),
    ] {
        let options = Options {
            people: 10,
            anonymous,
            ..Options::default()
        };
        let directory = DemoDirectory::start(options).unwrap();
        let mut client = Client::connect(&directory);
        assert_eq!(client.bind("", ""), bind);
        assert_eq!(client.search(ask(PEOPLE)).code, search);
        assert_eq!(client.search(base("", vec!["+"])).entries.len(), 1);
    }
}

#[test]
fn the_root_dse_is_that_of_openldap_unless_it_is_to_be_nobodys() {
    let directory = start(1);
    let answer = Client::connect(&directory).search(base("", vec!["*", "+"]));
    let values = |name: &str| {
        let found = answer.entries[0]
            .attributes
            .iter()
            .find(|a| a.atype == name);
        found.map_or(Vec::new(), |a| {
            a.vals
                .iter()
                .map(|v| String::from_utf8(v.clone()).unwrap())
                .collect()
        })
    };
    assert_eq!(values("objectClass"), ["top", "OpenLDAProotDSE"]);
    assert_eq!(values("namingContexts"), [SUFFIX]);
    assert!(values("supportedControl").contains(&"1.2.840.113556.1.4.319".to_owned()));
    assert!(values("supportedExtension").contains(&"1.3.6.1.4.1.1466.20037".to_owned()));

    let options = Options {
        people: 1,
        vendor: Vendor::Generic,
        paging: false,
        ..Options::default()
    };
    let generic = DemoDirectory::start(options).unwrap();
    let answer =
        Client::connect(&generic).search(base("", vec!["objectClass", "supportedControl"]));
    let all: Vec<_> = answer.entries[0]
        .attributes
        .iter()
        .flat_map(|a| a.vals.clone())
        .collect();
    assert!(!all.contains(&b"OpenLDAProotDSE".to_vec()));
    assert!(!all.contains(&b"1.2.840.113556.1.4.319".to_vec()));
}

#[test]
fn the_scope_says_how_far_a_search_goes() {
    let directory = start(60);
    let mut client = Client::bound(&directory, ServiceAccount::Full);
    let mut count = |base: &str, scope: LdapSearchScope| {
        let ask = Ask {
            base: base.to_owned(),
            scope,
            ..ask("(objectClass=*)")
        };
        client.search(ask).entries.len()
    };
    let people = format!("OU=people, {SUFFIX}");
    assert_eq!(count(SUFFIX, LdapSearchScope::OneLevel), 3);
    assert_eq!(count(SUFFIX, LdapSearchScope::Base), 1);
    assert_eq!(
        count(SUFFIX, LdapSearchScope::Subtree),
        directory.entry_count()
    );
    let below = count(&people, LdapSearchScope::Subtree);
    assert_eq!(below, 62);
    assert!(
        count(&people, LdapSearchScope::OneLevel) < below - 1,
        "somebody is nested"
    );
}

#[test]
fn a_base_that_is_not_there_names_the_nearest_above() {
    let directory = start(1);
    let mut client = Client::bound(&directory, ServiceAccount::Full);
    let wrong = Ask {
        base: format!("ou=Nowhere,ou=People,{SUFFIX}"),
        ..ask(PEOPLE)
    };
    let answer = client.search(wrong);
    assert_eq!(answer.code, 32);
    assert_eq!(
        answer.result.unwrap().matcheddn,
        format!("ou=People,{SUFFIX}")
    );
}

#[test]
fn an_answer_has_the_attributes_asked_for() {
    let directory = start(3);
    let mut client = Client::bound(&directory, ServiceAccount::Full);
    let dn = directory.organisation().person(1).dn;
    let mut names = |attrs: Vec<&'static str>| -> Vec<String> {
        let answer = client.search(base(&dn, attrs));
        answer.entries[0]
            .attributes
            .iter()
            .map(|a| a.atype.clone())
            .collect()
    };
    let user = names(Vec::new());
    assert!(user.contains(&"cn".to_owned()) && !user.contains(&"entryUUID".to_owned()));
    assert_eq!(names(vec!["*"]), user);
    assert_eq!(names(vec!["commonName", "ENTRYUUID"]), ["cn", "entryUUID"]);
    assert!(names(vec!["1.1"]).is_empty());
    let operational = names(vec!["+"]);
    assert!(
        operational.contains(&"memberOf".to_owned()) && operational.contains(&"entryDN".to_owned())
    );
    assert!(!operational.contains(&"cn".to_owned()));
}

#[test]
fn a_password_is_never_shown() {
    let directory = start(1);
    let mut client = Client::bound(&directory, ServiceAccount::Full);
    let dn = directory.bind_name();
    for attrs in [vec!["userPassword"], vec!["*", "+"]] {
        let answer = client.search(base(&dn, attrs));
        assert!(
            !answer.entries[0]
                .attributes
                .iter()
                .any(|a| a.atype == "userPassword")
        );
    }
}

#[test]
fn pages_hold_everybody_once_and_the_last_has_no_cookie() {
    let directory = start(95);
    let mut client = Client::bound(&directory, ServiceAccount::Sync);
    let (sizes, end) = client.pages(20);
    assert_eq!((sizes, end.unwrap()), (vec![20, 20, 20, 20, 15], 0));
    let (sizes, _) = Client::bound(&directory, ServiceAccount::Sync).pages(95);
    assert_eq!(sizes, [95]);
    assert_eq!(directory.seen().pages, 6);
}

#[test]
fn a_cookie_of_another_connection_is_refused() {
    let directory = start(50);
    let first = Ask {
        page: Some((10, Vec::new())),
        ..ask(PEOPLE)
    };
    let cookie = Client::bound(&directory, ServiceAccount::Sync)
        .search(first)
        .cookie
        .unwrap();
    let next = Ask {
        page: Some((10, cookie)),
        ..ask(PEOPLE)
    };
    assert_eq!(
        Client::bound(&directory, ServiceAccount::Sync)
            .search(next)
            .code,
        53
    );
}

#[test]
fn limits_are_those_of_the_account() {
    let directory = start(700);
    let mut sync = Client::bound(&directory, ServiceAccount::Sync);
    assert_eq!(sync.pages(300).0, [300, 300, 100]);
    let unpaged = sync.search(ask(PEOPLE));
    assert_eq!((unpaged.code, unpaged.entries.len()), (4, 500));
    assert_eq!(
        sync.search(Ask {
            page: Some((1_001, Vec::new())),
            ..ask(PEOPLE)
        })
        .code,
        11
    );

    let (sizes, end) = Client::bound(&directory, ServiceAccount::Weak).pages(300);
    assert_eq!((sizes, end.unwrap()), (vec![300, 200], 4));

    let full = Client::bound(&directory, ServiceAccount::Full).search(ask(PEOPLE));
    assert_eq!((full.code, full.entries.len()), (0, 700));

    directory.set_limits(
        ServiceAccount::Full,
        Limits {
            unpaged: Some(5),
            ..Limits::default()
        },
    );
    assert_eq!(
        Client::bound(&directory, ServiceAccount::Full)
            .search(ask(PEOPLE))
            .code,
        4
    );
}

#[test]
fn a_limit_that_is_just_enough_stops_nothing() {
    let directory = start(500);
    let (sizes, end) = Client::bound(&directory, ServiceAccount::Weak).pages(250);
    assert_eq!((sizes, end.unwrap()), (vec![250, 250], 0));
}

#[test]
fn the_clients_own_limit_counts() {
    let directory = start(50);
    let mut client = Client::bound(&directory, ServiceAccount::Full);
    let answer = client.search(Ask {
        limit: 7,
        ..ask(PEOPLE)
    });
    assert_eq!((answer.code, answer.entries.len()), (4, 7));
}

#[test]
fn without_paging_the_control_is_ignored() {
    let directory = DemoDirectory::start(Options {
        people: 30,
        paging: false,
        ..Options::default()
    })
    .unwrap();
    let mut client = Client::bound(&directory, ServiceAccount::Full);
    let answer = client.search(Ask {
        page: Some((10, Vec::new())),
        ..ask(PEOPLE)
    });
    assert_eq!((answer.entries.len(), answer.cookie), (30, None));
}

#[test]
fn an_unknown_critical_control_is_refused() {
    let directory = start(1);
    let mut client = Client::bound(&directory, ServiceAccount::Full);
    let control = |criticality| LdapControl::Unknown {
        oid: "1.2.3.4".to_owned(),
        criticality,
        value: None,
    };
    assert_eq!(
        client
            .search(Ask {
                controls: vec![control(true)],
                ..ask(PEOPLE)
            })
            .code,
        12
    );
    assert_eq!(
        client
            .search(Ask {
                controls: vec![control(false)],
                ..ask(PEOPLE)
            })
            .code,
        0
    );
}

#[test]
fn a_referral_is_told_and_what_is_below_it_is_elsewhere() {
    let directory = start(5);
    let dn = format!("ou=Elsewhere,ou=People,{SUFFIX}");
    let url = "ldap://other.example.org/ou=Elsewhere";
    let referral = Entry::new(dn.as_str())
        .with("objectClass", "referral")
        .with("objectClass", "extensibleObject")
        .with("ref", url);
    directory.add(referral).unwrap();
    let mut client = Client::bound(&directory, ServiceAccount::Full);
    let answer = client.search(ask(PEOPLE));
    assert_eq!(
        (answer.entries.len(), answer.references),
        (5, vec![url.to_owned()])
    );
    let below = client.search(base(&format!("uid=a,{dn}"), Vec::new()));
    // The codec does not read the URLs of a result.
    assert_eq!((below.code, below.entries.len()), (10, 0));
    let managed = Ask {
        controls: vec![LdapControl::ManageDsaIT { criticality: true }],
        ..base(&dn, Vec::new())
    };
    assert_eq!(client.search(managed).entries.len(), 1);
}
