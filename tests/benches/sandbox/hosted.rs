//! The bundled component in the sandbox, over the host's ports.

use std::sync::Arc;

use async_trait::async_trait;
use rollcall::Problem;
use rollcall::contract::hooks::mapping::{OnEmpty, Rule};
use rollcall::contract::hooks::sync::{Mode, Options, Step};
use rollcall::contract::ldap::{
    ChangeRequest, Connection, OpenFailure, Page, SearchRequest, ServerIdentity, Turn,
};
use rollcall::contract::plan::{Absence, Link, Proof, Rejection, Row, Summary, UnsyncedRow};
use rollcall::contract::portal::{Field, Holder, LicenceState, PeopleIndex, Person, Role};
use rollcall::contract::state::{Operation, Versioned};
use rollcall::contract::types::{Setting, Stage};
use rollcall::ports::history::{self, History};
use rollcall::ports::plan::{Applied, Begin, Figures, Run, RunQuery, RunStatus, StoredRow};
use rollcall::ports::plan::{Plans, RowQuery, RunId};
use rollcall::ports::{
    Brought, Cursor, Directory, OpenChanges, OpenCursor, OpenSession, Outcome, Portal,
};
use rollcall::ports::{Session, State, TenantId};
use rollcall::sandbox::{Hooks, HostContext, Plugin};
use rollcall::store::schema;

use super::memory::{Memory, server};
use super::{Failure, PAGES_A_STEP, Planned};

#[derive(Clone)]
pub(crate) struct Hosted(Arc<Memory>);

/// The plugin's hooks over these ports.
pub(crate) fn hooks(plugin: &Plugin, memory: &Arc<Memory>) -> Result<Hooks, Failure> {
    let tenant = TenantId::new("bench").map_err(|problem| said(vec![problem]))?;
    let ports = Arc::new(Hosted(Arc::clone(memory)));
    let (directory, portal, plans) = (ports.clone(), ports.clone(), ports.clone());
    let context = HostContext::new(tenant, directory, portal, plans, ports);
    Ok(plugin.hooks(context.for_run(RunId(1))))
}

/// Stores settings and rules; gives the configuration's digest.
pub(crate) async fn configure(
    hooks: &Hooks,
    settings: &[(&str, &str)],
    rules: &[(&str, &str)],
) -> Result<String, Failure> {
    let settings = settings.iter().map(|(key, value)| Setting {
        key: (*key).to_owned(),
        value: (*value).to_owned(),
    });
    hooks.configure(settings.collect()).await.map_err(said)?;
    let rules = rules.iter().map(|(field, source)| Rule {
        field: (*field).to_owned(),
        source: (*source).to_owned(),
        on_empty: OnEmpty::Keep,
    });
    Ok(hooks.submit_mapping(rules.collect()).await.map_err(said)?)
}

pub(crate) async fn plan(hooks: &Hooks, seed: u64) -> Result<Planned, Failure> {
    let options = Options {
        mode: Mode::Full,
        checkpoint: Vec::new(),
        seed,
    };
    let mut run = hooks.sync(options).await.map_err(said)?;
    loop {
        if let Step::Finished(summary) = run.step(PAGES_A_STEP).await.map_err(said)? {
            return Ok(Planned {
                seen: summary.seen,
                unchanged: summary.unchanged,
                memory: run.peak_memory(),
            });
        }
    }
}

fn said(problems: Vec<Problem>) -> String {
    format!("in the sandbox: {problems:?}")
}

#[async_trait]
impl Directory for Hosted {
    async fn open(&self, _: &TenantId, _: Connection) -> Result<OpenSession, OpenFailure> {
        Ok(Box::new(self.clone()))
    }
}

#[async_trait]
impl Session for Hosted {
    fn stages(&self) -> Vec<Stage> {
        Vec::new()
    }
    fn server(&self) -> ServerIdentity {
        server()
    }
    async fn search(&mut self, request: SearchRequest) -> Outcome<OpenCursor> {
        Ok(Box::new(Pages {
            pages: self.0.pages(&request.attributes),
            memory: Arc::clone(&self.0),
            next: 0,
        }))
    }
    async fn changes(&mut self, _: ChangeRequest) -> Outcome<OpenChanges> {
        unused()
    }
}

struct Pages {
    pages: Arc<[Page]>,
    memory: Arc<Memory>,
    next: usize,
}

#[async_trait]
impl Cursor for Pages {
    async fn next(&mut self) -> Turn {
        let page = self.pages.get(self.next).cloned();
        self.next += 1;
        let end = || Turn::Finished(self.memory.completion(self.pages.len()));
        page.map_or_else(end, Turn::Entries)
    }
}

