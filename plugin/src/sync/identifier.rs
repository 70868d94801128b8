//! By which attribute the portal's people are known.
//!
//! Whoever is read by another id is somebody else. So the attribute that the portal's people were made with is
//! remembered, and another one counts only after a migration. What became of a planned migration shows in the portal: the
//! sum over everybody's external id is what it was, or what the plan makes of it, or neither, which is a migration of some.

use std::hash::Hasher;

use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher13};

use crate::attribute::AttributeSet;
use crate::decode;
use crate::ports::directory::{HostProblem, SearchRequest, Session};
use crate::ports::services::State;
use crate::ports::{Host, Portal};
use crate::problem::Problem;
use crate::profile::{Ids, Profile};
use crate::settings::Settings;

use super::migrate::Under;
use super::recipe::Recipe;
use super::remembered;
use super::sweep::{Sweep, Swept};

/// The key of `state`.
pub const KEY: &str = "id-attribute";

/// People of the portal's index a call.
const INDEX: u32 = 5000;
/// Entries by which a directory shows which of several attributes it has.
const SAMPLE: u32 = 20;

/// Over a set of external ids, whatever their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sum([u64; 2]);

impl Sum {
    pub(super) fn add(&mut self, key: u64, external_id: &str) {
        *self = self.with(hashed(key, external_id), u64::wrapping_add);
    }

    pub(super) fn take(&mut self, key: u64, external_id: &str) {
        *self = self.with(hashed(key, external_id), u64::wrapping_sub);
    }

    /// Of both.
    pub(super) fn and(self, other: Self) -> Self {
        self.with(other.0, u64::wrapping_add)
    }

    fn with(self, other: [u64; 2], word: fn(u64, u64) -> u64) -> Self {
        Self([word(self.0[0], other[0]), word(self.0[1], other[1])])
    }
}

fn hashed(key: u64, external_id: &str) -> [u64; 2] {
    let mut hasher = SipHasher13::new_with_keys(key, 0);
    hasher.write(external_id.as_bytes());
    let hash = hasher.finish128();
    [hash.h1, hash.h2]
}

/// A migration whose plan was made, until it is seen what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Planned {
    pub(super) to: String,
    /// Keys the sums.
    pub(super) key: u64,
    pub(super) before: Sum,
    /// Once every row is applied.
    pub(super) after: Sum,
    /// Nobody of the directory is left under another id then, but for those whose entries have no new one.
    pub(super) whole: bool,
    /// There are some of those.
    #[serde(default)]
    pub(super) without: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Remembered {
    /// What the portal's people were made with; several where a migration came to some of them only.
    under: Vec<String>,
    /// What those may still be known by whose entries had no new id.
    #[serde(default)]
    left: Vec<String>,
    planned: Option<Planned>,
}

impl Remembered {
    fn stored(state: &dyn State) -> Option<Self> {
        remembered::stored(state, KEY)
    }

    fn store(&self, state: &dyn State) -> Result<(), HostProblem> {
        remembered::store(state, KEY, self, "the id attribute")
    }

    /// The same, knowing what became of a planned migration.
    fn settled(mut self, portal: &dyn Portal) -> Self {
        if let Some(planned) = self.planned.take() {
            let now = sum(portal, planned.key);
            if now == planned.after && planned.whole {
                self.left.extend(self.under);
                self.left
                    .retain(|one| planned.without && !one.eq_ignore_ascii_case(&planned.to));
                self.left.sort();
                self.left.dedup();
                self.under = vec![planned.to];
            } else if now != planned.before && !contains(&self.under, &planned.to) {
                self.under.push(planned.to);
            }
        }
        self
    }
}

/// By what the people of a run are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identifier {
    /// The attribute that settings and profile say.
    pub(super) wanted: String,
    /// What the portal's people were made with; nothing where that cannot be told.
    under: Vec<String>,
    /// What some of them may still be known by.
    left: Vec<String>,
    /// The portal has synced people.
    people: bool,
}

