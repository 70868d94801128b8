//! Users as browsers and administrators meet them: the program serves, and is asked by HTTP.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use rollcall_tests::rollcall::Rollcall;
use rollcall_tests::served::{Reply, Served};
use rollcall_tests::tenancy::program;
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};

const PASSWORD: &str = "a long pass-phrase";
const OTHER: &str = "another pass-phrase";
const SESSION: &str = "/api/v1/session";
const USERS: &str = "/api/v1/users";
/// What a browser says of a request of the service's own page.
const OWN: (&str, &str) = ("sec-fetch-site", "same-origin");

/// Makes a user on the command line.
fn user(rollcall: &Rollcall, name: &str, rank: &str) {
    let file = rollcall.data().join("password.txt");
    fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    let path = file.to_string_lossy();
    let made = [
        "user",
        "create",
        name,
        "--rank",
        rank,
        "--password-file",
        &path,
    ];
    rollcall.expect(0, &made).unwrap();
    fs::remove_file(file).unwrap();
}

/// A service with these users, the first of them an admin.
fn serving(users: &[&str]) -> (Rollcall, Served) {
    let rollcall = program().unwrap();
    for (at, name) in users.iter().enumerate() {
        user(&rollcall, name, if at == 0 { "admin" } else { "viewer" });
    }
    let served = Served::start(&rollcall, &[]).unwrap();
    (rollcall, served)
}

fn post(served: &Served, path: &str, body: &Value, headers: &[(&str, &str)]) -> Reply {
    served.ask("POST", path, "", Some(body), headers).unwrap()
}

fn login(served: &Served, name: &str, password: &str) -> Reply {
    let body = json!({ "name": name, "password": password });
    post(served, SESSION, &body, &[])
}

/// The cookie that an answer sets, as it is sent back.
fn cookie(reply: &Reply) -> String {
    assert!(reply.status < 300, "{reply:?}");
    let set = reply.header("set-cookie");
    set.split(';').next().unwrap().to_owned()
}

fn logged_in(served: &Served, name: &str) -> String {
    cookie(&login(served, name, PASSWORD))
}

/// Asks with a cookie, from the service's own page.
fn with(served: &Served, cookie: &str, method: &str, path: &str, body: Option<&Value>) -> Reply {
    let headers = [("cookie", cookie), OWN];
    served.ask(method, path, "", body, &headers).unwrap()
}

fn who(served: &Served, cookie: &str) -> Reply {
    with(served, cookie, "GET", SESSION, None)
}

fn told(reply: &Reply) -> (u16, String) {
    (reply.status, reply.code())
}

