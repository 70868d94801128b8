//! The console's pages for install, plugin, schedule, history, uninstall and log: what they allow, what they refuse.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;
use std::fs;

use rollcall::demo::directory::{Deed, Fault, When};
use rollcall::sandbox::BUNDLED;
use rollcall_tests::rollcall::Rollcall;
use rollcall_tests::served::{Reply, Served};
use rollcall_tests::tenancy::{TENANT, Tenancy, program, sound};
use serde_json::{Value, json};

const PASSWORD: &str = "a long pass-phrase";
const SCRIPT: &str = "<script>alert(1)</script>";
/// What a browser says of a request of the service's own page.
const OWN: (&str, &str) = ("sec-fetch-site", "same-origin");

/// Makes a user on the command line, who reaches these tenants, or with none everything.
fn user(rollcall: &Rollcall, name: &str, rank: &str, tenants: &[&str]) {
    let file = rollcall.data().join("password.txt");
    fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    let path = file.to_string_lossy();
    let mut made = vec!["user", "create", name, "--rank", rank];
    for tenant in tenants {
        made.extend(["--tenant", tenant]);
    }
    made.extend(["--password-file", &path]);
    rollcall.expect(0, &made).unwrap();
    fs::remove_file(&file).unwrap();
}

/// The cookie of somebody who logs in.
fn logged_in(served: &Served, name: &str) -> String {
    let body = json!({ "name": name, "password": PASSWORD });
    let reply = served
        .ask("POST", "/api/v1/session", "", Some(&body), &[])
        .unwrap();
    assert!(reply.status < 300, "{reply:?}");
    let set = reply.header("set-cookie");
    set.split(';').next().unwrap().to_owned()
}

fn get(served: &Served, cookie: &str, path: &str) -> Reply {
    let headers = [("cookie", cookie), OWN];
    served.ask("GET", path, "", None, &headers).unwrap()
}

/// Sends a form as a browser does, and does not follow where it leads.
fn send(served: &Served, headers: &[(&str, &str)], path: &str, form: &[(&str, &str)]) -> Reply {
    let pairs: Vec<String> = form
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .build()
        .into();
    let mut request = ureq::http::Request::post(format!("{}{path}", served.url))
        .header("content-type", "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = agent.run(request.body(pairs.join("&")).unwrap()).unwrap();
    let headers = response.headers().iter();
    Reply {
        status: response.status().as_u16(),
        kind: String::new(),
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
        text: response.body_mut().read_to_string().unwrap(),
    }
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut to, byte| {
        let _ = write!(to, "%{byte:02X}");
        to
    })
}

fn post(served: &Served, cookie: &str, path: &str, form: &[(&str, &str)]) -> Reply {
    send(served, &[("cookie", cookie), OWN], path, form)
}

fn has(reply: &Reply, text: &str) -> bool {
    reply.text.contains(text)
}

fn of(page: &str) -> String {
    format!("/tenants/{TENANT}/{page}")
}

/// What was done by others than the command line, which made the scene.
fn audit(served: &Served, cookie: &str) -> Value {
    let all = get(served, cookie, &format!("/api/v1/tenants/{TENANT}/audit")).json();
    let deeds = all.as_array().unwrap().iter();
    deeds
        .filter(|deed| deed["who"] != "command line")
        .cloned()
        .collect()
}

/// A tenant synced once, and a service with ada, an admin of everything, and bob, who looks.
fn serving() -> (Tenancy, Served, String, String) {
    let tenancy = Tenancy::synced(sound(20)).unwrap();
    user(&tenancy.rollcall, "ada", "admin", &[]);
    user(&tenancy.rollcall, "bob", "viewer", &[TENANT]);
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let (ada, bob) = (logged_in(&served, "ada"), logged_in(&served, "bob"));
    (tenancy, served, ada, bob)
}

const DAILY: [(&str, &str); 6] = [
    ("action", "store"),
    ("frequency", "daily"),
    ("start", "2030-01-01T02:30"),
    ("zone", "Europe/Berlin"),
    ("active", "true"),
    ("full-every", "7"),
];

