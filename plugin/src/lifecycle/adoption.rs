//! Whom of the portal a new person would take over.

use crate::filter::Filter;
use crate::ports::portal::{Holder, Person};
use crate::ports::{Host, Session};

use super::answer::{Answer, one};
use super::connected::Connected;
use super::view::{Reading, View};

/// The person whom somebody unknown to the portal would take over, as the settings say; none where there is nobody.
pub(crate) fn target<H: Host, S: Session>(
    host: &H,
    connected: &Connected<S>,
    view: &View,
    reading: &Reading,
) -> Answer<Option<Person>> {
    let (Some(field), Ok(own)) = (view.adoption.field(), &reading.id) else {
        return Ok(None);
    };
    if reading.disabled || !reading.problems(true).is_empty() {
        return Ok(None);
    }
    let Some(value) = reading.value(field) else {
        return Ok(None);
    };
    let mut holders = host
        .portal()
        .holders(field, &[value.to_owned()])
        .into_iter();
    let holder = holders.find(|holder| holder.external_id != *own);
    let Some(holder) = holder else {
        return Ok(None);
    };
    if !holder.external_id.is_empty() && still_there(connected, view, &holder)? {
        return Ok(None);
    }
    let people = host
        .portal()
        .people_with_ids(std::slice::from_ref(&holder.id));
    Ok(people.into_iter().next())
}

/// A sync sees somebody with the holder's external id.
fn still_there<S: Session>(connected: &Connected<S>, view: &View, holder: &Holder) -> Answer<bool> {
    let ids = view.ids.having(&holder.external_id);
    if ids.is_empty() {
        return Ok(false);
    }
    let filter = Filter::And(vec![view.filter.clone(), Filter::Or(ids)]);
    let found = connected.first(&view.searches_for(&filter, 1), |entry| {
        (!view.excludes(entry)).then_some(())
    });
    Ok(found.map_err(one)?.is_some())
}
