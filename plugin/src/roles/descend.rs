//! Who is in the groups that the rules name, and in the groups in them. Each group is read once, for the first rule
//! that leads to it: so a circle of groups ends where it began.

use std::collections::BTreeSet;

use crate::entry::Entry;
use crate::filter::Filter;
use crate::ports::Session;
use crate::profile::Membership;

use super::ask::{Asking, Trouble};
use super::book::{Book, Space, Sum};
use super::key;

/// Groups in groups, from the outermost inwards.
const LEVELS: usize = 100;
/// Groups that the rules lead to, all together.
const GROUPS: usize = 5_000;
/// Members of all these, and groups that the directory has: about 24 and 16 bytes each.
const MEMBERS: usize = 1_000_000;

/// What tells that a group changed, for groups whose members are not read.
const STAMPS: [&str; 3] = ["uSNChanged", "entryCSN", "modifyTimestamp"];

/// Everybody in the groups.
#[derive(Debug, Clone)]
pub(super) struct Harvest {
    pub(super) book: Book,
    /// Over all that decides who is in which group, beside people's own entries.
    pub(super) sum: Sum,
    /// Groups read and members found for each rule, beside those of earlier rules.
    pub(super) counts: Vec<(usize, usize)>,
}

/// A harvest under way.
struct Descent<'a, S> {
    asking: &'a Asking<'a, S>,
    harvest: Harvest,
    /// Groups that were read.
    visited: BTreeSet<[u64; 2]>,
    /// Another in each run.
    seed: u64,
    /// Groups that there are, in order; empty where members are not read.
    all: Vec<[u64; 2]>,
}

/// Reads the groups of the rules, in their order.
pub(super) fn harvest<S: Session>(
    asking: &Asking<'_, S>,
    groups: &[String],
    seed: u64,
) -> Result<Harvest, (usize, Trouble)> {
    let mut descent = Descent {
        asking,
        harvest: Harvest {
            book: Book::new(seed),
            sum: Sum::default(),
            counts: Vec::new(),
        },
        visited: BTreeSet::new(),
        seed,
        all: Vec::new(),
    };
    descent.know_groups().map_err(|trouble| (0, trouble))?;
    for (rule, group) in groups.iter().enumerate() {
        let number = u16::try_from(rule).unwrap_or(u16::MAX);
        let before = (descent.visited.len(), descent.harvest.book.len());
        descent
            .below(number, group)
            .map_err(|trouble| (rule, trouble))?;
        descent.harvest.counts.push((
            descent.visited.len() - before.0,
            descent.harvest.book.len() - before.1,
        ));
    }
    descent.harvest.book.close();
    Ok(descent.harvest)
}