fn code(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// Changes the database behind the service's back.
async fn sql(rollcall: &Rollcall, statement: &'static str) {
    let path = rollcall.data().join("rollcall.db");
    let url = format!("sqlite:{}", path.display());
    let mut database = SqliteConnection::connect(&url).await.unwrap();
    let done = sqlx::query(statement).execute(&mut database).await.unwrap();
    assert!(done.rows_affected() > 0, "{statement}");
    database.close().await.unwrap();
}

/// The secret of the set-up link that a service prints.
fn setup_secret(served: &mut Served) -> String {
    let words = served.line().unwrap();
    assert!(words.contains("no user yet"), "{words}");
    let link = served.line().unwrap();
    let (page, secret) = link.split_once('#').unwrap();
    assert_eq!(page, format!("{}/setup", served.url));
    secret.to_owned()
}

fn set_up(served: &Served, secret: &str, password: &str) -> Reply {
    let body = json!({ "secret": secret, "name": "Ada", "password": password });
    post(served, "/api/v1/setup", &body, &[])
}

#[test]
fn a_set_up_link_makes_the_first_user_once_and_those_of_before_a_restart_are_good_until_a_new_one_is_wanted()
 {
    let rollcall = program().unwrap();
    let mut served = Served::start(&rollcall, &[]).unwrap();
    let old = setup_secret(&mut served);
    served.end().unwrap();
    let mut served = Served::start(&rollcall, &[]).unwrap();
    let secret = setup_secret(&mut served);
    let refused = code(403, "set-up-refused");
    assert_eq!(told(&set_up(&served, "", PASSWORD)), refused);
    let weak = set_up(&served, &old, "short");
    assert_eq!(told(&weak), code(422, "weak-password"));
    let made = set_up(&served, &old, PASSWORD);
    assert_eq!(made.status, 201, "{made:?}");
    let seen = who(&served, &cookie(&made)).json();
    assert_eq!(
        (&seen["name"], &seen["rank"], &seen["tenants"]),
        (&json!("ada"), &json!("admin"), &Value::Null)
    );
    for secret in [&secret, &old] {
        let twice = set_up(&served, secret, PASSWORD);
        assert_eq!(told(&twice), code(409, "set-up-done"));
    }
    let link = rollcall.expect(3, &["user", "setup-link"]).unwrap();
    assert_eq!(link.problem_codes(), ["set-up-done"]);
    served.end().unwrap();
    // There is a user: nothing is offered any more.
    let served = Served::start(&rollcall, &[]).unwrap();
    let said = served.end_and_tell().unwrap();
    assert!(said.contains("Ended") && !said.contains('#'), "{said}");
}

#[tokio::test]
async fn a_set_up_link_is_good_for_a_day() {
    let (rollcall, mut served) = serving(&[]);
    let secret = setup_secret(&mut served);
    sql(
        &rollcall,
        "UPDATE setup_secret SET expires_at = expires_at - 86400000",
    )
    .await;
    let late = set_up(&served, &secret, PASSWORD);
    assert_eq!(told(&late), code(403, "set-up-refused"));
    let made = rollcall.expect(0, &["user", "setup-link"]).unwrap();
    let link = made.at("/link").as_str().unwrap();
    let (_, secret) = link.split_once("/setup#").unwrap();
    assert_eq!(set_up(&served, secret, PASSWORD).status, 201);
}

#[test]
fn whoever_cannot_log_in_hears_the_same_whatever_is_wrong() {
    let (rollcall, served) = serving(&["ada", "bob"]);
    rollcall.expect(0, &["user", "disable", "bob"]).unwrap();
    let wrong = login(&served, "ada", OTHER);
    assert_eq!(told(&wrong), code(401, "login-refused"));
    for (name, password) in [
        ("bob", PASSWORD),
        ("zoe", PASSWORD),
        ("", ""),
        ("\0", OTHER),
    ] {
        let other = login(&served, name, password);
        assert_eq!((&other.text, &other.kind), (&wrong.text, &wrong.kind));
        assert_eq!(other.header("set-cookie"), "");
    }
    let right = login(&served, "Ada", PASSWORD);
    assert_eq!((right.status, &right.json()["name"]), (200, &json!("ada")));
    assert_eq!(right.header("cache-control"), "no-store");
    rollcall.expect(0, &["user", "enable", "bob"]).unwrap();
    assert_eq!(login(&served, "bob", PASSWORD).status, 200);
}

#[test]
fn a_name_that_failed_often_waits_with_the_right_password_too_and_others_do_not() {
    let (_rollcall, served) = serving(&["ada", "bob"]);
    for _ in 0..5 {
        assert_eq!(
            told(&login(&served, "ada", OTHER)),
            code(401, "login-refused")
        );
    }
    let limited = login(&served, "ada", PASSWORD);
    assert_eq!(told(&limited), code(429, "login-limited"));
    let wait: u64 = limited.header("retry-after").parse().unwrap();
    assert!((1..=2).contains(&wait), "{wait}");
    assert_eq!(login(&served, "bob", PASSWORD).status, 200);
    std::thread::sleep(Duration::from_secs(wait));
    assert_eq!(login(&served, "ada", PASSWORD).status, 200);
}

#[test]
fn behind_a_proxy_addresses_wait_apart_and_cookies_are_for_tls() {
    let rollcall = program().unwrap();
    user(&rollcall, "ada", "admin");
    let served = Served::start(&rollcall, &["--trusted-proxy", "127.0.0.1"]).unwrap();
    let body = json!({ "name": "ada", "password": PASSWORD });
    let from =
        |address: &str, body: &Value| post(&served, SESSION, body, &[("x-forwarded-for", address)]);
    let wrong = json!({ "name": "ada", "password": OTHER });
    for _ in 0..5 {
        from("192.0.2.7", &wrong);
    }
    assert_eq!(from("192.0.2.7", &body).status, 429);
    let elsewhere = from("192.0.2.8", &body);
    let set = elsewhere.header("set-cookie");
    let mut parts = set.split("; ");
    assert!(
        parts
            .next()
            .unwrap()
            .starts_with("__Host-rollcall=rollcall_session_")
    );
    let mut flags: Vec<&str> = parts.collect();
    flags.sort_unstable();
    assert_eq!(
        flags,
        [
            "HttpOnly",
            "Max-Age=43200",
            "Path=/",
            "SameSite=Strict",
            "Secure"
        ]
    );
    let shown = cookie(&elsewhere);
    assert_eq!(who(&served, &shown).status, 200);
    // The cookie of plain HTTP never counts here.
    let plain = shown.replace("__Host-rollcall", "rollcall-loopback");
    assert_eq!(told(&who(&served, &plain)), code(401, "not-authenticated"));
}

#[test]
fn over_plain_http_on_this_machine_the_cookie_has_another_name() {
    let (_rollcall, served) = serving(&["ada"]);
    let reply = login(&served, "ada", PASSWORD);
    let set = reply.header("set-cookie");
    assert!(
        set.starts_with("rollcall-loopback=rollcall_session_"),
        "{set}"
    );
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict") && !set.contains("Secure"));
    let shown = cookie(&reply);
    assert_eq!(who(&served, &shown).status, 200);
    let other = shown.replace("rollcall-loopback", "__Host-rollcall");
    assert_eq!(told(&who(&served, &other)), code(401, "not-authenticated"));
}

#[test]
fn a_cookie_that_a_browser_brings_is_never_taken_over() {
    let (_rollcall, served) = serving(&["ada"]);
    let chosen = format!("rollcall-loopback=rollcall_session_{}", "0".repeat(64));
    let body = json!({ "name": "ada", "password": PASSWORD });
    let first = cookie(&post(&served, SESSION, &body, &[("cookie", &chosen)]));
    assert_ne!(first, chosen);
    assert_eq!(who(&served, &chosen).status, 401);
    // Whoever logs in again has another session, and the old one is over.
    let second = cookie(&post(&served, SESSION, &body, &[("cookie", &first)]));
    assert_ne!(first, second);
    assert_eq!(who(&served, &first).status, 401);
    assert_eq!(who(&served, &second).status, 200);
}

#[test]
fn another_sites_page_changes_nothing_with_the_cookie() {
    let (_rollcall, served) = serving(&["ada"]);
    let shown = logged_in(&served, "ada");
    let host = served.url.clone();
    let make = |name: &str, headers: &[(&str, &str)]| {
        let body = json!({ "name": name, "rank": "viewer", "tenants": null, "password": PASSWORD });
        let headers = [&[("cookie", shown.as_str())][..], headers].concat();
        post(&served, USERS, &body, &headers)
    };
    let others: [&[(&str, &str)]; 5] = [
        &[],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
    ];
    for headers in others {
        assert_eq!(told(&make("eve", headers)), code(403, "cross-site"));
        // Looking is no harm: another page cannot read the answer.
        let headers = [&[("cookie", shown.as_str())][..], headers].concat();
        let looked = served.ask("GET", USERS, "", None, &headers).unwrap();
        assert_eq!(looked.json().as_array().unwrap().len(), 1, "{looked:?}");
        let out = served.ask("DELETE", SESSION, "", None, &headers).unwrap();
        assert_eq!(told(&out), code(403, "cross-site"));
    }
    assert_eq!(make("bob", &[OWN]).status, 201);
    assert_eq!(make("zoe", &[("origin", &host)]).status, 201);
    // Nor does another page log anybody in; a program may.
    let body = json!({ "name": "ada", "password": PASSWORD });
    let evil = post(&served, SESSION, &body, &[("sec-fetch-site", "cross-site")]);
    assert_eq!(told(&evil), code(403, "cross-site"));
    assert_eq!(post(&served, SESSION, &body, &[]).status, 200);
}

#[tokio::test]
async fn a_session_ends_by_itself_by_logging_out_and_with_changes_of_its_user() {
    let (rollcall, served) = serving(&["ada", "bob"]);
    rollcall.expect(0, &["install", "acme"]).unwrap();
    let over = code(401, "not-authenticated");
    for statement in [
        "UPDATE console_session SET idle_at = idle_at - 3600000",
        "UPDATE console_session SET ends_at = ends_at - 43200000",
    ] {
        let shown = logged_in(&served, "bob");
        assert_eq!(who(&served, &shown).status, 200);
        sql(&rollcall, statement).await;
        assert_eq!(told(&who(&served, &shown)), over, "{statement}");
    }
    let (one, other) = (logged_in(&served, "bob"), logged_in(&served, "bob"));
    let out = with(&served, &one, "DELETE", SESSION, None);
    assert_eq!(out.status, 204, "{out:?}");
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(told(&who(&served, &one)), over);
    assert_eq!(who(&served, &other).status, 200);

    let ada = logged_in(&served, "ada");
    let users = with(&served, &ada, "GET", USERS, None).json();
    let bob = users
        .as_array()
        .unwrap()
        .iter()
        .find(|user| user["name"] == "bob");
    let place = format!("{USERS}/{}", bob.unwrap()["id"]);
    let change = |rank: &str, disabled: bool| {
        let body = json!({ "rank": rank, "tenants": ["acme"], "disabled": disabled });
        with(&served, &ada, "PUT", &place, Some(&body))
    };
    let changed = change("operator", false);
    assert_eq!(
        (changed.status, &changed.json()["tenants"]),
        (200, &json!(["acme"]))
    );
    assert_eq!(told(&who(&served, &other)), over, "the rank changed");
    let shown = logged_in(&served, "bob");
    assert_eq!(who(&served, &shown).json()["rank"], "operator");
    assert_eq!(change("operator", true).status, 200);
    assert_eq!(told(&who(&served, &shown)), over, "disabled");
    assert_eq!(login(&served, "bob", PASSWORD).status, 401);
    assert_eq!(change("operator", false).status, 200);
    assert_eq!(told(&who(&served, &shown)), over, "what has ended stays so");
    let shown = logged_in(&served, "bob");
    let body = json!({ "password": OTHER });
    let reset = with(
        &served,
        &ada,
        "PUT",
        &format!("{place}/password"),
        Some(&body),
    );
    assert_eq!(reset.status, 204, "{reset:?}");
    assert_eq!(told(&who(&served, &shown)), over, "another password");
    assert_eq!(login(&served, "bob", OTHER).status, 200);
    // Reach must be said: what is left out is not everything.
    let silent = json!({ "rank": "admin", "disabled": false });
    let silent = with(&served, &ada, "PUT", &place, Some(&silent));
    assert_eq!(told(&silent), code(422, "bad-request"));
}

#[test]
fn a_user_does_what_rank_and_reach_allow() {
    let (rollcall, served) = serving(&["ada", "bob"]);
    let (ada, bob) = (logged_in(&served, "ada"), logged_in(&served, "bob"));
    let refused = with(&served, &bob, "GET", USERS, None);
    assert_eq!(told(&refused), code(403, "rank-too-low"));
    assert_eq!(with(&served, &ada, "GET", USERS, None).status, 200);
    let path = rollcall.data().join("password.txt");
    fs::write(&path, PASSWORD).unwrap();
    let path = path.to_string_lossy();
    let some = [
        "user",
        "create",
        "zoe",
        "--rank",
        "admin",
        "--tenant",
        "acme",
        "--password-file",
        &path,
    ];
    for tenant in ["acme", "other"] {
        rollcall.expect(0, &["install", tenant]).unwrap();
    }
    rollcall.expect(0, &some).unwrap();
    let zoe = logged_in(&served, "zoe");
    let refused = with(&served, &zoe, "GET", USERS, None);
    assert_eq!(told(&refused), code(403, "reach-too-small"));
    let elsewhere = with(&served, &zoe, "GET", "/api/v1/tenants/other/runs", None);
    assert_eq!(told(&elsewhere), code(404, "not-installed"));
    let seen = with(&served, &zoe, "GET", "/api/v1/tenants", None).json();
    assert_eq!(
        (&seen[0]["tenant"], &seen[1]),
        (&json!("acme"), &json!(null))
    );
    // Nobody without a cookie or token is told anything.
    for path in [SESSION, USERS, "/api/v1/tenants"] {
        assert_eq!(
            told(&served.get(path, "").unwrap()),
            code(401, "not-authenticated")
        );
    }
    // A token is no session.
    let made = rollcall
        .expect(0, &["token", "create", "ci", "--rank", "viewer"])
        .unwrap();
    let token = made.at("/secret").as_str().unwrap();
    let seen = served.get(SESSION, token).unwrap().json();
    assert_eq!(
        (&seen["name"], &seen["session"]),
        (&json!("ci"), &json!(false))
    );
    let out = served.ask("DELETE", SESSION, token, None, &[]).unwrap();
    assert_eq!(told(&out), code(409, "no-session"));
}

#[test]
fn ones_own_password_needs_the_old_one_and_ends_the_other_sessions() {
    let (_rollcall, served) = serving(&["ada"]);
    let (one, other) = (logged_in(&served, "ada"), logged_in(&served, "ada"));
    let change = |old: &str, new: &str| {
        let body = json!({ "old": old, "new": new });
        with(
            &served,
            &one,
            "PUT",
            "/api/v1/session/password",
            Some(&body),
        )
    };
    assert_eq!(told(&change(OTHER, OTHER)), code(401, "login-refused"));
    assert_eq!(told(&change(PASSWORD, "ada")), code(422, "weak-password"));
    assert_eq!(who(&served, &one).status, 200);
    let new = cookie(&change(PASSWORD, OTHER));
    for old in [&one, &other] {
        assert_eq!(who(&served, old).status, 401);
    }
    assert_eq!(who(&served, &new).status, 200);
    assert_eq!(login(&served, "ada", PASSWORD).status, 401);
    assert_eq!(login(&served, "ada", OTHER).status, 200);
}

#[test]
fn the_command_line_keeps_somebody_who_may_give_others_access() {
    let rollcall = program().unwrap();
    user(&rollcall, "ada", "admin");
    user(&rollcall, "bob", "viewer");
    let refused = |arguments: &[&str]| {
        let answer = rollcall.expect(3, arguments).unwrap();
        answer.problem_codes().join(" ")
    };
    assert_eq!(refused(&["user", "disable", "ada"]), "last-admin");
    assert_eq!(refused(&["user", "disable", "zoe"]), "unknown-user");
    let weak = rollcall.data().join("weak.txt");
    fs::write(&weak, "short").unwrap();
    let weak = weak.to_string_lossy();
    let password = ["user", "password", "ada", "--password-file", &weak];
    assert_eq!(refused(&password), "weak-password");
    let twice = [
        "user",
        "create",
        "Bob",
        "--rank",
        "viewer",
        "--password-file",
        &weak,
    ];
    assert_eq!(refused(&twice), "weak-password");
    user(&rollcall, "zoe", "admin");
    rollcall.expect(0, &["user", "disable", "ada"]).unwrap();
    let listed = rollcall.expect(0, &["user", "list"]).unwrap();
    let names: Vec<(&Value, &Value)> = listed
        .result()
        .as_array()
        .unwrap()
        .iter()
        .map(|user| (&user["name"], &user["disabled"]))
        .collect();
    let (yes, no) = (json!(true), json!(false));
    assert_eq!(
        names,
        [
            (&json!("ada"), &yes),
            (&json!("bob"), &no),
            (&json!("zoe"), &no)
        ]
    );
}

fn holds(folder: &Path, secret: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_file() {
            let bytes = fs::read(&path).unwrap();
            let mut parts = bytes.windows(secret.len());
            if parts.any(|part| part == secret.as_bytes()) {
                found.push(name);
            }
        }
    }
    found
}

