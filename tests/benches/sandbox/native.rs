//! The plugin's core compiled natively, over its own ports.

use std::cell::Cell;
use std::sync::Arc;

use rollcall::contract::ldap::Page as Crossing;
use rollcall_plugin::entry::Page;
use rollcall_plugin::field::Field;
use rollcall_plugin::lifecycle;
use rollcall_plugin::mapping::Rule;
use rollcall_plugin::ports::directory::{
    ChangeRequest, ChangeTurn, Completion, Connection, Endpoint, HostProblem, OpenFailure,
    SearchRequest, ServerIdentity, Stage, Turn,
};
use rollcall_plugin::ports::plan::{Absence, Link, Proof, Rejection, Row, Summary, UnsyncedRow};
use rollcall_plugin::ports::portal::{Holder, Licence, PeopleIndex, Person, Role};
use rollcall_plugin::ports::services::{Level, Operation, Signal, Versioned};
use rollcall_plugin::ports::{
    Changes, Clock, Cursor, Directory, Host, Log, Plan, Portal, Progress, Session, State,
};
use rollcall_plugin::sync::{Mode, Options, Step, start};

use super::fields;
use super::memory::{Memory, server};
use super::{Failure, PAGES_A_STEP, Planned};

#[derive(Clone)]
pub(crate) struct Native(pub(crate) Arc<Memory>);

impl Native {
    /// Stores settings and rules; gives the configuration's digest.
    pub(crate) fn configure(
        &self,
        settings: &[(&str, &str)],
        rules: &[(&str, &str)],
    ) -> Result<String, Failure> {
        let settings: Vec<_> = settings
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        lifecycle::configure(self, &settings).map_err(said)?;
        let rules: Vec<_> = rules.iter().map(|(f, s)| Rule::new(*f, *s)).collect();
        Ok(lifecycle::mapping::submit(self, &rules).map_err(said)?)
    }

    pub(crate) fn plan(&self, seed: u64) -> Result<Planned, Failure> {
        let options = Options {
            mode: Mode::Full,
            checkpoint: Vec::new(),
            seed,
        };
        let mut run = start(self, &options).map_err(said)?;
        loop {
            if let Step::Finished(summary) = run.step(self, PAGES_A_STEP).map_err(said)? {
                return Ok(Planned {
                    seen: summary.seen,
                    unchanged: summary.unchanged,
                    memory: 0,
                });
            }
        }
    }
}

fn said(problems: Vec<HostProblem>) -> String {
    format!("natively: {problems:?}")
}

