//! Every route with every token that must not do: the routes are those of the OpenAPI document, so that no new one is forgotten.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use rollcall::service::http::document;
use rollcall_tests::contents::Contents;
use rollcall_tests::served::{Reply, Served};
use rollcall_tests::tenancy::{TENANT, Tenancy, sound};
use serde_json::{Value, json};
use sqlx::Connection as _;

const PEOPLE: u64 = 40;
const OTHER: &str = "elsewhere";
/// What anybody may ask who has a token: it tells of the tenants that the token reaches.
const TENANTS: &str = "/api/v1/tenants";
/// What anybody may ask.
const OPEN: [&str; 3] = ["/readyz", "/healthz", "/metrics"];

/// A route as the document tells it.
#[derive(Debug, Clone)]
struct Route {
    method: String,
    path: String,
    /// Headers without which it does not even look.
    headers: Vec<(String, String)>,
    /// What it says it may answer with.
    statuses: BTreeSet<String>,
}

impl Route {
    fn of_tenant(&self) -> bool {
        self.path.contains("{tenant}")
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Asks it for a tenant, with a body that would do, or do something.
    fn ask(&self, served: &Served, tenant: &str, token: &str) -> Reply {
        let place = self
            .path
            .replace("{tenant}", tenant)
            .replace("{run}", "1")
            .replace("{id}", "9999999");
        let query = if self.path.ends_with("/explain") {
            "?person=nobody"
        } else {
            ""
        };
        let headers: Vec<(&str, &str)> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let body = (self.method != "GET").then(|| json!({}));
        let place = format!("{place}{query}");
        let reply = served
            .ask(&self.method, &place, token, body.as_ref(), &headers)
            .unwrap();
        // Of the trouble of others only that it is worth asking again is in the document.
        let told = self.statuses.contains(&reply.status.to_string());
        let of_others = reply.status >= 500 && reply.status != 503;
        assert!(
            told || of_others,
            "{} does not tell of it: {reply:?}",
            self.name()
        );
        reply
    }
}

/// All routes of the document, but for those of a session and of setting up, which concern whoever calls or nobody yet.
fn routes() -> Vec<Route> {
    let document = serde_json::to_value(document()).unwrap();
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        if path.starts_with("/api/v1/session") || path == "/api/v1/setup" {
            continue;
        }
        for (method, told) in methods.as_object().unwrap() {
            let parameters = told["parameters"].as_array().cloned().unwrap_or_default();
            let headers = parameters.iter().filter(|one| one["in"] == "header");
            found.push(Route {
                method: method.to_uppercase(),
                path: path.clone(),
                statuses: told["responses"]
                    .as_object()
                    .unwrap()
                    .keys()
                    .cloned()
                    .collect(),
                headers: headers
                    .map(|one| one["name"].as_str().unwrap().to_lowercase())
                    .map(|name| (name, "\"x\"".to_owned()))
                    .collect(),
            });
        }
    }
    assert!(
        found.len() >= 30,
        "{} routes are in the document",
        found.len()
    );
    found
}

/// A token's secret.
fn token(tenancy: &Tenancy, rank: &str, tenants: &[&str]) -> String {
    let mut arguments = vec!["token", "create", "routes", "--rank", rank];
    for tenant in tenants {
        arguments.extend(["--tenant", tenant]);
    }
    let made = tenancy.rollcall.expect(0, &arguments).unwrap();
    made.at("/secret").as_str().unwrap().to_owned()
}

/// One that was good until now.
fn expired(tenancy: &Tenancy) -> String {
    let made = tenancy
        .rollcall
        .expect(0, &["token", "create", "late", "--rank", "admin"])
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let path = tenancy.rollcall.data().join("rollcall.db");
    runtime.block_on(async {
        let url = format!("sqlite:{}", path.display());
        let mut database = sqlx::SqliteConnection::connect(&url).await.unwrap();
        let done = sqlx::query("UPDATE token SET expires_at = created_at + 1 WHERE name = 'late'")
            .execute(&mut database)
            .await
            .unwrap();
        assert_eq!(done.rows_affected(), 1);
        database.close().await.unwrap();
    });
    made.at("/secret").as_str().unwrap().to_owned()
}

