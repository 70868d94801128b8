//! The main job on a real server of any kind: everybody comes over, and stays what the directory says.
//!
//! What a server is like is said by its [`Server`]; what must come of it is the same for all.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};

use rollcall::demo::dn::Dn;
use rollcall::demo::people::{Expected, Fate};
use serde_json::Value;

use crate::portal::{People, PlanRow};
use crate::rollcall::Answer;
use crate::server::Server;
use crate::server::process::certify;
use crate::site::changes::{remove, rename, replace, transfer};
use crate::site::{Security, Site};

/// The tenant.
const TENANT: &str = "acme";

/// Runs all of it on one server, which is changed by it.
///
/// # Panics
/// Where something is not as it must be.
pub fn the_main_job_is_done(server: impl Server) {
    let site = Site::of(server).unwrap();
    site.settle(TENANT).unwrap();
    for security in [Security::StartTls, Security::Ldaps] {
        site.configure(TENANT, &site.server, security).unwrap();
        verify_passes(&site);
    }
    a_server_of_another_authority_is_refused(&site);
    a_wrong_password_is_refused(&site);
    the_first_sync_brings_everybody_who_can_come(&site);
    the_second_sync_writes_nothing(&site);
    site.configure(TENANT, &site.server, Security::StartTls)
        .unwrap();
    later_changes_are_exactly_their_rows(&site);
}

fn verify_passes<S: Server>(site: &Site<S>) {
    let totals = site.server.organisation().totals();
    let report = site.rollcall.expect(0, &["verify", TENANT]).unwrap();
    let tally = |name: &str| report.at(&format!("/tally/{name}")).as_u64().unwrap();
    assert_eq!(tally("matched"), totals.people);
    assert_eq!(tally("disabled"), totals.disabled);
    for name in ["tls", "bind", "paging"] {
        assert_eq!(stage(&report, name)["verdict"], "passed", "{name}");
    }
}

fn a_server_of_another_authority_is_refused<S: Server>(site: &Site<S>) {
    let (other, _) = certify(&[]).unwrap();
    for (authority, exit, verdict) in [
        (other.pem(), 4, "failed"),
        (site.server.ca_pem(), 0, "passed"),
    ] {
        let text = format!("[settings]\ncertificate-authority = '''\n{authority}'''\n");
        let file = site.file("authority.toml", &text).unwrap();
        let file = format!("--settings={}", file.display());
        // A password does not follow another authority by itself.
        let password = site.file("password", &site.server.password()).unwrap();
        let password = format!("--password-file={}", password.display());
        let configure = ["configure", TENANT, &file, &password];
        site.rollcall.expect(0, &configure).unwrap();
        let report = site.rollcall.expect(exit, &["verify", TENANT]).unwrap();
        assert_eq!(stage(&report, "tls")["verdict"], verdict);
    }
}

fn a_wrong_password_is_refused<S: Server>(site: &Site<S>) {
    let password = |text: &str, exit: i32| {
        let file = site.file("other.password", text).unwrap();
        let file = format!("--password-file={}", file.display());
        site.rollcall
            .expect(0, &["configure", TENANT, &file])
            .unwrap();
        site.rollcall.expect(exit, &["verify", TENANT]).unwrap()
    };
    let refused = password("not the password", 4);
    let bind = stage(&refused, "bind");
    assert_eq!(bind["problems"][0]["code"], "wrong-password", "{bind}");
    password(&site.server.password(), 0);
}

fn the_first_sync_brings_everybody_who_can_come<S: Server>(site: &Site<S>) {
    let totals = site.server.organisation().totals();
    let (answer, _) = site.sync(TENANT, 0).unwrap();
    let run = |name: &str| answer.at(&format!("/run/{name}")).as_u64().unwrap_or(0);
    assert_eq!(run("seen"), totals.people);
    assert_eq!(run("counts/create"), totals.valid);
    assert_eq!(run("counts/unsynced"), totals.all_unsynced());
    assert_eq!(run("counts/disabled-skipped"), totals.disabled);
    assert_eq!(answer.at("/run/proof/complete"), true);
    let mut portal = site.portal().unwrap().people(TENANT).unwrap();
    managers_are_whom_the_directory_names(site, &answer, &portal);
    for who in everybody(&site.server).filter(|who| who.fate == Fate::Valid) {
        is_as_the_directory_says(&site.server, &who, &mut portal);
    }
    assert!(portal.is_empty(), "nobody expected {portal:?}");
}

