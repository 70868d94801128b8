//! People whom the directory no longer holds, by policy.

use rollcall::demo::people::{Expected, Organisation, SUFFIX, Troubles};
use rollcall_tests::portal::Person;
use rollcall_tests::site::Site;
use rollcall_tests::site::changes::transfer;

use super::{changing, plain, rdn};

const POLICIES: [&str; 4] = ["keep", "deactivate", "grace", "review"];

fn person(site: &Site, tenant: &str, who: &Expected) -> Person {
    let people = site.portal().unwrap().people(tenant).unwrap();
    people[&who.external_id].clone()
}

/// The leaver under a policy, and how many rows the sync made.
fn synced(site: &Site, tenant: &str, who: &Expected) -> (Person, usize) {
    let (_, rows) = site.sync(tenant, 0).unwrap();
    (person(site, tenant, who), changing(&rows).len())
}

#[test]
fn a_leaver_becomes_what_the_policy_says_and_comes_back_as_the_same_person() {
    let organisation = Organisation::new(9, 40).with_troubles(Troubles::none());
    let site = Site::start(&organisation).unwrap();
    for policy in POLICIES {
        site.settle(policy).unwrap();
        let set = [
            "configure",
            policy,
            "--leavers",
            policy,
            "--set",
            "leaver-grace-days=2",
        ];
        site.rollcall.expect(0, &set).unwrap();
        site.sync(policy, 0).unwrap();
    }
    let who = plain(&organisation, 20).next().unwrap();
    let before = POLICIES.map(|policy| person(&site, policy, &who));
    site.change(&[transfer(&who.dn, rdn(&who.dn), "ou=Services")])
        .unwrap();

    let (kept, rows) = synced(&site, "keep", &who);
    assert_eq!(
        (kept.active, kept.absent, kept.review, rows),
        (true, true, false, 0)
    );
    let (gone, rows) = synced(&site, "deactivate", &who);
    assert_eq!((gone.active, gone.by_sync, rows), (false, true, 1));
    let (waits, rows) = synced(&site, "grace", &who);
    assert_eq!((waits.active, waits.absent, rows), (true, true, 0));
    let (shown, rows) = synced(&site, "review", &who);
    assert_eq!(
        (shown.active, shown.absent, shown.review, rows),
        (true, true, true, 0)
    );

    // A day later nothing happens, two days later the grace is over.
    let portal = site.portal().unwrap();
    let a_day = "UPDATE person SET absent_since = absent_since - 86400 WHERE absent_since <> 0";
    portal.execute(a_day).unwrap();
    assert!(synced(&site, "grace", &who).0.active);
    portal.execute(a_day).unwrap();
    for policy in POLICIES {
        let (now, rows) = synced(&site, policy, &who);
        let ended = policy == "grace";
        assert_eq!(rows, usize::from(ended), "{policy}");
        assert_eq!(now.active, matches!(policy, "keep" | "review"), "{policy}");
    }

    let above = format!("{},ou=Services,{SUFFIX}", rdn(&who.dn));
    site.change(&[transfer(&above, rdn(&who.dn), "ou=People")])
        .unwrap();
    for (policy, before) in POLICIES.into_iter().zip(before) {
        let (_, rows) = site.sync(policy, 0).unwrap();
        let id = who.external_id.as_str();
        let wanted: &[_] = if matches!(policy, "deactivate" | "grace") {
            &[("reactivate", "returned", id)]
        } else {
            &[]
        };
        assert_eq!(changing(&rows), wanted, "{policy}");
        assert_eq!(person(&site, policy, &who), before, "{policy}");
    }
}

#[test]
fn a_person_who_was_seen_but_failed_is_no_leaver() {
    let organisation = Organisation::new(9, 40).with_troubles(Troubles::none());
    let site = Site::start(&organisation).unwrap();
    site.settle("acme").unwrap();
    site.sync("acme", 0).unwrap();
    let who = plain(&organisation, 20).next().unwrap();
    let before = person(&site, "acme", &who);
    let broken = rollcall_tests::site::changes::replace(&who.dn, "mail", &["none at all"]);
    site.change(&[broken]).unwrap();
    let (_, rows) = site.sync("acme", 0).unwrap();
    assert_eq!(changing(&rows), []);
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].kind, rows[0].reason.as_str()),
        ("unsynced", "bad-value")
    );
    assert_eq!(person(&site, "acme", &who), before);
}
