//! Exit codes that a script waits for, each with the run that gives another one.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rollcall::demo::directory::{Deed, Fault, Options, When};
use rollcall_tests::portal::Portal;
use rollcall_tests::tenancy::{TENANT, Tenancy, rows_of, sound};
use serde_json::Value;

const PEOPLE: u64 = 240;
const PATIENCE: Duration = Duration::from_secs(60);

fn waits_until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < end, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A sync that answers in JSON, once it is waited for.
fn begin(tenancy: &Tenancy) -> Child {
    tenancy
        .rollcall
        .command(&["sync", TENANT, "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Asks a process to stop as Ctrl-C does, and gives its exit code and answer.
fn interrupt(child: Child) -> (Option<i32>, Value) {
    let asked = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(asked.success());
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let answer = serde_json::from_str(&text).unwrap_or(Value::Null);
    (output.status.code(), answer)
}

fn synced(tenancy: &Tenancy) -> usize {
    let portal = Portal::of(tenancy.rollcall.data()).unwrap();
    portal.people(TENANT).unwrap().len()
}

#[test]
fn unsynced_people_fail_a_sync_only_where_that_is_asked_for() {
    let tenancy = Tenancy::configured(Options {
        people: PEOPLE,
        ..Options::default()
    })
    .unwrap();
    for command in ["plan", "sync"] {
        let arguments = [command, TENANT, "--fail-on-unsynced"];
        let failed = tenancy.rollcall.expect(8, &arguments).unwrap();
        assert!(rows_of(failed.at("/run"), "unsynced") > 0);
        tenancy.rollcall.expect(0, &[command, TENANT]).unwrap();
    }
    assert!(synced(&tenancy) > 0, "the others are synced all the same");
    let sound = Tenancy::configured(sound(20)).unwrap();
    let arguments = ["sync", TENANT, "--fail-on-unsynced"];
    sound.rollcall.expect(0, &arguments).unwrap();
}

#[test]
fn an_edit_between_the_plan_and_its_applying_is_refused_alone() {
    let tenancy = Tenancy::synced(sound(20)).unwrap();
    let organisation = tenancy.directory.organisation();
    let (one, other) = (organisation.expected(3), organisation.expected(7));
    tenancy
        .directory
        .set(&one.dn, "mail", &["wanted@example.com"])
        .unwrap();
    tenancy
        .directory
        .set(&other.dn, "sn", &["Married"])
        .unwrap();
    let plan = tenancy.rollcall.expect(0, &["plan", TENANT]).unwrap();
    let run = plan.at("/run/id").to_string();
    let third = organisation.expected(11).external_id;
    let set = "email=wanted@example.com";
    let edit = ["people", "edit", TENANT, &third, "--set", set];
    tenancy.rollcall.expect(0, &edit).unwrap();
    let apply = ["sync", TENANT, "--run", &run];
    tenancy.rollcall.expect(10, &apply).unwrap();
    let show = |id: &str| {
        let shown = ["people", "show", TENANT, id];
        tenancy.rollcall.expect(0, &shown).unwrap()
    };
    assert_eq!(
        show(&one.external_id).at("/values/email"),
        one.email.as_str()
    );
    assert_eq!(show(&other.external_id).at("/values/last-name"), "Married");
    assert_eq!(show(&third).at("/values/email"), "wanted@example.com");
}

#[test]
fn a_sync_that_is_interrupted_while_planning_changes_nothing_and_the_next_is_whole() {
    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let slowly = Fault::always(When::EveryPage, Deed::Delay(Duration::from_millis(400)));
    tenancy.directory.set_faults(vec![slowly]);
    let before = tenancy.directory.seen().pages;
    let child = begin(&tenancy);
    waits_until("a page is read", || {
        tenancy.directory.seen().pages > before + 1
    });
    let (code, answer) = interrupt(child);
    assert_eq!(code, Some(130), "{answer}");
    assert_eq!(answer["problems"][0]["code"], "cancelled", "{answer}");
    assert_eq!(tenancy.last_run().unwrap()["status"], "cancelled");
    assert_eq!(synced(&tenancy), 0);
    tenancy.directory.set_faults(Vec::new());
    let next = tenancy.sync(0).unwrap();
    assert_eq!(
        next.at("/resumed"),
        &Value::Null,
        "there is nothing to resume"
    );
    assert_eq!(synced(&tenancy) as u64, PEOPLE);
}

#[test]
fn a_sync_that_is_interrupted_while_applying_is_finished_by_the_next() {
    const MANY: u64 = 8_000;
    let tenancy = Tenancy::configured(sound(MANY)).unwrap();
    let portal = Portal::of(tenancy.rollcall.data()).unwrap();
    portal.watch(2_000).unwrap();
    let child = begin(&tenancy);
    waits_until("somebody is in the portal", || synced(&tenancy) > 0);
    let (code, answer) = interrupt(child);
    assert_eq!(code, Some(130), "{answer}");
    assert_eq!(answer["result"]["run"]["status"], "applying", "{answer}");
    let half = synced(&tenancy) as u64;
    assert!(half < MANY, "it was applied before it could be stopped");
    let run = answer["result"]["run"]["id"].clone();
    let next = tenancy.sync(0).unwrap();
    assert_eq!(next.at("/resumed/id"), &run);
    assert_eq!(next.at("/resumed/status"), "applied");
    assert_eq!(synced(&tenancy) as u64, MANY);
    let twice = portal.written().unwrap();
    let twice: Vec<_> = twice
        .iter()
        .filter(|((what, _), times)| what == "insert person" && **times != 1)
        .collect();
    assert!(twice.is_empty(), "{twice:?}");
}
