//! Several hosts that serve the same tenants on one PostgreSQL database.
#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::{Duration, Instant};

use rollcall::demo::directory::{Deed, Fault, When};
use rollcall_tests::many::Many;
use rollcall_tests::served::Served;

/// How long a host that is not heard of keeps what it works at, and some more.
const LEASE: Duration = Duration::from_secs(15);
const PASSWORD: &str = "a long pass-phrase";
const LONG: Duration = Duration::from_secs(180);

/// Rows come slowly enough to be caught between two batches.
const SLOW: &str = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(0.4); RETURN NULL; END $$;
     CREATE TRIGGER slow AFTER INSERT ON person FOR EACH STATEMENT EXECUTE FUNCTION slow()";
const FAST: &str = "DROP TRIGGER slow ON person";

/// Waits until something is true of the database.
fn until(many: &Many, what: &str) {
    let start = Instant::now();
    while many.ask(what).unwrap() != "t" {
        assert!(start.elapsed() < LONG, "never came true: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
fn two_hosts_share_the_work_and_each_tenant_is_synced_once() {
    let many = Many::configured(12, 300).unwrap();
    let second = many.another().unwrap();
    let hosts = [&many.first, &second].map(|host| Served::start(host, &["--runs", "2"]).unwrap());
    many.make_due(Duration::from_secs(1)).unwrap();
    many.quiet(LONG).unwrap();
    many.all_there_once().unwrap();
    let runs = "SELECT count(*) || '/' || count(DISTINCT tenant) FROM run WHERE status = 'applied'";
    assert_eq!(many.ask(runs).unwrap(), "12/12");
    assert_eq!(many.ask("SELECT count(*) FROM run").unwrap(), "12");
    let worked = "SELECT count(DISTINCT heard::json ->> 'host') FROM run";
    assert_eq!(many.ask(worked).unwrap(), "2", "both worked");
    for host in hosts {
        host.end().unwrap();
    }
    let free = "SELECT count(*) FROM lease WHERE until > now()";
    assert_eq!(many.ask(free).unwrap(), "0", "leases are given back");
}

#[test]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
fn the_runs_of_a_killed_host_are_finished_by_another() {
    let many = Many::configured(3, 9_000).unwrap();
    many.ask(SLOW).unwrap();
    let first = Served::start(&many.first, &[]).unwrap();
    many.make_due(Duration::ZERO).unwrap();
    until(
        &many,
        "SELECT count(*) > 0 FROM run WHERE status = 'applying' AND cursor > 0",
    );
    first.kill().unwrap();
    let left = "SELECT count(*) > 0 FROM run WHERE status = 'applying'";
    assert_eq!(many.ask(left).unwrap(), "t");
    many.ask(FAST).unwrap();
    let second = many.another().unwrap();
    let second = Served::start(&second, &[]).unwrap();
    many.quiet(LONG).unwrap();
    many.all_there_once().unwrap();
    second.end().unwrap();
}

#[test]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
fn a_paused_host_loses_its_runs_and_writes_nothing_when_it_goes_on() {
    let many = Many::configured(2, 9_000).unwrap();
    many.ask(SLOW).unwrap();
    let first = Served::start(&many.first, &[]).unwrap();
    many.make_due(Duration::ZERO).unwrap();
    until(
        &many,
        "SELECT count(*) = 2 FROM run WHERE status = 'applying' AND cursor > 0",
    );
    first.signal("STOP").unwrap();
    let second = many.another().unwrap();
    let second = Served::start(&second, &[]).unwrap();
    // Both runs are under way on the second host when the first goes on.
    until(
        &many,
        "SELECT count(*) = 2 FROM lease WHERE token > 1 AND until > now()",
    );
    first.signal("CONT").unwrap();
    std::thread::sleep(Duration::from_secs(2));
    many.ask(FAST).unwrap();
    many.quiet(LONG).unwrap();
    many.all_there_once().unwrap();
    let kept = "SELECT bool_and(r.status = 'applied' AND r.problem IS NULL) FROM run r";
    assert_eq!(many.ask(kept).unwrap(), "t");
    // The first is as good a host as ever.
    second.end().unwrap();
    many.make_due(Duration::ZERO).unwrap();
    many.quiet(LONG).unwrap();
    let runs = "SELECT count(*) FROM run WHERE status = 'applied'";
    assert_eq!(many.ask(runs).unwrap(), "4");
    first.end().unwrap();
}

#[test]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
fn a_plan_that_its_host_left_is_begun_anew() {
    let many = Many::configured(1, 300).unwrap();
    let silence = Fault::always(When::EveryPage, Deed::Silence);
    many.directory.set_faults(vec![silence]);
    let first = Served::start(&many.first, &[]).unwrap();
    many.make_due(Duration::ZERO).unwrap();
    until(
        &many,
        "SELECT count(*) > 0 FROM run WHERE status = 'planning'",
    );
    first.kill().unwrap();
    many.directory.set_faults(Vec::new());
    let second = many.another().unwrap();
    let second = Served::start(&second, &[]).unwrap();
    std::thread::sleep(LEASE);
    many.quiet(LONG).unwrap();
    many.all_there_once().unwrap();
    let stands = "SELECT string_agg(status, ',' ORDER BY id) FROM run";
    assert_eq!(many.ask(stands).unwrap(), "abandoned,applied");
    second.end().unwrap();
}

#[test]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
fn a_host_that_is_cut_off_from_the_database_goes_on_when_it_is_back() {
    let many = Many::configured(2, 3_000).unwrap();
    many.ask(SLOW).unwrap();
    let host = Served::start(&many.first, &[]).unwrap();
    many.make_due(Duration::ZERO).unwrap();
    until(
        &many,
        "SELECT count(*) > 0 FROM run WHERE status = 'applying'",
    );
    for _ in 0..5 {
        many.ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .unwrap();
        std::thread::sleep(Duration::from_millis(700));
    }
    many.ask(FAST).unwrap();
    many.quiet(LONG).unwrap();
    many.all_there_once().unwrap();
    host.end().unwrap();
}

/// The page that lists hosts, for somebody who may see it.
fn page(host: &Served, name: &str) -> String {
    let body = serde_json::json!({ "name": name, "password": PASSWORD });
    let reply = host.ask("POST", "/api/v1/session", "", Some(&body), &[]);
    let reply = reply.unwrap();
    let cookie = reply.header("set-cookie").split(';').next().unwrap();
    let headers = [("cookie", cookie), ("sec-fetch-site", "same-origin")];
    let shown = host.ask("GET", "/settings/hosts", "", None, &headers);
    let shown = shown.unwrap();
    assert_eq!(shown.status, 200, "{shown:?}");
    let hosts = shown.text.split("<h2>Hosts</h2>").nth(1).unwrap();
    hosts.split("<h2>Leases</h2>").next().unwrap().to_owned()
}

#[test]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
fn every_host_is_listed_while_it_is_idle_and_told_as_gone_when_it_was_killed() {
    let many = Many::configured(1, 1).unwrap();
    let file = many.first.password_file(PASSWORD).unwrap();
    let file = file.to_string_lossy().into_owned();
    let made = ["user", "create", "ada", "--password-file", &file];
    let made = [&made[..], &["--rank", "admin"]].concat();
    many.first.expect(0, &made).unwrap();
    let others = [many.another().unwrap(), many.another().unwrap()];
    let first = Served::start(&many.first, &[]).unwrap();
    let [ended, killed] = others
        .each_ref()
        .map(|host| Served::start(host, &[]).unwrap());
    until(&many, "SELECT count(*) = 3 FROM host");
    let listed = page(&first, "ada");
    assert_eq!(listed.matches("heard of").count(), 3, "{listed}");
    assert_eq!(listed.matches("this one").count(), 1, "{listed}");
    assert!(!listed.contains("gone:"), "{listed}");
    let number = format!(":{}:", killed.process());
    assert!(listed.contains(&number), "{listed}");
    // Whoever ends says so; whoever is killed is missed.
    ended.end().unwrap();
    killed.kill().unwrap();
    assert_eq!(many.ask("SELECT count(*) FROM host").unwrap(), "2");
    until(
        &many,
        "SELECT count(*) = 1 FROM host WHERE heard < clock_timestamp() - interval '21 s'",
    );
    let listed = page(&first, "ada");
    assert_eq!(listed.matches("gone: not heard of").count(), 1, "{listed}");
    assert_eq!(listed.matches("heard of").count(), 2, "{listed}");
    first.end().unwrap();
}
