//! Runs: asking for them, looking at them, ending them.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::key::Key;
use super::refusal::{Answer, Document, Refusal};
use super::scope::{Operator, Scope, Viewer};
use super::sent::{Asked, Numbered, Sent};
use crate::contract::plan::RowKind;
use crate::ports::RunId;
use crate::ports::plan::{RowQuery, Run, RunQuery, RunStatus};
use crate::ports::queue::Ask;
use crate::shape;

const MOST: u32 = 1_000;

/// What to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Mode {
    /// Read everybody.
    Full,
    /// Read what changed.
    Changes,
    /// Read those whom the last sync left unsynced.
    Unsynced,
    /// Read everybody, and stop after the plan.
    DryRun,
    /// Read everybody to give people the ids of another attribute; waits for an approval.
    MigrateIds,
}

impl Mode {
    /// All of them, as they are written.
    const NAMED: [(&str, Self); 5] = [
        ("full", Self::Full),
        ("changes", Self::Changes),
        ("unsynced", Self::Unsynced),
        ("dry-run", Self::DryRun),
        ("migrate-ids", Self::MigrateIds),
    ];

    fn name(self) -> &'static str {
        let named = Self::NAMED.iter().find(|(_, mode)| *mode == self);
        named.map_or("full", |(name, _)| name)
    }

    /// What is written so.
    pub(super) fn named(name: &str) -> Answer<Self> {
        let found = Self::NAMED.iter().find(|(one, _)| *one == name);
        found.map(|(_, mode)| *mode).ok_or_else(|| {
            Refusal::new(
                "bad-request",
                &format!("{name:?} is no kind of run"),
                "Use full, changes, unsynced, dry-run or migrate-ids.",
            )
        })
    }
}

/// A wish for a run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    /// What to run.
    mode: Mode,
}

/// Which plan an approval is for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Approval {
    /// The plan's digest, or at least its first 8 digits.
    digest: String,
}

/// Which runs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Listed {
    /// Only those that were asked for before this one.
    before: Option<i64>,
    /// Only those that were asked for after this one.
    after: Option<i64>,
    /// Only those that stand so: `queued`, `planning`, `planned`, `held`, `applying`, `applied`, `failed`, `cancelled`, `abandoned` or
    /// `discarded`.
    status: Option<String>,
    /// At most so many, up to 1,000; 50 where nothing is said.
    limit: Option<u32>,
}

/// Which rows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only those after this sequence.
    after: Option<u64>,
    /// At most so many, up to 1,000.
    limit: Option<u32>,
    /// `create`, `update`, `deactivate`, `reactivate` or `unsynced`.
    kind: Option<String>,
    /// Only rows with this reason.
    reason: Option<String>,
    /// Only the person with this external id, DN, or a part of the shown name.
    person: Option<String>,
    /// `pending`, `applied`, `failed`, `discarded` or `reported`.
    outcome: Option<String>,
}

/// Rows, and where to go on.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Rows {
    /// By ascending sequence.
    rows: Vec<shape::StoredRow>,
    /// What to give as `after` for the next ones; none at the end.
    next: Option<u64>,
}

/// The newest runs first. Older ones are asked for with the last one's number as `before`.
#[utoipa::path(get, path = "/tenants/{tenant}/runs", tag = "runs", params(("tenant" = String, Path), Listed), responses(
    (status = 200, body = [shape::Run]), (status = 404, body = Document)))]
pub(super) async fn list(
    scope: Scope<Viewer>,
    Asked(listed): Asked<Listed>,
) -> Answer<Json<Vec<shape::Run>>> {
    let limit = listed.limit.unwrap_or(50).min(MOST);
    let query = RunQuery {
        before: listed.before.map(RunId),
        after: listed.after.map(RunId),
        status: listed.status.as_deref().map(status).transpose()?,
    };
    let runs = scope.plans()?.runs(&query, limit).await?;
    Ok(Json(shape::each(&runs)))
}

/// Asks for a run. With the header `Idempotency-Key` asking again gives the same run; where one is queued already, it is that one.
#[utoipa::path(post, path = "/tenants/{tenant}/runs", tag = "runs", params(("tenant" = String, Path),
    ("Idempotency-Key" = Option<String>, Header, description = "Asked with it again, it is the same run")), request_body = Wish, responses(
    (status = 202, body = shape::Run), (status = 404, body = Document), (status = 422, body = Document)))]
