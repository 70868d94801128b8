//! What a database keeps of keys: which key it needs, and every tenant's data key, wrapped.

use async_trait::async_trait;

use super::key::{KeyId, Sealed, Wrapped};
use crate::ports::TenantId;
use crate::store::error::StoreResult;

/// Which key a database needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Standing {
    /// The key that wraps, or is going to.
    pub(in crate::store) key: KeyId,
    /// While a rotation is under way.
    pub(in crate::store) previous: Option<Previous>,
    /// Whether that rotation makes new data keys too.
    pub(in crate::store) data_keys: bool,
}

/// The key before, sealed by the one that takes its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Previous {
    pub(in crate::store) key: KeyId,
    pub(in crate::store) sealed: Sealed,
}

/// What is kept of one tenant's passwords.
#[derive(Debug)]
pub(in crate::store) struct Kept {
    pub(in crate::store) tenant: TenantId,
    /// None where the passwords were sealed before there were data keys.
    pub(in crate::store) wrapped: Option<Wrapped>,
    pub(in crate::store) secrets: Vec<KeptSecret>,
}

/// A sealed password with its row's number.
#[derive(Debug)]
pub(in crate::store) struct KeptSecret {
    pub(in crate::store) id: i64,
    pub(in crate::store) name: String,
    pub(in crate::store) handle: String,
    pub(in crate::store) sealed: Sealed,
}

/// What is kept instead: a data key, and the passwords that it seals anew.
#[derive(Debug)]
pub(in crate::store) struct Changed {
    pub(in crate::store) wrapped: Wrapped,
    pub(in crate::store) secrets: Vec<(i64, Sealed)>,
}

/// What becomes of one tenant; nothing where there is nothing to do.
pub(in crate::store) type Change<'a> =
    &'a (dyn Fn(Kept) -> StoreResult<Option<Changed>> + Send + Sync);

/// The statements of a database about keys.
#[async_trait]
pub(in crate::store) trait KeyTable: Send + Sync {
    /// Which key it needs; none where it has never had one.
    async fn standing(&self) -> StoreResult<Option<Standing>>;
    /// From now on it needs this key, unless it needs one already.
    async fn claim(&self, key: &KeyId) -> StoreResult<()>;
    /// Begins a rotation away from a key; says whether that key was the database's, with no rotation under way.
    async fn begin_rotation(&self, from: &KeyId, begun: &Standing) -> StoreResult<bool>;
    /// Ends a rotation to this key; says whether nobody's data key is wrapped by another any more.
    async fn end_rotation(&self, key: &KeyId) -> StoreResult<bool>;
    /// Some tenants whose data key is wrapped by another key.
    async fn elsewhere(&self, key: &KeyId) -> StoreResult<Vec<i64>>;
    /// Tenants with passwords and without a data key.
    async fn unkeyed(&self) -> StoreResult<Vec<i64>>;
    /// Changes what is kept of one tenant, in one transaction.
    async fn change(&self, tenant: i64, change: Change<'_>) -> StoreResult<()>;
    /// How many tenants' data keys are wrapped by which key.
    async fn wrapped_by(&self) -> StoreResult<Vec<(KeyId, u64)>>;
    /// Destroys what this key does not wrap, and needs this key from now on; says how many passwords are gone.
    async fn reset(&self, key: &KeyId) -> StoreResult<u64>;
}
