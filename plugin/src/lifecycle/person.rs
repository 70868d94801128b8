//! Finding one person in the directory: the first, the n-th, or by any name.

use crate::attribute::AttributeSet;
use crate::dn::Dn;
use crate::entry::Entry;
use crate::filter::Filter;
use crate::ports::directory::{Scope, SearchRequest};
use crate::ports::{Host, Session};
use crate::problem::Problem;

use super::answer::{Answer, one};
use super::connected::{Connected, anything, at};
use super::mapping::attributes_of;
use super::view::{Reading, View};

/// The furthest person that can be asked for by number.
const FURTHEST: u32 = 10_000;

/// More people than this by one name are not told apart.
const NAMESAKES: u32 = 20;

/// Whom to look at (contract: `mapping.who`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// The first person that the filter gives.
    First,
    /// The n-th person that the filter gives, from 0.
    Nth(u32),
    /// By DN, external id, user name or mail.
    Named(String),
}

/// An entry that was found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) reading: Reading,
    /// Attribute and its values, printable, for all that was asked for.
    pub(crate) shown: Vec<(String, Vec<String>)>,
    /// The sync's filter as evaluated here; none: it cannot be told.
    pub(crate) matches: Option<bool>,
    /// The clauses by which the filter fails.
    pub(crate) failing: Vec<String>,
}

/// Where somebody was looked for, and who was there.
#[derive(Debug, Default)]
pub(crate) struct Search {
    pub(crate) found: Vec<Found>,
    /// One sentence for each place.
    pub(crate) places: Vec<String>,
}

/// Finds the n-th person that the sync's search gives.
pub(crate) fn nth<S: Session>(connected: &Connected<S>, view: &View, n: u32) -> Answer<Search> {
    if n > FURTHEST {
        return Err(one(Problem::new(
            "bad-number",
            format!("person {n} is too far"),
            format!("Ask for one of 0 to {FURTHEST}, or by name."),
        )
        .of_field("who")));
    }
    let mut search = Search::default();
    let mut left = n;
    // Where some are left out, those before the n-th are more than n.
    let limit = if view.places.has_exclusions() {
        0
    } else {
        n + 1
    };
    let person = connected.first(&view.requests(limit), |entry| {
        if view.excludes(entry) {
            return None;
        }
        let this = left == 0;
        left = left.saturating_sub(1);
        this.then(|| found(view, entry))
    });
    search.found.extend(person.map_err(one)?);
    search.places.push(format!(
        "person number {n} (from 0) of those that {} gives",
        view.filter
    ));
    Ok(search)
}

/// Finds people by a name, first where the sync looks, then in the directory's other places.
pub(crate) fn named<H: Host, S: Session>(
    host: &H,
    connected: &Connected<S>,
    view: &View,
    name: &str,
) -> Answer<Search> {
    let name = name.trim();
    let mut search = Search::default();
    if name.is_empty() {
        return Err(one(Problem::new(
            "required",
            "no name is given",
            "Give a DN, an external id, a user name or a mail address.",
        )
        .of_field("who")));
    }
    if Dn::parse(name).is_ok_and(|dn| !dn.is_empty()) {
        search.places.push(format!("as the DN {name}"));
        let request = at(name, anything(), &view.attributes);
        match connected.first(&request, |entry| Some(found(view, entry))) {
            Ok(entry) => search.found.extend(entry),
            // A name may read as a DN and be none that this server knows: then it is looked for as another name.
            Err(problem) => search
                .places
                .extend([format!("there: {}", problem.message)]),
        }
        if !search.found.is_empty() {
            return Ok(search);
        }
    }
    let filter = naming(connected, view, name);
    let scope = Scope::Subtree;
    let look = |place: &str| view.search(place, scope, &filter, NAMESAKES);
    let own: Vec<SearchRequest> = view.places.bases().map(look).collect();
    let elsewhere = connected.root.bases().into_iter().filter(|place| {
        let inside = |base: &str| {
            Dn::parse(base).is_ok_and(|base| Dn::parse(place).is_ok_and(|p| p.is_below(&base)))
        };
        !view.places.bases().any(inside)
    });
    let mut places = vec![own];
    places.extend(elsewhere.map(|place| vec![look(place)]));
    for (number, requests) in places.iter().enumerate() {
        let bases: Vec<_> = requests.iter().map(|one| one.base.as_str()).collect();
        let place = format!("below {}, by {filter}", bases.join(" and "));
        search.places.push(place);
        let completion = connected.all(host.progress(), "find", requests, |entry| {
            search.found.push(found(view, entry));
        })?;
        if let Some(problem) = completion.problem
            && search.found.is_empty()
            && number == 0
            && problem.code != "no-such-base"
        {
            return Err(one(problem));
        }
        if !search.found.is_empty() {
            break;
        }
    }
    // Of namesakes, those that the sync sees.
    if search.found.len() > 1 && search.found.iter().any(|found| found.matches == Some(true)) {
        search.found.retain(|found| found.matches == Some(true));
    }
    Ok(search)
}