fn is_as_the_directory_says(server: &impl Server, who: &Expected, portal: &mut People) {
    let found = portal.remove(&who.external_id);
    let person = found
        .ok_or_else(|| format!("{} is missing", who.dn))
        .unwrap();
    assert_eq!(key(&person.dn), key(&who.dn));
    assert!(person.active && !person.by_sync && !person.absent);
    let entry = server.organisation().person(who.index);
    let read = |name: &str| entry.text(name).map(|text| text.trim().to_owned());
    for (field, wanted) in [
        ("username", Some(who.username.clone())),
        ("email", Some(who.email.clone())),
        ("first-name", Some(who.first_name.clone())),
        ("last-name", Some(who.last_name.clone())),
        ("display-name", read("displayName")),
        ("phone", read("telephoneNumber")),
        ("employee-id", read("employeeNumber")),
        ("department", read("departmentNumber")),
        ("street", read("street")),
        ("city", read("l")),
    ] {
        assert_eq!(
            person.values.get(field),
            wanted.as_ref(),
            "{field} {}",
            who.dn
        );
    }
}

/// Whoever names somebody who is in the portal has that person's id there; the others are counted by cause.
fn managers_are_whom_the_directory_names<S: Server>(
    site: &Site<S>,
    answer: &Answer,
    portal: &People,
) {
    let organisation = site.server.organisation();
    let by_name: BTreeMap<String, Expected> = everybody(&site.server)
        .map(|who| (key(&organisation.person(who.index).dn), who))
        .collect();
    let (mut found, mut unresolved) = (0, 0);
    for who in everybody(&site.server).filter(|who| who.fate == Fate::Valid) {
        let entry = organisation.person(who.index);
        let named = entry.text("manager");
        let manager = named
            .and_then(|name| by_name.get(&key(name)))
            .filter(|manager| manager.fate == Fate::Valid)
            .map(|manager| &manager.external_id);
        let values = &portal[&who.external_id].values;
        assert_eq!(values.get("manager"), manager, "{}", who.dn);
        found += u64::from(manager.is_some());
        unresolved += u64::from(named.is_some() && manager.is_none());
    }
    assert!(found > 10, "{found}");
    let warnings = answer.at("/run/warnings").as_array().unwrap().iter();
    let told = warnings.filter(|warning| warning["code"] == "manager-unresolved");
    let people = told.map(|warning| {
        let message = warning["message"].as_str().unwrap();
        let count = message.split(' ').nth(1).unwrap();
        count.parse::<u64>().unwrap()
    });
    assert_eq!(people.sum::<u64>(), unresolved);
}

fn the_second_sync_writes_nothing<S: Server>(site: &Site<S>) {
    let portal = site.portal().unwrap();
    let before = portal.people(TENANT).unwrap();
    portal.watch(0).unwrap();
    let (answer, rows) = site.sync(TENANT, 0).unwrap();
    assert_eq!(changing(&rows), []);
    let valid = site.server.organisation().totals().valid;
    assert_eq!(answer.at("/run/unchanged").as_u64().unwrap(), valid);
    assert_eq!(portal.written().unwrap(), BTreeMap::new());
    assert_eq!(portal.people(TENANT).unwrap(), before);
}