/// The daily timetable with some fields other.
fn daily<'f>(other: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
    let mut form: Vec<(&str, &str)> = DAILY.to_vec();
    form.retain(|(name, _)| !other.iter().any(|(one, _)| one == name));
    form.extend(other);
    form
}

#[test]
fn a_viewer_looks_and_changes_nothing() {
    let (_tenancy, served, ada, bob) = serving();
    for page in ["plugin", "schedule", "history", "audit"] {
        let shown = get(&served, &bob, &of(page));
        assert_eq!(shown.status, 200, "{page}: {shown:?}");
        assert!(!has(&shown, "name=\"action\" value=\"upgrade\""), "{page}");
        assert!(!has(&shown, ">Preview</button>"), "{page}");
    }
    let leave = [("confirm", TENANT), ("people", "keep")];
    let refused = [
        get(&served, &bob, &of("uninstall")),
        get(&served, &bob, "/install"),
        post(&served, &bob, &of("schedule"), &DAILY),
        post(&served, &bob, &of("schedule/preview"), &DAILY),
        post(&served, &bob, &of("plugin"), &[("action", "upgrade")]),
        post(&served, &bob, &of("uninstall"), &leave),
        post(&served, &bob, "/install", &[("tenant", TENANT)]),
    ];
    for reply in refused {
        assert_eq!(reply.status, 403, "{reply:?}");
        assert!(has(&reply, "rank-too-low"), "{reply:?}");
    }
    // Nor does another site's page in the name of somebody who may.
    for headers in [
        &[("cookie", ada.as_str())][..],
        &[("cookie", &ada), ("sec-fetch-site", "cross-site")],
    ] {
        for (page, form) in [("schedule", &DAILY[..]), ("uninstall", &leave)] {
            let reply = send(&served, headers, &of(page), form);
            assert_eq!(reply.status, 403, "{reply:?}");
            assert!(has(&reply, "cross-site"), "{reply:?}");
        }
    }
    assert_eq!(audit(&served, &ada), json!([]));
    // Whoever has not logged in is told so: a form that is sent again afterwards is not lost.
    let stranger = send(&served, &[], &of("schedule"), &DAILY);
    assert_eq!(stranger.status, 401, "{stranger:?}");
    assert!(has(&stranger, "in another tab"), "{stranger:?}");
    // The same is allowed to whoever may.
    assert_eq!(post(&served, &ada, &of("schedule"), &DAILY).status, 303);
    assert_eq!(audit(&served, &ada)[0]["what"], "schedule");
}

#[test]
fn looking_changes_nothing() {
    let (tenancy, served, ada, _) = serving();
    let data = tenancy.contents().unwrap();
    for page in ["plugin", "schedule", "history", "uninstall", "audit"] {
        // What a form would send is nothing in an address.
        let path = format!("{}?confirm={TENANT}&people=keep&action=store", of(page));
        assert_eq!(get(&served, &ada, &path).status, 200, "{page}");
    }
    assert_eq!(get(&served, &ada, "/install?tenant=new").status, 200);
    assert_eq!(get(&served, &ada, &of("receipt")).status, 404);
    assert_eq!(audit(&served, &ada), json!([]));
    assert_eq!(tenancy.contents().unwrap(), data);
}

