//! Another id attribute on a running slapd: a sync is refused, a migration gives everybody the new id and nothing else,
//! and the next sync finds everybody.
#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use rollcall::demo::people::{Organisation, Troubles};
use rollcall_tests::portal::{People, PlanRow};
use rollcall_tests::rollcall::Answer;
use rollcall_tests::site::changes::{remove, replace};
use rollcall_tests::site::{Site, run_of};

const TENANT: &str = "acme";
const PEOPLE: u64 = 200;
const MIGRATE: [&str; 2] = ["--mode", "migrate-ids"];

/// People who are synced by entryUUID, with a manager each but for the first.
fn synced() -> (Site, People) {
    let organisation = Organisation::new(23, PEOPLE).with_troubles(Troubles::none());
    let site = Site::start(&organisation).unwrap();
    site.settle(TENANT).unwrap();
    site.sync(TENANT, 0).unwrap();
    let people = people(&site);
    assert_eq!(people.len() as u64, PEOPLE);
    (site, people)
}

fn people(site: &Site) -> People {
    site.portal().unwrap().people(TENANT).unwrap()
}

fn known_by(site: &Site, attribute: &str) {
    let set = format!("--set=id-attribute={attribute}");
    site.rollcall
        .expect(0, &["configure", TENANT, &set])
        .unwrap();
}

fn run(site: &Site, exit: i32, command: &str, more: &[&str]) -> (Answer, Vec<PlanRow>) {
    let words: Vec<&str> = [command, TENANT].iter().chain(more).copied().collect();
    let answer = site.rollcall.expect(exit, &words).unwrap();
    let rows = site.portal().unwrap().rows(run_of(&answer)).unwrap();
    (answer, rows)
}

fn refused(site: &Site, more: &[&str]) {
    for command in ["sync", "plan"] {
        let (answer, _) = run(site, 3, command, more);
        assert_eq!(answer.problem_codes(), ["id-changed"]);
        let remedy = answer.document["problems"][0]["remedy"].as_str().unwrap();
        assert!(remedy.contains("--mode migrate-ids"), "{remedy}");
    }
}

fn approve(site: &Site, held: &Answer) {
    let (run, digest) = (run_of(held).to_string(), held.at("/run/digest").clone());
    let approve = ["approve", TENANT, &run, digest.as_str().unwrap()];
    site.rollcall.expect(0, &approve).unwrap();
}

/// Plans, and checks that nothing but ids changes; gives the plan.
fn migration(site: &Site, rows: usize) -> (Answer, Vec<PlanRow>) {
    let (held, planned) = run(site, 6, "plan", &MIGRATE);
    assert_eq!(held.at("/run/status"), "held");
    let moved: Vec<_> = planned
        .iter()
        .filter(|row| row.kind != "unsynced")
        .collect();
    assert_eq!(moved.len(), rows);
    for row in moved {
        let reason = (row.kind, row.reason.as_str(), row.after.as_str());
        assert_eq!(reason, ("update", "id-migrated", "{}"));
        let ids: Vec<(String, String, String)> = serde_json::from_str(&row.pseudo).unwrap();
        let (field, before, after) = &ids[0];
        assert_eq!((ids.len(), field.as_str()), (1, "external-id"));
        assert_eq!((before, after), (&row.other.0, &row.external_id));
    }
    (held, planned)
}

/// The same people by their names, with the ids of others replaced by those others' names, and without their own.
fn by_name(people: &People) -> BTreeMap<String, (bool, String, BTreeMap<String, String>)> {
    let named = |person: &rollcall_tests::portal::Person| {
        let mut values = person.values.clone();
        if let Some(manager) = values.get_mut("manager") {
            *manager = people[manager.as_str()].dn.clone();
        }
        (person.active, person.role.clone(), values)
    };
    let each = people.values();
    each.map(|person| (person.dn.clone(), named(person)))
        .collect()
}

