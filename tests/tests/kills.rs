//! `kill -9` of a sync at seeded moments, and the next sync: the same portal as without, nothing twice, nothing lost.
#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use rollcall::demo::Entry;
use rollcall::demo::people::dice::Dice;
use rollcall::demo::people::{Expected, Fate, Organisation};
use rollcall_tests::portal::{People, Portal};
use rollcall_tests::rollcall::Rollcall;
use rollcall_tests::server::Server;
use rollcall_tests::site::changes::{hire, remove, rename, replace};
use rollcall_tests::site::{Site, run_of};

const TENANT: &str = "acme";
/// Rows enough for several batches of either sync.
const PEOPLE: u64 = 6_000;
/// Of each of the two syncs: 50 in all.
const KILLS: u64 = 25;

/// What was done to whom, and how often.
type Written = BTreeMap<(String, String), i64>;

/// How a sync stood when it was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stood {
    Before,
    Planning,
    Planned,
    Applying,
    Applied,
}

/// A data directory before a sync, and what an undisturbed sync makes of it.
struct Undisturbed<'a> {
    before: &'a Path,
    newest: i64,
    portal: People,
    written: Written,
    took: Duration,
}

#[test]
fn a_first_sync_that_is_killed_is_finished_by_the_next() {
    let site = Site::start(&Organisation::new(31, PEOPLE)).unwrap();
    site.settle(TENANT).unwrap();
    site.portal().unwrap().watch(80).unwrap();
    let whole = Undisturbed::by(site.rollcall.data());
    let valid = site.server.organisation().totals().valid;
    assert_eq!(whole.portal.len() as u64, valid);
    whole.survives_kills(1);
}

#[test]
fn an_update_that_is_killed_is_finished_by_the_next() {
    let site = Site::start(&Organisation::new(32, PEOPLE)).unwrap();
    site.settle(TENANT).unwrap();
    site.sync(TENANT, 0).unwrap();
    site.portal().unwrap().watch(150).unwrap();
    let changes = many_changes(site.server.organisation());
    site.change(&changes).unwrap();
    let whole = Undisturbed::by(site.rollcall.data());
    let touched = |what: &str| whole.written.keys().filter(|key| key.0 == what).count();
    assert_eq!(touched("insert person"), 20);
    assert!(touched("update person") > 4_500);
    whole.survives_kills(2);
}

#[test]
fn adoptions_that_are_killed_are_finished_by_the_next() {
    let site = Site::start(&Organisation::new(33, PEOPLE)).unwrap();
    site.settle(TENANT).unwrap();
    site.sync(TENANT, 0).unwrap();
    let portal = site.portal().unwrap();
    // Two of five become people whom somebody entered by hand.
    portal
        .execute(
            "UPDATE person SET origin = 0, key = id, source_hash = NULL WHERE id % 5 < 2;
             UPDATE person_values SET origin = 0, key = id, dn = '' WHERE id % 5 < 2;",
        )
        .unwrap();
    let set = [
        "configure",
        TENANT,
        "--set=adoption=mail",
        "--set=guard-count=100000",
        "--set=guard-percent=100",
    ];
    site.rollcall.expect(0, &set).unwrap();
    portal.watch(150).unwrap();
    let whole = Undisturbed::by(site.rollcall.data());
    let adopted = whole
        .written
        .keys()
        .filter(|key| key.0 == "delete person")
        .count();
    assert!(adopted > 2_000, "{adopted}");
    assert_eq!(
        whole.portal.len() as u64,
        site.server.organisation().totals().valid
    );
    whole.survives_kills(3);
}

/// Mails of 400 pairs that are far apart and so in different batches, titles of most others, renames, leavers, hires.
fn many_changes(organisation: &Organisation) -> Vec<Entry> {
    let well: Vec<Expected> = organisation
        .manifest()
        .filter(|who| who.fate == Fate::Valid && who.dn.starts_with("uid="))
        .collect();
    let half = well.len() / 2;
    let mut changes = Vec::new();
    for (one, other) in well.iter().zip(&well[half..]).take(400) {
        changes.push(replace(&one.dn, "mail", &[&other.email]));
        changes.push(replace(&other.dn, "mail", &[&one.email]));
    }
    let others = well[400..half]
        .iter()
        .chain(&well[half + 400..well.len() - 100]);
    for who in others {
        changes.push(replace(&who.dn, "title", &["Changed"]));
    }
    let mut rest = well.iter().rev();
    for who in rest.by_ref().take(40) {
        changes.push(rename(&who.dn, &format!("uid={}-x", who.username)));
    }
    changes.extend(rest.take(30).map(|who| remove(&who.dn)));
    for number in 0..20 {
        let uid = format!("hire{number}");
        changes.push(hire(&uid, "New", "Hire", &format!("{uid}@example.org")));
    }
    changes
}

impl<'a> Undisturbed<'a> {
    /// Measures, on copies.
    fn by(before: &'a Path) -> Self {
        let mut times = Vec::new();
        let mut found = None;
        for _ in 0..3 {
            let copy = Copy::of(before);
            let started = Instant::now();
            copy.rollcall.expect(0, &["sync", TENANT]).unwrap();
            times.push(started.elapsed());
            found = Some((copy.people(), copy.written()));
        }
        times.sort_unstable();
        let (portal, written) = found.unwrap();
        for ((what, who), times) in &written {
            assert!(
                what.ends_with("unique_value") || *times == 1,
                "{what} {who}"
            );
        }
        Self {
            before,
            newest: Copy::of(before).newest(),
            portal,
            written,
            took: times[1],
        }
    }

