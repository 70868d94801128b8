//! The test support itself: a real slapd holds what the generator says, and answers as the demo directory does.
#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use ldap3::{LdapConn, Scope, SearchEntry, SearchOptions};
use rollcall::demo::directory::Options;
use rollcall::demo::dn::Dn;
use rollcall::demo::people::{Expected, Fate, Organisation, SUFFIX, ServiceAccount};
use rollcall::demo::{DemoDirectory, Entry};
use rollcall_tests::server::Server;
use rollcall_tests::site::changes::{hire, remove, replace, transfer};
use rollcall_tests::site::{Site, run_of};
use rollcall_tests::slapd::Slapd;
use rollcall_tests::{histories, reading, roles};

const PEOPLE: u64 = 1_200;

/// Everything that a server holds, by normalised DN, with values in order.
fn everything(url: &str, organisation: &Organisation) -> BTreeMap<String, Entry> {
    let mut ldap = LdapConn::new(url).unwrap();
    let account = ServiceAccount::Full;
    ldap.simple_bind(&account.dn(), &organisation.password_of(account))
        .unwrap()
        .success()
        .unwrap();
    let attributes = vec!["*", "entryUUID", "memberOf", "pwdAccountLockedTime"];
    let found = ldap.with_search_options(SearchOptions::new()).search(
        SUFFIX,
        Scope::Subtree,
        "(objectClass=*)",
        attributes,
    );
    let (entries, _) = found.unwrap().success().unwrap();
    entries
        .into_iter()
        .map(SearchEntry::construct)
        .map(comparable)
        .collect()
}

fn comparable(found: SearchEntry) -> (String, Entry) {
    let key = Dn::key_of(&found.dn).unwrap();
    let texts = found
        .attrs
        .into_iter()
        .map(|(name, values)| (name, values.into_iter().map(String::into_bytes).collect()));
    let mut all: BTreeMap<String, Vec<Vec<u8>>> = texts.collect();
    for (name, values) in found.bin_attrs {
        all.entry(name).or_default().extend(values);
    }
    // slapd shows an account its own.
    all.remove("userPassword");
    let mut entry = Entry::new(key.clone());
    for (name, values) in all {
        let names_entries = ["manager", "member", "memberOf"].contains(&name.as_str());
        let spelled = |value: Vec<u8>| match std::str::from_utf8(&value) {
            Ok(dn) if names_entries => Dn::key_of(dn).unwrap().into_bytes(),
            _ => value,
        };
        let mut values: Vec<Vec<u8>> = values.into_iter().map(spelled).collect();
        values.sort();
        entry.set(name, values);
    }
    (key, entry)
}

#[test]
fn slapd_and_the_demo_directory_hold_the_same() {
    let organisation = Organisation::new(5, PEOPLE);
    let slapd = Slapd::start(&organisation).unwrap();
    let demo = DemoDirectory::start(Options {
        people: PEOPLE,
        seed: 5,
        ..Options::default()
    })
    .unwrap();
    let real = everything(&slapd.url(), &organisation);
    let shown = everything(&format!("ldap://127.0.0.1:{}", demo.port()), &organisation);
    assert_eq!(real.len(), organisation.entries().count());
    assert_eq!(real.len(), shown.len());
    for (key, entry) in &real {
        assert_eq!(Some(entry), shown.get(key));
    }
}

#[test]
fn a_stopped_slapd_keeps_what_was_changed() {
    let organisation = Organisation::new(5, 20);
    let mut slapd = Slapd::start(&organisation).unwrap();
    let dn = organisation.person(3).dn;
    slapd
        .change(&format!(
            "dn: {dn}\nchangetype: modify\nreplace: title\ntitle: Changed\n"
        ))
        .unwrap();
    slapd.resume().unwrap();
    let held = everything(&slapd.url(), &organisation);
    assert_eq!(
        held[&Dn::key_of(&dn).unwrap()].text("title"),
        Some("Changed")
    );
    assert!(
        slapd
            .change("dn: uid=nobody,dc=example,dc=org\nchangetype: delete\n")
            .is_err()
    );
}

