//! The licence: a plan that needs more seats than there are waits for an approval.

use rollcall_tests::tenancy::{TENANT, Tenancy, rows_of, sound};
use serde_json::json;

const PEOPLE: u64 = 12;

/// A tenant whose portal has room for so many people, and one who was there before any sync.
fn with_seats(seats: u64) -> Tenancy {
    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let values = [
        ("username", "by.hand"),
        ("last-name", "Hand"),
        ("email", "by.hand@example.com"),
    ];
    tenancy.add_by_hand(&values).unwrap();
    let number = seats.to_string();
    let set = ["people", "seats", TENANT, &number];
    let set = tenancy.rollcall.expect(0, &set).unwrap();
    assert_eq!(set.result(), &json!({ "seats": seats, "active": 1 }));
    tenancy
}

#[test]
fn a_plan_that_needs_more_seats_than_there_are_is_held() {
    let tenancy = with_seats(PEOPLE);
    let held = tenancy.sync(6).unwrap();
    assert_eq!(held.at("/run/status"), "held");
    let guards = held.at("/run/guards").as_array().unwrap();
    let tripped: Vec<_> = guards.iter().filter(|g| g["tripped"] == true).collect();
    assert_eq!(tripped.len(), 1, "{guards:?}");
    assert_eq!(tripped[0]["name"], "licence");
    assert_eq!(
        (&tripped[0]["count"], &tripped[0]["limit"]),
        (&json!(12), &json!(11))
    );
    let nobody = tenancy
        .rollcall
        .expect(0, &["people", "list", TENANT])
        .unwrap();
    assert_eq!(nobody.at("/all"), 1);
    assert_eq!(nobody.at("/seats"), PEOPLE);
}

#[test]
fn a_plan_for_which_there_are_seats_is_applied() {
    let tenancy = with_seats(PEOPLE + 1);
    let synced = tenancy.sync(0).unwrap();
    assert_eq!(rows_of(synced.at("/run"), "create"), PEOPLE);
    let shown = tenancy
        .rollcall
        .expect(0, &["people", "seats", TENANT])
        .unwrap();
    assert_eq!(shown.result(), &json!({ "seats": 13, "active": 13 }));
    let listed = tenancy.rollcall.run(&["people", "list", TENANT]).unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.contains("13 active of 13 seats"), "{listed}");
}

#[test]
fn no_number_of_seats_and_no_tenant_are_refused() {
    let tenancy = Tenancy::installed(sound(PEOPLE)).unwrap();
    let output = tenancy
        .rollcall
        .run(&["people", "seats", TENANT, "many"])
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let nobody = tenancy
        .rollcall
        .expect(3, &["people", "seats", "globex", "5"])
        .unwrap();
    assert_eq!(nobody.problem_codes(), ["not-installed"]);
    let shown = tenancy
        .rollcall
        .expect(0, &["people", "seats", TENANT])
        .unwrap();
    assert_eq!(shown.result(), &json!({ "seats": 0, "active": 0 }));
}
