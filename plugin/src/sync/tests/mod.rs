//! Runs against a host in memory.
//!
//! - `adoption`: new people who take over whom the portal has already
//! - `again`: those whom the last plan left unsynced, read alone
//! - `bench`: makes plans and applies them to the portal in memory
//! - `changes`: what has changed since the last sync, and when everybody is read instead
//! - `contested`: a rule that makes duplicates of nearly everybody
//! - `disabled`: accounts that are disabled by the passing of time, and accounts of which nobody can tell
//! - `hidden`: ids that the bind account may no longer read somewhere
//! - `naming`: people who name those who have changed as their managers
//! - `migration`: people who get the ids of another attribute; `overlaps`: ids that others have
//! - `migration`: people who get the ids of another attribute
//! - `parents`: people below entries that the bind account does not see
//! - `places`: several bases, and subtrees that are left out
//! - `photos`: pictures, and those that are left out
//! - `plans`: what a plan holds
//! - `second_look`: would-be leavers, asked for by id
//! - `roles`, `roles_by_kind`: roles by group
//! - `sequence`: changes by the numbers of a domain controller
//! - `properties`: what holds for all of them

#![expect(clippy::unwrap_used, reason = "tests")]

mod adoption;
mod again;
mod bench;
mod changes;
mod contested;
mod disabled;
mod hidden;
mod managers;
mod migration;
mod naming;
mod overlaps;
mod parents;
mod photos;
mod places;
mod plans;
mod properties;
mod roles;
mod roles_by_kind;
mod second_look;
mod sequence;
