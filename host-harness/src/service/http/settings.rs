//! A tenant's settings, and whether they work.

use std::collections::BTreeMap;

use axum::Json;
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::refusal::{Answer, Document, Refusal};
use super::scope::{Admin, Operator, Scope, Viewer};
use super::sent::Sent;
use super::tag::{Seen, etag};
use crate::contract::hooks::lifecycle::Configured;
use crate::contract::types::Setting;
use crate::shape;
use crate::tenant::{Change, Tenant};

/// Settings to change. What is not named stays as it is. It holds secrets: it cannot be printed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Changed {
    /// By key; null goes back to the form's default, and forgets a secret.
    #[serde(default)]
    settings: BTreeMap<String, Option<String>>,
    /// Secrets by key. They are encrypted at once, and never shown again.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>)]
    secrets: BTreeMap<String, Zeroizing<String>>,
    /// Begin from the form's defaults instead of what is stored.
    #[serde(default)]
    afresh: bool,
    /// A mapping to be stored with the settings; nothing keeps the stored one.
    #[serde(default)]
    rules: Vec<shape::Rule>,
}

impl Changed {
    fn change(self, expected: Option<Vec<String>>) -> Change {
        let (set, unset): (Vec<_>, Vec<_>) = self
            .settings
            .into_iter()
            .partition(|(_, value)| value.is_some());
        let setting = |(key, value): (String, Option<String>)| Setting {
            key,
            value: value.unwrap_or_default(),
        };
        Change {
            set: set.into_iter().map(setting).collect(),
            unset: unset.into_iter().map(|(key, _)| key).collect(),
            afresh: self.afresh,
            rules: self.rules.into_iter().map(Into::into).collect(),
            secrets: self.secrets,
            expected,
        }
    }
}

/// The settings in force, with handles in place of secrets. The `ETag` is what a change must name.
#[utoipa::path(get, path = "/tenants/{tenant}/settings", tag = "settings", params(("tenant" = String, Path)), responses(
    (status = 200, body = shape::Configured, headers(("ETag" = String))), (status = 404, body = Document)))]
pub(super) async fn show(scope: Scope<Viewer>) -> Answer<impl IntoResponse> {
    let configured = in_force(&scope.tenant().await?).await?;
    Ok(tagged(&configured))
}

/// Checks and stores settings: all wrong fields are told at once, and then nothing has changed. `If-Match` names the settings that
/// were looked at, so that nobody overwrites what somebody else has changed meanwhile; `""` is that of none yet.
#[utoipa::path(patch, path = "/tenants/{tenant}/settings", tag = "settings", params(("tenant" = String, Path),
    ("If-Match" = String, Header, description = "The ETag of what was looked at, several, or `*` for whatever is there")),
    request_body = Changed, responses((status = 200, body = shape::Configured, headers(("ETag" = String))),
    (status = 404, body = Document), (status = 409, body = Document), (status = 412, body = Document), (status = 422, body = Document), (status = 428, body = Document)))]
pub(super) async fn change(
    scope: Scope<Admin>,
    seen: Seen,
    Sent(changed): Sent<Changed>,
) -> Answer<impl IntoResponse> {
    let keys: Vec<&str> = changed
        .settings
        .keys()
        .chain(changed.secrets.keys())
        .map(String::as_str)
        .collect();
    // Which settings, and never what they became.
    let which = keys.join(" ");
    let stored = async {
        let tenant = scope.tenant().await?;
        Ok(tenant.configure(changed.change(seen.these())).await?)
    };
    let configured = scope.deed("configure", which, stored).await?;
    Ok(tagged(&configured))
}

/// Tries everything that a sync would do, with the stored settings or with what these changes would make of them. Nothing is stored.
#[utoipa::path(post, path = "/tenants/{tenant}/verify", tag = "settings", params(("tenant" = String, Path)), request_body = Changed,
    responses((status = 200, body = shape::Report), (status = 404, body = Document), (status = 422, body = Document)))]
pub(super) async fn verify(
    scope: Scope<Operator>,
    Sent(changed): Sent<Changed>,
) -> Answer<Json<shape::Report>> {
    if !changed.secrets.is_empty() {
        return Err(Refusal::new(
            "bad-request",
            "Secrets are not tried, only stored ones are",
            "Store them with the settings, then verify.",
        ));
    }
    if !changed.rules.is_empty() {
        return Err(Refusal::new(
            "bad-request",
            "Rules are not verified, settings are",
            "Try rules on a person with the preview.",
        ));
    }
    let nothing = changed.settings.is_empty() && !changed.afresh;
    let change = (!nothing).then(|| changed.change(None));
    let report = scope.tenant().await?.verify(change.as_ref()).await?;
    Ok(Json(shape::Report::from(&report)))
}

/// The settings in force; none where nothing was configured yet.
pub(super) async fn in_force(tenant: &Tenant) -> Answer<Configured> {
    match tenant.configuration().await {
        Ok(configured) => Ok(configured),
        Err(refused) if refused.code() == "not-configured" => Ok(Configured {
            settings: Vec::new(),
            digest: String::new(),
            warnings: Vec::new(),
        }),
        Err(refused) => Err(refused.into()),
    }
}

fn tagged(configured: &Configured) -> impl IntoResponse + use<> {
    let told = Json(shape::Configured::from(configured));
    ([etag(&configured.digest)], told)
}
