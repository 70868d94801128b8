//! Who could not be brought over, and still is not.

use serde::Serialize;
use utoipa::ToSchema;

use super::moment;
use super::problem::Problem;
use super::row::Party;
use crate::ports::history as port;

/// Somebody who could not be brought over: one failure a person, over the runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Failure {
    /// Its number; it stays the same until the person is brought over.
    pub id: u64,
    /// The person's stable id; empty where it cannot be read.
    pub external_id: String,
    /// The entry.
    pub dn: String,
    /// A name to show.
    pub display: String,
    /// Why, as the last run said it.
    pub problem: Problem,
    /// The other person of a duplicate.
    pub other: Option<Party>,
    /// When the first run that said so was over.
    pub first_seen: Option<String>,
    /// That run.
    pub first_run: i64,
    /// When the last one was over.
    pub last_seen: Option<String>,
    /// That run.
    pub last_run: i64,
    /// The sequence of its row that says so.
    pub sequence: u64,
    /// How many runs tried.
    pub attempts: u64,
}

impl From<&port::Failure> for Failure {
    fn from(failure: &port::Failure) -> Self {
        Self {
            id: failure.id,
            external_id: failure.external_id.clone(),
            dn: failure.dn.clone(),
            display: failure.display.clone(),
            problem: Problem::from(&failure.problem),
            other: failure.other.as_ref().map(Party::from),
            first_seen: moment(failure.first_at),
            first_run: failure.first_run.0,
            last_seen: moment(failure.last_at),
            last_run: failure.last_run.0,
            sequence: failure.sequence,
            attempts: failure.attempts,
        }
    }
}
