//! Plans that wait for an approval.

use rollcall::demo::people::{Organisation, Troubles};
use rollcall_tests::portal::People;
use rollcall_tests::site::changes::remove;
use rollcall_tests::site::{Site, run_of};

use super::{TENANT, changing, plain};

/// A synced site of which more have left than may go without an approval.
fn emptied() -> (Site, People) {
    let organisation = Organisation::new(3, 60).with_troubles(Troubles::none());
    let site = Site::start(&organisation).unwrap();
    site.settle(TENANT).unwrap();
    site.sync(TENANT, 0).unwrap();
    let leavers: Vec<_> = plain(&organisation, 40)
        .take(10)
        .map(|who| remove(&who.dn))
        .collect();
    site.change(&leavers).unwrap();
    let people = site.portal().unwrap().people(TENANT).unwrap();
    assert_eq!(people.len(), 60);
    (site, people)
}

fn inactive(site: &Site) -> usize {
    let people = site.portal().unwrap().people(TENANT).unwrap();
    people.values().filter(|person| !person.active).count()
}

#[test]
fn a_held_plan_is_applied_by_one_approval_of_its_digest_and_by_nothing_else() {
    let (site, before) = emptied();
    let rollcall = &site.rollcall;
    let (held, rows) = site.sync(TENANT, 6).unwrap();
    assert_eq!(held.at("/run/status"), "held");
    assert_eq!(changing(&rows).len(), 10);
    let guards = held.at("/run/guards").as_array().unwrap();
    let tripped: Vec<_> = guards.iter().filter(|g| g["tripped"] == true).collect();
    assert_eq!(tripped.len(), 1);
    assert_eq!(tripped[0]["name"], "deactivate");
    assert_eq!(
        (&tripped[0]["count"], &tripped[0]["limit"]),
        (&10.into(), &6.into())
    );
    let run = run_of(&held).to_string();
    let digest = held.at("/run/digest").as_str().unwrap();

    let refused = rollcall
        .expect(6, &["sync", TENANT, "--run", &run])
        .unwrap();
    assert_eq!(refused.problem_codes(), ["guard-held"]);
    let mut other = digest.to_owned();
    let last = if other.ends_with('0') { '1' } else { '0' };
    other.pop();
    other.push(last);
    let short = &digest[..7];
    for wrong in [other.as_str(), short, ""] {
        let refused = rollcall
            .expect(3, &["approve", TENANT, &run, wrong])
            .unwrap();
        assert_eq!(refused.problem_codes(), ["digest-mismatch"], "{wrong:?}");
    }
    assert_eq!(site.portal().unwrap().people(TENANT).unwrap(), before);

    let approved = rollcall
        .expect(0, &["approve", TENANT, &run, digest])
        .unwrap();
    assert_eq!(approved.at("/run/status"), "applied");
    assert_eq!(inactive(&site), 10);
    let again = rollcall
        .expect(3, &["approve", TENANT, &run, digest])
        .unwrap();
    assert_eq!(again.problem_codes(), ["not-held"]);
    let (_, rows) = site.sync(TENANT, 0).unwrap();
    assert_eq!(changing(&rows), []);
}

#[test]
fn an_approval_is_good_for_its_plan_and_not_for_the_next() {
    let (site, before) = emptied();
    let rollcall = &site.rollcall;
    let (first, _) = site.sync(TENANT, 6).unwrap();
    let (run, digest) = (run_of(&first).to_string(), first.at("/run/digest").clone());
    let digest = digest.as_str().unwrap();
    let released = rollcall
        .expect(0, &["approve", TENANT, &run, digest, "--no-apply"])
        .unwrap();
    assert_eq!(released.at("/run/status"), "planned");
    // A newer plan takes its place, and is held for itself.
    let (second, _) = site.sync(TENANT, 6).unwrap();
    assert_eq!(second.at("/run/status"), "held");
    let stale = rollcall
        .expect(3, &["sync", TENANT, "--run", &run])
        .unwrap();
    assert_eq!(stale.problem_codes().len(), 1);
    assert_eq!(site.portal().unwrap().people(TENANT).unwrap(), before);
    let second = run_of(&second).to_string();
    rollcall.expect(0, &["discard", TENANT, &second]).unwrap();
    let gone = rollcall
        .expect(3, &["approve", TENANT, &second, digest])
        .unwrap();
    assert_eq!(gone.problem_codes(), ["not-held"]);
    assert_eq!(inactive(&site), 0);
}

#[test]
fn a_plan_is_not_applied_under_another_configuration() {
    let (site, before) = emptied();
    let rollcall = &site.rollcall;
    let (held, _) = site.sync(TENANT, 6).unwrap();
    let (run, digest) = (run_of(&held).to_string(), held.at("/run/digest").clone());
    rollcall
        .expect(0, &["configure", TENANT, "--scope", "one"])
        .unwrap();
    let digest = digest.as_str().unwrap();
    let refused = rollcall
        .expect(3, &["approve", TENANT, &run, digest])
        .unwrap();
    assert_eq!(refused.problem_codes(), ["configuration-changed"]);
    assert_eq!(site.portal().unwrap().people(TENANT).unwrap(), before);
}
