//! The console's lists and numbers: pages of runs and days, rows by their reason, people by a part of a name, and pages that begin before
//! the directory has answered.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::time::{Duration, Instant};

use rollcall::demo::directory::{Deed, Fault, When};
use rollcall_tests::coming::Coming;
use rollcall_tests::rollcall::Rollcall;
use rollcall_tests::served::Served;
use rollcall_tests::tenancy::{TENANT, Tenancy, sound};
use rollcall_tests::visitor::{self, Visitor};
use serde_json::json;

/// Makes a user who reaches everything, and gives the cookie of their session.
fn user(rollcall: &Rollcall, served: &Served, name: &str, rank: &str) -> String {
    visitor::user(rollcall, name, rank, &[]).unwrap();
    Visitor::logged_in(served, name).unwrap().cookie
}

/// A page of the tenant's.
fn page(served: &Served, cookie: &str, path: &str) -> String {
    let path = format!("/tenants/{TENANT}/{path}");
    let headers = [("cookie", cookie), ("sec-fetch-site", "same-origin")];
    let reply = served.ask("GET", &path, "", None, &headers).unwrap();
    assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    reply.text
}

/// The runs that a page lists, in its order.
fn runs(page: &str) -> Vec<i64> {
    let begin = format!("<th scope=\"row\"><a href=\"/tenants/{TENANT}/runs/");
    let each = page.split(&begin).skip(1);
    each.map(|rest| rest.split('"').next().unwrap().parse().unwrap())
        .collect()
}

/// Where a link of these words leads.
fn leads(page: &str, words: &str) -> Option<String> {
    let (before, _) = page.split_once(&format!("\">{words}</a>"))?;
    let at = before.rsplit("href=\"").next()?;
    let at = at.trim_start_matches(&format!("/tenants/{TENANT}/"));
    Some(at.replace("&amp;", "&").replace("&#38;", "&"))
}

#[test]
fn runs_are_listed_page_by_page_and_by_how_they_stand() {
    let tenancy = Tenancy::synced(sound(3)).unwrap();
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let bob = user(&tenancy.rollcall, &served, "bob", "viewer");
    for _ in 0..33 {
        tenancy.rollcall.expect(0, &["plan", TENANT]).unwrap();
    }
    let first = page(&served, &bob, "runs");
    let listed = runs(&first);
    assert_eq!((listed.len(), listed[0], listed[29]), (30, 34, 5));
    let older = page(&served, &bob, &leads(&first, "Older").unwrap());
    assert_eq!(runs(&older), [4, 3, 2, 1]);
    assert_eq!(leads(&older, "Older"), None, "there are no others");
    assert_eq!(
        runs(&page(&served, &bob, &leads(&older, "The newest").unwrap())).len(),
        30
    );
    let done = page(&served, &bob, "runs?status=applied");
    assert_eq!(runs(&done), [1]);
    let thrown = page(&served, &bob, "runs?status=discarded");
    assert_eq!(runs(&thrown).len(), 30);
    let rest = page(&served, &bob, &leads(&thrown, "Older").unwrap());
    assert_eq!(runs(&rest), [3, 2], "the status is kept");
    assert!(page(&served, &bob, "runs?status=failed").contains("No run stands so."));
    // A program pages in the same way, and a status that there is not is refused.
    let api = |query: &str| {
        let path = format!("/api/v1/tenants/{TENANT}/runs?{query}");
        let headers = [("cookie", &*bob), ("sec-fetch-site", "same-origin")];
        served.ask("GET", &path, "", None, &headers).unwrap()
    };
    let pieces = api("before=3&limit=1&status=discarded").json();
    assert_eq!(pieces.as_array().unwrap().len(), 1);
    assert_eq!(pieces[0]["id"], 2);
    assert_eq!(pieces[0]["problem"]["code"], "superseded");
    let wrong = api("status=done");
    assert_eq!(
        (wrong.status, wrong.code()),
        (422, "bad-request".to_owned())
    );
    // Why a plan was thrown away stands on its page, with the run that came after it.
    let superseded = page(&served, &bob, "runs/2");
    assert!(
        superseded.contains("<code>superseded</code>"),
        "{superseded}"
    );
    assert_eq!(leads(&superseded, "run 34").as_deref(), Some("runs/34"));
    assert!(!page(&served, &bob, "runs/1").contains("superseded"));
}

