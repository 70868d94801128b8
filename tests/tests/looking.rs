//! The console's pages that look into the directory: stages as they come, people found by a part of a name, what rules come to.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::{Duration, Instant};

use rollcall::demo::directory::{Deed, Fault, When};
use rollcall::demo::people::ServiceAccount;
use rollcall_tests::coming::Coming;
use rollcall_tests::portal::Portal;
use rollcall_tests::rollcall::Rollcall;
use rollcall_tests::served::Served;
use rollcall_tests::tenancy::{TENANT, Tenancy, sound};
use serde_json::json;

const PASSWORD: &str = "a long pass-phrase";

/// Makes an admin, and gives the cookie of their session.
fn admin(rollcall: &Rollcall, served: &Served) -> String {
    let file = rollcall.password_file(PASSWORD).unwrap();
    let path = file.to_string_lossy();
    let make = [
        "user",
        "create",
        "ada",
        "--rank",
        "admin",
        "--password-file",
        &path,
    ];
    rollcall.expect(0, &make).unwrap();
    logged_in(served, "ada")
}

fn logged_in(served: &Served, name: &str) -> String {
    let body = json!({ "name": name, "password": PASSWORD });
    let reply = served
        .ask("POST", "/api/v1/session", "", Some(&body), &[])
        .unwrap();
    let set = reply.header("set-cookie");
    set.split(';').next().unwrap().to_owned()
}

/// Sends a form of the configuration.
fn send(served: &Served, cookie: &str, form: &str) -> Coming {
    let path = format!("/tenants/{TENANT}/configuration");
    Coming::ask(served, cookie, &path, Some(form)).unwrap()
}

/// Where in a page a text begins.
fn position(page: &Coming, text: &str) -> usize {
    page.text.find(text).unwrap()
}

/// The heading of a stage that passed.
fn passed(name: &str) -> String {
    format!("✓ {name} <span")
}

#[test]
fn the_stages_of_a_verification_come_one_by_one_and_before_it_is_done() {
    let tenancy = Tenancy::configured(sound(120)).unwrap();
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let ada = admin(&tenancy.rollcall, &served);
    let slow = Deed::Delay(Duration::from_secs(3));
    let waits = Fault::once(When::Page(2), slow);
    tenancy.directory.set_faults(vec![waits]);
    let mut page = send(&served, &ada, "action=try");
    let early = page.until(&passed("base")).unwrap();
    assert!(!page.text.contains(&passed("sample")), "{}", page.text);
    let late = page.until("</html>").unwrap();
    assert!(late - early > Duration::from_secs(2), "{:?}", late - early);
    let stages = [
        "resolve", "connect", "bind", "base", "filter", "read", "paging", "sample",
    ];
    let places: Vec<usize> = stages.map(|name| position(&page, &passed(name))).into();
    assert!(places.is_sorted(), "{places:?}");
    // The list is closed before the summary, and each stage is there once.
    let (list, summary) = (
        position(&page, "<ol class=\"stages\">"),
        position(&page, "Who would come"),
    );
    let closed = page.text[list..].find("</ol>").unwrap() + list;
    assert!(list < places[0] && places[7] < closed && closed < summary);
    for name in stages {
        assert_eq!(page.text.matches(&passed(name)).count(), 1, "{name}");
    }
    assert!(page.text.contains("<strong>120</strong></a> match"));
}

#[test]
fn what_cannot_be_verified_closes_the_list_all_the_same() {
    let tenancy = Tenancy::configured(sound(5)).unwrap();
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let ada = admin(&tenancy.rollcall, &served);
    let mut page = send(&served, &ada, "action=try&page-size=many");
    page.until("</html>").unwrap();
    let (list, problem) = (
        position(&page, "<ol class=\"stages\">"),
        position(&page, "bad-number"),
    );
    let closed = page.text[list..].find("</ol>").unwrap() + list;
    assert!(closed < problem, "{}", page.text);
}

