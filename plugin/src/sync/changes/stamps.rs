//! Everybody's id, name and change stamp: where no server remembers what has changed, a list of these says so, without
//! a word of clocks. What is kept of the list is a sum for each of many groups of people; where a group's sum is
//! another one, the people of that group are read.

use std::collections::BTreeSet;
use std::hash::Hasher;

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;

use super::super::recipe::Recipe;
use super::super::sweep::{Sweep, Swept};
use super::checkpoint::Mark;
use super::{Unable, look};
use crate::attribute::AttributeSet;
use crate::entry::{Entry, Page};
use crate::ports::directory::{Cursor, HostProblem, SearchRequest, Session};
use crate::profile::Identity;

/// What changes with each change of an entry, the finest first.
const STAMPS: [&str; 3] = ["entryCSN", "uSNChanged", "modifyTimestamp"];
/// Groups of people. A tenth of them is read anew where every tenth group has one person who changed.
const GROUPS: usize = 4096;

/// A sum for each group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::sync) struct Fingerprint(Vec<u64>);

/// A list under way.
#[derive(Debug)]
pub(super) struct Listing<C> {
    sweep: Sweep<C>,
    identity: Identity,
    stamps: Vec<usize>,
    sums: Vec<u64>,
    /// The newest stamp, and the groups of those who have it.
    newest: (Vec<u8>, Vec<usize>),
    /// The listed ids, one after another.
    ids: Vec<u8>,
    ends: Vec<u32>,
    bases: usize,
}

/// The groups whose people may have changed.
#[derive(Debug)]
pub(super) struct Groups(Vec<bool>);

impl Groups {
    /// The person is of one of them.
    pub(super) fn have(&self, id: &str) -> bool {
        self.0[group(id)]
    }
}

impl<C: Cursor> Listing<C> {
    pub(super) fn begin<S: Session<Cursor = C>>(
        session: &S,
        recipe: &Recipe,
    ) -> Result<Self, Unable> {
        let mut attributes = AttributeSet::new();
        let identity = recipe.ids().identity(&mut attributes);
        let stamps = STAMPS.map(|name| attributes.intern(name)).to_vec();
        let requests: Vec<SearchRequest> = recipe
            .requests()
            .iter()
            .map(|everybody| SearchRequest {
                attributes: attributes.names().to_vec(),
                ..everybody.clone()
            })
            .collect();
        let sweep = Sweep::begin(session, &requests);
        Ok(Self {
            sweep: sweep.map_err(unable)?,
            identity,
            stamps,
            sums: vec![0; GROUPS],
            newest: (Vec::new(), Vec::new()),
            ids: Vec::new(),
            ends: Vec::new(),
            bases: requests.len(),
        })
    }

    /// Takes what comes next. Nothing while there is more; at the end, those listed in groups that are not as `before` go
    /// into `ids`, and it gives the mark to go on from and these groups. `at` is the run's moment.
    pub(super) fn step<S: Session<Cursor = C>>(
        &mut self,
        session: &S,
        recipe: &Recipe,
        before: Option<&Mark>,
        at: u64,
        ids: &mut BTreeSet<String>,
    ) -> Result<Option<(Mark, Groups)>, Unable> {
        match self.sweep.next(session) {
            Swept::Page(page) => {
                self.page(recipe, &page)?;
                Ok(None)
            }
            Swept::Finished(completion, searches) => {
                look::whole(&completion, "the list of everybody's ids")?;
                if searches.len() < self.bases || completion.referrals > 0 {
                    return Err(Unable::new("the list of everybody's ids is not complete"));
                }
                self.salt(at);
                let now = Fingerprint(std::mem::take(&mut self.sums));
                let changed: Vec<bool> = match before {
                    Some(Mark::Stamps(then)) if then.0.len() == GROUPS => {
                        now.0.iter().zip(&then.0).map(|(a, b)| a != b).collect()
                    }
                    _ => vec![false; GROUPS],
                };
                let groups = Groups(changed);
                let mut start = 0;
                for end in &self.ends {
                    let id = &self.ids[start..*end as usize];
                    start = *end as usize;
                    let id = String::from_utf8_lossy(id);
                    if groups.have(&id) {
                        ids.insert(id.into_owned());
                    }
                }
                Ok(Some((Mark::Stamps(now), groups)))
            }
        }
    }

    fn page(&mut self, recipe: &Recipe, page: &Page) -> Result<(), Unable> {
        for entry in page.iter() {
            if recipe.places().exclude(entry.dn()) {
                continue;
            }
            let id = self.identity.read(&entry);
            let id = id.map_err(|_| Unable::new("there are people whose id cannot be read"))?;
            let stamp = self.stamp(&entry).ok_or_else(|| {
                Unable::new(
                    "the bind account may not read when entries were changed (modifyTimestamp)",
                )
            })?;
            let place = group(&id);
            let mut hasher = SipHasher13::new_with_keys(2, 3);
            for part in [id.as_bytes(), entry.dn(), stamp] {
                hasher.write_u64(part.len() as u64);
                hasher.write(part);
            }
            self.sums[place] = self.sums[place].wrapping_add(hasher.finish());
            let newer = (stamp.len(), stamp).cmp(&(self.newest.0.len(), &self.newest.0));
            if newer.is_gt() {
                self.newest = (stamp.to_vec(), Vec::new());
            }
            if newer.is_ge() {
                self.newest.1.push(place);
            }
            self.ids.extend_from_slice(id.as_bytes());
            let end = u32::try_from(self.ids.len());
            self.ends
                .push(end.map_err(|_| Unable::new("there are too many people to list"))?);
        }
        Ok(())
    }

    fn stamp<'e>(&self, entry: &Entry<'e>) -> Option<&'e [u8]> {
        let mut values = self.stamps.iter();
        values.find_map(|place| entry.values(*place).next())
    }

    /// A stamp may be a second long, and whoever has the newest one may change once more within it: their groups are
    /// read the next time whatever they look like then.
    fn salt(&mut self, at: u64) {
        for place in &self.newest.1 {
            self.sums[*place] = self.sums[*place].wrapping_add(at | 1);
        }
    }
}

fn group(id: &str) -> usize {
    let mut hasher = SipHasher13::new_with_keys(0, 1);
    hasher.write(id.as_bytes());
    usize::try_from(hasher.finish() % GROUPS as u64).unwrap_or_default()
}

fn unable(problem: HostProblem) -> Unable {
    Unable::new(problem.message)
}
