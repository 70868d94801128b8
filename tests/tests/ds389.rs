//! A real 389 Directory Server: the test support itself, and the main job on it.
#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "tests")]

use rollcall::demo::people::Organisation;
use rollcall_tests::ds389::Ds389;
use rollcall_tests::server::Server;
use rollcall_tests::site::changes::replace;
use rollcall_tests::{acceptance, histories, reading, roles};

/// More than a server without limits of its own lets an account look through.
const PEOPLE: u64 = 6_000;

#[test]
fn the_main_job_is_done_on_389_directory_server() {
    acceptance::the_main_job_is_done(Ds389::start(&Organisation::new(40, PEOPLE)).unwrap());
}

#[test]
fn a_389_directory_server_holds_the_organisation_and_answers_in_every_way() {
    let server = Ds389::start(&Organisation::new(5, 700)).unwrap();
    reading::everybody_is_read_in_every_way(&server, "(objectClass=inetOrgPerson)");
    let groups = reading::values(&server, &server.expected(0).dn, "memberOf");
    assert_eq!(groups.len(), 2, "{groups:?}");
    for (control, what) in [
        ("1.3.6.1.4.1.4203.1.9.1.1", "content synchronization"),
        ("1.2.840.113556.1.4.319", "paging"),
    ] {
        let offered = reading::values(&server, "", "supportedControl");
        assert!(offered.iter().any(|it| it == control), "no {what}");
    }
}

#[test]
fn a_stopped_389_directory_server_keeps_what_was_changed_and_its_plugins_run() {
    let organisation = Organisation::new(5, 20);
    let mut server = Ds389::start(&organisation).unwrap();
    let dn = organisation.person(3).dn;
    let group = "cn=Late,ou=Groups,dc=example,dc=org";
    server
        .change(&format!(
            "dn: {dn}\nchangetype: modify\nreplace: title\ntitle: Changed\n\n\
             dn: {group}\nchangetype: add\nobjectClass: groupOfNames\ncn: Late\nmember: {dn}\n"
        ))
        .unwrap();
    server.resume().unwrap();
    assert_eq!(reading::values(&server, &dn, "title"), ["Changed"]);
    let groups = reading::values(&server, &dn, "memberOf");
    assert!(groups.iter().any(|it| it == group), "{groups:?}");
    let nobody = replace("uid=nobody,dc=example,dc=org", "title", &["x"]);
    assert!(reading::change(&server, &nobody).is_err());
}

#[test]
fn two_389_directory_servers_coexist_and_leave_nothing() {
    let one = Ds389::start(&Organisation::new(5, 3)).unwrap();
    let other = Ds389::start(&Organisation::new(6, 4)).unwrap();
    let all = "(objectClass=inetOrgPerson)";
    reading::everybody_is_read_in_every_way(&one, all);
    let folder = one.folder().to_owned();
    let url = one.url();
    drop(one);
    assert!(!folder.exists());
    assert!(!reading::answers(&url));
    reading::everybody_is_read_in_every_way(&other, all);
}

#[test]
fn roles_follow_groups_on_389_directory_server() {
    let kind = roles::Kind {
        profile: "389-ds",
        class: "groupOfNames",
        name: None,
    };
    roles::roles_follow_groups(Ds389::start(&Organisation::new(5, 700)).unwrap(), kind);
}

#[test]
fn whatever_happens_a_sync_of_changes_ends_where_one_of_everybody_does() {
    for seed in histories::seeds() {
        let server = Ds389::start(&Organisation::new(seed, 120)).unwrap();
        histories::runs(&histories::two_tenants(server), seed, "ContentSync");
    }
}
