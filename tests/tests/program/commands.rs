//! Commands that no other test calls: what they answer, and that what they store is there.

use std::process::{Command, Stdio};

use rollcall::demo::people::Expected;
use rollcall_tests::rollcall::Answer;
use rollcall_tests::tenancy::{TENANT, Tenancy, program, rows_of, sound};
use serde_json::{Value, json};

const PEOPLE: u64 = 30;

/// Calls, and expects an exit code.
fn call(tenancy: &Tenancy, exit: i32, arguments: &[&str]) -> Answer {
    tenancy.rollcall.expect(exit, arguments).unwrap()
}

/// A list of an answer.
fn list<'a>(answer: &'a Answer, pointer: &str) -> &'a [Value] {
    answer.at(pointer).as_array().unwrap()
}

fn person(tenancy: &Tenancy, index: u64) -> Expected {
    tenancy.directory.organisation().expected(index)
}

#[test]
fn a_plugin_is_inspected_before_anything_is_installed() {
    let rollcall = program().unwrap();
    let shown = rollcall.expect(0, &["plugin", "inspect"]).unwrap();
    let digest = shown.at("/digest").as_str().unwrap();
    assert_eq!(
        (digest.len(), digest.bytes().all(|b| b.is_ascii_hexdigit())),
        (64, true)
    );
    let form = list(&shown, "/description/form");
    let field = |key: &str| form.iter().find(|field| field["key"] == key).unwrap();
    assert_eq!(field("url")["required"], true);
    assert_eq!(field("filter")["kind"], "filter");
    let choices = field("security")["choices"].as_array().unwrap();
    for choice in ["start-tls", "ldaps", "plain"] {
        assert!(choices.contains(&choice.into()), "{choice} of {choices:?}");
    }
    let profiles = list(&shown, "/description/profiles");
    for id in ["openldap", "generic"] {
        assert!(profiles.iter().any(|profile| profile["id"] == id), "{id}");
    }
    let has = |part: &str, name: &str| {
        let names = list(&shown, part);
        names
            .iter()
            .any(|found| found.as_str().unwrap().starts_with(name))
    };
    assert!(has("/imports", "marketplace:directory-sync/ldap@"));
    assert!(has("/exports", "marketplace:directory-sync/lifecycle@"));
    assert!(!has("/imports", "wasi:sockets/") && !has("/imports", "wasi:filesystem/"));
    let none = rollcall.data().join("none.wasm");
    let none = none.to_str().unwrap();
    let refused = rollcall.expect(7, &["plugin", "inspect", none]).unwrap();
    assert_eq!(refused.problem_codes(), ["plugin-unreadable"]);
}

#[test]
fn a_timetable_is_stored_shown_and_followed() {
    let tenancy = Tenancy::installed(sound(PEOPLE)).unwrap();
    let none = call(&tenancy, 3, &["schedule", "show", TENANT]);
    assert_eq!(none.problem_codes(), ["not-scheduled"]);
    let set = |more: &[&'static str]| {
        let start = ["schedule", "set", TENANT, "--start", "2030-03-30T02:30"];
        [&start, more].concat()
    };
    let berlin = set(&["--daily", "--zone", "Europe/Berlin"]);
    let stored = call(&tenancy, 0, &berlin);
    let timetable = json!({
        "frequency": "daily", "start": "2030-03-30T02:30", "zone": "Europe/Berlin", "active": true,
        "full-every": null
    });
    assert_eq!(stored.at("/timetable"), &timetable);
    let weekly = call(&tenancy, 0, &set(&["--daily", "--full-every", "7"]));
    assert_eq!(weekly.at("/timetable/full-every"), 7);
    let never = call(&tenancy, 3, &set(&["--daily", "--full-every", "0"]));
    assert_eq!(never.problem_codes(), ["bad-number"]);
    call(&tenancy, 0, &berlin);
    let shown = call(&tenancy, 0, &["schedule", "show", TENANT]);
    assert_eq!(shown.result(), stored.result());
    let next = call(&tenancy, 0, &["schedule", "next", TENANT, "--count", "4"]);
    let local: Vec<_> = list(&next, "/next")
        .iter()
        .map(|o| o["local"].clone())
        .collect();
    // On the 31st the clocks go forward at two.
    assert_eq!(
        local,
        [
            "2030-03-30T02:30:00+01:00",
            "2030-03-31T03:30:00+02:00",
            "2030-04-01T02:30:00+02:00",
            "2030-04-02T02:30:00+02:00",
        ]
    );
    let noted: Vec<_> = list(&next, "/next")
        .iter()
        .map(|o| o["note"] != "")
        .collect();
    assert_eq!(noted, [false, true, false, false]);
    for (wrong, code) in [
        (
            set(&["--daily", "--zone", "Europe/Bielefeld"]),
            "unknown-zone",
        ),
        (set(&["--every", "1"]), "bad-number"),
    ] {
        assert_eq!(call(&tenancy, 3, &wrong).problem_codes(), [code]);
    }
    let shown = call(&tenancy, 0, &["schedule", "show", TENANT]);
    assert_eq!(
        shown.at("/timetable"),
        &timetable,
        "what is refused is not stored"
    );
    call(&tenancy, 0, &set(&["--monthly", "31", "--inactive"]));
    let next = call(&tenancy, 0, &["schedule", "next", TENANT]);
    assert_eq!(next.at("/timetable/frequency/monthly"), 31);
    assert_eq!(
        next.at("/next"),
        &json!([]),
        "an inactive timetable runs never"
    );
}

