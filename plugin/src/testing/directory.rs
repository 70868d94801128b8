//! A directory in memory.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use crate::attribute::AttributeSet;
use crate::dn::Dn;
use crate::entry::Page;
use crate::ports::directory::{
    ChangeCompletion, ChangeRequest, ChangeTurn, Changes, Completion, Connection, Cursor,
    Directory, Endpoint, HostProblem, OpenFailure, Scope, SearchRequest, ServerIdentity, Session,
    Stage, Turn, Verdict,
};
use crate::problem::Problem;

/// One entry.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Record {
    pub(crate) dn: String,
    pub(crate) attributes: Vec<(String, Vec<Vec<u8>>)>,
}

impl Record {
    pub(crate) fn new(dn: &str, attributes: &[(&str, &str)]) -> Self {
        let mut record = Self {
            dn: dn.to_owned(),
            attributes: Vec::new(),
        };
        for (name, value) in attributes {
            record.add(name, value.as_bytes());
        }
        record
    }

    /// Adds a value.
    pub(crate) fn add(&mut self, name: &str, value: &[u8]) {
        match self
            .attributes
            .iter_mut()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
        {
            Some((_, values)) => values.push(value.to_vec()),
            None => self
                .attributes
                .push((name.to_owned(), vec![value.to_vec()])),
        }
    }

    /// Replaces all values.
    pub(crate) fn set(&mut self, name: &str, values: &[&str]) {
        self.attributes
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        for value in values {
            self.add(name, value.as_bytes());
        }
    }

    /// The bytes of its entryUUID; none without one.
    fn uuid(&self) -> Vec<u8> {
        let Some(text) = self.values("entryUUID").first() else {
            return Vec::new();
        };
        let text = String::from_utf8_lossy(text);
        crate::decode::uuid_to_bytes(&text).map_or_else(Vec::new, |bytes| bytes.to_vec())
    }
    fn values(&self, name: &str) -> &[Vec<u8>] {
        self.attributes
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map_or(&[], |(_, values)| values)
    }
}

/// What goes wrong.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    /// Opening fails with this code.
    pub(crate) open: Option<&'static str>,
    /// Reading the root DSE fails with this code.
    pub(crate) root: Option<&'static str>,
    /// The server stops after so many entries of a search (result code 4).
    pub(crate) size_limit: Option<u64>,
    /// The server ends a search after so many entries, as if these were all.
    pub(crate) ends_early: Option<u64>,
    /// The same of one search, counted as below.
    pub(crate) ends_early_at: Option<(u32, usize)>,
    /// The connection is lost when this search begins, counted from 1 by [`MemoryDirectory::searches`].
    pub(crate) cut_search: Option<u32>,
    /// The connection is lost after so many entries of a search.
    pub(crate) cut_after: Option<u64>,
    /// The server does not page.
    pub(crate) no_paging: bool,
    /// A change request tells who is there instead of who is gone.
    pub(crate) presence: bool,
    /// A change request ends with this result code.
    pub(crate) changes: Option<u32>,
    /// A change request tells of nothing.
    pub(crate) silent: bool,
    /// A change request tells of each change so many times more.
    pub(crate) repeats: usize,
    /// The bind account may neither read nor search ids of entries with this in their names.
    pub(crate) hidden_ids: Option<String>,
    /// And a change request looks for entries by their ids: it tells those as gone.
    pub(crate) hidden_are_gone: bool,
    /// Entries whose names begin so are found by no search; those below them are.
    pub(crate) hidden_entries: Option<&'static str>,
    /// Search continuation references.
    pub(crate) referrals: u32,
}

/// Entries, root DSE and faults; a clone is the same directory.
#[derive(Debug, Clone, Default)]
pub(crate) struct MemoryDirectory {
    pub(crate) entries: Rc<RefCell<Vec<Record>>>,
    pub(crate) root: Rc<RefCell<Record>>,
    pub(crate) faults: Rc<RefCell<Faults>>,
    pub(crate) searches: Rc<Cell<u32>>,
    /// What was served to change requests, by cookie.
    pub(crate) served: Rc<RefCell<Vec<Vec<Record>>>>,
    connections: Rc<Cell<u64>>,
}

impl Directory for MemoryDirectory {
    type Session = MemorySession;

