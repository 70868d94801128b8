//! A whole host in memory.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::ports::Host;
use crate::ports::directory::{HostProblem, Stage};
use crate::ports::plan::{Absence, Link, Plan, Proof, Rejection, Row, Summary, UnsyncedRow};
use crate::ports::portal::Portal;
use crate::ports::services::{Clock, Level, Log, Operation, Progress, Signal, State, Versioned};
use crate::problem::Problem;

use super::directory::{MemoryDirectory, Record};
use super::portal::MemoryPortal;

/// Everything that a hook may use, and what it did with it.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) directory: MemoryDirectory,
    pub(crate) portal: MemoryPortal,
    pub(crate) state: RefCell<BTreeMap<String, Versioned>>,
    pub(crate) rows: RefCell<Vec<Row<'static>>>,
    pub(crate) rejections: RefCell<Vec<Rejection>>,
    pub(crate) links: RefCell<Vec<Link>>,
    pub(crate) absences: RefCell<Vec<Absence>>,
    pub(crate) finished: RefCell<Option<(Summary, Proof, Vec<u8>)>>,
    pub(crate) unsynced: RefCell<Vec<UnsyncedRow>>,
    pub(crate) lines: RefCell<Vec<String>>,
    pub(crate) now: Cell<u64>,
    /// Stages in the order told.
    pub(crate) told: RefCell<Vec<Stage>>,
    /// Progress reports until it is told to stop; none: never.
    pub(crate) patience: Cell<Option<u32>>,
}

impl World {
    /// The same, configured: with these settings beside where it is.
    pub(crate) fn configured(people: u32, more: &[(&str, &str)]) -> Self {
        let world = Self::with_people(people);
        let settings = [&[("url", "a"), ("base-dn", "dc=example,dc=com")], more].concat();
        let given: Vec<_> = settings
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        crate::lifecycle::configure(&world, &given).unwrap();
        world
    }

    /// An OpenLDAP directory with so many people, all of whom can be brought over.
    pub(crate) fn with_people(count: u32) -> Self {
        let world = Self::default();
        *world.directory.root.borrow_mut() = Record::new(
            "",
            &[
                ("objectClass", "top"),
                ("objectClass", "OpenLDAProotDSE"),
                ("structuralObjectClass", "OpenLDAProotDSE"),
                ("namingContexts", "dc=example,dc=com"),
                ("supportedControl", "1.2.840.113556.1.4.319"),
                ("supportedLDAPVersion", "3"),
            ],
        );
        {
            let mut entries = world.directory.entries.borrow_mut();
            entries.push(Record::new(
                "dc=example,dc=com",
                &[("objectClass", "domain")],
            ));
            entries.push(Record::new(
                "ou=people,dc=example,dc=com",
                &[("objectClass", "organizationalUnit")],
            ));
            entries.extend((1..=count).map(person));
        }
        world
    }

    /// Changes an entry, found by a part of its DN.
    pub(crate) fn change(&self, part: &str, change: impl FnOnce(&mut Record)) {
        let mut entries = self.directory.entries.borrow_mut();
        change(
            entries
                .iter_mut()
                .find(|record| record.dn.contains(part))
                .unwrap(),
        );
    }
}

/// The n-th person.
pub(crate) fn person(n: u32) -> Record {
    Record::new(
        &format!("uid=user{n},ou=people,dc=example,dc=com"),
        &[
            ("objectClass", "inetOrgPerson"),
            ("entryUUID", &format!("00000000-0000-4000-8000-{n:012}")),
            ("uid", &format!("user{n}")),
            ("mail", &format!("user{n}@example.com")),
            ("givenName", "Given"),
            ("sn", &format!("Name {n}")),
            ("cn", &format!("Given Name {n}")),
        ],
    )
}

impl Host for World {
    type Directory = MemoryDirectory;

