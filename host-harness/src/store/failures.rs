//! Which failures a run closes, whatever the database.

use crate::contract::plan::{Basis, Proof};
use crate::store::standing::tells_who_is_back;

/// Whether a run of this mode says who could not be brought over. What an undo leaves alone, or a migration of ids, comes of no
/// reading of those people.
pub(crate) fn notes(mode: &str) -> bool {
    tells_who_is_back(mode)
}

/// Whose failures end with a run that does not say them again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Read {
    /// Of people with external ids.
    pub(crate) named: bool,
    /// Of entries whose external id cannot be read.
    pub(crate) nameless: bool,
}

impl Read {
    /// What a proof says: an enumeration read everybody, and a run of changes whoever was unsynced and can be asked for.
    pub(crate) fn by(proof: Option<&Proof>) -> Self {
        let complete = proof.filter(|proof| proof.complete);
        Self {
            named: complete.is_some(),
            nameless: complete.is_some_and(|proof| proof.basis == Basis::Enumeration),
        }
    }
}
