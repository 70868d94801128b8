//! Every screen in its states, for whoever cannot see it.

use rollcall::demo::directory::{Deed, Fault, Options, When};
use rollcall_tests::browser::run;
use rollcall_tests::served::Served;
use rollcall_tests::tenancy::{TENANT, Tenancy};
use serde_json::json;

/// A tenant with nothing but the plugin, one that has left, and one with a schedule and nobody.
const FRESH: &str = "fresh";
const LEFT: &str = "left";
/// Where the directory is not to be had.
const DIRECTORY: i32 = 4;

#[test]
fn every_screen_is_accessible_in_light_and_dark_and_on_narrow_screens() {
    let options = Options {
        people: 300,
        ..Options::default()
    };
    let tenancy = Tenancy::synced(options).unwrap();
    let rollcall = &tenancy.rollcall;
    for tenant in [FRESH, LEFT] {
        rollcall
            .expect(0, &["install", tenant, "--allow-loopback"])
            .unwrap();
    }
    let leave = ["uninstall", LEFT, "--yes", "--people=keep"];
    rollcall.expect(0, &leave).unwrap();
    // A run that failed, and a plan that a guard holds.
    tenancy
        .directory
        .set_faults(vec![Fault::always(When::Connected, Deed::Reset)]);
    tenancy.sync(DIRECTORY).unwrap();
    tenancy.directory.set_faults(Vec::new());
    tenancy
        .configure(0, &["--set=guard-count=1", "--set=guard-percent=1"])
        .unwrap();
    tenancy.leave(&(100..140).collect::<Vec<_>>()).unwrap();
    tenancy.sync(6).unwrap();
    super::admin(rollcall);
    super::user(rollcall, "vera", "viewer", &[TENANT]);
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
        "/install",
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
        "/schedule",
        "/history",
        "/plugin",
        "/audit",
        "/uninstall",
    ] {
        paths.extend([of(TENANT, path), of(FRESH, path)]);
    }
    paths.push(of(LEFT, "/receipt"));
    paths.extend(
        [
            "/runs/1",
            "/runs/1/rows",
            "/runs/1/rows?person=nobody",
            "/runs/2",
            "/runs/2/rows",
            "/runs/3",
            "/runs/3/rows",
            "/runs/99",
            "/person?person=nobody",
        ]
        .map(|path| of(TENANT, path)),
    );
    let looked_at = [
        "",
        "/configuration",
        "/mapping",
        "/runs",
        "/runs/3",
        "/unsynced",
        "/people",
        "/person",
        "/schedule",
        "/history",
        "/plugin",
        "/audit",
        "/uninstall",
    ];
    let facts = json!({
        "url": served.url, "user": super::USER, "viewer": "vera", "password": super::PASSWORD,
        "paths": paths, "barred": [of(TENANT, "/uninstall")], "looked_at": looked_at.map(|path| of(TENANT, path)),
    });
    run("screens", &facts, super::nothing).unwrap();
    served.end().unwrap();
}
