//! What the portal's fields are made of, tried on real people.

use axum::Json;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::refusal::{Answer, Document};
use super::scope::{Admin, Scope, Viewer};
use super::sent::{Asked, Sent};
use super::tag::{self, Seen, etag};
use crate::contract::hooks::mapping::{Rule, Who};
use crate::shape;

/// Rules, and what is wrong with them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Mapped {
    /// One for each portal field that is mapped.
    rules: Vec<shape::Rule>,
    /// What is wrong with them; empty is good.
    problems: Vec<shape::Problem>,
}

/// Rules to store.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Rules {
    /// One for each portal field that is mapped.
    rules: Vec<shape::Rule>,
}

/// Rules, and whom to try them on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Trial {
    /// Empty: the stored ones.
    #[serde(default)]
    rules: Vec<shape::Rule>,
    /// DN, external id, user name or mail; nothing: by place.
    person: Option<String>,
    /// The n-th person whom the directory gives, from 0.
    nth: Option<u32>,
}

/// Whom to explain.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Whom {
    /// DN, external id, user name or mail.
    person: String,
}

/// The rules in force. The `ETag` is what a change must name.
#[utoipa::path(get, path = "/tenants/{tenant}/mapping", tag = "mapping", params(("tenant" = String, Path)), responses(
    (status = 200, body = Mapped, headers(("ETag" = String))), (status = 404, body = Document)))]
pub(super) async fn show(scope: Scope<Viewer>) -> Answer<impl IntoResponse> {
    let tenant = scope.tenant().await?;
    let rules = tenant.rules().await?;
    let problems = tenant.check_rules(rules.clone()).await?;
    tagged(&rules, shape::each(&problems))
}

/// Checks and stores rules: all that is wrong is told at once, and then nothing has changed. `If-Match` names the rules that were
/// looked at, so that nobody overwrites what somebody else has changed meanwhile.
#[utoipa::path(put, path = "/tenants/{tenant}/mapping", tag = "mapping", params(("tenant" = String, Path),
    ("If-Match" = String, Header, description = "The ETag of what was looked at, several, or `*` for whatever is there")),
    request_body = Rules, responses((status = 200, body = Mapped, headers(("ETag" = String))), (status = 404, body = Document),
    (status = 409, body = Document), (status = 412, body = Document), (status = 422, body = Document), (status = 428, body = Document)))]
pub(super) async fn store(
    scope: Scope<Admin>,
    seen: Seen,
    Sent(wanted): Sent<Rules>,
) -> Answer<impl IntoResponse> {
    let rules = wanted.rules.into_iter().map(Into::into).collect();
    let rules = keep(&scope, seen, rules).await?;
    tagged(&rules, Vec::new())
}

/// Checks and stores rules in the place of what was seen, and notes it.
pub(super) async fn keep(scope: &Scope<Admin>, seen: Seen, rules: Vec<Rule>) -> Answer<Vec<Rule>> {
    let count = format!("{} rules", rules.len());
    let stored = async {
        let tenant = scope.tenant().await?;
        match seen {
            Seen::Whatever => tenant.submit_rules(rules).await?,
            Seen::These(tags) => {
                let named =
                    |stored: &[Rule]| tag_of(stored).is_ok_and(|stored| tags.contains(&stored));
                tenant.replace_rules(rules, named).await?
            }
        };
        Ok(tenant.rules().await?)
    };
    scope.deed("map", count, stored).await
}

/// What tells these rules from others.
pub(super) fn tag_of(rules: &[Rule]) -> Answer<String> {
    tag::of(&shape::each::<_, shape::Rule>(rules))
}

fn tagged(rules: &[Rule], problems: Vec<shape::Problem>) -> Answer<impl IntoResponse + use<>> {
    let mapped = Mapped {
        rules: shape::each(rules),
        problems,
    };
    Ok(([etag(&tag_of(rules)?)], Json(mapped)))
}

/// Rules to begin with, for the directory's kind. Nothing is stored.
#[utoipa::path(get, path = "/tenants/{tenant}/mapping/suggestion", tag = "mapping", params(("tenant" = String, Path)), responses(
    (status = 200, body = shape::Suggestion), (status = 404, body = Document)))]
pub(super) async fn suggest(scope: Scope<Viewer>) -> Answer<Json<shape::Suggestion>> {
    let suggestion = scope.tenant().await?.suggest().await?;
    Ok(Json(shape::Suggestion::from(&suggestion)))
}

/// What rules make of one person now. Nothing is stored.
#[utoipa::path(post, path = "/tenants/{tenant}/mapping/preview", tag = "mapping", params(("tenant" = String, Path)),
    request_body = Trial, responses((status = 200, body = shape::Previewed), (status = 404, body = Document)))]
pub(super) async fn preview(
    scope: Scope<Admin>,
    Sent(trial): Sent<Trial>,
) -> Answer<Json<shape::Previewed>> {
    let who = match (trial.person, trial.nth) {
        (Some(person), _) => Who::Named(person),
        (None, Some(nth)) => Who::Nth(nth),
        (None, None) => Who::First,
    };
    let rules = trial.rules.into_iter().map(Into::into).collect();
    let previewed = scope.tenant().await?.preview(rules, who).await?;
    Ok(Json(shape::Previewed::from(&previewed)))
}

/// Why one person is, or is not, synced.
#[utoipa::path(get, path = "/tenants/{tenant}/explain", tag = "mapping", params(("tenant" = String, Path), Whom), responses(
    (status = 200, body = shape::Explanation), (status = 404, body = Document)))]
pub(super) async fn explain(
    scope: Scope<Viewer>,
    Asked(whom): Asked<Whom>,
) -> Answer<Json<shape::Explanation>> {
    let explanation = scope
        .tenant()
        .await?
        .explain(Who::Named(whom.person))
        .await?;
    Ok(Json(shape::Explanation::from(&explanation)))
}
