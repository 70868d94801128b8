#![expect(clippy::unwrap_used, reason = "tests")]

use super::super::{configure, install};
use super::*;
use crate::ports::directory::Verdict;
use crate::testing::World;
use crate::testing::world::person;

const SETTINGS: &[(&str, &str)] = &[
    ("url", "ldap.example.com"),
    ("base-dn", "ou=people,dc=example,dc=com"),
];

fn settings(more: &[(&str, &str)]) -> Vec<(String, String)> {
    [SETTINGS, more]
        .concat()
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

fn verdicts(report: &Report) -> Vec<(&str, Verdict)> {
    report
        .stages
        .iter()
        .map(|stage| (stage.name.as_str(), stage.verdict))
        .collect()
}

fn codes(report: &Report) -> Vec<(&str, &str)> {
    report
        .stages
        .iter()
        .flat_map(|stage| {
            stage
                .problems
                .iter()
                .map(|problem| (stage.name.as_str(), problem.code.as_str()))
        })
        .collect()
}

#[test]
fn a_good_directory_passes_every_stage_and_is_counted() {
    let world = World::with_people(30);
    let report = verify(&world, &settings(&[("page-size", "7")])).unwrap();
    assert!(
        report
            .stages
            .iter()
            .all(|stage| stage.verdict == Verdict::Passed),
        "{report:?}"
    );
    let names: Vec<_> = report
        .stages
        .iter()
        .map(|stage| stage.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "resolve", "connect", "tls", "bind", "base", "filter", "read", "paging", "sample"
        ]
    );
    assert_eq!(report.profile, "openldap");
    assert_eq!(report.bases, ["dc=example,dc=com"]);
    assert_eq!(
        (
            report.tally.matched,
            report.tally.sampled,
            report.tally.would_map
        ),
        (30, 30, 30)
    );
}

#[test]
fn a_big_directory_is_counted_whole_and_mapped_in_part() {
    let world = World::with_people(1500);
    world.change("uid=user1400,", |entry| {
        entry.set("pwdAccountLockedTime", &["000001010000Z"])
    });
    let report = verify(&world, &settings(&[])).unwrap();
    assert_eq!(
        (
            report.tally.matched,
            report.tally.sampled,
            report.tally.disabled
        ),
        (1500, 1000, 1)
    );
}

#[test]
fn stored_settings_are_verified_where_none_are_given_and_without_any_it_is_an_error() {
    let world = World::with_people(1);
    assert_eq!(verify(&world, &[]).unwrap_err()[0].code, "not-configured");
    install::install(&world).unwrap();
    configure::configure(&world, &settings(&[])).unwrap();
    assert_eq!(verify(&world, &[]).unwrap().tally.matched, 1);
}

#[test]
fn nobody_found_is_a_failure_and_never_silent() {
    let world = World::with_people(0);
    let report = verify(&world, &settings(&[])).unwrap();
    assert_eq!(codes(&report), [("filter", "empty-result")]);
    assert!(verdicts(&report).contains(&("filter", Verdict::Failed)));
}

#[test]
fn who_would_fail_is_counted_by_reason() {
    let world = World::with_people(10);
    world.change("uid=user1,", |entry| entry.set("mail", &[]));
    world.change("uid=user2,", |entry| entry.add("sn", b""));
    world.change("uid=user3,", |entry| {
        entry.set("mail", &["USER4@example.com "])
    });
    world.change("uid=user5,", |entry| {
        entry.set("sn", &[]);
        entry.add("sn", b"\xff");
    });
    world.change("uid=user6,", |entry| entry.set("entryUUID", &[]));
    world.change("uid=user7,", |entry| entry.set("uid", &[]));
    let report = verify(&world, &settings(&[])).unwrap();
    let reasons: Vec<_> = report
        .tally
        .reasons
        .iter()
        .map(|(code, n)| (code.as_str(), *n))
        .collect();
    assert_eq!(
        reasons,
        [
            ("bad-utf8 last-name", 1),
            ("duplicate email", 2),
            ("missing-external-id external-id", 1),
            ("missing-value email", 1),
            ("missing-value username", 1)
        ]
    );
    assert_eq!((report.tally.would_map, report.tally.would_fail), (4, 6));
    assert_eq!(verdicts(&report).last(), Some(&("sample", Verdict::Warned)));
}

