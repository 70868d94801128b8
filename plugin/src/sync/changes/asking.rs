//! Asks what has changed, step by step, and weighs the answer.

use std::collections::BTreeSet;

use super::checkpoint::{Checkpoint, Mark};
use super::content::Content;
use super::sequence::Sequence;
use super::shown::Shown;
use super::stamps::{Groups, Listing};
use super::{Mechanism, Parents, Unable, containers, control, look};
use crate::attribute::AttributeSet;
use crate::decode;
use crate::filter::Filter;
use crate::ports::Host;
use crate::ports::directory::{HostProblem, SearchRequest, ServerIdentity, Session};
use crate::profile::{Profile, RootDse};
use crate::settings::{Adoption, Configuration};
use crate::sync::recipe::Recipe;
use crate::sync::role::RoleBook;

/// So many changes that reading everybody is as quick.
const MOST: usize = 100_000;
/// People of the portal's index a call.
const INDEX: u32 = 5000;

/// What a run knows when it asks.
#[derive(Debug, Clone, Copy)]
pub(in crate::sync) struct Around<'a, S> {
    pub(in crate::sync) session: &'a S,
    pub(in crate::sync) server: &'a ServerIdentity,
    pub(in crate::sync) root: &'a RootDse,
    pub(in crate::sync) recipe: &'a Recipe,
    pub(in crate::sync) roles: &'a RoleBook,
    pub(in crate::sync) profile: &'static Profile,
    pub(in crate::sync) configuration: &'a Configuration,
    pub(in crate::sync) now: u64,
}

/// An answer that holds.
#[derive(Debug)]
pub(in crate::sync) struct News {
    /// Whoever may have to be changed; nothing where only the next checkpoint was asked for.
    pub(in crate::sync) people: Option<Vec<String>>,
    /// For the next time.
    pub(in crate::sync) next: Checkpoint,
    /// Where the next time counts only if everybody who is read now stands below a container that was seen.
    pub(in crate::sync) parents: Option<Parents>,
}

/// What a step came to.
pub(in crate::sync) enum Asked {
    More,
    Told(Box<News>),
    /// It cannot be told; with why, and whether it was tried in another way that also did not do.
    Unable(Unable),
}

/// Asking under way.
pub(in crate::sync) struct Asking<S: Session> {
    /// Only the next checkpoint is wanted.
    first: bool,
    before: Option<Checkpoint>,
    ids: BTreeSet<String>,
    /// Of these the directory told that they are there.
    changed: Vec<[u8; 16]>,
    stage: Stage<S>,
    /// Other mechanisms that may do; only where nothing was before.
    others: &'static [Mechanism],
    /// Why only the next checkpoint is wanted, though there was one.
    instead: Option<Unable>,
}

enum Stage<S: Session> {
    Content(Content<S::Changes>),
    Sequence(Sequence<S::Cursor>),
    Stamps(Box<Listing<S::Cursor>>),
    /// The portal's people are compared, after this one.
    Compare(Mark, Concerned, String),
    Rest(Mark),
    /// Who is there must be found, before this counts.
    Shown(Shown, Box<News>),
    Over,
}

/// Which of the portal's people are concerned beside those who were named.
#[derive(Debug)]
enum Concerned {
    AllBut(Vec<[u8; 16]>),
    Of(Groups),
}

