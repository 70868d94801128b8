//! The `uninstall` hook.

use crate::ports::Host;
use crate::ports::directory::HostProblem;
use crate::ports::plan::{Basis, Proof, Row, RowKind, Summary};
use crate::ports::portal::{PEOPLE, Person, Status};
use crate::ports::services::{Operation, Signal};
use crate::problem::Problem;
use crate::schedule::store as timetable;
use crate::settings::configuration;
use crate::sync::{identifier, remembered};

use super::answer::{Answer, cancelled, one};
use super::install;

/// What becomes of the people that were synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Afterwards {
    /// They stay as they are.
    Keep,
    /// A plan is recorded that deactivates them.
    Deactivate,
}

/// What was removed and what is left (contract: `lifecycle.receipt`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// What and how many.
    pub removed: Vec<(String, u64)>,
    /// What and how many.
    pub left: Vec<(String, u64)>,
}

/// Removes the tenant's state. With [`Afterwards::Deactivate`], records a plan that deactivates everybody whom a sync
/// brought and who is active, and leaves the state to the host: until that plan is applied nothing is gone, and the
/// uninstall can be called off. The receipt counts the state as removed either way. Works whatever is configured, and where
/// nothing is.
///
/// # Errors
/// `cancelled`, and what the host says about `plan` and `state`; then the state is as it was.
pub fn uninstall(host: &impl Host, people: Afterwards) -> Answer<Receipt> {
    let mut count = Counts::default();
    let mut after = String::new();
    loop {
        let index = host.portal().index(&after, PEOPLE);
        let Some(last) = index
            .external_ids
            .last()
            .filter(|last| **last > after)
            .cloned()
        else {
            break;
        };
        if host.progress().report("uninstall", count.people(), 0) == Signal::Stop {
            return Err(cancelled());
        }
        let (active, inactive): (Vec<_>, Vec<_>) = index
            .external_ids
            .into_iter()
            .zip(index.marks.into_iter().chain(std::iter::repeat(0)))
            .partition(|(_, marks)| marks & 1 == 0);
        count.inactive += inactive.len() as u64;
        count.active += active.len() as u64;
        if people == Afterwards::Deactivate && !active.is_empty() {
            let ids: Vec<_> = active.into_iter().map(|(id, _)| id).collect();
            let rows: Vec<_> = host
                .portal()
                .people(&ids)
                .into_iter()
                .filter(|person| person.status == Status::Active)
                .map(deactivation)
                .collect();
            count.deactivated += rows.len() as u64;
            host.plan().record(&rows).map_err(one)?;
        }
        after = last;
        if !index.more {
            break;
        }
    }
    if people == Afterwards::Deactivate {
        finish(host, &count)?;
    }
    let keys = host.state().keys("");
    let removed = counted(host, &keys);
    if people == Afterwards::Keep {
        remove(host, keys)?;
    }
    Ok(receipt(&count, removed))
}

#[derive(Default)]
struct Counts {
    active: u64,
    inactive: u64,
    deactivated: u64,
}

impl Counts {
    fn people(&self) -> u64 {
        self.active + self.inactive
    }
}

fn deactivation(person: Person) -> Row<'static> {
    let mut source_hash = [0; 16];
    for (to, from) in source_hash.iter_mut().zip(&person.source_hash) {
        *to = *from;
    }
    Row {
        kind: RowKind::Deactivate,
        display: display(&person).into(),
        external_id: person.external_id.into(),
        dn: person.dn.into(),
        reason: "uninstalled",
        changes: Vec::new(),
        source_hash,
        problem: None,
        other: None,
    }
}

fn display(person: &Person) -> String {
    ["display-name", "username", "email"]
        .iter()
        .find_map(|field| person.values.iter().find(|(id, _)| id == field))
        .map_or_else(|| person.dn.clone(), |(_, value)| value.clone())
}

/// The plan concludes nothing from absence, so its proof proves nothing.
fn finish(host: &impl Host, count: &Counts) -> Answer<()> {
    let summary = Summary {
        counts: vec![("deactivate".into(), count.deactivated)],
        ..Summary::default()
    };
    let proof = Proof {
        basis: Basis::Enumeration,
        complete: false,
        gaps: vec![HostProblem::from(Problem::new(
            "uninstalled",
            "the directory was not read: the plugin is being removed",
            "Nothing is to be done.",
        ))],
        pages: 0,
        entries: 0,
        referrals: 0,
        server: String::new(),
        searches: Vec::new(),
        configuration: String::new(),
    };
    host.plan().finish(&summary, &proof, &[]).map_err(one)?;
    Ok(())
}

/// What these keys of the state hold.
fn counted(host: &impl Host, keys: &[String]) -> Vec<(String, u64)> {
    let rules = configuration::stored_rules(host.state()).map_or(0, |(rules, _)| rules.len());
    let has = |key: &str| u64::from(keys.iter().any(|known| known == key));
    let known = [
        configuration::KEY,
        timetable::KEY,
        remembered::KEY,
        identifier::KEY,
        install::KEY,
    ];
    let others = keys
        .iter()
        .filter(|key| !known.contains(&key.as_str()))
        .count();
    let removed = [
        ("settings", has(configuration::KEY)),
        ("mapping rules", rules as u64),
        ("timetable", has(timetable::KEY)),
        ("directory profile", has(remembered::KEY)),
        ("id attribute", has(identifier::KEY)),
        ("installation record", has(install::KEY)),
        ("other stored values", others as u64),
    ];
    removed
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(what, count)| (what.to_owned(), count))
        .collect()
}

