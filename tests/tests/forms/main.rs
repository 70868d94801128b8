//! The console's forms: what is typed stays where it is refused, what is sent again is done once.
#![expect(clippy::unwrap_used, reason = "tests")]

mod kept;
mod resent;

use rollcall_tests::served::{Reply, Served};
use rollcall_tests::tenancy::{TENANT, Tenancy, sound};
use rollcall_tests::visitor::{OWN, Visitor, user};
use serde_json::Value;

fn of(page: &str) -> String {
    format!("/tenants/{TENANT}/{page}")
}

fn has(reply: &Reply, text: &str) -> bool {
    reply.text.contains(text)
}

/// What somebody is led to.
fn led(reply: &Reply) -> &str {
    assert_eq!(reply.status, 303, "{reply:?}");
    reply.header("location")
}

/// A configured tenant, ada, an admin of everything, and amy, who administers that tenant.
fn scene() -> (Tenancy, Served) {
    let tenancy = Tenancy::configured(sound(5)).unwrap();
    user(&tenancy.rollcall, "ada", "admin", &[]).unwrap();
    user(&tenancy.rollcall, "amy", "admin", &[TENANT]).unwrap();
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    (tenancy, served)
}

fn api(visitor: &Visitor<'_>, served: &Served, method: &str, path: &str, body: &Value) -> Reply {
    let headers = [("cookie", visitor.cookie.as_str()), OWN, ("if-match", "*")];
    let body = (method != "GET").then_some(body);
    served.ask(method, path, "", body, &headers).unwrap()
}

/// What was done of a kind since the service was started, and how it ended.
fn deeds(ada: &Visitor<'_>, served: &Served, what: &str) -> Vec<(String, String)> {
    let all = api(ada, served, "GET", "/api/v1/audit", &Value::Null).json();
    let all = all.as_array().unwrap().iter();
    let text = |deed: &Value, key: &str| deed[key].as_str().unwrap().to_owned();
    all.filter(|deed| deed["what"] == what && deed["who"] != "command line")
        .map(|deed| (text(deed, "which"), text(deed, "refused")))
        .collect()
}

fn deed(which: &str, refused: &str) -> (String, String) {
    (which.to_owned(), refused.to_owned())
}
