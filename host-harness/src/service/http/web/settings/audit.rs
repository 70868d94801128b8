//! What was done, by whom and from where.

use askama::Template;
use axum::response::Response;
use jiff::civil::Date;
use serde::Deserialize;

use super::super::super::scope::{Admin, Scope, Viewer, Whole};
use super::super::super::sent::Asked;
use super::super::control::Control;
use super::super::entered::{In, Shown, unprocessable};
use super::super::frame::{Frame, page};
use super::super::moment::{Moment, Zone};
use super::super::tenant::zone_of;
use crate::Problem;
use crate::ports::TenantId;
use crate::ports::access::{Deed, DeedQuery};
use crate::shape;

/// Lines on a page.
const AT_ONCE: u32 = 100;

/// What can be done, as a field offers it: a part of such a word is enough.
const DONE: [(&str, &str); 12] = [
    ("configure", "settings"),
    ("install", "installed and uninstalled"),
    ("key.", "keys"),
    ("login", "who came in, or could not"),
    ("map", "mapping"),
    ("people", "people edited in the portal"),
    ("plugin.", "plugins exchanged"),
    ("retention", "how long rows are kept"),
    ("run", "runs"),
    ("schedule", "schedules"),
    ("token.", "tokens"),
    ("user.", "users"),
];

/// Which of them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct Which {
    who: String,
    what: String,
    tenant: String,
    /// Days in the zone of the page, both included.
    from: String,
    to: String,
    skip: u32,
}

struct Line {
    at: Moment,
    who: String,
    from: String,
    tenant: String,
    what: String,
    which: String,
    refused: String,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    frame: Frame,
    /// Where this page is.
    at: String,
    controls: Vec<Control>,
    problems: Vec<shape::Problem>,
    /// Whether not everything is asked for.
    filtered: bool,
    lines: Vec<Line>,
    /// Whether tenants are told.
    all: bool,
    /// The addresses of the pages beside this one.
    before: Option<String>,
    after: Option<String>,
}

/// All that was done.
pub(in super::super) async fn show(
    In(whole): In<Whole<Admin>>,
    In(Asked(which)): In<Asked<Which>>,
) -> Shown {
    let zone = Zone::named("UTC");
    let (query, problems) = which.read(&zone);
    let mut shown = AuditPage::new(whole.frame("Log", "audit"), &zone, &which, problems, true);
    if shown.problems.is_empty() {
        let deeds = whole.access().deeds(&query, which.skip, AT_ONCE).await?;
        shown.list(&deeds, &zone, &which);
    }
    Ok(shown.answer())
}

/// What was done for one tenant.
pub(in super::super) async fn of_tenant(
    In(scope): In<Scope<Viewer>>,
    In(Asked(which)): In<Asked<Which>>,
) -> Shown {
    let which = Which {
        tenant: String::new(),
        ..which
    };
    let zone = zone_of(&scope).await?;
    let (query, problems) = which.read(&zone);
    let frame = Frame::within(&scope, "Log", "audit");
    let mut shown = AuditPage::new(frame, &zone, &which, problems, false);
    shown.at = format!("/tenants/{}/audit", scope.id());
    if shown.problems.is_empty() {
        let deeds = scope.deeds(query, which.skip, AT_ONCE).await?;
        shown.list(&deeds, &zone, &which);
    }
    Ok(shown.answer())
}

impl Which {
    /// What is asked for, and what of it cannot be read.
    fn read(&self, zone: &Zone) -> (DeedQuery, Vec<shape::Problem>) {
        let mut problems = Vec::new();
        let told = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let mut day = |text: &str, field: &str| -> Option<Date> {
            let read = text.trim().parse();
            if read.is_err() && !text.trim().is_empty() {
                problems.push(no_day(field));
            }
            read.ok()
        };
        let (from, to) = (day(&self.from, "from"), day(&self.to, "to"));
        // The day that is named is in it.
        let beyond = to.and_then(|day| day.tomorrow().ok());
        let tenant = told(&self.tenant).map(TenantId::new).transpose();
        let tenant = tenant.unwrap_or_else(|problem| {
            problems.push(shape::Problem::from(&problem.of_field("tenant")));
            None
        });
        let query = DeedQuery {
            tenant,
            who: told(&self.who),
            what: told(&self.what),
            from: from.and_then(|day| zone.begin_of(day)),
            before: beyond.and_then(|day| zone.begin_of(day)),
        };
        (query, problems)
    }

