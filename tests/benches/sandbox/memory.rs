//! What both sides are given: the people in ready pages, a portal of columns, state, and a place for rows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rollcall::contract::ldap::{Completion, Endpoint, Page, ServerIdentity};
use rollcall::contract::portal::PeopleIndex;
use rollcall::contract::state::Versioned;
use rollcall::demo::people::{Organisation, Troubles};

const PAGE: usize = 1000;

/// An external id and what the plan recorded as the source's hash.
pub(crate) type Known = (String, [u8; 16]);

/// A directory, a portal and a plan, in memory and without work of their own.
pub(crate) struct Memory {
    organisation: Organisation,
    /// By the attributes asked for; built when they are asked for the first time.
    pages: Mutex<BTreeMap<Vec<String>, Arc<[Page]>>>,
    state: Mutex<BTreeMap<String, Versioned>>,
    people: Mutex<Vec<Known>>,
    rows: Mutex<Vec<Known>>,
}

impl Memory {
    pub(crate) fn new(people: u64) -> Self {
        Self {
            organisation: Organisation::new(1, people).with_troubles(Troubles::none()),
            pages: Mutex::default(),
            state: Mutex::default(),
            people: Mutex::default(),
            rows: Mutex::default(),
        }
    }

    pub(crate) fn pages(&self, attributes: &[String]) -> Arc<[Page]> {
        let mut pages = lock(&self.pages);
        let build = || self.build(attributes).into();
        Arc::clone(pages.entry(attributes.to_vec()).or_insert_with(build))
    }

    pub(crate) fn completion(&self, pages: usize) -> Completion {
        Completion {
            result_code: 0,
            message: String::new(),
            matched_dn: String::new(),
            referrals: 0,
            pages: number(pages),
            entries: self.organisation.people,
            exhausted: true,
            paged: true,
            server: server(),
            problem: None,
        }
    }

    /// What the portal knows from here on.
    pub(crate) fn know(&self, mut people: Vec<Known>) {
        people.sort_unstable();
        *lock(&self.people) = people;
    }

    pub(crate) fn count(&self) -> u64 {
        lock(&self.people).len() as u64
    }

    pub(crate) fn index(&self, after: &str, limit: u32) -> PeopleIndex {
        let people = lock(&self.people);
        let rest = &people[people.partition_point(|(id, _)| id.as_str() <= after)..];
        let some = &rest[..rest.len().min(limit as usize)];
        let words = some
            .iter()
            .map(|(_, hash)| u128::from_le_bytes(*hash))
            .flat_map(|hash| [hash & u128::from(u64::MAX), hash >> 64]);
        PeopleIndex {
            external_ids: some.iter().map(|(id, _)| id.clone()).collect(),
            source_hashes: words.map(|w| u64::try_from(w).unwrap_or(0)).collect(),
            marks: vec![0; some.len()],
            absent_since: vec![0; some.len()],
            more: some.len() < rest.len(),
        }
    }

    pub(crate) fn record<'a>(&self, rows: impl Iterator<Item = (&'a str, &'a [u8])>) {
        lock(&self.rows).extend(rows.map(|(id, hash)| {
            let hash = hash.try_into().unwrap_or_default();
            (id.to_owned(), hash)
        }));
    }

    /// The rows recorded since the last time.
    pub(crate) fn take_rows(&self) -> Vec<Known> {
        std::mem::take(&mut lock(&self.rows))
    }

    pub(crate) fn get(&self, key: &str) -> Versioned {
        let absent = || Versioned {
            value: Vec::new(),
            version: 0,
        };
        lock(&self.state).get(key).cloned().unwrap_or_else(absent)
    }

    pub(crate) fn keys(&self, prefix: &str) -> Vec<String> {
        let state = lock(&self.state);
        let keys = state.keys().filter(|key| key.starts_with(prefix));
        keys.cloned().collect()
    }

    /// One run at a time: nobody else changes a key, so versions need no check.
    pub(crate) fn set(&self, key: String, value: Option<Vec<u8>>) {
        let version = self.get(&key).version + 1;
        let mut state = lock(&self.state);
        match value {
            Some(value) => state.insert(key, Versioned { value, version }),
            None => state.remove(&key),
        };
    }

    fn build(&self, attributes: &[String]) -> Vec<Page> {
        let people = self.organisation.people;
        (0..people)
            .step_by(PAGE)
            .map(|first| self.page(first..people.min(first + PAGE as u64), attributes))
            .collect()
    }

    fn page(&self, people: std::ops::Range<u64>, attributes: &[String]) -> Page {
        let mut page = Page {
            entries: 0,
            counts: Vec::new(),
            ends: Vec::new(),
            bytes: Vec::new(),
        };
        for entry in people.map(|index| self.organisation.person(index)) {
            page.entries += 1;
            page.bytes.extend_from_slice(entry.dn.as_bytes());
            page.ends.push(number(page.bytes.len()));
            for attribute in attributes {
                let values = entry.values(attribute);
                page.counts.push(number(values.len()));
                for value in values {
                    page.bytes.extend_from_slice(value);
                    page.ends.push(number(page.bytes.len()));
                }
            }
        }
        page
    }
}

pub(crate) fn server() -> ServerIdentity {
    ServerIdentity {
        endpoint: Endpoint {
            host: "memory".to_owned(),
            port: 389,
        },
        address: "192.0.2.1:389".to_owned(),
        connection: 1,
    }
}

fn number(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
