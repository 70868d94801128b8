//! The service as an operator's tools use it: the program serves, and is asked by HTTP. The directory is the demo's, and can be told
//! to stall.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rollcall::demo::directory::{Deed, Fault, When};
use rollcall::ports::{Queue as _, TenantId};
use rollcall::store::Store;
use rollcall_tests::served::Served;
use rollcall_tests::tenancy::{TENANT, Tenancy, rows_of, sound};
use serde_json::{Value, json};

const PEOPLE: u64 = 120;

/// A token's secret.
fn token(tenancy: &Tenancy, rank: &str, tenants: &[&str]) -> String {
    let mut arguments = vec!["token", "create", "test", "--rank", rank];
    for tenant in tenants {
        arguments.extend(["--tenant", tenant]);
    }
    let made = tenancy.rollcall.expect(0, &arguments).unwrap();
    made.at("/secret").as_str().unwrap().to_owned()
}

/// Unix milliseconds.
fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap()
}

fn runs() -> String {
    format!("/api/v1/tenants/{TENANT}/runs")
}

fn ask(served: &Served, token: &str, mode: &str, headers: &[(&str, &str)]) -> Value {
    let wish = json!({ "mode": mode });
    let reply = served
        .ask("POST", &runs(), token, Some(&wish), headers)
        .unwrap();
    assert_eq!(reply.status, 202, "{reply:?}");
    reply.json()
}

#[test]
fn a_sync_is_asked_for_followed_and_looked_at() {
    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let operator = token(&tenancy, "operator", &[TENANT]);
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let key = [("idempotency-key", "first")];
    let asked = ask(&served, &operator, "full", &key);
    let id = asked["id"].as_i64().unwrap();
    assert_eq!(ask(&served, &operator, "full", &key)["id"], id);
    // The stream ends with the run, and its last event says how.
    let events = served
        .get(&format!("{}/{id}/events", runs()), &operator)
        .unwrap();
    assert_eq!(events.kind, "text/event-stream");
    let last = events
        .text
        .lines()
        .rfind(|line| line.starts_with("data:"))
        .unwrap();
    let last: Value = serde_json::from_str(last.trim_start_matches("data:")).unwrap();
    assert_eq!(
        (&last["status"], &last["over"]),
        (&json!("applied"), &json!(true)),
        "{}",
        events.text
    );
    // Whoever saw that event hears nothing again.
    let seen = events
        .text
        .lines()
        .rfind(|line| line.starts_with("id:"))
        .unwrap();
    let seen = [("last-event-id", seen.trim_start_matches("id:").trim())];
    let again = served
        .ask(
            "GET",
            &format!("{}/{id}/events", runs()),
            &operator,
            None,
            &seen,
        )
        .unwrap();
    assert_eq!((again.status, again.text.as_str()), (204, ""));

    let run = served
        .get(&format!("{}/{id}", runs()), &operator)
        .unwrap()
        .json();
    assert_eq!(
        (rows_of(&run, "create"), &run["proof"]["complete"]),
        (PEOPLE, &json!(true))
    );
    assert_eq!(
        run,
        tenancy.last_run().unwrap(),
        "the command line tells the same"
    );
    // Asked again, it is still the same run.
    assert_eq!(ask(&served, &operator, "full", &key)["id"], id);

    let mut sequences = Vec::new();
    let mut next = Some(0);
    while let Some(after) = next {
        let piece = format!("{}/{id}/rows?kind=create&limit=50&after={after}", runs());
        let piece = served.get(&piece, &operator).unwrap().json();
        let rows = piece["rows"].as_array().unwrap();
        sequences.extend(rows.iter().map(|row| row["sequence"].as_u64().unwrap()));
        next = piece["next"].as_u64();
    }
    assert_eq!(sequences, (1..=PEOPLE).collect::<Vec<_>>());
    let odd = served
        .get(&format!("{}/{id}/rows?kind=odd", runs()), &operator)
        .unwrap();
    assert_eq!((odd.status, odd.code().as_str()), (422, "bad-request"));
    assert_eq!(odd.kind, "application/problem+json");

    let log = served
        .get(&format!("/api/v1/tenants/{TENANT}/audit"), &operator)
        .unwrap()
        .json();
    assert_eq!(
        (&log[0]["what"], &log[0]["which"], &log[0]["refused"]),
        (&json!("run"), &json!("full"), &json!(""))
    );
    assert_eq!(log[0]["from"], "127.0.0.1");
    served.end().unwrap();
}

