//! The preview of the `map` hook: what rules make of one person.

use crate::mapping::Rule;
use crate::ports::Host;
use crate::problem::Problem;
use crate::settings::Configuration;

use super::adoption::target;
use super::answer::{Answer, one, ours};
use super::connected::connect_or_say;
use super::duplicate::clashes;
use super::manager;
use super::outcome::{fate, fate_taking_over, in_portal};
use super::person::{Who, ambiguous, named, nth};
use super::place::base_of;
use super::view::{MappedField, View};

/// One person as a sync would see them (contract: `mapping.previewed`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Previewed {
    /// As the server writes it.
    pub dn: String,
    /// Empty where there is none.
    pub external_id: String,
    /// One for each rule.
    pub fields: Vec<MappedField>,
    /// `would-create`, `would-adopt`, `would-update`, `unchanged`, `would-deactivate`, `would-reactivate`, `disabled-skipped` or
    /// `unsynced`.
    pub outcome: &'static str,
    /// Why unsynced, and what else is worth knowing.
    pub problems: Vec<Problem>,
}

/// What these rules, or where there are none the stored ones, make of one person.
///
/// # Errors
/// `nobody-found` with where it was looked, `ambiguous`, what is wrong with the rules, and what keeps the directory
/// from being read.
pub fn preview<H: Host>(host: &H, rules: &[Rule], who: &Who) -> Answer<Previewed> {
    let mut configuration =
        Configuration::require(host.state(), &host.portal().roles()).map_err(ours)?;
    let connected = connect_or_say(host, &mut configuration)?;
    let settings = &configuration.settings;
    let rules = if rules.is_empty() {
        &configuration.rules
    } else {
        rules
    };
    let profile = connected.detected.profile;
    let fields = host.portal().fields();
    let mut view =
        View::new(settings, rules, profile, &fields, host.clock().now()).map_err(ours)?;
    view.widen(profile);
    view.read_groups(host, &connected, settings)?;
    let mut search = match who {
        Who::First => nth(&connected, &view, 0)?,
        Who::Nth(n) => nth(&connected, &view, *n)?,
        Who::Named(name) => named(host, &connected, &view, name)?,
    };
    let told = match search.found.as_mut_slice() {
        [found] => manager::find(host, &configuration, rules, &connected, &mut found.reading),
        _ => None,
    };
    let found = match (search.found.as_slice(), who) {
        ([], _) => {
            return Err(one(Problem::new(
                "nobody-found",
                format!("nobody was found: {}", search.places.join("; ")),
                "Check the name, or the base and the filter of the settings.",
            )
            .of_field("who")));
        }
        ([found], _) => found,
        (many, Who::Named(name)) => return Err(one(ambiguous(name, many))),
        ([found, ..], _) => found,
    };
    let reading = &found.reading;
    let person = in_portal(host, reading);
    let taken = match &person {
        None => target(host, &connected, &view, reading)?,
        Some(_) => None,
    };
    let duplicates = clashes(host, &connected, &view, reading, taken.as_ref())?;
    let clash = !duplicates.is_empty();
    let outcome = match &taken {
        Some(taken) => fate_taking_over(reading, taken, clash),
        None => fate(reading, person.as_ref(), clash),
    };
    let mut problems = reading.problems(person.is_some() || taken.is_some());
    problems.extend(duplicates.into_iter().map(|clash| clash.problem));
    problems.extend(reading.disabled_by());
    problems.extend(view.roles.problems().iter().cloned());
    if found.matches == Some(false) {
        problems.push(
            Problem::new(
                "outside-filter",
                format!(
                    "the sync does not see this person: {}",
                    found.failing.join("; ")
                ),
                "Change Advance Search, or the entry.",
            )
            .of_field("filter"),
        );
    }
    problems.extend(told.and_then(|told| told.problem));
    problems.extend(reading.left_out.iter().cloned());
    problems.extend(base_of(&view.places, &reading.dn).err());
    Ok(Previewed {
        dn: reading.dn.clone(),
        external_id: reading.id.clone().unwrap_or_default(),
        fields: reading.fields.clone(),
        outcome: outcome.word(),
        problems,
    })
}
