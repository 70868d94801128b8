//! The reading: entries in, candidates for rows out, and what must be remembered until everybody was seen.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::decode;
use crate::entry::{Entry, Page};
use crate::field::{Field, FieldKind};
use crate::ports::Host;
use crate::ports::directory::HostProblem;
use crate::ports::plan::Row;
use crate::problem::Problem;
use crate::roles::Judged;

use super::adopt::Adoptions;
use super::candidate::Candidate;
use super::changes::Parents;
use super::claims::Claims;
use super::compare::Names;
use super::hash::{Hashes, SourceHash, Token};
use super::known::{Known, Slot};
use super::links::Links;
use super::notes::Notes;
use super::people::{Number, People};
use super::photos::LeftOut;
use super::recipe::{self, Recipe};
use super::role::RoleBook;
use super::size;
use super::tally::Tally;

/// The token space of external ids; those of the unique fields follow.
const IDS: u64 = 0;

/// Everything that grows while a run reads.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) recipe: Arc<Recipe>,
    pub(super) known: Known,
    pub(super) people: People,
    pub(super) claims: Claims,
    pub(super) tally: Tally,
    pub(super) names: Arc<Names>,
    /// Ids that two entries have.
    pub(super) repeats: Vec<Repeat>,
    /// Deactivations that carry unique values: they go out without these where the values are taken.
    pub(super) withheld: Vec<(Number, Row<'static>)>,
    /// The role of new people.
    pub(super) role: Arc<str>,
    /// Roles by group.
    pub(super) roles: Arc<RoleBook>,
    /// People whose roles stay because it cannot be told which they have.
    pub(super) kept: u64,
    /// The portal was empty at the beginning: nobody can hold a value.
    pub(super) nobody: bool,
    /// Who was told to have changed, where everybody is read all the same: whoever else has a row drifted.
    pub(super) expected: Option<BTreeSet<Token>>,
    /// Names of those who have rows, where others may name them who are not read.
    pub(super) named: Option<Vec<String>>,
    /// Whom the next sync can hold the directory against, and whom it must look at again.
    pub(super) notes: Notes,
    /// Holds people's names against the containers, where the next sync counts on these.
    pub(super) parents: Option<Parents>,
    /// Photos that are not fit to come over.
    pub(super) left_out: LeftOut,
    /// Who names whom; nothing where no rule asks.
    pub(super) links: Links,
    /// Who takes a portal person over.
    pub(super) adoptions: Adoptions,
    /// People compared at a time.
    pub(super) portion: usize,
    pub(super) hashes: Hashes,
}

/// A second entry with an id.
#[derive(Debug)]
pub(super) struct Repeat {
    pub(super) slot: Slot,
    /// The second entry's name.
    pub(super) dn: String,
}

impl Reading {
    /// Nothing read yet. `people` are those whom the portal has, synced or not.
    pub(super) fn new(recipe: Arc<Recipe>, seed: u64, role: &str, people: u64) -> Self {
        // An estimate; beyond it columns grow as they are filled.
        let room = usize::try_from(people.min(1 << 18)).unwrap_or_default();
        Self {
            hashes: Hashes::new(seed, recipe.digest()).of_first(recipe.width()),
            known: Known::with_capacity(room),
            people: People::default(),
            claims: Claims::default(),
            tally: Tally::default(),
            names: Arc::new(Names::new(recipe.mapping().fields())),
            repeats: Vec::new(),
            withheld: Vec::new(),
            role: Arc::from(role),
            roles: Arc::default(),
            kept: 0,
            nobody: people == 0,
            expected: None,
            named: None,
            notes: Notes::default(),
            parents: None,
            links: Links::default(),
            left_out: LeftOut::default(),
            adoptions: Adoptions::default(),
            portion: portion(&recipe),
            recipe,
        }
    }

    /// The token of an external id.
    pub(super) fn id(&self, external_id: &str) -> Token {
        match decode::uuid_to_bytes(external_id) {
            Some(uuid) => self.hashes.uuid_token(uuid),
            None => self.hashes.token(IDS, external_id.as_bytes()),
        }
    }

    /// The external id of somebody who is known; empty for anybody else.
    pub(super) fn external_id(&self, slot: Slot) -> String {
        let uuid = |token| decode::uuid_from_bytes(self.hashes.uuid_of(token));
        let named = self.known.name(slot);
        named.unwrap_or_else(|| self.known.id(slot).map(uuid).unwrap_or_default())
    }