impl<S: Session> Asking<S> {
    /// Begins. `checkpoint` is what the host kept; none where only the next one is wanted.
    pub(in crate::sync) fn begin(
        around: &Around<'_, S>,
        checkpoint: Option<&[u8]>,
    ) -> Result<Self, Unable> {
        let (recipe, now) = (around.recipe, around.now);
        let digest = &around.configuration.digest;
        let before = checkpoint
            .map(|bytes| Checkpoint::read(bytes, recipe, digest, around.server, now))
            .transpose()?;
        if let Some(name) = derived(recipe, around.configuration) {
            return Err(Unable::new(format!(
                "{name} changes without any change of the person's entry: a sync that uses it must read everybody"
            )));
        }
        if around.configuration.settings.adoption != Adoption::Report {
            return Err(Unable::new(
                "the settings let new people take over whom the portal has already, and whether one person alone matches shows \
                 only among everybody",
            ));
        }
        let mut others = around.profile.changes;
        if *recipe.ids() != around.profile.ids("") {
            // The others tell of whom they mean by the profile's own id.
            others = &[Mechanism::Stamps];
        }
        let mut instead = None;
        if let Some(parent) = before.as_ref().and_then(Checkpoint::unseen) {
            let why = Unable::new(format!(
                "people stand below \"{parent}\", which was not seen among the containers: that it was moved would be missed"
            ));
            if containers::is_container(around.session, parent) {
                return Err(why);
            }
            instead = Some(why);
            others = &[Mechanism::Stamps];
        } else if let Some(before) = &before {
            let mechanism = others.iter().find(|one| before.mark.is_of(**one));
            let mechanism = mechanism.ok_or_else(|| {
                Unable::new("the directory is asked for changes in another way now")
            })?;
            let stage = begin(around, *mechanism, Some((&before.mark, before.at)))?;
            return Ok(Self {
                first: false,
                before: Some(before.clone()),
                ids: BTreeSet::new(),
                changed: Vec::new(),
                stage,
                others: &[],
                instead: None,
            });
        }
        let mut why = Unable::new("there is no way to ask this kind of directory for changes");
        while let Some((first, rest)) = others.split_first() {
            others = rest;
            match begin(around, *first, None) {
                Ok(stage) => {
                    return Ok(Self {
                        first: true,
                        before: None,
                        ids: BTreeSet::new(),
                        changed: Vec::new(),
                        stage,
                        others,
                        instead,
                    });
                }
                Err(unable) => why = unable,
            }
        }
        Err(why)
    }

    /// Only the next checkpoint is wanted.
    pub(in crate::sync) fn is_first(&self) -> bool {
        self.first
    }

    /// Why only that is wanted, though there was a checkpoint; once.
    pub(in crate::sync) fn instead(&mut self) -> Option<Unable> {
        self.instead.take()
    }

    /// Takes one step.
    pub(in crate::sync) fn step<H: Host>(&mut self, host: &H, around: &Around<'_, S>) -> Asked {
        let told = match self.advance(host, around) {
            Ok(told) => told,
            Err(unable) => return self.otherwise(around, unable),
        };
        match told {
            Some(news) => Asked::Told(news),
            None if self.ids.len() > MOST => Asked::Unable(Unable::new(format!(
                "more than {MOST} people may have changed"
            ))),
            None => Asked::More,
        }
    }

    fn otherwise(&mut self, around: &Around<'_, S>, why: Unable) -> Asked {
        while let Some((next, rest)) = self.others.split_first() {
            self.others = rest;
            if let Ok(stage) = begin(around, *next, None) {
                self.stage = stage;
                return Asked::More;
            }
        }
        Asked::Unable(why)
    }

