//! Photos on a real server of any kind: which come over, and that one who did not change is not sent again.
#![expect(clippy::unwrap_used, reason = "tests")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rollcall::demo::Entry;
use rollcall::demo::people::Fate;

use crate::portal::PlanRow;
use crate::rollcall::Answer;
use crate::server::Server;
use crate::site::Site;
use crate::site::changes::replace;

/// The tenant, whose rules fill the photo from these attributes, and whose limit is 20 KiB.
const TENANT: &str = "acme";

/// Changes the photos of three people and syncs. Each server takes a `picture` only if it is one, and anything as `other`.
///
/// # Panics
/// Where something is not as it must be.
pub fn photos_come_when_they_change<S: Server>(
    site: &Site<S>,
    picture: &'static str,
    other: &'static str,
) {
    let server = &site.server;
    let plain = (0..server.organisation().people).map(|index| server.expected(index));
    let mut plain = plain.filter(|who| {
        let ascii = who.dn.is_ascii() && !who.dn.contains('\\');
        who.fate == Fate::Valid && ascii
    });
    let mut next = || plain.next().unwrap();
    let (seen, large, wrong) = (next(), next(), next());
    let photo = |of: &str| {
        let people = site.portal().unwrap().people(TENANT).unwrap();
        people[of].values.get("photo").cloned()
    };
    let changes = [
        set(&seen.dn, picture, jpeg(20 << 10)),
        set(&large.dn, picture, jpeg((20 << 10) + 1)),
        set(&wrong.dn, other, b"BM no picture".to_vec()),
    ];
    site.change(&changes).unwrap();
    let (answer, _) = site.sync(TENANT, 0).unwrap();
    let told = |answer: &Answer| {
        let warnings = answer.at("/run/warnings").as_array().unwrap().clone();
        let codes = warnings
            .iter()
            .map(|one| one["code"].as_str().unwrap().to_owned());
        codes
            .filter(|code| code.starts_with("photo-"))
            .collect::<Vec<_>>()
    };
    assert_eq!(told(&answer), ["photo-too-large", "photo-unreadable"]);
    assert_eq!(
        photo(&seen.external_id),
        Some(STANDARD.encode(jpeg(20 << 10)))
    );
    assert_eq!(photo(&large.external_id), None);
    assert_eq!(photo(&wrong.external_id), None);

    site.change(&[replace(&seen.dn, "sn", &["Other"])]).unwrap();
    let row = only(site);
    assert_eq!(row.external_id, seen.external_id);
    assert_eq!(row.after, r#"{"last-name":"Other"}"#);

    site.change(&[set(&seen.dn, picture, jpeg(900))]).unwrap();
    let row = only(site);
    let after: serde_json::Value = serde_json::from_str(&row.after).unwrap();
    assert_eq!(
        after,
        serde_json::json!({ "photo": STANDARD.encode(jpeg(900)) })
    );
    assert_eq!(photo(&seen.external_id), Some(STANDARD.encode(jpeg(900))));

    let (answer, rows) = site.sync(TENANT, 0).unwrap();
    assert!(rows.iter().all(|row| row.kind == "unsynced"), "{rows:?}");
    // Of these two nothing was written, so every sync looks at them again.
    assert_eq!(told(&answer), ["photo-too-large", "photo-unreadable"]);
}

/// The one row that changes the portal.
fn only<S: Server>(site: &Site<S>) -> PlanRow {
    let (_, rows) = site.sync(TENANT, 0).unwrap();
    let mut rows: Vec<_> = rows
        .into_iter()
        .filter(|row| row.kind != "unsynced")
        .collect();
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0)
}

fn set(dn: &str, attribute: &'static str, value: Vec<u8>) -> Entry {
    replace(dn, attribute, &[]).with(attribute, value)
}

/// So many bytes that begin as a picture does.
fn jpeg(length: usize) -> Vec<u8> {
    let mut bytes = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01".to_vec();
    bytes.resize(length - 2, 7);
    bytes.extend_from_slice(b"\xff\xd9");
    bytes
}
