//! New people who take over whom the portal has already.

use super::bench::{apply, changing, plan, portal, rows, set};
use crate::ports::plan::{Row, RowKind, Summary};
use crate::ports::portal::Status;
use crate::testing::World;
use crate::testing::world::person;

const BY_MAIL: (&str, &str) = ("adoption", "mail");

fn id(n: u32) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

/// People of the directory, and one whom somebody entered by hand with the mail address of the first.
fn by_hand(people: u32, mail: &str, more: &[(&str, &str)]) -> World {
    let world = World::with_people(people);
    set(&world, more);
    let values = [
        ("username", "ada"),
        ("email", mail),
        ("last-name", "Lovelace"),
        ("phone", "7"),
    ];
    world.portal.add("", "", &values);
    world
}

fn kinds<'r>(rows: &'r [Row<'_>]) -> Vec<(RowKind, &'r str)> {
    rows.iter().map(|row| (row.kind, row.reason)).collect()
}

fn count(summary: &Summary, name: &str) -> u64 {
    let mut counts = summary.counts.iter();
    counts.find(|(known, _)| known == name).unwrap().1
}

/// The account is deleted and made anew: the same names, another id.
fn made_anew(world: &World, n: u32) {
    world.change(&format!("uid=user{n},"), |record| {
        record.set("entryUUID", &[&id(n + 900)]);
    });
}

fn synced(people: u32, more: &[(&str, &str)]) -> World {
    let world = World::with_people(people);
    set(&world, more);
    plan(&world, 1, 1).unwrap();
    apply(&world);
    world
}

#[test]
fn a_new_person_takes_over_who_was_entered_with_the_same_mail_address() {
    let world = by_hand(2, " USER1@example.com", &[BY_MAIL]);
    let summary = plan(&world, 1, 1).unwrap();
    let planned = rows(&world);
    let wanted = [(RowKind::Update, "adopted"), (RowKind::Create, "new")];
    assert_eq!(kinds(&planned), wanted);
    assert_eq!(count(&summary, "adopt"), 1);
    let row = &planned[0];
    let change = |field: &str| {
        let change = row.changes.iter().find(|change| &*change.field == field)?;
        Some((change.before.clone(), change.after.clone()))
    };
    let text = |text: &str| Some(text.to_owned().into());
    assert_eq!(change("external-id"), Some((None, text(&id(1)))));
    assert_eq!(change("username"), Some((text("ada"), text("user1"))));
    assert_eq!(change("phone"), None, "what the directory does not say");
    assert_eq!(row.other.as_ref().unwrap().id, "p1");
    apply(&world);
    let people = portal(&world);
    assert_eq!((people.len(), people[&id(1)].id.as_str()), (2, "p1"));
    plan(&world, 2, 1).unwrap();
    assert_eq!(rows(&world), []);
}

#[test]
fn without_the_setting_they_are_reported() {
    let world = by_hand(2, "user1@example.com", &[]);
    let summary = plan(&world, 1, 1).unwrap();
    let wanted = [(RowKind::Unsynced, "duplicate"), (RowKind::Create, "new")];
    assert_eq!(kinds(&rows(&world)), wanted);
    assert_eq!(count(&summary, "adopt"), 0);
}

#[test]
fn only_the_chosen_field_says_who_they_are() {
    let by_name = ("adoption", "username");
    let world = by_hand(1, "user1@example.com", &[by_name]);
    plan(&world, 1, 1).unwrap();
    assert_eq!(kinds(&rows(&world)), [(RowKind::Unsynced, "duplicate")]);
    world.change("uid=user1,", |record| record.set("uid", &["Ada"]));
    plan(&world, 1, 1).unwrap();
    assert_eq!(kinds(&rows(&world)), [(RowKind::Update, "adopted")]);
}

#[test]
fn of_two_who_match_one_person_neither_gets_the_person() {
    for pages in ["1", "10"] {
        let world = by_hand(3, "user1@example.com", &[BY_MAIL, ("page-size", pages)]);
        world.change("uid=user3,", |record| {
            record.set("mail", &["User1@example.com"])
        });
        let summary = plan(&world, 1, 1).unwrap();
        let planned = rows(&world);
        let neither = (RowKind::Unsynced, "adoption-ambiguous");
        assert_eq!(
            kinds(&planned),
            [neither, (RowKind::Create, "new"), neither]
        );
        assert_eq!(planned[0].other.as_ref().unwrap().external_id, id(3));
        assert_eq!(planned[2].other.as_ref().unwrap().external_id, id(1));
        let counts = ["adopt", "unsynced", "update", "create"].map(|name| count(&summary, name));
        assert_eq!(counts, [0, 2, 0, 1]);
        // The twin: one of them gets another address.
        world.change("uid=user3,", |record| {
            record.set("mail", &["user3@example.com"])
        });
        assert_eq!(count(&plan(&world, 2, 1).unwrap(), "adopt"), 1);
    }
}