    fn controls(&self, zone: &Zone, all: bool, problems: &[shape::Problem]) -> Vec<Control> {
        let here = format!("Days as they are in {}.", zone.name());
        let mut controls = vec![
            Control::new("who", "text", "Who")
                .help("A part of the name.")
                .value(&self.who),
            Control::new("what", "text", "What")
                .help("A part of the word, such as run or token.")
                .value(&self.what)
                .choices(DONE),
        ];
        if all {
            controls.push(
                Control::new("tenant", "text", "Tenant")
                    .help("The whole name.")
                    .value(&self.tenant),
            );
        }
        controls.push(
            Control::new("from", "date", "First day")
                .help(&here)
                .value(&self.from),
        );
        controls.push(
            Control::new("to", "date", "Last day")
                .help(&here)
                .value(&self.to),
        );
        let judged = controls.into_iter().map(|control| control.judged(problems));
        judged.collect()
    }

    fn asks(&self) -> bool {
        let texts = [&self.who, &self.what, &self.tenant, &self.from, &self.to];
        texts.into_iter().any(|text| !text.trim().is_empty())
    }

    /// The address of the same, from another place on.
    fn at(&self, page: &str, skip: u32) -> String {
        let query = [
            ("who", self.who.trim()),
            ("what", self.what.trim()),
            ("tenant", self.tenant.trim()),
            ("from", self.from.trim()),
            ("to", self.to.trim()),
            ("skip", &skip.to_string()),
        ];
        let told = query.into_iter().filter(|(_, value)| !value.is_empty());
        let mut query = form_urlencoded::Serializer::new(String::new());
        format!("{page}?{}", query.extend_pairs(told).finish())
    }
}

fn no_day(field: &str) -> shape::Problem {
    let problem = Problem::new(
        "bad-date",
        "That is no day of the calendar",
        "Write the year, the month and the day, for example 2026-11-26.",
    );
    shape::Problem::from(&problem.of_field(field))
}

impl AuditPage {
    fn new(
        frame: Frame,
        zone: &Zone,
        which: &Which,
        problems: Vec<shape::Problem>,
        all: bool,
    ) -> Self {
        Self {
            frame,
            at: "/settings/audit".to_owned(),
            controls: which.controls(zone, all, &problems),
            problems,
            filtered: which.asks(),
            lines: Vec::new(),
            all,
            before: None,
            after: None,
        }
    }

    fn list(&mut self, deeds: &[Deed], zone: &Zone, which: &Which) {
        let line = |deed: &Deed| Line {
            at: zone.at(deed.at),
            who: deed.who.clone(),
            from: deed.from.clone(),
            tenant: deed
                .tenant
                .as_ref()
                .map_or_else(String::new, ToString::to_string),
            what: deed.what.clone(),
            which: deed.which.clone(),
            refused: deed.refused.clone(),
        };
        self.lines = deeds.iter().map(line).collect();
        if which.skip > 0 {
            self.before = Some(which.at(&self.at, which.skip.saturating_sub(AT_ONCE)));
        }
        if deeds.len() == AT_ONCE as usize {
            self.after = Some(which.at(&self.at, which.skip.saturating_add(AT_ONCE)));
        }
    }

    fn answer(&self) -> Response {
        if self.problems.is_empty() {
            page(self)
        } else {
            unprocessable(page(self))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn which(from: &str, to: &str, tenant: &str) -> Which {
        Which {
            who: " Ada&co ".into(),
            from: from.into(),
            to: to.into(),
            tenant: tenant.into(),
            ..Which::default()
        }
    }

    #[test]
    fn the_last_day_is_asked_for_to_its_end() {
        let berlin = Zone::named("Europe/Berlin");
        let (query, problems) = which("2026-10-25", "2026-10-25", "acme").read(&berlin);
        assert_eq!(problems.len(), 0);
        assert_eq!(query.who.as_deref(), Some("Ada&co"));
        let times = (query.from, query.before);
        assert_eq!(times, (Some(1_792_879_200_000), Some(1_792_969_200_000)));
    }

    #[test]
    fn what_is_no_day_and_no_tenant_is_told_at_its_field() {
        let (_, problems) = which("2026-02-30", "soon", "no such name!").read(&Zone::named("UTC"));
        let fields: Vec<_> = problems
            .iter()
            .filter_map(|one| one.field.as_deref())
            .collect();
        assert_eq!(fields, ["from", "to", "tenant"]);
    }

    #[test]
    fn the_next_page_is_of_the_same_question() {
        let at = which("2026-10-25", "", "").at("/settings/audit", 100);
        assert_eq!(at, "/settings/audit?who=Ada%26co&from=2026-10-25&skip=100");
    }
}