impl Identifier {
    /// Finds out. Where a profile leaves it to the directory, the first people that it gives show it.
    ///
    /// # Errors
    /// What the host says.
    pub(super) fn read<H: Host>(
        host: &H,
        session: &impl Session,
        settings: &Settings,
        profile: &Profile,
        recipe: &Recipe,
    ) -> Result<Self, HostProblem> {
        let somebody = somebody(host.portal());
        let people = somebody.is_some();
        let stored = Remembered::stored(host.state());
        let stored = stored.map(|stored| stored.settled(host.portal()));
        if let Some(stored) = &stored {
            stored.store(host.state())?;
        }
        let stored = stored.filter(|_| people);
        let left = stored
            .as_ref()
            .map(|stored| stored.left.clone())
            .unwrap_or_default();
        let under = stored.map(|stored| stored.under);
        let chosen = settings.id_attribute.as_str();
        let own = match own(profile) {
            Some(own) => own,
            None => match under.as_deref().and_then(|under| of(profile, under)) {
                Some(own) => own,
                None if chosen.is_empty() || under.is_none() => shown(session, profile, recipe)?,
                None => String::new(),
            },
        };
        let wanted = match chosen {
            "" => own.clone(),
            chosen => name(profile, chosen),
        };
        let under = under.unwrap_or_else(|| match &somebody {
            Some(id) => unremembered(id, own),
            None => vec![wanted.clone()],
        });
        Ok(Self {
            wanted,
            under,
            left,
            people,
        })
    }

    /// Everybody in the portal is known by the attribute that is wanted.
    ///
    /// # Errors
    /// `id-changed` where it is another one.
    pub(super) fn same(&self) -> Result<(), Problem> {
        if !self.people || only(&self.under, &self.wanted) {
            Ok(())
        } else {
            Err(changed(&self.under, &self.wanted))
        }
    }

    /// Attributes that people may be known by who are to be known by the one that is wanted.
    pub(super) fn from(&self) -> Vec<String> {
        let others = self.under.iter().chain(&self.left);
        let others = others.filter(|one| !one.eq_ignore_ascii_case(&self.wanted));
        others.cloned().collect()
    }

    /// Whether somebody may be known by another attribute than the one that is wanted.
    pub(super) fn any_other(&self) -> bool {
        self.same().is_err() || !self.from().is_empty()
    }

    /// What the portal's people may be known by.
    pub(super) fn known_by(&self) -> Under {
        if self.under.is_empty() {
            Under::Unknown
        } else if contains(&self.under, &self.wanted) {
            Under::Both
        } else {
            Under::Others
        }
    }

    /// Remembers what people are made with, and a migration that is planned.
    ///
    /// # Errors
    /// What the host says.
    pub(super) fn remember(
        &self,
        state: &dyn State,
        planned: Option<Planned>,
    ) -> Result<(), HostProblem> {
        let (under, left) = (self.under.clone(), self.left.clone());
        let remembered = Remembered {
            under,
            left,
            planned,
        };
        remembered.store(state)
    }
}

/// Fills in what is remembered where a profile leaves the attribute to the directory, for hooks that only look.
///
/// # Errors
/// `id-changed` where a sync would refuse.
pub fn known<H: Host>(host: &H, settings: &mut Settings, profile: &Profile) -> Result<(), Problem> {
    let Some(somebody) = somebody(host.portal()) else {
        return Ok(());
    };
    let stored = Remembered::stored(host.state());
    let stored = stored.map(|stored| stored.settled(host.portal()).under);
    let under = match (stored, own(profile)) {
        (Some(under), _) => under,
        (None, Some(own)) => unremembered(&somebody, own),
        (None, None) => return Ok(()),
    };
    if settings.id_attribute.is_empty()
        && let Some(one) = of(profile, &under)
    {
        settings.id_attribute = one;
    }
    let wanted = match (settings.id_attribute.as_str(), own(profile)) {
        ("", Some(own)) => own,
        ("", None) => return Err(changed(&under, "another attribute")),
        (chosen, _) => name(profile, chosen),
    };
    if only(&under, &wanted) {
        Ok(())
    } else {
        Err(changed(&under, &wanted))
    }
}