#[test]
fn numbers_of_a_run_lead_to_their_people_and_rows_are_chosen_by_their_reason() {
    let tenancy = Tenancy::configured(sound(20)).unwrap();
    let dn = |n: u64| tenancy.directory.organisation().expected(n).dn;
    tenancy
        .directory
        .set(&dn(3), "mail", &["no address"])
        .unwrap();
    tenancy.directory.set(&dn(4), "mail", &[]).unwrap();
    tenancy.sync(0).unwrap();
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let bob = user(&tenancy.rollcall, &served, "bob", "viewer");
    let run = page(&served, &bob, "runs/1");
    for (number, at) in [
        ("<strong>20</strong>", "runs/1/rows"),
        ("<strong>0</strong>", "people"),
        ("<strong>18</strong>", "runs/1/rows?kind=create"),
        ("<strong>2</strong>", "runs/1/rows?kind=unsynced"),
    ] {
        assert_eq!(leads(&run, number).as_deref(), Some(at), "{run}");
    }
    let rows = page(&served, &bob, "runs/1/rows");
    for option in [
        "<option value=\"bad-value\">bad-value</option>",
        "<option value=\"missing-value\">missing-value</option>",
        "<option value=\"new\">new in the directory</option>",
    ] {
        assert!(rows.contains(option), "{option}: {rows}");
    }
    assert!(!rows.contains("<option value=\"absent\""), "nobody is gone");
    let chosen = page(&served, &bob, "runs/1/rows?reason=bad-value");
    assert_eq!(chosen.matches("<tr><th scope=\"row\">").count(), 1);
    assert!(chosen.contains(&dn(3)) && chosen.contains("value=\"bad-value\" selected"));
}

#[test]
fn people_who_are_gone_or_were_changed_in_the_portal_are_listed_apart() {
    let tenancy = Tenancy::configured(sound(6)).unwrap();
    tenancy.configure(0, &["--set=leavers=keep"]).unwrap();
    tenancy.sync(0).unwrap();
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let bob = user(&tenancy.rollcall, &served, "bob", "viewer");
    let listed = |path: &str| {
        page(&served, &bob, path)
            .matches("<tr><th scope=\"row\">")
            .count()
    };
    assert_eq!((listed("people"), listed("people?only=noted")), (6, 0));
    tenancy.leave(&[2]).unwrap();
    tenancy.sync(0).unwrap();
    assert_eq!((listed("people"), listed("people?only=noted")), (6, 1));
    let dn = tenancy.directory.organisation().expected(2).dn;
    assert!(page(&served, &bob, "people?only=noted").contains(&dn));
}

#[test]
fn a_part_of_a_name_leads_an_admin_to_those_who_have_it_and_whoever_looks_to_nobody() {
    let tenancy = Tenancy::synced(sound(20)).unwrap();
    let dn = tenancy.directory.organisation().expected(7).dn;
    tenancy
        .directory
        .set(&dn, "displayName", &["Zebedee <b>Quux</b>"])
        .unwrap();
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let ada = user(&tenancy.rollcall, &served, "ada", "admin");
    let bob = user(&tenancy.rollcall, &served, "bob", "viewer");
    let found = page(&served, &ada, "person?person=ebedee+%3Cb");
    let at = leads(&found, "Zebedee &#60;b&#62;Quux&#60;/b&#62;");
    let at = at.unwrap_or_else(|| panic!("{found}"));
    let explained = page(&served, &ada, &at);
    assert!(explained.contains(&format!("<h2>{dn}</h2>")), "{explained}");
    assert!(!explained.contains("Whose name has it in it"));
    let looks = page(&served, &bob, "person?person=ebedee");
    assert!(
        looks.contains("Nobody was found") && !looks.contains("Zebedee"),
        "{looks}"
    );
    // By the whole name, and what the run did with them is found by their id.
    let known = page(&served, &bob, &at);
    assert!(known.contains(&format!("<h2>{dn}</h2>")), "{known}");
    assert_eq!(leads(&known, "Run 1").as_deref(), Some("runs/1"));
}

#[test]
fn a_run_that_is_tried_again_says_which_try_it_is_and_why_the_one_before_failed() {
    let tenancy = Tenancy::configured(sound(3)).unwrap();
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let ada = user(&tenancy.rollcall, &served, "ada", "admin");
    let gone = Fault::always(When::Connected, Deed::Reset);
    tenancy.directory.set_faults(vec![gone]);
    let headers = [("cookie", &*ada), ("sec-fetch-site", "same-origin")];
    let path = format!("/api/v1/tenants/{TENANT}/runs");
    let wish = json!({ "mode": "full" });
    let asked = served
        .ask("POST", &path, "", Some(&wish), &headers)
        .unwrap();
    assert_eq!(asked.status, 202, "{asked:?}");
    let end = Instant::now() + Duration::from_secs(60);
    while runs(&page(&served, &ada, "runs")) != [2, 1] {
        assert!(Instant::now() < end, "{}", page(&served, &ada, "runs"));
        std::thread::sleep(Duration::from_millis(200));
    }
    let first = page(&served, &ada, "runs/1");
    assert!(
        first.contains("<dt>asked for by</dt><dd>ada</dd>"),
        "{first}"
    );
    assert!(!first.contains("Try 1"), "{first}");
    assert_eq!(leads(&first, "run 2").as_deref(), Some("runs/2"));
    let second = page(&served, &ada, "runs/2");
    assert!(
        second.contains("Try 2 of what ada asked for. It begins"),
        "{second}"
    );
    assert_eq!(leads(&second, "Run 1").as_deref(), Some("runs/1"));
}

