//! Random histories of real directories: a sync of changes ends where a sync of everybody does.
#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "tests")]

use rollcall::demo::people::Organisation;
use rollcall_tests::ds389::Ds389;
use rollcall_tests::histories::{ends_alike, two_tenants};
use rollcall_tests::samba::Samba;
use rollcall_tests::slapd::Slapd;

/// Steps of a history.
const STEPS: u32 = 12;

/// Seeds; another one, or several with commas between, by `ROLLCALL_HISTORIES`.
fn seeds() -> Vec<u64> {
    let wanted = std::env::var("ROLLCALL_HISTORIES").unwrap_or_else(|_| "1,2".to_owned());
    wanted
        .split(',')
        .map(|seed| seed.trim().parse().unwrap())
        .collect()
}

#[test]
fn a_history_on_openldap_ends_alike() {
    for seed in seeds() {
        let site = two_tenants(Slapd::start(&Organisation::new(seed, 120)).unwrap());
        let only = ends_alike(&site, seed, STEPS);
        assert!(only > STEPS / 2, "{only} of {STEPS}");
    }
}

#[test]
fn a_history_on_389_directory_server_ends_alike() {
    for seed in seeds() {
        let site = two_tenants(Ds389::start(&Organisation::new(seed, 120)).unwrap());
        let only = ends_alike(&site, seed, STEPS);
        assert!(only > STEPS / 2, "{only} of {STEPS}");
    }
}

#[test]
fn a_history_on_a_domain_controller_ends_alike() {
    // As small as others need it, so that the domain is made once for all of them.
    for seed in seeds() {
        let site = two_tenants(Samba::start(&Organisation::new(5, 40)).unwrap());
        let only = ends_alike(&site, seed, STEPS);
        assert!(only > STEPS / 2, "{only} of {STEPS}");
    }
}
