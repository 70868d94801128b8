//! The console's forms, sent again: what was done is done once, and looking again does no harm.

use super::{deed, deeds, has, led, of, scene};
use rollcall_tests::served::{Reply, Served};
use rollcall_tests::tenancy::{TENANT, program};
use rollcall_tests::visitor::{Visitor, hidden, user, wrong};

#[test]
fn what_was_stored_is_verified_at_an_address_of_its_own_and_sent_again_does_no_harm() {
    let (tenancy, served) = scene();
    user(&tenancy.rollcall, "bob", "viewer", &[TENANT]).unwrap();
    let (ada, bob) = (
        Visitor::logged_in(&served, "ada").unwrap(),
        Visitor::logged_in(&served, "bob").unwrap(),
    );
    let page = of("configuration");
    let expected = hidden(&ada.get(&page).unwrap(), "expected").to_owned();
    let send = |action: &str, size: &str| {
        let form = [
            ("action", action),
            ("expected", &expected),
            ("page-size", size),
        ];
        ada.send(&page, &form).unwrap()
    };
    let to = of("configuration?done=configured&verify=stored");
    assert_eq!(led(&send("verify", "60")), to);
    for _ in 0..2 {
        let shown = ada.get(&to).unwrap();
        assert!(
            has(&shown, "Who would come") && has(&shown, "</html>"),
            "{shown:?}"
        );
    }
    assert_eq!(
        deeds(&ada, &served, "configure").len(),
        1,
        "looking stores nothing"
    );
    let looked = bob.get(&to).unwrap();
    assert!(
        looked.status == 200 && !has(&looked, "Who would come"),
        "{looked:?}"
    );
    // The same form again is made of what was there before, and wants what is there now.
    assert_eq!(led(&send("verify", "60")), to);
    assert_eq!(
        led(&send("save", "60")),
        of("configuration?done=configured")
    );
    let other = send("save", "70");
    assert!(
        other.status == 422 && has(&other, "settings-changed"),
        "{other:?}"
    );
    // A password is always something new: whether it is the stored one is told nobody.
    let password = tenancy.directory.password();
    let form = [
        ("action", "save"),
        ("expected", &expected),
        ("page-size", "60"),
        ("password", &password),
    ];
    let again = ada.send(&page, &form).unwrap();
    assert!(
        again.status == 422 && has(&again, "settings-changed"),
        "{again:?}"
    );
}

#[test]
fn uninstalling_twice_leads_to_the_receipt_whoever_may_read_it() {
    let (tenancy, served) = scene();
    tenancy.rollcall.expect(0, &["install", "globex"]).unwrap();
    user(&tenancy.rollcall, "eve", "admin", &["globex"]).unwrap();
    user(&tenancy.rollcall, "bob", "viewer", &[TENANT]).unwrap();
    let visitors = ["ada", "amy", "bob", "eve"];
    let [ada, amy, bob, eve] = visitors.map(|name| Visitor::logged_in(&served, name).unwrap());
    let page = of("uninstall");
    let leave = [("confirm", TENANT), ("people", "keep")];
    assert_eq!(bob.send(&page, &leave).unwrap().status, 403);
    let receipt = of("receipt");
    assert_eq!(led(&ada.send(&page, &leave).unwrap()), receipt);
    for (name, who) in [("ada", &ada), ("amy", &amy), ("bob", &bob)] {
        assert_eq!(led(&who.send(&page, &leave).unwrap()), receipt, "{name}");
        assert_eq!(led(&who.get(&page).unwrap()), receipt, "{name}");
        assert_eq!(who.get(&receipt).unwrap().status, 200, "{name}");
    }
    for reply in [eve.send(&page, &leave).unwrap(), eve.get(&page).unwrap()] {
        assert_eq!(reply.status, 404, "{reply:?}");
    }
    let nowhere = ada.send("/tenants/nowhere/uninstall", &leave).unwrap();
    assert_eq!(nowhere.status, 404, "nothing ever left from there");
    assert_eq!(deeds(&ada, &served, "uninstall"), [deed("keep", "")]);
}