#[test]
fn everybody_gets_the_id_of_another_attribute_and_back_and_each_next_sync_has_nothing_to_do() {
    let (site, before) = synced();
    assert!(
        before
            .values()
            .any(|one| one.values.contains_key("manager"))
    );
    known_by(&site, "employeeNumber");
    let verified = site.rollcall.expect(0, &["verify", TENANT]).unwrap();
    let told = verified.result().to_string();
    assert!(
        told.contains("id-reusable") && told.contains("id-changed"),
        "{told}"
    );
    refused(&site, &[]);
    refused(&site, &["--mode", "changes"]);
    let (first, _) = migration(&site, PEOPLE as usize);
    let guards = first.at("/run/guards").as_array().unwrap();
    let tripped: Vec<_> = guards
        .iter()
        .filter(|guard| guard["tripped"] == true)
        .collect();
    assert_eq!(
        (tripped.len(), &tripped[0]["name"]),
        (1, &"migrate-ids".into())
    );
    // A sync by a plan that is held or thrown away changes nothing, and neither frees the way.
    assert_eq!(people(&site), before);
    refused(&site, &[]);
    let (held, _) = run(&site, 6, "sync", &MIGRATE);
    assert_eq!(people(&site), before);
    approve(&site, &held);
    let after = people(&site);
    for (id, person) in &after {
        assert_eq!(Some(id), person.values.get("employee-id"));
    }
    assert_eq!(by_name(&after), by_name(&before));
    let (_, rows) = site.sync(TENANT, 0).unwrap();
    assert_eq!(rows, []);
    let (_, rows) = run(&site, 0, "sync", &["--mode", "changes"]);
    assert_eq!(rows, []);
    let (answer, _) = run(&site, 3, "sync", &MIGRATE);
    assert_eq!(answer.problem_codes(), ["nothing-to-migrate"]);

    known_by(&site, "");
    refused(&site, &[]);
    let (held, _) = migration(&site, PEOPLE as usize);
    approve(&site, &held);
    let (_, rows) = site.sync(TENANT, 0).unwrap();
    assert_eq!(rows, []);
    let now = people(&site);
    assert_eq!(by_name(&now), by_name(&before));
    assert!(now.keys().eq(before.keys()));
}

#[test]
fn whose_new_id_is_not_certain_keeps_the_old_one_and_no_sync_makes_anybody_twice() {
    let (site, before) = synced();
    let some: Vec<_> = before.values().take(3).collect();
    let number = |n: usize| some[n].values["employee-id"].clone();
    // Two with one number, and one whose entry is gone.
    let changes = [
        replace(&some[1].dn, "employeeNumber", &[&number(0)]),
        remove(&some[2].dn),
    ];
    site.change(&changes).unwrap();
    known_by(&site, "employeeNumber");
    let (held, rows) = migration(&site, PEOPLE as usize - 3);
    let mut told: Vec<_> = rows.iter().filter(|row| row.kind == "unsynced").collect();
    told.sort_by_key(|row| row.reason.clone());
    let reasons: Vec<_> = told.iter().map(|row| row.reason.as_str()).collect();
    assert_eq!(reasons, ["id-contested", "id-contested", "id-partnerless"]);
    assert_eq!(told[2].dn, some[2].dn);
    approve(&site, &held);
    refused(&site, &[]);
    let back = replace(&some[1].dn, "employeeNumber", &["E-mended"]);
    site.change(&[back]).unwrap();
    let (held, _) = migration(&site, 2);
    approve(&site, &held);
    let (_, rows) = site.sync(TENANT, 0).unwrap();
    let made: Vec<_> = rows.iter().map(|row| (row.kind, row.dn.as_str())).collect();
    // The number is mapped too; and who is gone has left, as in any sync.
    assert!(made.contains(&("update", &some[1].dn)), "{made:?}");
    assert!(rows.iter().all(|row| row.kind != "create"), "{made:?}");
    assert_eq!(people(&site).len() as u64, PEOPLE);
    let (_, rows) = site.sync(TENANT, 0).unwrap();
    let changing = rows.iter().filter(|row| row.kind != "unsynced");
    assert_eq!(changing.count(), 0);
}