    fn open(&self, connection: &Connection) -> Result<MemorySession, Box<OpenFailure>> {
        self.connections.set(self.connections.get() + 1);
        let stages = ["resolve", "connect", "tls", "bind"].map(|name| Stage {
            name: name.into(),
            verdict: Verdict::Passed,
            evidence: Vec::new(),
            problems: Vec::new(),
        });
        if let Some(code) = self.faults.borrow().open {
            let problem = HostProblem::from(Problem::new(code, "it failed", "mend it"));
            let mut stages = stages[..2].to_vec();
            stages[1].verdict = Verdict::Failed;
            stages[1].problems.push(problem.clone());
            return Err(Box::new(OpenFailure { stages, problem }));
        }
        Ok(MemorySession {
            directory: self.clone(),
            stages: stages.to_vec(),
            server: ServerIdentity {
                endpoint: connection.servers.first().cloned().unwrap_or(Endpoint {
                    host: "memory".into(),
                    port: 389,
                }),
                address: "192.0.2.1:389".into(),
                connection: self.connections.get(),
            },
        })
    }
}

/// An open session.
#[derive(Debug)]
pub(crate) struct MemorySession {
    directory: MemoryDirectory,
    stages: Vec<Stage>,
    server: ServerIdentity,
}

impl Session for MemorySession {
    type Cursor = MemoryCursor;
    type Changes = MemoryChanges;

    fn stages(&self) -> Vec<Stage> {
        self.stages.clone()
    }

    fn server(&self) -> ServerIdentity {
        self.server.clone()
    }

    fn changes(&self, request: &ChangeRequest) -> Result<MemoryChanges, HostProblem> {
        Ok(MemoryChanges(RefCell::new(self.told(request))))
    }
    fn search(&self, request: &SearchRequest) -> Result<MemoryCursor, HostProblem> {
        self.directory
            .searches
            .set(self.directory.searches.get() + 1);
        let faults = self.directory.faults.borrow().clone();
        let (mut found, exists) = self.found(request);
        let mut completion = Completion {
            result_code: 0,
            message: String::new(),
            matched_dn: String::new(),
            referrals: faults.referrals,
            pages: 0,
            entries: 0,
            exhausted: true,
            paged: !faults.no_paging,
            server: self.server.clone(),
            problem: None,
        };
        let mut stop = |code: &'static str, result_code| {
            completion.result_code = result_code;
            completion.exhausted = false;
            completion.problem = Some(Problem::new(code, "the server stopped", "mend it").into());
        };
        let total = found.len() as u64;
        let root = request.base.is_empty() && request.scope == Scope::Base;
        if let Some(code) = faults.root.filter(|_| root) {
            found.clear();
            stop(code, 80);
        } else if faults.cut_search == Some(self.directory.searches.get()) {
            found.clear();
            stop("connection-lost", 80);
        } else if !exists {
            stop("no-such-base", 32);
        } else if let Some(limit) = faults.size_limit.filter(|limit| total > *limit) {
            found.truncate(limit as usize);
            stop("size-limit", 4);
        } else if let Some(after) = faults.cut_after.filter(|after| total > *after) {
            found.truncate(after as usize);
            stop("connection-lost", 80);
        }
        if let Some(after) = faults.ends_early {
            found.truncate(after as usize);
        }
        if let Some((_, after)) = faults
            .ends_early_at
            .filter(|(at, _)| *at == self.directory.searches.get())
        {
            found.truncate(after);
        }
        if request.limit > 0 && found.len() > request.limit as usize {
            found.truncate(request.limit as usize);
            completion.exhausted = false;
        }
        completion.entries = found.len() as u64;
        let size = if faults.no_paging {
            usize::MAX
        } else {
            request.page_size.max(1) as usize
        };
        let pages: VecDeque<Page> = found
            .chunks(size)
            .map(|records| page(records, &request.attributes))
            .collect();
        completion.pages = u32::try_from(pages.len()).unwrap();
        Ok(MemoryCursor {
            pages: RefCell::new(pages),
            completion,
        })
    }
}