fn changed(under: &[String], wanted: &str) -> Problem {
    let (message, remedy) = if under.is_empty() {
        (
            format!(
                "the portal's people are known by an attribute that nobody remembers, and would now be read by {wanted}"
            ),
            "Set the id attribute to the one that they are known by, then let a migration of ids see that (on the page Sync, or sync --mode migrate-ids)."
                .to_owned(),
        )
    } else if contains(under, wanted) {
        (
            format!(
                "a change of the id attribute came to some people only: the portal has people by {}",
                under.join(" and by ")
            ),
            format!(
                "Finish it by another migration of ids (on the page Sync, or sync --mode migrate-ids), and mend whom that names: then everybody is known by \
                 {wanted}."
            ),
        )
    } else {
        (
            format!(
                "the portal's people are known by {}, and would now be read by {wanted}: each would be somebody new",
                under.join(" or by ")
            ),
            format!(
                "Give everybody the new id by a migration of ids (on the page Sync, or sync --mode migrate-ids), or set the id attribute back to {}.",
                under.join(" or ")
            ),
        )
    };
    Problem::new("id-changed", message, remedy).of_field(KEY)
}

/// The one attribute of a profile; none where it leaves the choice to the directory.
fn own(profile: &Profile) -> Option<String> {
    match profile.ids("").names().collect::<Vec<_>>().as_slice() {
        [one] => Some((*one).to_owned()),
        _ => None,
    }
}

/// The one attribute by which people are known, if it is among several of a profile.
fn of(profile: &Profile, under: &[String]) -> Option<String> {
    let [one] = under else { return None };
    let several = profile.ids.len() > 1;
    let own = profile.ids.iter();
    (several
        && own
            .map(|id| id.name)
            .any(|own| own.eq_ignore_ascii_case(one)))
    .then(|| one.clone())
}

/// The name of an attribute as it is remembered.
fn name(profile: &Profile, chosen: &str) -> String {
    let ids: Ids = profile.ids(chosen);
    ids.names().next().unwrap_or_default().to_owned()
}

fn contains(names: &[String], name: &str) -> bool {
    names.iter().any(|one| one.eq_ignore_ascii_case(name))
}

fn only(under: &[String], wanted: &str) -> bool {
    under.len() == 1 && contains(under, wanted)
}

/// The id of a person whom a sync brought.
fn somebody(portal: &dyn Portal) -> Option<String> {
    portal.index("", 1).external_ids.into_iter().next()
}

/// What people were made with where nothing is remembered: the profile's own, before there was a choice. After a
/// removal and a new installation it may have been another, if their ids are none of a profile.
fn unremembered(id: &str, own: String) -> Vec<String> {
    match decode::uuid_to_bytes(id) {
        Some(_) => vec![own],
        None => Vec::new(),
    }
}

/// Over everybody's external id.
fn sum(portal: &dyn Portal, key: u64) -> Sum {
    let (mut sum, mut after) = (Sum::default(), String::new());
    loop {
        let index = portal.index(&after, INDEX);
        for id in &index.external_ids {
            sum.add(key, id);
        }
        match index.external_ids.into_iter().next_back() {
            Some(last) if index.more && last > after => after = last,
            _ => return sum,
        }
    }
}

/// Which of a profile's attributes the directory has: the one that most of its first people have. The profile's first
/// where they have none.
fn shown(
    session: &impl Session,
    profile: &Profile,
    recipe: &Recipe,
) -> Result<String, HostProblem> {
    let mut attributes = AttributeSet::new();
    let own: Vec<(&str, usize)> = profile
        .ids
        .iter()
        .map(|id| (id.name, attributes.intern(id.name)))
        .collect();
    let sample: Vec<SearchRequest> = recipe
        .requests()
        .iter()
        .map(|everybody| SearchRequest {
            attributes: attributes.names().to_vec(),
            page_size: SAMPLE,
            limit: SAMPLE,
            ..everybody.clone()
        })
        .collect();
    let mut counts = vec![0_u32; own.len()];
    let mut sweep = Sweep::begin(session, &sample)?;
    while let Swept::Page(page) = sweep.next(session) {
        for entry in page.iter() {
            for (count, (_, at)) in counts.iter_mut().zip(&own) {
                *count += u32::from(entry.values(*at).next().is_some());
            }
        }
    }
    let most = counts.iter().copied().max().unwrap_or_default();
    let best = own.iter().zip(&counts).find(|(_, count)| **count == most);
    Ok(best.map_or("", |((name, _), _)| name).to_owned())
}
