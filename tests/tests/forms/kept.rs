//! The console's forms: what is typed stays where it is refused, with what is wrong at its field, and what can be changed back.

use super::{api, deed, deeds, has, led, of, scene};
use rollcall_tests::portal::Portal;
use rollcall_tests::served::Served;
use rollcall_tests::tenancy::{TENANT, program};
use rollcall_tests::visitor::{PASSWORD, Visitor, hidden, wrong};
use serde_json::{Value, json};

/// Exit codes of the command line.
const TROUBLE: i32 = 1;
const REFUSED: i32 = 3;
const UNREACHED: i32 = 4;

#[test]
fn whoever_reaches_everything_changes_what_a_plugin_may_connect_to() {
    let (tenancy, served) = scene();
    let verify = |exit: i32| {
        let verified = tenancy.rollcall.expect(exit, &["verify", TENANT]).unwrap();
        verified.result().to_string()
    };
    let (ada, amy) = (
        Visitor::logged_in(&served, "ada").unwrap(),
        Visitor::logged_in(&served, "amy").unwrap(),
    );
    let page = of("plugin");
    let ticked = "name=\"allow-loopback\" value=\"true\" checked";
    assert!(has(&ada.get(&page).unwrap(), ticked));
    assert!(!has(&amy.get(&page).unwrap(), "allow-loopback"));
    verify(0);
    let none = [("action", "endpoints")];
    let all = [
        ("action", "endpoints"),
        ("allow-loopback", "true"),
        ("allow-metadata", "true"),
    ];
    // Whoever administers the tenant alone changes nothing, neither way.
    for form in [&none[..], &all] {
        let refused = amy.send(&page, form).unwrap();
        assert_eq!(refused.status, 403, "{refused:?}");
        assert!(has(&refused, "reach-too-small"), "{refused:?}");
    }
    let path = format!("/api/v1{page}/endpoints");
    let nothing = json!({ "loopback": false, "link_local": false, "metadata": false });
    let refused = api(&amy, &served, "PUT", &path, &nothing);
    assert_eq!((refused.status, &*refused.code()), (403, "reach-too-small"));
    verify(0);
    // On the page.
    let to = format!("{page}?done=endpoints");
    assert_eq!(led(&ada.send(&page, &none).unwrap()), to);
    let shown = ada.get(&to).unwrap();
    assert!(
        has(&shown, "is stored") && !has(&shown, ticked),
        "{shown:?}"
    );
    assert!(verify(UNREACHED).contains("endpoint-refused"));
    assert_eq!(led(&ada.send(&page, &all).unwrap()), to);
    let shown = ada.get(&page).unwrap();
    assert!(
        has(&shown, ticked) && has(&shown, "<li>Where clouds"),
        "{shown:?}"
    );
    verify(0);
    // By the interface: all of it is said, or it is refused.
    let partly = api(&ada, &served, "PUT", &path, &json!({ "loopback": true }));
    assert_eq!((partly.status, &*partly.code()), (422, "bad-request"));
    let changed = api(&ada, &served, "PUT", &path, &nothing);
    assert_eq!((changed.status, changed.json()), (200, nothing.clone()));
    assert!(verify(UNREACHED).contains("endpoint-refused"));
    let nobodys = api(
        &ada,
        &served,
        "PUT",
        &path.replace(TENANT, "nowhere"),
        &nothing,
    );
    assert_eq!((nobodys.status, &*nobodys.code()), (404, "not-installed"));
    // On the command line.
    let configure = ["configure", TENANT, "--allow-loopback"];
    tenancy.rollcall.expect(0, &configure).unwrap();
    verify(0);
    let told = api(
        &ada,
        &served,
        "GET",
        &format!("/api/v1{page}"),
        &Value::Null,
    )
    .json();
    assert_eq!(told["endpoints"]["loopback"], true);
    // What cannot be read allows nothing, and is put right by being said anew.
    let portal = Portal::of(tenancy.rollcall.data()).unwrap();
    let broken = format!("UPDATE tenant SET policy = '{{' WHERE name = '{TENANT}'");
    portal.execute(broken).unwrap();
    assert!(verify(TROUBLE).contains("policy-broken"));
    let loopback = json!({ "loopback": true, "link_local": false, "metadata": false });
    assert_eq!(api(&ada, &served, "PUT", &path, &loopback).status, 200);
    verify(0);
    assert_eq!(
        deeds(&ada, &served, "plugin.endpoints"),
        [
            deed("loopback", ""),
            deed("", ""),
            deed("loopback metadata", ""),
            deed("", ""),
            deed("", "reach-too-small"),
            deed("loopback metadata", "reach-too-small"),
            deed("", "reach-too-small"),
        ]
    );
}