fn remove(host: &impl Host, keys: Vec<String>) -> Answer<()> {
    let operations: Vec<_> = keys
        .into_iter()
        .map(|key| Operation {
            key,
            expected: None,
            value: None,
        })
        .collect();
    if operations.is_empty() {
        return Ok(());
    }
    host.state().commit(operations).map_err(one)
}

fn receipt(count: &Counts, removed: Vec<(String, u64)>) -> Receipt {
    let left = [
        (
            "active people, as they are",
            count.active - count.deactivated.min(count.active),
        ),
        (
            "people, deactivated by the recorded plan",
            count.deactivated,
        ),
        ("inactive people, as they are", count.inactive),
    ];
    Receipt {
        removed,
        left: left
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(what, count)| (what.to_owned(), count))
            .collect(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::{configure, install};
    use super::*;
    use crate::testing::World;

    fn installed() -> World {
        let world = World::default();
        install::install(&world).unwrap();
        let settings =
            [("url", "a"), ("base-dn", "dc=x")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        configure::configure(&world, &settings).unwrap();
        world.portal.add("id-1", "cn=1", &[("username", "one")]);
        world.portal.add("id-2", "cn=2", &[]);
        world.portal.add("id-3", "cn=3", &[]);
        world.portal.add("", "", &[("username", "by hand")]);
        world.portal.people.borrow_mut()[2].status = Status::Inactive;
        world
    }

    fn lines(lines: &[(String, u64)]) -> Vec<(&str, u64)> {
        lines
            .iter()
            .map(|(what, count)| (what.as_str(), *count))
            .collect()
    }

    #[test]
    fn keeping_people_removes_the_state_and_records_nothing() {
        let world = installed();
        let receipt = uninstall(&world, Afterwards::Keep).unwrap();
        assert_eq!(
            lines(&receipt.removed),
            [("settings", 1), ("installation record", 1)]
        );
        assert_eq!(
            lines(&receipt.left),
            [
                ("active people, as they are", 2),
                ("inactive people, as they are", 1)
            ]
        );
        assert!(world.state.borrow().is_empty());
        assert!(world.rows.borrow().is_empty() && world.finished.borrow().is_none());
    }

    #[test]
    fn deactivating_records_a_plan_for_active_synced_people_only() {
        let world = installed();
        let receipt = uninstall(&world, Afterwards::Deactivate).unwrap();
        let rows = world.rows.borrow();
        assert_eq!(
            rows.iter().map(|row| &*row.external_id).collect::<Vec<_>>(),
            ["id-1", "id-2"]
        );
        assert_eq!(
            (rows[0].kind, rows[0].reason),
            (RowKind::Deactivate, "uninstalled")
        );
        assert_eq!((&*rows[0].display, &*rows[1].display), ("one", "cn=2"));
        assert!(!world.finished.borrow().as_ref().unwrap().1.complete);
        assert_eq!(
            lines(&receipt.removed),
            [("settings", 1), ("installation record", 1)]
        );
        assert_eq!(
            lines(&receipt.left),
            [
                ("people, deactivated by the recorded plan", 2),
                ("inactive people, as they are", 1)
            ]
        );
    }

    #[test]
    fn many_people_are_asked_for_in_portions_and_all_of_them_are_deactivated() {
        let world = installed();
        for n in 0..2 * PEOPLE {
            world.portal.add(&format!("more-{n:03}"), "cn=more", &[]);
        }
        uninstall(&world, Afterwards::Deactivate).unwrap();
        assert_eq!(world.rows.borrow().len(), 2 * PEOPLE as usize + 2);
    }

    #[test]
    fn until_the_people_are_deactivated_the_state_is_left_to_the_host() {
        let world = installed();
        let before = world.state.borrow().clone();
        let first = uninstall(&world, Afterwards::Deactivate).unwrap();
        assert_eq!(*world.state.borrow(), before);
        // Stopped before the plan was applied: the same again.
        assert_eq!(uninstall(&world, Afterwards::Deactivate).unwrap(), first);
    }

    #[test]
    fn being_cancelled_leaves_the_state_as_it_was() {
        let world = installed();
        world.patience.set(Some(0));
        assert_eq!(
            uninstall(&world, Afterwards::Deactivate).unwrap_err()[0].code,
            "cancelled"
        );
        assert_eq!(world.state.borrow().len(), 2);
        assert!(world.finished.borrow().is_none());
    }

    #[test]
    fn what_was_never_installed_is_uninstalled_with_an_empty_receipt() {
        assert_eq!(
            uninstall(&World::default(), Afterwards::Deactivate).unwrap(),
            Receipt::default()
        );
    }
}