#[test]
fn a_dropped_slapd_leaves_nothing() {
    let slapd = Slapd::start(&Organisation::new(5, 1)).unwrap();
    let (folder, port) = (slapd.ca_file(), slapd.port());
    assert!(folder.exists());
    drop(slapd);
    assert!(!folder.exists());
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn the_main_job_is_done_on_slapd() {
    let organisation = Organisation::new(40, 6_000);
    rollcall_tests::acceptance::the_main_job_is_done(Slapd::start(&organisation).unwrap());
}

#[test]
fn slapd_answers_in_every_encrypted_way() {
    let slapd = Slapd::start(&Organisation::new(5, 700)).unwrap();
    reading::everybody_is_read_in_every_way(&slapd, "(objectClass=inetOrgPerson)");
}

#[test]
fn roles_follow_groups_on_slapd() {
    let kind = roles::Kind {
        profile: "openldap",
        class: "groupOfNames",
        name: None,
    };
    roles::roles_follow_groups(Slapd::start(&Organisation::new(5, 700)).unwrap(), kind);
}

#[test]
fn whatever_happens_a_sync_of_changes_ends_where_one_of_everybody_does() {
    for seed in histories::seeds() {
        let server = Slapd::start(&Organisation::new(seed, 120)).unwrap();
        histories::runs(&histories::two_tenants(server), seed, "ContentSync");
    }
}

#[test]
fn a_directory_restored_from_a_backup_is_read_whole_and_nobody_is_lost() {
    let server = Slapd::start(&Organisation::new(5, 120)).unwrap();
    let mut site = Site::of(server).unwrap();
    site.settle("acme").unwrap();
    let sync = |site: &Site| {
        let changes = ["sync", "acme", "--mode", "changes"];
        let answer = site.rollcall.expect(0, &changes).unwrap();
        let rows = site.portal().unwrap().rows(run_of(&answer)).unwrap();
        let rows = rows.into_iter().filter(|row| row.kind != "unsynced");
        let mut rows: Vec<_> = rows.map(|row| (row.external_id, row.reason)).collect();
        rows.sort();
        (answer.at("/run/proof/basis").clone(), rows)
    };
    sync(&site);
    site.server.back_up().unwrap();
    let plain = |who: &Expected| who.fate == Fate::Valid && who.dn.is_ascii();
    let people = (60..120).map(|index| site.server.expected(index));
    let mut people = people.filter(plain);
    let mut next = || people.next().unwrap();
    let (changed, left, later) = (next(), next(), next());
    let hired = hire("new.hire", "New", "Hire", "new.hire@example.org");
    let title = |who: &Expected| replace(&who.dn, "title", &["Another"]);
    site.change(&[title(&changed), remove(&left.dn), hired])
        .unwrap();
    let (basis, rows) = sync(&site);
    assert_eq!((basis.as_str(), rows.len()), (Some("changes"), 3));
    let new = rows.iter().find(|(_, reason)| reason == "new").unwrap();
    let new = new.0.clone();

    site.server.restore().unwrap();
    // And it goes on: its newest change is later than any that was told.
    site.change(&[title(&later)]).unwrap();
    let (basis, rows) = sync(&site);
    assert_eq!(basis, "enumeration");
    let mut wanted = vec![
        (changed.external_id, "changed".to_owned()),
        (left.external_id, "returned".to_owned()),
        (later.external_id, "changed".to_owned()),
        (new, "absent".to_owned()),
    ];
    wanted.sort();
    assert_eq!(rows, wanted);
    assert_eq!(sync(&site), ("changes".into(), Vec::new()));
}

/// Takes from the account that syncs, or gives back to it, the right to some attributes of an entry.
fn forbid(slapd: &Slapd, what: Option<(&str, &str)>) {
    let what = what.map_or_else(
        || "delete: olcAccess\nolcAccess: {0}\n".to_owned(),
        |(dn, attributes)| {
            let who = slapd.bind_name();
            let attributes = match attributes {
                "" => String::new(),
                some => format!(" attrs={some}"),
            };
            format!(
                "add: olcAccess\nolcAccess: {{0}}to dn.base=\"{dn}\"{attributes} \
                 by dn.exact=\"{who}\" none by * break\n"
            )
        },
    );
    let database = "dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\n";
    slapd.change(&format!("{database}{what}")).unwrap();
}

#[test]
fn who_leaves_with_a_container_that_cannot_be_seen_is_gone_for_a_sync_of_changes_too() {
    const HIDDEN: &str = "ou=Contractors,ou=People,dc=example,dc=org";
    let site = Site::of(Slapd::start(&Organisation::new(6, 200)).unwrap()).unwrap();
    site.settle("acme").unwrap();
    forbid(&site.server, Some((HIDDEN, "")));
    let changes = ["sync", "acme", "--mode", "changes"];
    let first = site.rollcall.json(&changes).unwrap();
    assert!(
        first
            .at("/run/warnings")
            .to_string()
            .contains("container-unseen")
    );
    // The list of stamps has everybody's name.
    site.rollcall.json(&changes).unwrap();
    let quiet = site.rollcall.json(&changes).unwrap();
    assert_eq!(
        quiet.at("/run/proof/basis"),
        "changes",
        "{:#}",
        quiet.document
    );
    let below = (0..200).map(|index| site.server.expected(index));
    let below = below.filter(|who| who.fate == Fate::Valid && who.dn.ends_with(HIDDEN));
    let mut below: Vec<_> = below.map(|who| who.external_id).collect();
    below.sort();
    assert!(!below.is_empty());
    site.change(&[transfer(HIDDEN, "ou=Contractors", "ou=Services")])
        .unwrap();
    let left = site.rollcall.json(&changes).unwrap();
    let rows = site.portal().unwrap().rows(run_of(&left)).unwrap();
    let gone = rows.into_iter().filter(|row| row.reason == "absent");
    let mut gone: Vec<_> = gone.map(|row| row.external_id).collect();
    gone.sort();
    assert_eq!(gone, below);
}

#[test]
fn whose_id_can_no_longer_be_read_is_no_leaver() {
    let site = Site::of(Slapd::start(&Organisation::new(5, 120)).unwrap()).unwrap();
    site.settle("acme").unwrap();
    let sync = |exit| {
        let changes = ["sync", "acme", "--mode", "changes"];
        let answer = site.rollcall.expect(exit, &changes).unwrap();
        let rows = site.portal().unwrap().rows(run_of(&answer)).unwrap();
        let rows = rows.into_iter().filter(|row| row.kind != "unsynced");
        let rows: Vec<_> = rows.map(|row| (row.external_id, row.reason)).collect();
        let why = answer.at("/run/warnings").to_string();
        (answer.at("/run/proof/basis").clone(), rows, why)
    };
    sync(0);
    // Nobody's managers: slapd removes references without a word.
    let people = (60..120).map(|index| site.server.expected(index));
    let mut people = people
        .filter(|who| who.fate == Fate::Valid && who.dn.starts_with("uid=") && who.dn.is_ascii());
    for attributes in ["entryUUID", "entryUUID,entryCSN,modifyTimestamp"] {
        let who = people.next().unwrap();
        forbid(&site.server, Some((&who.dn, attributes)));
        site.change(&[replace(&who.dn, "title", &["Another"])])
            .unwrap();
        let (basis, rows, why) = sync(5);
        assert_eq!((basis, rows), ("enumeration".into(), vec![]));
        assert!(why.contains("do not show their ids"), "{why}");
        assert!(why.contains("unidentified-entries"), "{why}");
        // The twins: with the right, the change comes, and whoever really leaves does.
        forbid(&site.server, None);
        let changed = (who.external_id.clone(), "changed".to_owned());
        let (basis, rows, _) = sync(0);
        assert_eq!((basis, rows), ("enumeration".into(), vec![changed]));
        site.change(&[remove(&who.dn)]).unwrap();
        let gone = (who.external_id, "absent".to_owned());
        let (basis, rows, why) = sync(0);
        assert_eq!((basis, rows), ("changes".into(), vec![gone]), "{why}");
    }
}