#[test]
fn a_stored_password_is_removed_by_a_box_and_not_together_with_a_new_one() {
    let (tenancy, served) = scene();
    let ada = Visitor::logged_in(&served, "ada").unwrap();
    let portal = Portal::of(tenancy.rollcall.data()).unwrap();
    let stored = || {
        let all = "SELECT count(*) FROM secret WHERE ?1 <> ''";
        portal.number(all, TENANT).unwrap()
    };
    let page = of("configuration");
    let shown = ada.get(&page).unwrap();
    let boxed = "name=\"password-remove\" value=\"true\">Remove the stored password</label>";
    assert!(has(&shown, boxed), "{shown:?}");
    assert!(!has(&shown, "client-key-remove"), "none is stored");
    let expected = hidden(&shown, "expected").to_owned();
    let send = |form: &[(&str, &str)]| {
        let fixed = [("action", "save"), ("expected", expected.as_str())];
        ada.send(&page, &[&fixed[..], form].concat()).unwrap()
    };
    let removed = ("password-remove", "true");
    for action in ["save", "verify", "try", "detect"] {
        let form = [("action", action), ("password", "s3cret-s3cret"), removed];
        let both = ada.send(&page, &form).unwrap();
        assert_eq!(both.status, 422, "{action}: {both:?}");
        assert!(
            wrong(&both, "password", "contradiction"),
            "{action}: {both:?}"
        );
        assert!(
            has(&both, "value=\"true\" checked>Remove"),
            "the box stays ticked"
        );
        assert!(!has(&both, "s3cret-s3cret"), "{action}: {both:?}");
    }
    // A name needs a password.
    let named = send(&[removed]);
    assert!(wrong(&named, "password", "password-missing"), "{named:?}");
    assert_eq!(stored(), 1);
    assert_eq!(
        led(&send(&[removed, ("bind-name", "")])),
        of("configuration?done=configured")
    );
    assert_eq!(stored(), 0);
    let after = ada.get(&page).unwrap();
    assert!(!has(&after, "password-remove"), "{after:?}");
    assert_eq!(deeds(&ada, &served, "configure")[0], deed("password", ""));
}

#[test]
fn a_base_that_is_chosen_counts_without_a_script_and_what_is_typed_counts_until_then() {
    let (tenancy, served) = scene();
    let ada = Visitor::logged_in(&served, "ada").unwrap();
    let page = of("configuration");
    let detected = ada
        .send(&page, &[("action", "detect"), ("base-dn", "")])
        .unwrap();
    let typed = "name=\"base-dn-offered\" value=\"\" checked";
    assert!(has(&detected, typed), "{detected:?}");
    assert_eq!(
        detected
            .text
            .matches("type=\"radio\" name=\"base-dn-offered\"")
            .count(),
        2
    );
    let store = |chosen: &str| {
        let shown = ada.get(&page).unwrap();
        let form = [
            ("action", "save"),
            ("expected", hidden(&shown, "expected")),
            ("base-dn", "ou=People,dc=example,dc=org"),
            ("base-dn-offered", chosen),
        ];
        led(&ada.send(&page, &form).unwrap());
        let stored = tenancy.rollcall.expect(0, &["configure", TENANT]).unwrap();
        stored.result()["settings"]["base-dn"].clone()
    };
    assert_eq!(store("dc=example,dc=org"), "dc=example,dc=org");
    assert_eq!(store(""), "ou=People,dc=example,dc=org");
}

