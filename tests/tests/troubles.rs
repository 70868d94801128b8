//! How trouble is told: as a page to whoever reads pages, with the reader's navigation and a way back, and to a program as ever.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rollcall_tests::portal::Portal;
use rollcall_tests::served::{Reply, Served};
use rollcall_tests::tenancy::{TENANT, Tenancy, sound};
use rollcall_tests::visitor::{OWN, PAGES, Visitor, user};

const OTHER: &str = "globex";
/// What a program says of what it reads.
const PROGRAM: (&str, &str) = ("accept", "*/*");

/// Two tenants, ada, an admin of everything, and bob, who looks at one.
fn scene() -> (Tenancy, Served) {
    let tenancy = Tenancy::installed(sound(5)).unwrap();
    tenancy.rollcall.expect(0, &["install", OTHER]).unwrap();
    user(&tenancy.rollcall, "ada", "admin", &[]).unwrap();
    user(&tenancy.rollcall, "bob", "viewer", &[TENANT]).unwrap();
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    (tenancy, served)
}

fn has(reply: &Reply, text: &str) -> bool {
    reply.text.contains(text)
}

/// Whether a tenant's navigation is on the page.
fn navigates(reply: &Reply, tenant: &str) -> bool {
    has(
        reply,
        &format!("<nav class=\"steps\" aria-label=\"{tenant}\">"),
    )
}

fn back(to: &str) -> String {
    format!("<a href=\"{to}\">Back to the page before</a>")
}

/// A page with the policy of pages and a code.
fn is_page(reply: &Reply, status: u16, code: &str) {
    assert_eq!(reply.status, status, "{reply:?}");
    assert!(reply.kind.starts_with("text/html"), "{reply:?}");
    assert!(has(reply, &format!("<code>{code}</code>")), "{reply:?}");
    let policy = reply.header("content-security-policy");
    assert!(policy.contains("default-src 'none'"), "{reply:?}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(reply.header(name), value, "{reply:?}");
    }
}

/// A problem document with a code.
fn is_document(reply: &Reply, status: u16, code: &str) {
    assert_eq!(reply.status, status, "{reply:?}");
    assert_eq!(reply.kind, "application/problem+json", "{reply:?}");
    assert_eq!(reply.code(), code, "{reply:?}");
    assert_eq!(reply.json()["status"], status, "{reply:?}");
}

#[test]
fn trouble_stands_in_the_tenants_pages_and_leads_back_to_where_one_came_from() {
    let (_tenancy, served) = scene();
    let ada = Visitor::logged_in(&served, "ada").unwrap();
    let at = format!("/tenants/{TENANT}/runs");
    let nothing = format!("{at}/999");
    let from = |referer: &str| {
        ada.ask("GET", &nothing, &[], &[PAGES, OWN, ("referer", referer)])
            .unwrap()
    };
    let shown = from(&format!("{}{at}?done=asked", served.url));
    is_page(&shown, 404, "unknown-run");
    assert!(navigates(&shown, TENANT) && has(&shown, ">ada</a>"));
    assert!(has(
        &shown,
        &format!("<a href=\"{at}\" aria-current=\"page\">Sync</a>")
    ));
    assert!(has(&shown, &back(&format!("{at}?done=asked"))), "{shown:?}");
    // To another site nobody is led, nor to where one is, nor to the door.
    for referer in [
        "https://evil.example/x",
        &format!("{}{nothing}", served.url),
        &format!("{}/login?next=x", served.url),
        "no address",
    ] {
        assert!(!has(&from(referer), "Back to the page"), "{referer}");
    }
    // Whoever sent a form is led to the form's page, though the browser does not tell.
    for (path, page) in [
        (format!("{nothing}/stop"), nothing.as_str()),
        (format!("{at}/999/undo"), &nothing),
        (at.clone(), &at),
        ("/settings/users/999/nothing".to_owned(), "/settings"),
        ("/settings/tokens/999/revoke".to_owned(), "/settings/tokens"),
    ] {
        let refused = ada.send(&path, &[("mode", "wrong")]).unwrap();
        assert!(refused.status >= 400, "{path}: {refused:?}");
        assert!(has(&refused, &back(page)), "{path}: {refused:?}");
    }
}

#[test]
fn a_tenant_out_of_reach_looks_like_one_that_is_not_there() {
    let (_tenancy, served) = scene();
    let (ada, bob) = (
        Visitor::logged_in(&served, "ada").unwrap(),
        Visitor::logged_in(&served, "bob").unwrap(),
    );
    for page in ["", "/runs", "/runs/1", "/uninstall", "/receipt", "/nothing"] {
        let shown = [OTHER, "nowhere"].map(|tenant| {
            let shown = bob.get(&format!("/tenants/{tenant}{page}")).unwrap();
            assert_eq!(shown.status, 404, "{tenant}{page}: {shown:?}");
            assert!(!navigates(&shown, tenant), "{tenant}{page}: {shown:?}");
            assert!(has(&shown, ">bob</a>"), "{tenant}{page}: {shown:?}");
            shown.text.replace(tenant, "…")
        });
        assert_eq!(shown[0], shown[1], "{page}");
    }
    // Whoever reaches it has its navigation; so has whoever may look, and no more.
    let other = ada.get(&format!("/tenants/{OTHER}/runs/1")).unwrap();
    assert!(other.status == 404 && navigates(&other, OTHER), "{other:?}");
    let barred = bob.get(&format!("/tenants/{TENANT}/uninstall")).unwrap();
    is_page(&barred, 403, "rank-too-low");
    assert!(navigates(&barred, TENANT), "{barred:?}");
    // A stranger has none.
    let stranger = Visitor::stranger(&served);
    let sent = stranger
        .send(&format!("/tenants/{TENANT}/runs"), &[])
        .unwrap();
    is_page(&sent, 401, "not-authenticated");
    assert!(!navigates(&sent, TENANT), "{sent:?}");
}

