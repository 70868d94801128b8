//! People who cannot be brought over, over the runs: known since when, tried alone, exported while it lasts, and their rows kept as long
//! as is said. The directory is the demo's.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rollcall::ports::{History as _, TenantId};
use rollcall::store::Store;
use rollcall_tests::portal::Portal;
use rollcall_tests::rollcall::Answer;
use rollcall_tests::served::Served;
use rollcall_tests::tenancy::{TENANT, Tenancy, rows_of, sound};
use serde_json::{Value, json};

const PEOPLE: u64 = 400;
/// Whose mail addresses are missing: nobody's managers.
const TROUBLED: [u64; 3] = [371, 381, 391];

fn dn(tenancy: &Tenancy, person: u64) -> String {
    tenancy.directory.organisation().expected(person).dn
}

/// Three people without mail addresses; the sync has left word from where on changes count.
fn troubled() -> Tenancy {
    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    for person in TROUBLED {
        let dn = dn(&tenancy, person);
        tenancy.directory.set(&dn, "mail", &[]).unwrap();
    }
    let run = sync(&tenancy, "changes");
    assert_eq!(
        (rows_of(&run, "create"), rows_of(&run, "unsynced")),
        (PEOPLE - 3, 3)
    );
    tenancy
}

fn sync(tenancy: &Tenancy, mode: &str) -> Value {
    let answer = tenancy
        .rollcall
        .expect(0, &["sync", TENANT, "--mode", mode])
        .unwrap();
    answer.at("/run").clone()
}

fn failures(tenancy: &Tenancy, more: &[&str]) -> Answer {
    let arguments = [&["failures", TENANT], more].concat();
    tenancy.rollcall.expect(0, &arguments).unwrap()
}

fn mend(tenancy: &Tenancy, person: u64) {
    let dn = dn(tenancy, person);
    let mail = format!("mended{person}@example.com");
    tenancy.directory.set(&dn, "mail", &[&mail]).unwrap();
}

#[test]
fn a_retry_reads_the_unsynced_alone_and_the_next_sync_of_changes_misses_nothing() {
    let tenancy = troubled();
    sync(&tenancy, "changes");
    mend(&tenancy, TROUBLED[0]);
    let elsewhere = dn(&tenancy, 17);
    tenancy
        .directory
        .set(&elsewhere, "title", &["Elsewhere"])
        .unwrap();
    let before = tenancy.directory.seen().entries;
    let run = sync(&tenancy, "unsynced");
    let read = tenancy.directory.seen().entries - before;
    assert!(read < 100, "{read} entries were read: {run:#}");
    assert!(run["seen"].as_u64().unwrap() < 10, "{run:#}");
    assert_eq!(
        (&run["mode"], &run["warnings"]),
        (&json!("unsynced"), &json!([]))
    );
    let rows = |run: &Value| ["create", "update", "unsynced"].map(|kind| rows_of(run, kind));
    assert_eq!(rows(&run), [1, 0, 2]);

    // Known since the first run, tried in each of three.
    let told = failures(&tenancy, &["--code", "missing-value"]);
    assert_eq!(told.at("/all"), 2, "{told:?}");
    for failure in told.at("/failures").as_array().unwrap() {
        let runs = [
            &failure["first_run"],
            &failure["last_run"],
            &failure["attempts"],
        ];
        assert_eq!(runs, [&json!(1), &run["id"], &json!(3)], "{failure:#}");
        assert!(failure["first_seen"].as_str() < failure["last_seen"].as_str());
    }
    assert_eq!(failures(&tenancy, &["--code", "duplicate"]).at("/all"), 0);

    let run = sync(&tenancy, "changes");
    assert_eq!(rows(&run), [0, 1, 2], "{run:#}");
    assert_eq!(
        (&run["proof"]["basis"], &run["warnings"]),
        (&json!("changes"), &json!([]))
    );
    mend(&tenancy, TROUBLED[1]);
    mend(&tenancy, TROUBLED[2]);
    assert_eq!(rows(&sync(&tenancy, "unsynced")), [2, 0, 0]);
    assert_eq!(failures(&tenancy, &[]).at("/all"), 0);
}

#[test]
fn everybody_is_read_where_no_sync_has_said_who_is_unsynced() {
    let tenancy = Tenancy::configured(sound(40)).unwrap();
    let run = sync(&tenancy, "unsynced");
    assert_eq!(
        (rows_of(&run, "create"), &run["proof"]["basis"]),
        (40, &json!("enumeration"))
    );
    assert_eq!(run["warnings"][0]["code"], "full-instead");
}

