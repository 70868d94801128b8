//! Update sequence numbers (MS-ADTS section 3.1.1.1.9): a domain controller numbers the changes of its database, and
//! keeps what was deleted as tombstones for a while. The numbers are its own: another controller has others.

use std::collections::BTreeSet;

use super::checkpoint::Mark;
use super::{Unable, look};
use crate::attribute::AttributeSet;
use crate::dn::Dn;
use crate::filter::Filter;
use crate::ports::directory::{Cursor, Scope, SearchRequest, Session, Turn};
use crate::profile::{Identity, Profile, RootDse};
use crate::settings::Places;

/// Half of the time for which the oldest forests keep tombstones, in seconds.
const TOMBSTONES: u64 = 30 * 86_400;

/// A round under way: a search of each naming context that has a base.
#[derive(Debug)]
pub(super) struct Sequence<C> {
    cursor: Option<C>,
    waiting: Vec<SearchRequest>,
    identity: Identity,
    mark: Mark,
}

impl<C: Cursor> Sequence<C> {
    /// Begins; `before` is where the last sync left off.
    pub(super) fn begin<S: Session<Cursor = C>>(
        session: &S,
        root: &RootDse,
        profile: &Profile,
        places: &Places,
        before: Option<&Mark>,
        since: u64,
        now: u64,
    ) -> Result<Self, Unable> {
        let missing = |what: &str| Unable::new(format!("the bind account may not read {what}"));
        let number = root.value("highestCommittedUSN");
        let number: u64 = number
            .and_then(|number| number.parse().ok())
            .ok_or_else(|| missing("the root DSE's highestCommittedUSN"))?;
        let service = root.value("dsServiceName");
        let database = service.and_then(|dn| look::value(session, dn, "invocationId"));
        let database = database.ok_or_else(|| missing("the domain controller's invocationId"))?;
        let contexts = contexts(root, places)?;
        for context in &contexts {
            tombstones(session, context)?;
        }
        let mut attributes = AttributeSet::new();
        let identity = profile.ids("").identity(&mut attributes);
        let waiting = match before {
            Some(Mark::UpdateSequence {
                database: then,
                number: told,
            }) => {
                if *then != database {
                    return Err(Unable::new(
                        "the domain controller's database is another one, or was restored from a backup",
                    ));
                }
                if now.saturating_sub(since) > TOMBSTONES {
                    return Err(Unable::new(
                        "the last sync was so long ago that the directory may have forgotten whom it deleted since",
                    ));
                }
                if *told > number {
                    return Err(Unable::new(
                        "the domain controller has made fewer changes than it had told of: it was set back",
                    ));
                }
                let next = (told + 1).to_string().into_bytes();
                let request = |context: String| SearchRequest {
                    base: context,
                    scope: Scope::Subtree,
                    filter: Filter::GreaterOrEqual("uSNChanged".to_owned(), next.clone()),
                    attributes: attributes.names().to_vec(),
                    page_size: look::PAGE,
                    limit: 0,
                    show_deleted: true,
                };
                contexts.into_iter().map(request).collect()
            }
            _ => Vec::new(),
        };
        Ok(Self {
            cursor: None,
            waiting,
            identity,
            mark: Mark::UpdateSequence { database, number },
        })
    }

    /// Takes what comes next into `ids`. Nothing while there is more, then the mark to go on from.
    pub(super) fn step<S: Session<Cursor = C>>(
        &mut self,
        session: &S,
        ids: &mut BTreeSet<String>,
    ) -> Result<Option<Mark>, Unable> {
        let Some(cursor) = &self.cursor else {
            let Some(request) = self.waiting.pop() else {
                return Ok(Some(self.mark.clone()));
            };
            let cursor = session.search(&request);
            self.cursor = Some(cursor.map_err(|problem| Unable::new(problem.message))?);
            return Ok(None);
        };
        match cursor.next() {
            Turn::Entries(page) => {
                for entry in page.iter() {
                    let id = self.identity.read(&entry).map_err(|_| {
                        Unable::new("an entry that has changed does not show its id")
                    })?;
                    ids.insert(id.into_owned());
                }
            }
            Turn::Finished(completion) => {
                look::whole(&completion, "what has changed")?;
                self.cursor = None;
            }
        }
        Ok(None)
    }
}

/// The naming contexts that hold the bases: who moves out of a base is found elsewhere in them.
fn contexts(root: &RootDse, places: &Places) -> Result<Vec<String>, Unable> {
    let offered: Vec<(Dn, &str)> = root
        .values("namingContexts")
        .filter_map(|context| Some((Dn::parse(context).ok()?, context)))
        .collect();
    let mut contexts: Vec<String> = Vec::new();
    for base in places.bases() {
        let dn = Dn::parse(base).map_err(|problem| Unable::new(problem.message))?;
        let holding = offered.iter().filter(|(context, _)| dn.is_below(context));
        let Some((_, context)) = holding.max_by_key(|(_, context)| context.len()) else {
            return Err(Unable::new(format!("no naming context holds {base:?}")));
        };
        if !contexts.iter().any(|known| known == context) {
            contexts.push((*context).to_owned());
        }
    }
    Ok(contexts)
}

/// One of them must be seen, since the container alone says nothing: who may not see what was deleted would take the deleted for unchanged.
fn tombstones(session: &impl Session, context: &str) -> Result<(), Unable> {
    let attributes: AttributeSet = ["objectClass"].into_iter().collect();
    let request = SearchRequest {
        base: format!("CN=Deleted Objects,{context}"),
        scope: Scope::One,
        filter: Filter::Present("objectClass".to_owned()),
        attributes: attributes.names().to_vec(),
        page_size: 1,
        limit: 1,
        show_deleted: true,
    };
    if look::any(session, &request) {
        Ok(())
    } else {
        Err(Unable::new(format!(
            "the bind account sees nothing of what was deleted below {context:?}"
        )))
    }
}