#[test]
fn a_page_of_the_directory_begins_before_it_answers_and_tells_when_it_does_not() {
    let tenancy = Tenancy::synced(sound(20)).unwrap();
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let ada = user(&tenancy.rollcall, &served, "ada", "admin");
    let dn = tenancy.directory.organisation().expected(7).dn;
    for (path, whole) in [
        (
            format!("person?person={dn}"),
            "From raw value to the portal",
        ),
        ("mapping".to_owned(), "Change User"),
    ] {
        let slow = Deed::Delay(Duration::from_secs(2));
        let waits = Fault::once(When::Bind, slow);
        tenancy.directory.set_faults(vec![waits]);
        let path = format!("/tenants/{TENANT}/{path}");
        let mut page = Coming::ask(&served, &ada, &path, None).unwrap();
        let early = page.until("Asking the directory…").unwrap();
        assert!(!page.text.contains(whole), "{path}");
        let late = page.until("</html>").unwrap();
        assert!(page.text.contains(whole), "{path}: {}", page.text);
        assert!(
            late - early > Duration::from_secs(1),
            "{path}: {:?}",
            late - early
        );
        assert_eq!(
            page.text.matches("<h1>").count(),
            1,
            "{path}: {}",
            page.text
        );
        assert_eq!(page.text.matches("</body>").count(), 1, "{path}");
    }
    let gone = Fault::always(When::Connected, Deed::Reset);
    tenancy.directory.set_faults(vec![gone]);
    let told = page(&served, &ada, &format!("person?person={dn}"));
    assert!(told.contains("<code>connect"), "{told}");
    assert!(
        told.contains("What runs did"),
        "what is known here is shown: {told}"
    );
    // Whoever may not see the page is refused before it begins.
    let other = page_status(&served, &ada, "/tenants/nowhere/person?person=a");
    assert_eq!(other, 404);
}

fn page_status(served: &Served, cookie: &str, path: &str) -> u16 {
    let headers = [("cookie", cookie), ("sec-fetch-site", "same-origin")];
    served.ask("GET", path, "", None, &headers).unwrap().status
}

#[test]
fn an_uninstall_that_concerns_others_than_its_page_said_is_not_done() {
    let tenancy = Tenancy::synced(sound(5)).unwrap();
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let ada = user(&tenancy.rollcall, &served, "ada", "admin");
    assert!(page(&served, &ada, "uninstall").contains("name=\"active\" value=\"5\""));
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .build()
        .into();
    let url = format!("{}/tenants/{TENANT}/uninstall", served.url);
    let send = |active: &str| {
        let form = [
            ("confirm", TENANT),
            ("people", "deactivate"),
            ("active", active),
        ];
        let request = agent.post(&url).header("cookie", &ada);
        let request = request.header("sec-fetch-site", "same-origin");
        let mut reply = request.send_form(form).unwrap();
        let text = reply.body_mut().read_to_string().unwrap();
        (reply.status().as_u16(), text)
    };
    let (status, old) = send("0");
    assert_eq!(status, 422);
    assert!(
        old.contains("impact-changed") && old.contains("deactivate 5 people"),
        "{old}"
    );
    assert!(page(&served, &ada, "people").contains("5 of them are active"));
    assert_eq!(send("5").0, 303);
}

#[test]
fn a_run_that_did_not_read_everybody_says_so_wherever_it_is_named() {
    let tenancy = Tenancy::configured(sound(20)).unwrap();
    tenancy.configure(0, &["--set=page-size=5"]).unwrap();
    let cut = Fault::always(When::Page(3), Deed::Cut);
    tenancy.directory.set_faults(vec![cut]);
    tenancy.sync(5).unwrap();
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let bob = user(&tenancy.rollcall, &served, "bob", "viewer");
    for path in ["runs", "runs/1"] {
        let shown = page(&served, &bob, path);
        assert!(
            shown.contains("done, not everybody was read"),
            "{path}: {shown}"
        );
    }
    let run = page(&served, &bob, "runs/1");
    assert!(
        run.contains("Not everybody was read, so nobody counts as gone."),
        "{run}"
    );
    tenancy.directory.set_faults(Vec::new());
    tenancy.sync(0).unwrap();
    assert!(!page(&served, &bob, "runs/2").contains("not everybody was read"));
}