#[test]
fn whoever_goes_away_ends_the_verification_and_its_secret_is_put_away() {
    let tenancy = Tenancy::configured(sound(120)).unwrap();
    let portal = Portal::of(tenancy.rollcall.data()).unwrap();
    let secrets = || {
        portal
            .number("SELECT count(*) FROM secret WHERE ?1 <> ''", TENANT)
            .unwrap()
    };
    assert_eq!(secrets(), 1);
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let ada = admin(&tenancy.rollcall, &served);
    let waits = Fault::always(When::EveryPage, Deed::Delay(Duration::from_secs(20)));
    tenancy.directory.set_faults(vec![waits]);
    // Another account's: the same password again would be the one that is stored.
    let form = format!(
        "action=try&bind-name={}&password={}",
        ServiceAccount::Full.dn(),
        tenancy.directory.password_of(ServiceAccount::Full)
    );
    let mut page = send(&served, &ada, &form);
    page.until(&passed("base")).unwrap();
    assert_eq!(secrets(), 2, "the tried password is lent meanwhile");
    drop(page);
    let (begun, most) = (Instant::now(), Duration::from_secs(10));
    while secrets() > 1 && begun.elapsed() < most {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(secrets(), 1, "it goes on without a reader");
}

#[test]
fn the_stored_password_outlives_being_tried_again() {
    let tenancy = Tenancy::configured(sound(5)).unwrap();
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let ada = admin(&tenancy.rollcall, &served);
    let form = format!("action=try&password={}", tenancy.directory.password());
    send(&served, &ada, &form).until("Who would come").unwrap();
    tenancy.rollcall.expect(0, &["verify", TENANT]).unwrap();
}

/// A page of the mapping after a form was sent.
fn mapping(served: &Served, cookie: &str, form: &[(&str, &str)]) -> String {
    sent(served, cookie, "mapping", form)
}

/// The suggested rules as the form has them.
const RULES: [(&str, &str); 5] = [
    ("username", "{uid}"),
    ("email", "{mail}"),
    ("first-name", "{givenName}"),
    ("last-name", "{sn}"),
    ("display-name", "{cn}"),
];

fn sent(served: &Served, cookie: &str, page: &str, form: &[(&str, &str)]) -> String {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let url = format!("{}/tenants/{TENANT}/{page}", served.url);
    let request = agent
        .post(url)
        .header("cookie", cookie)
        .header("sec-fetch-site", "same-origin");
    let mut reply = request.send_form(form.iter().copied()).unwrap();
    reply.body_mut().read_to_string().unwrap()
}

/// How many people a page offers to pick.
fn offered(page: &str) -> usize {
    let found = page.split("<ul class=\"found\">").nth(1);
    let found = found.map_or("", |found| found.split("</ul>").next().unwrap());
    found.matches("name=\"pick\"").count()
}

#[test]
fn people_are_found_by_a_part_of_a_name_and_picked() {
    let tenancy = Tenancy::configured(sound(40)).unwrap();
    let name = r"A*(b)\ <i>c</i>";
    let dn = tenancy.directory.organisation().expected(7).dn;
    let uid = dn.split(['=', ',']).nth(1).unwrap();
    tenancy.directory.set(&dn, "cn", &[name]).unwrap();
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let ada = admin(&tenancy.rollcall, &served);
    for text in ["A*(b", r")\ <", uid, &format!("{uid}@")] {
        for page in [
            mapping(
                &served,
                &ada,
                &[&RULES[..], &[("action", "find"), ("person", text)]].concat(),
            ),
            sent(&served, &ada, "mapping/find", &[("person", text)]),
        ] {
            assert_eq!(offered(&page), 1, "{text}: {page}");
            assert!(page.contains(&dn), "{text}: {page}");
            assert!(!page.contains("<i>"), "a name is text: {page}");
        }
    }
    for text in ["**", "*)(uid=*", "nobody at all"] {
        let page = sent(&served, &ada, "mapping/find", &[("person", text)]);
        assert_eq!(offered(&page), 0, "{text}: {page}");
        assert!(page.contains("Nobody whom a sync sees"), "{text}: {page}");
    }
    let short = sent(&served, &ada, "mapping/find", &[("person", "a")]);
    assert!(
        offered(&short) == 0 && short.contains("search-text"),
        "{short}"
    );
    let all = sent(&served, &ada, "mapping/find", &[("person", "")]);
    assert_eq!(offered(&all), 20);
    let picked = mapping(
        &served,
        &ada,
        &[&RULES[..], &[("person", "a"), ("pick", &dn)]].concat(),
    );
    let tried = format!("Tried on <strong>{}</strong>", dn);
    assert!(picked.contains(&tried), "{picked}");
    // Whoever only looks finds nobody.
    let make = [
        "user",
        "create",
        "bob",
        "--rank",
        "viewer",
        "--password-file",
    ];
    let file = tenancy.rollcall.password_file(PASSWORD).unwrap();
    let path = file.to_string_lossy();
    tenancy
        .rollcall
        .expect(0, &[&make[..], &[&path]].concat())
        .unwrap();
    let bob = logged_in(&served, "bob");
    let refused = sent(&served, &bob, "mapping/find", &[("person", "")]);
    assert!(
        offered(&refused) == 0 && refused.contains("rank-too-low"),
        "{refused}"
    );
}

#[test]
fn a_mapping_says_of_each_field_how_many_get_a_value_and_who_does_not() {
    let tenancy = Tenancy::configured(sound(40)).unwrap();
    let dn = |n: u64| tenancy.directory.organisation().expected(n).dn;
    for (n, values) in [(3, &[][..]), (5, &["no address"])] {
        tenancy.directory.set(&dn(n), "mail", values).unwrap();
    }
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let ada = admin(&tenancy.rollcall, &served);
    let page = mapping(&served, &ada, &RULES);
    let told = |field: &str| {
        let begin = format!("<div id=\"{field}-covered\" class=\"quiet small\">");
        let rest = page.split(&begin).nth(1).unwrap();
        rest.split("</div>").next().unwrap().to_owned()
    };
    assert_eq!(told("username"), "40 of 40 have a value");
    let mail = told("email");
    assert!(mail.starts_with("38 of 40 have a value, <button"), "{mail}");
    assert!(mail.contains(">2 fail</button>"), "{mail}");
    assert!([3, 5].iter().any(|n| mail.contains(&dn(*n))), "{mail}");
}
