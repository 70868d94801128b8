//! The portal port: the tenant's people database as it stands.

use async_trait::async_trait;

use super::{Outcome, TenantId};
use crate::contract::portal::{Field, Holder, LicenceState, PeopleIndex, Person, Role, Status};

/// How many people syncs brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Brought {
    /// All of them.
    pub people: u64,
    /// Those of them who are active.
    pub active: u64,
}

/// Reads the portal. What each function guarantees stands in the contract's `portal` interface.
#[async_trait]
pub trait Portal: Send + Sync {
    /// The field schema.
    async fn fields(&self, tenant: &TenantId) -> Outcome<Vec<Field>>;
    /// The roles a requester can have.
    async fn roles(&self, tenant: &TenantId) -> Outcome<Vec<Role>>;
    /// Seats allowed and used.
    async fn licence(&self, tenant: &TenantId) -> Outcome<LicenceState>;
    /// How many people there are, synced or not.
    async fn count(&self, tenant: &TenantId) -> Outcome<u64>;
    /// How many people syncs brought.
    async fn brought(&self, tenant: &TenantId) -> Outcome<Brought>;
    /// Synced people by column, after `after`, at most `limit`.
    async fn index(&self, tenant: &TenantId, after: &str, limit: u32) -> Outcome<PeopleIndex>;
    /// The same of the synced people with these external ids alone, ascending.
    async fn index_of(&self, tenant: &TenantId, external_ids: &[String]) -> Outcome<PeopleIndex>;
    /// Ids of synced people after one of them who are absent, or were changed in the portal since the last sync.
    async fn pending(&self, tenant: &TenantId, after: &str, limit: u32) -> Outcome<Vec<String>>;
    /// Ids of synced people whose field holds one of these external ids, ascending.
    async fn naming(
        &self,
        tenant: &TenantId,
        field: &str,
        external_ids: &[String],
    ) -> Outcome<Vec<String>>;
    /// The people with these external ids.
    async fn people(&self, tenant: &TenantId, external_ids: &[String]) -> Outcome<Vec<Person>>;
    /// The people with these ids of the portal's own.
    async fn people_with_ids(&self, tenant: &TenantId, ids: &[String]) -> Outcome<Vec<Person>>;
    /// Who holds these values of a unique field.
    async fn holders(
        &self,
        tenant: &TenantId,
        field: &str,
        values: &[String],
    ) -> Outcome<Vec<Holder>>;
}

/// A person of the portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// By the directory's id: somebody a sync brought.
    ExternalId(String),
    /// By the portal's own id.
    Id(String),
}

/// What somebody changes of a person by hand. Empty parts stay as they are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PersonEdit {
    /// Fields and their new values; none clears the field.
    pub values: Vec<(String, Option<String>)>,
    /// A status set by hand is the portal's: no sync reactivates whom a person made inactive.
    pub status: Option<Status>,
    /// The new role.
    pub role: Option<String>,
}

/// What the portal's own people do in it, beside any sync.
#[async_trait]
pub trait PortalDesk: Send + Sync {
    /// Adds a person that no sync brought, and returns the portal's id. Refuses `unknown-field`, `unknown-role`,
    /// `too-long`, `missing-value`, `unique-conflict`, `licence`.
    async fn add_person(&self, tenant: &TenantId, edit: &PersonEdit) -> Outcome<String>;
    /// Changes a person; the fields are remembered as changed in the portal until a sync has dealt with them.
    /// Refuses what `add_person` refuses, and `unknown-person`.
    async fn edit_person(&self, tenant: &TenantId, whom: &Whom, edit: &PersonEdit) -> Outcome<()>;
    /// A person, synced or not. Refuses `unknown-person`.
    async fn person(&self, tenant: &TenantId, whom: &Whom) -> Outcome<Person>;
    /// Adds a field to the tenant's schema. Refuses `field-exists`, `reserved-field`.
    async fn add_field(&self, tenant: &TenantId, field: &Field) -> Outcome<()>;
    /// Sets the number of seats; 0 is no limit.
    async fn set_seats(&self, tenant: &TenantId, seats: u64) -> Outcome<()>;
}