pub(super) async fn ask(
    scope: Scope<Operator>,
    Key(key): Key,
    Sent(wish): Sent<Wish>,
) -> Answer<impl IntoResponse> {
    let run = begin(&scope, wish.mode, key).await?;
    let place = format!("/api/v1/tenants/{}/runs/{}", scope.id(), run.id);
    Ok((
        StatusCode::ACCEPTED,
        [(header::LOCATION, place)],
        Json(shape::Run::from(&run)),
    ))
}

/// Asks for a run; with the same key it is the same one.
pub(super) async fn begin(scope: &Scope<Operator>, mode: Mode, key: Option<String>) -> Answer<Run> {
    let mode = mode.name();
    let asked = async {
        let ask = Ask {
            mode: mode.to_owned(),
            by: scope.caller().name().to_owned(),
            key,
            not_before: chrono::Utc::now().timestamp_millis(),
            attempt: 0,
        };
        let run = scope.queue().ask(&ask).await?;
        Ok(scope.plans()?.run(run).await?)
    };
    let run = scope.deed("run", mode, asked).await?;
    scope.wake();
    Ok(run)
}

/// One run.
#[utoipa::path(get, path = "/tenants/{tenant}/runs/{run}", tag = "runs", params(("tenant" = String, Path), ("run" = i64, Path)),
    responses((status = 200, body = shape::Run), (status = 404, body = Document)))]
pub(super) async fn one(scope: Scope<Viewer>, Numbered(run): Numbered) -> Answer<Json<shape::Run>> {
    let run = scope.plans()?.run(RunId(run)).await?;
    Ok(Json(shape::Run::from(&run)))
}

/// Rows of a run, in pieces.
#[utoipa::path(get, path = "/tenants/{tenant}/runs/{run}/rows", tag = "runs", params(("tenant" = String, Path),
    ("run" = i64, Path), Which), responses((status = 200, body = Rows), (status = 404, body = Document)))]
pub(super) async fn rows(
    scope: Scope<Viewer>,
    Numbered(run): Numbered,
    Asked(which): Asked<Which>,
) -> Answer<Json<Rows>> {
    let query = RowQuery {
        kind: which.kind.as_deref().map(kind).transpose()?,
        reason: which.reason,
        person: which.person,
        outcome: which.outcome,
        external_id: None,
    };
    let limit = which.limit.unwrap_or(100).clamp(1, MOST);
    let plans = scope.plans()?;
    let after = which.after.unwrap_or(0);
    let rows = plans.rows(RunId(run), &query, after, limit).await?;
    let full = rows.len() >= limit as usize;
    Ok(Json(Rows {
        next: rows.last().filter(|_| full).map(|row| row.sequence),
        rows: shape::each(&rows),
    }))
}

/// Stops a run at the next safe point: a queued one at once.
#[utoipa::path(post, path = "/tenants/{tenant}/runs/{run}/stop", tag = "runs", params(("tenant" = String, Path),
    ("run" = i64, Path)), responses((status = 202, body = shape::Run), (status = 404, body = Document), (status = 409, body = Document)))]
pub(super) async fn stop(
    scope: Scope<Operator>,
    Numbered(run): Numbered,
) -> Answer<impl IntoResponse> {
    let run = stop_one(&scope, run).await?;
    Ok((StatusCode::ACCEPTED, Json(shape::Run::from(&run))))
}

/// Stops a run at its next safe point.
pub(super) async fn stop_one(scope: &Scope<Operator>, run: i64) -> Answer<Run> {
    let stopped = async {
        scope.queue().stop(RunId(run)).await?;
        Ok(scope.plans()?.run(RunId(run)).await?)
    };
    scope.deed("run.stop", run, stopped).await
}

/// Releases the plan that a guard holds, for exactly this digest, and has it applied. Asked again it is harmless: a plan that was
/// released for this digest is told as it stands.
#[utoipa::path(post, path = "/tenants/{tenant}/runs/{run}/approve", tag = "runs", params(("tenant" = String, Path),
    ("run" = i64, Path)), request_body = Approval, responses((status = 202, body = shape::Run),
    (status = 404, body = Document), (status = 409, body = Document)))]
pub(super) async fn approve(
    scope: Scope<Operator>,
    Numbered(run): Numbered,
    Sent(approval): Sent<Approval>,
) -> Answer<impl IntoResponse> {
    let run = approve_one(&scope, run, &approval.digest).await?;
    Ok((StatusCode::ACCEPTED, Json(shape::Run::from(&run))))
}