#[test]
fn a_mapping_without_any_rule_is_stored_by_nobody() {
    let (tenancy, served) = scene();
    let ada = Visitor::logged_in(&served, "ada").unwrap();
    let rules = || {
        let shown = tenancy
            .rollcall
            .expect(0, &["map", "show", TENANT])
            .unwrap();
        shown.result().clone()
    };
    let before = rules();
    let empty = [("action", "submit"), ("username", ""), ("email", "  ")];
    let refused = ada.send(&of("mapping"), &empty).unwrap();
    assert_eq!(refused.status, 422, "{refused:?}");
    assert!(wrong(&refused, "username", "missing-rule"), "{refused:?}");
    let path = format!("/api/v1{}", of("mapping"));
    let refused = api(&ada, &served, "PUT", &path, &json!({ "rules": [] }));
    assert_eq!((refused.status, &*refused.code()), (422, "missing-rule"));
    let refused = refused.json();
    let fields = refused["problems"].as_array().unwrap().iter();
    let fields: Vec<&Value> = fields.map(|problem| &problem["field"]).collect();
    assert_eq!(fields, ["username", "email", "last-name"]);
    assert_eq!(rules(), before);
}

#[test]
fn a_user_is_given_tenants_that_there_are() {
    let (tenancy, served) = scene();
    let ada = Visitor::logged_in(&served, "ada").unwrap();
    let form = |tenants: &'static str| {
        [
            ("name", "eve"),
            ("password", PASSWORD),
            ("rank", "operator"),
            ("reach", "some"),
            ("tenants", tenants),
        ]
    };
    let refused = ada.send("/settings", &form("acme globex")).unwrap();
    assert_eq!(refused.status, 422, "{refused:?}");
    assert!(wrong(&refused, "tenants", "unknown-tenant"), "{refused:?}");
    assert!(has(&refused, "value=\"acme globex\"") && has(&refused, "value=\"eve\""));
    let body = |tenants: Value| json!({ "name": "eve", "rank": "viewer", "tenants": tenants, "password": PASSWORD });
    let refused = api(
        &ada,
        &served,
        "POST",
        "/api/v1/users",
        &body(json!(["globex"])),
    );
    assert_eq!((refused.status, &*refused.code()), (422, "unknown-tenant"));
    assert_eq!(refused.json()["problems"][0]["field"], "tenants");
    let file = tenancy.rollcall.password_file(PASSWORD).unwrap();
    let path = file.to_string_lossy();
    let make = [
        "user",
        "create",
        "eve",
        "--rank",
        "viewer",
        "--tenant",
        "globex",
        "--password-file",
        &path,
    ];
    let refused = tenancy.rollcall.expect(REFUSED, &make).unwrap();
    assert_eq!(refused.problem_codes(), ["unknown-tenant"]);
    // Installed first, it is given.
    tenancy.rollcall.expect(0, &["install", "globex"]).unwrap();
    assert_eq!(
        led(&ada.send("/settings", &form("acme globex")).unwrap()),
        "/settings?done=created"
    );
    let users = api(&ada, &served, "GET", "/api/v1/users", &Value::Null).json();
    let users = users.as_array().unwrap().iter();
    let eve = users.clone().find(|user| user["name"] == "eve").unwrap();
    assert_eq!(eve["tenants"], json!(["acme", "globex"]));
    // A change is looked at like that too: what was typed stays, in the form of that user.
    let at = format!("/settings/users/{}", eve["id"]);
    let change = |tenants: &'static str| {
        let form = [
            ("rank", "viewer"),
            ("reach", "some"),
            ("tenants", tenants),
            ("disabled", "true"),
        ];
        ada.send(&at, &form).unwrap()
    };
    let refused = change("acme initech");
    let field = format!("tenants-{}", eve["id"]);
    assert!(wrong(&refused, &field, "unknown-tenant"), "{refused:?}");
    assert!(
        has(&refused, &format!("<a href=\"#{field}\">")),
        "{refused:?}"
    );
    assert!(has(&refused, "value=\"acme initech\"") && has(&refused, "<details open>"));
    assert!(
        !wrong(&refused, "tenants", "unknown-tenant"),
        "the other form is not meant"
    );
    assert_eq!(led(&change("acme")), "/settings?done=changed");
    let everywhere = json!({ "rank": "admin", "tenants": null, "disabled": false });
    assert_eq!(
        api(
            &ada,
            &served,
            "PUT",
            &format!("/api/v1/users/{}", eve["id"]),
            &everywhere
        )
        .status,
        200
    );
    let refused = change("initech");
    assert!(
        wrong(&refused, &field, "unknown-tenant"),
        "whoever reached everything reached none of that name: {refused:?}"
    );
}

