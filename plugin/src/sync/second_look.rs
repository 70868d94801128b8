//! A second look at would-be leavers: a server that ends a search early and calls that a success gives the same
//! evidence as one that has told everything. So whoever is to be deactivated for being gone is asked for by id first.

use crate::attribute::AttributeSet;
use crate::entry::Page;
use crate::ports::directory::{HostProblem, ServerIdentity, Session};
use crate::problem::Problem;
use crate::profile::Identity;

use super::proof;
use super::recipe::{self, Recipe};
use super::sweep::{Sweep, Swept};

/// Ids a search. Each is one or two parts of a filter for every attribute that may hold it.
pub(super) const IDS: usize = 200;

/// Asks for people by id, where the run looked for everybody.
#[derive(Debug)]
pub(super) struct SecondLook<'r> {
    recipe: &'r Recipe,
    attributes: Vec<String>,
    identity: Identity,
}

impl<'r> SecondLook<'r> {
    pub(super) fn new(recipe: &'r Recipe) -> Self {
        let mut attributes = AttributeSet::new();
        let identity = recipe.ids().identity(&mut attributes);
        Self {
            recipe,
            attributes: attributes.names().to_vec(),
            identity,
        }
    }

    /// What keeps these people from counting as gone; nothing where the directory has none of them.
    pub(super) fn gap(
        &self,
        session: &impl Session,
        server: &ServerIdentity,
        ids: &[String],
    ) -> Option<HostProblem> {
        // None where no entry can have such an id.
        let mut requests = self.recipe.by_id(ids)?;
        for request in &mut requests {
            request.attributes.clone_from(&self.attributes);
        }
        let mut sweep = match Sweep::begin(session, &requests) {
            Ok(sweep) => sweep,
            Err(problem) => return Some(problem),
        };
        let mut missed = None;
        loop {
            match sweep.next(session) {
                Swept::Page(page) => missed = missed.or_else(|| self.somebody(&page)),
                Swept::Finished(completion, searches) => {
                    let failed = || {
                        let whole = completion.exhausted
                            && completion.server == *server
                            && searches.len() == requests.len();
                        proof::failure(&completion).or_else(|| (!whole).then(unanswered))
                    };
                    return missed.or_else(failed);
                }
            }
        }
    }

    /// Somebody of a page who is not left out. One with an id that was not asked for, or cannot be read, says nothing
    /// good of the server either.
    fn somebody(&self, page: &Page) -> Option<HostProblem> {
        let places = self.recipe.places();
        let entry = page.iter().find(|entry| !places.exclude(entry.dn()))?;
        let id = self.identity.read(&entry);
        let id = id.map_or_else(|_| String::from("?"), |id| id.into_owned());
        Some(there(&recipe::name(&entry), &id))
    }
}

fn there(dn: &str, id: &str) -> HostProblem {
    Problem::new(
        "missed-entries",
        format!(
            "the directory said that it had given everybody, and did not give \"{dn}\" ({id}), who is there when asked for"
        ),
        "Sync again. If it stays so, the server cuts its answers without saying so: look at its limits for the bind \
         account and at what stands between.",
    )
    .into()
}

fn unanswered() -> HostProblem {
    Problem::new(
        "not-exhausted",
        "asked for the people who seem to be gone, the directory did not say that there is no more",
        "Sync again; if it stays so, report it to whoever runs the directory.",
    )
    .into()
}
