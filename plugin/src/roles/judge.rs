//! The rules, ready to be asked for a person.

use crate::entry::Entry;
use crate::ports::{Progress, Session};
use crate::problem::Problem;
use crate::profile::{Profile, RootDse};
use crate::settings::{RoleRule, Settings};

use super::ask::{Asking, Trouble};
use super::book::Space;
use super::contexts::contexts;
use super::descend::{Harvest, harvest};
use super::evidence::Evidence;
use super::key;

/// What the rules say of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judged {
    /// There are no rules: the role of new people is the default, and other roles are the portal's own.
    Unruled,
    /// The rule with this place is the first that fits.
    Rule(u16),
    /// No rule fits: the default role.
    Default,
    /// It cannot be told: who is known keeps the role, and who is new gets the default.
    Kept,
}

/// Whom to ask for groups.
pub(crate) struct Asked<'a, S> {
    /// Open, with no search under way.
    pub(crate) session: &'a S,
    /// What the directory says of itself; empty where it says nothing.
    pub(crate) root: &'a RootDse,
    /// Its profile.
    pub(crate) profile: &'static Profile,
    /// Asked whether to go on.
    pub(crate) progress: &'a dyn Progress,
}

/// The rules, and who is in their groups.
#[derive(Debug, Clone, Default)]
pub(crate) struct Roles {
    rules: Vec<RoleRule>,
    default: String,
    /// As the server writes them, in the order of the rules; empty where they stand still.
    groups: Vec<String>,
    /// None: the rules stand still.
    harvest: Option<Harvest>,
    problems: Vec<Problem>,
}

impl Roles {
    /// Finds and reads the groups of the rules. Where one can't be read, the rules stand still, and
    /// [`Roles::problems`] say why. `seed` is fresh for each run.
    ///
    /// # Errors
    /// `cancelled`.
    pub(crate) fn read<S: Session>(
        asked: &Asked<'_, S>,
        settings: &Settings,
        seed: u64,
    ) -> Result<Self, Problem> {
        let mut roles = Self {
            rules: settings.role_rules.clone(),
            default: settings.role.clone(),
            ..Self::default()
        };
        if roles.rules.is_empty() {
            return Ok(roles);
        }
        let asking = Asking {
            session: asked.session,
            progress: asked.progress,
            profile: asked.profile,
            page_size: settings.page_size,
            contexts: contexts(asked.root, settings),
        };
        let mut groups = Vec::with_capacity(roles.rules.len());
        for rule in &roles.rules {
            match asking.find(&rule.group) {
                Ok(group) => groups.push(group),
                Err(trouble) => roles.problems.push(problem(rule, trouble)?),
            }
        }
        if !roles.problems.is_empty() {
            return Ok(roles);
        }
        match harvest(&asking, &groups, seed) {
            Ok(harvest) => (roles.groups, roles.harvest) = (groups, Some(harvest)),
            Err((place, trouble)) => {
                if let Some(rule) = roles.rules.get(place) {
                    roles.problems.push(problem(rule, trouble)?);
                }
            }
        }
        Ok(roles)
    }

    /// There are rules, so that the sync owns the role.
    pub(crate) fn are_ruled(&self) -> bool {
        !self.rules.is_empty()
    }

    /// Why the rules stand still: `role-group-unreadable`, `role-groups-too-large`. Nothing where they do not.
    pub(crate) fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Over everything that decides who has which role, beside people's own entries and the configuration: which groups
    /// the rules name, which groups are in them, and their members; in directories where people say themselves which
    /// groups they are in, the groups' stamps of change in the place of members. The same in every run while none of it
    /// changes. None where there are no rules, or they stand still.
    pub(crate) fn digest(&self) -> Option<[u64; 2]> {
        self.harvest.as_ref().map(|harvest| harvest.sum.halves())
    }