#[test]
fn a_token_is_good_until_it_is_revoked() {
    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let admin = token(&tenancy, "admin", &[]);
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let wanted = json!({ "name": "ci", "rank": "viewer", "tenants": [TENANT], "days": 1 });
    let made = served
        .ask("POST", "/api/v1/tokens", &admin, Some(&wanted), &[])
        .unwrap();
    assert_eq!(made.status, 201, "{made:?}");
    let (id, secret) = (
        made.json()["id"].clone(),
        made.json()["secret"].as_str().unwrap().to_owned(),
    );
    assert_eq!(served.get(&runs(), &secret).unwrap().status, 200);
    let listed = served.get("/api/v1/tokens", &admin).unwrap();
    assert!(!listed.text.contains(&secret) && listed.json()[0]["name"] == "ci");
    let revoked = served
        .ask("DELETE", &format!("/api/v1/tokens/{id}"), &admin, None, &[])
        .unwrap();
    assert_eq!(revoked.status, 204);
    assert_eq!(served.get(&runs(), &secret).unwrap().status, 401);
    let endless = json!({ "name": "ci", "rank": "viewer", "tenants": null, "days": 10_000 });
    let unsaid = json!({ "name": "ci", "rank": "viewer", "days": 1 });
    for (wish, code) in [(&endless, "bad-token"), (&unsaid, "bad-request")] {
        let refused = served
            .ask("POST", "/api/v1/tokens", &admin, Some(wish), &[])
            .unwrap();
        assert_eq!((refused.status, refused.code().as_str()), (422, code));
    }
    // Of a secret only its hash is kept.
    let database = std::fs::read(tenancy.rollcall.data().join("rollcall.db")).unwrap();
    let wal = std::fs::read(tenancy.rollcall.data().join("rollcall.db-wal")).unwrap_or_default();
    let holds = |bytes: &[u8]| {
        bytes
            .windows(admin.len())
            .any(|part| part == admin.as_bytes())
    };
    assert!(!holds(&database) && !holds(&wal));
}

#[tokio::test]
async fn who_is_due_is_synced_once_however_much_was_missed() {
    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let viewer = token(&tenancy, "viewer", &[TENANT]);
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
    let store = Store::open(tenancy.rollcall.data()).await.unwrap();
    let tenant = TenantId::new(TENANT).unwrap();
    let due = store.due_at(&tenant).await.unwrap();
    assert!(due.unwrap() > now());
    // The host was away for a week.
    store
        .set_due(&tenant, Some(due.unwrap() - 7 * 86_400_000), &[])
        .await
        .unwrap();
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let ready = served.get("/readyz", "").unwrap();
    let run = first_run(&served, &viewer);
    assert_eq!(
        served.over(TENANT, run, &viewer).unwrap()["status"],
        "applied",
        "{ready:?}"
    );
    std::thread::sleep(Duration::from_secs(3));
    let all = served.get(&runs(), &viewer).unwrap().json();
    assert_eq!(all.as_array().unwrap().len(), 1, "{all:#}");
    assert!(store.due_at(&tenant).await.unwrap().unwrap() > now());
    let ready = served.get("/readyz", "").unwrap();
    assert_eq!(
        (ready.status, &ready.json()["ready"]),
        (200, &json!(true)),
        "{ready:?}"
    );
    let metrics = served.get("/metrics", "").unwrap().text;
    assert!(metrics.contains("rollcall_tenants_overdue 0"), "{metrics}");
    assert_eq!(served.get("/healthz", "").unwrap().text, "ok\n");
    served.end().unwrap();
}

