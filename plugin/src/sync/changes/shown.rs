//! Whether those who are there can be found by their ids. Entries are told of by a bind account's right to the entry, and
//! found by its right to the id: where it has lost only that, whoever has changed would look like gone. slapd itself looks
//! for ids by the rights of the account, and tells such an entry as gone.

use std::collections::BTreeSet;

use super::asking::Around;
use super::{Unable, look};
use crate::attribute::AttributeSet;
use crate::decode;
use crate::dn::{Dn, DnValue, NamePart};
use crate::filter::Filter;
use crate::ports::Host;
use crate::ports::directory::{SearchRequest, Session};
use crate::sync::known::Marks;

/// Ids a search.
pub(super) const IDS: usize = 200;
/// Names a search.
const NAMES: usize = 50;

/// People of whom a sync of changes would conclude something from their not being found.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// The directory said that they are there.
    pub(super) changed: Vec<[u8; 16]>,
    /// It said that they are gone.
    pub(super) gone: Vec<[u8; 16]>,
    /// It said nothing.
    pub(super) untold: Vec<String>,
}

impl Shown {
    /// Looks for the next few. False where there are no more.
    pub(super) fn step<H: Host>(
        &mut self,
        host: &H,
        around: &Around<'_, impl Session>,
    ) -> Result<bool, Unable> {
        if let Some(ids) = next(&mut self.changed, IDS) {
            let ids: Vec<String> = ids.into_iter().map(decode::uuid_from_bytes).collect();
            by_id(host, around, &ids, |_| true)?;
        } else if let Some(ids) = next(&mut self.gone, NAMES) {
            let ids: Vec<String> = ids.into_iter().map(decode::uuid_from_bytes).collect();
            by_name(host, around, &ids)?;
        } else if let Some(ids) = next(&mut self.untold, IDS) {
            // Who was gone before is gone still.
            by_id(host, around, &ids, |since| since == 0)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }
}

/// The last few, taken off.
pub(super) fn next<T>(all: &mut Vec<T>, few: usize) -> Option<Vec<T>> {
    let rest = all.len().saturating_sub(few);
    let next = all.split_off(rest);
    (!next.is_empty()).then_some(next)
}

/// Those of these who are active in the portal; `absent` says of whom, by the moment since when they are absent.
fn active(host: &impl Host, ids: &[String], absent: impl Fn(u64) -> bool) -> Vec<String> {
    let index = host.portal().index_of(ids);
    let (marks, absences) = (index.marks, index.absent_since);
    let concerned = |place: usize| {
        let marks = marks.get(place).copied().unwrap_or_default();
        let since = absences.get(place).copied().unwrap_or_default();
        !Marks::of(marks).inactive() && absent(since)
    };
    let ids = index.external_ids.into_iter().enumerate();
    ids.filter(|(place, _)| concerned(*place))
        .map(|(_, id)| id)
        .collect()
}

/// All of these must be found, whatever the settings filter.
pub(super) fn by_id(
    host: &impl Host,
    around: &Around<'_, impl Session>,
    ids: &[String],
    absent: impl Fn(u64) -> bool,
) -> Result<(), Unable> {
    let people = active(host, ids, absent);
    let mut wanted: BTreeSet<&str> = people.iter().map(String::as_str).collect();
    let ids_of = around.recipe.ids();
    let having = people.iter().flat_map(|id| ids_of.having(id));
    let having = Filter::Or(having.collect());
    if wanted.is_empty() {
        return Ok(());
    }
    let mut attributes = AttributeSet::new();
    let identity = ids_of.identity(&mut attributes);
    let places = around.recipe.places();
    for base in places.bases() {
        let request = SearchRequest {
            base: base.to_owned(),
            scope: places.scope(),
            filter: having.clone(),
            attributes: attributes.names().to_vec(),
            page_size: look::PAGE,
            limit: 0,
            show_deleted: false,
        };
        look::every(around.session, &request, "who has changed", |entry| {
            if let Ok(id) = identity.read(entry) {
                wanted.remove(&*id);
            }
        })?;
    }
    match wanted.len() {
        0 => Ok(()),
        missed => Err(hidden(missed, &attributes)),
    }
}

/// Nobody may be there by the last name of one of these, and without an id that can be read.
fn by_name(
    host: &impl Host,
    around: &Around<'_, impl Session>,
    ids: &[String],
) -> Result<(), Unable> {
    let people = active(host, ids, |_| true);
    let people = host.portal().people(&people);
    let names: Vec<Filter> = people.iter().filter_map(|one| named(&one.dn)).collect();
    if names.is_empty() {
        return Ok(());
    }
    let mut attributes = AttributeSet::new();
    let identity = around.recipe.ids().identity(&mut attributes);
    let mut nameless = 0;
    // Wherever it stands now.
    for narrowed in around.recipe.narrowed(&Filter::Or(names)) {
        let request = SearchRequest {
            attributes: attributes.names().to_vec(),
            page_size: look::PAGE,
            ..narrowed
        };
        look::every(around.session, &request, "who seems gone", |entry| {
            let counts = !around.recipe.places().exclude(entry.dn());
            nameless += usize::from(counts && identity.read(entry).is_err());
        })?;
    }
    match nameless {
        0 => Ok(()),
        found => Err(hidden(found, &attributes)),
    }
}

/// Whoever has what the entry's own name says.
fn named(dn: &str) -> Option<Filter> {
    let dn = Dn::parse(dn).ok()?;
    let has = |part: &NamePart| match &part.value {
        DnValue::Text(text) => Some(Filter::Equal(
            part.attribute.clone(),
            text.clone().into_bytes(),
        )),
        DnValue::Octets(_) | DnValue::Ber(_) => None,
    };
    let parts: Option<Vec<Filter>> = dn.rdns().first()?.parts().iter().map(has).collect();
    parts.map(Filter::And)
}

pub(super) fn hidden(people: usize, ids: &AttributeSet) -> Unable {
    Unable::new(format!(
        "{people} people are there, and do not show their ids: the bind account may have lost the right to {} somewhere",
        ids.names().join(" and "),
    ))
}