#[test]
fn who_is_disabled_neither_comes_over_nor_fails_nor_takes_a_value() {
    let world = World::with_people(5);
    for part in ["uid=user1,", "uid=user2,"] {
        world.change(part, |entry| {
            entry.set("pwdAccountLockedTime", &["000001010000Z"]);
            entry.set("sn", &[]);
        });
    }
    world.change("uid=user2,", |entry| {
        entry.set("mail", &["user3@example.com"])
    });
    let tally = || {
        let report = verify(&world, &settings(&[])).unwrap();
        let evidence = report.stages.last().unwrap().evidence[0].clone();
        (report.tally, evidence)
    };
    let (first, evidence) = tally();
    assert_eq!(
        (first.sampled, first.would_map, first.would_fail),
        (5, 3, 0)
    );
    assert_eq!((first.disabled, first.reasons), (2, Vec::new()));
    assert!(
        evidence.contains("3 would come over") && evidence.contains("2 are disabled"),
        "{evidence}"
    );
    // Who has the value in the portal keeps it.
    world.portal.add(
        "00000000-0000-4000-8000-000000000002",
        "",
        &[("email", "user3@example.com")],
    );
    assert_eq!(tally().0.reasons, [("duplicate email".to_owned(), 1)]);
}

#[test]
fn a_count_that_a_limit_cut_is_a_least_count_and_a_whole_one_is_exact() {
    let world = World::with_people(20);
    let told = |world: &World| {
        let report = verify(world, &settings(&[])).unwrap();
        let filter = report.stages.into_iter().find(|s| s.name == "filter");
        filter.unwrap().evidence.remove(0)
    };
    assert!(told(&world).starts_with("20 entries"));
    world.directory.faults.borrow_mut().size_limit = Some(5);
    assert!(told(&world).starts_with("at least 5 entries"));
}

#[test]
fn somebody_whom_the_portal_knows_keeps_what_it_has() {
    let world = World::with_people(1);
    world.change("uid=user1,", |entry| entry.set("mail", &[]));
    assert_eq!(verify(&world, &settings(&[])).unwrap().tally.would_fail, 1);
    world.portal.add(
        "00000000-0000-4000-8000-000000000001",
        "",
        &[("email", "a@b.example")],
    );
    assert_eq!(verify(&world, &settings(&[])).unwrap().tally.would_fail, 0);
}

#[test]
fn a_value_that_somebody_holds_whom_no_sync_brought_is_a_duplicate() {
    let world = World::with_people(2);
    world.portal.add("", "", &[("email", "User1@Example.com")]);
    assert_eq!(
        verify(&world, &settings(&[])).unwrap().tally.reasons,
        [("duplicate email".to_owned(), 1)]
    );
}

#[test]
fn plain_transport_missing_paging_limits_and_references_are_warned_about() {
    let world = World::with_people(20);
    world.directory.faults.borrow_mut().no_paging = true;
    world.directory.faults.borrow_mut().size_limit = Some(5);
    world.directory.faults.borrow_mut().referrals = 2;
    let report = verify(&world, &settings(&[("security", "plain")])).unwrap();
    assert_eq!(
        codes(&report),
        [
            ("tls", "transport-unencrypted"),
            ("read", "referral"),
            ("paging", "paging-missing"),
            ("paging", "size-limit")
        ]
    );
    assert!(
        report
            .stages
            .iter()
            .all(|stage| stage.verdict != Verdict::Failed)
    );
}

#[test]
fn a_connection_lost_midway_fails() {
    let world = World::with_people(20);
    world.directory.faults.borrow_mut().cut_after = Some(5);
    let report = verify(&world, &settings(&[])).unwrap();
    assert!(verdicts(&report).contains(&("paging", Verdict::Failed)));
}

#[test]
fn a_filter_that_hides_disabled_accounts_is_warned_about() {
    let world = World::with_people(3);
    let filter = "(&(objectClass=inetOrgPerson)(!(pwdAccountLockedTime=*)))";
    let report = verify(&world, &settings(&[("filter", filter)])).unwrap();
    assert_eq!(codes(&report), [("filter", "filter-hides-disabled")]);
}

#[test]
fn a_filter_that_names_no_class_is_warned_about() {
    let world = World::with_people(3);
    let report = verify(&world, &settings(&[("filter", "(mail=*)")])).unwrap();
    assert_eq!(codes(&report), [("filter", "filter-without-class")]);
    let filter = "(&(objectClass=inetOrgPerson)(mail=*))";
    let report = verify(&world, &settings(&[("filter", filter)])).unwrap();
    assert_eq!(codes(&report), []);
}

