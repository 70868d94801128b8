//! The console's pages that look into the directory: stages as they come.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rollcall::demo::directory::{Deed, Fault, When};
use rollcall_tests::portal::Portal;
use rollcall_tests::rollcall::Rollcall;
use rollcall_tests::served::Served;
use rollcall_tests::tenancy::{TENANT, Tenancy, sound};
use serde_json::json;

const PASSWORD: &str = "a long pass-phrase";
/// The longest that a page may take.
const LONGEST: Duration = Duration::from_secs(60);

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
    let body = json!({ "name": "ada", "password": PASSWORD });
    let reply = served
        .ask("POST", "/api/v1/session", "", Some(&body), &[])
        .unwrap();
    let set = reply.header("set-cookie");
    set.split(';').next().unwrap().to_owned()
}

/// A page that is read as it comes.
struct Page {
    stream: TcpStream,
    text: String,
}

impl Page {
    /// Sends a form of the configuration.
    fn send(served: &Served, cookie: &str, form: &str) -> Self {
        let host = served.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(LONGEST)).unwrap();
        write!(
            stream,
            "POST /tenants/{TENANT}/configuration HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\nsec-fetch-site: same-origin\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{form}",
            form.len()
        )
        .unwrap();
        Self {
            stream,
            text: String::new(),
        }
    }

    /// Reads on until it holds a text, or ends.
    fn until(&mut self, text: &str) -> Instant {
        let mut piece = [0; 4096];
        while !self.text.contains(text) {
            let length = self.stream.read(&mut piece).unwrap();
            if length == 0 {
                break;
            }
            self.text
                .push_str(&String::from_utf8_lossy(&piece[..length]));
        }
        assert!(self.text.contains(text), "{text}: {}", self.text);
        Instant::now()
    }

    fn position(&self, text: &str) -> usize {
        self.text.find(text).unwrap()
    }
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
    let mut page = Page::send(&served, &ada, "action=try");
    let early = page.until(&passed("base"));
    assert!(!page.text.contains(&passed("sample")), "{}", page.text);
    let late = page.until("</html>");
    assert!(late - early > Duration::from_secs(2), "{:?}", late - early);
    let stages = [
        "resolve", "connect", "bind", "base", "filter", "read", "paging", "sample",
    ];
    let places: Vec<usize> = stages.map(|name| page.position(&passed(name))).into();
    assert!(places.is_sorted(), "{places:?}");
    // The list is closed before the summary, and each stage is there once.
    let (list, summary) = (
        page.position("<ol class=\"stages\">"),
        page.position("Who would come"),
    );
    let closed = page.text[list..].find("</ol>").unwrap() + list;
    assert!(list < places[0] && places[7] < closed && closed < summary);
    for name in stages {
        assert_eq!(page.text.matches(&passed(name)).count(), 1, "{name}");
    }
    assert!(page.text.contains("<strong>120</strong> match"));
}

#[test]
fn what_cannot_be_verified_closes_the_list_all_the_same() {
    let tenancy = Tenancy::configured(sound(5)).unwrap();
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let ada = admin(&tenancy.rollcall, &served);
    let mut page = Page::send(&served, &ada, "action=try&page-size=many");
    page.until("</html>");
    let (list, problem) = (
        page.position("<ol class=\"stages\">"),
        page.position("bad-number"),
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
    let form = format!("action=try&password={}", tenancy.directory.password());
    let mut page = Page::send(&served, &ada, &form);
    page.until(&passed("base"));
    assert_eq!(secrets(), 2, "the tried password is lent meanwhile");
    drop(page);
    let (begun, most) = (Instant::now(), Duration::from_secs(10));
    while secrets() > 1 && begun.elapsed() < most {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(secrets(), 1, "it goes on without a reader");
}
