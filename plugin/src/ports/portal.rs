//! The portal port (contract: `portal`).

use crate::field::Field;

/// Whether a person can use the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Yes.
    Active,
    /// No.
    Inactive,
}

/// A role a requester can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Stable id.
    pub id: String,
    /// Shown.
    pub label: String,
}

/// Seats.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Licence {
    /// Allowed; 0 is no limit.
    pub seats: u64,
    /// Used now.
    pub used: u64,
    /// Used by people whom a sync brought.
    pub synced: u64,
}

/// A person in the portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The directory's stable id, or empty.
    pub external_id: String,
    /// The portal's id.
    pub id: String,
    /// The DN at the last sync.
    pub dn: String,
    /// Active or not.
    pub status: Status,
    /// A sync made the person inactive.
    pub deactivated_by_sync: bool,
    /// The role's id.
    pub role: String,
    /// Recorded with the last row.
    pub source_hash: Vec<u8>,
    /// Fields changed in the portal since.
    pub changed_in_portal: Vec<String>,
    /// Field id and value.
    pub values: Vec<(String, String)>,
}

/// Synced people by column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeopleIndex {
    /// One a person.
    pub external_ids: Vec<String>,
    /// Two words a person.
    pub source_hashes: Vec<u64>,
    /// Bit 0 inactive, bit 1 by a sync, bit 2 changed in the portal.
    pub marks: Vec<u32>,
    /// Unix seconds or 0.
    pub absent_since: Vec<u64>,
    /// Ask again.
    pub more: bool,
}

/// Who holds a value of a unique field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Index into the values asked for.
    pub position: u32,
    /// Empty where no sync brought the person.
    pub external_id: String,
    /// The portal's id.
    pub id: String,
    /// The DN at the last sync.
    pub dn: String,
    /// Active or not.
    pub status: Status,
}

/// People to ask for, or rows with values, a call: with photos of the largest size that is some 35 MiB, which a guest has
/// room for.
pub const PEOPLE: u32 = 100;

/// Reads the portal.
pub trait Portal {
    /// The field schema.
    fn fields(&self) -> Vec<Field>;
    /// The roles.
    fn roles(&self) -> Vec<Role>;
    /// Seats.
    fn licence(&self) -> Licence;
    /// How many people.
    fn count(&self) -> u64;
    /// Synced people after `after`.
    fn index(&self, after: &str, limit: u32) -> PeopleIndex;
    /// The index of these people alone, in its order; at most 1,000.
    fn index_of(&self, external_ids: &[String]) -> PeopleIndex;
    /// Ids of synced people who need a look whatever the directory says, after `after`.
    fn pending(&self, after: &str, limit: u32) -> Vec<String>;
    /// People by external id, at most [`PEOPLE`] a call.
    fn people(&self, external_ids: &[String]) -> Vec<Person>;
    /// Ids of synced people whose field holds one of these; at most 1,000.
    fn naming(&self, field: &str, external_ids: &[String]) -> Vec<String>;
    /// People by the portal's own ids, at most [`PEOPLE`] a call.
    fn people_with_ids(&self, ids: &[String]) -> Vec<Person>;
    /// Holders of values.
    fn holders(&self, field: &str, values: &[String]) -> Vec<Holder>;
}
