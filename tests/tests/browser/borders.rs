//! Other sites, other tenants, whoever only looks, and sessions.

use std::fs;

use rollcall::demo::directory::tls::Authority;
use rollcall_tests::browser::run;
use rollcall_tests::contents::Contents;
use rollcall_tests::served::Served;
use rollcall_tests::tenancy::{TENANT, Tenancy, program, sound};
use serde_json::{Value, json};

const OTHER: &str = "elsewhere";
/// The console's own list of its pages, so that no new one is forgotten.
const ROUTES: &str = include_str!("../../../host-harness/src/service/http/web/routes.rs");

/// Path and methods of every page.
fn routes() -> Vec<Value> {
    let calls = ROUTES.split(".route(").skip(1);
    let found: Vec<Value> = calls
        .map(|call| {
            let call = call.split(".layer(").next().unwrap();
            let path = call.split('"').nth(1).unwrap();
            json!({ "path": path, "get": call.contains("get("), "post": call.contains("post(") })
        })
        .collect();
    assert!(found.len() >= 35, "{} pages were found", found.len());
    found
}

#[test]
fn other_sites_other_tenants_and_other_sessions_are_kept_out() {
    let tenancy = Tenancy::synced(sound(20)).unwrap();
    let rollcall = &tenancy.rollcall;
    rollcall.expect(0, &["install", OTHER]).unwrap();
    super::admin(rollcall);
    super::user(rollcall, "eve", "admin", &[OTHER]);
    let served = Served::start(rollcall, &[]).unwrap();
    // The same over TLS, with nothing in it.
    let safe = program().unwrap();
    super::admin(&safe);
    let identity = Authority::new("Rollcall test authority")
        .unwrap()
        .issue_for(&[])
        .unwrap();
    let [certificate, key] = [
        ("tls.crt", &identity.certificate),
        ("tls.key", &identity.key),
    ]
    .map(|(name, pem)| {
        let file = safe.data().join(name);
        fs::write(&file, pem).unwrap();
        file.to_string_lossy().into_owned()
    });
    let arguments = ["--tls-certificate", &certificate, "--tls-key", &key];
    let protected = Served::start(&safe, &arguments).unwrap();
    let page = served.get("/login", "").unwrap().text;
    let style = page.split("/assets/").nth(1).unwrap();
    let facts = json!({
        "url": served.url, "safe": protected.url, "user": super::USER, "stranger": "eve", "password": super::PASSWORD,
        "tenant": TENANT, "other": OTHER, "routes": routes(), "style": style.split('"').next().unwrap(),
    });
    let mut remembered = Contents::default();
    run("borders", &facts, |asked| {
        match asked["ask"].as_str().unwrap_or_default() {
            "remember" => {
                remembered = tenancy.contents()?;
                Ok(json!({}))
            }
            "compare" => {
                let mut changed = remembered.differences(&tenancy.contents()?);
                // What a stranger tried with their own tenant is in the log, which counts.
                let tried = format!("'user:eve','127.0.0.1','{OTHER}'");
                changed.retain(|one| {
                    let logged = one.starts_with("+ deed:") && one.contains(&tried);
                    !logged && !one[2..].starts_with("sqlite_sequence: 'deed'")
                });
                Ok(json!({ "differences": changed }))
            }
            _ => super::nothing(asked),
        }
    })
    .unwrap();
    served.end().unwrap();
    protected.end().unwrap();
}
