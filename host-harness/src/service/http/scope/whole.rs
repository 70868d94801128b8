//! What concerns no tenant alone.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::super::refusal::Refusal;
use super::{Api, Caller, Needs};
use crate::ports::access::{Access, Reach};
use crate::service::Watcher;
use crate::service::console::{Actor, Console};

/// What concerns no tenant alone, for a caller of at least this rank who reaches everything.
pub(in super::super) struct Whole<N> {
    caller: Caller,
    needs: PhantomData<N>,
}

impl<N> Whole<N> {
    pub(in super::super) fn console(&self) -> &Console {
        self.caller.api.console()
    }

    /// The caller, for the log.
    pub(in super::super) fn actor(&self) -> Actor<'_> {
        Actor {
            who: &self.caller.who,
            from: &self.caller.from,
        }
    }

    pub(in super::super) fn watcher(&self) -> &Watcher {
        &self.caller.api.watcher
    }

    pub(in super::super) fn caller(&self) -> &Caller {
        &self.caller
    }

    pub(in super::super) fn access(&self) -> &dyn Access {
        &*self.caller.api.access
    }
}

impl<N: Needs> FromRequestParts<Api> for Whole<N> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refusal> {
        let caller = Caller::from_request_parts(parts, api).await?;
        caller.needs(N::RANK)?;
        if *caller.reach() != Reach::Everything {
            return Err(Refusal::new(
                "reach-too-small",
                "This concerns every tenant, and you reach some",
                "Come as somebody who reaches everything.",
            ));
        }
        Ok(Self {
            caller,
            needs: PhantomData,
        })
    }
}