/// What must not be told: names and addresses of the tenant's people, and where its directory is.
fn secrets_of(tenancy: &Tenancy) -> Vec<String> {
    let mut told = vec![
        tenancy.url(),
        tenancy.directory.bind_name(),
        tenancy.directory.password(),
    ];
    let organisation = tenancy.directory.organisation();
    for index in 0..PEOPLE {
        told.push(organisation.expected(index).dn.to_string());
    }
    told
}

/// Two tenants, of whom one has people, settings and runs.
fn scene() -> (Tenancy, Contents) {
    let tenancy = Tenancy::synced(sound(PEOPLE)).unwrap();
    tenancy.rollcall.expect(0, &["install", OTHER]).unwrap();
    let before = tenancy.contents().unwrap();
    (tenancy, before)
}

fn refused(route: &Route, reply: &Reply, status: u16, code: &str, secrets: &[String]) {
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (status, code),
        "{}: {reply:?}",
        route.name()
    );
    assert_eq!(reply.kind, "application/problem+json", "{}", route.name());
    silent(route, reply, secrets);
}

fn silent(route: &Route, reply: &Reply, secrets: &[String]) {
    for secret in secrets {
        assert!(!reply.text.contains(secret), "{}: {reply:?}", route.name());
    }
}

#[test]
fn no_route_answers_whoever_shows_no_good_token() {
    let (tenancy, before) = scene();
    let secrets = secrets_of(&tenancy);
    let good = token(&tenancy, "admin", &[]);
    let revoked = tenancy
        .rollcall
        .expect(0, &["token", "create", "gone", "--rank", "admin"])
        .unwrap();
    let id = revoked.at("/id").to_string();
    tenancy
        .rollcall
        .expect(0, &["token", "revoke", &id])
        .unwrap();
    let revoked = revoked.at("/secret").as_str().unwrap().to_owned();
    let expired = expired(&tenancy);
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let longer = format!("x{good}");
    for route in routes()
        .iter()
        .filter(|route| !OPEN.contains(&&*route.path))
    {
        for shown in ["", "rollcall_0", &good[1..], &longer, &revoked, &expired] {
            let reply = route.ask(&served, TENANT, shown);
            refused(route, &reply, 401, "not-authenticated", &secrets);
        }
    }
    assert_eq!(tenancy.contents().unwrap().people(), before.people());
}

#[test]
fn no_route_lets_a_token_reach_another_tenant() {
    let (tenancy, before) = scene();
    let secrets = secrets_of(&tenancy);
    let theirs = ["viewer", "operator", "admin"].map(|rank| token(&tenancy, rank, &[OTHER]));
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    for route in &routes() {
        for theirs in &theirs {
            let reply = route.ask(&served, TENANT, theirs);
            if route.of_tenant() {
                refused(route, &reply, 404, "not-installed", &secrets);
                // A tenant that is there looks like one that is not.
                let nobody = route.ask(&served, "nobody", theirs);
                assert_eq!(
                    (reply.status, &reply.text),
                    (nobody.status, &nobody.text),
                    "{}",
                    route.name()
                );
            } else if route.path != TENANTS && !OPEN.contains(&&*route.path) {
                assert_eq!(reply.status, 403, "{}: {reply:?}", route.name());
            }
            silent(route, &reply, &secrets);
        }
    }
    let listed = served.get(TENANTS, &theirs[2]).unwrap().json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["tenant"], OTHER);
    let after = tenancy.contents().unwrap();
    assert_eq!(after.count("run"), before.count("run"));
    assert_eq!(after.people(), before.people());
}

