//! The role as a part of a person: what the rules for roles say is hashed with the entry, so that a membership alone
//! makes somebody changed, and nothing else of a group does.

use crate::entry::Entry;
use crate::ports::Host;
use crate::ports::directory::HostProblem;
use crate::ports::plan::Row;
use crate::ports::portal::{Person, Role};
use crate::problem::Problem;
use crate::profile::{Profile, RootDse};
use crate::roles::{Asked, Judged, Roles};
use crate::settings::Settings;

use super::hash::{self, SourceHash};
use super::open::SessionOf;
use super::recipe::Recipe;

/// The rules of a run, and what each role does to a person's hash.
#[derive(Debug, Clone, Default)]
pub(super) struct RoleBook {
    roles: Roles,
    /// By role.
    marks: Vec<(String, [u64; 2])>,
}

/// The role that a candidate gets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given<'c> {
    /// If the portal does not have the person yet.
    pub(super) new: &'c str,
    /// If it does; none: the role stays.
    pub(super) known: Option<&'c str>,
}

impl RoleBook {
    /// Reads the groups that the rules name, if there are rules.
    ///
    /// # Errors
    /// `cancelled`.
    pub(super) fn read<H: Host>(
        host: &H,
        session: &SessionOf<H>,
        root: &RootDse,
        settings: &Settings,
        profile: &'static Profile,
        seed: u64,
    ) -> Result<Self, HostProblem> {
        if settings.role_rules.is_empty() {
            return Ok(Self::default());
        }
        let asked = Asked {
            session,
            // Only where groups are looked for depends on it; where it could not be read, the settings say that.
            root,
            profile,
            progress: host.progress(),
        };
        let roles = Roles::read(&asked, settings, seed)?;
        let mark = |role: Role| {
            let mark = hash::recipe(["role", &role.id]);
            (role.id, mark)
        };
        Ok(Self {
            roles,
            marks: host.portal().roles().into_iter().map(mark).collect(),
        })
    }

    /// Over what decides who is in which group, beside people's own entries: see [`Roles::digest`].
    pub(super) fn digest(&self) -> Option<[u64; 2]> {
        self.roles.digest()
    }

    /// What keeps roles from changing: everybody's, or those of so many people who were judged [`Judged::Kept`].
    pub(super) fn warnings(&self, kept: u64) -> Vec<HostProblem> {
        let all = self.roles.problems().iter().cloned();
        let some = (kept > 0 && self.roles.problems().is_empty()).then(|| untold(kept));
        all.chain(some).map(Into::into).collect()
    }

    /// Everything that a person's row is made of, hashed, and what the rules say of the person.
    pub(super) fn judge(
        &self,
        recipe: &Recipe,
        entry: &Entry<'_>,
        source: SourceHash,
    ) -> (SourceHash, Judged) {
        let judged = self.roles.judge(entry, recipe.evidence());
        match self.roles.role(judged) {
            Some(role) => (self.marked(source, role), judged),
            None => (source, judged),
        }
    }

    /// A person is as the portal last had them. Where the role stays, it was some role or other.
    pub(super) fn same(&self, known: SourceHash, source: SourceHash, judged: Judged) -> bool {
        if judged != Judged::Kept {
            return known.same_entry(source);
        }
        let marks = self.marks.iter();
        marks
            .into_iter()
            .any(|(_, mark)| known.same_entry(source.mixed(*mark)))
    }

    /// The role by what was said; `default` is that of new people.
    pub(super) fn given<'c>(&'c self, judged: Judged, default: &'c str) -> Given<'c> {
        let known = self.roles.role(judged);
        Given {
            new: known.unwrap_or(default),
            known,
        }
    }

    /// Where the role stays, the row is of the role that the person has: the next run goes on from there.
    pub(super) fn stamp(
        &self,
        row: &mut Row<'_>,
        source: SourceHash,
        judged: Judged,
        person: Option<&Person>,
        default: &str,
    ) {
        if judged == Judged::Kept {
            let role = person.map_or(default, |person| &person.role);
            row.source_hash = self.hash(source, judged, role).bytes();
        }
    }

    /// What a row of somebody with this role remembers of the entry.
    pub(super) fn hash(&self, source: SourceHash, judged: Judged, role: &str) -> SourceHash {
        if judged == Judged::Kept {
            self.marked(source, role)
        } else {
            source
        }
    }

    fn marked(&self, source: SourceHash, role: &str) -> SourceHash {
        let mark = self.marks.iter().find(|(known, _)| known == role);
        mark.map_or(source, |(_, mark)| source.mixed(*mark))
    }
}

fn untold(people: u64) -> Problem {
    Problem::new(
        "role-group-unreadable",
        format!("the roles of {people} people stay: which primary group they have cannot be read"),
        "Let the bind account read objectSid and primaryGroupID of people.",
    )
    .of_field("role-rules")
}
