//! A real Samba domain controller: the test support itself, and the main job on it.
#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "tests")]

use rollcall::demo::people::{Organisation, SUFFIX};
use rollcall_tests::samba::Samba;
use rollcall_tests::server::Server;
use rollcall_tests::site::changes::{remove, replace};
use rollcall_tests::site::{Site, run_of};
use rollcall_tests::{acceptance, histories, photos, reading, roles};

const PEOPLE: u64 = 5_000;
/// As small as others need it, so that the domain is made once for all of them.
const FEW: u64 = 40;

const DOMAIN: roles::Kind = roles::Kind {
    profile: "active-directory",
    class: "group",
    name: Some("sAMAccountName"),
};

const ALL: &str = "(&(objectCategory=person)(objectClass=user))";

#[test]
fn the_main_job_is_done_on_a_domain_controller() {
    let server = Samba::start(&Organisation::new(50, PEOPLE)).unwrap();
    let everyone = "CN=Everyone 1,OU=Groups,DC=example,DC=org";
    assert!(reading::values(&server, everyone, "member").len() >= 2_000);
    acceptance::the_main_job_is_done(server);
}

#[test]
fn a_reading_from_the_root_of_the_domain_is_proven_complete() {
    let site = Site::of(Samba::start(&Organisation::new(5, FEW)).unwrap()).unwrap();
    site.settle("acme").unwrap();
    let settings = format!("[settings]\nbase-dn = \"{SUFFIX}\"\nleavers = \"deactivate\"\n");
    let file = site.file("root.toml", &settings).unwrap();
    let file = format!("--settings={}", file.display());
    site.rollcall
        .expect(0, &["configure", "acme", &file])
        .unwrap();
    let (answer, rows) = site.sync("acme", 0).unwrap();
    assert_eq!(answer.at("/run/proof/referrals"), 0);
    assert_eq!(answer.at("/run/proof/complete"), true);
    let created: Vec<_> = rows.iter().filter(|row| row.kind == "create").collect();
    let expected = (0..FEW).map(|index| site.server.expected(index));
    let leaver = expected
        .filter(|who| created.iter().any(|row| row.external_id == who.external_id))
        .find(|who| who.dn.is_ascii() && !who.dn.contains('\\'))
        .unwrap();
    site.change(&[remove(&leaver.dn)]).unwrap();
    let (_, rows) = site.sync("acme", 0).unwrap();
    let gone: Vec<_> = rows.iter().filter(|row| row.reason == "absent").collect();
    assert_eq!(gone.len(), 1);
    assert_eq!(gone[0].external_id, leaver.external_id);
}

#[test]
fn photos_come_when_they_change_and_within_their_limit() {
    let site = Site::of(Samba::start(&Organisation::new(5, FEW)).unwrap()).unwrap();
    site.settle("acme").unwrap();
    let mapping = site.server.mapping();
    let text = format!("[settings]\nphoto-max-kb = 20\n{mapping}photo = \"{{thumbnailPhoto}}\"\n");
    let file = site.file("photos.toml", &text).unwrap();
    let file = format!("--settings={}", file.display());
    site.rollcall
        .expect(0, &["configure", "acme", &file])
        .unwrap();
    site.sync("acme", 0).unwrap();
    photos::photos_come_when_they_change(&site, "thumbnailPhoto", "thumbnailPhoto");
}

#[test]
fn a_domain_controller_holds_the_organisation_and_answers_in_every_encrypted_way() {
    let server = Samba::start(&Organisation::new(5, FEW)).unwrap();
    reading::everybody_is_read_in_every_way(&server, ALL);
    let bound = |url: &str, name: &str| reading::bind(&server, url, name, false);
    for name in ["svc-sync@example.org", "EXAMPLE\\svc-sync"] {
        bound(&server.ldaps_url(), name).unwrap();
    }
    let refused = bound(&server.url(), &server.bind_name()).unwrap_err();
    assert!(
        refused.contains("Strong(er) authentication required"),
        "{refused}"
    );
}

#[test]
fn a_domain_has_accounts_that_are_disabled_or_expired_and_both_ways_of_never() {
    let server = Samba::start(&Organisation::new(50, PEOPLE)).unwrap();
    let count = |filter: &str| reading::count(&server, &format!("(&{ALL}{filter})"));
    let off = count("(userAccountControl:1.2.840.113556.1.4.803:=2)");
    let expired = count("(&(accountExpires>=1)(accountExpires<=134000000000000000))");
    assert!(off > 50 && expired > 25, "{off} {expired}");
    assert_eq!(off + expired, server.organisation().totals().disabled);
    assert!(count("(accountExpires=0)") > 1_000);
    assert!(count("(accountExpires=9223372036854775807)") > 1_000);
}

#[test]
fn a_stopped_domain_controller_keeps_what_was_changed() {
    let mut server = Samba::start(&Organisation::new(5, FEW)).unwrap();
    let dn = server.expected(3).dn;
    reading::change(&server, &replace(&dn, "title", &["Changed"])).unwrap();
    server.resume().unwrap();
    assert_eq!(reading::values(&server, &dn, "title"), ["Changed"]);
    let nobody = replace("CN=nobody,DC=example,DC=org", "title", &["x"]);
    assert!(reading::change(&server, &nobody).is_err());
}

