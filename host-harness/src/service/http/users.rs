//! Users, by those who may give others access.

use std::collections::BTreeSet;

use axum::Json;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::refusal::{Answer, Document};
use super::scope::{Admin, Whole};
use super::sent::{Id, Sent};
use super::session::tenants;
use crate::ports::TenantId;
use crate::ports::access::{Rank, Reach};
use crate::ports::users::User;
use crate::shape;

/// Somebody who may log in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ListedUser {
    /// The user's number.
    id: i64,
    /// What the user is called here and in the log.
    name: String,
    /// `viewer`, `operator` or `admin`.
    rank: &'static str,
    /// The tenants within reach; none: every tenant.
    tenants: Option<Vec<String>>,
    /// May not log in.
    disabled: bool,
    /// When the user was made.
    created_at: Option<String>,
    /// When anything of the user was changed last, the password too.
    changed_at: Option<String>,
}

/// A user to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewUser {
    /// What the user is to be called.
    name: String,
    /// `viewer`, `operator` or `admin`.
    #[schema(value_type = String)]
    rank: Rank,
    /// The tenants within reach; null: every tenant.
    #[serde(deserialize_with = "told")]
    #[schema(required = true)]
    tenants: Option<BTreeSet<String>>,
    /// The first password: at least 12 characters.
    #[schema(value_type = String)]
    password: Zeroizing<String>,
}

/// What a user is to be from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangedUser {
    /// `viewer`, `operator` or `admin`.
    #[schema(value_type = String)]
    rank: Rank,
    /// The tenants within reach; null: every tenant.
    #[serde(deserialize_with = "told")]
    #[schema(required = true)]
    tenants: Option<BTreeSet<String>>,
    /// May not log in.
    disabled: bool,
}

/// Another password for a user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResetPassword {
    /// At least 12 characters.
    #[schema(value_type = String)]
    password: Zeroizing<String>,
}

impl From<&User> for ListedUser {
    fn from(user: &User) -> Self {
        Self {
            id: user.id,
            name: user.name.clone(),
            rank: user.rank.name(),
            tenants: tenants(&user.reach),
            disabled: user.disabled,
            created_at: shape::moment(user.created_at),
            changed_at: shape::moment(user.changed_at),
        }
    }
}

/// Null must be said: what is left out would otherwise mean every tenant.
pub(super) fn told<'de, D: serde::Deserializer<'de>>(
    from: D,
) -> Result<Option<BTreeSet<String>>, D::Error> {
    Option::deserialize(from)
}

fn reach(tenants: Option<BTreeSet<String>>) -> Answer<Reach> {
    let Some(tenants) = tenants else {
        return Ok(Reach::Everything);
    };
    let tenants: Result<_, _> = tenants.into_iter().map(TenantId::new).collect();
    Ok(Reach::Tenants(tenants?))
}

/// The users by name.
#[utoipa::path(get, path = "/users", tag = "access", responses((status = 200, body = [ListedUser])))]
pub(super) async fn list(whole: Whole<Admin>) -> Answer<Json<Vec<ListedUser>>> {
    let users = whole.console().users().await?;
    Ok(Json(users.iter().map(ListedUser::from).collect()))
}

/// Makes a user.
#[utoipa::path(post, path = "/users", tag = "access", request_body = NewUser, responses(
    (status = 201, body = ListedUser), (status = 409, body = Document),
    (status = 422, body = Document)))]
pub(super) async fn create(
    whole: Whole<Admin>,
    Sent(new): Sent<NewUser>,
) -> Answer<(StatusCode, Json<ListedUser>)> {
    let reach = reach(new.tenants)?;
    let made = whole
        .console()
        .create(whole.actor(), &new.name, new.rank, reach, &new.password)
        .await?;
    Ok((StatusCode::CREATED, Json(ListedUser::from(&made))))
}

/// Changes what a user may do, and whether the user may log in. The user's sessions end.
#[utoipa::path(put, path = "/users/{id}", tag = "access", params(("id" = i64, Path)), request_body = ChangedUser, responses(
    (status = 200, body = ListedUser), (status = 404, body = Document),
    (status = 409, body = Document)))]
pub(super) async fn change(
    whole: Whole<Admin>,
    Id(id): Id,
    Sent(wanted): Sent<ChangedUser>,
) -> Answer<Json<ListedUser>> {
    let reach = reach(wanted.tenants)?;
    let changed = whole
        .console()
        .change(whole.actor(), id, wanted.rank, reach, wanted.disabled)
        .await?;
    Ok(Json(ListedUser::from(&changed)))
}

/// Sets another password for a user, whose sessions end.
#[utoipa::path(put, path = "/users/{id}/password", tag = "access", params(("id" = i64, Path)), request_body = ResetPassword,
    responses((status = 204), (status = 404, body = Document), (status = 422, body = Document)))]
pub(super) async fn reset(
    whole: Whole<Admin>,
    Id(id): Id,
    Sent(wanted): Sent<ResetPassword>,
) -> Answer<StatusCode> {
    whole
        .console()
        .reset_password(whole.actor(), id, &wanted.password)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
