//! A directory that changes, and the rows that must come of it.

use std::collections::BTreeMap;

use rollcall::demo::dn::Dn;
use rollcall::demo::people::{Expected, Fate};
use rollcall_tests::portal::PlanRow;
use rollcall_tests::server::Server;
use rollcall_tests::site::changes::{hire, remove, rename, replace, transfer};
use rollcall_tests::site::{Site, run_of};

use super::{TENANT, changing, plain, rdn};

/// Locked for ever, as the password policy overlay has it.
const FOR_EVER: &str = "000001010000Z";
const LOCK: &str = "pwdAccountLockedTime";

/// From here on nobody is anybody's manager: slapd puts references to them right in its own time, while people are read.
const LED: u64 = 5_000;

/// Expects a portal that is up to date and watched.
pub(super) fn later_changes_are_exactly_their_rows(site: &Site) {
    let cast = Cast::of(site);
    let portal = site.portal().unwrap();
    let before = portal.people(TENANT).unwrap();
    site.change(&cast.act()).unwrap();
    let expected = cast.rows();

    // What a dry run says is what the sync then does.
    let planned = site.rollcall.expect(0, &["plan", TENANT]).unwrap();
    assert_eq!(planned.at("/run/status"), "planned");
    let dry = portal.rows(run_of(&planned)).unwrap();
    assert_eq!(portal.people(TENANT).unwrap(), before);
    assert_eq!(portal.written().unwrap(), BTreeMap::new());
    let (answer, rows) = site.sync(TENANT, 0).unwrap();
    assert_eq!(dry, rows);
    assert_eq!(answer.at("/run/digest"), planned.at("/run/digest"));

    let hired = cast.hired(&rows);
    let mut wanted: Vec<_> = expected
        .iter()
        .map(|(kind, reason, who)| (*kind, *reason, who.external_id.as_str()))
        .collect();
    wanted.push(("create", "new", hired.external_id.as_str()));
    wanted.sort_by_key(|row| row.2);
    assert_eq!(changing(&rows), wanted);
    let unsynced = rows.iter().filter(|row| row.kind == "unsynced").count();
    assert_eq!(
        unsynced as u64,
        site.server.organisation().totals().all_unsynced()
    );

    // Nobody else was written, and nobody twice.
    let written = portal.written().unwrap();
    for ((what, who), times) in &written {
        assert!(wanted.iter().any(|row| row.2 == who), "{what} {who}");
        if !what.ends_with("unique_value") {
            assert_eq!(*times, 1, "{what} {who}");
        }
    }
    for (kind, _, who) in &wanted {
        let verb = if *kind == "create" {
            "insert"
        } else {
            "update"
        };
        let done = (format!("{verb} person_values"), (*who).to_owned());
        assert_eq!(written.get(&done), Some(&1), "{kind} {who}");
    }
    cast.is_in_the_portal(site, &before);

    let (_, rows) = site.sync(TENANT, 0).unwrap();
    assert_eq!(changing(&rows), []);
    assert_eq!(portal.written().unwrap(), written);

    // The one who was disabled comes back.
    site.change(&[replace(&cast.disabled.dn, LOCK, &[])])
        .unwrap();
    let (_, rows) = site.sync(TENANT, 0).unwrap();
    let id = cast.disabled.external_id.as_str();
    assert_eq!(changing(&rows), [("reactivate", "returned", id)]);
    let person = &portal.people(TENANT).unwrap()[id];
    assert!(person.active && !person.by_sync);
    let gone = site
        .rollcall
        .expect(0, &["explain", TENANT, &cast.leaver.external_id])
        .unwrap();
    assert_eq!(gone.at("/external_id"), cast.leaver.external_id.as_str());
    assert!(gone.at("/verdict").as_str().unwrap().contains("no longer"));
}

/// Who plays which part.
struct Cast {
    renamed: Expected,
    awkward: Expected,
    moved: Expected,
    shouted_mail: Expected,
    shouted_name: Expected,
    swapped: [Expected; 2],
    cycled: [Expected; 3],
    leaver: Expected,
    disabled: Expected,
    enabled: Expected,
}

impl Cast {
    fn of(site: &Site) -> Self {
        let organisation = site.server.organisation();
        let mut plain = plain(organisation, LED);
        let mut next = || plain.next().unwrap();
        let by_cn = |sign: &str| {
            let mut all = organisation.manifest();
            let found = all.find(|who| {
                let named = who.dn.starts_with("cn=") && who.dn.contains(sign);
                who.index >= LED && who.fate == Fate::Valid && named
            });
            found.unwrap()
        };
        Self {
            renamed: next(),
            awkward: by_cn("\\,"),
            moved: next(),
            shouted_mail: next(),
            shouted_name: by_cn("Team"),
            swapped: [next(), next()],
            cycled: [next(), next(), next()],
            leaver: next(),
            disabled: next(),
            enabled: organisation
                .manifest()
                .find(|who| who.index >= LED && who.fate == Fate::Disabled)
                .unwrap(),
        }
    }

