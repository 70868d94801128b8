//! The service as whoever watches over it sees it: each trouble is in `/readyz`, in `/metrics` and in `doctor`, with what to do, and gone
//! when that is done. The directory is the demo's.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rollcall::demo::DemoDirectory;
use rollcall::ports::{Queue as _, TenantId};
use rollcall::store::Store;
use rollcall_tests::component;
use rollcall_tests::exposition::Exposition;
use rollcall_tests::rollcall::{Answer, Rollcall};
use rollcall_tests::served::{Reply, Served};
use rollcall_tests::tenancy::{TENANT, Tenancy, program, sound};
use serde_json::{Value, json};

const PEOPLE: u64 = 40;
/// How long anything may take to be seen.
const SEEN: Duration = Duration::from_secs(30);

/// A token's secret, for all tenants.
fn token(tenancy: &Tenancy, rank: &str) -> String {
    let arguments = ["token", "create", "test", "--rank", rank];
    let made = tenancy.rollcall.expect(0, &arguments).unwrap();
    made.at("/secret").as_str().unwrap().to_owned()
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap()
}

fn runs() -> String {
    format!("/api/v1/tenants/{TENANT}/runs")
}

/// Asks for a sync and waits for its end.
fn synced(served: &Served, token: &str) -> Value {
    let wish = json!({ "mode": "full" });
    let asked = served.ask("POST", &runs(), token, Some(&wish), &[]);
    let run = asked.unwrap().json()["id"].as_i64().unwrap();
    served.over(TENANT, run, token).unwrap()
}

/// The readiness probe's answer, once it satisfies.
fn ready(served: &Served, token: &str, is: impl Fn(&Value) -> bool) -> Reply {
    let until = Instant::now() + SEEN;
    loop {
        let reply = served.get("/readyz", token).unwrap();
        if is(&reply.json()) {
            return reply;
        }
        assert!(Instant::now() < until, "{reply:#?}");
        std::thread::sleep(Duration::from_millis(300));
    }
}

/// What a probe tells of a code; null where it does not.
fn concern<'r>(ready: &'r Value, code: &str) -> &'r Value {
    let concerns = ready["concerns"].as_array().unwrap();
    let found = concerns.iter().find(|concern| concern["code"] == code);
    found.unwrap_or(&Value::Null)
}

fn numbers(served: &Served) -> Exposition {
    let reply = served.get("/metrics", "").unwrap();
    assert_eq!(reply.status, 200);
    Exposition::read(&reply.text).unwrap()
}

fn told(numbers: &Exposition, code: &str) -> f64 {
    let series = format!("rollcall_concerns{{code=\"{code}\"}}");
    numbers.value(&series).unwrap()
}