    fn directory(&self) -> &MemoryDirectory {
        &self.directory
    }
    fn portal(&self) -> &dyn Portal {
        &self.portal
    }
    fn plan(&self) -> &dyn Plan {
        self
    }
    fn state(&self) -> &dyn State {
        self
    }
    fn progress(&self) -> &dyn Progress {
        self
    }
    fn log(&self) -> &dyn Log {
        self
    }
    fn clock(&self) -> &dyn Clock {
        self
    }
}

impl Plan for World {
    fn record(&self, rows: &[Row<'_>]) -> Result<(), HostProblem> {
        self.rows
            .borrow_mut()
            .extend(rows.iter().cloned().map(Row::into_owned));
        Ok(())
    }
    fn reject(&self, mut rejections: Vec<Rejection>) -> Result<(), HostProblem> {
        assert!(
            (1..=1000).contains(&rejections.len()),
            "as many rejections as a call may have"
        );
        let rows = self.rows.borrow();
        let others = rejections.iter_mut().filter_map(|one| one.other.as_mut());
        for other in others.filter(|other| other.dn.is_empty()) {
            let row = rows
                .iter()
                .find(|row| *row.external_id == *other.external_id);
            other.dn = row.map(|row| row.dn.to_string()).unwrap_or_default();
        }
        self.rejections.borrow_mut().extend(rejections);
        Ok(())
    }
    fn link(&self, links: &[Link]) -> Result<(), HostProblem> {
        assert!(links.len() <= 1000, "more links than a call may have");
        self.links.borrow_mut().extend_from_slice(links);
        Ok(())
    }
    fn note_absent(&self, absences: Vec<Absence>) -> Result<(), HostProblem> {
        self.absences.borrow_mut().extend(absences);
        Ok(())
    }
    fn finish(
        &self,
        summary: &Summary,
        proof: &Proof,
        checkpoint: &[u8],
    ) -> Result<String, HostProblem> {
        *self.finished.borrow_mut() = Some((summary.clone(), proof.clone(), checkpoint.to_vec()));
        Ok("digest".into())
    }
    fn unsynced(&self, after: u64, limit: u32) -> Vec<UnsyncedRow> {
        let rows = self.unsynced.borrow();
        rows.iter()
            .filter(|row| row.sequence > after)
            .take(limit as usize)
            .cloned()
            .collect()
    }
}

impl State for World {
    fn get(&self, key: &str) -> Versioned {
        self.state.borrow().get(key).cloned().unwrap_or_default()
    }
    fn keys(&self, prefix: &str) -> Vec<String> {
        self.state
            .borrow()
            .keys()
            .filter(|key| key.starts_with(prefix))
            .cloned()
            .collect()
    }
    fn commit(&self, operations: Vec<Operation>) -> Result<(), HostProblem> {
        let mut state = self.state.borrow_mut();
        for operation in &operations {
            let version = state.get(&operation.key).map_or(0, |value| value.version);
            if operation
                .expected
                .is_some_and(|expected| expected != version)
            {
                return Err(Problem::new("conflict", "it has changed", "Try again.").into());
            }
        }
        for operation in operations {
            let version = state.get(&operation.key).map_or(0, |value| value.version) + 1;
            match operation.value {
                Some(value) => state.insert(operation.key, Versioned { value, version }),
                None => state.remove(&operation.key),
            };
        }
        Ok(())
    }
}

impl Progress for World {
    fn report(&self, _: &str, _: u64, _: u64) -> Signal {
        match self.patience.get() {
            Some(0) => Signal::Stop,
            Some(left) => {
                self.patience.set(Some(left - 1));
                Signal::GoOn
            }
            None => Signal::GoOn,
        }
    }
    fn staged(&self, stage: &Stage) {
        self.told.borrow_mut().push(stage.clone());
    }
}

impl Log for World {
    fn write(&self, _: Level, message: &str) {
        self.lines.borrow_mut().push(message.to_owned());
    }
}

impl Clock for World {
    fn now(&self) -> u64 {
        self.now.get()
    }
}
