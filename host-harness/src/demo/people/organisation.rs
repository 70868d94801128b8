//! The whole organisation, entry by entry.

use super::dice::Dice;
use super::person::{self, DEPARTMENTS, Identity};
use super::{Expected, Totals, Troubles};
use crate::demo::Entry;
use crate::demo::dn::escape;

/// The naming context.
pub const SUFFIX: &str = "dc=example,dc=org";

/// How many people share one group of everybody: groups are of thousands, and memory stays constant.
const CHUNK: u64 = 5_000;
const GROUP_ID: u64 = 100;

/// An account that a sync may bind as. Which limits it meets is the server's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServiceAccount {
    /// `cn=svc-full`: no limits.
    Full,
    /// `cn=svc-sync`: pages of at most 1,000, and 500 entries without paging.
    Sync,
    /// `cn=svc-weak`: 500 entries, paged or not.
    Weak,
}

impl ServiceAccount {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Full, Self::Sync, Self::Weak];

    /// The common name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "svc-full",
            Self::Sync => "svc-sync",
            Self::Weak => "svc-weak",
        }
    }

    /// The name to bind as.
    #[must_use]
    pub fn dn(self) -> String {
        format!("cn={},ou=Services,{SUFFIX}", self.name())
    }
}

/// An organisation. Everything in it follows from these values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// Other seeds give other people.
    pub seed: u64,
    /// How many people.
    pub people: u64,
    /// Which troubles they have.
    pub troubles: Troubles,
    /// The password of each service account is this text, a hyphen and the account's name.
    pub password: String,
}

impl Organisation {
    /// An organisation with the usual troubles.
    #[must_use]
    pub fn new(seed: u64, people: u64) -> Self {
        Self {
            seed,
            people,
            troubles: Troubles::default(),
            password: "demo".to_owned(),
        }
    }

    /// The same with other troubles.
    #[must_use]
    pub fn with_troubles(mut self, troubles: Troubles) -> Self {
        self.troubles = troubles;
        self
    }

    /// A service account's password.
    #[must_use]
    pub fn password_of(&self, account: ServiceAccount) -> String {
        format!("{}-{}", self.password, account.name())
    }

