//! What has changed since the last sync, so that only those people are read.
//!
//! Whatever tells of changes is taken for a *hint*: it names people, and these are then read by id, with the same
//! filter, below the same bases, and planned as in a full sync. So nothing depends on what a server says of a change, only
//! on its naming everybody concerned; and that is checked where it can be, or else everybody is read.
//!
//! - `checkpoint`: what one sync leaves for the next
//! - `asking`: asks, step by step, and checks
//! - `again`: whom the last plans left unsynced, without asking
//! - `content`: RFC 4533, where the server remembers
//! - `sequence`: update sequence numbers and tombstones (Active Directory)
//! - `stamps`: everybody's id and change stamp, where nothing better is there
//! - `containers`: whether a subtree was moved, which changes the names of people whose entries stay as they are
//! - `parents`: whether everybody stands below a container that was seen, or could be moved without a word
//! - `control`: people known to be there as they were: if they are not, the directory is not the one it was
//! - `shown`: whether those who are there can be found by their ids
//! - `named`: reads people by id
//! - `naming`: people who name those who have changed

mod again;
mod asking;
mod checkpoint;
mod containers;
mod content;
mod control;
mod look;
mod named;
mod naming;
mod parents;
mod sequence;
mod shown;
mod stamps;

pub(super) use again::again;
pub(super) use asking::{Around, Asked, Asking, News};
pub(super) use checkpoint::{Checkpoint, MOST_UNSYNCED};
pub(super) use containers::is_container;
pub(super) use look::any;
pub(super) use named::Named;
pub(super) use parents::Parents;

/// How a directory is asked what has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// RFC 4533, with ids that are its entryUUIDs.
    ContentSync {
        /// Who is gone is told whatever the server says of it: 389-DS tells the gone, and leaves `refreshDeletes` false.
        deletes: bool,
    },
    /// `uSNChanged` and tombstones (MS-ADTS section 3.1.1.1.9).
    UpdateSequence,
    /// Ids and change stamps of everybody.
    Stamps,
}

/// Why it cannot be told what has changed; everybody is read instead. For people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unable(pub(super) String);

impl Unable {
    fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}