/// Which ranks a route lets in, by what it answers; of a tenant that is not there, so that nothing is done.
#[test]
fn every_route_wants_its_rank_and_lets_it_in() {
    let tenancy = Tenancy::synced(sound(PEOPLE)).unwrap();
    let ranks = ["viewer", "operator", "admin"];
    let tokens = ranks.map(|rank| token(&tenancy, rank, &[TENANT, "nobody"]));
    let whole = ranks.map(|rank| token(&tenancy, rank, &[]));
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    let mut least = BTreeSet::new();
    for route in routes()
        .iter()
        .filter(|route| !OPEN.contains(&&*route.path))
    {
        let tokens = if route.of_tenant() { &tokens } else { &whole };
        let let_in: Vec<bool> = tokens
            .iter()
            .map(|token| {
                // Installing would do something for whoever may.
                let installs = route.method == "POST" && route.path.ends_with("/plugin");
                let tenant = if installs { TENANT } else { "nobody" };
                let reply = route.ask(&served, tenant, token);
                let low = (reply.status, reply.code().as_str()) == (403, "rank-too-low");
                assert!(low || ![401, 403].contains(&reply.status), "{reply:?}");
                !low
            })
            .collect();
        // Whoever has more rank may what those below may.
        let first = let_in.iter().position(|one| *one);
        assert!(first.is_some(), "{} lets nobody in", route.name());
        let first = first.unwrap();
        assert!(let_in[first..].iter().all(|one| *one), "{}", route.name());
        if route.method == "GET" && route.of_tenant() {
            assert_eq!(first, 0, "{}: whoever may look may look", route.name());
        }
        if route.method != "GET" {
            assert!(first > 0, "{}: a viewer changes nothing", route.name());
        }
        least.insert((first, route.name()));
    }
    let wants = |route: &str| {
        let found = least.iter().find(|(_, name)| name == route);
        ranks[found.unwrap().0]
    };
    for (route, rank) in [
        ("POST /api/v1/tenants/{tenant}/runs", "operator"),
        (
            "POST /api/v1/tenants/{tenant}/runs/{run}/approve",
            "operator",
        ),
        ("POST /api/v1/tenants/{tenant}/runs/{run}/undo", "admin"),
        ("PATCH /api/v1/tenants/{tenant}/settings", "admin"),
        ("PUT /api/v1/tenants/{tenant}/mapping", "admin"),
        ("POST /api/v1/tenants/{tenant}/plugin", "admin"),
        ("POST /api/v1/tenants/{tenant}/plugin/upgrade", "admin"),
        ("POST /api/v1/tenants/{tenant}/plugin/rollback", "admin"),
        ("POST /api/v1/tenants/{tenant}/uninstall", "admin"),
        ("POST /api/v1/tokens", "admin"),
        ("GET /api/v1/audit", "admin"),
    ] {
        assert_eq!(wants(route), rank, "{route}");
    }
}

/// The twin: whoever may is let in everywhere, and hears what there is.
#[test]
fn every_route_lets_the_right_token_in() {
    let (tenancy, _) = scene();
    let (ours, whole) = (
        token(&tenancy, "admin", &[TENANT]),
        token(&tenancy, "admin", &[]),
    );
    let served = Served::start(&tenancy.rollcall, &[]).unwrap();
    // What ends the tenant comes last.
    let mut routes = routes();
    routes.sort_by_key(|route| route.path.ends_with("/uninstall"));
    let mut told = 0;
    for route in &routes {
        // The tenant may connect to more than ordinary addresses: another plugin for it is the host's affair.
        let exchanges = route.path.contains("/plugin/");
        let token = if route.of_tenant() && !exchanges {
            &ours
        } else {
            &whole
        };
        let reply = route.ask(&served, TENANT, token);
        let absent = reply.status == 404 && ["not-installed", ""].contains(&reply.code().as_str());
        assert!(
            ![401, 403].contains(&reply.status) && !absent && reply.status < 500,
            "{}: {reply:?}",
            route.name()
        );
        if route.method == "GET" && reply.status == 200 {
            told += 1;
        }
    }
    assert!(told >= 12, "{told} routes told something");
    let people: Value = served
        .get(&format!("{TENANTS}/{TENANT}/runs/1/rows?limit=1000"), &ours)
        .unwrap()
        .json();
    assert_eq!(people["rows"].as_array().unwrap().len() as u64, PEOPLE);
}
