//! One run of a tenant at a time, on this machine.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use async_trait::async_trait;

use super::Store;
use super::error::{StoreError, StoreResult};
use super::refused::tenant_busy;
use crate::Problem;
use crate::ports::{Lease, Leases, Outcome, TenantId};

/// Held while a run of one tenant is under way. The system releases it when the holder ends,
/// however that happens.
#[derive(Debug)]
pub struct TenantLock {
    _file: File,
}

impl TenantLock {
    /// Takes a tenant's lock at once, or not at all.
    ///
    /// # Errors
    /// `tenant-busy` where somebody else holds it; `store-file` where the lock file cannot be made.
    pub fn acquire(data_dir: &Path, tenant: &TenantId) -> Result<Self, Problem> {
        Ok(Self::take(data_dir, tenant)?)
    }

    fn take(data_dir: &Path, tenant: &TenantId) -> StoreResult<Self> {
        let folder = data_dir.join("locks");
        std::fs::create_dir_all(&folder).map_err(|e| StoreError::file(&folder, e))?;
        let path = folder.join(format!("{tenant}.lock"));
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|e| StoreError::file(&path, e))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(tenant_busy(tenant)),
            Err(TryLockError::Error(error)) => Err(StoreError::file(&path, error)),
        }
    }
}

#[async_trait]
impl Leases for Store {
    async fn lease(&self, tenant: &TenantId) -> Outcome<Lease> {
        Ok(Lease::new(TenantLock::take(self.data_dir(), tenant)?))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_of_a_tenant_is_refused_until_the_first_ends() {
        let folder = tempfile::tempdir().unwrap();
        let (acme, other) = (
            TenantId::new("acme").unwrap(),
            TenantId::new("other").unwrap(),
        );
        let first = TenantLock::acquire(folder.path(), &acme).unwrap();
        assert_eq!(
            TenantLock::acquire(folder.path(), &acme).unwrap_err().code,
            "tenant-busy"
        );
        TenantLock::acquire(folder.path(), &other).unwrap();
        drop(first);
        TenantLock::acquire(folder.path(), &acme).unwrap();
    }
}
