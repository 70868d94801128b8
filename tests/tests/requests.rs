//! What holds of requests whatever they ask for: trouble is told alike, a change names what it is a change of, asking twice is no harm,
//! and whoever follows a run hears of it what they may, and no longer than they may.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use rollcall::demo::directory::{Deed, Fault, When};
use rollcall_tests::component;
use rollcall_tests::served::{Reply, Served};
use rollcall_tests::tenancy::{TENANT, Tenancy, sound};
use serde_json::{Value, json};

const PEOPLE: u64 = 60;
const PASSWORD: &str = "a long pass-phrase";

/// A token's secret.
fn token(tenancy: &Tenancy, rank: &str, tenants: &[&str]) -> String {
    let mut arguments = vec!["token", "create", "requests", "--rank", rank];
    for tenant in tenants {
        arguments.extend(["--tenant", tenant]);
    }
    let made = tenancy.rollcall.expect(0, &arguments).unwrap();
    made.at("/secret").as_str().unwrap().to_owned()
}

fn place(tenant: &str, rest: &str) -> String {
    format!("/api/v1/tenants/{tenant}{rest}")
}

fn is(reply: &Reply, status: u16, code: &str) {
    let told = (reply.status, reply.code());
    assert_eq!(told, (status, code.to_owned()), "{reply:?}");
    assert_eq!(reply.kind, "application/problem+json", "{reply:?}");
}

fn post(served: &Served, token: &str, place: &str, body: &Value, key: &str) -> Reply {
    let key = [("idempotency-key", key)];
    let headers = if key[0].1.is_empty() { &[][..] } else { &key };
    served
        .ask("POST", place, token, Some(body), headers)
        .unwrap()
}

/// Says that the directory does not answer, and asks for a run, which then is planned for long.
fn stalled(tenancy: &Tenancy, served: &Served, operator: &str) -> i64 {
    let stall = Fault::always(When::EveryPage, Deed::Silence);
    tenancy.directory.set_faults(vec![stall]);
    let runs = place(TENANT, "/runs");
    let asked = post(served, operator, &runs, &json!({ "mode": "full" }), "");
    let run = asked.json()["id"].as_i64().unwrap();
    until(served, operator, run, "planning");
    run
}

fn until(served: &Served, token: &str, run: i64, status: &str) {
    let end = Instant::now() + Duration::from_secs(60);
    let run = place(TENANT, &format!("/runs/{run}"));
    while served.get(&run, token).unwrap().json()["status"] != status {
        assert!(Instant::now() < end, "{run} is never {status}");
        sleep(Duration::from_millis(50));
    }
}

#[test]
fn whatever_is_not_answered_is_told_as_a_problem() {
    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let (admin, whole) = (
        token(&tenancy, "admin", &[TENANT]),
        token(&tenancy, "admin", &[]),
    );
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let ask = |method: &str, path: &str, token: &str| {
        let body = (method != "GET").then(|| json!({}));
        served.ask(method, path, token, body.as_ref(), &[]).unwrap()
    };
    for (method, path, allowed) in [
        ("POST", "/api/v1/tenants", "GET,HEAD"),
        ("DELETE", &place(TENANT, "/runs"), "GET,HEAD,POST"),
        ("PUT", "/healthz", "GET,HEAD"),
        ("PATCH", "/readyz", "GET,HEAD"),
    ] {
        let refused = ask(method, path, &admin);
        is(&refused, 405, "method-not-allowed");
        assert_eq!(refused.header("allow"), allowed, "{method} {path}");
    }
    for (method, path) in [
        ("DELETE", "/api/v1/tokens/x"),
        ("DELETE", "/api/v1/tokens/%FF"),
        ("DELETE", "/api/v1/tokens/99999999999999999999"),
        ("PUT", "/api/v1/users/x"),
        ("PUT", "/api/v1/users/x/password"),
        ("GET", "/api/v1/audit?limit=x"),
    ] {
        is(&ask(method, path, &whole), 422, "bad-request");
    }
    for rest in ["/runs/x", "/runs/%FF", "/runs/1/rows?after=-1"] {
        is(
            &ask("GET", &place(TENANT, rest), &admin),
            422,
            "bad-request",
        );
    }
    is(
        &ask("GET", &place("%FF", "/runs"), &admin),
        422,
        "bad-request",
    );
    is(&ask("GET", "/api/v1/nothing", &admin), 404, "no-such-route");
    is(&ask("GET", "/%FF", &admin), 404, "no-such-route");
    // The twins: what can be read is looked for.
    is(
        &ask("DELETE", "/api/v1/tokens/99", &whole),
        404,
        "unknown-token",
    );
    is(
        &ask("GET", &place(TENANT, "/runs/99"), &admin),
        404,
        "unknown-run",
    );
    assert_eq!(ask("GET", "/healthz", "").text, "ok\n");
}

