//! The log of what was done: the command line's deeds stand in it beside those of tokens and users, and say whose they are.
#![expect(clippy::unwrap_used, reason = "tests")]

use rollcall_tests::served::Served;
use rollcall_tests::tenancy::{TENANT, Tenancy, sound};
use serde_json::{Value, json};

/// The log, the oldest first: who, what, which, and the code of a refusal.
fn log(served: &Served, token: &str, place: &str) -> Vec<[String; 4]> {
    let log = served.get(place, token).unwrap().json();
    let text = |deed: &Value, key: &str| deed[key].as_str().unwrap().to_owned();
    let lines = log.as_array().unwrap().iter().rev();
    lines
        .map(|deed| ["who", "what", "which", "refused"].map(|key| text(deed, key)))
        .collect()
}

fn line(who: &str, what: &str, which: &str, refused: &str) -> [String; 4] {
    [who, what, which, refused].map(str::to_owned)
}

#[test]
fn what_the_command_line_does_is_noted_and_what_it_looks_at_is_not() {
    let tenancy = Tenancy::installed(sound(20)).unwrap();
    let rollcall = &tenancy.rollcall;
    let made = ["token", "create", "ops", "--rank", "admin"];
    let made = rollcall.expect(0, &made).unwrap();
    let admin = made.at("/secret").as_str().unwrap().to_owned();
    let plugin = ["plugin", "upgrade", TENANT, "--dry-run"];
    let commands: [(i32, &[&str]); 14] = [
        (3, &["configure", TENANT, "--set=port=70000"]),
        (
            0,
            &[
                "schedule",
                "set",
                TENANT,
                "--daily",
                "--start",
                "2020-01-01T00:00",
            ],
        ),
        (0, &["retention", TENANT, "--days", "30"]),
        (0, &["people", "seats", TENANT, "7"]),
        (3, &plugin),
        (3, &["approve", TENANT, "99", "0123456789abcdef"]),
        (3, &["discard", TENANT, "99"]),
        (3, &["undo", TENANT, "99"]),
        (0, &["key", "rotate"]),
        (3, &["token", "revoke", "99"]),
        // These look.
        (0, &["tenants"]),
        (0, &["retention", TENANT]),
        (0, &["schedule", "show", TENANT]),
        (0, &["token", "list"]),
    ];
    for (exit, command) in commands {
        rollcall.expect(exit, command).unwrap();
    }
    let leave = ["uninstall", TENANT, "--people=keep", "--yes"];
    rollcall.expect(0, &leave).unwrap();
    let served = Served::start(rollcall, &[]).unwrap();
    let lines = log(&served, &admin, "/api/v1/audit");
    let here = |what, which, refused| line("command line", what, which, refused);
    assert_eq!(
        lines,
        [
            here("install", "bundled", ""),
            here("token.create", "1 ops, admin, every tenant", ""),
            here("configure", "port", "required"),
            here("schedule", "", ""),
            here("retention", "30", ""),
            here("seats", "7", ""),
            here("plugin.upgrade dry-run", "bundled", "same-plugin"),
            here("run.approve", "99", "not-configured"),
            here("run.discard", "99", "unknown-run"),
            here("run.undo", "99", "unknown-run"),
            here("key.rotate", "", ""),
            here("token.revoke", "99", "unknown-token"),
            here("uninstall", "keep", ""),
        ]
    );
    served.end().unwrap();
}

#[test]
fn nobody_can_be_called_so_that_the_log_takes_them_for_another() {
    let tenancy = Tenancy::installed(sound(20)).unwrap();
    let rollcall = &tenancy.rollcall;
    let token = |name: &str, tenants: &[&str]| {
        let made = [&["token", "create", name, "--rank", "admin"], tenants].concat();
        let made = rollcall.expect(0, &made).unwrap();
        made.at("/secret").as_str().unwrap().to_owned()
    };
    let whole = token("command line", &[]);
    let own = token("user:ada", &["--tenant", TENANT]);
    let served = Served::start(rollcall, &[]).unwrap();
    let wish = |name: &str| json!({ "name": name, "rank": "viewer", "tenants": [TENANT, "globex"], "days": 1 });
    let ask = |wish: &Value| {
        let made = served.ask("POST", "/api/v1/tokens", &whole, Some(wish), &[]);
        made.unwrap().status
    };
    assert_eq!((ask(&wish("ada")), ask(&wish(""))), (201, 422));
    let days = json!({ "days": 9 });
    let place = format!("/api/v1/tenants/{TENANT}");
    let kept = served.ask("PUT", &format!("{place}/retention"), &own, Some(&days), &[]);
    assert_eq!(kept.unwrap().status, 200);
    let revoked = served.ask("DELETE", "/api/v1/tokens/3", &whole, None, &[]);
    assert_eq!(revoked.unwrap().status, 204);
    let all = log(&served, &whole, "/api/v1/audit");
    assert_eq!(
        all[3..],
        [
            line(
                "token:command line",
                "token.create",
                "3 ada, viewer, acme, globex",
                ""
            ),
            line(
                "token:command line",
                "token.create",
                ", viewer, acme, globex",
                "bad-token"
            ),
            line("token:user:ada", "retention", "", ""),
            line("token:command line", "token.revoke", "3 ada", ""),
        ]
    );
    let own = log(&served, &own, &format!("{place}/audit"));
    assert_eq!(own, [all[0].clone(), all[5].clone()]);
    served.end().unwrap();
}
