//! Those whom a sync brought to the portal.

use askama::Template;
use serde::Deserialize;

use super::super::scope::{Scope, Viewer};
use super::super::sent::Asked;
use super::entered::{In, Shown};
use super::frame::{Frame, page};
use super::words::{Badge, Tone, number};
use crate::contract::portal::{Person, Status};

/// People on a page.
const AT_ONCE: u32 = 50;
/// As an address says: those of whom something is noted.
const NOTED: &str = "noted";

/// Who.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Which {
    only: String,
    after: String,
}

/// Somebody in the portal.
struct Line {
    name: String,
    external_id: String,
    dn: String,
    mail: String,
    role: String,
    badge: Badge,
    edited: Vec<String>,
}

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage {
    frame: Frame,
    all: String,
    lines: Vec<Line>,
    next: Option<String>,
    first: bool,
    /// Only those who are gone from the directory, or were changed in the portal.
    noted: bool,
}

/// Those whom a sync brought.
pub(super) async fn show(
    In(scope): In<Scope<Viewer>>,
    In(Asked(which)): In<Asked<Which>>,
) -> Shown {
    let portal = scope.portal()?;
    let noted = which.only == NOTED;
    let (ids, more) = if noted {
        let ids = portal.pending(&which.after, AT_ONCE).await?;
        let more = ids.len() == AT_ONCE as usize;
        (ids, more)
    } else {
        let index = portal.index(&which.after, AT_ONCE).await?;
        (index.external_ids, index.more)
    };
    let people = portal.people(&ids).await?;
    let licence = portal.licence().await?;
    Ok(page(&PeoplePage {
        frame: Frame::within(&scope, "People", "people"),
        all: number(licence.synced),
        next: ids.last().cloned().filter(|_| more),
        first: which.after.is_empty(),
        lines: people.iter().map(line).collect(),
        noted,
    }))
}

fn line(person: &Person) -> Line {
    let value = |field: &str| {
        let found = person.values.iter().find(|value| value.field == field);
        found.map_or_else(String::new, |found| found.value.clone())
    };
    let name = value("display-name");
    Line {
        name: if name.is_empty() {
            person.dn.clone()
        } else {
            name
        },
        external_id: person.external_id.clone(),
        dn: person.dn.clone(),
        mail: value("email"),
        role: person.role.clone(),
        badge: match (person.status, person.deactivated_by_sync) {
            (Status::Active, _) => Badge::new(Tone::Good, "active"),
            (Status::Inactive, true) => Badge::new(Tone::Plain, "deactivated by a sync"),
            (Status::Inactive, false) => Badge::new(Tone::Plain, "deactivated in the portal"),
        },
        edited: person.changed_in_portal.clone(),
    }
}
