//! 20,000 people with every trouble.

use std::collections::BTreeMap;

use rollcall::demo::dn::Dn;
use rollcall::demo::people::{Expected, Fate, Organisation};
use rollcall_tests::portal::People;
use rollcall_tests::server::Server;
use rollcall_tests::site::{Site, run_of};

use super::{TENANT, changes, changing};

const PEOPLE: u64 = 20_000;

#[test]
fn twenty_thousand_people_come_over_and_stay_what_the_directory_says() {
    let organisation = Organisation::new(20, PEOPLE);
    let site = Site::start(&organisation).unwrap();
    site.settle(TENANT).unwrap();
    verify_agrees_with_the_manifest(&site);
    the_suggested_mapping_is_stored_and_previewed(&site);
    the_first_sync_brings_everybody_who_can_come(&site);
    the_export_names_everybody_else(&site);
    the_second_sync_writes_nothing(&site);
    changes::later_changes_are_exactly_their_rows(&site);
    people_are_explained(&site);
}

fn verify_agrees_with_the_manifest(site: &Site) {
    let organisation = site.server.organisation();
    let report = site.rollcall.expect(0, &["verify", TENANT]).unwrap();
    assert_eq!(report.at("/profile"), "openldap");
    let tally = |name: &str| report.at(&format!("/tally/{name}")).as_u64().unwrap();
    assert_eq!(tally("matched"), PEOPLE);
    assert_eq!(tally("disabled"), organisation.totals().disabled);
    // slapd gives entries in the order in which they were added; as many as are sampled are mapped.
    let mut sample = BTreeMap::new();
    let mut disabled = 0;
    for who in organisation
        .manifest()
        .take(usize::try_from(tally("sampled")).unwrap())
    {
        match who.fate {
            Fate::Unsynced { code, field, .. } => {
                *sample.entry(format!("{code} {field}")).or_insert(0_u64) += 1;
            }
            Fate::Disabled => disabled += 1,
            _ => {}
        }
    }
    assert_eq!(tally("would_fail"), sample.values().sum::<u64>());
    assert_eq!(
        tally("would_map") + tally("would_fail") + disabled,
        tally("sampled")
    );
    let reasons: BTreeMap<String, u64> =
        serde_json::from_value(report.at("/tally/reasons").clone()).unwrap();
    assert_eq!(reasons, sample);
    let paging = report.at("/stages").as_array().unwrap();
    let paging = paging.iter().find(|s| s["name"] == "paging").unwrap();
    assert_eq!(paging["verdict"], "passed", "{paging}");
}

fn the_suggested_mapping_is_stored_and_previewed(site: &Site) {
    let rollcall = &site.rollcall;
    let suggested = rollcall.expect(0, &["map", "suggest", TENANT]).unwrap();
    assert_eq!(suggested.at("/profile"), "openldap");
    let stored = rollcall
        .expect(0, &["map", "store", TENANT, "--suggested"])
        .unwrap();
    assert_eq!(stored.at("/rules"), suggested.at("/rules"));
    let organisation = site.server.organisation();
    let of = |wanted: fn(&Fate) -> bool| organisation.manifest().find(|e| wanted(&e.fate)).unwrap();
    for (who, outcome) in [
        (of(|f| *f == Fate::Valid), "would-create"),
        (of(|f| matches!(f, Fate::Unsynced { .. })), "unsynced"),
        (of(|f| *f == Fate::Disabled), "disabled-skipped"),
    ] {
        let seen = rollcall.expect(0, &["preview", TENANT, &who.dn]).unwrap();
        assert_eq!(seen.at("/external_id"), who.external_id.as_str());
        assert_eq!(seen.at("/outcome"), outcome, "{}", who.dn);
    }
}

fn the_first_sync_brings_everybody_who_can_come(site: &Site) {
    let organisation = site.server.organisation();
    let totals = organisation.totals();
    let (answer, _) = site.sync(TENANT, 0).unwrap();
    let run = |name: &str| answer.at(&format!("/run/{name}")).as_u64().unwrap();
    assert_eq!(run("seen"), PEOPLE);
    assert_eq!(run("counts/create"), totals.valid);
    assert_eq!(run("counts/unsynced"), totals.all_unsynced());
    assert_eq!(run("counts/disabled-skipped"), totals.disabled);
    assert_eq!(
        run("counts/create") + run("counts/unsynced") + run("counts/disabled-skipped"),
        run("seen")
    );
    assert_eq!(answer.at("/run/status"), "applied");
    assert_eq!(answer.at("/run/proof/complete"), true);

    let mut portal = site.portal().unwrap().people(TENANT).unwrap();
    for who in organisation.manifest().filter(|e| e.fate == Fate::Valid) {
        is_as_the_directory_says(organisation, &who, &mut portal);
    }
    assert!(portal.is_empty(), "nobody expected {portal:?}");
}

fn is_as_the_directory_says(organisation: &Organisation, who: &Expected, portal: &mut People) {
    let person = portal
        .remove(&who.external_id)
        .ok_or_else(|| format!("{} is missing", who.dn))
        .unwrap();
    assert_eq!(
        Dn::key_of(&person.dn).unwrap(),
        Dn::key_of(&who.dn).unwrap()
    );
    assert!(person.active && !person.by_sync && !person.absent);
    assert_eq!(person.role, "requester");
    let entry = organisation.person(who.index);
    let read = |name: &str| entry.text(name).map(|text| text.trim().to_owned());
    for (field, wanted) in [
        ("username", Some(who.username.clone())),
        ("email", Some(who.email.clone())),
        ("first-name", Some(who.first_name.clone())),
        ("last-name", Some(who.last_name.clone())),
        ("display-name", read("displayName")),
        ("phone", read("telephoneNumber")),
        ("mobile", read("mobile")),
        ("employee-id", read("employeeNumber")),
        ("job-title", read("title")),
        ("department", read("departmentNumber")),
        ("city", read("l")),
        ("street", read("street")),
    ] {
        assert_eq!(
            person.values.get(field),
            wanted.as_ref(),
            "{field} {}",
            who.dn
        );
    }
    let unique = ["username", "email"].map(|f| (f.to_owned(), person.values[f].to_lowercase()));
    assert_eq!(person.unique, BTreeMap::from(unique), "{}", who.dn);
}

