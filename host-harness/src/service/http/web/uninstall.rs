//! Leaving: what would become of what, the tenant's name typed to confirm it, and the receipt.

use askama::Template;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};

use super::super::refusal::{Answer, Refusal};
use super::super::scope::{Admin, Leaver, Scope};
use super::super::uninstall::{self, People};
use super::control::Control;
use super::entered::{In, Shown, Trouble, answered};
use super::fields::Fields;
use super::frame::{Frame, page};
use super::moment::{Moment, Zone};
use super::words::{number, people};
use crate::ports::TenantId;
use crate::ports::plan::{Run, RunQuery, RunStatus};
use crate::shape::Problem;

/// Runs that are counted, at most.
const MOST: u32 = 1_000;
/// What is told of a tenant that has left.
const GONE: &str = "not-installed";

/// What there is to lose.
#[derive(Debug)]
struct Impact {
    /// People whom a sync brought, and those of them who are active.
    people: u64,
    active: u64,
    runs: String,
    rows: String,
    credentials: usize,
    failures: u64,
    /// Runs that wait or are under way.
    at_work: Vec<i64>,
    /// Plans that wait.
    waiting: Vec<i64>,
}

#[derive(Template)]
#[template(path = "uninstall.html")]
struct UninstallPage {
    frame: Frame,
    people: String,
    active: String,
    impact: Impact,
    confirm: Control,
    cancel: Control,
    controls: Vec<Control>,
    problems: Vec<Problem>,
}

#[derive(Template)]
#[template(path = "receipt.html")]
struct ReceiptPage {
    frame: Frame,
    tenant: String,
    at: Moment,
    removed: Vec<(String, String)>,
    left: Vec<(String, String)>,
    /// Whether something is installed for the tenant again.
    again: bool,
}

/// What an uninstall would do.
pub(super) async fn show(scope: Shown<In<Scope<Admin>>>, leaver: Shown<In<Leaver>>) -> Shown {
    let In(scope) = match scope {
        Ok(scope) => scope,
        Err(trouble) => return gone(trouble, leaver).await,
    };
    Ok(page(
        &uninstall_page(&scope, &Fields::default(), Vec::new()).await?,
    ))
}

/// Uninstalls, where the tenant's name was typed, and leads to the receipt.
pub(super) async fn submit(
    scope: Shown<In<Scope<Admin>>>,
    leaver: Shown<In<Leaver>>,
    fields: Fields,
) -> Shown {
    let In(scope) = match scope {
        Ok(scope) => scope,
        Err(trouble) => return gone(trouble, leaver).await,
    };
    let wish = read(&fields, scope.id().as_str());
    let as_shown = as_shown(&scope, &fields).await;
    let done = match wish.and_then(|wish| as_shown.map(|()| wish)) {
        Ok((people, cancel)) => uninstall::end(&scope, people, cancel).await,
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(_) => Ok(to_receipt(scope.id())),
        // Somebody else was faster, or the same button.
        Err(refusal) if refusal.code() == GONE => gone(refusal.into(), leaver).await,
        Err(refusal) => {
            let problems = refusal.problems();
            let response = page(&uninstall_page(&scope, &fields, problems).await?);
            Ok(answered(refusal.status(), response))
        }
    }
}

/// Where nothing is installed any more: the receipt, for whoever may read it.
async fn gone(trouble: Trouble, leaver: Shown<In<Leaver>>) -> Shown {
    if let (Trouble::Refused(refusal), Ok(In(leaver))) = (&trouble, leaver)
        && refusal.code() == GONE
        && leaver.receipt().await.is_ok()
    {
        return Ok(to_receipt(leaver.id()));
    }
    Err(trouble)
}

fn to_receipt(tenant: &TenantId) -> Response {
    Redirect::to(&format!("/tenants/{tenant}/receipt")).into_response()
}

/// Refuses where the button said another number of people than it would concern now.
async fn as_shown(scope: &Scope<Admin>, fields: &Fields) -> Answer<()> {
    let Some(said) = fields.find("active") else {
        return Ok(());
    };
    let active = scope.portal()?.brought().await?.active;
    if said == active.to_string() {
        return Ok(());
    }
    Err(Refusal::new(
        "impact-changed",
        "How many people it concerns has changed since this page was made. Nothing was done",
        "Look at the numbers again, and confirm it anew.",
    ))
}

/// What is wished, where it is confirmed.
fn read(fields: &Fields, tenant: &str) -> Answer<(People, bool)> {
    if fields.get("confirm").trim() != tenant {
        let problem = crate::Problem::new(
            "not-confirmed",
            "What is typed is not the tenant's name. Nothing was done",
            format!("Type {tenant} to confirm that it is meant."),
        );
        return Err(problem.of_field("confirm").into());
    }
    let people = match fields.get("people") {
        "keep" => People::Keep,
        "deactivate" => People::Deactivate,
        _ => {
            return Err(Refusal::new(
                "required",
                "It is not said what becomes of the people. Nothing was done",
                "Use one of the two buttons.",
            ));
        }
    };
    Ok((people, fields.has("cancel")))
}