#[test]
fn what_is_wrong_with_a_password_stands_at_its_field() {
    let (_tenancy, served) = scene();
    let (ada, amy) = (
        Visitor::logged_in(&served, "ada").unwrap(),
        Visitor::logged_in(&served, "amy").unwrap(),
    );
    let change =
        |old: &str, new: &str| ada.send("/account", &[("old", old), ("new", new)]).unwrap();
    let weak = change(PASSWORD, "short");
    assert!(
        weak.status == 422 && wrong(&weak, "new", "weak-password"),
        "{weak:?}"
    );
    let old = change("not this one at all", "another pass-phrase");
    assert!(
        old.status == 401 && wrong(&old, "old", "login-refused"),
        "{old:?}"
    );
    assert!(!has(&old, "not this one at all"), "{old:?}");
    // Another's is set in that user's own form.
    let users = api(&ada, &served, "GET", "/api/v1/users", &Value::Null).json();
    let users = users.as_array().unwrap().iter();
    let id = users.clone().find(|user| user["name"] == "amy").unwrap()["id"].clone();
    let at = format!("/settings/users/{id}/password");
    let weak = ada.send(&at, &[("password", "short")]).unwrap();
    assert!(
        wrong(&weak, &format!("password-{id}"), "weak-password"),
        "{weak:?}"
    );
    assert!(!wrong(&weak, "password", "weak-password"), "{weak:?}");
    assert_eq!(
        amy.send(&at, &[("password", PASSWORD)]).unwrap().status,
        403
    );
    let to = "/account?done=password";
    assert_eq!(led(&change(PASSWORD, "another pass-phrase")), to);
}

#[test]
fn the_first_users_form_keeps_what_was_typed() {
    let rollcall = program().unwrap();
    let mut served = Served::start(&rollcall, &[]).unwrap();
    let secret = loop {
        let line = served.line().unwrap();
        if let Some((_, secret)) = line.split_once("/setup#") {
            break secret.trim().to_owned();
        }
    };
    let visitor = Visitor::stranger(&served);
    let send = |secret: &str, name: &str, password: &str| {
        let form = [("secret", secret), ("name", name), ("password", password)];
        visitor.send("/setup", &form).unwrap()
    };
    for (typed, name, password, field, code) in [
        (&*secret, "ada", "short", "password", "weak-password"),
        (&secret, "a b", PASSWORD, "name", "bad-user-name"),
        ("rollcall_x", "ada", PASSWORD, "secret", "set-up-refused"),
    ] {
        let refused = send(typed, name, password);
        assert!(wrong(&refused, field, code), "{code}: {refused:?}");
        for kept in [typed, name] {
            assert!(
                has(&refused, &format!("value=\"{kept}\"")),
                "{code}: {refused:?}"
            );
        }
        assert!(!has(&refused, PASSWORD), "{refused:?}");
    }
    assert_eq!(led(&send(&secret, "ada", PASSWORD)), "/");
}

#[test]
fn how_long_rows_are_kept_is_asked_again_where_it_is_no_number_of_days() {
    let (_tenancy, served) = scene();
    let ada = Visitor::logged_in(&served, "ada").unwrap();
    let page = of("unsynced");
    for typed in ["a month", "-1", "36501", ""] {
        let refused = ada.send(&page, &[("days", typed)]).unwrap();
        assert_eq!(refused.status, 422, "{typed}: {refused:?}");
        assert!(
            wrong(&refused, "days", "bad-retention"),
            "{typed}: {refused:?}"
        );
        assert!(
            has(&refused, &format!("value=\"{typed}\"")),
            "{typed}: {refused:?}"
        );
    }
    assert!(has(&ada.get(&page).unwrap(), "value=\"90\""));
    assert_eq!(
        led(&ada.send(&page, &[("days", "30")]).unwrap()),
        of("unsynced?done=kept")
    );
    assert!(has(&ada.get(&page).unwrap(), "value=\"30\""));
}

#[test]
fn beyond_the_last_integration_there_is_the_last_page() {
    let (_tenancy, served) = scene();
    let ada = Visitor::logged_in(&served, "ada").unwrap();
    for skip in ["0", "1", "99", "18446744073709551615"] {
        let shown = ada.get(&format!("/?skip={skip}")).unwrap();
        assert!(
            has(&shown, "<caption>1–1 of 1</caption>"),
            "{skip}: {shown:?}"
        );
    }
    let none = ada.get("/?q=nobody&skip=99").unwrap();
    assert!(
        has(&none, "No tenant's name has “nobody” in it"),
        "{none:?}"
    );
}
