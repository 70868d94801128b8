//! Who left: what is to be read of a tenant that may be gone.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::super::refusal::{Answer, Refusal};
use super::{Api, Caller, Place, Viewer, named, no_such_tenant};
use crate::ports::TenantId;
use crate::ports::receipts::Kept;

/// A tenant's name whose last receipt the caller may read: within the caller's reach now, or when that tenant left.
pub(in super::super) struct Leaver(Place<Viewer>);

impl FromRequestParts<Api> for Leaver {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refusal> {
        let caller = Caller::from_request_parts(parts, api).await?;
        let tenant = named(parts, api).await?.ok_or_else(no_such_tenant)?;
        let may = caller.reach().has(&tenant) || {
            let receipts = (api.host.platforms)(&tenant)?.receipts;
            receipts.may_read(&tenant, caller.holder()).await?
        };
        if !may {
            return Err(no_such_tenant());
        }
        Ok(Self(Place {
            caller,
            tenant,
            needs: PhantomData,
        }))
    }
}

impl Leaver {
    pub(in super::super) fn id(&self) -> &TenantId {
        self.0.id()
    }

    pub(in super::super) fn caller(&self) -> &Caller {
        self.0.caller()
    }

    /// Whether something is installed there again, which the caller reaches.
    pub(in super::super) async fn stands(&self) -> bool {
        self.caller().reach().has(self.id()) && self.0.tenant().await.is_ok()
    }

    /// What the last uninstall left.
    pub(in super::super) async fn receipt(&self) -> Answer<Kept> {
        Ok(self.0.platform()?.receipts.receipt(self.id()).await?)
    }
}