#[test]
fn what_cannot_be_read_is_a_page_for_people_and_a_document_for_programs() {
    let (_tenancy, served) = scene();
    let ada = Visitor::logged_in(&served, "ada").unwrap();
    let large = "x".repeat(17 << 10);
    let large = [("name", large.as_str())];
    let cases = [
        ("GET", "/nothing/here", 404, "no-such-route"),
        ("GET", "/assets/x/y", 404, "no-such-route"),
        ("DELETE", "/", 405, "method-not-allowed"),
        ("GET", "/assets/%ff/x", 422, "bad-request"),
        ("GET", "/api/v1/tenants/%ff/runs", 422, "bad-request"),
        ("GET", "/api/v1/tenants?x=%ff", 200, ""),
    ];
    for (method, path, status, code) in cases {
        let page = ada.ask(method, path, &[], &[PAGES, OWN]).unwrap();
        let document = ada.ask(method, path, &[], &[PROGRAM, OWN]).unwrap();
        if status == 200 {
            // What is no trouble is left alone, whoever reads it.
            assert_eq!((page.status, &page.kind), (200, &document.kind), "{page:?}");
            continue;
        }
        is_page(&page, status, code);
        is_document(&document, status, code);
        assert_eq!(page.header("allow"), document.header("allow"), "{path}");
        assert_eq!(page.header("allow").is_empty(), status != 405, "{path}");
    }
    let stranger = Visitor::stranger(&served);
    is_page(
        &stranger.send("/login", &large).unwrap(),
        413,
        "body-too-large",
    );
    let session = "/api/v1/session";
    let document = stranger
        .ask("POST", session, &large, &[PROGRAM, OWN])
        .unwrap();
    is_document(&document, 413, "body-too-large");
}

#[test]
fn whoever_finds_a_tenant_busy_reads_when_to_come_again() {
    let (_tenancy, served) = scene();
    let ada = Visitor::logged_in(&served, "ada").unwrap();
    let host = served.url.trim_start_matches("http://");
    let path = format!("/tenants/{TENANT}/schedule");
    // Each of these has a turn for as long as its form does not come.
    let hold = || {
        let mut stream = TcpStream::connect(host).unwrap();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nhost: {host}\r\ncookie: {}\r\nsec-fetch-site: same-origin\r\ncontent-length: 9\r\n\r\n",
            ada.cookie
        )
        .unwrap();
        stream
    };
    let mut held: Vec<TcpStream> = (0..16).map(|_| hold()).collect();
    let until = Instant::now() + Duration::from_secs(10);
    let page = loop {
        let page = ada.get(&path).unwrap();
        if page.status == 429 || Instant::now() > until {
            break page;
        }
        // Looking takes a turn too, for which one of those may have been refused.
        held.push(hold());
    };
    is_page(&page, 429, "too-many-requests");
    assert_eq!(page.header("retry-after"), "1");
    let document = ada.ask("GET", &path, &[], &[PROGRAM, OWN]).unwrap();
    is_document(&document, 429, "too-many-requests");
    assert_eq!(document.header("retry-after"), "1");
    // Others have their turns, and so has everybody again when those are gone.
    assert_eq!(
        ada.get(&format!("/tenants/{OTHER}/schedule"))
            .unwrap()
            .status,
        200
    );
    drop(held);
    let until = Instant::now() + Duration::from_secs(10);
    while ada.get(&path).unwrap().status != 200 {
        assert!(Instant::now() < until, "the turns do not come back");
    }
}

#[test]
fn trouble_of_the_hosts_own_is_told_within_the_pages_too() {
    let (tenancy, served) = scene();
    let ada = Visitor::logged_in(&served, "ada").unwrap();
    let portal = Portal::of(tenancy.rollcall.data()).unwrap();
    portal
        .execute(format!(
            "UPDATE tenant SET policy = '{{' WHERE name = '{TENANT}'"
        ))
        .unwrap();
    let path = format!("/tenants/{TENANT}/plugin");
    let page = ada.get(&path).unwrap();
    is_page(&page, 500, "policy-broken");
    assert!(navigates(&page, TENANT), "{page:?}");
    let path = format!("/api/v1{path}");
    let document = ada.ask("GET", &path, &[], &[PROGRAM, OWN]).unwrap();
    is_document(&document, 500, "policy-broken");
}