#[async_trait]
impl Portal for Hosted {
    async fn fields(&self, _: &TenantId) -> Outcome<Vec<Field>> {
        Ok(schema::fields())
    }
    async fn roles(&self, _: &TenantId) -> Outcome<Vec<Role>> {
        Ok(schema::roles())
    }
    async fn licence(&self, _: &TenantId) -> Outcome<LicenceState> {
        Ok(LicenceState {
            seats: 0,
            used: 0,
            synced: 0,
        })
    }
    async fn count(&self, _: &TenantId) -> Outcome<u64> {
        Ok(self.0.count())
    }
    async fn brought(&self, _: &TenantId) -> Outcome<Brought> {
        unused()
    }
    async fn index(&self, _: &TenantId, after: &str, limit: u32) -> Outcome<PeopleIndex> {
        Ok(self.0.index(after, limit))
    }
    async fn index_of(&self, _: &TenantId, _: &[String]) -> Outcome<PeopleIndex> {
        unused()
    }
    async fn naming(&self, _: &TenantId, _: &str, _: &[String]) -> Outcome<Vec<String>> {
        unused()
    }
    async fn pending(&self, _: &TenantId, _: &str, _: u32) -> Outcome<Vec<String>> {
        unused()
    }
    async fn people(&self, _: &TenantId, _: &[String]) -> Outcome<Vec<Person>> {
        Ok(Vec::new())
    }
    async fn people_with_ids(&self, _: &TenantId, _: &[String]) -> Outcome<Vec<Person>> {
        Ok(Vec::new())
    }
    async fn holders(&self, _: &TenantId, _: &str, _: &[String]) -> Outcome<Vec<Holder>> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl State for Hosted {
    async fn get(&self, _: &TenantId, key: &str) -> Outcome<Versioned> {
        Ok(self.0.get(key))
    }
    async fn keys(&self, _: &TenantId, prefix: &str) -> Outcome<Vec<String>> {
        Ok(self.0.keys(prefix))
    }
    async fn commit(&self, _: &TenantId, operations: &[Operation]) -> Outcome<()> {
        for operation in operations {
            self.0.set(operation.key.clone(), operation.value.clone());
        }
        Ok(())
    }
    async fn clear(&self, _: &TenantId) -> Outcome<u64> {
        unused()
    }
}

type Tenant = TenantId;

#[async_trait]
impl History for Hosted {
    async fn failures(
        &self,
        _: &TenantId,
        _: Option<&str>,
        _: u64,
        _: u32,
    ) -> Outcome<Vec<history::Failure>> {
        unused()
    }
    async fn count_failures(&self, _: &TenantId, _: Option<&str>) -> Outcome<u64> {
        unused()
    }
    async fn open_causes(&self, _: &TenantId) -> Outcome<Vec<history::Cause>> {
        unused()
    }
    async fn causes(&self, _: &TenantId, _: RunId) -> Outcome<Vec<history::Cause>> {
        unused()
    }
    async fn open_unsynced(&self, _: &TenantId, _: u64, _: u32) -> Outcome<Vec<UnsyncedRow>> {
        unused()
    }
    async fn days(&self, _: &TenantId) -> Outcome<u32> {
        unused()
    }
    async fn keep_days(&self, _: &TenantId, _: u32) -> Outcome<()> {
        unused()
    }
    async fn prunable(&self, _: i64) -> Outcome<Vec<TenantId>> {
        unused()
    }
    async fn prune(&self, _: &TenantId, _: i64, _: u32) -> Outcome<history::Pruned> {
        unused()
    }
}

#[async_trait]
impl Plans for Hosted {
    async fn record(&self, _: &Tenant, _: RunId, rows: Vec<Row>) -> Outcome<()> {
        let rows = rows.iter();
        self.0
            .record(rows.map(|row| (row.external_id.as_str(), &row.source_hash[..])));
        Ok(())
    }
    async fn finish(
        &self,
        _: &Tenant,
        _: RunId,
        _: Summary,
        _: Proof,
        _: Vec<u8>,
    ) -> Outcome<String> {
        Ok(String::new())
    }
    // No run here rejects, misses, approves or applies anything.
    async fn begin(&self, _: &Tenant, _: Begin) -> Outcome<RunId> {
        unused()
    }
    async fn reject(&self, _: &Tenant, _: RunId, _: Vec<Rejection>) -> Outcome<()> {
        unused()
    }
    async fn link(&self, _: &Tenant, _: RunId, _: Vec<Link>) -> Outcome<()> {
        unused()
    }
    async fn note_absent(&self, _: &Tenant, _: RunId, _: Vec<Absence>) -> Outcome<()> {
        unused()
    }
    async fn end(&self, _: &Tenant, _: RunId, _: RunStatus, _: Option<Problem>) -> Outcome<()> {
        unused()
    }
    async fn approve(&self, _: &Tenant, _: RunId, _: &str) -> Outcome<()> {
        unused()
    }
    async fn apply(&self, _: &Tenant, _: RunId, _: u32) -> Outcome<Applied> {
        unused()
    }
    async fn changed_status_since(
        &self,
        _: &TenantId,
        _: RunId,
        _: &[String],
    ) -> Outcome<Vec<String>> {
        Ok(Vec::new())
    }
    async fn unfinished(&self, _: &Tenant) -> Outcome<Option<RunId>> {
        unused()
    }
    async fn run(&self, _: &Tenant, _: RunId) -> Outcome<Run> {
        unused()
    }
    async fn runs(&self, _: &Tenant, _: &RunQuery, _: u32) -> Outcome<Vec<Run>> {
        unused()
    }
    async fn figures(&self, _: &Tenant, _: i64, _: u32) -> Outcome<Vec<Figures>> {
        unused()
    }
    async fn reasons(&self, _: &Tenant, _: RunId) -> Outcome<Vec<String>> {
        unused()
    }
    async fn rows(
        &self,
        _: &Tenant,
        _: RunId,
        _: &RowQuery,
        _: u64,
        _: u32,
    ) -> Outcome<Vec<StoredRow>> {
        unused()
    }
    async fn unsynced(&self, _: &Tenant, _: RunId, _: u64, _: u32) -> Outcome<Vec<UnsyncedRow>> {
        unused()
    }
    async fn checkpoint(&self, _: &Tenant) -> Outcome<Vec<u8>> {
        unused()
    }
}

fn unused<T>() -> Outcome<T> {
    Err(Problem::new("unused", "not part of the benchmark", ""))
}
