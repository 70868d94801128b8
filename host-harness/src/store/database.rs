//! Any database, whichever it is.

use std::fmt::Debug;

use async_trait::async_trait;

use super::vault::{self, KeyReport, Rotated, Rotation};
use super::{PostgresStore, Store};
use crate::ports::{
    Access, Endpoints, Hosts, Leases, Outcome, Overview, Plans, Portal, PortalDesk, Queue,
    Receipts, Secrets, State, TenantId, Tenants, Users, Versions,
};

/// How old a database's shape was when it was opened, and what it is now; 0 is an empty database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchemaVersions {
    /// Before.
    pub from: i64,
    /// After: this program's.
    pub to: i64,
}

/// All ports of a database, and what is asked of it beside them.
#[async_trait]
pub trait Database:
    Access
    + Endpoints
    + Hosts
    + Leases
    + Overview
    + Plans
    + Portal
    + PortalDesk
    + Queue
    + Receipts
    + Secrets
    + State
    + Tenants
    + Users
    + Versions
    + Debug
    + Send
    + Sync
{
    /// Since when (Unix seconds) the directory does not hold somebody whom a sync brought; none while it does.
    async fn absent_since(&self, tenant: &TenantId, external_id: &str) -> Outcome<Option<u64>>;
    /// Its shape.
    fn versions(&self) -> SchemaVersions;
    /// Which key its passwords need, and where this host has it from.
    async fn key_report(&self) -> Outcome<KeyReport>;
    /// Puts another key in the place of its key, or finishes what was begun; refuses as [`Rotation`] says.
    async fn rotate_keys(&self, rotation: &Rotation) -> Outcome<Rotated>;
    /// Closes every connection; nothing can be asked after that.
    async fn close(&self);
}

#[async_trait]
impl Database for Store {
    async fn absent_since(&self, tenant: &TenantId, external_id: &str) -> Outcome<Option<u64>> {
        Self::absent_since(self, tenant, external_id).await
    }

    fn versions(&self) -> SchemaVersions {
        Self::versions(self)
    }

    async fn key_report(&self) -> Outcome<KeyReport> {
        Ok(vault::report(self, self.vault()).await?)
    }

    async fn rotate_keys(&self, rotation: &Rotation) -> Outcome<Rotated> {
        Ok(vault::rotate(self, self.vault(), rotation).await?)
    }

    async fn close(&self) {
        Self::close(self).await;
    }
}

#[async_trait]
impl Database for PostgresStore {
    async fn absent_since(&self, tenant: &TenantId, external_id: &str) -> Outcome<Option<u64>> {
        Self::absent_since(self, tenant, external_id).await
    }

    fn versions(&self) -> SchemaVersions {
        Self::versions(self)
    }

    async fn key_report(&self) -> Outcome<KeyReport> {
        Ok(vault::report(self, self.vault()).await?)
    }

    async fn rotate_keys(&self, rotation: &Rotation) -> Outcome<Rotated> {
        Ok(vault::rotate(self, self.vault(), rotation).await?)
    }

    async fn close(&self) {
        Self::close(self).await;
    }
}
