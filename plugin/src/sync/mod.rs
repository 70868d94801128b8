//! The planner: reads the directory, compares it with the portal, and records a plan.
//!
//! Nothing is written but rows. An unchanged person costs one hash and one look-up; everybody else is mapped,
//! validated and compared, page by page, and what must be known of them until everybody was seen is
//! kept compact.
//!
//! - [`run`]: a run and its steps
//! - [`open`]: the directory, and what kind it is
//! - [`remembered`]: what kind it was before
//! - [`recipe`]: how entries are read
//! - [`sweep`]: the searches of several bases, told as one
//! - `reading`: entries in, candidates out
//! - `candidate`: somebody who may need a row
//! - `compare`: a person in the directory beside the same person in the portal
//! - `propose`: rows of candidates, and who holds what they want
//! - `adopt`, `waiting`: new people who take over whom the portal has already
//! - `settle`: duplicates, once everybody was seen
//! - [`changes`]: what has changed since the last sync
//! - `links`: who names whom as a manager, while people are read
//! - `linking`: fields that hold another person, once everybody was seen
//! - `resolve`: names that no entry read has, asked for in the directory
//! - `unresolved`: why a manager stays as the portal has it, and who is their own manager in the end
//! - `cycles`: chains that come back to where they began
//! - `photos`: those that are left out
//! - `claims`: unique values, who takes and who leaves them
//! - `role`: roles by group
//! - `leavers`: people whom the directory no longer has
//! - `proof`: whether everything was read
//! - `second_look`: would-be leavers, asked for by id
//! - `guard`: from where on a plan waits for an approval
//! - `column`, `hash`, `known`, `people`: what is remembered of people
//! - [`identifier`]: by which attribute the portal's people are known
//! - `migrate`: people of the portal get the ids of another attribute
//! - `notes`: what is noted of people for the next run
//! - `outbox`, `size`: rows to the host, and how large they may be
//! - `tally`: what was counted

pub mod identifier;
pub mod open;
pub mod recipe;
pub mod remembered;
pub mod run;
pub mod sweep;

mod adopt;
mod candidate;
pub mod changes;
mod claims;
mod column;
mod compare;
mod cycles;
mod guard;
mod hash;
mod known;
mod leavers;
mod linking;
mod links;
mod migrate;
mod notes;
mod outbox;
mod people;
mod photos;
mod proof;
mod propose;
mod reading;
pub(crate) mod resolve;
mod role;
mod second_look;
mod settle;
mod size;
mod tally;
mod unresolved;
mod waiting;

pub use recipe::Recipe;
pub use run::{Mode, Options, Run, Step, start};

#[cfg(test)]
mod tests;
