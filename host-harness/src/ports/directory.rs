//! The directory port: sessions that read, and nothing else.

use async_trait::async_trait;

use super::{Outcome, TenantId};
use crate::contract::ldap::{
    ChangeRequest, ChangeTurn, Connection, OpenFailure, SearchRequest, ServerIdentity, Turn,
};
use crate::contract::types::Stage;

/// A session as a plugin holds it (the contract's `ldap.session`).
pub type OpenSession = Box<dyn Session>;
/// A cursor as a plugin holds it (the contract's `ldap.cursor`).
pub type OpenCursor = Box<dyn Cursor>;
/// A change request as a plugin holds it (the contract's `ldap.changes`).
pub type OpenChanges = Box<dyn Changes>;

/// Opens sessions: resolve, connect, TLS, bind; the first server that gets through all of it wins.
#[async_trait]
pub trait Directory: Send + Sync {
    /// Opens a session for a tenant, whose endpoint policy and credentials hold.
    async fn open(
        &self,
        tenant: &TenantId,
        connection: Connection,
    ) -> Result<OpenSession, OpenFailure>;
}

/// An open, bound connection to one server.
#[async_trait]
pub trait Session: Send + Sync + 'static {
    /// The stages passed while opening.
    fn stages(&self) -> Vec<Stage>;
    /// Which server answers.
    fn server(&self) -> ServerIdentity;
    /// Begins a search; an earlier one of this session ends.
    async fn search(&mut self, request: SearchRequest) -> Outcome<OpenCursor>;
    /// Asks what has changed; an earlier search of this session ends.
    async fn changes(&mut self, request: ChangeRequest) -> Outcome<OpenChanges>;
}

/// A search under way.
#[async_trait]
pub trait Cursor: Send + Sync + 'static {
    /// The next page, or the end, which every later call repeats.
    async fn next(&mut self) -> Turn;
}

/// A change request under way.
#[async_trait]
pub trait Changes: Send + Sync + 'static {
    /// The next part, or the end, which every later call repeats.
    async fn next(&mut self) -> ChangeTurn;
}