#[test]
fn who_is_disabled_or_wrong_takes_nobody_over() {
    let world = by_hand(
        1,
        "user1@example.com",
        &[BY_MAIL, ("disabled-when", "(ou=x)")],
    );
    world.change("uid=user1,", |record| record.set("ou", &["x"]));
    plan(&world, 1, 1).unwrap();
    assert_eq!(rows(&world), []);
    world.change("uid=user1,", |record| record.set("ou", &["y"]));
    world.change("uid=user1,", |record| record.set("sn", &[&"n".repeat(65)]));
    plan(&world, 1, 1).unwrap();
    assert_eq!(kinds(&rows(&world)), [(RowKind::Unsynced, "too-long")]);
    world.change("uid=user1,", |record| record.set("sn", &["n"]));
    plan(&world, 1, 1).unwrap();
    assert_eq!(kinds(&rows(&world)), [(RowKind::Update, "adopted")]);
}

#[test]
fn who_wants_what_a_third_person_has_takes_nobody_over() {
    let world = by_hand(1, "user1@example.com", &[BY_MAIL]);
    let third = [
        ("username", "user1"),
        ("email", "third@example.com"),
        ("last-name", "T"),
    ];
    world.portal.add("", "", &third);
    let summary = plan(&world, 1, 1).unwrap();
    let planned = rows(&world);
    assert_eq!(kinds(&planned), [(RowKind::Unsynced, "duplicate")]);
    assert_eq!(planned[0].other.as_ref().unwrap().id, "p2");
    assert_eq!(count(&summary, "adopt"), 0);
}

#[test]
fn who_was_made_inactive_in_the_portal_stays_so_and_the_plan_says_it() {
    let world = by_hand(1, "user1@example.com", &[BY_MAIL]);
    world.portal.people.borrow_mut()[0].status = Status::Inactive;
    let summary = plan(&world, 1, 1).unwrap();
    let wanted = [(RowKind::Update, "adopted-inactive")];
    assert_eq!(kinds(&rows(&world)), wanted);
    let told = |summary: &Summary| {
        let mut warnings = summary.warnings.iter();
        warnings.any(|warning| warning.code == "adopted-inactive")
    };
    assert!(told(&summary));
    apply(&world);
    assert_eq!(portal(&world)[&id(1)].status, Status::Inactive);
    world.portal.people.borrow_mut().clear();
    let values = [("username", "ada"), ("email", "user1@example.com")];
    world.portal.add("", "", &values);
    assert!(!told(&plan(&world, 2, 1).unwrap()));
}

#[test]
fn more_than_the_limit_wait_for_an_approval() {
    for (people, tripped) in [(4, false), (5, true)] {
        let world = World::with_people(people);
        set(&world, &[BY_MAIL]);
        for n in 1..=people {
            let mail = format!("user{n}@example.com");
            let values = [("username", mail.as_str()), ("email", &mail)];
            world.portal.add("", "", &values);
        }
        let summary = plan(&world, 1, 1).unwrap();
        let mut guards = summary.guards.iter();
        let guard = guards.find(|guard| guard.name == "adopt").unwrap();
        assert_eq!((guard.count, guard.tripped), (people.into(), tripped));
    }
}

#[test]
fn an_account_made_anew_takes_over_its_own_person() {
    for leavers in ["keep", "deactivate"] {
        let world = synced(3, &[BY_MAIL, ("leavers", leavers)]);
        made_anew(&world, 2);
        let summary = plan(&world, 2, 1).unwrap();
        let planned = rows(&world);
        assert_eq!(kinds(&planned), [(RowKind::Update, "re-created")]);
        assert_eq!(planned[0].changes[0].before.as_deref(), Some(&*id(2)));
        assert_eq!(world.absences.borrow().len(), 0);
        assert_eq!((count(&summary, "adopt"), summary.unchanged), (1, 2));
        apply(&world);
        let people = portal(&world);
        assert_eq!((people.len(), people.contains_key(&id(902))), (3, true));
        plan(&world, 3, 1).unwrap();
        assert_eq!(rows(&world), []);
    }
}

