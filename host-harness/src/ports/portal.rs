//! The portal port: the tenant's people database as it stands.

use async_trait::async_trait;

use super::{Outcome, TenantId};
use crate::contract::portal::{Field, Holder, LicenceState, PeopleIndex, Person, Role};

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
    /// Synced people by column, after `after`, at most `limit`.
    async fn index(&self, tenant: &TenantId, after: &str, limit: u32) -> Outcome<PeopleIndex>;
    /// The people with these external ids.
    async fn people(&self, tenant: &TenantId, external_ids: &[String]) -> Outcome<Vec<Person>>;
    /// Who holds these values of a unique field.
    async fn holders(
        &self,
        tenant: &TenantId,
        field: &str,
        values: &[String],
    ) -> Outcome<Vec<Holder>>;
}
