//! Names that no entry read has, asked for in the directory one by one: who that is in the portal, or why nobody.

use crate::filter::Filter;
use crate::ports::Portal;
use crate::ports::directory::{Completion, Cursor, Scope, SearchRequest, Session, Turn};

use super::recipe::{self, Recipe};
use super::second_look::IDS;
use super::sweep::{Sweep, Swept};
use super::unresolved::Cause;

/// Noticed by [`Cause::Absent`]: RFC 4511 section 4.1.9.
const NO_SUCH_OBJECT: u32 = 32;
/// The same.
const INVALID_NAME: u32 = 34;
/// The same: the name belongs to another server.
const REFERRAL: u32 = 10;

/// Asks a directory whom names stand for.
#[derive(Debug)]
pub(crate) struct Resolver<'r, S> {
    pub(crate) recipe: &'r Recipe,
    pub(crate) session: &'r S,
}

/// Somebody as the directory has them now.
#[derive(Debug)]
pub(super) struct Somebody {
    pub(super) external_id: String,
    pub(super) dn: String,
    /// The name given for the manager.
    pub(super) manager: Option<String>,
}

/// Whom a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Somebody with this external id, whom the portal has.
    Person(String),
    /// Nobody in the portal.
    Nobody(Cause),
}

impl<S: Session> Resolver<'_, S> {
    /// People by external id, where the run looks for everybody. Who is not found is left out, and so is everybody where
    /// the directory does not answer.
    pub(super) fn people(&self, external_ids: &[String]) -> Vec<Somebody> {
        let mut found = Vec::new();
        for ids in external_ids.chunks(IDS) {
            let Some(requests) = self.recipe.by_id(ids) else {
                continue;
            };
            let Ok(mut sweep) = Sweep::begin(self.session, &requests) else {
                return found;
            };
            while let Swept::Page(page) = sweep.next(self.session) {
                for entry in page.iter() {
                    let link = self.recipe.mapping().link();
                    if let Ok(id) = self.recipe.external_id(&entry) {
                        found.push(Somebody {
                            external_id: id.into_owned(),
                            dn: recipe::name(&entry).into_owned(),
                            manager: link
                                .and_then(|link| link.name(&entry))
                                .map(|name| name.into_owned()),
                        });
                    }
                }
            }
        }
        found
    }

    /// Whom a name stands for; `stays` says whether the portal has somebody, as far as the run knows already.
    pub(crate) fn who(
        &self,
        portal: &dyn Portal,
        name: &str,
        stays: impl Fn(&str) -> Option<bool>,
    ) -> Answer {
        let request = SearchRequest {
            base: name.to_owned(),
            scope: Scope::Base,
            filter: Filter::Present("objectClass".into()),
            attributes: self.recipe.attributes().names().to_vec(),
            page_size: 1,
            limit: 0,
            show_deleted: false,
        };
        let Ok(cursor) = self.session.search(&request) else {
            return Answer::Nobody(Cause::Unanswered);
        };
        let page = match cursor.next() {
            Turn::Entries(page) => page,
            Turn::Finished(completion) => return Answer::Nobody(cause(&completion)),
        };
        let Some(entry) = page.iter().next() else {
            return Answer::Nobody(Cause::Unanswered);
        };
        let Ok(id) = self.recipe.external_id(&entry) else {
            return Answer::Nobody(Cause::Nameless);
        };
        let known = stays(&id).unwrap_or_else(|| {
            let id = id.clone().into_owned();
            !portal.people(&[id]).is_empty()
        });
        if known {
            Answer::Person(id.into_owned())
        } else if self.recipe.disabled(&entry) {
            Answer::Nobody(Cause::Disabled)
        } else {
            Answer::Nobody(Cause::Outside)
        }
    }
}

fn cause(completion: &Completion) -> Cause {
    match completion.result_code {
        // Found, and not to be read.
        0 if completion.problem.is_none() => Cause::Absent,
        NO_SUCH_OBJECT => Cause::Absent,
        INVALID_NAME => Cause::Unreadable,
        REFERRAL => Cause::Outside,
        _ => Cause::Unanswered,
    }
}