fn first_run(served: &Served, token: &str) -> i64 {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let all = served.get(&runs(), token).unwrap().json();
        if let Some(id) = all[0]["id"].as_i64() {
            return id;
        }
        assert!(Instant::now() < until, "nothing was asked for");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_run_is_finished_by_the_next_service_after_a_kill_and_after_an_end() {
    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let operator = token(&tenancy, "operator", &[TENANT]);
    for killed in [true, false] {
        let stall = Fault::always(When::EveryPage, Deed::Silence);
        tenancy.directory.set_faults(vec![stall]);
        let served = Served::start(&tenancy.rollcall, &["--drain", "1"]).unwrap();
        let run = ask(&served, &operator, "full", &[])["id"].as_i64().unwrap();
        let place = format!("{}/{run}", runs());
        while served.get(&place, &operator).unwrap().json()["status"] != "planning" {
            std::thread::sleep(Duration::from_millis(50));
        }
        if killed {
            served.kill().unwrap();
        } else {
            served.end().unwrap();
        }
        tenancy.directory.set_faults(Vec::new());
        let served = Served::start(&tenancy.rollcall, &[]).unwrap();
        let given_up = served.over(TENANT, run, &operator).unwrap();
        let expected = if killed { "abandoned" } else { "cancelled" };
        assert_eq!(given_up["status"], expected, "{given_up:#}");
        let next = first_run(&served, &operator);
        assert_ne!(next, run);
        assert_eq!(
            served.over(TENANT, next, &operator).unwrap()["status"],
            "applied"
        );
        served.end().unwrap();
    }
}

#[test]
fn a_run_that_waits_or_is_under_way_is_stopped_when_somebody_wants_that() {
    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let operator = token(&tenancy, "operator", &[TENANT]);
    let stall = Fault::always(When::EveryPage, Deed::Silence);
    tenancy.directory.set_faults(vec![stall]);
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let run = ask(&served, &operator, "full", &[])["id"].as_i64().unwrap();
    let place = format!("{}/{run}", runs());
    while served.get(&place, &operator).unwrap().json()["status"] != "planning" {
        std::thread::sleep(Duration::from_millis(50));
    }
    // The next one waits behind it.
    let next = ask(&served, &operator, "full", &[])["id"].as_i64().unwrap();
    assert_ne!(next, run);
    let stop = |run: i64| {
        served
            .ask(
                "POST",
                &format!("{}/{run}/stop", runs()),
                &operator,
                Some(&json!({})),
                &[],
            )
            .unwrap()
    };
    assert_eq!(stop(next).json()["status"], "cancelled");
    assert_eq!(stop(run).status, 202);
    assert_eq!(
        served.over(TENANT, run, &operator).unwrap()["status"],
        "cancelled"
    );
    let over = stop(run);
    assert_eq!((over.status, over.code().as_str()), (409, "wrong-status"));
    std::thread::sleep(Duration::from_secs(2));
    let all = served.get(&runs(), &operator).unwrap().json();
    assert_eq!(
        all.as_array().unwrap().len(),
        2,
        "what somebody stopped is not asked for again"
    );
    served.end().unwrap();
}

#[test]
fn a_run_that_somebody_stopped_while_its_service_ends_is_not_begun_again() {
    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let operator = token(&tenancy, "operator", &[TENANT]);
    for stopped in [true, false] {
        let stall = Fault::always(When::EveryPage, Deed::Silence);
        tenancy.directory.set_faults(vec![stall]);
        let served = Served::start(&tenancy.rollcall, &["--drain", "0"]).unwrap();
        let run = ask(&served, &operator, "full", &[])["id"].as_i64().unwrap();
        let place = format!("{}/{run}", runs());
        while served.get(&place, &operator).unwrap().json()["status"] != "planning" {
            std::thread::sleep(Duration::from_millis(50));
        }
        if stopped {
            let wish = Some(&json!({}));
            let reply = served.ask("POST", &format!("{place}/stop"), &operator, wish, &[]);
            assert_eq!(reply.unwrap().status, 202);
        }
        served.end().unwrap();
        tenancy.directory.set_faults(Vec::new());
        let served = Served::start(&tenancy.rollcall, &[]).unwrap();
        let given_up = served.over(TENANT, run, &operator).unwrap();
        assert_eq!(given_up["status"], "cancelled", "{given_up:#}");
        std::thread::sleep(Duration::from_secs(2));
        let newest = first_run(&served, &operator);
        assert_eq!(newest == run, stopped);
        served.end().unwrap();
    }
}

#[test]
fn settings_are_changed_by_whoever_has_seen_them_and_secrets_are_never_shown() {
    const SECRET: &str = "a wrong pass-phrase";
    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let admin = token(&tenancy, "admin", &[TENANT]);
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let place = format!("/api/v1/tenants/{TENANT}/settings");
    let change = |body: &Value, tag: &str| {
        let tag = [("if-match", tag)];
        let tag = if tag[0].1.is_empty() {
            &[][..]
        } else {
            &tag[..]
        };
        served
            .ask("PATCH", &place, &admin, Some(body), tag)
            .unwrap()
    };
    let seen = served.get(&place, &admin).unwrap();
    let tag = format!("\"{}\"", seen.json()["digest"].as_str().unwrap());
    let guard = json!({ "settings": { "guard-count": "7" } });
    let blind = change(&guard, "");
    assert_eq!(
        (blind.status, blind.code().as_str()),
        (428, "if-match-missing")
    );
    let changed = change(&guard, &tag);
    assert_eq!(
        (changed.status, &changed.json()["settings"]["guard-count"]),
        (200, &json!("7"))
    );
    // Who looked before that overwrites nothing.
    let late = change(&json!({ "settings": { "guard-count": "9" } }), &tag);
    assert_eq!(
        (late.status, late.code().as_str()),
        (412, "settings-changed")
    );
    let tag = format!("\"{}\"", changed.json()["digest"].as_str().unwrap());
    // Every wrong field is told at once, and nothing has changed.
    let wrong = change(
        &json!({ "settings": { "guard-count": "many", "port": "0" } }),
        &tag,
    );
    let fields: Vec<Value> = wrong.json()["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["field"].clone())
        .collect();
    assert_eq!((wrong.status, fields.len()), (422, 3), "{wrong:?}");
    let plain = change(&json!({ "settings": { "password": SECRET } }), &tag);
    assert_eq!(
        (plain.status, plain.code().as_str()),
        (422, "secret-setting")
    );
    let broken = change(&json!({ "secrets": SECRET }), &tag);
    assert_eq!(
        (broken.status, broken.code().as_str()),
        (422, "bad-request")
    );
    let stored = change(&json!({ "secrets": { "password": SECRET } }), &tag);
    assert_eq!(stored.status, 200, "{stored:?}");
    let verify = format!("/api/v1/tenants/{TENANT}/verify");
    let report = served
        .ask("POST", &verify, &admin, Some(&json!({})), &[])
        .unwrap();
    assert!(report.text.contains("wrong-password"), "{report:?}");
    let log = served
        .get(&format!("/api/v1/tenants/{TENANT}/audit"), &admin)
        .unwrap();
    for told in [
        &plain,
        &broken,
        &stored,
        &report,
        &log,
        &served.get(&place, &admin).unwrap(),
    ] {
        assert!(!told.text.contains(SECRET), "{told:?}");
    }
    let refused = log
        .json()
        .as_array()
        .unwrap()
        .iter()
        .filter(|deed| deed["refused"] == "settings-changed")
        .count();
    assert_eq!(refused, 1);
}

#[test]
fn a_mapping_is_tried_stored_and_explained() {
    let tenancy = Tenancy::synced(sound(PEOPLE)).unwrap();
    let admin = token(&tenancy, "admin", &[TENANT]);
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let place = format!("/api/v1/tenants/{TENANT}/mapping");
    let seen = served.get(&place, &admin).unwrap();
    let tag = [("if-match", seen.header("etag"))];
    let mut mapped = seen.json();
    assert_eq!(mapped["problems"], json!([]));
    let rules = mapped["rules"].as_array_mut().unwrap();
    rules.retain(|rule| rule["field"] != "city");
    rules.push(json!({ "field": "city", "source": "In {l}", "on_empty": "keep" }));
    let rules = json!({ "rules": rules });
    let mut trial = rules.clone();
    trial["nth"] = json!(3);
    let previewed = served
        .ask(
            "POST",
            &format!("{place}/preview"),
            &admin,
            Some(&trial),
            &[],
        )
        .unwrap()
        .json();
    assert_eq!(previewed["outcome"], "would-update", "{previewed:#}");
    let value = |person: &Value| {
        let fields = person["fields"].as_array().unwrap();
        fields
            .iter()
            .find(|field| field["field"] == "city")
            .unwrap()["value"]
            .clone()
    };
    assert!(value(&previewed).as_str().unwrap().starts_with("In "));
    assert_eq!(
        served
            .ask("PUT", &place, &admin, Some(&rules), &tag)
            .unwrap()
            .status,
        200
    );
    let dn = previewed["dn"]
        .as_str()
        .unwrap()
        .replace(' ', "%20")
        .replace('=', "%3D");
    let told = served
        .get(
            &format!("/api/v1/tenants/{TENANT}/explain?person={dn}"),
            &admin,
        )
        .unwrap()
        .json();
    assert_eq!(value(&told), value(&previewed), "{told:#}");
    let wrong = json!({ "rules": [{ "field": "nowhere", "source": "{l}", "on_empty": "keep" }] });
    let wrong = served
        .ask("PUT", &place, &admin, Some(&wrong), &[("if-match", "*")])
        .unwrap();
    assert_eq!(wrong.status, 422, "{wrong:?}");
    let csv = served
        .get(&format!("/api/v1/tenants/{TENANT}/unsynced.csv"), &admin)
        .unwrap();
    let file = tenancy.rollcall.data().join("unsynced.csv");
    tenancy
        .rollcall
        .expect(0, &["export", TENANT, "--output", &file.to_string_lossy()])
        .unwrap();
    assert_eq!(csv.text, std::fs::read_to_string(file).unwrap());
    assert!(csv.kind.starts_with("text/csv"), "{csv:?}");
}
