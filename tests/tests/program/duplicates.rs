//! People whose unique value somebody in the portal has whom no sync brought: the export names that person, whether the
//! plan knew of it or the portal refused the row.

use std::collections::BTreeMap;

use rollcall_tests::rollcall::Answer;
use rollcall_tests::tenancy::{TENANT, Tenancy, sound};

const PEOPLE: u64 = 12;

/// The exported rows by external id, each by column.
fn export(tenancy: &Tenancy) -> BTreeMap<String, BTreeMap<String, String>> {
    let file = tenancy.rollcall.data().join("unsynced.csv");
    let output = file.to_str().unwrap();
    tenancy
        .rollcall
        .expect(0, &["export", TENANT, "--output", output])
        .unwrap();
    let mut reader = csv::Reader::from_path(&file).unwrap();
    let rows = reader.deserialize().map(Result::unwrap);
    rows.map(|row: BTreeMap<String, String>| (row["external-id"].clone(), row))
        .collect()
}

/// A person with the mail address of somebody in the directory.
fn squatter(tenancy: &Tenancy, of: u64) -> String {
    let email = tenancy.directory.organisation().expected(of).email;
    let values = [
        ("username", "by.hand"),
        ("last-name", "Hand"),
        ("email", &email),
    ];
    tenancy.add_by_hand(&values).unwrap()
}

fn synced(answer: &Answer) -> u64 {
    let rows = answer.at("/run/rows").as_array().unwrap();
    rows.iter()
        .filter(|count| count["outcome"] == "applied")
        .map(|count| count["rows"].as_u64().unwrap())
        .sum()
}

/// The one exported row: whose, with which code, and the other party.
fn only_row(tenancy: &Tenancy, of: u64) -> (String, [String; 3]) {
    let mut rows = export(tenancy);
    let who = tenancy.directory.organisation().expected(of);
    let row = rows.remove(&who.external_id).unwrap();
    assert!(rows.is_empty(), "{rows:?}");
    assert_eq!(row["email"], who.email);
    let other = ["other-dn", "other-external-id", "other-portal-id"].map(|c| row[c].clone());
    (row["code"].clone(), other)
}

#[test]
fn the_export_names_somebody_made_by_hand_who_has_the_value() {
    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let holder = squatter(&tenancy, 5);
    let answer = tenancy.sync(0).unwrap();
    assert_eq!(synced(&answer), PEOPLE - 1);
    let (code, other) = only_row(&tenancy, 5);
    assert_eq!(code, "duplicate");
    assert_eq!(other, ["", "", &holder]);
}

#[test]
fn the_export_names_who_got_the_value_between_the_plan_and_its_applying() {
    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let plan = tenancy.rollcall.expect(0, &["plan", TENANT]).unwrap();
    let run = plan.at("/run/id").to_string();
    let holder = squatter(&tenancy, 5);
    let answer = tenancy
        .rollcall
        .expect(10, &["sync", TENANT, "--run", &run])
        .unwrap();
    assert_eq!(synced(&answer), PEOPLE - 1, "the others are applied");
    let (code, other) = only_row(&tenancy, 5);
    assert_eq!(code, "unique-conflict");
    assert_eq!(other, ["", "", &holder]);
    let failed = ["rows", TENANT, &run, "--outcome", "failed"];
    let rows = tenancy.rollcall.expect(0, &failed).unwrap();
    assert_eq!(rows.at("/rows/0/outcome_other/id"), holder.as_str());
}

#[test]
fn a_plan_that_nobody_crossed_is_applied_whole() {
    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let plan = tenancy.rollcall.expect(0, &["plan", TENANT]).unwrap();
    let run = plan.at("/run/id").to_string();
    let answer = tenancy
        .rollcall
        .expect(0, &["sync", TENANT, "--run", &run])
        .unwrap();
    assert_eq!(synced(&answer), PEOPLE);
    assert!(export(&tenancy).is_empty());
}