async fn uninstall_page(
    scope: &Scope<Admin>,
    fields: &Fields,
    problems: Vec<Problem>,
) -> Answer<UninstallPage> {
    let impact = impact(scope).await?;
    let confirm = Control::new("confirm", "text", "Tenant’s name")
        .help("Type it, so that it is clear that this tenant is meant.")
        .value(fields.get("confirm"))
        .required()
        .judged(&problems);
    let cancel = Control::new("cancel", "boolean", "Stop what is under way, and cancel what waits")
        .help("Without it a run that is under way refuses the uninstall. It stops at its next safe point, for which it has a minute.")
        .value(if fields.has("cancel") { "true" } else { "" });
    Ok(UninstallPage {
        frame: Frame::within(scope, "Uninstall", "uninstall"),
        people: people(impact.people),
        active: people(impact.active),
        impact,
        controls: vec![confirm.clone()],
        confirm,
        cancel,
        problems,
    })
}

async fn impact(scope: &Scope<Admin>) -> Answer<Impact> {
    let (portal, plans) = (scope.portal()?, scope.plans()?);
    let runs = plans.runs(&RunQuery::default(), MOST).await?;
    let rows: u64 = runs
        .iter()
        .filter(|run| run.pruned_at.is_none())
        .flat_map(|run| &run.counts)
        .map(|count| count.rows)
        .sum();
    let full = runs.len() >= MOST as usize;
    let told = |count: u64| {
        let least = if full { "at least " } else { "" };
        format!("{least}{}", number(count))
    };
    let brought = portal.brought().await?;
    Ok(Impact {
        people: brought.people,
        active: brought.active,
        runs: told(u64::try_from(runs.len()).unwrap_or(u64::MAX)),
        rows: told(rows),
        credentials: scope.place().credentials().await?.len(),
        failures: plans.count_failures(None).await?,
        at_work: those(
            &runs,
            &[RunStatus::Queued, RunStatus::Planning, RunStatus::Applying],
        ),
        waiting: those(&runs, &[RunStatus::Planned, RunStatus::Held]),
    })
}

fn those(runs: &[Run], statuses: &[RunStatus]) -> Vec<i64> {
    let those = runs.iter().filter(|run| statuses.contains(&run.status));
    those.map(|run| run.id.0).collect()
}

/// The last receipt; it stays readable when nothing else of the tenant is.
pub(super) async fn receipt(In(place): In<Leaver>) -> Shown {
    let kept = place.receipt().await?;
    let lines = |lines: &[crate::contract::hooks::lifecycle::ReceiptLine]| {
        let each = lines.iter();
        each.map(|line| (line.what.clone(), number(line.count)))
            .collect()
    };
    Ok(page(&ReceiptPage {
        frame: Frame::of(place.caller(), "Receipt"),
        tenant: place.id().to_string(),
        at: Zone::named("UTC").at(kept.at),
        removed: lines(&kept.receipt.removed),
        left: lines(&kept.receipt.left),
        again: place.stands().await,
    }))
}

/// The same as a file.
pub(super) async fn receipt_file(In(place): In<Leaver>) -> Shown {
    let name = format!("attachment; filename=\"receipt-{}.json\"", place.id());
    let receipt = uninstall::receipt(place).await?;
    Ok(([(header::CONTENT_DISPOSITION, name)], receipt).into_response())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn refused(fields: &[(&str, &str)]) -> String {
        let refusal = read(&Fields::from(fields), "acme").unwrap_err();
        refusal.code().to_owned()
    }

    #[test]
    fn only_the_tenants_own_name_confirms() {
        for typed in ["", "Acme", "acme2", "acm", "acme acme"] {
            let fields = [("confirm", typed), ("people", "keep")];
            assert_eq!(refused(&fields), "not-confirmed", "{typed}");
        }
        let fields = [("confirm", " acme "), ("people", "deactivate")];
        let (people, cancel) = read(&Fields::from(&fields[..]), "acme").unwrap();
        assert!(matches!(people, People::Deactivate) && !cancel);
    }

    #[test]
    fn what_becomes_of_the_people_must_be_said() {
        assert_eq!(refused(&[("confirm", "acme")]), "required");
        let fields = [("confirm", "acme"), ("people", "delete")];
        assert_eq!(refused(&fields), "required");
        let fields = [("confirm", "acme"), ("people", "keep"), ("cancel", "true")];
        let (people, cancel) = read(&Fields::from(&fields[..]), "acme").unwrap();
        assert!(matches!(people, People::Keep) && cancel);
    }

    #[test]
    fn one_is_a_person() {
        assert_eq!(people(1), "1 person");
        assert_eq!(people(1_479), "1,479 people");
    }
}
