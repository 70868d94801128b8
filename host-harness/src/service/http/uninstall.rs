//! Leaving, and what is left to read of it.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::refusal::{Answer, Document};
use super::scope::{Admin, Leaver, Scope};
use super::sent::Sent;
use crate::contract::hooks::lifecycle::Afterwards;
use crate::shape;
use crate::tenant::Unwatched;

/// How long a run that is cancelled may take to its next safe point.
const PATIENCE: Duration = Duration::from_secs(60);

/// What becomes of the people.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum People {
    /// They stay as they are.
    Keep,
    /// They stay, deactivated.
    Deactivate,
}

/// How to uninstall.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Leave {
    /// What becomes of the people that were synced.
    people: People,
    /// Cancel runs that wait, and stop one that is under way; without it that one refuses the uninstall.
    #[serde(default)]
    cancel: bool,
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Left {
    /// The tenant.
    tenant: String,
    /// What was removed, and what is left.
    receipt: shape::Receipt,
    /// The plan that deactivated the people, where that was asked for. It is gone with the other runs.
    deactivated: Option<shape::Run>,
}

/// The last receipt.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Last {
    /// The tenant.
    pub(super) tenant: String,
    /// When.
    at: Option<String>,
    /// What was removed, and what is left.
    pub(super) receipt: shape::Receipt,
}

/// Removes the plugin, its settings, its runs and the credential; the portal's people stay. Stopped on the way it is asked for again, and goes
/// on; asked for again of a tenant that has left, it changes nothing (`not-installed`), and the receipt says what was done. Tokens and users
/// that name the tenant reach it no more, nor the next of that name; they may read the receipt.
#[utoipa::path(post, path = "/tenants/{tenant}/uninstall", tag = "plugin", params(("tenant" = String, Path)), request_body = Leave,
    responses((status = 200, body = Left), (status = 404, body = Document), (status = 409, body = Document), (status = 422, body = Document)))]
pub(super) async fn leave(
    scope: Scope<Admin>,
    Sent(Leave { people, cancel }): Sent<Leave>,
) -> Answer<Json<Left>> {
    end(&scope, people, cancel).await.map(Json)
}

/// Uninstalls, and notes it.
pub(super) async fn end(scope: &Scope<Admin>, people: People, cancel: bool) -> Answer<Left> {
    let (people, which) = match people {
        People::Keep => (Afterwards::Keep, "keep"),
        People::Deactivate => (Afterwards::Deactivate, "deactivate"),
    };
    let work = async {
        let (tenant, watch) = (scope.tenant().await?, Arc::new(Unwatched::default()));
        Ok(if cancel {
            tenant.uninstall_cancelling(people, PATIENCE, watch).await?
        } else {
            tenant.uninstall(people, watch).await?
        })
    };
    let uninstalled = scope.deed("uninstall", which, work).await?;
    Ok(Left {
        tenant: scope.id().to_string(),
        receipt: shape::Receipt::from(&uninstalled.receipt),
        deactivated: uninstalled.deactivated.as_ref().map(shape::Run::from),
    })
}

/// What the last uninstall removed and left. It stays readable when nothing else of the tenant is.
#[utoipa::path(get, path = "/tenants/{tenant}/receipt", tag = "plugin", params(("tenant" = String, Path)), responses(
    (status = 200, body = Last), (status = 404, body = Document)))]
pub(super) async fn receipt(place: Leaver) -> Answer<Json<Last>> {
    let kept = place.receipt().await?;
    Ok(Json(Last {
        tenant: place.id().to_string(),
        at: shape::moment(kept.at),
        receipt: shape::Receipt::from(&kept.receipt),
    }))
}