#[test]
fn a_schedule_is_tried_without_storing_it_and_stored_when_it_is_right() {
    let (_tenancy, served, ada, _) = serving();
    let none = get(&served, &ada, &of("schedule"));
    assert!(has(&none, "none yet") && has(&none, "There is no schedule yet"));
    let words = "Every day at 02:30 in Berlin, from 1 Jan 2030 on; reads what changed, and everybody every 7 days.";
    let tried = daily(&[("action", "preview")]);
    for path in [of("schedule"), of("schedule/preview")] {
        let tried = post(&served, &ada, &path, &tried);
        assert_eq!(tried.status, 200, "{tried:?}");
        assert!(has(&tried, words) && has(&tried, "Tue 1 Jan 2030, 02:30:00 CET"));
        assert!(has(&tried, "none yet"), "nothing is stored");
    }
    let wrong = [
        (daily(&[("zone", "Europe/Nowhere")]), "unknown-zone"),
        (daily(&[("start", "soon")]), "bad-start"),
        (daily(&[("full-every", "often")]), "bad-number"),
        (daily(&[("frequency", "weekly")]), "required"),
        (daily(&[("frequency", "never")]), "required"),
    ];
    for (form, code) in wrong {
        let refused = post(&served, &ada, &of("schedule"), &form);
        assert_eq!(refused.status, 422, "{code}: {refused:?}");
        assert!(has(&refused, code) && has(&refused, "none yet"), "{code}");
        for name in ["start", "zone", "full-every"] {
            let typed = form.iter().find(|(one, _)| *one == name).unwrap().1;
            assert!(has(&refused, &format!("value=\"{typed}\"")), "{name}");
        }
        let doubted = post(&served, &ada, &of("schedule/preview"), &form);
        assert_eq!(doubted.status, 200, "htmx swaps nothing else");
        assert!(has(&doubted, code), "{code}");
    }
    // What cannot be read and what is not right are told at once.
    let both = daily(&[
        ("frequency", "every"),
        ("minutes", "x"),
        ("zone", "Europe/Nowhere"),
    ]);
    let both = post(&served, &ada, &of("schedule"), &both);
    assert!(has(&both, "bad-number") && has(&both, "unknown-zone"));
    let stored = post(&served, &ada, &of("schedule"), &DAILY);
    let to = of("schedule?done=scheduled");
    assert_eq!((stored.status, stored.header("location")), (303, &*to));
    let shown = get(&served, &ada, &to);
    assert!(has(&shown, words) && has(&shown, "The schedule is stored."));
    let inactive: Vec<_> = DAILY
        .into_iter()
        .filter(|(name, _)| *name != "active")
        .collect();
    assert_eq!(post(&served, &ada, &of("schedule"), &inactive).status, 303);
    let shown = get(&served, &ada, &of("schedule"));
    assert!(has(&shown, "</span>inactive</span>"), "{shown:?}");
    let past = daily(&[("frequency", "once"), ("start", "2020-01-01T00:00")]);
    assert_eq!(post(&served, &ada, &of("schedule"), &past).status, 303);
    assert!(has(&get(&served, &ada, &of("schedule")), "It is over"));
}

#[test]
fn a_run_that_daylight_saving_moves_is_told() {
    let (_tenancy, served, ada, _) = serving();
    let moved = daily(&[("action", "preview"), ("start", "2030-03-30T02:30")]);
    let moved = post(&served, &ada, &of("schedule"), &moved);
    assert!(has(&moved, "Sun 31 Mar 2030, 03:30:00 CEST"), "{moved:?}");
    assert!(has(&moved, "does not exist in Europe/Berlin"), "{moved:?}");
}