    /// What the rules say of a person.
    pub(crate) fn judge(&self, entry: &Entry<'_>, evidence: &Evidence) -> Judged {
        if self.rules.is_empty() {
            return Judged::Unruled;
        }
        let rule = self
            .harvest
            .as_ref()
            .and_then(|harvest| rule_of(harvest, entry, evidence));
        match rule {
            Some(Some(rule)) => Judged::Rule(rule),
            Some(None) => Judged::Default,
            None => Judged::Kept,
        }
    }

    /// The rule behind what was said.
    pub(crate) fn rule(&self, judged: Judged) -> Option<&RoleRule> {
        match judged {
            Judged::Rule(place) => self.rules.get(usize::from(place)),
            Judged::Unruled | Judged::Default | Judged::Kept => None,
        }
    }

    /// The group of that rule, as the server writes it.
    pub(crate) fn group(&self, judged: Judged) -> Option<&str> {
        match judged {
            Judged::Rule(place) => self.groups.get(usize::from(place)).map(String::as_str),
            Judged::Unruled | Judged::Default | Judged::Kept => None,
        }
    }

    /// The role that a person has by what was said; none: whichever the portal has.
    pub(crate) fn role(&self, judged: Judged) -> Option<&str> {
        match judged {
            Judged::Rule(_) => self.rule(judged).map(|rule| rule.role.as_str()),
            Judged::Default => Some(&self.default),
            Judged::Unruled | Judged::Kept => None,
        }
    }

    /// What the rules came to, a sentence each.
    pub(crate) fn told(&self) -> Vec<String> {
        let Some(harvest) = &self.harvest else {
            return self.rules.iter().map(RoleRule::to_string).collect();
        };
        let groups = self.rules.iter().zip(&self.groups).zip(&harvest.counts);
        groups
            .map(|((rule, group), (groups, members))| match groups {
                0 => format!("{rule}: {group}, which an earlier rule's group holds"),
                1 => format!("{rule}: {group}{}", entries(*members)),
                more => format!(
                    "{rule}: {group}, and groups in it: {}{}",
                    more - 1,
                    entries(*members)
                ),
            })
            .collect()
    }
}

fn entries(members: usize) -> String {
    format!("; members found: {members}")
}

/// The first rule that fits a person, or that none does; none where it cannot be told.
fn rule_of(harvest: &Harvest, entry: &Entry<'_>, evidence: &Evidence) -> Option<Option<u16>> {
    let book = &harvest.book;
    let values = |position: usize| entry.values(position);
    let name = |dn: &[u8]| Some(book.token(Space::Entry, key::name(dn)?.as_bytes()));
    let mut first: Option<u16> = None;
    let mut note = |token: [u64; 2]| {
        let rule = book.rule(token);
        first = match (first, rule) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    };
    match evidence.groups {
        Some(groups) => values(groups).filter_map(name).for_each(&mut note),
        None => note(name(entry.dn())?),
    }
    for user in evidence.user.into_iter().flat_map(values) {
        let user = key::user(user)?;
        note(book.token(Space::User, user.as_bytes()));
    }
    if let Some((sid, number)) = evidence.primary {
        let group = key::primary_group(values(sid).next()?, values(number).next()?)?;
        note(book.token(Space::Sid, &group));
    }
    Some(first)
}

fn problem(rule: &RoleRule, trouble: Trouble) -> Result<Problem, Problem> {
    let group = rule.group.text();
    let (code, cause, remedy) = match trouble {
        Trouble::Cancelled => {
            return Err(Problem::new(
                "cancelled",
                "it was stopped while groups were read",
                "Start it again when it suits.",
            ));
        }
        Trouble::Unreadable(cause) => (
            "role-group-unreadable",
            cause,
            "Correct the rule, or let the bind account read the group, its members and the groups in it.",
        ),
        Trouble::TooLarge(cause) => (
            "role-groups-too-large",
            cause,
            "Name smaller groups in the rules.",
        ),
    };
    let message = format!("nobody's role changes, because of the group {group}: {cause}");
    Ok(Problem::new(code, message, remedy).of_field("role-rules"))
}
