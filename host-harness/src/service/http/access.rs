//! Tokens, and the log of what was done.

use std::collections::BTreeSet;

use axum::Json;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::refusal::{Answer, Document};
use super::scope::{Admin, Scope, Viewer, Whole};
use super::sent::{Asked, Id, Sent};
use super::users::told;
use crate::ports::TenantId;
use crate::ports::access::{Deed, DeedQuery, Rank, Reach, Token};
use crate::service::token;
use crate::shape;

const MOST: u32 = 1_000;

/// A token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ListedToken {
    /// Its number.
    id: i64,
    /// What it is called in the log.
    name: String,
    /// `viewer`, `operator` or `admin`.
    rank: &'static str,
    /// The tenants it reaches; none: every tenant.
    tenants: Option<Vec<String>>,
    /// When it was made.
    created_at: Option<String>,
    /// From when on it is refused.
    expires_at: Option<String>,
}

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// What it is called in the log.
    name: String,
    /// `viewer`, `operator` or `admin`.
    #[schema(value_type = String)]
    rank: Rank,
    /// The tenants it reaches; null: every tenant.
    #[serde(deserialize_with = "told")]
    #[schema(required = true)]
    tenants: Option<BTreeSet<String>>,
    /// For how many days it is good.
    days: u32,
}

/// A token that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Made {
    #[serde(flatten)]
    token: ListedToken,
    /// What to send as `Authorization: Bearer …`. It is shown this once.
    secret: String,
}

/// Something that was done.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Logged {
    /// When.
    at: Option<String>,
    /// By whom.
    who: String,
    /// From which address.
    from: String,
    /// For which tenant.
    tenant: Option<String>,
    /// What.
    what: String,
    /// To what.
    which: String,
    /// The code with which it was refused; empty where it was done.
    refused: String,
}

/// A piece of the log.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Piece {
    /// Leave out so many of the newest.
    skip: Option<u32>,
    /// At most so many, up to 1,000.
    limit: Option<u32>,
}

impl From<&Token> for ListedToken {
    fn from(token: &Token) -> Self {
        Self {
            id: token.id,
            name: token.name.clone(),
            rank: token.rank.name(),
            tenants: match &token.reach {
                Reach::Everything => None,
                Reach::Tenants(tenants) => Some(tenants.iter().map(ToString::to_string).collect()),
            },
            created_at: shape::moment(token.created_at),
            expires_at: shape::moment(token.expires_at),
        }
    }
}

impl From<&Deed> for Logged {
    fn from(deed: &Deed) -> Self {
        Self {
            at: shape::moment(deed.at),
            who: deed.who.clone(),
            from: deed.from.clone(),
            tenant: deed.tenant.as_ref().map(ToString::to_string),
            what: deed.what.clone(),
            which: deed.which.clone(),
            refused: deed.refused.clone(),
        }
    }
}

/// The tokens that are not revoked.
#[utoipa::path(get, path = "/tokens", tag = "access", responses((status = 200, body = [ListedToken])))]
pub(super) async fn tokens(whole: Whole<Admin>) -> Answer<Json<Vec<ListedToken>>> {
    let tokens = whole.access().tokens().await?;
    Ok(Json(tokens.iter().map(ListedToken::from).collect()))
}

/// Makes a token. Its secret is shown this once.
#[utoipa::path(post, path = "/tokens", tag = "access", request_body = Wanted, responses(
    (status = 201, body = Made), (status = 422, body = Document)))]
pub(super) async fn create(
    whole: Whole<Admin>,
    Sent(wanted): Sent<Wanted>,
) -> Answer<(StatusCode, Json<Made>)> {
    let reach = match wanted.tenants {
        None => Reach::Everything,
        Some(tenants) => {
            let tenants: Result<_, _> = tenants.into_iter().map(TenantId::new).collect();
            Reach::Tenants(tenants?)
        }
    };
    let wish = token::Wish {
        name: &wanted.name,
        rank: wanted.rank,
        reach,
        days: wanted.days,
    };
    let (token, secret) = token::make(whole.access(), whole.actor(), wish).await?;
    let made = Made {
        token: ListedToken::from(&token),
        secret,
    };
    Ok((StatusCode::CREATED, Json(made)))
}

/// Refuses a token from now on.
#[utoipa::path(delete, path = "/tokens/{id}", tag = "access", params(("id" = i64, Path)), responses(
    (status = 204), (status = 404, body = Document)))]
pub(super) async fn revoke(whole: Whole<Admin>, Id(id): Id) -> Answer<StatusCode> {
    token::revoke(whole.access(), whole.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What was done, the newest first.
#[utoipa::path(get, path = "/audit", tag = "access", params(Piece), responses(
    (status = 200, body = [Logged])))]
pub(super) async fn audit(
    whole: Whole<Admin>,
    Asked(piece): Asked<Piece>,
) -> Answer<Json<Vec<Logged>>> {
    let limit = piece.limit.unwrap_or(100).min(MOST);
    let all = DeedQuery::default();
    let skip = piece.skip.unwrap_or(0);
    let deeds = whole.access().deeds(&all, skip, limit).await?;
    Ok(Json(deeds.iter().map(Logged::from).collect()))
}

/// What was done for a tenant, the newest first.
#[utoipa::path(get, path = "/tenants/{tenant}/audit", tag = "access", params(("tenant" = String, Path), Piece), responses(
    (status = 200, body = [Logged]), (status = 404, body = Document)))]
pub(super) async fn audit_of(
    scope: Scope<Viewer>,
    Asked(piece): Asked<Piece>,
) -> Answer<Json<Vec<Logged>>> {
    let limit = piece.limit.unwrap_or(100).min(MOST);
    let deeds = scope
        .deeds(DeedQuery::default(), piece.skip.unwrap_or(0), limit)
        .await?;
    Ok(Json(deeds.iter().map(Logged::from).collect()))
}
