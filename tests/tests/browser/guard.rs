//! A plan that a guard holds.

use std::cell::Cell;

use rollcall_tests::browser::run;
use rollcall_tests::portal::Portal;
use rollcall_tests::served::Served;
use rollcall_tests::tenancy::{TENANT, Tenancy, sound};
use serde_json::json;

const LEAVERS: u64 = 12;

#[test]
fn a_held_plan_waits_for_its_approval_and_a_discarded_one_does_nothing() {
    let tenancy = Tenancy::synced(sound(60)).unwrap();
    let limits = ["--set=guard-count=5", "--set=guard-percent=5"];
    tenancy.configure(0, &limits).unwrap();
    super::admin(&tenancy.rollcall);
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let portal = Portal::of(tenancy.rollcall.data()).unwrap();
    let left = Cell::new(0);
    let facts = json!({
        "url": served.url, "user": super::USER, "password": super::PASSWORD, "tenant": TENANT, "leavers": LEAVERS,
    });
    run("guard", &facts, |asked| {
        match asked["ask"].as_str().unwrap_or_default() {
            "leave" => {
                let from = left.replace(left.get() + LEAVERS);
                tenancy.leave(&(from..from + LEAVERS).collect::<Vec<_>>())?;
                Ok(json!({}))
            }
            "inactive" => {
                let people = portal.people(TENANT)?;
                let inactive = people.values().filter(|person| !person.active);
                Ok(json!({ "count": inactive.count() }))
            }
            _ => super::nothing(asked),
        }
    })
    .unwrap();
    served.end().unwrap();
}