#[test]
fn completion_scripts_are_made_and_bash_reads_its_own() {
    let rollcall = program().unwrap();
    let script = |shell: &str| {
        let output = rollcall.run(&["completions", shell]).unwrap();
        assert!(output.status.success(), "{shell}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            text.contains("schedule") && text.contains("fail-on-unsynced"),
            "{shell}"
        );
        text
    };
    let bash = script("bash");
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        assert_ne!(script(shell), bash);
    }
    let reads = |text: &str| {
        let file = rollcall.data().join("completion");
        std::fs::write(&file, text).unwrap();
        let mut read = Command::new("bash");
        read.arg("-n").arg(&file).stderr(Stdio::null());
        read.status().unwrap().success()
    };
    assert!(reads(&bash));
    assert!(!reads(&bash[..bash.len() / 2]), "half a script is none");
    assert_eq!(
        rollcall.run(&["completions", "sh"]).unwrap().status.code(),
        Some(2)
    );
}

#[test]
fn rules_are_checked_shown_and_tried_before_they_are_stored() {
    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let stored = call(&tenancy, 0, &["map", "show", TENANT]);
    let source = |answer: &Answer, field: &str| {
        let rules = list(answer, "/rules").iter();
        rules
            .clone()
            .find(|rule| rule["field"] == field)
            .map(|rule| rule["source"].clone())
    };
    assert!(source(&stored, "email").is_some());

    let rule = "--rule=job-title={title|first|upper}";
    let good = call(&tenancy, 0, &["map", "check", TENANT, rule]);
    assert_eq!(good.at("/problems"), &json!([]));
    assert_eq!(
        source(&good, "job-title"),
        Some("{title|first|upper}".into())
    );
    let bad = [
        "map",
        "check",
        TENANT,
        "--rule=shoe={cn}",
        "--without=email",
        "--rule=city={l|shout}",
    ];
    let bad = call(&tenancy, 3, &bad);
    let codes: Vec<_> = list(&bad, "/problems")
        .iter()
        .map(|p| p["code"].clone())
        .collect();
    for code in ["unknown-field", "missing-rule", "unknown-transform"] {
        assert!(codes.contains(&code.into()), "{code} of {codes:?}");
    }
    let now = call(&tenancy, 0, &["map", "show", TENANT]);
    assert_eq!(now.result(), stored.result(), "checking stores nothing");

    let who = person(&tenancy, 4);
    let preview = call(&tenancy, 0, &["map", "preview", TENANT, &who.dn, rule]);
    assert_eq!(preview.at("/external_id"), who.external_id.as_str());
    assert_eq!(preview.at("/outcome"), "would-create");
    let fields = list(&preview, "/fields");
    let title = fields
        .iter()
        .find(|field| field["field"] == "job-title")
        .unwrap();
    let raw = title["raw"][0].as_str().unwrap();
    assert_eq!(title["value"], raw.to_uppercase());

    let seen: Vec<_> = (0..3)
        .map(|nth| call(&tenancy, 0, &["preview", TENANT, "--nth", &nth.to_string()]))
        .map(|preview| preview.at("/dn").clone())
        .collect();
    assert!(
        seen[0] != seen[1] && seen[1] != seen[2] && seen[0] != seen[2],
        "{seen:?}"
    );
    let beyond = call(&tenancy, 3, &["preview", TENANT, "--nth", "30"]);
    assert_eq!(beyond.problem_codes(), ["nobody-found"]);
}