    fn advance<H: Host>(
        &mut self,
        host: &H,
        around: &Around<'_, S>,
    ) -> Result<Option<Box<News>>, Unable> {
        let session = around.session;
        let ids = &mut self.ids;
        let stage = std::mem::replace(&mut self.stage, Stage::Over);
        self.stage = match stage {
            Stage::Content(mut content) => match content.step(session, ids)? {
                None => Stage::Content(content),
                Some(told) => {
                    self.changed = told.changed;
                    match told.present {
                        None => Stage::Rest(told.mark),
                        Some(present) => {
                            Stage::Compare(told.mark, Concerned::AllBut(present), String::new())
                        }
                    }
                }
            },
            Stage::Sequence(mut sequence) => match sequence.step(session, ids)? {
                None => Stage::Sequence(sequence),
                Some(mark) => Stage::Rest(mark),
            },
            Stage::Stamps(mut listing) => {
                let before = self.before.as_ref().map(|before| &before.mark);
                match listing.step(session, around.recipe, before, around.now, ids)? {
                    None => Stage::Stamps(listing),
                    Some((mark, _)) if before.is_none() => Stage::Rest(mark),
                    Some((mark, groups)) => {
                        Stage::Compare(mark, Concerned::Of(groups), String::new())
                    }
                }
            }
            Stage::Compare(mark, concerned, after) => {
                let index = host.portal().index(&after, INDEX);
                for id in &index.external_ids {
                    if concerned.is(id) {
                        ids.insert(id.clone());
                    }
                }
                match index.external_ids.into_iter().next_back() {
                    Some(last) if index.more && last > after => {
                        Stage::Compare(mark, concerned, last)
                    }
                    _ => Stage::Rest(mark),
                }
            }
            Stage::Rest(mark) => {
                let (shown, news) = self.rest(host, around, mark)?;
                Stage::Shown(shown, Box::new(news))
            }
            Stage::Shown(mut shown, news) => match shown.step(host, around)? {
                true => Stage::Shown(shown, news),
                false => return Ok(Some(news)),
            },
            Stage::Over => return Err(Unable::new("asking is over")),
        };
        Ok(None)
    }

    /// What no directory tells of, and what holds the answer against what is known.
    fn rest<H: Host>(
        &mut self,
        host: &H,
        around: &Around<'_, S>,
        mark: Mark,
    ) -> Result<(Shown, News), Unable> {
        let Around {
            session,
            recipe,
            profile,
            ..
        } = *around;
        let digest = &around.configuration.digest;
        let listed = mark.is_of(Mechanism::Stamps);
        let mut shown = Shown::default();
        if let Mark::ContentSync { .. } = mark {
            shown = self.shown();
        }
        let mut next = Checkpoint::new(recipe, digest, around.server, around.now, mark);
        let mut parents = None;
        if !listed {
            let (sum, seen) = containers::digest(session, recipe, profile)?;
            next.containers = sum;
            parents = Some(seen);
        }
        next.groups = around.roles.digest();
        let Some(before) = self.before.take() else {
            let people = None;
            let news = News {
                people,
                next,
                parents,
            };
            return Ok((Shown::default(), news));
        };
        next.whole = before.whole;
        if next.containers != before.containers {
            return Err(Unable::new(
                "a container below a base is new, gone, renamed or moved, and with it the people in it",
            ));
        }
        if next.groups.is_some() && next.groups != before.groups {
            return Err(Unable::new(
                "the groups that decide on roles changed, and with them the roles of people whose entries stayed as they were",
            ));
        }
        expired(around, before.at, &mut self.ids)?;
        let untold: Vec<String> = before
            .controls
            .iter()
            .filter(|id| !self.ids.contains(*id))
            .cloned()
            .collect();
        next.controls = control::check(host, around, &untold)?;
        // One of them is read with the others: nobody found at all would say nothing.
        self.ids.extend(next.controls.first().cloned());
        let mut others: BTreeSet<String> = before.unsynced.into_iter().collect();
        pending(host, &mut others);
        shown.untold = others.difference(&self.ids).cloned().collect();
        self.ids.extend(others);
        let people = std::mem::take(&mut self.ids).into_iter().collect();
        let people = Some(people);
        let news = News {
            people,
            next,
            parents,
        };
        Ok((shown, news))
    }

    /// What the directory told. Who is told as changed is there, whatever else is told of them.
    fn shown(&mut self) -> Shown {
        let mut changed = std::mem::take(&mut self.changed);
        changed.sort_unstable();
        let told = self.ids.iter().filter_map(|id| decode::uuid_to_bytes(id));
        Shown {
            gone: told
                .filter(|id| changed.binary_search(id).is_err())
                .collect(),
            changed,
            untold: Vec::new(),
        }
    }
}