#[test]
fn who_came_in_is_logged_with_the_address_and_nothing_secret_is_kept_or_told() {
    const TYPED: &str = "my password typed as a name";
    let rollcall = program().unwrap();
    let log = tempfile::NamedTempFile::new().unwrap();
    let arguments = ["-vv", "serve", "--listen", "127.0.0.1:0"];
    let mut call = rollcall.command(&arguments);
    call.stderr(log.reopen().unwrap());
    let mut served = Served::begin(call).unwrap();
    let secret = setup_secret(&mut served);
    let first = set_up(&served, &secret, PASSWORD);
    let ada = cookie(&first);
    login(&served, "ada", OTHER);
    login(&served, TYPED, OTHER);
    let again = login(&served, "ada", PASSWORD);
    let body = json!({ "name": "bob", "rank": "viewer", "tenants": null, "password": OTHER });
    let made = with(&served, &ada, "POST", USERS, Some(&body));
    assert_eq!(made.status, 201, "{made:?}");
    let broken = post(
        &served,
        SESSION,
        &json!({ "password": PASSWORD, "name": 1 }),
        &[],
    );
    assert_eq!(told(&broken), code(422, "bad-request"));
    with(&served, &cookie(&again), "DELETE", SESSION, None);
    let audit = with(&served, &ada, "GET", "/api/v1/audit", None);
    let lines: Vec<[String; 5]> = audit
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|deed| {
            ["what", "who", "which", "refused", "from"]
                .map(|key| deed[key].as_str().unwrap().into())
        })
        .collect();
    let line = |what: &str, who: &str, which: &str, refused: &str| {
        [what, who, which, refused, "127.0.0.1"].map(ToOwned::to_owned)
    };
    assert_eq!(
        lines,
        [
            line("logout", "user:ada", "", ""),
            line("user.create", "user:ada", "bob", ""),
            line("login", "user:ada", "", ""),
            line("login", "unknown", "", "login-refused"),
            line("login", "user:ada", "", "login-refused"),
            line("set-up", "user:ada", "", ""),
        ]
    );
    let users = with(&served, &ada, "GET", USERS, None);
    let secrets = [
        ada.split_once('=').unwrap().1.to_owned(),
        secret,
        PASSWORD.into(),
        OTHER.into(),
        TYPED.into(),
    ];
    let answers =
        [&audit, &users, &made, &broken, &who(&served, &ada)].map(|reply| reply.text.clone());
    for secret in &secrets {
        assert_eq!(holds(rollcall.data(), secret), [""; 0]);
        assert!(answers.iter().all(|text| !text.contains(secret.as_str())));
        assert!(!first.text.contains(secret.as_str()));
    }
    assert!(answers.iter().all(|text| !text.contains("argon2")));
    served.end().unwrap();
    let logged = fs::read_to_string(log.path()).unwrap();
    assert!(!logged.is_empty());
    for secret in &secrets {
        assert!(!logged.contains(secret.as_str()), "{secret}");
        assert_eq!(holds(rollcall.data(), secret), [""; 0]);
    }
    // What is searched for would be found: the user's name is there.
    assert!(!holds(rollcall.data(), "ada").is_empty());
}
