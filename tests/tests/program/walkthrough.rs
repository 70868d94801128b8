//! The demo, as a script reads it.

use std::collections::BTreeMap;

use rollcall_tests::component;
use rollcall_tests::rollcall::{Answer, Rollcall};
use serde_json::Value;

const STEPS: [&str; 14] = [
    "install",
    "configure",
    "verify",
    "map",
    "plan",
    "sync",
    "changes",
    "sync",
    "sync",
    "schedule",
    "export",
    "explain",
    "runs",
    "uninstall",
];

fn result(answer: &Answer, step: usize) -> &Value {
    answer.at(&format!("/steps/{step}/result"))
}

/// Rows of a run by kind, those that are only reported left out.
fn changed(run: &Value) -> BTreeMap<&str, u64> {
    let rows = run["rows"].as_array().unwrap().iter();
    rows.filter(|count| count["outcome"] != "reported")
        .map(|count| {
            (
                count["kind"].as_str().unwrap(),
                count["rows"].as_u64().unwrap(),
            )
        })
        .collect()
}

#[test]
fn the_demo_walks_through_every_hook_and_leaves_what_it_says() {
    let rollcall = Rollcall::new().unwrap();
    let answer = rollcall.expect(0, &["demo", "--people", "400"]).unwrap();
    let steps = answer.at("/steps").as_array().unwrap();
    let names: Vec<_> = steps
        .iter()
        .map(|step| step["step"].as_str().unwrap())
        .collect();
    assert_eq!(names, STEPS);

    let mistakes = result(&answer, 1)["mistakes"].as_array().unwrap();
    let fields: Vec<_> = mistakes
        .iter()
        .map(|m| m["field"].as_str().unwrap())
        .collect();
    assert!(
        fields.contains(&"port") && fields.contains(&"filter"),
        "{mistakes:?}"
    );
    assert_eq!(
        result(&answer, 1)["configured"]["settings"]["security"],
        "ldaps"
    );

    let previews = result(&answer, 3)["previews"].as_array().unwrap();
    assert_eq!(previews.len(), 2);
    assert_ne!(previews[0]["dn"], previews[1]["dn"]);
    assert_eq!(previews[0]["outcome"], "would-create");
    assert!(previews[0]["problems"].as_array().unwrap().is_empty());
    assert_eq!(previews[1]["outcome"], "unsynced");
    assert!(!previews[1]["problems"].as_array().unwrap().is_empty());

    let (planned, first) = (result(&answer, 4), result(&answer, 5));
    assert_eq!(planned["status"], "planned");
    assert_eq!(first["status"], "applied");
    assert_eq!(
        changed(planned),
        changed(first),
        "a dry run is the sync that stops"
    );
    assert_eq!(changed(first).keys().collect::<Vec<_>>(), [&"create"]);

    let happened = result(&answer, 6).as_array().unwrap();
    let happened: Vec<_> = happened
        .iter()
        .map(|h| h["what"].as_str().unwrap())
        .collect();
    let mut sorted = happened.clone();
    sorted.sort_unstable();
    let wanted = ["disable", "hire", "leaver", "mail swap", "move", "rename"];
    assert_eq!(sorted, wanted);
    // Rename, move and the two of the swap; the leaver and the one who is locked out; the hire.
    let second = changed(result(&answer, 7));
    assert_eq!(
        second,
        BTreeMap::from([("create", 1), ("deactivate", 2), ("update", 4)])
    );
    assert!(
        changed(result(&answer, 8)).is_empty(),
        "the third has nothing to do"
    );

    let next = result(&answer, 9).as_array().unwrap();
    assert!(next.len() >= 5);
    assert!(
        next.iter()
            .all(|o| o["local"].as_str().unwrap().contains("T02:30")
                || !o["note"].as_str().unwrap().is_empty())
    );

    let csv = std::fs::read(rollcall.data().join("unsynced.csv")).unwrap();
    assert_eq!(result(&answer, 10)["bytes"], csv.len());
    let mut reader = csv::Reader::from_reader(csv.as_slice());
    let unsynced = result(&answer, 8)["rows"].as_array().unwrap().iter();
    let unsynced: u64 = unsynced.map(|count| count["rows"].as_u64().unwrap()).sum();
    assert_eq!(reader.records().count() as u64, unsynced);
    assert!(unsynced > 0);

    let receipt = result(&answer, 13);
    let line = |part: &str, what: &str| {
        let lines = receipt[part].as_array().unwrap().iter();
        lines
            .filter(|line| line["what"] == what)
            .map(|line| line["count"].clone())
            .next()
    };
    assert_eq!(
        line("removed", "credentials destroyed"),
        Some(1.into()),
        "{receipt}"
    );
    let left = receipt["left"].as_array().unwrap().iter();
    let left: u64 = left.map(|line| line["count"].as_u64().unwrap()).sum();
    assert_eq!(
        left,
        changed(first)["create"] + 1,
        "everybody, and the hire: {receipt}"
    );
}

#[test]
fn the_demo_fails_with_a_plugin_that_takes_its_mistakes() {
    let rollcall = Rollcall::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let plugin = folder.path().join("lenient.wasm");
    std::fs::write(&plugin, component::lenient().unwrap()).unwrap();
    let plugin = format!("--plugin={}", plugin.display());
    let failed = rollcall
        .expect(7, &["demo", "--people", "60", &plugin])
        .unwrap();
    assert_eq!(failed.problem_codes(), ["plugin-lenient"]);
}