#[test]
fn a_form_that_installs_does_so_once_however_often_it_is_sent() {
    let rollcall = program().unwrap();
    user(&rollcall, "ada", "admin", &[]).unwrap();
    let served = Served::start(&rollcall, &[]).unwrap();
    let ada = Visitor::logged_in(&served, "ada").unwrap();
    let (one, other) = (ada.get("/install").unwrap(), ada.get("/install").unwrap());
    let (one, other) = (hidden(&one, "key"), hidden(&other, "key"));
    assert!(one.len() > 30 && one != other, "{one} {other}");
    let to = of("configuration?done=installed");
    let send = |form: &[(&str, &str)]| {
        let tenant = [("tenant", TENANT)];
        ada.send("/install", &[&tenant[..], form].concat()).unwrap()
    };
    for _ in 0..2 {
        assert_eq!(led(&send(&[("key", one)])), to);
    }
    let another = send(&[("key", other)]);
    assert!(
        wrong(&another, "tenant", "already-installed"),
        "{another:?}"
    );
    let changed = send(&[("key", one), ("allow-loopback", "true")]);
    assert!(
        changed.status == 422 && has(&changed, "key-reused"),
        "{changed:?}"
    );
    assert!(!hidden(&changed, "key").is_empty() && hidden(&changed, "key") != one);
}

#[test]
fn a_form_that_makes_a_token_makes_one_and_shows_its_secret_once() {
    let (_tenancy, served) = scene();
    let ada = Visitor::logged_in(&served, "ada").unwrap();
    let page = "/settings/tokens";
    let key = hidden(&ada.get(page).unwrap(), "key").to_owned();
    let form = |key: &str| {
        let form = [
            ("name", "ci"),
            ("days", "1"),
            ("rank", "viewer"),
            ("reach", "all"),
            ("key", key),
        ];
        ada.send(page, &form).unwrap()
    };
    let count = || ada.get(page).unwrap().text.matches("Revoke ci<").count();
    let secret = |reply: &Reply| {
        let rest = reply.text.split("<code>rollcall_").nth(1);
        rest.map(|rest| format!("rollcall_{}", rest.split('<').next().unwrap()))
    };
    let made = form(&key);
    let token = secret(&made).unwrap();
    assert_eq!((made.status, count()), (200, 1));
    let asked = |token: &str| served.get("/api/v1/tenants", token).unwrap().status;
    assert_eq!(asked(&token), 200, "it is good");
    let again = form(&key);
    assert_eq!((again.status, count()), (422, 1), "{again:?}");
    assert!(
        has(&again, "token-made") && secret(&again).is_none(),
        "{again:?}"
    );
    // The page that says so has a form of its own.
    let next = form(hidden(&again, "key"));
    assert_eq!((secret(&next).is_some(), count()), (true, 2));
    assert_ne!(secret(&next).unwrap(), token);
    // Of a form of another session nobody knows whether it was sent, and of one that was made up neither.
    let late = Visitor::logged_in(&served, "ada").unwrap();
    let theirs = hidden(&late.get(page).unwrap(), "key").to_owned();
    for key in [theirs.as_str(), "", "x", "x.y"] {
        let refused = form(key);
        assert_eq!((refused.status, count()), (422, 2), "{refused:?}");
        assert!(has(&refused, "form-outdated"), "{refused:?}");
        assert!(
            has(&refused, "name=\"name\" type=\"text\" value=\"ci\""),
            "{refused:?}"
        );
    }
    for (name, days, field) in [
        ("", "1", "name"),
        ("ci", "often", "days"),
        ("ci", "0", "days"),
    ] {
        let form = [("name", name), ("days", days), ("reach", "all")];
        let refused = ada.send(page, &form).unwrap();
        assert!(wrong(&refused, field, "bad-token"), "{refused:?}");
    }
}