#[test]
fn a_body_is_taken_up_to_a_size_and_for_a_time() {
    const MOST: usize = 2 << 20;
    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let admin = token(&tenancy, "admin", &[TENANT]);
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let runs = place(TENANT, "/runs");
    let of_size = |size: usize| json!({ "mode": "x".repeat(size - 11) });
    assert_eq!(of_size(100).to_string().len(), 100);
    is(
        &post(&served, &admin, &runs, &of_size(MOST), ""),
        422,
        "bad-request",
    );
    let large = post(&served, &admin, &runs, &of_size(MOST + 1), "");
    is(&large, 413, "body-too-large");
    // Whoever has not come in yet may say less.
    let session = |size: usize| {
        let body = json!({ "name": "ada", "password": "x".repeat(size) });
        post(&served, "", "/api/v1/session", &body, "")
    };
    is(&session(17 << 10), 413, "body-too-large");
    is(&session(10 << 10), 401, "login-refused");

    let address = served.url.trim_start_matches("http://");
    let mut slow = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST {runs} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {admin}\r\ncontent-length: 15\r\n\r\n{{\"mode\""
    );
    slow.write_all(head.as_bytes()).unwrap();
    let begun = Instant::now();
    slow.set_read_timeout(Some(Duration::from_secs(50)))
        .unwrap();
    let mut told = String::new();
    slow.read_to_string(&mut told).unwrap();
    assert!(told.starts_with("HTTP/1.1 408"), "{told}");
    assert!(told.contains("body-too-slow"), "{told}");
    assert!(begun.elapsed() > Duration::from_secs(25), "{told}");
    let well = post(&served, &admin, &runs, &json!({ "mode": "full" }), "");
    assert_eq!(well.status, 202, "{well:?}");
}

/// What can be stored at an address, and what it is refused with when it changed meanwhile.
struct Stored {
    place: String,
    changed: &'static str,
    /// Some of many that differ.
    one: fn(usize) -> Value,
}

impl Stored {
    fn put(&self, served: &Served, token: &str, number: usize, tag: &str) -> Reply {
        let tag = [("if-match", tag)];
        let headers = if tag[0].1.is_empty() { &[][..] } else { &tag };
        let body = (self.one)(number);
        served
            .ask("PUT", &self.place, token, Some(&body), headers)
            .unwrap()
    }

    fn tag(&self, served: &Served, token: &str) -> String {
        let seen = served.get(&self.place, token).unwrap();
        let tag = seen.header("etag").to_owned();
        assert!(seen.status == 200 && tag.len() > 20, "{seen:?}");
        tag
    }
}

fn schedule() -> Stored {
    Stored {
        place: place(TENANT, "/schedule"),
        changed: "schedule-changed",
        one: |number| json!({ "frequency": { "every": 60 + number }, "start": "2040-01-01T06:30", "zone": "Europe/Berlin", "active": true }),
    }
}

fn mapping() -> Stored {
    Stored {
        place: place(TENANT, "/mapping"),
        changed: "mapping-changed",
        one: |number| {
            let rule = |field: &str, source: &str| json!({ "field": field, "source": source, "on_empty": "keep" });
            json!({ "rules": [
                rule("username", "{uid}"), rule("email", "{mail}"), rule("first-name", "{givenName}"), rule("last-name", "{sn}"),
                rule("city", &format!("{number} {{l}}")),
            ] })
        },
    }
}

#[test]
fn who_changes_a_mapping_or_a_schedule_has_seen_it() {
    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let admin = token(&tenancy, "admin", &[TENANT]);
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let first = schedule();
    is(
        &served.get(&first.place, &admin).unwrap(),
        404,
        "not-scheduled",
    );
    is(&first.put(&served, &admin, 0, "\"x\""), 412, first.changed);
    assert_eq!(first.put(&served, &admin, 0, "\"\"").status, 200);
    is(&first.put(&served, &admin, 0, "\"\""), 412, first.changed);
    for stored in [schedule(), mapping()] {
        let put = |number: usize, tag: &str| stored.put(&served, &admin, number, tag);
        let before = stored.tag(&served, &admin);
        is(&put(1, ""), 428, "if-match-missing");
        is(&put(1, "\"unclosed"), 422, "bad-request");
        for others in ["\"x\"", "\"x\", \"y\"", &format!("W/{before}")] {
            is(&put(1, others), 412, stored.changed);
        }
        assert_eq!(stored.tag(&served, &admin), before, "nothing was stored");
        let done = put(1, &before);
        assert_eq!(done.status, 200, "{done:?}");
        let after = stored.tag(&served, &admin);
        assert_eq!(done.header("etag"), after);
        assert_ne!(after, before);
        // Whoever looked before that overwrites nothing.
        is(&put(2, &before), 412, stored.changed);
        assert_eq!(put(2, &format!("\"x\", {after}")).status, 200);
        assert_eq!(put(3, "*").status, 200);
        assert_ne!(stored.tag(&served, &admin), after);
        // The same is the same again.
        let same = stored.tag(&served, &admin);
        assert_eq!(put(3, &same).header("etag"), same);
    }
    let settings = place(TENANT, "/settings");
    // What is there already is no change of anything.
    let others = "\"x\", \"y\"";
    for (tag, count, status) in [("*", "7", 200), (others, "7", 200), (others, "8", 412)] {
        let body = json!({ "settings": { "guard-count": count } });
        let tag = [("if-match", tag)];
        let reply = served.ask("PATCH", &settings, &admin, Some(&body), &tag);
        assert_eq!(reply.unwrap().status, status, "{tag:?}");
    }
}

#[test]
fn of_many_changes_of_the_same_one_is_done() {
    const AT_ONCE: usize = 8;
    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let admin = token(&tenancy, "admin", &[TENANT]);
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    assert_eq!(schedule().put(&served, &admin, 100, "*").status, 200);
    for stored in [&schedule(), &mapping()] {
        let tag = &stored.tag(&served, &admin);
        let (served, admin) = (&served, &admin);
        let replies: Vec<Reply> = scope(|scope| {
            let all: Vec<_> = (0..AT_ONCE)
                .map(|number| scope.spawn(move || stored.put(served, admin, number, tag)))
                .collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let done: Vec<&Reply> = replies.iter().filter(|one| one.status == 200).collect();
        assert_eq!(done.len(), 1, "{replies:?}");
        for one in replies.iter().filter(|one| one.status != 200) {
            let late = [stored.changed, "tenant-busy"].contains(&one.code().as_str());
            assert!(late, "{one:?}");
        }
        assert_eq!(stored.tag(served, admin), done[0].header("etag"));
    }
}

#[test]
fn an_undo_or_an_installation_with_a_key_is_one_however_often_it_is_asked_for() {
    let tenancy = Tenancy::synced(sound(PEOPLE)).unwrap();
    let admin = token(&tenancy, "admin", &[TENANT, "globex"]);
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let undo = place(TENANT, "/runs/1/undo");
    let first = post(&served, &admin, &undo, &json!({}), "k1");
    assert_eq!(first.status, 201, "{first:?}");
    let plan = first.json()["id"].clone();
    let again = post(&served, &admin, &undo, &json!({}), "k1");
    assert_eq!((again.status, &again.json()["id"]), (201, &plan));
    assert_eq!(again.header("location"), first.header("location"));
    // A key stands for one wish.
    let other = place(TENANT, "/runs/99/undo");
    is(
        &post(&served, &admin, &other, &json!({}), "k1"),
        422,
        "key-reused",
    );
    let runs = place(TENANT, "/runs");
    let full = json!({ "mode": "full" });
    is(
        &post(&served, &admin, &runs, &full, "k1"),
        422,
        "key-reused",
    );
    is(
        &post(&served, &admin, &other, &json!({}), "k2"),
        404,
        "unknown-run",
    );
    is(
        &post(&served, &admin, &undo, &json!({}), &"k".repeat(201)),
        422,
        "bad-request",
    );
    let another = post(&served, &admin, &undo, &json!({}), "");
    assert_eq!(another.status, 201, "{another:?}");
    assert_ne!(another.json()["id"], plan);

    let plans = || {
        let all = served.get(&runs, &admin).unwrap().json();
        let all = all.as_array().unwrap().clone();
        all.iter().filter(|run| run["mode"] == "undo").count()
    };
    let before = plans();
    let at_once: Vec<Reply> = scope(|scope| {
        let ask = || post(&served, &admin, &undo, &json!({}), "k3");
        let all: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let last = post(&served, &admin, &undo, &json!({}), "k3").json()["id"].clone();
    for one in &at_once {
        let same = one.status == 201 && one.json()["id"] == last;
        assert!(same || one.code() == "tenant-busy", "{one:?}");
    }
    assert_eq!(plans(), before + 1, "{at_once:?}");

    let plugin = place("globex", "/plugin");
    let install = |component: &[u8], key: &str| {
        let key = [("idempotency-key", key)];
        let headers = if key[0].1.is_empty() { &[][..] } else { &key };
        served
            .send_with(&plugin, &admin, component, headers)
            .unwrap()
    };
    let made = install(b"", "k1");
    assert_eq!(made.status, 201, "{made:?}");
    let again = install(b"", "k1");
    assert_eq!((again.status, again.json()), (201, made.json()));
    let lenient = component::lenient().unwrap();
    is(&install(&lenient, "k1"), 422, "key-reused");
    is(&install(b"", "k2"), 409, "already-installed");
    is(&install(b"", ""), 409, "already-installed");
}

#[test]
fn what_was_done_is_no_harm_to_ask_for_again() {
    let tenancy = Tenancy::synced(sound(PEOPLE)).unwrap();
    let admin = token(&tenancy, "admin", &[TENANT]);
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let ask = |rest: &str, body: &Value| post(&served, &admin, &place(TENANT, rest), body, "");
    let undo = ask("/runs/1/undo", &json!({})).json()["id"]
        .as_i64()
        .unwrap();
    let apply = format!("/runs/{undo}/apply");
    assert_eq!(ask(&apply, &json!({})).status, 202);
    until(&served, &admin, undo, "applied");
    let again = ask(&apply, &json!({}));
    assert_eq!(
        (again.status, &again.json()["status"]),
        (202, &json!("applied"))
    );
    is(
        &ask(&format!("/runs/{undo}/discard"), &json!({})),
        409,
        "not-planned",
    );

    // Everybody would come back: a guard holds that.
    tenancy.rollcall.expect(6, &["plan", TENANT]).unwrap();
    let held = tenancy.last_run().unwrap();
    let id = held["id"].as_i64().unwrap();
    let approve = format!("/runs/{id}/approve");
    let wrong = json!({ "digest": "0123456789abcdef" });
    let right = json!({ "digest": held["digest"] });
    is(
        &ask(&format!("/runs/{id}/apply"), &json!({})),
        409,
        "guard-held",
    );
    is(&ask(&approve, &wrong), 409, "digest-mismatch");
    assert_eq!(ask(&approve, &right).status, 202);
    until(&served, &admin, id, "applied");
    let again = ask(&approve, &right);
    assert_eq!(
        (again.status, &again.json()["status"]),
        (202, &json!("applied"))
    );
    is(&ask(&approve, &wrong), 409, "not-held");
    // What no guard held was never approved.
    let first = served
        .get(&place(TENANT, "/runs/1"), &admin)
        .unwrap()
        .json();
    let never = json!({ "digest": first["digest"] });
    is(&ask("/runs/1/approve", &never), 409, "not-held");

    let leave = json!({ "people": "keep" });
    let gone = ask("/uninstall", &leave);
    assert_eq!(gone.status, 200, "{gone:?}");
    is(&ask("/uninstall", &leave), 404, "not-installed");
    let kept = served.get(&place(TENANT, "/receipt"), &admin).unwrap();
    assert_eq!(kept.json()["receipt"], gone.json()["receipt"]);
}

/// What a client that follows a run is told until it hears of the first event, and then hangs up: the event's id.
fn first_event(served: &Served, token: &str, run: i64) -> String {
    let address = served.url.trim_start_matches("http://");
    let events = place(TENANT, &format!("/runs/{run}/events"));
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "GET {events} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    let mut ids = lines.filter_map(|line| Some(line.strip_prefix("id:")?.trim().to_owned()));
    ids.next().unwrap()
}

fn follow(served: &Served, token: &str, run: i64, headers: &[(&str, &str)]) -> Reply {
    let events = place(TENANT, &format!("/runs/{run}/events"));
    served.ask("GET", &events, token, None, headers).unwrap()
}

fn ids(events: &str) -> Vec<&str> {
    let lines = events.lines();
    lines
        .filter_map(|line| Some(line.strip_prefix("id:")?.trim()))
        .collect()
}

#[test]
fn who_comes_again_to_a_run_hears_nothing_twice_and_the_end() {
    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let operator = token(&tenancy, "operator", &[TENANT]);
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let run = stalled(&tenancy, &served, &operator);
    sleep(Duration::from_secs(2));
    let seen = first_event(&served, &operator, run);
    let rest = scope(|scope| {
        let rest = scope.spawn(|| follow(&served, &operator, run, &[("last-event-id", &seen)]));
        sleep(Duration::from_secs(1));
        let stop = place(TENANT, &format!("/runs/{run}/stop"));
        assert_eq!(post(&served, &operator, &stop, &json!({}), "").status, 202);
        rest.join().unwrap()
    });
    let told = ids(&rest.text);
    assert!(
        !told.is_empty() && !told.contains(&seen.as_str()),
        "{seen} {rest:?}"
    );
    assert!(rest.text.contains("\"over\":true"), "{rest:?}");
    // Whoever saw something else before, or nothing, hears the end at once; whoever heard it is told to come no more.
    let end = *told.last().unwrap();
    for headers in [
        &[][..],
        &[("last-event-id", seen.as_str())],
        &[("last-event-id", "nonsense")],
    ] {
        let late = follow(&served, &operator, run, headers);
        assert_eq!(
            (late.status, ids(&late.text)),
            (200, vec![end]),
            "{headers:?}"
        );
    }
    let over = follow(&served, &operator, run, &[("last-event-id", end)]);
    assert_eq!((over.status, over.text.as_str()), (204, ""));
}

#[test]
fn who_may_look_no_longer_hears_no_more_of_a_run() {
    const SOON: Duration = Duration::from_secs(8);
    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let (operator, whole) = (
        token(&tenancy, "operator", &[TENANT]),
        token(&tenancy, "admin", &[]),
    );
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let make = |path: &str, body: &Value| {
        let made = post(&served, &whole, path, body, "");
        assert_eq!(made.status, 201, "{made:?}");
        made.json()
    };
    let wanted = json!({ "name": "late", "rank": "viewer", "tenants": [TENANT], "days": 1 });
    let made = make("/api/v1/tokens", &wanted);
    let (id, revoked) = (&made["id"], made["secret"].as_str().unwrap());
    let ada = json!({ "name": "ada", "rank": "viewer", "tenants": [TENANT], "password": PASSWORD });
    make("/api/v1/users", &ada);
    let credentials = json!({ "name": "ada", "password": PASSWORD });
    let came_in = post(&served, "", "/api/v1/session", &credentials, "");
    let cookie = came_in.header("set-cookie").split(';').next().unwrap();
    let run = stalled(&tenancy, &served, &operator);
    scope(|scope| {
        let good = scope.spawn(|| follow(&served, &operator, run, &[]));
        let by_token = scope.spawn(|| follow(&served, revoked, run, &[]));
        let by_session = scope.spawn(|| follow(&served, "", run, &[("cookie", cookie)]));
        sleep(Duration::from_secs(5));
        assert!(
            !by_token.is_finished() && !by_session.is_finished(),
            "they may follow"
        );
        let revoke = format!("/api/v1/tokens/{id}");
        let revoked = served.ask("DELETE", &revoke, &whole, None, &[]).unwrap();
        let own = [("cookie", cookie), ("sec-fetch-site", "same-origin")];
        let out = served
            .ask("DELETE", "/api/v1/session", "", None, &own)
            .unwrap();
        assert_eq!((revoked.status, out.status), (204, 204));
        let since = Instant::now();
        for cut in [by_token, by_session] {
            let told = cut.join().unwrap();
            assert!(since.elapsed() < SOON, "{told:?}");
            assert!(
                told.status == 200 && !told.text.contains("\"over\":true"),
                "{told:?}"
            );
        }
        assert!(!good.is_finished(), "whoever may goes on");
        let stop = place(TENANT, &format!("/runs/{run}/stop"));
        assert_eq!(post(&served, &operator, &stop, &json!({}), "").status, 202);
        let told = good.join().unwrap();
        assert!(told.text.contains("\"over\":true"), "{told:?}");
    });
}

#[test]
fn a_service_that_ends_does_not_wait_for_who_follows() {
    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let operator = token(&tenancy, "operator", &[TENANT]);
    let served = Served::start(&tenancy.rollcall, &["--drain", "1"]).unwrap();
    let run = stalled(&tenancy, &served, &operator);
    let begun = scope(|scope| {
        let follows = scope.spawn(|| follow(&served, &operator, run, &[]));
        sleep(Duration::from_secs(1));
        served.signal("TERM").unwrap();
        let begun = Instant::now();
        follows.join().unwrap();
        begun
    });
    served.end().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(30), "{begun:?}");
}

#[test]
fn the_log_names_the_tenant_of_a_request_to_whom_it_is_none_of_others() {
    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let (ours, theirs) = (
        token(&tenancy, "viewer", &[TENANT]),
        token(&tenancy, "viewer", &["elsewhere"]),
    );
    let log = tempfile::NamedTempFile::new().unwrap();
    let writes = File::create(log.path()).unwrap();
    let arguments = ["--log-format", "json", "-v"];
    let served = Served::start_logging(&tenancy.rollcall, &arguments, writes).unwrap();
    let runs = place(TENANT, "/runs");
    assert_eq!(served.get(&runs, &ours).unwrap().status, 200);
    is(&served.get(&runs, &theirs).unwrap(), 404, "not-installed");
    is(&served.get(&runs, "").unwrap(), 401, "not-authenticated");
    let uninstall = place(TENANT, "/uninstall");
    let low = post(&served, &ours, &uninstall, &json!({ "people": "keep" }), "");
    is(&low, 403, "rank-too-low");
    served.end().unwrap();
    let log = std::fs::read_to_string(log.path()).unwrap();
    let lines = log.lines().filter(|line| line.contains("\"answered\""));
    let lines: Vec<&str> = lines.filter(|line| line.contains("{tenant}")).collect();
    assert_eq!(lines.len(), 4, "{log}");
    let named = |status: u16| {
        let status = format!("\"status\":{status}");
        let line = lines.iter().find(|line| line.contains(&status)).unwrap();
        line.contains(&format!("\"tenant\":\"{TENANT}\""))
    };
    assert!(named(200) && named(403), "{lines:?}");
    assert!(!named(404) && !named(401), "{lines:?}");
}