    /// Kills at moments spread over the sync's time, and, where the clock met too few of them, while rows are applied.
    fn survives_kills(&self, seed: u64) {
        let mut stood: BTreeMap<Stood, u64> = BTreeMap::new();
        let mut took = self.took;
        for index in 0..KILLS {
            let share = Dice::of(seed, index, 0).below(1_000);
            let at = loop {
                let moment = took * u32::try_from(index * 1_000 + share).unwrap()
                    / u32::try_from(KILLS * 1_000).unwrap();
                if let Some(at) = self.survives(|_, started| started.elapsed() >= moment) {
                    break at;
                }
                // It had ended: on a machine less busy than it was, a sync takes less than was measured.
                took = moment * 19 / 20;
            };
            *stood.entry(at).or_default() += 1;
        }
        eprintln!(
            "undisturbed {:?} to {took:?}; killed while {stood:?}",
            self.took
        );
        // Whatever the clock met: some while planning and some between two batches, by looking.
        for wanted in [Stood::Planning, Stood::Applying, Stood::Applying] {
            let met = (0..10).any(|_| {
                self.survives(|copy, _| copy.stood(self.newest).is_some_and(|now| now >= wanted))
                    == Some(wanted)
            });
            assert!(met, "never met a sync while {wanted:?}");
        }
    }

    /// Kills once the time has come, syncs again, and compares everything. Says how the killed sync stood; nothing
    /// where it had ended by itself.
    fn survives(&self, mut now: impl FnMut(&Copy, Instant) -> bool) -> Option<Stood> {
        let copy = Copy::of(self.before);
        let started = Instant::now();
        let mut child = copy.rollcall.spawn(&["sync", TENANT]).unwrap();
        while !now(&copy, started) && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(500));
        }
        child.kill().unwrap();
        if child.wait().unwrap().code().is_some() {
            return None;
        }
        // Looked at on a copy: what the kill left is the next sync's to mend.
        let left = Copy::of(copy.rollcall.data());
        let stood = left.stood(self.newest).unwrap();
        let first = left.newest();
        for (done, times) in left.written() {
            let wanted = self.written.get(&done).copied().unwrap_or_default();
            assert!(times <= wanted, "{done:?} before the kill: {stood:?}");
        }

        // The lock is gone with its holder.
        let (next, rows) = copy.sync();
        match stood {
            Stood::Applying => {
                assert_eq!(next.at("/resumed/id"), first, "{stood:?}");
                assert_eq!(next.at("/resumed/status"), "applied");
            }
            _ => assert!(next.at("/resumed").is_null(), "{stood:?}"),
        }
        if stood >= Stood::Applying {
            assert_eq!(rows, 0, "{stood:?}");
        }
        self.is_reached_by(&copy, stood);
        Some(stood)
    }

    fn is_reached_by(&self, copy: &Copy, stood: Stood) {
        let people = copy.people();
        assert_eq!(people.len(), self.portal.len(), "{stood:?}");
        for (id, person) in &self.portal {
            // Ids of new people are made by the server and the same in every copy.
            assert_eq!(people.get(id), Some(person), "{stood:?}");
        }
        assert_eq!(copy.written(), self.written, "{stood:?}");
        let (_, rows) = copy.sync();
        assert_eq!(rows, 0, "{stood:?}");
        assert_eq!(copy.written(), self.written, "{stood:?}");
        let portal = copy.portal();
        let odd = portal
            .texts(
                "SELECT id || ' ' || status FROM run WHERE status NOT IN ('applied', 'abandoned', 'discarded')
                    OR (status = 'applied' AND pending <> 0) OR tenant NOT IN
                    (SELECT id FROM tenant WHERE name = ?1)",
                TENANT,
            )
            .unwrap();
        assert_eq!(odd, Vec::<String>::new(), "{stood:?}");
        let check = portal
            .texts(
                "SELECT * FROM pragma_integrity_check WHERE ?1 <> ''",
                TENANT,
            )
            .unwrap();
        assert_eq!(check, ["ok"], "{stood:?}");
    }
}

/// A data directory that is like another.
struct Copy {
    rollcall: Rollcall,
}

impl Copy {
    fn of(before: &Path) -> Self {
        let rollcall = Rollcall::new().unwrap();
        copy(before, rollcall.data());
        Self { rollcall }
    }

    fn portal(&self) -> Portal {
        Portal::of(self.rollcall.data()).unwrap()
    }

    fn people(&self) -> People {
        self.portal().people(TENANT).unwrap()
    }

    fn written(&self) -> Written {
        self.portal().written().unwrap()
    }

    /// Syncs to the end; the answer and how many rows changed the portal.
    fn sync(&self) -> (rollcall_tests::rollcall::Answer, usize) {
        let answer = self.rollcall.expect(0, &["sync", TENANT]).unwrap();
        assert_eq!(answer.at("/run/status"), "applied");
        let rows = self.portal().rows(run_of(&answer)).unwrap();
        let changing = rows.iter().filter(|row| row.kind != "unsynced").count();
        (answer, changing)
    }

    fn newest(&self) -> i64 {
        let newest = "SELECT coalesce(max(id), 0) FROM run WHERE ?1 <> ''";
        self.portal().number(newest, TENANT).unwrap()
    }

    /// How the sync after a run stands; nothing where the database is busy just now.
    fn stood(&self, after: i64) -> Option<Stood> {
        let asked = self.portal().texts(
            "SELECT status FROM run WHERE id > ?1 ORDER BY id DESC LIMIT 1",
            &after.to_string(),
        );
        match asked.ok()?.first().map(String::as_str) {
            None => Some(Stood::Before),
            Some("planning") => Some(Stood::Planning),
            Some("planned") => Some(Stood::Planned),
            Some("applying") => Some(Stood::Applying),
            Some(_) => Some(Stood::Applied),
        }
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&to).unwrap();
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), &to).unwrap();
        }
    }
}