#[test]
fn only_the_tenants_name_uninstalls_and_the_receipt_stays() {
    let (tenancy, served, ada, bob) = serving();
    tenancy.rollcall.expect(0, &["install", "other"]).unwrap();
    user(&tenancy.rollcall, "eve", "viewer", &["other"]);
    let shown = get(&served, &ada, &of("uninstall"));
    assert!(
        has(&shown, "Uninstall acme, deactivate 20 people"),
        "{shown:?}"
    );
    for (form, code) in [
        (
            vec![("confirm", "acne"), ("people", "keep")],
            "not-confirmed",
        ),
        (vec![("people", "deactivate")], "not-confirmed"),
        (vec![("confirm", TENANT)], "required"),
    ] {
        let refused = post(&served, &ada, &of("uninstall"), &form);
        assert_eq!(refused.status, 422, "{refused:?}");
        assert!(has(&refused, code), "{refused:?}");
        let typed = form.iter().find(|(name, _)| *name == "confirm");
        assert!(typed.is_none_or(|(_, typed)| has(&refused, &format!("value=\"{typed}\""))));
    }
    assert_eq!(get(&served, &bob, &of("receipt")).status, 404);
    assert_eq!(get(&served, &bob, &of("plugin")).status, 200);
    let leave = [
        ("confirm", TENANT),
        ("people", "deactivate"),
        ("cancel", "true"),
    ];
    let left = post(&served, &ada, &of("uninstall"), &leave);
    let to = of("receipt");
    assert_eq!((left.status, left.header("location")), (303, &*to));
    let eve = logged_in(&served, "eve");
    for page in ["receipt", "receipt.json"] {
        assert_eq!(get(&served, &eve, &of(page)).status, 404);
    }
    let receipt = get(&served, &bob, &to);
    assert!(has(&receipt, "Receipt of acme"), "{receipt:?}");
    let file = get(&served, &bob, &of("receipt.json"));
    assert_eq!(
        file.header("content-disposition"),
        "attachment; filename=\"receipt-acme.json\""
    );
    let kept = served.ask(
        "GET",
        &format!("/api/v1/tenants/{TENANT}/receipt"),
        "",
        None,
        &[("cookie", &ada)],
    );
    assert_eq!(file.json(), kept.unwrap().json());
    let people = file.json()["receipt"]["left"][0].clone();
    assert_eq!(people["count"], 20, "{people}");
    for page in ["plugin", "schedule", "history", "audit"] {
        assert_eq!(get(&served, &ada, &of(page)).status, 404, "{page}");
    }
}

#[test]
fn installing_refuses_bad_names_and_addresses_and_leads_to_the_settings() {
    let rollcall = program().unwrap();
    user(&rollcall, "ada", "admin", &[]);
    // A token may name a tenant that is not installed yet; a user may not.
    let make = [
        "token", "create", "zoe", "--rank", "admin", "--tenant", "zoo",
    ];
    let zoe = rollcall.expect(0, &make).unwrap();
    let zoe = format!("Bearer {}", zoe.at("/secret").as_str().unwrap());
    let served = Served::start(&rollcall, &[]).unwrap();
    let ada = logged_in(&served, "ada");
    let (ada, zoe) = (("cookie", ada.as_str()), ("authorization", zoe.as_str()));
    let get =
        |who: (&str, &str), path: &str| served.ask("GET", path, "", None, &[who, OWN]).unwrap();
    let offered = get(ada, "/install");
    for words in [
        "read the directory, at the servers that the settings name",
        "256 MiB",
        "allow-loopback",
    ] {
        assert!(has(&offered, words), "{words}");
    }
    assert!(!has(&get(zoe, "/install"), "allow-loopback"));
    let install =
        |who: (&str, &str), form: &[(&str, &str)]| send(&served, &[who, OWN], "/install", form);
    let bad = install(ada, &[("tenant", "Zoë & Co"), ("allow-loopback", "true")]);
    assert_eq!(bad.status, 422, "{bad:?}");
    assert!(has(&bad, "bad-tenant") && has(&bad, "value=\"Zoë &#38; Co\""));
    let elsewhere = install(zoe, &[("tenant", "acme")]);
    assert!(elsewhere.status == 422 && has(&elsewhere, "not-installed"));
    let beyond = install(zoe, &[("tenant", "zoo"), ("allow-loopback", "true")]);
    assert!(beyond.status == 403 && has(&beyond, "reach-too-small"));
    assert_eq!(get(zoe, "/tenants/zoo/plugin").status, 404);
    for (who, form, allowed) in [
        (zoe, vec![("tenant", "zoo")], false),
        (
            ada,
            vec![("tenant", "acme"), ("allow-loopback", "true")],
            true,
        ),
    ] {
        let tenant = form[0].1;
        let done = install(who, &form);
        let to = format!("/tenants/{tenant}/configuration?done=installed");
        assert_eq!((done.status, done.header("location")), (303, &*to));
        let shown = get(who, &format!("/tenants/{tenant}/plugin"));
        assert_eq!(has(&shown, "This machine itself"), allowed, "{tenant}");
        let again = install(who, &form);
        assert!(again.status == 422 && has(&again, "already-installed"));
    }
    let empty = get(ada, "/tenants/acme/history");
    assert!(has(&empty, "No run in the last 30 days") && !has(&empty, "<svg"));
}

