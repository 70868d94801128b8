//! Small searches whose every entry is looked at.

use super::Unable;
use crate::attribute::AttributeSet;
use crate::entry::Entry;
use crate::filter::Filter;
use crate::ports::directory::{Completion, Cursor, Scope, SearchRequest, Session, Turn};

/// Entries a page.
pub(super) const PAGE: u32 = 1000;

/// Reads a search to its end. `what` names it for people.
pub(super) fn every(
    session: &impl Session,
    request: &SearchRequest,
    what: &str,
    mut entry: impl FnMut(&Entry<'_>),
) -> Result<(), Unable> {
    let told = |why: &str| Unable::new(format!("{what} could not be read: {why}"));
    let cursor = session.search(request);
    let cursor = cursor.map_err(|problem| told(&problem.message))?;
    loop {
        match cursor.next() {
            Turn::Entries(page) => page.iter().for_each(|one| entry(&one)),
            Turn::Finished(completion) => return whole(&completion, what),
        }
    }
}

/// Whether a search finds anybody.
pub(in crate::sync) fn any(session: &impl Session, request: &SearchRequest) -> bool {
    let cursor = session.search(request);
    cursor.is_ok_and(
        |cursor| matches!(cursor.next(), Turn::Entries(page) if page.iter().next().is_some()),
    )
}

/// A search that ended well and told everything.
pub(super) fn whole(completion: &Completion, what: &str) -> Result<(), Unable> {
    let why = match &completion.problem {
        Some(problem) => problem.message.clone(),
        None if completion.result_code != 0 => format!("result code {}", completion.result_code),
        None if !completion.exhausted => "the server did not say that there is no more".to_owned(),
        None => return Ok(()),
    };
    Err(Unable::new(format!("{what} could not be read: {why}")))
}

/// The first value of an attribute of one entry; nothing where it cannot be read.
pub(super) fn value(session: &impl Session, dn: &str, attribute: &str) -> Option<Vec<u8>> {
    let attributes: AttributeSet = [attribute].into_iter().collect();
    let request = SearchRequest {
        base: dn.to_owned(),
        scope: Scope::Base,
        filter: Filter::Present("objectClass".to_owned()),
        attributes: attributes.names().to_vec(),
        page_size: 1,
        limit: 0,
        show_deleted: false,
    };
    let mut found = None;
    every(session, &request, attribute, |entry| {
        found = entry.values(0).next().map(<[u8]>::to_vec);
    })
    .ok()?;
    found
}
