//! A migration: people of the portal get the external id by which another attribute knows them, and nothing else of
//! them changes. An entry that carries both attributes says whose the new id is.
//!
//! Nobody gets an id that two entries have or somebody of the portal has already, and nobody gets an id from one of two
//! entries that both carry the old one: they are told, and the migration is not over until that is mended.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::dn;
use crate::entry::{Entry, Page};
use crate::ports::Host;
use crate::ports::directory::HostProblem;
use crate::ports::plan::{Guard, Party, Rejection, RowKind};
use crate::ports::portal::{PEOPLE, PeopleIndex};
use crate::problem::Problem;
use crate::profile::Identity;

use super::hash::SourceHash;
use super::identifier::{Planned, Sum};
use super::known::Slot;
use super::outbox;
use super::people::Facts;
use super::reading::Reading;
use super::recipe::{self, Recipe};
use super::size;

mod pair;
mod told;

use pair::Pair;
use told::{absent, claimed, missing, nobody, overlap, several, shared};
pub(super) use told::{needless, unproven};

/// Refusals a call.
const TOLD: usize = 1000;

/// Of so many people one may have no entry where it must be told by the people what they are known by.
const STRANGERS: u64 = 10;

/// The pseudo field that a person's external id is.
const EXTERNAL_ID: &str = "external-id";

/// What a migration knows beside the reading.
#[derive(Debug)]
pub(super) struct Migration {
    /// Reads the ids that people have until now.
    from: Vec<Identity>,
    /// The attribute by which people are to be known.
    to: String,
    /// What the portal's people may be known by.
    under: Under,
    /// Entries whose new id somebody in the portal has, and the name of each: to be looked at with the page.
    doubtful: Vec<(String, String)>,
    /// Entries whose new id somebody else in the portal has.
    strange: u64,
    key: u64,
    /// Over everybody's external id.
    before: Sum,
    /// Of each person with a row: the new id's place, and what the row does to the sum.
    moves: Vec<(Slot, Sum)>,
    /// What all rows that stand do to the sum.
    change: Sum,
    /// Of people with the old or the new id of somebody with a row: who else it is.
    contested: BTreeMap<Slot, Party>,
    /// To be told with the next rows.
    refused: Vec<Rejection>,
    /// Whose new id another entry had before, by that id's place.
    late: Vec<(Slot, String)>,
    /// Those who stay as they are though an entry is theirs.
    told: u64,
    /// People who have the new id already.
    already: u64,
    /// Rows that stand.
    standing: u64,
    /// Whose entry has no id by the new attribute.
    without: u64,
    /// Active people whom no entry is about.
    partnerless: u64,
    /// Inactive ones.
    gone: u64,
}

/// What the portal's people may be known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Under {
    /// Other attributes than the one that is wanted.
    Others,
    /// Some by the one that is wanted.
    Both,
    /// Nobody remembers.
    Unknown,
}

impl Migration {
    pub(super) fn new(from: Vec<Identity>, to: String, under: Under, key: u64) -> Self {
        Self {
            from,
            to,
            under,
            doubtful: Vec::new(),
            strange: 0,
            key,
            before: Sum::default(),
            moves: Vec::new(),
            change: Sum::default(),
            contested: BTreeMap::new(),
            refused: Vec::new(),
            late: Vec::new(),
            told: 0,
            already: 0,
            standing: 0,
            without: 0,
            partnerless: 0,
            gone: 0,
        }
    }

    /// A page of everybody in the portal.
    pub(super) fn index(&mut self, index: &PeopleIndex) {
        for id in &index.external_ids {
            self.before.add(self.key, id);
        }
    }

    /// Reads a page of the directory.
    pub(super) fn page(
        &mut self,
        reading: &mut Reading,
        host: &impl Host,
        page: &Page,
    ) -> Result<(), HostProblem> {
        let recipe = Arc::clone(&reading.recipe);
        let mut pairs = Vec::new();
        for entry in page.iter() {
            if recipe.places().exclude(entry.dn()) {
                reading.tally.excluded += 1;
                continue;
            }
            reading.tally.seen += 1;
            pairs.extend(self.pair(reading, &recipe, &entry));
        }
        pairs
            .chunks(PEOPLE as usize)
            .try_for_each(|pairs| self.record(reading, host, &recipe, pairs))?;
        self.doubt(host);
        self.tell(host)
    }

