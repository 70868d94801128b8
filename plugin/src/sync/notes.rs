//! What a run notes of people for the next one, where that asks for changes only.

use std::collections::{BTreeMap, BTreeSet};

use crate::ports::plan::RowKind;

use super::changes::MOST_UNSYNCED;
use super::hash::Token;

/// People noted as there and unchanged; of those with rows, the newest are noted instead.
const UNCHANGED: usize = 32;
/// The most of those with rows.
const MOST: usize = 32;

/// Ids of people.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// By the tokens of their ids, the smallest of all: so they are of every part of the directory.
    unchanged: BTreeMap<Token, String>,
    /// The newest rows, in a ring.
    rows: Vec<String>,
    next: usize,
    /// One more than a checkpoint takes at most: that shows that there are too many.
    unsynced: BTreeSet<String>,
}

impl Notes {
    /// A person is as before.
    pub(super) fn unchanged(&mut self, token: Token, external_id: &str) {
        let full = self.unchanged.len() == UNCHANGED;
        if full
            && self
                .unchanged
                .last_key_value()
                .is_some_and(|(last, _)| *last <= token)
        {
            return;
        }
        self.unchanged.insert(token, external_id.to_owned());
        if full {
            self.unchanged.pop_last();
        }
    }

    /// A person has a row.
    pub(super) fn row(&mut self, kind: RowKind, external_id: &str) {
        if external_id.is_empty() {
            return;
        }
        if kind == RowKind::Unsynced {
            self.rejected(external_id);
        } else if self.rows.len() < MOST {
            self.rows.push(external_id.to_owned());
        } else {
            external_id.clone_into(&mut self.rows[self.next]);
            self.next = (self.next + 1) % MOST;
        }
    }

    /// A person's row was rejected.
    pub(super) fn rejected(&mut self, external_id: &str) {
        if self.unsynced.len() <= MOST_UNSYNCED {
            self.unsynced.insert(external_id.to_owned());
        }
    }

    /// Whom the directory can be held against, and who is unsynced, each once, in order.
    pub(super) fn take(&mut self) -> (Vec<String>, Vec<String>) {
        let unsynced = std::mem::take(&mut self.unsynced);
        let mut controls = std::mem::take(&mut self.rows);
        controls.extend(std::mem::take(&mut self.unchanged).into_values());
        controls.retain(|id| !unsynced.contains(id));
        (controls, unsynced.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_rows_and_some_unchanged_people_are_noted_and_no_unsynced_ones() {
        let mut notes = Notes::default();
        for n in 0..100 {
            notes.unchanged(Token([(n * 37) % 100, 0]), &format!("u{n}"));
            notes.row(RowKind::Update, &format!("r{n}"));
        }
        notes.row(RowKind::Unsynced, "bad");
        notes.row(RowKind::Unsynced, "");
        notes.rejected("r99");
        let (controls, unsynced) = notes.take();
        assert_eq!(unsynced, ["bad", "r99"]);
        assert_eq!(controls.len(), MOST + UNCHANGED - 1);
        assert!(controls.contains(&"r98".to_owned()) && controls.contains(&"u73".to_owned()));
        assert!(!controls.contains(&"r99".to_owned()) && !controls.contains(&"u27".to_owned()));
    }

    #[test]
    fn of_more_unsynced_people_than_a_checkpoint_takes_one_more_is_held_and_nobody_is_counted_twice()
     {
        let mut notes = Notes::default();
        for n in 0..MOST_UNSYNCED {
            notes.row(RowKind::Unsynced, &format!("u{n}"));
            notes.rejected(&format!("u{n}"));
        }
        assert_eq!(notes.unsynced.len(), MOST_UNSYNCED);
        for n in 0..100 {
            notes.row(RowKind::Unsynced, &format!("v{n}"));
            notes.rejected(&format!("w{n}"));
        }
        assert_eq!(notes.unsynced.len(), MOST_UNSYNCED + 1);
        assert_eq!(notes.take().1.len(), MOST_UNSYNCED + 1);
    }
}
