//! Pictures: which come over, and that one who did not change is not sent again.

use super::bench::{apply, plan, portal, rows, set};
use crate::decode::base64;
use crate::field::{Field, FieldKind};
use crate::mapping::Rule;
use crate::ports::plan::{RowKind, Summary};
use crate::testing::World;
use crate::testing::directory::Record;

/// Three people; the portal has a field for a photo, and a rule fills it where `mapped`.
fn world(mapped: bool) -> World {
    let world = World::with_people(3);
    world.portal.fields.borrow_mut().push(Field {
        max_length: 4096,
        ..Field::plain("photo", FieldKind::Image)
    });
    set(&world, &[("photo-max-kb", "2")]);
    let mut rules = vec![
        Rule::new("username", "{uid}"),
        Rule::new("email", "{mail}"),
        Rule::new("last-name", "{sn}"),
    ];
    if mapped {
        rules.push(Rule::new("photo", "{jpegPhoto}"));
        crate::lifecycle::mapping::submit(&world, &rules).unwrap();
    }
    world
}

fn picture(length: usize) -> Vec<u8> {
    let mut bytes = vec![9; length];
    bytes[..4].copy_from_slice(&[0xff, 0xd8, 0xff, 0xe0]);
    bytes
}

fn show(record: &mut Record, bytes: &[u8]) {
    record.set("jpegPhoto", &[]);
    record.add("jpegPhoto", bytes);
}

fn photo(world: &World, n: u32) -> Option<String> {
    let id = format!("00000000-0000-4000-8000-{n:012}");
    let values = portal(world).remove(&id)?.values;
    values
        .into_iter()
        .find(|(field, _)| field == "photo")
        .map(|(_, value)| value)
}

fn said(summary: &Summary) -> Vec<(&str, bool)> {
    let warnings = summary.warnings.iter();
    let photos = warnings.filter(|warning| warning.code.starts_with("photo-"));
    photos
        .map(|warning| {
            (
                warning.code.as_str(),
                warning.message.starts_with("1 people"),
            )
        })
        .collect()
}

#[test]
fn a_photo_comes_with_its_person_and_is_not_sent_again_with_another_change() {
    let world = world(true);
    world.change("uid=user1,", |record| show(record, &picture(2048)));
    assert!(said(&plan(&world, 1, 1).unwrap()).is_empty());
    apply(&world);
    assert_eq!(photo(&world, 1), Some(base64(&picture(2048))));
    world.change("uid=user1,", |record| record.set("sn", &["Other"]));
    plan(&world, 2, 1).unwrap();
    let found = rows(&world);
    let fields: Vec<_> = found[0]
        .changes
        .iter()
        .map(|change| &*change.field)
        .collect();
    assert_eq!((found.len(), fields), (1, vec!["last-name"]));
    apply(&world);
    world.change("uid=user1,", |record| show(record, &picture(99)));
    plan(&world, 3, 1).unwrap();
    assert_eq!(rows(&world)[0].changes.len(), 1);
    apply(&world);
    assert_eq!(photo(&world, 1), Some(base64(&picture(99))));
    plan(&world, 4, 1).unwrap();
    assert_eq!(rows(&world), []);
}

#[test]
fn a_photo_that_is_too_large_or_none_is_left_out_and_its_person_comes() {
    let world = world(true);
    world.change("uid=user1,", |record| show(record, &picture(2049)));
    world.change("uid=user2,", |record| show(record, b"BM bitmap"));
    let summary = plan(&world, 1, 1).unwrap();
    assert_eq!(
        said(&summary),
        [("photo-too-large", true), ("photo-unreadable", true)]
    );
    assert!(rows(&world).iter().all(|row| row.kind == RowKind::Create));
    apply(&world);
    assert_eq!((photo(&world, 1), photo(&world, 2)), (None, None));
    plan(&world, 2, 1).unwrap();
    assert_eq!(rows(&world), []);
}

#[test]
fn who_gets_a_photo_that_is_too_large_keeps_the_one_there_is_and_a_raised_limit_brings_it() {
    let world = world(true);
    world.change("uid=user1,", |record| show(record, &picture(100)));
    plan(&world, 1, 1).unwrap();
    apply(&world);
    world.change("uid=user1,", |record| {
        show(record, &picture(2500));
        record.set("sn", &["Other"]);
    });
    assert_eq!(
        said(&plan(&world, 2, 1).unwrap()),
        [("photo-too-large", true)]
    );
    apply(&world);
    assert_eq!(photo(&world, 1), Some(base64(&picture(100))));
    set(&world, &[("photo-max-kb", "3")]);
    plan(&world, 3, 1).unwrap();
    apply(&world);
    assert_eq!(photo(&world, 1), Some(base64(&picture(2500))));
}

#[test]
fn without_a_rule_of_the_administrators_no_photo_is_asked_for() {
    let world = world(false);
    world.change("uid=user1,", |record| show(record, &picture(100)));
    plan(&world, 1, 1).unwrap();
    apply(&world);
    assert_eq!(photo(&world, 1), None);
    let profiles = crate::profile::registry().iter();
    assert!(
        profiles
            .flat_map(|profile| profile.rules)
            .all(|(field, _)| *field != "photo")
    );
}