impl<S: Session> Descent<'_, S> {
    /// Notes the names of all groups, to tell groups among members from people.
    fn know_groups(&mut self) -> Result<(), Trouble> {
        if let Membership::Person { .. } = self.asking.groups().membership {
            return Ok(());
        }
        let (all, book) = (&mut self.all, &self.harvest.book);
        let mut many = false;
        self.asking
            .everywhere(&self.asking.any_group(), &[], |entry| {
                many |= all.len() == MEMBERS;
                if !many {
                    all.extend(
                        key::name(entry.dn()).map(|name| book.token(Space::Entry, name.as_bytes())),
                    );
                }
            })?;
        if many {
            return Err(too_many("groups in the directory", MEMBERS));
        }
        self.all.sort_unstable();
        Ok(())
    }

    /// A rule's group, level by level.
    fn below(&mut self, rule: u16, group: &str) -> Result<(), Trouble> {
        let root = key::name(group.as_bytes()).unwrap_or_default();
        self.harvest
            .sum
            .add([&b"rule"[..], &rule.to_le_bytes(), root.as_bytes()]);
        let mut level = vec![group.to_owned()];
        for _ in 0..LEVELS {
            let mut next = Vec::new();
            for group in level {
                let key = key::name(group.as_bytes()).ok_or_else(|| no_name(&group))?;
                let token = self.harvest.book.token(Space::Entry, key.as_bytes());
                if !self.visited.insert(token) {
                    continue;
                }
                if self.visited.len() > GROUPS {
                    return Err(too_many("groups in the groups of rules", GROUPS));
                }
                match self.asking.groups().membership {
                    Membership::Group { .. } => self.members(rule, &group, &key, &mut next)?,
                    Membership::Person { groups, members } => {
                        self.harvest.book.add(token, rule);
                        self.around(&group, &key, (groups, members), &mut next)?;
                    }
                }
            }
            if next.is_empty() {
                return Ok(());
            }
            level = next;
        }
        Err(too_many("levels of groups in groups", LEVELS))
    }

    /// Reads a group's members: people into the book, groups into the next level.
    fn members(
        &mut self,
        rule: u16,
        group: &str,
        name: &str,
        next: &mut Vec<String>,
    ) -> Result<(), Trouble> {
        let groups = self.asking.groups();
        let Membership::Group {
            members,
            users,
            back,
        } = groups.membership
        else {
            return Ok(());
        };
        let mut attributes = vec!["objectClass", "objectSid"];
        attributes.extend(members);
        attributes.extend(users.map(|(users, _)| users));
        let users_at = attributes.len() - 1;
        let mut read = false;
        let mut outcome = Ok(());
        let mut found = 0;
        let (asking, all, harvest) = (self.asking, &self.all, &mut self.harvest);
        asking.entry(group, asking.any_group(), &attributes, |entry| {
            read = true;
            outcome = readable(groups.never_empty, &attributes, entry);
            for sid in entry.values(1).filter(|_| groups.primary) {
                let token = harvest.book.token(Space::Sid, sid);
                harvest.book.add(token, rule);
                harvest.sum.add([&b"sid"[..], name.as_bytes(), sid]);
            }
            for value in (2..2 + members.len()).flat_map(|position| entry.values(position)) {
                found += 1;
                let value = key::member(value);
                let Some(key) = key::name(value) else {
                    continue;
                };
                let token = harvest.book.token(Space::Entry, key.as_bytes());
                if all.binary_search(&token).is_ok() {
                    next.push(String::from_utf8_lossy(value).into_owned());
                } else if harvest.book.len() < MEMBERS {
                    harvest.book.add(token, rule);
                } else {
                    outcome = Err(too_many("members", MEMBERS));
                }
                harvest
                    .sum
                    .add([&b"member"[..], name.as_bytes(), key.as_bytes()]);
            }
            for value in entry.values(users_at).filter(|_| users.is_some()) {
                found += 1;
                let Some(key) = key::user(value) else {
                    continue;
                };
                if harvest.book.len() < MEMBERS {
                    let token = harvest.book.token(Space::User, key.as_bytes());
                    harvest.book.add(token, rule);
                } else {
                    outcome = Err(too_many("members", MEMBERS));
                }
                harvest
                    .sum
                    .add([&b"user"[..], name.as_bytes(), key.as_bytes()]);
            }
        })?;
        outcome?;
        if !read {
            return Err(Trouble::Unreadable(format!("{group} in it cannot be read")));
        }
        match back {
            Some(back) if found == 0 => self.really_empty(group, back),
            _ => Ok(()),
        }
    }

    /// Holds a group without members against what members say.
    fn really_empty(&self, group: &str, back: &str) -> Result<(), Trouble> {
        if self.asking.anywhere(&equal(back, group))? {
            return Err(Trouble::Unreadable(format!(
                "{group} shows no member, and somebody is in it: its members cannot be read"
            )));
        }
        Ok(())
    }

    /// Finds the groups that say themselves to be in a group.
    fn around(
        &mut self,
        group: &str,
        name: &str,
        (groups, members): (&str, &str),
        next: &mut Vec<String>,
    ) -> Result<(), Trouble> {
        let (sum, seed) = (&mut self.harvest.sum, self.seed.to_le_bytes());
        self.asking
            .entry(group, self.asking.any_group(), &STAMPS, |entry| {
                let mut stamps = (0..STAMPS.len())
                    .flat_map(|position| entry.values(position))
                    .peekable();
                // Where nothing tells a change, everything is one.
                let unknown = stamps.peek().is_none().then_some(&seed[..]);
                let parts = [&b"group"[..], name.as_bytes()].into_iter();
                sum.add(parts.chain(unknown).chain(stamps));
            })?;
        let inside = equal(groups, group);
        if !self.asking.anywhere(&inside)? {
            let mut has_members = false;
            let has = Filter::Present(members.to_owned());
            self.asking.entry(group, has, &[], |_| has_members = true)?;
            if has_members {
                return Err(Trouble::Unreadable(format!(
                    "{group} has members, and nobody says to be in it: {groups} cannot be read"
                )));
            }
        }
        let filter = Filter::And(vec![self.asking.any_group(), inside]);
        self.asking.everywhere(&filter, &[], |entry| {
            next.push(String::from_utf8_lossy(entry.dn()).into_owned());
        })
    }
}

/// A group of a kind that always has members shows some.
fn readable(
    never_empty: &[(&str, &str)],
    attributes: &[&str],
    entry: &Entry<'_>,
) -> Result<(), Trouble> {
    for (class, attribute) in never_empty {
        let is = entry
            .values(0)
            .any(|held| held.eq_ignore_ascii_case(class.as_bytes()));
        let position = attributes.iter().position(|name| name == attribute);
        let shows = position.is_some_and(|position| entry.values(position).next().is_some());
        if is && !shows {
            return Err(Trouble::Unreadable(format!(
                "{} shows no {attribute}, without which there is no {class}: its members cannot be read",
                String::from_utf8_lossy(entry.dn())
            )));
        }
    }
    Ok(())
}

fn equal(attribute: &str, dn: &str) -> Filter {
    Filter::Equal(attribute.to_owned(), dn.as_bytes().to_vec())
}

fn no_name(group: &str) -> Trouble {
    Trouble::Unreadable(format!("{group} in it is no DN"))
}

fn too_many(what: &str, limit: usize) -> Trouble {
    Trouble::TooLarge(format!("there are more than {limit} {what}"))
}