#[test]
fn the_open_ones_are_exported_whichever_run_said_so() {
    let tenancy = troubled();
    let file = tenancy.rollcall.data().join("open.csv");
    let to = file.to_str().unwrap();
    let export = |more: &[&str]| {
        let arguments = [&["export", TENANT, "--output", to], more].concat();
        let answer = tenancy.rollcall.expect(0, &arguments).unwrap();
        let lines = std::fs::read_to_string(&file).unwrap();
        (answer.at("/people").clone(), lines.lines().count())
    };
    assert_eq!(export(&[]), (json!(3), 4));
    assert_eq!(export(&["--open"]), (json!(3), 4));
    mend(&tenancy, TROUBLED[0]);
    sync(&tenancy, "unsynced");
    assert_eq!(export(&["--open"]), (json!(2), 3));
    assert_eq!(export(&["--run", "1"]), (json!(3), 4));
    let csv = std::fs::read_to_string(&file).unwrap();
    assert!(csv.contains("missing-value"), "{csv}");
    let both = ["export", TENANT, "--open", "--run", "1"];
    let refused = tenancy.rollcall.run(&both).unwrap();
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn the_service_tells_of_failures_tries_them_alone_and_keeps_rows_as_long_as_is_said() {
    let tenancy = troubled();
    let made = tenancy
        .rollcall
        .expect(0, &["token", "create", "test", "--rank", "operator"])
        .unwrap();
    let token = made.at("/secret").as_str().unwrap().to_owned();
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let place = |rest: &str| format!("/api/v1/tenants/{TENANT}/{rest}");
    let get = |rest: &str| served.get(&place(rest), &token).unwrap();

    let first = get("failures?limit=2").json();
    assert_eq!(
        (&first["all"], first["failures"].as_array().unwrap().len()),
        (&json!(3), 2)
    );
    let next = first["next"].as_u64().unwrap();
    let rest = get(&format!("failures?after={next}&code=missing-value")).json();
    assert_eq!(
        (rest["failures"].as_array().unwrap().len(), &rest["next"]),
        (1, &Value::Null)
    );
    let csv = get("unsynced.csv?of=open");
    assert_eq!((csv.status, csv.text.lines().count()), (200, 4));
    let both = get("unsynced.csv?of=open&run=1");
    assert_eq!((both.status, both.code().as_str()), (422, "bad-request"));

    mend(&tenancy, TROUBLED[0]);
    let wish = json!({ "mode": "unsynced" });
    let asked = served
        .ask("POST", &place("runs"), &token, Some(&wish), &[])
        .unwrap();
    let id = asked.json()["id"].as_i64().unwrap();
    let run = served.over(TENANT, id, &token).unwrap();
    assert_eq!((rows_of(&run, "create"), rows_of(&run, "unsynced")), (1, 2));
    assert!(run["duration_ms"].as_i64().unwrap() >= run["planning_ms"].as_i64().unwrap());
    assert_eq!(get("failures").json()["all"], 2);

    assert_eq!(get("retention").json(), json!({ "days": 90 }));
    let keep = |days: u32| {
        let body = json!({ "days": days });
        served
            .ask("PUT", &place("retention"), &token, Some(&body), &[])
            .unwrap()
    };
    assert_eq!(keep(30).json(), json!({ "days": 30 }));
    let refused = keep(1_000_000);
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (422, "bad-retention")
    );
    served.end().unwrap();
    let told = tenancy.rollcall.expect(0, &["retention", TENANT]).unwrap();
    assert_eq!(told.at("/days"), 30);
}

#[tokio::test]
async fn rows_that_are_kept_no_longer_are_refused_with_a_reason_and_the_run_stays() {
    let tenancy = troubled();
    sync(&tenancy, "full");
    let store = Store::open(tenancy.rollcall.data()).await.unwrap();
    let tenant = TenantId::new(TENANT).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let later = i64::try_from(now.as_millis()).unwrap() + 91 * 86_400_000;
    while store.prune(&tenant, later, 1_000).await.unwrap().more {}
    store.close().await;
    for command in [
        &["rows", TENANT, "1"][..],
        &["undo", TENANT, "1"],
        &["export", TENANT, "--run", "1", "--output", "/dev/null"],
    ] {
        let refused = tenancy.rollcall.expect(3, command).unwrap();
        assert_eq!(refused.problem_codes(), ["rows-pruned"], "{command:?}");
    }
    let runs = tenancy.rollcall.expect(0, &["runs", TENANT]).unwrap();
    let runs = runs.at("/runs").as_array().unwrap();
    assert_eq!(runs.len(), 2, "an undo that is refused makes no run");
    assert_eq!(rows_of(&runs[1], "create"), PEOPLE - 3);
    assert!(runs[1]["rows_pruned_at"].is_string() && runs[0]["rows_pruned_at"].is_null());
    assert_eq!(failures(&tenancy, &[]).at("/all"), 3);
}

#[test]
fn the_service_removes_rows_that_were_kept_long_enough_and_no_others() {
    let tenancy = troubled();
    sync(&tenancy, "full");
    sync(&tenancy, "full");
    let portal = Portal::of(tenancy.rollcall.data()).unwrap();
    // The first is from a hundred days ago, the second from eighty.
    let day = 86_400_000_i64;
    let aged = |run: i64, days: i64| {
        format!(
            "UPDATE run SET ended_at = ended_at - {} WHERE id = {run};",
            days * day
        )
    };
    portal.execute(aged(1, 100) + &aged(2, 80)).unwrap();
    let made = tenancy
        .rollcall
        .expect(0, &["token", "create", "test", "--rank", "viewer"])
        .unwrap();
    let token = made.at("/secret").as_str().unwrap().to_owned();
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let rows = |run: i64| {
        let place = format!("/api/v1/tenants/{TENANT}/runs/{run}/rows?limit=1");
        served.get(&place, &token).unwrap()
    };
    let until = Instant::now() + Duration::from_secs(30);
    while rows(1).status == 200 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(100));
    }
    let gone = rows(1);
    assert_eq!((gone.status, gone.code().as_str()), (410, "rows-pruned"));
    let run = format!("/api/v1/tenants/{TENANT}/runs/1");
    let run = served.get(&run, &token).unwrap().json();
    assert_eq!(rows_of(&run, "create"), PEOPLE - 3);
    assert!(run["rows_pruned_at"].is_string() && run["proof"]["complete"] == true);
    assert_eq!([rows(2).status, rows(3).status], [200, 200]);
    served.end().unwrap();
}