fn later_changes_are_exactly_their_rows<S: Server>(site: &Site<S>) {
    let server = &site.server;
    let mut plain = everybody(server).filter(is_plain);
    let mut next = || plain.next().unwrap();
    let (renamed, moved, leaver, disabled, a, b) = (next(), next(), next(), next(), next(), next());
    let led = next();
    let leaders = leaders(server);
    // Nobody's manager, so that nobody else has a row for their coming.
    let enabled = everybody(server).find(|who| {
        let leads = leaders.contains(&key(&server.organisation().person(who.index).dn));
        who.fate == Fate::Disabled && has_plain_dn(who) && !leads
    });
    let (attribute, _) = rdn(&renamed.dn).split_once('=').unwrap();
    let new_rdn = format!("{attribute}=renamed");
    let mail = |who: &Expected, of: &Expected| replace(&who.dn, "mail", &[&of.email]);
    let mut changes = vec![
        rename(&renamed.dn, &new_rdn),
        transfer(&moved.dn, rdn(&moved.dn), "ou=Contractors,ou=People"),
        remove(&leaver.dn),
        mail(&a, &b),
        mail(&b, &a),
        replace(&led.dn, "manager", &[&b.dn]),
        server.hire("new.hire", "=New", "Hïre", "New.Hire@Example.org"),
    ];
    changes.extend(server.switch(&disabled.dn, false));
    site.change(&changes).unwrap();
    let (_, rows) = site.sync(TENANT, 0).unwrap();
    let hired = rows.iter().find(|row| row.reason == "new").unwrap();
    let mut wanted = vec![
        ("update", "renamed", renamed.external_id.as_str()),
        ("update", "renamed", &moved.external_id),
        ("deactivate", "absent", &leaver.external_id),
        ("deactivate", "disabled", &disabled.external_id),
        ("update", "changed", &a.external_id),
        ("update", "changed", &b.external_id),
        ("update", "changed", &led.external_id),
        ("create", "new", &hired.external_id),
    ];
    wanted.sort_by_key(|row| row.2);
    assert_eq!(changing(&rows), wanted);
    let people = site.portal().unwrap().people(TENANT).unwrap();
    let now = |who: &Expected| &people[&who.external_id];
    assert!(key(&now(&renamed).dn).contains("renamed"));
    assert!(key(&now(&moved).dn).contains("contractors"));
    assert_eq!(now(&a).values["email"], b.email);
    assert_eq!(now(&b).values["email"], a.email);
    assert_eq!(now(&led).values["manager"], b.external_id);
    for gone in [&leaver, &disabled] {
        assert!(!now(gone).active && now(gone).by_sync);
    }
    assert_eq!(people[&hired.external_id].unique["username"], "new.hire");

    let (_, rows) = site.sync(TENANT, 0).unwrap();
    assert_eq!(changing(&rows), []);
    // Whom a sync deactivated comes back, and whom the directory had disabled before comes for the first time.
    let mut wanted = vec![("reactivate", "returned", disabled.external_id.as_str())];
    let mut changes = server.switch(&disabled.dn, true);
    if let Some(enabled) = &enabled {
        wanted.push(("create", "new", &enabled.external_id));
        changes.extend(server.switch(&enabled.dn, true));
    }
    wanted.sort_by_key(|row| row.2);
    site.change(&changes).unwrap();
    let (_, rows) = site.sync(TENANT, 0).unwrap();
    assert_eq!(changing(&rows), wanted);
}

/// A stage of a report on a connection.
fn stage<'a>(report: &'a Answer, name: &str) -> &'a Value {
    let mut stages = report.at("/stages").as_array().unwrap().iter();
    stages.find(|stage| stage["name"] == name).unwrap()
}

fn everybody(server: &impl Server) -> impl Iterator<Item = Expected> + '_ {
    (0..server.organisation().people).map(|index| server.expected(index))
}

/// The names that people give for their managers, as the organisation writes them.
fn leaders(server: &impl Server) -> BTreeSet<String> {
    let organisation = server.organisation();
    let people = (0..organisation.people).map(|index| organisation.person(index));
    people
        .filter_map(|entry| entry.text("manager").map(key))
        .collect()
}

fn is_plain(who: &Expected) -> bool {
    who.fate == Fate::Valid && has_plain_dn(who)
}

/// In the main container, under a name that needs no escaping.
fn has_plain_dn(who: &Expected) -> bool {
    who.dn.is_ascii() && !who.dn.contains('\\') && who.dn.matches(",ou=").count() == 1
}

fn rdn(dn: &str) -> &str {
    dn.split(',').next().unwrap_or_default()
}

fn key(dn: &str) -> String {
    Dn::key_of(dn).unwrap()
}

/// Kind, reason and whose of every row that changes the portal, in order of external id.
fn changing(rows: &[PlanRow]) -> Vec<(&'static str, &str, &str)> {
    let mut all: Vec<_> = rows
        .iter()
        .filter(|row| row.kind != "unsynced")
        .map(|row| (row.kind, row.reason.as_str(), row.external_id.as_str()))
        .collect();
    all.sort_by_key(|row| row.2);
    all
}
