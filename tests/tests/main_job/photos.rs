//! Photos: bytes from the directory to the portal, unaltered.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rollcall::demo::people::{Fate, Organisation};
use rollcall_tests::photos;
use rollcall_tests::site::Site;

use super::TENANT;

#[test]
fn photos_arrive_byte_for_byte() {
    let organisation = Organisation::new(6, 300);
    let site = Site::start(&organisation).unwrap();
    site.settle(TENANT).unwrap();
    let rule = "photo={jpegPhoto|first|base64}";
    let store = ["map", "store", TENANT, "--suggested", "--rule", rule];
    site.rollcall.expect(0, &store).unwrap();
    site.sync(TENANT, 0).unwrap();
    let people = site.portal().unwrap().people(TENANT).unwrap();
    let (mut with, mut without) = (0, 0);
    for who in organisation.manifest() {
        if who.fate != Fate::Valid {
            continue;
        }
        let entry = organisation.person(who.index);
        let photo = people[&who.external_id].values.get("photo");
        match entry.values("jpegPhoto").first() {
            Some(bytes) => {
                assert_eq!(
                    STANDARD.decode(photo.unwrap()).unwrap(),
                    *bytes,
                    "{}",
                    who.dn
                );
                with += 1;
            }
            None => {
                assert_eq!(photo, None, "{}", who.dn);
                without += 1;
            }
        }
    }
    assert!(
        with > 0 && without > 0,
        "{with} with a photo, {without} without"
    );
}

#[test]
fn photos_come_when_they_change_and_within_their_limit() {
    let site = Site::start(&Organisation::new(7, 40)).unwrap();
    site.settle(TENANT).unwrap();
    let limit = site
        .file("limit.toml", "[settings]\nphoto-max-kb = 20\n")
        .unwrap();
    let limit = format!("--settings={}", limit.display());
    site.rollcall
        .expect(0, &["configure", TENANT, &limit])
        .unwrap();
    let rule = "photo={jpegPhoto,audio}";
    let store = ["map", "store", TENANT, "--suggested", "--rule", rule];
    site.rollcall.expect(0, &store).unwrap();
    site.sync(TENANT, 0).unwrap();
    photos::photos_come_when_they_change(&site, "jpegPhoto", "audio");
}
