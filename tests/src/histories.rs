//! Random histories of a directory: whatever happens in it, a sync of changes ends where a sync of everybody does.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use rollcall::demo::Entry;
use rollcall::demo::people::{Expected, Fate, SUFFIX};

use crate::portal::{People, PlanRow};
use crate::rollcall::Answer;
use crate::server::Server;
use crate::site::changes::{remove, rename, replace, transfer};
use crate::site::{Site, run_of};

/// Who is read whole at every step.
const WHOLE: &str = "whole";
/// Who is asked for changes.
const CHANGES: &str = "changes";

/// Steps of a history.
const STEPS: u32 = 12;

/// Seeds of histories; others, with commas between, by `ROLLCALL_HISTORIES`.
///
/// # Panics
/// Where these are no numbers.
pub fn seeds() -> Vec<u64> {
    let wanted = std::env::var("ROLLCALL_HISTORIES").unwrap_or_else(|_| "1,2".to_owned());
    let seeds = wanted.split(',').map(|seed| seed.trim().parse());
    seeds.collect::<Result<_, _>>().unwrap()
}

/// Runs a history on one server, which is changed by it. Most steps are asked for changes only, in this way.
///
/// # Panics
/// Where something is not as it must be.
pub fn runs<S: Server>(site: &Site<S>, seed: u64, way: &str) {
    let (only, left) = ends_alike(site, seed, STEPS);
    assert!(only > STEPS / 2, "{only} of {STEPS}");
    assert!(left.contains(way), "{left}");
}

/// A person of the history, as it has gone so far.
struct One {
    dn: String,
    /// Outside of the base.
    away: bool,
    enabled: bool,
}

/// What happens, drawn from a seed: xorshift, so that a history can be told again by its number.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

/// At every step the portal of a tenant that was asked for changes is that of one that was read whole. Gives how many
/// steps could be asked for changes only, and what the last one left.
fn ends_alike<S: Server>(site: &Site<S>, seed: u64, steps: u32) -> (u32, String) {
    let mut draw = Draw(seed | 1);
    let mut people: Vec<One> = (0..site.server.organisation().people)
        .map(|index| site.server.expected(index))
        .filter(is_plain)
        .map(|who| One {
            dn: who.dn,
            away: false,
            enabled: true,
        })
        .collect();
    let mut only = 0;
    for step in 0..steps {
        if step > 0 {
            for number in 0..=draw.below(6) {
                happen(site, &mut people, &mut draw, &format!("{step}-{number}"));
            }
        }
        let (_, rows) = sync(site, WHOLE, "full");
        let (answer, changed) = sync(site, CHANGES, "changes");
        let (whole, changes) = (portal(site, WHOLE), portal(site, CHANGES));
        let ids: BTreeSet<_> = whole.keys().chain(changes.keys()).collect();
        let differing = ids.into_iter().map(|id| (whole.get(id), changes.get(id)));
        let differing: Vec<_> = differing
            .filter(|(whole, changes)| whole != changes)
            .collect();
        let warnings = answer.at("/run/warnings");
        assert!(
            differing.is_empty(),
            "seed {seed}, step {step}: {differing:#?}\n{warnings:#}"
        );
        assert_eq!(
            unsynced(&rows),
            unsynced(&changed),
            "seed {seed}, step {step}"
        );
        if answer.at("/run/proof/basis") == "changes" {
            only += 1;
        } else {
            // Shown where the test fails for it.
            println!("step {step}: {warnings:#}");
        }
    }
    (only, site.portal().unwrap().checkpoint(CHANGES).unwrap())
}

/// One change of one person, or of a container.
fn happen<S: Server>(site: &Site<S>, people: &mut Vec<One>, draw: &mut Draw, name: &str) {
    let at = draw.below(people.len());
    let other = people[draw.below(people.len())].dn.clone();
    let one = &mut people[at];
    let (rdn, _) = one.dn.split_once(',').unwrap();
    let rdn = rdn.to_owned();
    let mail = format!("{name}@example.org");
    let changes: Vec<Entry> = match draw.below(10) {
        0 => vec![replace(&one.dn, "sn", &[name])],
        1 => vec![replace(&one.dn, "mail", &[&mail])],
        2 => vec![replace(&one.dn, "mail", &[])],
        // Two people with one address: neither can have it.
        3 => vec![
            replace(&one.dn, "mail", &[&mail]),
            replace(&other, "mail", &[&mail]),
        ],
        4 => {
            let (attribute, _) = rdn.split_once('=').unwrap();
            let fresh = format!("{attribute}=renamed {name}");
            let change = rename(&one.dn, &fresh);
            one.dn = one.dn.replacen(&rdn, &fresh, 1);
            vec![change]
        }
        5 => {
            let container = if one.dn.to_lowercase().contains("contractors") {
                "ou=People"
            } else {
                "ou=Contractors,ou=People"
            };
            let change = transfer(&one.dn, &rdn, container);
            (one.dn, one.away) = (format!("{rdn},{container},{SUFFIX}"), false);
            vec![change]
        }
        // Out of the base, and back.
        6 => {
            let container = if one.away { "ou=People" } else { "ou=Groups" };
            let change = transfer(&one.dn, &rdn, container);
            (one.dn, one.away) = (format!("{rdn},{container},{SUFFIX}"), !one.away);
            vec![change]
        }
        7 => {
            one.enabled = !one.enabled;
            site.server.switch(&one.dn, one.enabled)
        }
        8 if people.len() > 20 => vec![remove(&people.swap_remove(at).dn)],
        _ => {
            let hired = site
                .server
                .hire(&format!("hired.{name}"), "New", name, &mail);
            people.push(One {
                dn: hired.dn.clone(),
                away: false,
                enabled: true,
            });
            vec![hired]
        }
    };
    site.change(&changes).unwrap();
}

fn sync<S: Server>(site: &Site<S>, tenant: &str, mode: &str) -> (Answer, Vec<PlanRow>) {
    let answer = site
        .rollcall
        .expect(0, &["sync", tenant, "--mode", mode])
        .unwrap();
    let rows = site.portal().unwrap().rows(run_of(&answer)).unwrap();
    (answer, rows)
}

/// What the directory last said is kept with rows only; what the portal shows must be the same.
fn portal<S: Server>(site: &Site<S>, tenant: &str) -> People {
    let mut people = site.portal().unwrap().people(tenant).unwrap();
    for person in people.values_mut() {
        person.source_hash.clear();
    }
    people
}

fn unsynced(rows: &[PlanRow]) -> BTreeSet<(&str, &str)> {
    rows.iter()
        .filter(|row| row.kind == "unsynced")
        .map(|row| (row.external_id.as_str(), row.problem.0.as_str()))
        .collect()
}

fn is_plain(who: &Expected) -> bool {
    who.fate == Fate::Valid
        && who.dn.is_ascii()
        && !who.dn.contains('\\')
        && who.dn.matches(",ou=").count() <= 1
}

/// Two tenants on one server, one for each way.
///
/// # Panics
/// Where the server or the program is missing.
pub fn two_tenants<S: Server>(server: S) -> Site<S> {
    let site = Site::of(server).unwrap();
    for tenant in [WHOLE, CHANGES] {
        site.settle(tenant).unwrap();
    }
    site
}
