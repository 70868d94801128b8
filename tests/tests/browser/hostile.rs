//! What others wrote is shown as text.

use rollcall::demo::dn::escape;
use rollcall_tests::browser::run;
use rollcall_tests::portal::Portal;
use rollcall_tests::served::Served;
use rollcall_tests::tenancy::{BASE, TENANT, Tenancy, Trouble, sound};
use serde_json::json;

const PAYLOADS: [&str; 5] = [
    "<img src=x onerror=alert(1)>",
    "\"><script>alert(1)</script>",
    "{{7*7}}",
    "javascript:alert(1)",
    "' onmouseover='alert(1)",
];
/// What a person may hold whatever it is.
const FREE: [&str; 9] = [
    "displayName",
    "givenName",
    "sn",
    "title",
    "departmentNumber",
    "o",
    "street",
    "l",
    "st",
];
/// What keeps a person out, where it is no number, language or type.
const NARROW: [&str; 6] = [
    "cn",
    "displayName",
    "telephoneNumber",
    "mobile",
    "employeeType",
    "preferredLanguage",
];
const PEOPLE: u64 = 40;

/// Writes each payload into everything that is mapped of one person; from `shift` on into another's.
fn write(tenancy: &Tenancy, shift: usize) -> Result<(), Trouble> {
    for (index, _) in PAYLOADS.iter().enumerate() {
        let payload = PAYLOADS[(index + shift) % PAYLOADS.len()];
        let person = tenancy.directory.organisation().expected(index as u64);
        for attribute in FREE {
            tenancy.directory.set(&person.dn, attribute, &[payload])?;
        }
    }
    Ok(())
}

/// Others who cannot be brought over for their mail address or user name, and are called like this.
fn write_names(tenancy: &Tenancy) -> Result<(), Trouble> {
    let organisation = tenancy.directory.organisation();
    for (index, payload) in PAYLOADS.iter().enumerate() {
        let from = 10 + 2 * index as u64;
        let [mail, name] = [from, from + 1].map(|at| organisation.expected(at).dn);
        tenancy.directory.set(&mail, "mail", &[payload])?;
        tenancy.directory.set(&mail, "displayName", &[payload])?;
        tenancy
            .directory
            .rename(&mail, &format!("cn={}", escape(payload)))?;
        for attribute in NARROW {
            tenancy.directory.set(&name, attribute, &[payload])?;
        }
    }
    Ok(())
}

#[test]
fn what_others_wrote_is_shown_as_text_on_every_screen() {
    let tenancy = Tenancy::synced(sound(PEOPLE)).unwrap();
    let rollcall = &tenancy.rollcall;
    super::admin(rollcall);
    for payload in PAYLOADS {
        rollcall
            .expect(0, &["token", "create", payload, "--rank", "viewer"])
            .unwrap();
    }
    write(&tenancy, 0).unwrap();
    write_names(&tenancy).unwrap();
    tenancy.sync(0).unwrap();
    let portal = Portal::of(rollcall.data()).unwrap();
    let people = portal.people(TENANT).unwrap();
    let organisation = tenancy.directory.organisation();
    let mut written = Vec::new();
    let mut showing = vec!["/settings/tokens".to_owned()];
    for (index, payload) in PAYLOADS.into_iter().enumerate() {
        let id = organisation.expected(index as u64).external_id;
        assert_eq!(people[&id].values["display-name"], payload, "{payload}");
        written.push(json!({ "id": id, "payload": payload }));
    }
    let of = |path: &str| format!("/tenants/{TENANT}{path}");
    showing.extend(["/people", "/unsynced", "/runs/2/rows?kind=update"].map(of));
    let mut paths: Vec<String> = [
        "/",
        "/settings",
        "/settings/tokens",
        "/settings/audit",
        "/account",
    ]
    .map(str::to_owned)
    .into();
    paths.extend(
        [
            "",
            "/configuration",
            "/mapping",
            "/runs",
            "/runs/1",
            "/runs/2",
            "/runs/2/rows",
            "/unsynced",
            "/people",
            "/person",
            "/schedule",
            "/history",
            "/plugin",
            "/audit",
            "/uninstall",
        ]
        .map(of),
    );
    let forms: Vec<String> = paths
        .iter()
        .cloned()
        .chain(["/install".to_owned()])
        .collect();
    for person in &written {
        paths.push(of(&format!(
            "/person?person={}",
            person["id"].as_str().unwrap()
        )));
    }
    let served = Served::start(rollcall, &[]).unwrap();
    let facts = json!({
        "url": served.url, "user": super::USER, "password": super::PASSWORD, "tenant": TENANT, "base": BASE,
        "payloads": PAYLOADS, "paths": paths, "showing": showing, "forms": forms, "people": written,
    });
    run("hostile", &facts, |asked| {
        if asked["ask"] != "exchange" {
            return super::nothing(asked);
        }
        write(&tenancy, 1)?;
        Ok(json!({}))
    })
    .unwrap();
    served.end().unwrap();
}