    /// Whoever has an entry's new id already is that person if the names are the same: an id of another attribute may be the
    /// same by chance.
    fn doubt(&mut self, host: &impl Host) {
        let doubtful = std::mem::take(&mut self.doubtful);
        for some in doubtful.chunks(PEOPLE as usize) {
            let ids: Vec<String> = some.iter().map(|(id, _)| id.clone()).collect();
            let people = host.portal().people(&ids);
            let people: BTreeMap<&str, &str> = people
                .iter()
                .map(|person| (person.external_id.as_str(), person.dn.as_str()))
                .collect();
            let strange = |(id, name): &&(String, String)| {
                people
                    .get(id.as_str())
                    .is_none_or(|dn| !same_name(dn, name))
            };
            self.strange += some.iter().filter(strange).count() as u64;
        }
    }

    fn tell(&mut self, host: &impl Host) -> Result<(), HostProblem> {
        self.told += self.refused.len() as u64;
        let mut refused = std::mem::take(&mut self.refused);
        name_holders(host, &mut refused);
        outbox::reject(host.plan(), refused)
    }

    /// Whose the entry is, where it gives somebody another id.
    fn pair<'p>(
        &mut self,
        reading: &mut Reading,
        recipe: &Recipe,
        entry: &Entry<'p>,
    ) -> Option<Pair<'p>> {
        let mut olds = self.olds(reading, entry);
        let new = recipe.external_id(entry).ok();
        let Some(new) = new.filter(|id| (1..=size::ID).contains(&id.len())) else {
            for (slot, _) in olds {
                if reading.known.marks(slot).seen() {
                    self.contested.entry(slot).or_insert(party("", entry));
                } else {
                    reading.known.note_row(slot, RowKind::Unsynced);
                }
            }
            return None;
        };
        let source = reading.hashes.source(entry);
        let (source, judged) = reading.roles.judge(recipe, entry, source);
        let token = reading.id(&new);
        let found = reading.known.find(token);
        if let Some(place) = found
            && reading.known.marks(place).in_portal()
        {
            let own = olds.iter().any(|(slot, _)| *slot == place);
            if own || self.under != Under::Others {
                let first = reading.known.repeat(place);
                self.already += u64::from(first);
            }
            if !own && self.under == Under::Others {
                self.strange += 1;
            } else if !own {
                let name = recipe::name(entry).into_owned();
                self.doubtful.push((new.into_owned(), name));
            }
            return None;
        }
        if let Some(place) = found {
            if reading.known.source(place).same_entry(source) {
                reading.tally.twice += 1;
                return None;
            }
            let known = self.refused.len();
            self.contested.entry(place).or_insert(party(&new, entry));
            self.refuse(reading, source, &olds, party(&new, entry), shared);
            let late = self.refused.drain(known..);
            self.late
                .extend(late.map(|refused| (place, refused.external_id)));
            return None;
        }
        let place = reading.known.meet(token, &new, source);
        let old = match olds.len() {
            0 => return None,
            1 => olds.remove(0),
            _ => {
                self.refuse(reading, source, &olds, party(&new, entry), several);
                return None;
            }
        };
        let marks = reading.known.marks(old.0);
        if marks.seen() || marks.unsynced() || marks.repeated() {
            self.refuse(reading, source, &[old], party(&new, entry), claimed);
            return None;
        }
        reading.known.see(old.0, source);
        let entry = *entry;
        Some(Pair {
            old,
            place,
            new,
            source,
            judged,
            entry,
        })
    }

    /// Whom of the portal an entry is by the ids until now.
    fn olds(&self, reading: &Reading, entry: &Entry<'_>) -> Vec<(Slot, String)> {
        let mut olds: Vec<(Slot, String)> = Vec::new();
        for from in &self.from {
            let Ok(id) = from.read(entry) else { continue };
            let slot = reading.known.find(reading.id(&id));
            let slot = slot.filter(|slot| reading.known.marks(*slot).in_portal());
            if let Some(slot) = slot.filter(|slot| olds.iter().all(|(other, _)| other != slot)) {
                olds.push((slot, id.into_owned()));
            }
        }
        olds
    }

    /// These people stay as they are, for a reason that can be mended.
    fn refuse(
        &mut self,
        reading: &mut Reading,
        source: SourceHash,
        olds: &[(Slot, String)],
        other: Party,
        why: fn(&str) -> Problem,
    ) {
        for (slot, id) in olds {
            if reading.known.marks(*slot).seen() {
                self.contested.entry(*slot).or_insert(other.clone());
                continue;
            }
            reading.known.see(*slot, source);
            self.refused.push(Rejection {
                external_id: id.clone(),
                problem: why(&self.to),
                other: Some(other.clone()),
            });
        }
    }

    /// Records the rows of a page.
    fn record(
        &mut self,
        reading: &mut Reading,
        host: &impl Host,
        recipe: &Recipe,
        pairs: &[Pair<'_>],
    ) -> Result<(), HostProblem> {
        let names = Arc::clone(&reading.names);
        let field: Arc<str> = Arc::from(EXTERNAL_ID);
        let ids: Vec<String> = pairs.iter().map(|pair| pair.old.1.clone()).collect();
        let people = host.portal().people(&ids);
        let (roles, role) = (Arc::clone(&reading.roles), Arc::clone(&reading.role));
        let mut rows = Vec::with_capacity(pairs.len());
        for pair in pairs {
            let (slot, old) = &pair.old;
            let Some(person) = people.iter().find(|person| person.external_id == *old) else {
                continue;
            };
            let facts = Facts::of(RowKind::Update);
            reading.people.push(*slot, facts);
            let mut change = Sum::default();
            change.add(self.key, &pair.new);
            change.take(self.key, old);
            self.moves.push((pair.place, change));
            let mut row = pair.row(&field, names.display_of(person), person);
            row.source_hash = pair.source_hash(recipe, &names, person, &roles, &role);
            rows.push(row);
        }
        outbox::record(host.plan(), &rows)
    }

    /// Everybody was read: who shares an id with somebody else does not get it.
    pub(super) fn settle(
        &mut self,
        reading: &mut Reading,
        host: &impl Host,
    ) -> Result<(), HostProblem> {
        if self.strange > 0 {
            return Err(overlap(self.strange, &self.to).into());
        }
        let somebody = !self.moves.is_empty() || !self.late.is_empty();
        if !somebody && self.already == 0 && self.told == 0 {
            return Err(nobody(&self.to).into());
        }
        let moves = std::mem::take(&mut self.moves);
        let mut first: BTreeMap<Slot, Party> = BTreeMap::new();
        for ((_, old), (place, moved)) in reading.people.slots().zip(moves) {
            // Whose id until now another entry has as its new one.
            let twice = reading.known.marks(old).repeated();
            let (other, why) = match (self.contested.get(&old), self.contested.get(&place)) {
                (Some(other), _) => (Some(other), claimed(&self.to)),
                (None, Some(other)) => {
                    first.insert(place, reading.of_row(place));
                    (Some(other), shared(&self.to))
                }
                (None, None) if twice => (None, claimed(&self.to)),
                (None, None) => {
                    self.change = self.change.and(moved);
                    self.standing += 1;
                    continue;
                }
            };
            self.refused.push(Rejection {
                external_id: reading.external_id(place),
                problem: why,
                other: other.cloned(),
            });
            if self.refused.len() == TOLD {
                self.tell(host)?;
            }
        }
        for (place, external_id) in std::mem::take(&mut self.late) {
            self.refused.push(Rejection {
                external_id,
                problem: shared(&self.to),
                other: first.get(&place).cloned(),
            });
            if self.refused.len() == TOLD {
                self.tell(host)?;
            }
        }
        self.tell(host)
    }

    /// Tells of the people of a page of the portal whom nothing was said of.
    pub(super) fn rest(
        &mut self,
        reading: &Reading,
        host: &impl Host,
        index: &PeopleIndex,
    ) -> Result<(), HostProblem> {
        let mut rejections = Vec::new();
        for id in &index.external_ids {
            let Some(slot) = reading.known.find(reading.id(id)) else {
                continue;
            };
            let marks = reading.known.marks(slot);
            if marks.seen() || marks.repeated() {
                continue;
            }
            let problem = if marks.unsynced() {
                self.without += 1;
                missing(&self.to)
            } else if marks.inactive() {
                self.gone += 1;
                continue;
            } else {
                self.partnerless += 1;
                absent()
            };
            rejections.push(Rejection {
                external_id: id.clone(),
                problem,
                other: None,
            });
        }
        outbox::reject(host.plan(), rejections)
    }

    /// What a later run needs to see what became of the plan.
    pub(super) fn planned(&self) -> Planned {
        Planned {
            to: self.to.clone(),
            key: self.key,
            before: self.before,
            after: self.before.and(self.change),
            whole: self.told == 0,
            without: self.without > 0,
        }
    }

    /// Where nobody remembers what people are known by, most of them must be found.
    ///
    /// # Errors
    /// `id-unproven`.
    pub(super) fn believable(&self) -> Result<(), Problem> {
        let few = self.partnerless * STRANGERS > self.already + self.partnerless;
        if self.under == Under::Unknown && few {
            Err(told::unlikely(self.already, self.partnerless, &self.to))
        } else {
            Ok(())
        }
    }

    /// A migration always waits for an approval.
    pub(super) fn guard(&self) -> Guard {
        let count = self.standing;
        Guard {
            name: "migrate-ids".to_owned(),
            tripped: count > 0,
            count,
            limit: 0,
            message: format!(
                "{count} people would get another external id; none may without an approval"
            ),
        }
    }

    /// Counts for the summary.
    pub(super) fn counts(&self) -> Vec<(String, u64)> {
        let unsynced = self.told + self.without + self.partnerless;
        [
            ("update", self.standing),
            ("unsynced", unsynced),
            ("id-contested", self.told),
            ("id-missing", self.without),
            ("id-partnerless", self.partnerless + self.gone),
        ]
        .map(|(name, count)| (name.to_owned(), count))
        .into()
    }

    /// People who have their new id already.
    pub(super) fn unchanged(&self) -> u64 {
        self.already
    }

    /// Who stays as they are.
    pub(super) fn warnings(&self) -> Vec<HostProblem> {
        let mut warnings = Vec::new();
        let mut warn = |count: u64, code: &'static str, message: String, remedy: &str| {
            if count > 0 {
                warnings.push(
                    Problem::new(code, message, remedy)
                        .of_field(EXTERNAL_ID)
                        .into(),
                );
            }
        };
        warn(
            self.told,
            "id-contested",
            format!(
                "{} people keep their ids, because it cannot be told which one they get",
                self.told
            ),
            "Mend what the rows of these people name, and migrate again: until then nobody is synced by the new ids.",
        );
        warn(
            self.without,
            "id-missing",
            format!(
                "{} people keep their ids: their entries have no single readable {}",
                self.without, self.to
            ),
            "Give their entries a value, and migrate again. Else the next sync leaves them out as it finds them, and nobody counts \
             as gone while there are entries without an id.",
        );
        let who = match (self.partnerless, self.gone) {
            (people, 0) => format!("{people} people"),
            (0, gone) => format!("{gone} people who are inactive"),
            (people, gone) => format!("{people} people, and {gone} who are inactive,"),
        };
        warn(
            self.partnerless + self.gone,
            "id-partnerless",
            format!("{who} keep their ids: no entry has them"),
            "Check base, filter and the rights of the bind account if they should be there. The next sync takes them for \
             leavers, within its guards.",
        );
        warnings
    }
}

/// Adds what the portal knows of those who have somebody's new id.
fn name_holders(host: &impl Host, refused: &mut [Rejection]) {
    let nameless = |other: &&mut Party| other.dn.is_empty() && !other.external_id.is_empty();
    let others = refused.iter_mut().filter_map(|one| one.other.as_mut());
    let mut others: Vec<&mut Party> = others.filter(nameless).collect();
    for others in others.chunks_mut(PEOPLE as usize) {
        let ids: Vec<String> = others.iter().map(|one| one.external_id.clone()).collect();
        for person in host.portal().people(&ids) {
            let others = others.iter_mut();
            for other in others.filter(|one| one.external_id == person.external_id) {
                other.dn.clone_from(&person.dn);
                other.id.clone_from(&person.id);
            }
        }
    }
}

/// Two DNs name the same entry.
fn same_name(one: &str, other: &str) -> bool {
    let (mut room, mut space) = (String::new(), String::new());
    match (dn::key(one, &mut room), dn::key(other, &mut space)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

fn party(id: &str, entry: &Entry<'_>) -> Party {
    Party {
        external_id: id.to_owned(),
        dn: recipe::name(entry).into_owned(),
        id: String::new(),
    }
}