    /// Every entry, those above before those below: containers, service accounts, people, groups.
    pub fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        self.skeleton()
            .into_iter()
            .chain((0..self.people).map(|index| self.person(index)))
            .chain((0..self.people.div_ceil(CHUNK)).flat_map(|chunk| self.groups(chunk)))
    }

    /// One person's entry.
    #[must_use]
    pub fn person(&self, index: u64) -> Entry {
        person::entry(self, index)
    }

    /// What must become of one person.
    #[must_use]
    pub fn expected(&self, index: u64) -> Expected {
        person::expected(self, index)
    }

    /// What must become of everybody.
    pub fn manifest(&self) -> impl Iterator<Item = Expected> + '_ {
        (0..self.people).map(|index| self.expected(index))
    }

    /// The sums of the manifest.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for expected in self.manifest() {
            totals.count(&expected.fate);
        }
        totals
    }

    pub(super) fn everyone_dn(&self, index: u64) -> String {
        group_dn(&format!("Everyone {}", index / CHUNK + 1))
    }

    pub(super) fn department_dn(&self, index: u64, department: usize) -> String {
        group_dn(&department_name(index / CHUNK, department))
    }

    /// When an entry was made, as generalized time: a minute apart, from a fixed day on.
    pub(super) fn created(&self, index: u64) -> String {
        let minute = index % (28 * 24 * 60);
        let month = index / (28 * 24 * 60) % 12 + 1;
        let (day, hour) = (minute / 1440 + 1, minute / 60 % 24);
        format!("2024{month:02}{day:02}{hour:02}{:02}00Z", minute % 60)
    }

    fn skeleton(&self) -> Vec<Entry> {
        let unit = |rdn: &str, above: &str| {
            Entry::new(format!("ou={rdn},{above}"))
                .with("objectClass", "top")
                .with("objectClass", "organizationalUnit")
                .with("ou", rdn)
        };
        let people = format!("ou=People,{SUFFIX}");
        let mut entries = vec![
            Entry::new(SUFFIX)
                .with("objectClass", "top")
                .with("objectClass", "dcObject")
                .with("objectClass", "organization")
                .with("dc", "example")
                .with("o", "Example Organisation"),
            unit("People", SUFFIX),
            unit("Contractors", &people),
            unit("Groups", SUFFIX),
            unit("Services", SUFFIX),
        ];
        entries.extend(ServiceAccount::ALL.map(|account| {
            Entry::new(account.dn())
                .with("objectClass", "top")
                .with("objectClass", "organizationalRole")
                .with("objectClass", "simpleSecurityObject")
                .with("cn", account.name())
                .with("userPassword", self.password_of(account))
        }));
        for (number, entry) in (0..).zip(&mut entries) {
            let id = Dice::of(self.seed, number, GROUP_ID).uuid();
            entry.push("entryUUID", id);
            entry.push("createTimestamp", self.created(0));
            entry.push("modifyTimestamp", self.created(0));
        }
        entries
    }

    /// The groups of one chunk of people: everybody, and each department that has somebody.
    fn groups(&self, chunk: u64) -> Vec<Entry> {
        let first = chunk * CHUNK;
        let last = self.people.min(first + CHUNK);
        let mut everyone = Vec::new();
        let mut departments = vec![Vec::new(); DEPARTMENTS.len()];
        for index in first..last {
            let identity = Identity::of(self, index);
            let dn = identity.dn().into_bytes();
            departments[identity.department(self)].push(dn.clone());
            everyone.push(dn);
        }
        let named = departments.into_iter().enumerate();
        std::iter::once((format!("Everyone {}", chunk + 1), everyone))
            .chain(named.map(|(at, members)| (department_name(chunk, at), members)))
            .zip(0..)
            .filter(|((_, members), _)| !members.is_empty())
            .map(|((name, members), number)| {
                let mut group = Entry::new(group_dn(&name))
                    .with("objectClass", "top")
                    .with("objectClass", "groupOfNames")
                    .with("cn", name);
                group.set("member", members);
                let id = 1_000 + chunk * 100 + number;
                group.push("entryUUID", Dice::of(self.seed, id, GROUP_ID).uuid());
                group.push("createTimestamp", self.created(first));
                group.push("modifyTimestamp", self.created(first));
                group
            })
            .collect()
    }
}

fn department_name(chunk: u64, department: usize) -> String {
    format!("{} {}", DEPARTMENTS[department], chunk + 1)
}