#[test]
fn people_are_listed_by_pages_and_edited_by_hand() {
    let tenancy = Tenancy::synced(sound(PEOPLE)).unwrap();
    let first = call(&tenancy, 0, &["people", "list", TENANT, "--limit", "20"]);
    assert_eq!(
        (list(&first, "/people").len(), first.at("/more")),
        (20, &json!(true))
    );
    assert_eq!(
        (first.at("/all"), first.at("/active")),
        (&json!(30), &json!(30))
    );
    let last = list(&first, "/people")[19]["external_id"].as_str().unwrap();
    let rest = call(&tenancy, 0, &["people", "list", TENANT, "--after", last]);
    assert_eq!(
        (list(&rest, "/people").len(), rest.at("/more")),
        (10, &json!(false))
    );
    let ids = |answer: &Answer| -> Vec<String> {
        let people = list(answer, "/people").iter();
        people
            .map(|p| p["external_id"].as_str().unwrap().to_owned())
            .collect()
    };
    let mut found = [ids(&first), ids(&rest)].concat();
    let mut wanted: Vec<_> = (0..PEOPLE)
        .map(|n| person(&tenancy, n).external_id)
        .collect();
    found.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(found, wanted);

    let who = person(&tenancy, 2);
    let edit = ["people", "edit", TENANT, &who.external_id];
    let edited = [
        &edit[..],
        &[
            "--set",
            "city=Graz",
            "--role",
            "agent",
            "--status",
            "inactive",
        ],
    ]
    .concat();
    let edited = call(&tenancy, 0, &edited);
    let facts = ["/values/city", "/role", "/status"].map(|fact| edited.at(fact).clone());
    assert_eq!(facts, ["Graz", "agent", "inactive"]);
    assert_eq!(edited.at("/deactivated_by_sync"), false);
    assert!(list(&edited, "/changed_in_portal").contains(&"city".into()));
    let cleared = call(&tenancy, 0, &[&edit[..], &["--set", "city="]].concat());
    assert_eq!(cleared.at("/values/city"), &Value::Null);
    let other = person(&tenancy, 3).email;
    for (wrong, code) in [
        ([&edit[..], &["--set", "shoe=43"]].concat(), "unknown-field"),
        (
            [&edit[..], &["--set", "last-name="]].concat(),
            "missing-value",
        ),
        (
            [&edit[..], &["--set", &format!("email={other}")]].concat(),
            "unique-conflict",
        ),
        ([&edit[..], &["--role", "king"]].concat(), "unknown-role"),
        (
            vec!["people", "edit", TENANT, "nobody", "--role", "agent"],
            "unknown-person",
        ),
    ] {
        assert_eq!(call(&tenancy, 3, &wrong).problem_codes(), [code]);
    }
}

#[test]
fn rows_are_found_by_kind_reason_and_person() {
    let tenancy = Tenancy::synced(sound(PEOPLE)).unwrap();
    let (married, gone) = (person(&tenancy, 5), person(&tenancy, 9));
    tenancy
        .directory
        .set(&married.dn, "sn", &["Married"])
        .unwrap();
    tenancy.leave(&[9]).unwrap();
    let mail = person(&tenancy, 12).email;
    tenancy
        .directory
        .set(&person(&tenancy, 11).dn, "mail", &[&mail])
        .unwrap();
    tenancy.sync(0).unwrap();
    let whose = |more: &[&str]| -> Vec<String> {
        let found = call(&tenancy, 0, &[&["rows", TENANT], more].concat());
        let rows = list(&found, "/rows").iter();
        rows.map(|row| row["external_id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(whose(&[]).len(), 3);
    assert_eq!(whose(&["--kind", "update"]), [married.external_id.as_str()]);
    assert_eq!(
        whose(&["--kind", "deactivate"]),
        [gone.external_id.as_str()]
    );
    assert_eq!(whose(&["--reason", "absent"]), [gone.external_id.as_str()]);
    assert_eq!(
        whose(&["--reason", "duplicate"]),
        [person(&tenancy, 11).external_id]
    );
    for by in [&married.external_id, &married.dn] {
        assert_eq!(whose(&["--person", by]), [married.external_id.as_str()]);
    }
    assert_eq!(whose(&["--person", "nobody at all"]), [""; 0]);
    assert_eq!(whose(&["--kind", "reactivate"]), [""; 0]);
    assert_eq!(whose(&["--kind", "update", "--reason", "absent"]), [""; 0]);
    let found = call(&tenancy, 0, &["rows", TENANT, "--kind", "update"]);
    let row = &list(&found, "/rows")[0];
    assert_eq!(
        (&row["outcome"], &row["reason"]),
        (&json!("applied"), &json!("changed"))
    );
    let change = row["changes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["field"] == "last-name");
    let change = change.unwrap();
    assert_eq!(
        (&change["before"], &change["after"]),
        (&json!(married.last_name), &json!("Married"))
    );
}

#[test]
fn changes_only_reads_everything_and_says_so() {
    let tenancy = Tenancy::synced(sound(PEOPLE)).unwrap();
    let who = person(&tenancy, 5);
    tenancy.directory.set(&who.dn, "sn", &["Married"]).unwrap();
    let run = call(&tenancy, 0, &["sync", TENANT, "--mode", "changes"]);
    assert_eq!(rows_of(run.at("/run"), "update"), 1);
    assert_eq!(run.at("/run/seen"), PEOPLE);
    let told = list(&run, "/run/warnings")
        .iter()
        .any(|w| w["code"] == "full-instead");
    assert!(told, "{}", run.document);
    let full = call(&tenancy, 0, &["sync", TENANT, "--mode", "full"]);
    let told = list(&full, "/run/warnings")
        .iter()
        .any(|w| w["code"] == "full-instead");
    assert!(!told, "{}", full.document);
}
