//! What must become of each person.

use std::collections::BTreeMap;

/// What must become of one person in a portal that is empty, with the mapping of the OpenLDAP profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Becomes a requester.
    Valid,
    /// Is disabled in the directory, and so is not brought into a portal that does not know them.
    Disabled,
    /// Cannot be brought over.
    Unsynced {
        /// The problem's code.
        code: &'static str,
        /// The portal's field concerned.
        field: &'static str,
        /// The other person of a duplicate, by index.
        other: Option<u64>,
    },
}

/// One person as the portal must come to know them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Place in the organisation, from 0.
    pub index: u64,
    /// DN, as generated.
    pub dn: String,
    /// `entryUUID`.
    pub external_id: String,
    /// First name, without spaces at the ends.
    pub first_name: String,
    /// Last name, without spaces at the ends.
    pub last_name: String,
    /// `uid`; empty where there is none.
    pub username: String,
    /// First mail, trimmed and in lower case; empty where there is none that can be read.
    pub email: String,
    /// What must become of them.
    pub fate: Fate,
}

/// The sums over an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// Everybody.
    pub people: u64,
    /// Who becomes a requester.
    pub valid: u64,
    /// Who is disabled.
    pub disabled: u64,
    /// Who cannot be brought over, by code.
    pub unsynced: BTreeMap<&'static str, u64>,
}

impl Totals {
    /// Counts one more person.
    pub fn count(&mut self, fate: &Fate) {
        self.people += 1;
        match fate {
            Fate::Valid => self.valid += 1,
            Fate::Disabled => self.disabled += 1,
            Fate::Unsynced { code, .. } => *self.unsynced.entry(code).or_default() += 1,
        }
    }

    /// Everybody who cannot be brought over.
    #[must_use]
    pub fn all_unsynced(&self) -> u64 {
        self.unsynced.values().sum()
    }
}