#[test]
fn another_plugin_is_looked_at_exchanged_and_exchanged_back() {
    let (tenancy, served, ada, _) = serving();
    // The same with a section of a name alone (WebAssembly, section 5.5.3).
    let other = [BUNDLED, &[0, 4, 3], b"two"].concat();
    let made = tenancy
        .rollcall
        .expect(0, &["token", "create", "ci", "--rank", "admin"])
        .unwrap();
    let token = made.at("/secret").as_str().unwrap().to_owned();
    let now = get(&served, &ada, &of("plugin"));
    assert!(has(&now, "there is no other to go back to"), "{now:?}");
    let path = format!("/api/v1/tenants/{TENANT}/plugin/upgrade");
    let sent = served.send(&path, &token, &other).unwrap();
    assert_eq!(sent.status, 200, "{sent:?}");
    let action = |name: &str| post(&served, &ada, &of("plugin"), &[("action", name)]);
    let digest = |pointer: &str| sent.json()[pointer]["digest"].as_str().unwrap().to_owned();
    let before = get(&served, &ada, &of("plugin"));
    assert!(has(&before, "value=\"try-upgrade\"") && has(&before, &digest("to")));
    let tried = action("try-upgrade");
    assert!(tried.status == 200 && has(&tried, "Nothing was changed"));
    assert!(has(&tried, "value=\"upgrade\""), "it still can be done");
    let done = action("upgrade");
    let to = of("plugin?done=upgraded");
    assert_eq!((done.status, done.header("location")), (303, &*to));
    let after = get(&served, &ada, &to);
    assert!(has(&after, "value=\"try-rollback\"") && !has(&after, "value=\"upgrade\""));
    let same = action("upgrade");
    assert!(same.status == 422 && has(&same, "same-plugin"), "{same:?}");
    assert_eq!(action("").status, 422);
    assert_eq!(action("rollback").status, 303);
    let what = audit(&served, &ada);
    let what: Vec<&Value> = what
        .as_array()
        .unwrap()
        .iter()
        .map(|deed| &deed["what"])
        .collect();
    let expected = [
        "plugin.rollback",
        "plugin.upgrade",
        "plugin.upgrade",
        "plugin.upgrade dry-run",
        "plugin.upgrade",
    ];
    assert_eq!(what, expected);
}

#[test]
fn history_counts_what_runs_did_and_leads_to_their_rows() {
    let (tenancy, served, _, bob) = serving();
    tenancy.leave(&[1, 2]).unwrap();
    tenancy.sync(0).unwrap();
    let runs = get(&served, &bob, &format!("/api/v1/tenants/{TENANT}/runs")).json();
    let (second, first) = (runs[0]["id"].clone(), runs[1]["id"].clone());
    for days in ["30", "90", "7"] {
        let shown = get(&served, &bob, &format!("{}?days={days}", of("history")));
        for (run, kind, count) in [(&first, "create", 20), (&second, "deactivate", 2)] {
            let link = format!("\"runs/{run}/rows?kind={kind}&#38;outcome=applied\">{count}</a>");
            assert!(has(&shown, &link), "{link}: {}", shown.text);
        }
        for told in [
            ": 20 new</title>",
            ": 2 deactivated</title>",
            ": 18 people</title>",
        ] {
            assert!(has(&shown, told), "{told}: {}", shown.text);
        }
        assert!(has(&shown, "No run failed"));
    }
}