/// What `doctor` says, and what is wrong by it: codes with remedies.
fn doctor(rollcall: &Rollcall, exit: i32, arguments: &[&str]) -> (Answer, Vec<String>) {
    let arguments = [&["doctor"], arguments].concat();
    let answer = rollcall.expect(exit, &arguments).unwrap();
    let checks = answer.at("/checks").as_array().unwrap();
    let problems = checks
        .iter()
        .flat_map(|check| check["problems"].as_array().unwrap())
        .map(|problem| {
            assert!(!problem["remedy"].as_str().unwrap().is_empty(), "{problem}");
            problem["code"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(answer.at("/healthy"), exit == 0);
    (answer, problems)
}

#[test]
fn a_dead_directory_is_seen_until_it_answers_again() {
    let mut tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let admin = token(&tenancy, "admin");
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    ready(&served, "", |ready| ready["status"] == "ready");
    let (_, problems) = doctor(&tenancy.rollcall, 0, &["--connect"]);
    assert_eq!(problems, ["transport-unencrypted"], "a warning of verify's");
    // The server is gone, and another one is elsewhere.
    tenancy.directory = DemoDirectory::start(sound(PEOPLE)).unwrap();
    let run = synced(&served, &admin);
    assert_eq!(run["problem"]["code"], "connect-refused", "{run:#}");

    let probe = ready(&served, "", |ready| ready["status"] == "degraded");
    assert_eq!(probe.status, 200, "one tenant's trouble is not the host's");
    assert!(!probe.text.contains(TENANT), "{}", probe.text);
    let probe = probe.json();
    let dead = concern(&probe, "directory-failing");
    assert_eq!(
        (&dead["tenants"], &dead["stops"]),
        (&json!(1), &json!(false))
    );
    assert!(
        dead["message"]
            .as_str()
            .unwrap()
            .contains("connect-refused (1)")
    );
    assert!(dead["remedy"].as_str().unwrap().contains("rollcall verify"));
    // Who reaches every tenant hears which.
    let named = served.get("/readyz", &admin).unwrap().json();
    assert_eq!(
        concern(&named, "directory-failing")["named"],
        json!([TENANT])
    );
    let seen = numbers(&served);
    assert_eq!(told(&seen, "directory-failing"), 1.0);
    for (series, value) in [
        ("rollcall_ready", 1.0),
        ("rollcall_tenants_failing{cause=\"directory\"}", 1.0),
        ("rollcall_run_failures_total{code=\"connect-refused\"}", 1.0),
        (
            "rollcall_directory_errors_total{code=\"connect-refused\"}",
            1.0,
        ),
        ("rollcall_runs_total{mode=\"full\",outcome=\"failed\"}", 1.0),
    ] {
        assert_eq!(seen.value(series), Some(value), "{series}");
    }
    let (answer, problems) = doctor(&tenancy.rollcall, 1, &[]);
    assert_eq!(problems, ["directory-failing"]);
    assert!(answer.document.to_string().contains(TENANT));
    let (_, problems) = doctor(&tenancy.rollcall, 1, &[TENANT, "--connect"]);
    assert!(
        problems.contains(&"connect-refused".to_owned()),
        "{problems:?}"
    );

    tenancy
        .configure(0, &[format!("--url={}", tenancy.url())])
        .unwrap();
    assert_eq!(synced(&served, &admin)["status"], "applied");
    ready(&served, "", |ready| ready["status"] == "ready");
    let seen = numbers(&served);
    assert_eq!(told(&seen, "directory-failing"), 0.0);
    let created = "rollcall_rows_total{kind=\"create\",outcome=\"applied\"}";
    assert_eq!(seen.value(created), Some(PEOPLE as f64));
    assert!(seen.value("rollcall_directory_entries_read_total").unwrap() >= PEOPLE as f64);
    let (_, problems) = doctor(&tenancy.rollcall, 0, &["--connect"]);
    assert_eq!(problems, ["transport-unencrypted"], "a warning of verify's");
    served.end().unwrap();
}

#[tokio::test]
async fn a_plugin_that_traps_and_the_schedule_it_misses_are_seen_until_it_is_gone() {
    const BROKEN: &str = "globex";
    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let file = tenancy.rollcall.data().join("broken.wasm");
    std::fs::write(&file, component::lenient().unwrap()).unwrap();
    let plugin = format!("--plugin={}", file.display());
    let installed = tenancy
        .rollcall
        .expect(0, &["install", BROKEN, &plugin])
        .unwrap();
    let digest = installed.at("/plugin").as_str().unwrap()[..12].to_owned();
    let admin = token(&tenancy, "admin");
    let store = Store::open(tenancy.rollcall.data()).await.unwrap();
    let late = Some(now() - 10 * 60_000);
    store
        .set_due(&TenantId::new(BROKEN).unwrap(), late, &[])
        .await
        .unwrap();
    let served = Served::start(&tenancy.rollcall, &["--tenant-metrics"]).unwrap();

    let probe = ready(&served, &admin, |ready| {
        !concern(ready, "plugin-broken").is_null() && !concern(ready, "overdue").is_null()
    });
    assert_eq!(
        (probe.status, &probe.json()["status"]),
        (200, &json!("degraded"))
    );
    for code in ["plugin-broken", "overdue"] {
        let probe = probe.json();
        let told = concern(&probe, code);
        assert_eq!(
            (&told["tenants"], &told["named"]),
            (&json!(1), &json!([BROKEN])),
            "{code}"
        );
        assert!(!told["remedy"].as_str().unwrap().is_empty());
    }
    let seen = numbers(&served);
    assert_eq!(
        (told(&seen, "plugin-broken"), told(&seen, "overdue")),
        (1.0, 1.0)
    );
    assert_eq!(seen.value("rollcall_tenants_overdue"), Some(1.0));
    let calls = "rollcall_plugin_calls_total{outcome=\"plugin-trap\"}";
    assert!(seen.value(calls).unwrap() >= 1.0);
    let lateness = format!("rollcall_tenant_overdue_seconds{{tenant=\"{BROKEN}\"}}");
    assert!(seen.value(&lateness).unwrap() >= 600.0);
    let (answer, problems) = doctor(&tenancy.rollcall, 1, &[]);
    assert_eq!(problems, ["overdue", "plugin-trap"]);
    assert!(answer.document.to_string().contains(&digest));
    // Whoever looks at those alone finds it, though its plugin cannot even say its zone.
    let overdue = || served.get("/?status=overdue", &admin).unwrap().text;
    let row = |tenant: &str| format!("<th scope=\"row\"><a href=\"/tenants/{tenant}\">");
    let listed = overdue();
    assert!(listed.contains(&row(BROKEN)), "{listed}");
    assert!(!listed.contains(&row(TENANT)), "{listed}");
    // The other tenant is well.
    assert_eq!(doctor(&tenancy.rollcall, 0, &[TENANT]).1, [""; 0]);
    assert_eq!(synced(&served, &admin)["status"], "applied");

    let gone = ["uninstall", BROKEN, "--people=keep", "--yes"];
    tenancy.rollcall.expect(0, &gone).unwrap();
    ready(&served, "", |ready| ready["status"] == "ready");
    assert!(!overdue().contains(&row(BROKEN)));
    let seen = numbers(&served);
    assert_eq!(
        (told(&seen, "plugin-broken"), told(&seen, "overdue")),
        (0.0, 0.0)
    );
    assert_eq!(seen.value(&lateness), None);
    assert!(
        seen.value(&format!(
            "rollcall_tenant_last_success_timestamp_seconds{{tenant=\"{TENANT}\"}}"
        ))
        .is_some()
    );
    assert_eq!(doctor(&tenancy.rollcall, 0, &[]).1, [""; 0]);
    served.end().unwrap();
}

#[tokio::test]
async fn a_schedule_that_nobody_serves_is_overdue_until_somebody_does() {
    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let admin = token(&tenancy, "admin");
    let set = [
        "schedule",
        "set",
        TENANT,
        "--every",
        "5",
        "--start",
        "2020-01-01T00:00",
    ];
    tenancy.rollcall.expect(0, &set).unwrap();
    assert_eq!(doctor(&tenancy.rollcall, 0, &[]).1, [""; 0]);
    let store = Store::open(tenancy.rollcall.data()).await.unwrap();
    let tenant = TenantId::new(TENANT).unwrap();
    store
        .set_due(&tenant, Some(now() - 60 * 60_000), &[])
        .await
        .unwrap();
    let (answer, problems) = doctor(&tenancy.rollcall, 1, &[]);
    assert_eq!(problems, ["overdue"]);
    assert!(answer.document.to_string().contains("rollcall serve"));
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let until = Instant::now() + SEEN;
    while served.get(&runs(), &admin).unwrap().json()[0]["status"] != "applied" {
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_millis(300));
    }
    ready(&served, "", |ready| ready["status"] == "ready");
    assert_eq!(doctor(&tenancy.rollcall, 0, &[]).1, [""; 0]);
    served.end().unwrap();
}

#[test]
fn a_doctor_finds_what_is_missing_or_broken_and_makes_nothing() {
    let fresh = Rollcall::on(program().unwrap().data().join("nowhere")).unwrap();
    let (_, problems) = doctor(&fresh, 1, &[]);
    assert!(
        problems.contains(&"data-directory-missing".to_owned()),
        "{problems:?}"
    );
    assert!(!fresh.data().exists());

    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let data = tenancy.rollcall.data();
    assert_eq!(doctor(&tenancy.rollcall, 0, &[]).1, [""; 0]);
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(data, open).unwrap();
    let (_, problems) = doctor(&tenancy.rollcall, 0, &[]);
    assert_eq!(problems, ["data-directory-exposed"], "told, and no failure");
    let private = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(data, private).unwrap();
    let (_, problems) = doctor(&tenancy.rollcall, 1, &["initech"]);
    assert_eq!(problems, ["not-installed"]);
    let (key, kept) = (data.join("secrets.key"), data.join("kept.key"));
    std::fs::rename(&key, &kept).unwrap();
    assert_eq!(doctor(&tenancy.rollcall, 1, &[]).1, ["key-file-missing"]);
    assert!(!key.exists());
    // Another key opens nothing.
    std::fs::copy(&kept, &key).unwrap();
    std::fs::write(&key, [7; 32]).unwrap();
    assert_eq!(doctor(&tenancy.rollcall, 1, &[]).1, ["wrong-secrets-key"]);
    std::fs::rename(&kept, &key).unwrap();
    assert_eq!(doctor(&tenancy.rollcall, 0, &[]).1, [""; 0]);
    let nowhere = ["--database", "postgres://nobody@127.0.0.1:1/none"];
    let (_, problems) = doctor(&tenancy.rollcall, 1, &nowhere);
    assert_eq!(problems, ["store-unreachable"]);
    std::fs::write(
        data.join("rollcall.db"),
        "this is no database. ".repeat(1_000),
    )
    .unwrap();
    let _ = std::fs::remove_file(data.join("rollcall.db-wal"));
    assert_eq!(doctor(&tenancy.rollcall, 1, &[]).1, ["store-corrupt"]);
}

#[test]
fn nothing_of_a_person_is_in_the_most_talkative_log_or_in_a_number() {
    let mut tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    tenancy.rollcall = tenancy.rollcall.with_variable("RUST_LOG", "trace");
    let admin = token(&tenancy, "admin");
    let log = tempfile::NamedTempFile::new().unwrap();
    let writes = File::create(log.path()).unwrap();
    let arguments = ["--log-format", "json", "-vv", "--plugin-log"];
    let served = Served::start_logging(&tenancy.rollcall, &arguments, writes).unwrap();
    let people: Vec<_> = tenancy.directory.organisation().manifest().collect();
    let tenant = format!("/api/v1/tenants/{TENANT}");
    let post = |path: &str, body: Value| {
        let place = format!("{tenant}{path}");
        served
            .ask("POST", &place, &admin, Some(&body), &[])
            .unwrap()
    };
    let get = |path: &str| served.get(&format!("{tenant}{path}"), &admin).unwrap();
    assert_eq!(synced(&served, &admin)["status"], "applied");
    assert_eq!(post("/verify", json!({})).status, 200);
    let who = &people[3];
    let previewed = post("/mapping/preview", json!({ "person": who.email }));
    assert!(previewed.text.contains(&who.username), "{previewed:?}");
    let explained = get(&format!("/explain?person={}", who.email));
    assert!(explained.text.contains(&who.username), "{explained:?}");
    assert_eq!(get("/unsynced.csv").status, 200);
    let seen = get("/settings").json();
    let tag = format!("\"{}\"", seen["digest"].as_str().unwrap());
    let wrong = json!({ "secrets": { "password": "a wrong pass-phrase" } });
    let place = format!("{tenant}/settings");
    let stored = served.ask("PATCH", &place, &admin, Some(&wrong), &[("if-match", &tag)]);
    assert_eq!(stored.unwrap().status, 200);
    let refused = post("/verify", json!({}));
    assert!(refused.text.contains("wrong-password"), "{refused:?}");
    let shown = get("/runs/1/rows?limit=100");
    assert!(
        shown.text.contains(&who.email),
        "rows show people: {shown:?}"
    );
    let numbers = served.get("/metrics", "").unwrap().text;
    served.end().unwrap();

    let log = std::fs::read_to_string(log.path()).unwrap();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(lines.len() > 10, "{} lines", lines.len());
    // What went on in a run names tenant, run, plugin and host.
    let plugin = lines
        .iter()
        .find(|line| line["target"] == "plugin")
        .unwrap();
    let spans = plugin["spans"].as_array().unwrap();
    let run = spans.iter().find(|span| span["name"] == "run").unwrap();
    assert_eq!(
        (&run["tenant"], &run["mode"]),
        (&json!(TENANT), &json!("full"))
    );
    assert_eq!(run["plugin"].as_str().unwrap().len(), 12);
    assert!(run["run"].is_i64(), "{run}");
    assert!(
        spans
            .iter()
            .any(|span| span["name"] == "host" && span["host"].is_string())
    );
    let ended = lines
        .iter()
        .find(|line| line["message"] == "a run ended")
        .unwrap();
    assert_eq!(
        (&ended["outcome"], &ended["applied"]),
        (&json!("applied"), &json!(PEOPLE))
    );
    // Requests are told by the patterns of their routes.
    let route = "/api/v1/tenants/{tenant}/explain";
    let answered = lines
        .iter()
        .any(|line| line["message"] == "answered" && line["spans"][0]["route"] == route);
    assert!(answered, "requests are told");

    let exposition = Exposition::read(&numbers).unwrap();
    let labels = exposition.labels();
    assert!(!labels.contains_key("tenant"), "only with --tenant-metrics");
    assert!(
        labels.values().all(|values| values.len() < 60),
        "{labels:?}"
    );
    for text in [log.to_lowercase(), numbers.to_lowercase()] {
        for person in &people {
            let name = format!("{} {}", person.first_name, person.last_name);
            for held in [
                &person.dn,
                &person.email,
                &person.username,
                &name,
                &person.external_id,
            ] {
                let held = held.to_lowercase();
                assert!(held.is_empty() || !text.contains(&held), "{held} is told");
            }
        }
    }
}

#[test]
fn what_a_library_says_of_the_wire_is_not_logged_whatever_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let rollcall = Rollcall::on(folder.path().join("demo"))
        .unwrap()
        .with_variable("RUST_LOG", "trace");
    // The demo's own directory is in the same process.
    let output = rollcall.run(&["demo", "--people", "50"]).unwrap();
    assert!(output.status.success());
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains("a run ended"), "{log}");
    assert!(!log.contains("dc=example"), "{log}");
}

#[test]
fn what_a_plugin_logs_is_not_logged_unless_the_operator_wants_it() {
    const WHO: &str = "Ada Lovelace <ada@example.org>";
    let tenancy = Tenancy::installed(sound(20)).unwrap();
    let rollcall = tenancy.rollcall.with_variable("RUST_LOG", "trace");
    let file = rollcall.data().join("talkative.wasm");
    std::fs::write(&file, component::talkative(WHO).unwrap()).unwrap();
    let installing = ["install", "globex", "--plugin", file.to_str().unwrap()];
    rollcall.expect(0, &installing).unwrap();
    // It says so whenever it is asked for the timetable.
    let asked = ["schedule", "show", "globex"];
    for (wanted, lines) in [(&[][..], 0), (&["--plugin-log"], 1)] {
        let output = rollcall.run(&[&asked[..], wanted].concat()).unwrap();
        let log = String::from_utf8(output.stderr).unwrap();
        let told: Vec<&str> = log.lines().filter(|line| line.contains(WHO)).collect();
        assert_eq!(told.len(), lines, "{log}");
        assert!(log.lines().count() > lines, "other lines are there: {log}");
        for line in told {
            assert!(line.contains("globex") && line.contains("WARN"), "{line}");
        }
    }
}
