//! The main job on real input: from a running slapd over LDAPS into the portal's database, by the built program.
//!
//! - [`everybody`]: 20,000 people with every trouble, and what happens to them later
//! - [`changes`]: what happens, and the rows that must come of it
//! - [`guard`]: plans that wait for an approval
//! - [`leavers`]: people whom the directory no longer holds
//! - [`parting`]: uninstalling, with its receipt
//! - [`photos`]: bytes that are no text
//! - [`isolation`]: two tenants on one data directory
//! - [`secrecy`]: the password, and what logs may hold
#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "tests")]

mod changes;
mod everybody;
mod guard;
mod isolation;
mod leavers;
mod parting;
mod photos;
mod secrecy;

use rollcall::demo::people::{Expected, Fate, Organisation};
use rollcall_tests::portal::PlanRow;

/// The tenant of tests that need one.
const TENANT: &str = "acme";

/// People without any trouble whose name is their `uid`, from an index on.
fn plain(organisation: &Organisation, from: u64) -> impl Iterator<Item = Expected> + '_ {
    (from..organisation.people)
        .map(|index| organisation.expected(index))
        .filter(|who| who.fate == Fate::Valid && who.dn.starts_with("uid="))
        .filter(|who| !who.dn.contains("ou=Contractors"))
}

/// The RDN of a DN that has no comma in it.
fn rdn(dn: &str) -> &str {
    dn.split(',').next().unwrap_or_default()
}

/// Kind, reason and whose of every row that changes the portal, in order of external id.
fn changing(rows: &[PlanRow]) -> Vec<(&'static str, &str, &str)> {
    let mut all: Vec<_> = rows
        .iter()
        .filter(|row| row.kind != "unsynced")
        .map(|row| (row.kind, row.reason.as_str(), row.external_id.as_str()))
        .collect();
    all.sort_by_key(|row| row.2);
    all
}