#[test]
fn a_wrong_or_missing_base_fails_and_says_what_the_server_offers() {
    let world = World::with_people(3);
    for (base, code) in [
        ("ou=nowhere,dc=example,dc=com", "no-such-base"),
        ("", "required"),
    ] {
        let given = [("url", "a"), ("base-dn", base)].map(|(k, v)| (k.to_owned(), v.to_owned()));
        let report = verify(&world, &given).unwrap();
        assert_eq!(codes(&report), [("base", code)]);
        assert!(
            report.stages.last().unwrap().problems[0]
                .remedy
                .contains("dc=example,dc=com")
        );
    }
}

#[test]
fn a_failing_connection_is_in_the_report_and_wrong_settings_are_an_error() {
    let world = World::with_people(3);
    world.directory.faults.borrow_mut().open = Some("connect-refused");
    let report = verify(&world, &settings(&[])).unwrap();
    assert_eq!(codes(&report), [("connect", "connect-refused")]);
    assert_eq!(
        verify(&world, &settings(&[("port", "0")])).unwrap_err()[0].code,
        "bad-port"
    );
}

#[test]
fn a_root_dse_that_fails_is_not_taken_for_another_kind_of_directory() {
    let world = World::with_people(3);
    world.directory.faults.borrow_mut().root = Some("connection-lost");
    let report = verify(&world, &settings(&[])).unwrap();
    assert_eq!(codes(&report), [("read", "connection-lost")]);
    assert_eq!(report.profile, "");
}

#[test]
fn with_a_chosen_profile_the_root_dse_need_not_be_read() {
    let world = World::with_people(3);
    world.directory.faults.borrow_mut().root = Some("connection-lost");
    let report = verify(&world, &settings(&[("profile", "openldap")])).unwrap();
    assert_eq!(
        (report.profile.as_str(), report.tally.would_map),
        ("openldap", 3)
    );
}

#[test]
fn being_cancelled_is_an_error() {
    let world = World::with_people(3);
    world.patience.set(Some(0));
    assert_eq!(
        verify(&world, &settings(&[])).unwrap_err()[0].code,
        "cancelled"
    );
}

#[test]
fn everybody_failing_is_a_failure() {
    let world = World::default();
    *world.directory.entries.borrow_mut() = vec![person(1)];
    world.directory.entries.borrow_mut()[0].set("sn", &[]);
    let report = verify(&world, &settings(&[])).unwrap();
    assert_eq!(verdicts(&report).last(), Some(&("sample", Verdict::Failed)));
    assert_eq!(report.profile, "generic");
}

#[test]
fn an_id_attribute_is_named_and_one_that_people_fill_in_or_that_is_another_is_warned_of() {
    let world = World::with_people(3);
    let told = |more: &[(&str, &str)]| {
        let report = verify(&world, &settings(more)).unwrap();
        let id = report.stages.iter().find(|stage| stage.name == "id");
        id.map(|stage| {
            let codes = stage.problems.iter().map(|problem| problem.code.clone());
            (stage.verdict, codes.collect::<Vec<_>>())
        })
    };
    let by = |name| [("id-attribute", name)];
    assert_eq!(told(&[]), None);
    assert_eq!(told(&by("entryUUID")), Some((Verdict::Passed, vec![])));
    let reusable = "id-reusable".to_owned();
    let warned = Some((Verdict::Warned, vec![reusable.clone()]));
    assert_eq!(told(&by("uid")), warned);
    let id = "00000000-0000-4000-8000-000000000001";
    world.portal.add(id, "cn=x", &[]);
    assert_eq!(told(&by("entryUUID")), Some((Verdict::Passed, vec![])));
    let changed = "id-changed".to_owned();
    assert_eq!(
        told(&by("uid")),
        Some((Verdict::Warned, vec![changed, reusable]))
    );
}

#[test]
fn every_stage_of_a_report_is_told_once_and_in_its_order() {
    let good = World::with_people(30);
    let nobody = World::with_people(0);
    let unreachable = World::with_people(3);
    unreachable.directory.faults.borrow_mut().open = Some("connect-refused");
    let unreadable = World::with_people(3);
    unreadable.directory.faults.borrow_mut().root = Some("connection-lost");
    for world in [good, nobody, unreachable, unreadable] {
        let report = verify(&world, &settings(&[("security", "plain")])).unwrap();
        assert!(!report.stages.is_empty());
        assert_eq!(*world.told.borrow(), report.stages);
    }
}

#[test]
fn a_stage_is_told_before_the_next_one_is_tried() {
    let world = World::with_people(3);
    world.patience.set(Some(0));
    // It is stopped while the sample is read: what was over by then was told.
    verify(&world, &settings(&[])).unwrap_err();
    let told = world.told.borrow();
    let names: Vec<_> = told.iter().map(|stage| stage.name.as_str()).collect();
    assert_eq!(names, ["resolve", "connect", "tls", "bind", "base"]);
}