#[test]
fn an_account_made_anew_comes_back_after_its_leaving_was_noticed() {
    let world = synced(3, &[BY_MAIL]);
    let gone = world.directory.entries.borrow().clone();
    let mut entries = world.directory.entries.borrow_mut();
    entries.retain(|record| !record.dn.contains("uid=user2,"));
    drop(entries);
    plan(&world, 2, 1).unwrap();
    apply(&world);
    *world.directory.entries.borrow_mut() = gone;
    made_anew(&world, 2);
    plan(&world, 3, 1).unwrap();
    assert_eq!(kinds(&rows(&world)), [(RowKind::Reactivate, "re-created")]);
    apply(&world);
    assert_eq!(portal(&world)[&id(902)].status, Status::Active);
}

#[test]
fn without_the_setting_an_account_made_anew_is_reported() {
    let world = synced(3, &[("leavers", "keep")]);
    made_anew(&world, 2);
    plan(&world, 2, 1).unwrap();
    assert_eq!(kinds(&rows(&world)), [(RowKind::Unsynced, "duplicate")]);
}

#[test]
fn who_is_still_there_is_not_taken_over() {
    let world = synced(3, &[BY_MAIL]);
    let mut twin = person(4);
    twin.set("mail", &["user2@example.com"]);
    world.directory.entries.borrow_mut().insert(2, twin);
    plan(&world, 2, 1).unwrap();
    assert_eq!(kinds(&rows(&world)), [(RowKind::Unsynced, "duplicate")]);
}

#[test]
fn an_enumeration_that_proves_nothing_lets_nobody_take_over_whom_it_did_not_find() {
    let world = synced(10, &[BY_MAIL, ("page-size", "2")]);
    made_anew(&world, 1);
    // The last one, whom the server does not give, is no leaver: nobody counts as gone.
    for (faults, whole) in [(Some(9), false), (None, true)] {
        world.directory.faults.borrow_mut().size_limit = faults;
        let summary = plan(&world, 2, 1).unwrap();
        let wanted = match whole {
            true => (RowKind::Update, "re-created"),
            false => (RowKind::Unsynced, "duplicate"),
        };
        assert_eq!(kinds(&rows(&world)), [wanted]);
        assert_eq!(count(&summary, "adopt"), u64::from(whole));
    }
}

#[test]
fn who_is_there_when_asked_for_is_not_taken_over() {
    let world = synced(10, &[BY_MAIL, ("page-size", "2")]);
    let mut twin = person(11);
    twin.set("mail", &["user10@example.com"]);
    world.directory.entries.borrow_mut().insert(2, twin);
    // The server leaves out user10, and calls it everything.
    world.directory.faults.borrow_mut().ends_early = Some(10);
    plan(&world, 2, 1).unwrap();
    assert_eq!(kinds(&rows(&world)), [(RowKind::Unsynced, "duplicate")]);
    let proof = world.finished.borrow().as_ref().unwrap().1.clone();
    assert_eq!(proof.gaps[0].code, "missed-entries");
}

#[test]
fn a_leaver_who_is_there_after_all_takes_the_adoptions_back() {
    let world = synced(10, &[BY_MAIL, ("page-size", "2")]);
    made_anew(&world, 1);
    world.directory.faults.borrow_mut().ends_early = Some(9);
    let summary = plan(&world, 2, 1).unwrap();
    assert_eq!(changing(&world), []);
    assert_eq!(kinds(&rows(&world)), [(RowKind::Unsynced, "duplicate")]);
    assert_eq!(count(&summary, "adopt"), 0);
}

#[test]
fn of_two_accounts_made_anew_with_one_address_neither_gets_the_person() {
    let world = synced(3, &[BY_MAIL, ("leavers", "keep")]);
    made_anew(&world, 2);
    let mut twin = person(4);
    twin.set("mail", &["user2@example.com"]);
    world.directory.entries.borrow_mut().push(twin);
    plan(&world, 2, 1).unwrap();
    let neither = (RowKind::Unsynced, "adoption-ambiguous");
    assert_eq!(kinds(&rows(&world)), [neither, neither]);
    // Whom they wanted is a leaver like any other.
    assert_eq!(world.absences.borrow().len(), 1);
}
