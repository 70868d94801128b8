//! A tenant's life by HTTP and by the command line: installed, given another plugin and back, a run undone, uninstalled.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::{Duration, Instant};

use rollcall::demo::directory::{Deed, Fault, When};
use rollcall::sandbox::BUNDLED;
use rollcall_tests::component;
use rollcall_tests::served::{Reply, Served};
use rollcall_tests::tenancy::{TENANT, Tenancy, rows_of, sound};
use serde_json::{Value, json};

const PEOPLE: u64 = 60;
const GLOBEX: &str = "globex";

/// The bundled plugin with other bytes: a custom section of its own.
fn other(name: &str) -> Vec<u8> {
    let mut bytes = BUNDLED.to_vec();
    let length = u8::try_from(name.len()).unwrap();
    bytes.extend([0, length + 1, length]);
    bytes.extend(name.bytes());
    bytes
}

/// A token's secret.
fn token(tenancy: &Tenancy, rank: &str, tenants: &[&str]) -> String {
    let mut arguments = vec!["token", "create", "test", "--rank", rank];
    for tenant in tenants {
        arguments.extend(["--tenant", tenant]);
    }
    let made = tenancy.rollcall.expect(0, &arguments).unwrap();
    made.at("/secret").as_str().unwrap().to_owned()
}

fn place(tenant: &str, rest: &str) -> String {
    format!("/api/v1/tenants/{tenant}{rest}")
}

fn post(served: &Served, token: &str, place: &str, body: &Value) -> Reply {
    served.ask("POST", place, token, Some(body), &[]).unwrap()
}

fn is(reply: &Reply, status: u16, code: &str) {
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (status, code),
        "{reply:?}"
    );
}

