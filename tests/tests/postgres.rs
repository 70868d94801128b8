//! The program on PostgreSQL: as on SQLite, after kills and on another host too, and moved there from SQLite.
#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::{Duration, Instant};

use rollcall::demo::DemoDirectory;
use rollcall_tests::postgres::Postgres;
use rollcall_tests::rollcall::Rollcall;
use rollcall_tests::tenancy::{TENANT, Tenancy, rows_of, sound};
use serde_json::Value;

/// More than four batches.
const PEOPLE: u64 = 9_000;

/// A tenant as [`Tenancy::configured`] makes one, with this program.
fn configured(rollcall: Rollcall, people: u64) -> Tenancy {
    let tenancy = Tenancy {
        rollcall,
        directory: DemoDirectory::start(sound(people)).unwrap(),
    };
    let install = ["install", TENANT, "--allow-loopback"];
    tenancy.rollcall.expect(0, &install).unwrap();
    tenancy.configure(0, &tenancy.settings()).unwrap();
    let map = ["map", "store", TENANT, "--suggested"];
    tenancy.rollcall.expect(0, &map).unwrap();
    tenancy
}

/// Everybody of the portal, as the program tells them, but for the second since when somebody is absent.
fn everybody(rollcall: &Rollcall) -> Value {
    let list = ["people", "list", TENANT, "--limit", "10000"];
    let mut all = rollcall.expect(0, &list).unwrap().result().clone();
    for person in all["people"].as_array_mut().unwrap() {
        let absent = !person["absent_since"].is_null();
        person["absent_since"] = absent.into();
    }
    all
}

#[test]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
fn a_tenant_has_the_same_portal_on_both_databases() {
    let server = Postgres::start();
    let sqlite = Tenancy::configured(sound(300)).unwrap();
    let postgres = configured(server.program("pair").unwrap(), 300);
    for step in 0..2 {
        let runs = [&sqlite, &postgres].map(|tenancy| {
            if step == 1 {
                tenancy.leave(&[3, 5, 8]).unwrap();
            }
            let synced = tenancy.sync(0).unwrap();
            synced.at("/run/rows").clone()
        });
        assert_eq!(runs[0], runs[1]);
        let same = everybody(&sqlite.rollcall) == everybody(&postgres.rollcall);
        assert!(same, "after step {step}");
    }
    assert_eq!(
        server.ask("pair", "SELECT count(*) FROM person").unwrap(),
        "300"
    );
    let gone = "SELECT count(*) FROM person WHERE absent_since > 0";
    assert_eq!(server.ask("pair", gone).unwrap(), "3");
    let none = !postgres.rollcall.data().join("rollcall.db").exists();
    assert!(none, "no file is made beside the database");
}

#[test]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
fn a_sync_that_is_killed_is_finished_by_another_host() {
    let server = Postgres::start();
    let calm = configured(server.program("calm").unwrap(), PEOPLE);
    calm.sync(0).unwrap();
    let tenancy = configured(server.program("killed").unwrap(), PEOPLE);
    let other = server.another("killed", tenancy.rollcall.data()).unwrap();
    let applying = "SELECT count(*) FROM run WHERE status = 'applying'";
    let applied = "SELECT count(*) FROM person";
    let held = "SELECT count(*) FROM lease WHERE until > now()";
    let mut halfway = false;
    for host in [&tenancy.rollcall, &other, &tenancy.rollcall] {
        // Who is killed keeps the lease for a while.
        while server.ask("killed", held).unwrap() != "0" {
            std::thread::sleep(Duration::from_millis(200));
        }
        // Rows come slowly enough to be caught between two batches.
        server
            .ask(
                "killed",
                "CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END $$;
                 DROP TRIGGER IF EXISTS slow ON person;
                 CREATE TRIGGER slow AFTER INSERT ON person
                    FOR EACH STATEMENT EXECUTE FUNCTION slow()",
            )
            .unwrap();
        let mut child = host.spawn(&["sync", TENANT]).unwrap();
        let before: u64 = server.ask("killed", applied).unwrap().parse().unwrap();
        // A machine that does much else plans slowly.
        let until = Instant::now() + Duration::from_secs(120);
        while Instant::now() < until {
            let ended = child.try_wait().unwrap().is_some();
            let now: u64 = server.ask("killed", applied).unwrap().parse().unwrap();
            if ended || now > before {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        halfway |= server.ask("killed", applying).unwrap() == "1";
    }
    server.ask("killed", "DROP TRIGGER slow ON person").unwrap();
    assert!(halfway, "no kill came while rows were applied");
    let early = other.expect(9, &["sync", TENANT]).unwrap();
    assert_eq!(early.problem_codes(), ["tenant-busy"]);
    while server.ask("killed", held).unwrap() != "0" {
        std::thread::sleep(Duration::from_millis(200));
    }
    other.expect(0, &["sync", TENANT]).unwrap();
    assert_eq!(server.ask("killed", applying).unwrap(), "0");
    for table in [
        "SELECT md5(string_agg(concat_ws(',', key, marks, role, source_hash), ';' ORDER BY key)) FROM person",
        "SELECT md5(string_agg(concat_ws(',', key, dn, changed, data::jsonb), ';' ORDER BY key)) FROM person_values",
        "SELECT md5(string_agg(concat_ws(',', u.field, u.value, v.key), ';' ORDER BY u.field, u.value))
         FROM unique_value u JOIN person_values v ON v.id = u.person",
    ] {
        assert_eq!(
            server.ask("calm", table).unwrap(),
            server.ask("killed", table).unwrap(),
            "{table}"
        );
    }
}

#[test]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
fn a_tenant_moves_from_sqlite_and_goes_on() {
    let server = Postgres::start();
    let tenancy = Tenancy::synced(sound(200)).unwrap();
    let moved = server.program("moved").unwrap();
    let from = tenancy.rollcall.data().to_str().unwrap();
    let copied = moved.expect(0, &["migrate", "--from", from]).unwrap();
    let tables = copied.at("/copied").as_array().unwrap();
    let people = tables.iter().find(|one| one["table"] == "person").unwrap();
    assert_eq!(people["rows"], 200);
    assert_eq!(everybody(&moved), everybody(&tenancy.rollcall));
    // The password opens, the policy came along, and nobody has changed.
    let synced = moved.expect(0, &["sync", TENANT]).unwrap();
    assert_eq!(rows_of(synced.at("/run"), "create"), 0);
    assert_eq!(rows_of(synced.at("/run"), "update"), 0);
    let twice = moved.expect(1, &["migrate", "--from", from]).unwrap();
    assert_eq!(twice.problem_codes(), ["store-not-empty"]);
}
