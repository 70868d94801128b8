//! When a tenant is synced: what is stored, what would follow from what is typed.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::ToSpan as _;

use super::super::refusal::{Answer, Refusal};
use super::super::schedule::{ahead, store};
use super::super::scope::{Operator, Scope, Viewer};
use super::super::sent::Asked;
use super::super::tag::{self, Seen};
use super::control::Control;
use super::entered::{In, Shown, answered};
use super::fields::Fields;
use super::frame::{Frame, page};
use super::moment::{Moment, Zone};
use super::tenant::Came;
use super::timetable::{DAYS, Typed, long, sentence};
use super::words::{Badge, Tone};
use crate::shape;
use crate::shape::schedule::Frequency;
use crate::shape::{Problem, Timetable};
use crate::tenant::Tenant;

/// Runs that are shown ahead.
const AHEAD: u32 = 5;

/// A run that would come.
struct Coming {
    at: Moment,
    /// Where daylight saving moves it.
    note: String,
}

/// What a timetable means.
struct Meant {
    badge: Badge,
    sentence: String,
    coming: Vec<Coming>,
}

/// A day of the week to tick.
struct Day {
    name: &'static str,
    label: &'static str,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "schedule.html")]
struct SchedulePage {
    frame: Frame,
    /// As it is stored; none before the first.
    stored: Option<Meant>,
    /// What is typed; none where it is what is stored, or cannot be read.
    meant: Option<Meant>,
    typed: Typed,
    days: Vec<Day>,
    /// How often.
    frequency: Control,
    start: Control,
    /// What tells the stored one from others; empty where there is none.
    expected: String,
    zone: Control,
    full_every: Control,
    active: Control,
    /// All of them, for the summary.
    controls: Vec<Control>,
    problems: Vec<Problem>,
    /// What is wrong with what is typed, where nobody asked to store it.
    doubts: Vec<Problem>,
}

/// The timetable as it is stored.
pub(super) async fn show(In(scope): In<Scope<Viewer>>, In(came): In<Asked<Came>>) -> Shown {
    let Asked(came) = came;
    let tenant = scope.tenant().await?;
    let typed = match stored(&tenant).await? {
        Some(stored) => Typed::from(&stored),
        None => Typed::fresh(&tomorrow()),
    };
    let zones = tenant.zones().await?;
    let mut shown = form(&scope, &tenant, typed, &zones, &[]).await?;
    shown.frame = shown.frame.after(came.done.as_deref());
    Ok(page(&shown))
}

/// Stores what was typed, or says what would follow from it.
pub(super) async fn submit(In(scope): In<Scope<Operator>>, fields: Fields) -> Shown {
    if fields.get("action") == "preview" {
        return tried(&scope, &fields).await;
    }
    let tenant = scope.tenant().await?;
    let zones = tenant.zones().await?;
    let typed = Typed::of(&fields).placed(&zones);
    let (timetable, mut problems) = typed.read();
    let status = if problems.is_empty() {
        let seen = Seen::of_form(fields.find("expected"));
        match store(&scope, seen, timetable).await {
            Ok(_) => {
                let to = format!("/tenants/{}/schedule?done=scheduled", scope.id());
                return Ok(Redirect::to(&to).into_response());
            }
            Err(refusal) => {
                problems = refusal.problems();
                refusal.status()
            }
        }
    } else {
        problems.extend(judged(&tenant, &timetable, &problems).await?);
        axum::http::StatusCode::UNPROCESSABLE_ENTITY
    };
    let mut shown = form(&scope, &tenant, typed, &zones, &problems).await?;
    // Whoever hears that somebody else has changed it may insist; nobody else does so unawares.
    if status != axum::http::StatusCode::PRECONDITION_FAILED {
        fields.get("expected").clone_into(&mut shown.expected);
    }
    shown.problems = problems;
    Ok(answered(status, page(&shown)))
}

/// What would follow from what is typed. Nothing is stored.
pub(super) async fn preview(In(scope): In<Scope<Operator>>, fields: Fields) -> Shown {
    tried(&scope, &fields).await
}

async fn tried(scope: &Scope<Operator>, fields: &Fields) -> Shown<Response> {
    let tenant = scope.tenant().await?;
    let zones = tenant.zones().await?;
    let typed = Typed::of(fields).placed(&zones);
    let (timetable, mut problems) = typed.read();
    problems.extend(judged(&tenant, &timetable, &problems).await?);
    let mut shown = form(scope, &tenant, typed, &zones, &problems).await?;
    if problems.is_empty() {
        shown.meant = Some(meaning(&tenant, &timetable).await?);
    }
    shown.doubts = problems;
    Ok(page(&shown))
}

/// What the plugin has against a timetable, beside what could not even be read of it.
async fn judged(
    tenant: &Tenant,
    timetable: &Timetable,
    unread: &[Problem],
) -> Answer<Vec<Problem>> {
    let Err(refused) = ahead(tenant, timetable.clone().into(), 1).await else {
        return Ok(Vec::new());
    };
    let told = |problem: &Problem| unread.iter().any(|one| one.field == problem.field);
    let all = of_fields(refused)?;
    Ok(all.into_iter().filter(|problem| !told(problem)).collect())
}

/// What is wrong with fields; everything else is no matter of the form.
fn of_fields(refusal: Refusal) -> Answer<Vec<Problem>> {
    let problems = refusal.problems();
    if problems.iter().all(|problem| problem.field.is_some()) {
        Ok(problems)
    } else {
        Err(refusal)
    }
}

async fn stored(tenant: &Tenant) -> Answer<Option<Timetable>> {
    match tenant.timetable().await {
        Ok(timetable) => Ok(Some(Timetable::from(&timetable))),
        Err(refused) if refused.code() == "not-scheduled" => Ok(None),
        Err(refused) => Err(refused.into()),
    }
}

async fn meaning(tenant: &Tenant, timetable: &Timetable) -> Answer<Meant> {
    let next = ahead(tenant, timetable.clone().into(), AHEAD).await?;
    let zone = Zone::named(timetable.zone.trim());
    Ok(Meant {
        badge: state(timetable.active, next.is_empty()),
        sentence: sentence(timetable),
        coming: next
            .iter()
            .map(|one| coming(&zone, &timetable.frequency, one))
            .collect(),
    })
}

fn state(active: bool, over: bool) -> Badge {
    match (active, over) {
        (false, _) => Badge::new(Tone::Plain, "inactive"),
        (true, true) => Badge::new(Tone::Plain, "over"),
        (true, false) => Badge::new(Tone::Good, "active"),
    }
}

fn coming(zone: &Zone, frequency: &Frequency, occurrence: &shape::Occurrence) -> Coming {
    let at = i64::try_from(occurrence.at).unwrap_or(i64::MAX);
    let at = at.saturating_mul(1_000);
    // Whoever counts minutes does not wish a local time.
    let wished = !matches!(frequency, Frequency::Every(_));
    let note = match zone.twice(at).filter(|_| wished) {
        Some(first) if occurrence.note.is_empty() => {
            let which = if first { "first" } else { "second" };
            format!(
                "Clocks are put back: this time comes twice in {}, and it runs the {which} time",
                zone.name()
            )
        }
        _ => occurrence.note.clone(),
    };
    Coming {
        at: zone.at(at),
        note,
    }
}

async fn form<N>(
    scope: &Scope<N>,
    tenant: &Tenant,
    typed: Typed,
    zones: &[String],
    problems: &[Problem],
) -> Answer<SchedulePage> {
    let stored = stored(tenant).await?;
    let expected = stored.as_ref().map(tag::of).transpose()?;
    let stored = match stored {
        Some(timetable) => Some(meaning(tenant, &timetable).await?),
        None => None,
    };
    let frequency = Control::new("frequency", "choices", "How often").judged(problems);
    let start = Control::new("start", "date-time", "First run")
        .help("Date and time in the zone below; the time is that of every later run, too.")
        .value(&typed.start)
        .required()
        .judged(problems);
    let zone = Control::new("zone", "zone", "Time zone")
        .help("Type a part of its name, for example Berlin. Runs keep their local time when clocks change.")
        .value(&typed.zone)
        .required()
        .choices(zones.iter().map(|zone| (zone.as_str(), zone.as_str())))
        .judged(problems);
    let full_every = Control::new("full-every", "number", "Read everybody every so many days")
        .help("In between only what changed is read, where the directory can say so. Empty: everybody is read each time.")
        .value(&typed.full_every)
        .judged(problems);
    let active = Control::new("active", "boolean", "Active")
        .help("Without it the schedule is kept, and nothing runs by itself.")
        .value(if typed.active { "true" } else { "" });
    let days = DAYS.map(|day| Day {
        name: day.name(),
        label: long(day),
        chosen: typed.days.iter().any(|one| one == day.name()),
    });
    Ok(SchedulePage {
        expected: expected.unwrap_or_default(),
        frame: Frame::within(scope, "Schedule", "schedule"),
        stored,
        meant: None,
        days: days.into(),
        controls: vec![
            frequency.clone(),
            start.clone(),
            zone.clone(),
            full_every.clone(),
        ],
        frequency,
        start,
        zone,
        full_every,
        active,
        typed,
        problems: Vec::new(),
        doubts: Vec::new(),
    })
}

fn tomorrow() -> String {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
    let tomorrow = today.checked_add(1.day()).unwrap_or(today);
    tomorrow.strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_at_a_time_that_comes_twice_is_noted_unless_minutes_are_counted() {
        let berlin = Zone::named("Europe/Berlin");
        let occurrence = |at: u64, note: &str| shape::Occurrence {
            at,
            local: String::new(),
            note: note.to_owned(),
        };
        let note = |frequency: &Frequency, at: u64, note: &str| {
            coming(&berlin, frequency, &occurrence(at, note)).note
        };
        let first = 1_792_888_200;
        assert_eq!(
            note(&Frequency::Daily, first, ""),
            "Clocks are put back: this time comes twice in Europe/Berlin, and it runs the first time"
        );
        assert!(note(&Frequency::Once, first + 3_600, "").ends_with("the second time"));
        assert_eq!(note(&Frequency::Daily, first - 86_400, ""), "");
        assert_eq!(note(&Frequency::Every(60), first, ""), "");
        // What the plugin says of it is told as it is.
        assert_eq!(note(&Frequency::Daily, first, "said"), "said");
    }

    #[test]
    fn an_inactive_timetable_is_not_over_and_one_without_runs_is() {
        assert_eq!(state(false, true).word, "inactive");
        assert_eq!(state(true, true).word, "over");
        assert_eq!(state(true, false).word, "active");
    }
}