#[test]
fn two_domain_controllers_coexist_and_leave_nothing() {
    let one = Samba::start(&Organisation::new(5, FEW)).unwrap();
    let other = Samba::start(&Organisation::new(5, FEW)).unwrap();
    assert_ne!(one.address(), other.address());
    let dn = one.expected(3).dn;
    reading::change(&one, &replace(&dn, "title", &["Changed"])).unwrap();
    assert_ne!(reading::values(&other, &dn, "title"), ["Changed"]);
    let (folder, url) = (one.folder().to_owned(), one.url());
    drop(one);
    assert!(!folder.exists());
    assert!(!reading::answers(&url));
    reading::everybody_is_read_in_every_way(&other, ALL);
}

#[test]
fn roles_follow_groups_of_a_few_and_of_thousands_on_a_domain_controller() {
    roles::roles_follow_groups(
        Samba::start(&Organisation::new(50, PEOPLE)).unwrap(),
        DOMAIN,
    );
}

#[test]
fn a_primary_group_makes_the_role_though_it_does_not_list_the_person() {
    let server = Samba::start(&Organisation::new(5, FEW)).unwrap();
    let site = roles::settled(server, DOMAIN, "Role Staff => agent");
    let people = roles::everybody(&site.server);
    let who = people.iter().find(|who| roles::has_plain_dn(who)).unwrap();
    let staff = roles::group_dn("Role Staff");
    site.change(&[roles::group(DOMAIN, "Role Staff", &[&who.dn])])
        .unwrap();
    let number = reading::values(&site.server, &staff, "primaryGroupToken");
    let primary = |number: &str| {
        site.change(&[replace(&who.dn, "primaryGroupID", &[number])])
            .unwrap();
        site.sync(roles::TENANT, 0).unwrap();
        let found = site.portal().unwrap().people(roles::TENANT).unwrap();
        let agents = found.iter().filter(|(_, person)| person.role == "agent");
        agents.map(|(id, _)| id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(primary(&number[0]), [who.external_id.as_str()]);
    assert_eq!(reading::values(&site.server, &staff, "member"), [""; 0]);
    // The domain then makes the person a member like others.
    assert_eq!(primary("513"), [who.external_id.as_str()]);
    assert_eq!(reading::values(&site.server, &staff, "member").len(), 1);
    site.change(&[replace(&staff, "member", &[])]).unwrap();
    assert_eq!(primary("513"), [""; 0]);
}

#[test]
fn whatever_happens_a_sync_of_changes_ends_where_one_of_everybody_does() {
    for seed in histories::seeds() {
        let server = Samba::start(&Organisation::new(5, FEW)).unwrap();
        histories::runs(&histories::two_tenants(server), seed, "Stamps");
    }
}

#[test]
fn an_account_that_sees_what_was_deleted_asks_for_changes_by_their_numbers() {
    for seed in histories::seeds() {
        let server = Samba::start(&Organisation::new(5, FEW)).unwrap();
        let site = histories::two_tenants(server.with_privilege());
        // A domain that is in use has tombstones.
        let nobody = site
            .server
            .hire("short.lived", "Short", "Lived", "short@example.org");
        site.change(&[nobody.clone(), remove(&nobody.dn)]).unwrap();
        histories::runs(&site, seed, "UpdateSequence");
    }
}

#[test]
fn who_was_deleted_and_purged_from_the_recycle_bin_between_two_syncs_of_changes_is_a_leaver() {
    let server = Samba::start(&Organisation::new(5, FEW)).unwrap();
    let server = server.with_privilege().with_recycle_bin().unwrap();
    let mut site = Site::of(server).unwrap();
    let nobody = site
        .server
        .hire("short.lived", "Short", "Lived", "short@example.org");
    site.change(&[nobody.clone(), remove(&nobody.dn)]).unwrap();
    site.settle("acme").unwrap();
    let sync = |site: &Site<Samba>| {
        let changes = ["sync", "acme", "--mode", "changes"];
        let answer = site.rollcall.expect(0, &changes).unwrap();
        let rows = site.portal().unwrap().rows(run_of(&answer)).unwrap();
        let rows = rows.into_iter().filter(|row| row.kind != "unsynced");
        let rows: Vec<_> = rows.map(|row| (row.external_id, row.reason)).collect();
        let why = answer.at("/run/warnings").to_string();
        (answer.at("/run/proof/basis").clone(), rows, why)
    };
    sync(&site);
    let synced = site.portal().unwrap().people("acme").unwrap();
    // The last are nobody's managers, whose reports would change without a word.
    let people = (0..FEW).rev().map(|index| site.server.expected(index));
    let people =
        people.filter(|who| roles::has_plain_dn(who) && synced.contains_key(&who.external_id));
    let people: Vec<_> = people.take(2).collect();
    for (who, purged) in people.into_iter().zip([false, true]) {
        site.change(&[remove(&who.dn)]).unwrap();
        if purged {
            site.server.purge(&who.external_id).unwrap();
        }
        let gone = (who.external_id, "absent".to_owned());
        let (basis, rows, why) = sync(&site);
        assert_eq!((basis, rows), ("changes".into(), vec![gone]), "{why}");
    }
}
