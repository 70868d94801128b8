//! Reads the people who may have changed, by id, as a full sync would read them.

use super::super::proof;
use super::super::reading::Reading;
use super::super::recipe::Recipe;
use super::super::sweep::{Sweep, Swept};
use super::Unable;
use super::asking::Around;
use super::naming::Naming;
use crate::ports::Host;
use crate::ports::directory::{Completion, HostProblem, ServerIdentity, Session};
use crate::ports::plan::{Basis, Proof, Searched};
use crate::ports::portal::PeopleIndex;
use crate::problem::Problem;
use crate::settings::LeaverPolicy;

/// Ids a search.
const IDS: usize = 200;

/// Whom to read, and what came of it.
#[derive(Debug)]
pub(in crate::sync) struct Named {
    ids: Vec<String>,
    at: usize,
    /// Who names them is looked for.
    naming: Option<Naming>,
    proof: Proof,
}

impl Named {
    pub(in crate::sync) fn new(ids: Vec<String>, configuration: &str) -> Self {
        Self {
            ids,
            at: 0,
            naming: None,
            proof: Proof {
                basis: Basis::Changes,
                complete: true,
                gaps: Vec::new(),
                pages: 0,
                entries: 0,
                referrals: 0,
                server: String::new(),
                searches: Vec::new(),
                configuration: configuration.to_owned(),
            },
        }
    }

    /// How many are to be read.
    pub(in crate::sync) fn len(&self) -> u64 {
        self.ids.len() as u64
    }

    /// Reads the next few.
    pub(in crate::sync) fn step<H: Host>(
        &mut self,
        host: &H,
        session: &impl Session,
        server: &ServerIdentity,
        reading: &mut Reading,
    ) -> Result<(), HostProblem> {
        let ids = &self.ids[self.at..self.ids.len().min(self.at + IDS)];
        let asked = ids.len();
        let index = host.portal().index_of(ids);
        let tokens: Vec<_> = index.external_ids.iter().map(|id| reading.id(id)).collect();
        reading.known.extend(&index, &tokens);
        let recipe = std::sync::Arc::clone(&reading.recipe);
        let mut ended = None;
        if let Some(requests) = recipe.by_id(ids) {
            let mut sweep = Sweep::begin(session, &requests)?;
            let (completion, searches) = loop {
                match sweep.next(session) {
                    Swept::Page(page) => reading.page(host, &page)?,
                    Swept::Finished(completion, searches) => break (completion, searches),
                }
            };
            ended = Some((completion, searches, requests.len()));
        }
        if let Some((completion, searches, wanted)) = ended {
            self.weigh(&completion, searches, wanted, server, &recipe)?;
        }
        self.at += asked;
        Ok(())
    }

    fn weigh(
        &mut self,
        completion: &Completion,
        searches: Vec<Searched>,
        wanted: usize,
        server: &ServerIdentity,
        recipe: &Recipe,
    ) -> Result<(), HostProblem> {
        if let Some(problem) = proof::failure(completion) {
            return Err(problem);
        }
        let whole = completion.exhausted
            && completion.server == *server
            && searches.len() == wanted
            && wanted == recipe.requests().len();
        if !whole || completion.referrals > 0 {
            self.proof.complete = false;
            self.proof.gaps.push(unanswered());
        }
        self.proof.pages = self.proof.pages.saturating_add(completion.pages);
        self.proof.entries += completion.entries;
        self.proof.referrals = self.proof.referrals.saturating_add(completion.referrals);
        self.proof.server = proof::named(&completion.server);
        for one in searches {
            let known = self
                .proof
                .searches
                .iter_mut()
                .find(|known| known.base == one.base);
            match known {
                Some(known) => {
                    known.pages = known.pages.saturating_add(one.pages);
                    known.entries += one.entries;
                }
                None => self.proof.searches.push(one),
            }
        }
        Ok(())
    }

    /// Some are still to be read.
    pub(in crate::sync) fn has_more(&self) -> bool {
        self.at < self.ids.len()
    }

    /// Once those are read, looks step by step for others who name them as their managers (`names`): they are read too,
    /// once. False where there is no more to do.
    ///
    /// # Errors
    /// It cannot be told who they are.
    pub(in crate::sync) fn widen<H: Host>(
        &mut self,
        host: &H,
        around: &Around<'_, impl Session>,
        reading: &Reading,
        names: Option<Vec<String>>,
    ) -> Result<bool, Unable> {
        let naming = match (self.naming.take(), names) {
            (None, Some(names)) => Naming::begin(&reading.recipe, self.gone(reading), names)?,
            (naming, _) => naming,
        };
        let Some(mut naming) = naming else {
            return Ok(false);
        };
        if naming.step(host, around, &self.ids)? {
            self.naming = Some(naming);
            return Ok(true);
        }
        let others: Vec<String> = naming.others(&self.ids).collect();
        self.ids.extend(others);
        Ok(self.has_more())
    }

    /// The portal's people who were not found.
    fn gone(&self, reading: &Reading) -> Vec<String> {
        let gone = |id: &&String| {
            let slot = reading.known.find(reading.id(id));
            slot.is_some_and(|slot| !reading.known.marks(slot).seen())
        };
        self.ids.iter().filter(gone).cloned().collect()
    }

    /// The next few after so many; nothing at the end.
    pub(in crate::sync) fn few(&self, after: usize) -> Option<&[String]> {
        let ids = self.ids.get(after..)?;
        let ids = &ids[..ids.len().min(IDS)];
        (!ids.is_empty()).then_some(ids)
    }

    /// Makes rows of those who were not found, a few after so many. Gives how many are through; nothing at the end.
    pub(in crate::sync) fn leavers<H: Host>(
        &self,
        host: &H,
        reading: &mut Reading,
        policy: LeaverPolicy,
        now: u64,
        after: usize,
    ) -> Result<Option<usize>, HostProblem> {
        let Some(ids) = self.few(after) else {
            return Ok(None);
        };
        let index: PeopleIndex = host.portal().index_of(ids);
        reading.leavers(host, &index, policy, now)?;
        Ok(Some(after + ids.len()))
    }

    /// Why what was read counts, or not.
    pub(in crate::sync) fn proof(&self) -> Proof {
        self.proof.clone()
    }
}

fn unanswered() -> HostProblem {
    Problem::new(
        "not-exhausted",
        "asked for the people who may have changed, the directory did not say that there is no more",
        "Sync again; if it stays so, report it to whoever runs the directory.",
    )
    .into()
}