impl Host for Native {
    type Directory = Self;
    fn directory(&self) -> &Self {
        self
    }
    fn portal(&self) -> &dyn Portal {
        self
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

impl Directory for Native {
    type Session = Self;
    fn open(&self, _: &Connection) -> Result<Self, Box<OpenFailure>> {
        Ok(self.clone())
    }
}

impl Session for Native {
    type Cursor = Pages;
    type Changes = Never;
    fn stages(&self) -> Vec<Stage> {
        Vec::new()
    }
    fn server(&self) -> ServerIdentity {
        identity()
    }
    fn search(&self, request: &SearchRequest) -> Result<Pages, HostProblem> {
        Ok(Pages {
            pages: self.0.pages(&request.attributes),
            width: request.attributes.len(),
            memory: Arc::clone(&self.0),
            next: Cell::new(0),
        })
    }
    fn changes(&self, _: &ChangeRequest) -> Result<Never, HostProblem> {
        unreachable!("everybody is read")
    }
}

pub(crate) enum Never {}

impl Changes for Never {
    fn next(&self) -> ChangeTurn {
        match *self {}
    }
}

pub(crate) struct Pages {
    pages: Arc<[Crossing]>,
    width: usize,
    memory: Arc<Memory>,
    next: Cell<usize>,
}

impl Cursor for Pages {
    fn next(&self) -> Turn {
        let at = self.next.replace(self.next.get() + 1);
        let page = self.pages.get(at).cloned();
        let page = page.map(|p| Page::new(self.width, p.entries, p.counts, p.ends, p.bytes));
        let end = self.memory.completion(self.pages.len());
        let problem = match page {
            Some(Ok(page)) => return Turn::Entries(page),
            Some(Err(problem)) => Some(problem.into()),
            None => None,
        };
        Turn::Finished(Completion {
            result_code: end.result_code,
            message: end.message,
            matched_dn: end.matched_dn,
            referrals: end.referrals,
            pages: end.pages,
            entries: end.entries,
            exhausted: end.exhausted,
            paged: end.paged,
            server: identity(),
            problem,
        })
    }
}

fn identity() -> ServerIdentity {
    let server = server();
    ServerIdentity {
        endpoint: Endpoint {
            host: server.endpoint.host,
            port: server.endpoint.port,
        },
        address: server.address,
        connection: server.connection,
    }
}

impl Portal for Native {
    fn fields(&self) -> Vec<Field> {
        fields::fields()
    }
    fn roles(&self) -> Vec<Role> {
        fields::roles()
    }
    fn licence(&self) -> Licence {
        Licence::default()
    }
    fn count(&self) -> u64 {
        self.0.count()
    }
    fn index(&self, after: &str, limit: u32) -> PeopleIndex {
        let index = self.0.index(after, limit);
        PeopleIndex {
            external_ids: index.external_ids,
            source_hashes: index.source_hashes,
            marks: index.marks,
            absent_since: index.absent_since,
            more: index.more,
        }
    }
    fn index_of(&self, _: &[String]) -> PeopleIndex {
        unreachable!("everybody is read")
    }
    fn naming(&self, _: &str, _: &[String]) -> Vec<String> {
        unreachable!("everybody is read")
    }
    fn pending(&self, _: &str, _: u32) -> Vec<String> {
        unreachable!("everybody is read")
    }
    fn people(&self, _: &[String]) -> Vec<Person> {
        Vec::new()
    }
    fn people_with_ids(&self, _: &[String]) -> Vec<Person> {
        Vec::new()
    }
    fn holders(&self, _: &str, _: &[String]) -> Vec<Holder> {
        Vec::new()
    }
}

impl Plan for Native {
    fn record(&self, rows: &[Row<'_>]) -> Result<(), HostProblem> {
        let rows = rows.iter();
        self.0
            .record(rows.map(|row| (&*row.external_id, &row.source_hash[..])));
        Ok(())
    }
    fn reject(&self, _: Vec<Rejection>) -> Result<(), HostProblem> {
        Ok(())
    }
    fn link(&self, _: &[Link]) -> Result<(), HostProblem> {
        Ok(())
    }
    fn note_absent(&self, _: Vec<Absence>) -> Result<(), HostProblem> {
        Ok(())
    }
    fn finish(&self, _: &Summary, _: &Proof, _: &[u8]) -> Result<String, HostProblem> {
        Ok(String::new())
    }
    fn unsynced(&self, _: u64, _: u32) -> Vec<UnsyncedRow> {
        Vec::new()
    }
}

impl State for Native {
    fn get(&self, key: &str) -> Versioned {
        let found = self.0.get(key);
        Versioned {
            value: found.value,
            version: found.version,
        }
    }
    fn keys(&self, prefix: &str) -> Vec<String> {
        self.0.keys(prefix)
    }
    fn commit(&self, operations: Vec<Operation>) -> Result<(), HostProblem> {
        for operation in operations {
            self.0.set(operation.key, operation.value);
        }
        Ok(())
    }
}

impl Progress for Native {
    fn report(&self, _: &str, _: u64, _: u64) -> Signal {
        Signal::GoOn
    }
    fn staged(&self, _: &Stage) {}
}

impl Log for Native {
    fn write(&self, _: Level, _: &str) {}
}

impl Clock for Native {
    fn now(&self) -> u64 {
        0
    }
}