/// Releases a held plan for one digest, and has it applied.
pub(super) async fn approve_one(scope: &Scope<Operator>, run: i64, digest: &str) -> Answer<Run> {
    let approved = async {
        let tenant = scope.tenant().await?;
        let approved = tenant.approve(RunId(run), digest);
        let released = match approved.await {
            Err(refused) if refused.code() == "not-held" => {
                let found = scope.plans()?.run(RunId(run)).await?;
                if !released(&found, digest) {
                    return Err(refused.into());
                }
                found
            }
            approved => approved?,
        };
        if released.status != RunStatus::Applied {
            scope.queue().ask_apply(RunId(run)).await?;
        }
        Ok(released)
    };
    let run = scope.deed("run.approve", run, approved).await?;
    scope.wake();
    Ok(run)
}

/// Has a plan that waits applied: one of a dry run, or one that was stopped. Asked again it is harmless: one that is being applied, or
/// was, is told as it stands.
#[utoipa::path(post, path = "/tenants/{tenant}/runs/{run}/apply", tag = "runs", params(("tenant" = String, Path),
    ("run" = i64, Path)), responses((status = 202, body = shape::Run), (status = 404, body = Document), (status = 409, body = Document)))]
pub(super) async fn apply(
    scope: Scope<Operator>,
    Numbered(run): Numbered,
) -> Answer<impl IntoResponse> {
    let run = apply_one(&scope, run).await?;
    Ok((StatusCode::ACCEPTED, Json(shape::Run::from(&run))))
}

/// Has a plan that waits applied.
pub(super) async fn apply_one(scope: &Scope<Operator>, run: i64) -> Answer<Run> {
    let asked = async {
        let found = scope.plans()?.run(RunId(run)).await?;
        if found.status == RunStatus::Held {
            return Err(crate::Problem::new(
                "guard-held",
                format!("A guard holds the plan of run {run}"),
                "Look at it, and approve its digest.",
            )
            .into());
        }
        if found.status != RunStatus::Applied {
            scope.queue().ask_apply(RunId(run)).await?;
        }
        Ok(found)
    };
    let run = scope.deed("run.apply", run, asked).await?;
    scope.wake();
    Ok(run)
}

/// Throws a plan that waits away.
#[utoipa::path(post, path = "/tenants/{tenant}/runs/{run}/discard", tag = "runs", params(("tenant" = String, Path),
    ("run" = i64, Path)), responses((status = 200, body = shape::Run), (status = 404, body = Document), (status = 409, body = Document)))]
pub(super) async fn discard(
    scope: Scope<Operator>,
    Numbered(run): Numbered,
) -> Answer<Json<shape::Run>> {
    let run = discard_one(&scope, run).await?;
    Ok(Json(shape::Run::from(&run)))
}

/// Throws a plan that waits away.
pub(super) async fn discard_one(scope: &Scope<Operator>, run: i64) -> Answer<Run> {
    let discarded = async { Ok(scope.tenant().await?.discard(RunId(run)).await?) };
    scope.deed("run.discard", run, discarded).await
}

/// Whether a guard held the plan until it was released for this digest.
fn released(run: &Run, digest: &str) -> bool {
    let named = run.digest.as_deref();
    let named = named.is_some_and(|whole| digest.len() >= 8 && whole.starts_with(digest));
    let on_its_way = matches!(
        run.status,
        RunStatus::Planned | RunStatus::Applying | RunStatus::Applied
    );
    named && on_its_way && run.guards.iter().any(|guard| guard.tripped)
}

/// How a run stands, by its name.
pub(super) fn status(name: &str) -> Answer<RunStatus> {
    let found = RunStatus::ALL.into_iter().find(|one| one.name() == name);
    found.ok_or_else(|| {
        let names = RunStatus::ALL.map(RunStatus::name).join(", ");
        Refusal::new(
            "bad-request",
            &format!("No run stands as {name:?}"),
            &format!("Use one of these: {names}."),
        )
    })
}

/// A kind of row by its name.
pub(super) fn kind(name: &str) -> Answer<RowKind> {
    let kinds = [
        RowKind::Create,
        RowKind::Update,
        RowKind::Deactivate,
        RowKind::Reactivate,
        RowKind::Unsynced,
    ];
    let found = kinds
        .into_iter()
        .find(|kind| shape::row::kind(*kind) == name);
    found.ok_or_else(|| {
        Refusal::new(
            "bad-request",
            &format!("{name:?} is no kind of row"),
            "Use create, update, deactivate, reactivate or unsynced.",
        )
    })
}