/// Whom a sync looks at whatever the directory says.
pub(super) fn pending(host: &impl Host, people: &mut BTreeSet<String>) {
    let mut after = String::new();
    loop {
        let pending = host.portal().pending(&after, INDEX);
        let Some(last) = pending.last() else { break };
        if *last <= after {
            break;
        }
        after.clone_from(last);
        people.extend(pending);
    }
}

fn begin<S: Session>(
    around: &Around<'_, S>,
    mechanism: Mechanism,
    before: Option<(&Mark, u64)>,
) -> Result<Stage<S>, Unable> {
    let Around {
        session,
        root,
        recipe,
        profile,
        ..
    } = *around;
    let places = recipe.places();
    let since = before.map_or(around.now, |(_, at)| at);
    let before = before.map(|(mark, _)| mark);
    Ok(match mechanism {
        Mechanism::ContentSync { deletes } => {
            Stage::Content(Content::begin(session, root, places, before, deletes)?)
        }
        Mechanism::UpdateSequence => Stage::Sequence(Sequence::begin(
            session, root, profile, places, before, since, around.now,
        )?),
        Mechanism::Stamps => Stage::Stamps(Box::new(Listing::begin(session, recipe)?)),
    })
}

impl Concerned {
    fn is(&self, id: &str) -> bool {
        match self {
            Self::AllBut(present) => {
                decode::uuid_to_bytes(id).is_none_or(|bytes| present.binary_search(&bytes).is_err())
            }
            Self::Of(groups) => groups.have(id),
        }
    }
}

/// Whoever became disabled by the mere passing of time.
fn expired<S: Session>(
    around: &Around<'_, S>,
    since: u64,
    ids: &mut BTreeSet<String>,
) -> Result<(), Unable> {
    if around.configuration.settings.disabled_when.is_some() {
        return Ok(());
    }
    let at = |moment| {
        let filter = around.profile.disabled_when(moment);
        filter.map_err(|problem| Unable::new(problem.message))
    };
    let (Some(then), Some(now)) = (at(since)?, at(around.now)?) else {
        return Ok(());
    };
    if then == now {
        return Ok(());
    }
    let mut attributes = AttributeSet::new();
    let identity = around.recipe.ids().identity(&mut attributes);
    let became = Filter::And(vec![now, Filter::Not(Box::new(then))]);
    for narrowed in around.recipe.narrowed(&became) {
        let request = SearchRequest {
            attributes: attributes.names().to_vec(),
            page_size: look::PAGE,
            ..narrowed
        };
        let mut hidden = false;
        look::every(
            around.session,
            &request,
            "accounts that expired",
            |entry| match identity.read(entry) {
                Ok(id) => _ = ids.insert(id.into_owned()),
                Err(_) => hidden |= !around.recipe.places().exclude(entry.dn()),
            },
        )?;
        if hidden {
            return Err(Unable::new(
                "there are accounts that expired and whose id cannot be read",
            ));
        }
    }
    Ok(())
}

/// Attributes that a server makes up from other entries.
const DERIVED: [&str; 5] = [
    "memberOf",
    "isMemberOf",
    "nsRole",
    "tokenGroups",
    "directReports",
];

fn derived(recipe: &Recipe, configuration: &Configuration) -> Option<String> {
    let filter = configuration.settings.filter.as_ref();
    let mut names: Vec<&str> = recipe
        .attributes()
        .names()
        .iter()
        .map(String::as_str)
        .collect();
    names.extend(filter.map(Filter::attributes).into_iter().flatten());
    let is = |name: &&str| DERIVED.iter().any(|known| known.eq_ignore_ascii_case(name));
    names.into_iter().find(is).map(str::to_owned)
}

/// So that problems of the host read as reasons.
impl From<HostProblem> for Unable {
    fn from(problem: HostProblem) -> Self {
        Self(problem.message)
    }
}