    /// The token of a unique field's value, as compared.
    pub(super) fn value(&self, field: usize, key: &str) -> Token {
        self.hashes.token(field as u64 + 1, key.as_bytes())
    }

    /// Reads a page.
    pub(super) fn page(&mut self, host: &impl Host, page: &Page) -> Result<(), HostProblem> {
        let recipe = Arc::clone(&self.recipe);
        let mut candidates = Vec::new();
        for entry in page.iter() {
            if recipe.places().exclude(entry.dn()) {
                self.tally.excluded += 1;
                continue;
            }
            self.tally.seen += 1;
            if let Some(parents) = &mut self.parents {
                parents.note(recipe.places(), entry.dn());
            }
            candidates.extend(self.entry(&recipe, &entry));
        }
        for candidate in &candidates {
            self.left_out.note(candidate);
        }
        candidates
            .chunks(self.portion)
            .try_for_each(|candidates| self.propose(host, candidates))
    }

    /// One entry: a candidate for a row, or counted here.
    fn entry<'p>(&mut self, recipe: &'p Recipe, entry: &Entry<'p>) -> Option<Candidate<'p>> {
        let external_id = match recipe.external_id(entry) {
            Ok(id) if (1..=size::ID).contains(&id.len()) => id,
            Ok(_) => return Some(self.nameless_entry(recipe, entry, None)),
            Err(problem) => return Some(self.nameless_entry(recipe, entry, Some(problem))),
        };
        self.tally.identified += 1;
        let source = self.hashes.source(entry);
        let (source, judged) = self.roles.judge(recipe, entry, source);
        self.kept += u64::from(judged == Judged::Kept);
        let disabled = recipe.disabled(entry);
        let problem = if disabled {
            None
        } else {
            recipe.unreadable(entry)
        };
        let token = self.id(&external_id);
        let Some(slot) = self.known.find(token) else {
            let slot = self.known.meet(token, &external_id, source);
            self.note_link(slot, entry);
            if disabled {
                self.tally.disabled_skipped += 1;
                return None;
            }
            let known = false;
            return Some(Candidate {
                slot,
                source,
                external_id,
                disabled,
                known,
                problem,
                judged,
                ..Candidate::read(recipe, entry)
            });
        };
        let marks = self.known.marks(slot);
        if marks.seen() {
            self.repeat(slot, source, entry);
            return None;
        }
        let same = self.roles.same(self.known.source(slot), source, judged) && !marks.changed();
        self.known.see(slot, source);
        self.note_link(slot, entry);
        let source = self.known.source(slot);
        if same && marks.keep_status(disabled) && problem.is_none() {
            self.tally.unchanged += 1;
            self.notes.unchanged(token, &external_id);
            return None;
        }
        let known = true;
        Some(Candidate {
            slot,
            source,
            external_id,
            disabled,
            known,
            problem,
            judged,
            ..Candidate::read(recipe, entry)
        })
    }

    /// An entry whose person can't be told. While there is one, nobody counts as absent.
    fn nameless_entry<'p>(
        &self,
        recipe: &'p Recipe,
        entry: &Entry<'p>,
        problem: Option<Problem>,
    ) -> Candidate<'p> {
        let mut problem = problem.unwrap_or_else(|| {
            Problem::new(
                "missing-external-id",
                format!("the entry's id is empty or longer than {} bytes", size::ID),
                "Correct it in the directory.",
            )
        });
        // Whatever is wrong with the id, there is none: the code says so.
        problem.code = "missing-external-id";
        Candidate {
            source: self.hashes.source(entry),
            problem: Some(problem),
            ..Candidate::read(recipe, entry)
        }
    }

    /// An entry with an id that another entry had. The same entry again, which happens where a directory
    /// changes while it is read, is none.
    fn repeat(&mut self, slot: Slot, source: SourceHash, entry: &Entry<'_>) {
        if self.known.source(slot).same_entry(source) {
            self.tally.twice += 1;
        } else if self.known.repeat(slot) {
            let dn = recipe::name(entry).into_owned();
            self.repeats.push(Repeat { slot, dn });
        }
    }
}

/// Pictures are large, and those of the portal and the directory stand side by side.
fn portion(recipe: &Recipe) -> usize {
    let fields = recipe.mapping().fields();
    let ruled = |field: &Field| recipe.mapping().rules().any(|rule| rule.field == field.id);
    let pictures = fields
        .iter()
        .any(|field| field.kind == FieldKind::Image && ruled(field));
    if pictures { 50 } else { 1000 }
}
