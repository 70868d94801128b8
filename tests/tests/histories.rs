//! Random histories of real directories: a sync of changes ends where a sync of everybody does.
#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "tests")]

use rollcall::demo::people::Organisation;
use rollcall_tests::ds389::Ds389;
use rollcall_tests::histories::{ends_alike, two_tenants};
use rollcall_tests::samba::Samba;
use rollcall_tests::server::Server;
use rollcall_tests::site::Site;
use rollcall_tests::site::changes::remove;
use rollcall_tests::slapd::Slapd;

/// Steps of a history.
const STEPS: u32 = 12;

/// Seeds; another one, or several with commas between, by `ROLLCALL_HISTORIES`.
fn seeds() -> Vec<u64> {
    let wanted = std::env::var("ROLLCALL_HISTORIES").unwrap_or_else(|_| "1,2".to_owned());
    let seeds = wanted.split(',').map(|seed| seed.trim().parse());
    seeds.collect::<Result<_, _>>().unwrap()
}

/// Most steps but the first one were asked for changes only, in this way.
fn runs<S: Server>(site: &Site<S>, seed: u64, way: &str) {
    let (only, left) = ends_alike(site, seed, STEPS);
    assert!(only > STEPS / 2, "{only} of {STEPS}");
    assert!(left.contains(way), "{left}");
}

#[test]
fn a_history_on_openldap_ends_alike() {
    for seed in seeds() {
        let server = Slapd::start(&Organisation::new(seed, 120)).unwrap();
        runs(&two_tenants(server), seed, "ContentSync");
    }
}

#[test]
fn a_history_on_389_directory_server_ends_alike() {
    for seed in seeds() {
        let server = Ds389::start(&Organisation::new(seed, 120)).unwrap();
        runs(&two_tenants(server), seed, "ContentSync");
    }
}

// Domains as small as others need them, so that one is made for all.

#[test]
fn a_history_on_a_domain_controller_ends_alike() {
    for seed in seeds() {
        let server = Samba::start(&Organisation::new(5, 40)).unwrap();
        runs(&two_tenants(server), seed, "Stamps");
    }
}

#[test]
fn a_history_on_a_domain_controller_that_shows_what_was_deleted_ends_alike() {
    for seed in seeds() {
        let server = Samba::start(&Organisation::new(5, 40)).unwrap();
        let site = two_tenants(server.with_privilege());
        // A domain that is in use has tombstones.
        let nobody = site
            .server
            .hire("short.lived", "Short", "Lived", "short@example.org");
        site.change(&[nobody.clone(), remove(&nobody.dn)]).unwrap();
        runs(&site, seed, "UpdateSequence");
    }
}