/// Waits until the newest run stands so.
fn until(served: &Served, token: &str, status: &str) -> i64 {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let runs = served
            .get(&place(TENANT, "/runs?limit=1"), token)
            .unwrap()
            .json();
        if runs[0]["status"] == status {
            return runs[0]["id"].as_i64().unwrap();
        }
        assert!(Instant::now() < end, "no run is {status}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_tenant_is_installed_by_whoever_may_and_described() {
    let tenancy = Tenancy::installed(sound(PEOPLE)).unwrap();
    let (whole, own) = (
        token(&tenancy, "admin", &[]),
        token(&tenancy, "admin", &[GLOBEX]),
    );
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let plugin = place(GLOBEX, "/plugin");
    is(&served.get(&plugin, &own).unwrap(), 404, "not-installed");
    let bad = served.send(&plugin, &own, b"hello").unwrap();
    is(&bad, 422, "not-a-component");
    let sockets = component::importing("wasi:sockets/tcp@0.2.6").unwrap();
    let sockets = served.send(&plugin, &own, &sockets).unwrap();
    is(&sockets, 422, "import-refused");
    let large = served
        .send(&plugin, &own, &vec![0; (32 << 20) + 1])
        .unwrap();
    is(&large, 413, "component-too-large");
    // What is not an ordinary address is for whoever runs the host to allow.
    let loopback = format!("{plugin}?allow_loopback=true");
    is(
        &served.send(&loopback, &own, b"").unwrap(),
        403,
        "reach-too-small",
    );
    is(&served.get(&plugin, &own).unwrap(), 404, "not-installed");

    let made = served.send(&plugin, &own, b"").unwrap();
    assert_eq!(made.status, 201, "{made:?}");
    is(
        &served.send(&plugin, &own, b"").unwrap(),
        409,
        "already-installed",
    );
    let told = served.get(&plugin, &own).unwrap().json();
    assert_eq!(told, made.json());
    let inspected = tenancy.rollcall.expect(0, &["plugin", "inspect"]).unwrap();
    assert_eq!(&told["digest"], inspected.at("/digest"));
    for key in ["name", "version", "form", "needs"] {
        assert_eq!(
            &told[key],
            inspected.at(&format!("/description/{key}")),
            "{key}"
        );
    }
    assert_eq!(told["before"], Value::Null);
    assert_eq!(told["endpoints"]["loopback"], false);
    assert_eq!(told["limits"]["memory"], 256 << 20);
    let imports = told["imports"].as_array().unwrap();
    let ldap = imports.iter().find(|one| {
        one["name"]
            .as_str()
            .unwrap()
            .contains("directory-sync/ldap")
    });
    assert!(
        ldap.unwrap()["words"]
            .as_str()
            .unwrap()
            .contains("read the directory")
    );

    // Elsewhere it may connect to the machine itself, for the host's own admin said so.
    let initech = place("initech", "/plugin?allow_loopback=true");
    let made = served.send(&initech, &whole, &other("two")).unwrap();
    assert_eq!(
        (made.status, &made.json()["endpoints"]["loopback"]),
        (201, &json!(true))
    );
    assert_ne!(made.json()["digest"], told["digest"]);
    for (tenant, works) in [(GLOBEX, false), ("initech", true)] {
        let settings = place(tenant, "/settings");
        let settings = settings.as_str();
        let change = json!({ "settings": { "url": tenancy.url(), "security": "plain", "bind-name": tenancy.directory.bind_name(),
            "base-dn": "ou=People,dc=example,dc=org" }, "secrets": { "password": tenancy.directory.password() } });
        let configured = served
            .ask(
                "PATCH",
                settings,
                &whole,
                Some(&change),
                &[("if-match", "\"\"")],
            )
            .unwrap();
        assert_eq!(configured.status, 200, "{configured:?}");
        let verified = post(&served, &whole, &place(tenant, "/verify"), &json!({}));
        assert_eq!(
            !verified.text.contains("endpoint-refused"),
            works,
            "{verified:?}"
        );
    }
    served.end().unwrap();
}

#[test]
fn a_plugin_is_exchanged_for_another_and_back() {
    let tenancy = Tenancy::synced(sound(PEOPLE)).unwrap();
    let admin = token(&tenancy, "admin", &[]);
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let digest = || {
        served
            .get(&place(TENANT, "/plugin"), &admin)
            .unwrap()
            .json()["digest"]
            .clone()
    };
    let (upgrade, rollback) = (
        place(TENANT, "/plugin/upgrade"),
        place(TENANT, "/plugin/rollback"),
    );
    let first = digest();
    // The tenant may connect to this machine: whoever administers it alone does not choose what does.
    let own = token(&tenancy, "admin", &[TENANT]);
    is(
        &served.send(&upgrade, &own, b"").unwrap(),
        403,
        "reach-too-small",
    );
    is(
        &post(&served, &admin, &rollback, &json!({})),
        409,
        "no-rollback",
    );
    is(
        &served.send(&upgrade, &admin, b"").unwrap(),
        409,
        "same-plugin",
    );
    for (bytes, code) in [
        (b"hello".to_vec(), "not-a-component"),
        (
            component::importing("wasi:http/types@0.2.6").unwrap(),
            "import-refused",
        ),
        (component::empty().unwrap(), "export-missing"),
    ] {
        let refused = served.send(&upgrade, &admin, &bytes).unwrap();
        is(&refused, 422, code);
    }
    // These describe themselves, and cannot read what the tenant has stored.
    let lenient = served
        .send(&upgrade, &admin, &component::lenient().unwrap())
        .unwrap();
    assert!(
        lenient.status >= 422 && lenient.code() == "plugin-trap",
        "{lenient:?}"
    );
    let forgets = component::forgetful().unwrap();
    is(
        &served.send(&upgrade, &admin, &forgets).unwrap(),
        422,
        "state-unreadable",
    );
    assert_eq!(digest(), first, "nothing was changed by any of them");

    tenancy.rollcall.expect(0, &["plan", TENANT]).unwrap();
    let waits = tenancy.last_run().unwrap()["id"].clone();
    let looked = served
        .send(&format!("{upgrade}?dry_run=true"), &admin, &other("two"))
        .unwrap();
    assert_eq!(
        (looked.status, &looked.json()["done"]),
        (200, &json!(false)),
        "{looked:?}"
    );
    assert_eq!(
        (digest(), &looked.json()["discarded"]),
        (first.clone(), &json!([waits]))
    );
    let done = served.send(&upgrade, &admin, &other("two")).unwrap();
    assert_eq!(
        (&done.json()["done"], &done.json()["added"]),
        (&json!(true), &json!([])),
        "{done:?}"
    );
    assert_eq!(
        (
            &done.json()["from"]["digest"],
            done.json()["to"]["digest"].clone()
        ),
        (&first, digest())
    );
    let thrown = served
        .get(&place(TENANT, &format!("/runs/{waits}")), &admin)
        .unwrap();
    assert_eq!(thrown.json()["status"], "discarded");
    let asked = post(
        &served,
        &admin,
        &place(TENANT, "/runs"),
        &json!({ "mode": "changes" }),
    );
    let run = served
        .over(TENANT, asked.json()["id"].as_i64().unwrap(), &admin)
        .unwrap();
    assert_eq!(
        (
            &run["status"],
            rows_of(&run, "create"),
            rows_of(&run, "update")
        ),
        (&json!("applied"), 0, 0),
        "{run:#}"
    );

    let back = post(&served, &admin, &rollback, &json!({}));
    assert_eq!((back.status, digest()), (200, first.clone()), "{back:?}");
    served.end().unwrap();
    // The command line does the same.
    let file = tenancy.rollcall.data().join("three.wasm");
    std::fs::write(&file, other("three")).unwrap();
    let component = format!("--component={}", file.display());
    let looked = tenancy
        .rollcall
        .expect(0, &["plugin", "upgrade", TENANT, &component, "--dry-run"])
        .unwrap();
    assert_eq!(
        (looked.at("/done"), looked.at("/from/digest")),
        (&json!(false), &first)
    );
    let done = tenancy
        .rollcall
        .expect(0, &["plugin", "upgrade", TENANT, &component])
        .unwrap();
    assert_eq!(done.at("/to/digest"), looked.at("/to/digest"));
    tenancy.sync(0).unwrap();
    let same = tenancy
        .rollcall
        .expect(3, &["plugin", "upgrade", TENANT, &component])
        .unwrap();
    assert_eq!(same.problem_codes(), ["same-plugin"]);
    tenancy
        .rollcall
        .expect(0, &["plugin", "rollback", TENANT])
        .unwrap();
    tenancy.sync(0).unwrap();
    // The present one, and the one to which one could go back.
    assert_eq!(tenancy.contents().unwrap().count("component"), 2);
}

#[test]
fn a_run_under_way_keeps_its_plugin_and_its_tenant_until_it_is_cancelled() {
    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let admin = token(&tenancy, "admin", &[]);
    let stall = Fault::always(When::EveryPage, Deed::Silence);
    tenancy.directory.set_faults(vec![stall]);
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let runs = place(TENANT, "/runs");
    post(&served, &admin, &runs, &json!({ "mode": "full" }));
    until(&served, &admin, "planning");
    post(&served, &admin, &runs, &json!({ "mode": "full" }));
    let upgrade = place(TENANT, "/plugin/upgrade");
    is(
        &served.send(&upgrade, &admin, &other("two")).unwrap(),
        409,
        "tenant-busy",
    );
    let leave = place(TENANT, "/uninstall");
    let kept = post(&served, &admin, &leave, &json!({ "people": "keep" }));
    is(&kept, 409, "tenant-busy");
    let typed = ["uninstall", TENANT, "--people=keep", "--yes"];
    let typed = tenancy.rollcall.expect(9, &typed).unwrap();
    assert_eq!(typed.problem_codes(), ["tenant-busy"]);
    until(&served, &admin, "queued");
    let gone = post(
        &served,
        &admin,
        &leave,
        &json!({ "people": "keep", "cancel": true }),
    );
    assert_eq!(gone.status, 200, "{gone:?}");
    let removed = gone.json()["receipt"]["removed"].clone();
    let count = |what: &str| {
        let lines = removed.as_array().unwrap();
        let line = lines.iter().find(|line| line["what"] == what);
        line.map_or(0, |line| line["count"].as_u64().unwrap())
    };
    assert_eq!(
        (count("credentials destroyed"), count("runs")),
        (1, 2),
        "{removed:#}"
    );
    // Nothing of it comes back.
    std::thread::sleep(Duration::from_secs(2));
    is(&served.get(&runs, &admin).unwrap(), 404, "not-installed");
    assert_eq!(tenancy.contents().unwrap().count("run"), 0);
    assert_eq!(served.get("/readyz", "").unwrap().status, 200);
    served.end().unwrap();
}

#[test]
fn whoever_leaves_has_a_receipt_and_its_token_reaches_nothing_else_nor_the_next_of_the_name() {
    let tenancy = Tenancy::synced(sound(PEOPLE)).unwrap();
    let (admin, whole) = (
        token(&tenancy, "admin", &[TENANT]),
        token(&tenancy, "admin", &[]),
    );
    let elsewhere = token(&tenancy, "viewer", &[GLOBEX]);
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let leave = place(TENANT, "/uninstall");
    is(
        &served.get(&place(TENANT, "/receipt"), &admin).unwrap(),
        404,
        "no-receipt",
    );
    is(
        &post(&served, &admin, &leave, &json!({})),
        422,
        "bad-request",
    );
    let gone = post(&served, &admin, &leave, &json!({ "people": "deactivate" }));
    assert_eq!(gone.status, 200, "{gone:?}");
    assert_eq!(rows_of(&gone.json()["deactivated"], "deactivate"), PEOPLE);
    let receipt = served.get(&place(TENANT, "/receipt"), &admin).unwrap();
    assert_eq!(
        (receipt.status, &receipt.json()["receipt"]),
        (200, &gone.json()["receipt"])
    );
    assert_eq!(
        served
            .get(&place(TENANT, "/receipt"), &whole)
            .unwrap()
            .json(),
        receipt.json()
    );
    let typed = tenancy.rollcall.expect(0, &["receipt", TENANT]).unwrap();
    assert_eq!(typed.result(), &receipt.json());
    for rest in [
        "",
        "/plugin",
        "/settings",
        "/runs",
        "/runs/1/rows",
        "/unsynced.csv",
        "/audit",
    ] {
        is(
            &served.get(&place(TENANT, rest), &admin).unwrap(),
            404,
            "not-installed",
        );
    }
    is(
        &post(
            &served,
            &admin,
            &place(TENANT, "/runs"),
            &json!({ "mode": "full" }),
        ),
        404,
        "not-installed",
    );
    assert_eq!(
        served.get("/api/v1/tenants", &admin).unwrap().json(),
        json!([])
    );
    let contents = tenancy.contents().unwrap();
    assert_eq!(
        (
            contents.count("secret"),
            contents.count("component"),
            contents.count("person")
        ),
        (0, 0, contents.count("person_values"))
    );
    let told = gone.json()["receipt"]["removed"].clone();
    let mut told = told.as_array().unwrap().iter();
    let withdrawn = told.find(|line| line["what"] == "tokens and users that reach it no more");
    assert_eq!(withdrawn.unwrap()["count"], 1);
    let theirs = served.get(&place(TENANT, "/receipt"), &elsewhere).unwrap();
    is(&theirs, 404, "not-installed");
    let own = served.send(&place(TENANT, "/plugin"), &admin, b"").unwrap();
    is(&own, 404, "not-installed");
    // Whoever comes back begins without the policy of before.
    let again = served.send(&place(TENANT, "/plugin"), &whole, b"").unwrap();
    assert_eq!(
        (again.status, &again.json()["endpoints"]["loopback"]),
        (201, &json!(false)),
        "{again:?}"
    );
    // Another may be the next: whoever was given the one before sees nothing of it, but the receipt of then.
    is(
        &served.get(&place(TENANT, "/plugin"), &admin).unwrap(),
        404,
        "not-installed",
    );
    assert_eq!(
        served
            .get(&place(TENANT, "/receipt"), &admin)
            .unwrap()
            .json(),
        receipt.json()
    );
    let leave = ["uninstall", TENANT, "--people=keep", "--cancel", "--yes"];
    tenancy.rollcall.expect(0, &leave).unwrap();
    let next = served.get(&place(TENANT, "/receipt"), &admin).unwrap();
    is(&next, 404, "not-installed");
    served.end().unwrap();
    let missing = tenancy.rollcall.expect(3, &["receipt", "nobody"]).unwrap();
    assert_eq!(missing.problem_codes(), ["no-receipt"]);
}

#[test]
fn a_run_is_undone_by_a_plan_that_is_looked_at_and_applied() {
    let tenancy = Tenancy::configured(sound(PEOPLE)).unwrap();
    let admin = token(&tenancy, "admin", &[TENANT]);
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let runs = place(TENANT, "/runs");
    let asked = post(&served, &admin, &runs, &json!({ "mode": "full" }));
    let run = asked.json()["id"].as_i64().unwrap();
    served.over(TENANT, run, &admin).unwrap();
    let undone = post(&served, &admin, &format!("{runs}/{run}/undo"), &json!({}));
    assert_eq!(
        (undone.status, &undone.json()["status"]),
        (201, &json!("planned")),
        "{undone:?}"
    );
    assert_eq!(
        (
            &undone.json()["mode"],
            rows_of(&undone.json(), "deactivate")
        ),
        (&json!("undo"), PEOPLE)
    );
    let undo = undone.json()["id"].as_i64().unwrap();
    let dry = post(&served, &admin, &format!("{runs}/{undo}/undo"), &json!({}));
    is(&dry, 409, "not-undoable");
    assert_eq!(
        served
            .get(&format!("{runs}/{undo}"), &admin)
            .unwrap()
            .json()["status"],
        "planned"
    );
    let applied = post(&served, &admin, &format!("{runs}/{undo}/apply"), &json!({}));
    assert_eq!(applied.status, 202, "{applied:?}");
    let over = served.over(TENANT, undo, &admin).unwrap();
    assert_eq!(over["status"], "applied", "{over:#}");
    let gone = post(&served, &admin, &format!("{runs}/99/undo"), &json!({}));
    is(&gone, 404, "unknown-run");
    // A plan of the command line is applied by the service too.
    tenancy.rollcall.expect(6, &["plan", TENANT]).unwrap();
    let plan = tenancy.last_run().unwrap();
    let digest = plan["digest"].as_str().unwrap();
    let plan = plan["id"].as_i64().unwrap().to_string();
    let approve = ["approve", TENANT, &plan, digest, "--no-apply"];
    tenancy.rollcall.expect(0, &approve).unwrap();
    assert_eq!(
        post(&served, &admin, &format!("{runs}/{plan}/apply"), &json!({})).status,
        202
    );
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let now = served
            .get(&format!("{runs}/{plan}"), &admin)
            .unwrap()
            .json();
        if now["status"] == "applied" {
            assert_eq!(rows_of(&now, "reactivate"), PEOPLE, "{now:#}");
            break;
        }
        assert!(Instant::now() < end, "{now:#}");
        std::thread::sleep(Duration::from_millis(100));
    }
    served.end().unwrap();
}
