//! What is shown while a run goes on, whatever ends meanwhile.

use std::time::Duration;

use rollcall::demo::directory::{Deed, Fault, When};
use rollcall_tests::browser::run;
use rollcall_tests::portal::Portal;
use rollcall_tests::rollcall::Rollcall;
use rollcall_tests::served::Served;
use rollcall_tests::tenancy::{TENANT, Tenancy, sound, trouble};
use serde_json::json;

const PEOPLE: u64 = 600;
/// So many people come so slowly that there is time to look.
const PAGE: &str = "--set=page-size=5";
const SLOW: Duration = Duration::from_millis(400);

/// A service where the one before it was.
fn again(rollcall: &Rollcall, url: &str) -> Served {
    let listen = url.trim_start_matches("http://");
    let call = ["serve", "--listen", listen, "--jitter", "0", "--drain", "1"];
    Served::begin(rollcall.command(&call)).unwrap()
}

#[test]
fn progress_survives_a_reload_and_a_restart_of_the_host() {
    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let rollcall = &tenancy.rollcall;
    tenancy.configure(0, &[PAGE]).unwrap();
    super::admin(rollcall);
    let slow = Fault::always(When::EveryPage, Deed::Delay(SLOW));
    tenancy.directory.set_faults(vec![slow]);
    let first = Served::start(rollcall, &["--drain", "1"]).unwrap();
    let url = first.url.clone();
    let mut served = Some(first);
    let facts = json!({
        "url": url, "user": super::USER, "password": super::PASSWORD, "tenant": TENANT, "people": PEOPLE,
    });
    run("progress", &facts, |asked| {
        match asked["ask"].as_str().unwrap_or_default() {
            "slow" => {
                let slow = Fault::always(When::EveryPage, Deed::Delay(SLOW));
                tenancy.directory.set_faults(vec![slow]);
                Ok(json!({}))
            }
            how @ ("restart" | "kill") => {
                let before = served.take();
                let before = before.ok_or_else(|| trouble("ended already"))?;
                if how == "kill" {
                    before.kill()?;
                } else {
                    before.end()?;
                }
                tenancy.directory.set_faults(Vec::new());
                served = Some(again(rollcall, &url));
                Ok(json!({}))
            }
            "people" => {
                let portal = Portal::of(rollcall.data())?;
                Ok(json!({ "count": portal.people(TENANT)?.len() }))
            }
            _ => super::nothing(asked),
        }
    })
    .unwrap();
    served.unwrap().end().unwrap();
}
