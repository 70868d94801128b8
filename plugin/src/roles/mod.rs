//! Roles by group: which groups the rules name, who is in them, and which role a person therefore has.
//!
//! Groups are read before people, whole or not at all: while a group that a rule names cannot be read, nobody's role
//! changes, because a group without readable members looks like one that everybody has left.
//!
//! - [`judge`](Roles): the rules, ready to be asked for a person
//! - `evidence`: what a person's entry must give for that
//! - `find`: the groups that the rules name
//! - `descend`: who is in them, and in the groups in them
//! - `ask`: searches whose end is proven
//! - `contexts`: where groups are looked for
//! - `book`: who is in which, compact
//! - `key`: names and ids, as they are compared

mod ask;
mod book;
mod contexts;
mod descend;
mod evidence;
mod find;
mod judge;
mod key;

pub(crate) use evidence::Evidence;
pub(crate) use judge::{Asked, Judged, Roles};