impl MemorySession {
    /// What a server tells that remembers every answer it gave.
    fn told(&self, request: &ChangeRequest) -> VecDeque<ChangeTurn> {
        let faults = self.directory.faults.borrow().clone();
        let base = Dn::parse(&request.base).unwrap_or_default();
        let inside = |record: &Record| {
            let dn = Dn::parse(&record.dn).unwrap_or_default();
            match request.scope {
                Scope::One => dn.parent().as_ref() == Some(&base),
                _ => dn.is_below(&base),
            }
        };
        let mut served = self.directory.served.borrow_mut();
        let number = request.cookie.first().map(|number| usize::from(*number));
        let before: Vec<Record> = number.map(|n| served[n].clone()).unwrap_or_default();
        let now = self.directory.entries.borrow().clone();
        let (mut changed, mut present, mut deleted) = (Vec::new(), Vec::new(), Vec::new());
        let lost = |record: &Record| faults.hidden_are_gone && self.hides(record);
        for record in now.iter().filter(|record| inside(record)) {
            if before.contains(record) {
                if !lost(record) {
                    present.extend(record.uuid());
                }
            } else if lost(record) {
                deleted.extend(record.uuid());
            } else {
                changed.extend(record.uuid());
            }
        }
        for record in before.iter().filter(|record| inside(record)) {
            if !now
                .iter()
                .any(|other| other.uuid() == record.uuid() && inside(other))
            {
                deleted.extend(record.uuid());
            }
        }
        let cookie = vec![u8::try_from(served.len()).unwrap()];
        served.push(now);
        let presence = number.is_none() || faults.presence;
        let mut turns = vec![ChangeTurn::Changed(changed); faults.repeats + 1];
        turns.push(if presence {
            ChangeTurn::Present(present)
        } else {
            ChangeTurn::Deleted(deleted)
        });
        if faults.silent {
            turns.clear();
        }
        let problem = faults
            .changes
            .map(|_| Problem::new("refused", "the server refused", "mend it").into());
        turns.push(ChangeTurn::Finished(Box::new(ChangeCompletion {
            completion: Completion {
                result_code: faults.changes.unwrap_or(0),
                message: String::new(),
                matched_dn: String::new(),
                referrals: 0,
                pages: 1,
                entries: 0,
                exhausted: problem.is_none(),
                paged: false,
                server: self.server.clone(),
                problem,
            },
            cookie,
            deletes: !presence || faults.silent,
        })));
        turns.into()
    }

    fn found(&self, request: &SearchRequest) -> (Vec<Record>, bool) {
        let base = Dn::parse(&request.base).unwrap_or_default();
        if request.base.is_empty() && request.scope == Scope::Base {
            return (vec![self.directory.root.borrow().clone()], true);
        }
        let entries = self.directory.entries.borrow();
        let named: Vec<_> = entries
            .iter()
            .map(|record| (Dn::parse(&record.dn).unwrap_or_default(), record))
            .filter(|(dn, _)| dn.is_below(&base))
            .collect();
        let exists = !named.is_empty();
        let attributes: AttributeSet = request.filter.attributes().into_iter().collect();
        let found = named
            .into_iter()
            .filter(|(_, record)| !self.lacks(record))
            .filter(|(dn, _)| match request.scope {
                Scope::Base => *dn == base,
                Scope::One => dn.parent().as_ref() == Some(&base),
                Scope::Subtree => true,
            })
            .map(|(_, record)| self.visible(record))
            .filter(|record| {
                let page = page(std::slice::from_ref(record), attributes.names());
                page.iter()
                    .all(|entry| request.filter.matches(&entry, &attributes))
            })
            .collect();
        (found, exists)
    }

    /// An entry as the bind account may see it.
    fn visible(&self, record: &Record) -> Record {
        let mut record = record.clone();
        if self.hides(&record) {
            record.set("entryUUID", &[]);
        }
        record
    }

    fn lacks(&self, record: &Record) -> bool {
        let hidden = self.directory.faults.borrow().hidden_entries;
        hidden.is_some_and(|start| record.dn.starts_with(start))
    }

    fn hides(&self, record: &Record) -> bool {
        let faults = self.directory.faults.borrow();
        let hidden = faults.hidden_ids.as_ref();
        hidden.is_some_and(|part| record.dn.contains(part))
    }
}

/// Entries as they cross the border.
pub(crate) fn page(records: &[Record], attributes: &[String]) -> Page {
    let (mut counts, mut ends, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    for record in records {
        bytes.extend_from_slice(record.dn.as_bytes());
        ends.push(u32::try_from(bytes.len()).unwrap());
        for attribute in attributes {
            let values = record.values(attribute);
            counts.push(u32::try_from(values.len()).unwrap());
            for value in values {
                bytes.extend_from_slice(value);
                ends.push(u32::try_from(bytes.len()).unwrap());
            }
        }
    }
    let entries = u32::try_from(records.len()).unwrap();
    Page::new(attributes.len(), entries, counts, ends, bytes).unwrap()
}

/// A search under way.
#[derive(Debug)]
pub(crate) struct MemoryCursor {
    pages: RefCell<VecDeque<Page>>,
    completion: Completion,
}

impl Cursor for MemoryCursor {
    fn next(&self) -> Turn {
        match self.pages.borrow_mut().pop_front() {
            Some(page) => Turn::Entries(page),
            None => Turn::Finished(self.completion.clone()),
        }
    }
}

/// A change request under way.
#[derive(Debug)]
pub(crate) struct MemoryChanges(RefCell<VecDeque<ChangeTurn>>);

impl Changes for MemoryChanges {
    fn next(&self) -> ChangeTurn {
        let mut turns = self.0.borrow_mut();
        match turns.pop_front() {
            Some(end @ ChangeTurn::Finished(_)) => {
                turns.push_front(end.clone());
                end
            }
            Some(turn) => turn,
            None => unreachable!("the end is given again and again"),
        }
    }
}