fn group_dn(name: &str) -> String {
    format!("cn={},ou=Groups,{SUFFIX}", escape(name))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::super::{Fate, Share};
    use super::*;
    use crate::demo::dn::{Dn, parent_key};

    fn crowd() -> Organisation {
        let troubles = Troubles {
            awkward_dn: Share::percent(30),
            duplicate_mail: Share::percent(4),
            bad_utf8: Share::percent(4),
            missing_username: Share::percent(2),
            ..Troubles::default()
        };
        Organisation::new(7, 5_500).with_troubles(troubles)
    }

    #[test]
    fn one_seed_gives_one_organisation() {
        let again = Organisation::new(3, 50);
        assert!(again.entries().eq(Organisation::new(3, 50).entries()));
    }

    #[test]
    fn another_seed_gives_other_people() {
        assert_ne!(
            Organisation::new(3, 50).person(7),
            Organisation::new(4, 50).person(7)
        );
    }

    #[test]
    fn names_and_ids_are_unique_and_every_entry_has_its_parent() {
        let mut keys = HashSet::new();
        let mut ids = HashSet::new();
        for entry in crowd().entries() {
            let key = Dn::key_of(&entry.dn).unwrap();
            let above = parent_key(&key).to_owned();
            assert!(
                keys.is_empty() || keys.contains(&above),
                "{} has no parent",
                entry.dn
            );
            assert!(keys.insert(key), "{} is there twice", entry.dn);
            assert!(ids.insert(entry.text("entryUUID").unwrap().to_owned()));
        }
    }

    #[test]
    fn an_entry_has_the_values_of_its_rdn() {
        for entry in crowd().entries() {
            for ava in &Dn::parse(&entry.dn).unwrap().rdns[0] {
                assert!(
                    entry.values(&ava.attribute).contains(&ava.value),
                    "{}",
                    entry.dn
                );
            }
        }
    }

    #[test]
    fn entries_show_what_the_manifest_says() {
        let org = crowd();
        for expected in org.manifest() {
            let entry = org.person(expected.index);
            assert_eq!(entry.dn, expected.dn);
            assert_eq!(entry.text("entryUUID").unwrap(), expected.external_id);
            assert_eq!(entry.text("sn").unwrap().trim(), expected.last_name);
            assert_eq!(entry.text("uid").unwrap_or(""), expected.username);
            let mail = entry.text("mail").map(|mail| mail.trim().to_lowercase());
            assert_eq!(mail.unwrap_or_default(), expected.email);
            let locked = entry.text("pwdAccountLockedTime") == Some("000001010000Z");
            assert_eq!(locked, expected.fate == Fate::Disabled);
        }
    }

    #[test]
    fn a_mail_is_shared_by_duplicates_and_by_nobody_else() {
        let org = crowd();
        let mut mails: HashMap<String, Vec<u64>> = HashMap::new();
        for expected in org.manifest().filter(|e| !e.email.is_empty()) {
            mails
                .entry(expected.email)
                .or_default()
                .push(expected.index);
        }
        for holders in mails.values() {
            for &holder in holders {
                let other = match org.expected(holder).fate {
                    Fate::Unsynced {
                        code: "duplicate",
                        other,
                        ..
                    } => other,
                    _ => None,
                };
                assert_eq!(other, holders.iter().copied().find(|&h| h != holder));
            }
        }
    }

    #[test]
    fn bad_bytes_are_where_the_manifest_says_and_nowhere_else() {
        let org = crowd();
        for expected in org.manifest() {
            let entry = org.person(expected.index);
            let bad = |name: &str| {
                entry
                    .values(name)
                    .iter()
                    .any(|v| std::str::from_utf8(v).is_err())
            };
            let said = match expected.fate {
                Fate::Unsynced {
                    code: "bad-utf8",
                    field,
                    ..
                } => Some(field),
                _ => None,
            };
            assert_eq!(bad("mail"), said == Some("email"));
            assert_eq!(bad("telephoneNumber"), said == Some("phone"));
        }
    }

    #[test]
    fn groups_and_people_agree_on_membership() {
        let org = crowd();
        let mut groups: HashMap<Vec<u8>, HashSet<Vec<u8>>> = HashMap::new();
        for entry in org.entries().filter(|e| !e.values("member").is_empty()) {
            let members = entry.values("member").iter().cloned().collect();
            groups.insert(entry.dn.into_bytes(), members);
        }
        assert!(groups.values().any(|members| members.len() == 5_000));
        let mut memberships = 0;
        for person in (0..org.people).map(|index| org.person(index)) {
            for group in person.values("memberOf") {
                assert!(groups[group].contains(person.dn.as_bytes()));
                memberships += 1;
            }
        }
        assert_eq!(
            memberships,
            groups.values().map(HashSet::len).sum::<usize>()
        );
    }

    #[test]
    fn without_troubles_everybody_is_valid() {
        let org = Organisation::new(1, 2_000).with_troubles(Troubles::none());
        let totals = org.totals();
        assert_eq!((totals.valid, totals.people), (2_000, 2_000));
        assert!(
            org.entries()
                .all(|entry| entry.dn.is_ascii() && !entry.dn.contains('\\')
                    || entry.dn.contains("ou=Groups"))
        );
    }

    #[test]
    fn with_the_usual_troubles_every_code_occurs() {
        let totals = Organisation::new(1, 20_000).totals();
        let codes: Vec<_> = totals.unsynced.keys().copied().collect();
        assert_eq!(
            codes,
            ["bad-utf8", "bad-value", "duplicate", "missing-value"]
        );
        assert_eq!(
            totals.people,
            totals.valid + totals.disabled + totals.all_unsynced()
        );
        assert!(totals.disabled > 400 && totals.disabled < 800);
    }
}