/// The problem of several people by one name.
pub(crate) fn ambiguous(name: &str, found: &[Found]) -> Problem {
    let names: Vec<_> = found
        .iter()
        .take(5)
        .map(|found| found.reading.dn.as_str())
        .collect();
    Problem::new(
        "ambiguous",
        format!(
            "{} people are called {name}: {}",
            found.len(),
            names.join("; ")
        ),
        "Ask for one of them by DN.",
    )
    .of_field("who")
}

/// Whoever has the name as an id, as a value that user name, mail or display name are made of, or as an attribute that
/// the profile tells people apart by.
fn naming<S>(connected: &Connected<S>, view: &View, name: &str) -> Filter {
    let profile = connected.detected.profile;
    let mut any = view.ids.having(name);
    let mut attributes = AttributeSet::new();
    for rule in &view.rules {
        if ["username", "email", "display-name"].contains(&rule.field.as_str()) {
            for attribute in attributes_of(rule).names() {
                attributes.intern(attribute);
            }
        }
    }
    for attribute in profile
        .attributes
        .iter()
        .filter(|name| !name.eq_ignore_ascii_case("objectClass"))
    {
        attributes.intern(attribute);
    }
    let equal = |attribute: &String| Filter::Equal(attribute.clone(), name.as_bytes().to_vec());
    any.extend(attributes.names().iter().map(equal));
    Filter::Or(any)
}

fn found(view: &View, entry: &Entry<'_>) -> Found {
    let shown: Vec<_> = view
        .attributes
        .names()
        .iter()
        .map(|name| (name.clone(), view.shown(entry, name)))
        .filter(|(_, values)| !values.is_empty())
        .collect();
    let matches = view.filter.evaluate(entry, &view.attributes);
    let mut failing = Vec::new();
    if matches != Some(true) {
        clauses(&view.filter, view, entry, &mut failing);
    }
    Found {
        reading: view.read(entry),
        shown,
        matches,
        failing,
    }
}

/// The clauses that keep a filter from being true, with what the entry has instead.
fn clauses(filter: &Filter, view: &View, entry: &Entry<'_>, failing: &mut Vec<String>) {
    let fails = |filter: &Filter| filter.evaluate(entry, &view.attributes) != Some(true);
    match filter {
        Filter::And(operands) | Filter::Or(operands) if !operands.is_empty() => {
            for operand in operands.iter().filter(|operand| fails(operand)) {
                clauses(operand, view, entry, failing);
            }
        }
        other => {
            let has: Vec<_> = other
                .attributes()
                .into_iter()
                .map(|name| match view.shown(entry, name) {
                    values if values.is_empty() => format!("{name} is absent"),
                    values => format!("{name} is {}", values.join("; ")),
                })
                .collect();
            failing.push(format!("{other} does not hold: {}", has.join(", ")));
        }
    }
}
