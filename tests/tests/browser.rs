//! The console in a real browser.
#![expect(clippy::unwrap_used, reason = "tests")]

use rollcall::demo::directory::Options;
use rollcall_tests::browser::run;
use rollcall_tests::rollcall::Rollcall;
use rollcall_tests::served::Served;
use rollcall_tests::tenancy::{TENANT, Tenancy, trouble};
use serde_json::{Value, json};

const USER: &str = "ada";
const PASSWORD: &str = "a long pass-phrase";

/// Makes an admin of everything.
fn admin(rollcall: &Rollcall) {
    let file = rollcall.password_file(PASSWORD).unwrap();
    let path = file.to_string_lossy();
    let arguments = [
        "user",
        "create",
        USER,
        "--rank",
        "admin",
        "--password-file",
        &path,
    ];
    rollcall.expect(0, &arguments).unwrap();
}

/// Nothing outside of the browser is asked for.
fn nothing(asked: &Value) -> Result<Value, rollcall_tests::tenancy::Trouble> {
    Err(trouble(format!("nobody does {asked}")))
}

#[test]
fn every_screen_is_accessible_in_light_and_dark_and_on_narrow_screens() {
    let options = Options {
        people: 300,
        ..Options::default()
    };
    let tenancy = Tenancy::synced(options).unwrap();
    let rollcall = &tenancy.rollcall;
    rollcall
        .expect(0, &["install", "fresh", "--allow-loopback"])
        .unwrap();
    // A plan that a guard holds.
    tenancy
        .configure(0, &["--set=guard-count=1", "--set=guard-percent=1"])
        .unwrap();
    tenancy.leave(&(100..140).collect::<Vec<_>>()).unwrap();
    tenancy.sync(6).unwrap();
    admin(rollcall);
    let served = Served::start(rollcall, &[]).unwrap();
    let of = |tenant: &str, path: &str| format!("/tenants/{tenant}{path}");
    let mut paths: Vec<String> = [
        "/",
        "/?q=zz",
        "/settings",
        "/settings/tokens",
        "/settings/hosts",
        "/settings/keys",
        "/settings/audit",
        "/account",
        "/nothing",
        "/tenants/nobody",
    ]
    .map(str::to_owned)
    .into();
    for path in [
        "",
        "/configuration",
        "/mapping",
        "/runs",
        "/unsynced",
        "/people",
        "/person",
        "/audit",
    ] {
        paths.extend([of(TENANT, path), of("fresh", path)]);
    }
    paths.extend(
        [
            "/runs/1",
            "/runs/1/rows",
            "/runs/2",
            "/runs/2/rows",
            "/runs/99",
            "/person?person=nobody",
        ]
        .map(|path| of(TENANT, path)),
    );
    let facts = json!({ "url": served.url, "user": USER, "password": PASSWORD, "paths": paths });
    run("screens", &facts, nothing).unwrap();
    served.end().unwrap();
}