fn the_export_names_everybody_else(site: &Site) {
    let organisation = site.server.organisation();
    let exact = site.file("exact.csv", "").unwrap();
    let safe = site.file("safe.csv", "").unwrap();
    let export = |to: &std::path::Path, more: &[&str]| {
        let to = to.to_str().unwrap();
        let arguments = [&["export", TENANT, "--output", to], more].concat();
        let answer = site.rollcall.expect(0, &arguments).unwrap();
        let text = std::fs::read_to_string(to).unwrap();
        assert!(
            !text.replace("\r\n", "").contains('\n'),
            "lines end in CRLF"
        );
        assert_eq!(answer.at("/bytes").as_u64().unwrap(), text.len() as u64);
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(text.as_bytes());
        let rows: Result<Vec<csv::StringRecord>, _> = reader.records().collect();
        rows.unwrap()
    };
    let exact = export(&exact, &[]);
    let column = |name: &str| exact[0].iter().position(|title| title == name).unwrap();
    let mut rows: BTreeMap<&str, &csv::StringRecord> = exact[1..]
        .iter()
        .map(|row| (&row[column("external-id")], row))
        .collect();
    assert_eq!(rows.len(), exact.len() - 1);
    for who in organisation.manifest() {
        let Fate::Unsynced { code, other, .. } = who.fate else {
            continue;
        };
        let row = rows.remove(who.external_id.as_str()).unwrap();
        assert_eq!(&row[column("code")], code, "{}", who.dn);
        assert!(!row[column("reason")].is_empty() && !row[column("remedy")].is_empty());
        assert_eq!(
            Dn::key_of(&row[column("dn")]).unwrap(),
            Dn::key_of(&who.dn).unwrap()
        );
        let read = |cell: &str| row[column(cell)].to_owned();
        // Where no value could be made: the one it would have been made of, unaltered.
        let mails = organisation.person(who.index);
        let mails: Vec<_> = mails.values("mail").iter().map(Vec::as_slice).collect();
        match code {
            "bad-value" => assert_eq!(read("email").as_bytes(), mails[0]),
            "duplicate" => assert_eq!(read("email"), who.email),
            _ => {}
        }
        assert_eq!(read("username"), who.username);
        assert_eq!(read("last-name"), who.last_name);
        let other = other.map(|index| organisation.expected(index));
        let (id, dn) = other.map_or_else(Default::default, |o| (o.external_id, o.dn));
        assert_eq!(read("other-external-id"), id);
        assert_eq!(
            Dn::key_of(&read("other-dn")).unwrap_or_default(),
            Dn::key_of(&dn).unwrap_or_default()
        );
    }
    assert!(rows.is_empty(), "{rows:?}");

    let safe = export(&safe, &["--spreadsheet-safe"]);
    assert_eq!(safe.len(), exact.len());
    let mut neutralised = 0;
    for (exact, safe) in exact.iter().zip(&safe) {
        for (exact, safe) in exact.iter().zip(safe) {
            if exact.starts_with(['=', '+', '-', '@']) {
                assert_eq!(safe, format!("'{exact}"));
                neutralised += 1;
            } else {
                assert_eq!(safe, exact);
            }
        }
    }
    assert!(neutralised > 0, "phone numbers begin with a plus sign");
}

fn the_second_sync_writes_nothing(site: &Site) {
    let portal = site.portal().unwrap();
    let before = portal.people(TENANT).unwrap();
    portal.watch(0).unwrap();
    let (answer, rows) = site.sync(TENANT, 0).unwrap();
    assert_eq!(changing(&rows), []);
    let totals = site.server.organisation().totals();
    assert_eq!(answer.at("/run/unchanged").as_u64().unwrap(), totals.valid);
    assert_eq!(portal.written().unwrap(), BTreeMap::new());
    assert_eq!(portal.people(TENANT).unwrap(), before);
}

fn people_are_explained(site: &Site) {
    let organisation = site.server.organisation();
    let explain = |who: &str| site.rollcall.expect(0, &["explain", TENANT, who]).unwrap();
    let of = |wanted: fn(&Fate) -> bool| {
        let mut later = (PEOPLE / 2..PEOPLE).map(|index| organisation.expected(index));
        later.find(|who| wanted(&who.fate)).unwrap()
    };
    let well = explain(&of(|fate| *fate == Fate::Valid).dn);
    assert_eq!(well.at("/verdict"), "Synced, and unchanged.");
    let twin = of(|fate| {
        matches!(
            fate,
            Fate::Unsynced {
                code: "duplicate",
                ..
            }
        )
    });
    let told = explain(&twin.external_id);
    let stages = told.at("/stages").as_array().unwrap();
    let stage = stages.iter().find(|s| s["name"] == "duplicate").unwrap();
    assert_eq!(stage["problems"][0]["code"], "duplicate");
    let nobody = explain("nobody@example.org");
    assert_eq!(nobody.at("/dn"), "");
    assert!(
        nobody
            .at("/verdict")
            .as_str()
            .unwrap()
            .contains("not found")
    );
    assert!(run_of(&site.rollcall.expect(0, &["plan", TENANT]).unwrap()) > 0);
}