#[test]
fn a_script_in_what_others_wrote_is_shown_as_text() {
    let (tenancy, served, ada, _) = serving();
    let made = ["token", "create", SCRIPT, "--rank", "operator"];
    let made = tenancy.rollcall.expect(0, &made).unwrap();
    let token = made.at("/secret").as_str().unwrap();
    let timetable = json!({ "frequency": "daily", "start": "2030-01-01T00:00", "zone": "UTC",
        "active": true, "full-every": null });
    let path = format!("/api/v1/tenants/{TENANT}/schedule");
    let first = [("if-match", "*")];
    let set = served.ask("PUT", &path, token, Some(&timetable), &first);
    assert_eq!(set.unwrap().status, 200);
    let typed = daily(&[("zone", SCRIPT), ("start", SCRIPT), ("full-every", SCRIPT)]);
    let shown = [
        get(&served, &ada, &of("audit")),
        post(&served, &ada, &of("schedule"), &typed),
        post(&served, &ada, &of("schedule/preview"), &typed),
        post(&served, &ada, &of("uninstall"), &[("confirm", SCRIPT)]),
        post(&served, &ada, "/install", &[("tenant", SCRIPT)]),
    ];
    for shown in shown {
        assert!(!has(&shown, SCRIPT), "{shown:?}");
        assert!(has(&shown, "&#60;script&#62;alert(1)"), "{shown:?}");
        let policy = shown.header("content-security-policy");
        assert!(policy.contains("script-src 'self'"), "{policy}");
    }
}

#[test]
fn a_run_at_a_time_that_comes_twice_is_told_unless_minutes_are_counted() {
    let (_tenancy, served, ada, _) = serving();
    let at = ("start", "2030-10-26T02:30");
    let twice = daily(&[("action", "preview"), at]);
    let twice = post(&served, &ada, &of("schedule"), &twice);
    assert!(has(&twice, "Sun 27 Oct 2030, 02:30:00 CEST"), "{twice:?}");
    assert!(has(&twice, "this time comes twice in Europe/Berlin"));
    let every = [("action", "preview"), at, ("frequency", "every")];
    let every = daily(&[&every[..], &[("minutes", "1440")]].concat());
    let every = post(&served, &ada, &of("schedule"), &every);
    assert!(has(&every, "Sun 27 Oct 2030, 02:30:00 CEST"), "{every:?}");
    assert!(!has(&every, "comes twice"));
}

#[test]
fn every_step_leads_to_the_next() {
    let (_tenancy, served, ada, bob) = serving();
    let next = "Next: the schedule";
    assert!(has(&get(&served, &ada, &of("runs/1")), next));
    assert!(!has(&get(&served, &bob, &of("runs/1")), next), "a viewer");
    let on = "Next: how the integration stands";
    assert!(!has(&get(&served, &ada, &of("schedule")), on));
    let stored = post(&served, &ada, &of("schedule"), &DAILY);
    assert!(has(&get(&served, &ada, stored.header("location")), on));
    assert!(!has(&get(&served, &ada, &of("runs/1")), next), "scheduled");
}

