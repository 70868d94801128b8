//! Who else has one person's unique values: in the portal, and among the people that the sync sees.

use crate::field::unique_key;
use crate::filter::Filter;
use crate::ports::portal::{Holder, Person};
use crate::ports::{Host, Session};
use crate::problem::Problem;

use super::answer::{Answer, one};
use super::connected::Connected;
use super::mapping::attributes_of;
use super::view::{Reading, View};

/// People looked at who might have the same value.
const MANY: u32 = 20;

/// Somebody else with one of the person's unique values.
#[derive(Debug, Clone)]
pub(crate) struct Clash {
    pub(crate) problem: Problem,
}

/// Everybody else who keeps the person from having these values. Somebody in the portal who is about to give a value
/// up does not, nor does whom the person takes over.
pub(crate) fn clashes<H: Host, S: Session>(
    host: &H,
    connected: &Connected<S>,
    view: &View,
    reading: &Reading,
    taken_over: Option<&Person>,
) -> Answer<Vec<Clash>> {
    let mut clashes = Vec::new();
    let own = reading.id.as_deref().unwrap_or_default();
    let unique: Vec<&str> = view
        .mapping
        .fields()
        .iter()
        .filter(|field| field.unique)
        .map(|field| field.id.as_str())
        .collect();
    for field in unique {
        let Some(value) = reading.value(field) else {
            continue;
        };
        let holders = host.portal().holders(field, &[value.to_owned()]);
        let held = holders
            .iter()
            .any(|holder| !own.is_empty() && holder.external_id == own);
        for holder in holders
            .iter()
            .filter(|holder| own.is_empty() || holder.external_id != own)
            .filter(|holder| taken_over.is_none_or(|person| person.id != holder.id))
        {
            if !gives_up(connected, view, field, value, holder)? {
                clashes.push(in_portal(field, holder));
            }
        }
        // Who has the value in the portal now keeps it.
        if !held {
            for dn in namesakes(host, connected, view, reading, field, value)? {
                clashes.push(Clash {
                    problem: taken(field, format!("{dn} has the same {field}")),
                });
            }
        }
    }
    Ok(clashes)
}

/// The holder is synced, and a sync gives them another value now, or none. Whether they are disabled does not matter:
/// whoever is deactivated takes the directory's values too.
fn gives_up<S: Session>(
    connected: &Connected<S>,
    view: &View,
    field: &str,
    value: &str,
    holder: &Holder,
) -> Answer<bool> {
    if holder.external_id.is_empty() || holder.dn.is_empty() {
        return Ok(false);
    }
    let ids = view.ids.having(&holder.external_id);
    if ids.is_empty() {
        return Ok(false);
    }
    let filter = Filter::And(vec![view.filter.clone(), Filter::Or(ids)]);
    let gives_up = connected.first(&view.searches_for(&filter, 1), |entry| {
        if view.excludes(entry) {
            return None;
        }
        let reading = view.read(entry);
        let gives_up = reading.problems(true).is_empty()
            && match reading.value(field) {
                Some(now) => unique_key(now) != unique_key(value),
                None => reading.cleared.iter().any(|cleared| cleared == field),
            };
        let same = reading.id.is_ok_and(|id| id == holder.external_id);
        same.then_some(gives_up)
    });
    Ok(gives_up.map_err(one)?.unwrap_or(false))
}

/// Others among those that the sync sees whose value is the same.
fn namesakes<H: Host, S: Session>(
    host: &H,
    connected: &Connected<S>,
    view: &View,
    reading: &Reading,
    field: &str,
    value: &str,
) -> Answer<Vec<String>> {
    let Some(rule) = view.rules.iter().find(|rule| rule.field == field) else {
        return Ok(Vec::new());
    };
    let raw = reading
        .fields
        .iter()
        .find(|mapped| mapped.field == field)
        .map(|mapped| &mapped.raw);
    let texts: Vec<&str> = std::iter::once(value)
        .chain(raw.into_iter().flatten().map(String::as_str))
        .collect();
    let any: Vec<Filter> = attributes_of(rule)
        .names()
        .iter()
        .filter(|name| !name.eq_ignore_ascii_case("dn"))
        .flat_map(|name| {
            texts
                .iter()
                .map(|text| Filter::Equal(name.clone(), text.as_bytes().to_vec()))
        })
        .collect();
    if any.is_empty() {
        return Ok(Vec::new());
    }
    let filter = Filter::And(vec![view.filter.clone(), Filter::Or(any)]);
    let requests = view.searches_for(&filter, MANY);
    let mut names = Vec::new();
    connected.all(host.progress(), "find", &requests, |entry| {
        if view.excludes(entry) {
            return;
        }
        let other = view.read(entry);
        let same = other
            .value(field)
            .is_some_and(|other| unique_key(other) == unique_key(value));
        if same && other.dn != reading.dn && !other.disabled {
            names.push(other.dn);
        }
    })?;
    Ok(names)
}

fn in_portal(field: &str, holder: &Holder) -> Clash {
    let who = if holder.dn.is_empty() {
        format!(
            "a person in the portal whom no sync brought ({})",
            holder.id
        )
    } else {
        format!("{} ({}, in the portal)", holder.dn, holder.id)
    };
    Clash {
        problem: taken(field, format!("{who} has the same {field}")),
    }
}

fn taken(field: &str, message: String) -> Problem {
    Problem::new(
        "duplicate",
        message,
        "Correct one of the two, in the directory or in the portal.",
    )
    .of_field(field)
}
