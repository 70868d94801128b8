//! The whole way of an administrator, against a real server over LDAPS.

use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rollcall::demo::people::ldif::append_record;
use rollcall::demo::people::{Expected, Fate, Organisation, SUFFIX, Share, Troubles};
use rollcall_tests::browser::run;
use rollcall_tests::portal::{People, Portal, PortalError};
use rollcall_tests::rollcall::Rollcall;
use rollcall_tests::served::Served;
use rollcall_tests::server::Server as _;
use rollcall_tests::site::changes::replace;
use rollcall_tests::slapd::Slapd;
use rollcall_tests::tenancy::{BASE, TENANT, Trouble, program, trouble};
use serde_json::{Value, json};

const PAUSE: Duration = Duration::from_millis(100);

/// Some who cannot be brought over, and nothing else that is odd.
fn organisation() -> Organisation {
    Organisation::new(11, 120).with_troubles(Troubles {
        missing_mail: Share::percent(4),
        duplicate_mail: Share::percent(4),
        malformed_mail: Share::percent(4),
        ..Troubles::none()
    })
}

/// What the browser wants from outside.
struct Outside<'o> {
    rollcall: &'o Rollcall,
    slapd: &'o Slapd,
    portal: Portal,
    person: &'o Expected,
}

impl Outside<'_> {
    fn answer(&self, asked: &Value) -> Result<Value, Trouble> {
        match asked["ask"].as_str().unwrap_or_default() {
            "people" => Ok(json!({ "count": self.people()?.len() })),
            "unsynced" => {
                let csv = asked["csv"].as_str().unwrap_or_default();
                Ok(json!({ "differences": self.differences(csv)? }))
            }
            "promote" => {
                let mut record = Vec::new();
                append_record(
                    &replace(&self.person.dn, "title", &["Promoted"]),
                    &mut record,
                );
                self.slapd.change(&String::from_utf8(record)?)?;
                Ok(json!({}))
            }
            "title" => {
                let people = self.people()?;
                let person = people.get(&self.person.external_id);
                Ok(json!({ "title": person.and_then(|one| one.values.get("job-title")) }))
            }
            "installed" => {
                let told = self.rollcall.json(&["runs", TENANT])?;
                Ok(json!({ "installed": !told.problem_codes().contains(&"not-installed") }))
            }
            _ => super::nothing(asked),
        }
    }

    /// Everybody in the portal. While the service opens or leaves the database, it cannot be opened for a moment.
    fn people(&self) -> Result<People, Trouble> {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            match self.portal.people(TENANT) {
                Err(PortalError::Database(_)) if Instant::now() < until => sleep(PAUSE),
                told => return Ok(told?),
            }
        }
    }

    /// Who is in the export or in the newest plan, and not in both with the same reason.
    fn differences(&self, csv: &str) -> Result<Vec<String>, Trouble> {
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let titles = reader.headers()?.clone();
        let column = |name: &str| {
            let at = titles.iter().position(|title| title == name);
            at.ok_or_else(|| trouble(format!("no column {name} in {titles:?}")))
        };
        let columns = [column("external-id")?, column("dn")?, column("code")?];
        let mut exported = BTreeSet::new();
        for record in reader.records() {
            let record = record?;
            exported.insert(columns.map(|at| record[at].to_owned()));
        }
        let newest = "SELECT CAST(max(id) AS TEXT) FROM run WHERE ?1 <> ''";
        let newest = self.portal.texts(newest, TENANT)?;
        let rows = self.portal.rows(newest[0].parse()?)?;
        let stored: BTreeSet<_> = rows
            .into_iter()
            .filter(|row| row.kind == "unsynced")
            .map(|row| [row.external_id, row.dn, row.problem.0])
            .collect();
        if stored.is_empty() {
            return Err(trouble("everybody was brought: nothing can be compared"));
        }
        let differing = exported.symmetric_difference(&stored);
        Ok(differing.map(|one| one.join(" | ")).collect())
    }
}

fn go(script: bool) {
    let organisation = organisation();
    let slapd = Slapd::start(&organisation).unwrap();
    let rollcall = program().unwrap();
    let mut served = Served::start(&rollcall, &[]).unwrap();
    let words = served.line().unwrap();
    assert!(words.contains("no user yet"), "{words}");
    let link = served.line().unwrap();
    let manifest: Vec<Expected> = organisation.manifest().collect();
    let valid = |who: &&Expected| who.fate == Fate::Valid;
    let person = manifest.iter().filter(valid).nth(7).unwrap();
    let entry = organisation.person(person.index);
    let facts = json!({
        "url": served.url,
        "link": link,
        "script": script,
        "tenant": TENANT,
        "server": slapd.ldaps_url(),
        "bind": slapd.bind_name(),
        "password": slapd.password(),
        "authority": slapd.ca_pem(),
        "base": BASE,
        "suffix": SUFFIX,
        "valid": manifest.iter().filter(valid).count(),
        "person": {
            "username": person.username,
            "dn": person.dn,
            "display": format!("{}, {}", person.last_name.to_uppercase(), person.first_name),
            "title": entry.text("title"),
        },
    });
    let outside = Outside {
        rollcall: &rollcall,
        slapd: &slapd,
        portal: Portal::of(rollcall.data()).unwrap(),
        person,
    };
    run("journey", &facts, |asked| outside.answer(asked)).unwrap();
    served.end().unwrap();
}

#[test]
fn an_administrator_goes_from_the_set_up_link_to_the_receipt() {
    go(true);
}

#[test]
fn everything_but_live_progress_works_without_script() {
    go(false);
}