#[test]
fn the_log_is_searched_by_who_by_what_by_tenant_and_by_day() {
    let (tenancy, served, ada, bob) = serving();
    let other = ["install", "other", "--allow-loopback"];
    tenancy.rollcall.expect(0, &other).unwrap();
    post(&served, &ada, &of("schedule"), &DAILY);
    let what = |page: &Reply| -> Vec<String> {
        let cells = page.text.split("data-label=\"What\">").skip(1);
        cells
            .map(|cell| cell.split('<').next().unwrap().to_owned())
            .collect()
    };
    let log = |cookie: &str, query: &str| get(&served, cookie, &of(&format!("audit?{query}")));
    assert!(what(&log(&ada, "")).len() > 4);
    assert_eq!(what(&log(&ada, "who=ADA")), ["schedule"]);
    assert_eq!(what(&log(&ada, "what=sched&who=")), ["schedule"]);
    let mine = what(&log(&ada, "who=command"));
    assert!(mine.contains(&"configure".to_owned()) && !mine.contains(&"schedule".to_owned()));
    let none = log(&ada, "who=ada&what=configure");
    assert!(has(&none, "Nothing like that was done"), "{none:?}");
    assert!(has(&none, "value=\"ada\"") && has(&none, "value=\"configure\""));
    // Days are the zone's, and both are in it.
    assert!(has(&none, "Days as they are in Europe/Berlin."));
    assert_eq!(what(&log(&ada, "from=2999-01-01")), [""; 0]);
    assert_eq!(what(&log(&ada, "to=2020-01-01")), [""; 0]);
    assert_eq!(
        what(&log(&ada, "from=2020-01-01&to=2999-01-01")),
        what(&log(&ada, ""))
    );
    let wrong = log(&ada, "from=2020-02-30&who=ada");
    assert_eq!(wrong.status, 422);
    assert!(has(&wrong, "bad-date") && has(&wrong, "value=\"2020-02-30\""));
    assert!(has(&wrong, "href=\"#from\"") && has(&wrong, "value=\"ada\""));
    // Of all tenants, by their whole names.
    let all = |query: &str| get(&served, &ada, &format!("/settings/audit?{query}"));
    assert_eq!(what(&all("tenant=other")), ["install"]);
    assert!(what(&all("")).contains(&"user.create".to_owned()));
    assert_eq!(what(&all("tenant=oth")), [""; 0]);
    assert_eq!(all("tenant=no%20name").status, 422);
    // Whoever reaches one tenant finds nothing of another, whatever is asked for.
    assert_eq!(what(&log(&bob, "tenant=other")), what(&log(&bob, "")));
    let refused = get(&served, &bob, "/settings/audit?tenant=other");
    assert_eq!(refused.status, 403);
}

#[test]
fn integrations_are_listed_by_how_they_are_and_in_their_own_zone() {
    let tenancy = Tenancy::synced(sound(5)).unwrap();
    let rollcall = &tenancy.rollcall;
    let other = ["install", "other", "--allow-loopback"];
    rollcall.expect(0, &other).unwrap();
    user(rollcall, "ada", "admin", &[]);
    user(rollcall, "eve", "viewer", &["other"]);
    let reset = Fault::always(When::Connected, Deed::Reset);
    tenancy.directory.set_faults(vec![reset]);
    tenancy.sync(4).unwrap();
    let served = Served::start(rollcall, &[]).unwrap();
    let (ada, eve) = (logged_in(&served, "ada"), logged_in(&served, "eve"));
    let row = |tenant: &str| format!("<th scope=\"row\"><a href=\"/tenants/{tenant}\">");
    let failing = get(&served, &ada, "/?status=failing");
    assert!(has(&failing, &row(TENANT)) && !has(&failing, &row("other")));
    assert!(has(&failing, "<option value=\"failing\" selected>"));
    // The number that counts them leads there.
    let hosts = get(&served, &ada, "/settings/hosts");
    let counted = "<a href=\"/?status=failing\"><strong>1</strong>";
    assert!(has(&hosts, counted), "{hosts:?}");
    assert!(has(&hosts, "this one") && has(&hosts, "heard of just now"));
    assert!(has(&hosts, env!("CARGO_PKG_VERSION")), "{hosts:?}");
    for status in ["overdue", "waiting", "running"] {
        let none = get(&served, &ada, &format!("/?status={status}"));
        assert!(has(&none, "No tenant is like that"), "{status}: {none:?}");
        assert!(has(&none, "name=\"status\""), "{status}: it can be changed");
    }
    let all = get(&served, &ada, "/?status=nonsense");
    assert!(has(&all, &row(TENANT)) && has(&all, &row("other")));
    let theirs = get(&served, &eve, "/?status=failing");
    assert!(!has(&theirs, TENANT), "beyond the reach: {theirs:?}");
    // Each tenant's dates are in its own zone.
    post(&served, &ada, &of("schedule"), &DAILY);
    let home = get(&served, &ada, "/");
    assert!(has(&home, "Tue 1 Jan 2030, 02:30:00 CET"), "{home:?}");
}