    fn act(&self) -> Vec<rollcall::demo::Entry> {
        let mail = |who: &Expected, of: &Expected| replace(&who.dn, "mail", &[&of.email]);
        let [a, b] = &self.swapped;
        let [x, y, z] = &self.cycled;
        let loud = |text: &str| text.to_uppercase();
        vec![
            rename(&self.renamed.dn, &format!("uid={}", self.new_name())),
            rename(&self.awkward.dn, "cn=Other\\2C \\\"Name\\\" \\+ Sons"),
            transfer(
                &self.moved.dn,
                rdn(&self.moved.dn),
                "ou=Contractors,ou=People",
            ),
            replace(
                &self.shouted_mail.dn,
                "mail",
                &[&loud(&self.shouted_mail.email)],
            ),
            replace(
                &self.shouted_name.dn,
                "uid",
                &[&loud(&self.shouted_name.username)],
            ),
            mail(a, b),
            mail(b, a),
            mail(x, y),
            mail(y, z),
            mail(z, x),
            hire("new.hire", "=New", "Hïre", "New.Hire@Example.org"),
            remove(&self.leaver.dn),
            replace(&self.disabled.dn, LOCK, &[FOR_EVER]),
            replace(&self.enabled.dn, LOCK, &[]),
        ]
    }

    /// The rows that must come of it, without the hire's, whose id the server makes. Mails are mapped in lower case,
    /// so one that is shouted changes nothing.
    fn rows(&self) -> Vec<(&'static str, &'static str, &Expected)> {
        let [a, b] = &self.swapped;
        let [x, y, z] = &self.cycled;
        let changed = [&self.shouted_name, a, b, x, y, z];
        let mut rows: Vec<_> = [&self.renamed, &self.awkward, &self.moved]
            .map(|who| ("update", "renamed", who))
            .into();
        rows.extend(changed.map(|who| ("update", "changed", who)));
        rows.push(("deactivate", "absent", &self.leaver));
        rows.push(("deactivate", "disabled", &self.disabled));
        rows.push(("create", "new", &self.enabled));
        rows
    }

    fn new_name(&self) -> String {
        format!("{}-renamed", self.renamed.username)
    }

    fn hired<'r>(&self, rows: &'r [PlanRow]) -> &'r PlanRow {
        let new = |row: &&PlanRow| row.dn.starts_with("uid=new.hire,");
        rows.iter().find(new).unwrap()
    }

    fn is_in_the_portal(&self, site: &Site, before: &rollcall_tests::portal::People) {
        let people = site.portal().unwrap().people(TENANT).unwrap();
        assert_eq!(people.len(), before.len() + 2);
        let now = |who: &Expected| &people[&who.external_id];
        assert_eq!(now(&self.renamed).values["username"], self.new_name());
        let awkward = Dn::parse(&now(&self.awkward).dn).unwrap();
        let wanted = "cn=Other\\2C \\22Name\\22 \\2B Sons,";
        let above = self.awkward.dn.find(",ou=").unwrap();
        let wanted = format!("{wanted}{}", &self.awkward.dn[above + 1..]);
        assert_eq!(awkward, Dn::parse(&wanted).unwrap());
        assert!(now(&self.moved).dn.contains("ou=Contractors"));
        assert_eq!(
            now(&self.shouted_mail),
            &before[&self.shouted_mail.external_id]
        );
        let name = &self.shouted_name;
        assert_eq!(now(name).values["username"], name.username.to_uppercase());
        assert_eq!(now(name).unique["username"], name.username);
        let [a, b] = &self.swapped;
        let [x, y, z] = &self.cycled;
        for (who, of) in [(a, b), (b, a), (x, y), (y, z), (z, x)] {
            assert_eq!(now(who).values["email"], of.email);
            assert_eq!(now(who).unique["email"], of.email);
        }
        for who in [&self.leaver, &self.disabled] {
            assert!(!now(who).active && now(who).by_sync);
        }
        assert!(now(&self.enabled).active);
        let hired = people.values().find(|p| p.unique["username"] == "new.hire");
        assert_eq!(hired.unwrap().values["email"], "new.hire@example.org");
        assert_eq!(hired.unwrap().values["first-name"], "=New");
    }
}
