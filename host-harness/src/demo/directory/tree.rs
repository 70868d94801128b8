//! The entries in memory, in the order in which they came, and changes to them.

use std::collections::{BTreeMap, HashSet};
use std::ops::Bound;
use std::sync::Arc;

use super::change::{Change, ChangeError};
use super::options::Vendor;
use super::{integrity, schema, shape};
use crate::demo::Entry;
use crate::demo::dn::{Dn, parent_key, split_first};
use chrono::Utc;

/// An entry with its place. Its number stays the same for life and orders every search.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) id: u64,
    pub(super) key: String,
    /// The number of the change that made it what it is.
    pub(super) change: u64,
    pub(super) entry: Entry,
}

/// All entries.
#[derive(Debug)]
pub(super) struct Tree {
    vendor: Vendor,
    by_id: BTreeMap<u64, Arc<Node>>,
    by_key: BTreeMap<String, u64>,
    names: HashSet<String>,
    last_id: u64,
    changes: u64,
}

impl Tree {
    /// Takes entries as they are, those above before those below; for filling an empty tree.
    pub(super) fn fill(
        vendor: Vendor,
        entries: impl Iterator<Item = Entry>,
    ) -> Result<Self, ChangeError> {
        let mut tree = Self {
            vendor,
            by_id: BTreeMap::new(),
            by_key: BTreeMap::new(),
            names: HashSet::new(),
            last_id: 0,
            changes: 0,
        };
        for entry in entries {
            let key = key_of(&entry.dn)?;
            tree.insert(key, entry);
        }
        Ok(tree)
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether any entry has, or had, an attribute of this name.
    pub(super) fn has_seen(&self, name: &str) -> bool {
        self.names
            .contains(&schema::base(name).to_ascii_lowercase())
    }

    pub(super) fn get(&self, dn: &str) -> Result<&Arc<Node>, ChangeError> {
        let key = key_of(dn)?;
        self.by_key(&key).ok_or_else(|| self.no_such(dn, &key))
    }

    pub(super) fn by_key(&self, key: &str) -> Option<&Arc<Node>> {
        self.by_id.get(self.by_key.get(key)?)
    }

    /// Entries by number, after one.
    pub(super) fn after(&self, id: u64) -> impl Iterator<Item = &Arc<Node>> {
        self.by_id
            .range((Bound::Excluded(id), Bound::Unbounded))
            .map(|(_, node)| node)
    }

    pub(super) fn has_subordinates(&self, key: &str) -> bool {
        let mut below = self
            .by_key
            .range::<str, _>((Bound::Excluded(key), Bound::Unbounded));
        below.next().is_some_and(|(next, _)| next.starts_with(key))
    }

    /// The error for a name that is not there, with the nearest above that is.
    pub(super) fn no_such(&self, dn: &str, key: &str) -> ChangeError {
        let mut above = parent_key(key);
        let matched = loop {
            match self.by_key(above) {
                Some(node) => break node.entry.dn.clone(),
                None if above.is_empty() => break String::new(),
                None => above = parent_key(above),
            }
        };
        ChangeError::NoSuchEntry {
            dn: dn.to_owned(),
            matched,
        }
    }

    pub(super) fn add(&mut self, mut entry: Entry) -> Result<(), ChangeError> {
        let key = key_of(&entry.dn)?;
        if self.by_key.contains_key(&key) {
            return Err(ChangeError::AlreadyExists(entry.dn));
        }
        if !self.by_key.contains_key(parent_key(&key)) {
            return Err(self.no_such(split_first(&entry.dn).1, parent_key(&key)));
        }
        add_naming_values(&mut entry)?;
        shape::identify(self.vendor.kind(), &mut entry);
        for name in ["createTimestamp", "modifyTimestamp"] {
            if entry.values(name).is_empty() {
                entry.push(name, now());
            }
        }
        let members = integrity::members(&entry);
        let dn = entry.dn.clone();
        self.insert(key, entry);
        integrity::members_changed(self, &dn, &[], &members);
        Ok(())
    }

    pub(super) fn modify(&mut self, dn: &str, changes: &[Change]) -> Result<(), ChangeError> {
        let node = Arc::clone(self.get(dn)?);
        let before = integrity::members(&node.entry);
        let mut entry = node.entry.clone();
        for change in changes {
            change.apply(&mut entry)?;
        }
        let naming = Dn::parse(&entry.dn).map_err(|_| ChangeError::BadDn(entry.dn.clone()))?;
        for ava in naming.rdns.first().into_iter().flatten() {
            let normal = |value: &[u8]| schema::syntax(&ava.attribute).normal(value).into_owned();
            let wanted = normal(&ava.value);
            let name = schema::canonical(&ava.attribute);
            if !entry
                .values(&name)
                .iter()
                .any(|value| normal(value) == wanted)
            {
                return Err(ChangeError::NotOnRdn(entry.dn));
            }
        }
        let touched = |name: &str| schema::base(name).eq_ignore_ascii_case("modifyTimestamp");
        if !changes.iter().any(|change| touched(change.attribute())) {
            entry.set("modifyTimestamp", vec![now().into_bytes()]);
        }
        let after = integrity::members(&entry);
        let name = entry.dn.clone();
        self.replace(&node, node.key.clone(), entry);
        integrity::members_changed(self, &name, &before, &after);
        Ok(())
    }

    /// Renames an entry, moves it below another, or both, with everything below it. The number and `entryUUID` stay.
    pub(super) fn rename(
        &mut self,
        dn: &str,
        rdn: &str,
        delete_old: bool,
        superior: Option<&str>,
    ) -> Result<(), ChangeError> {
        let node = Arc::clone(self.get(dn)?);
        let above = superior.unwrap_or_else(|| split_first(&node.entry.dn).1);
        let new_dn = if above.is_empty() {
            rdn.to_owned()
        } else {
            format!("{rdn},{above}")
        };
        let new_key = key_of(&new_dn)?;
        if new_key != node.key && self.by_key.contains_key(&new_key) {
            return Err(ChangeError::AlreadyExists(new_dn));
        }
        let parent = parent_key(&new_key);
        if !self.by_key.contains_key(parent) || parent.starts_with(&node.key) {
            return Err(self.no_such(above, parent));
        }
        let mut entry = node.entry.clone();
        if delete_old {
            remove_naming_values(&mut entry)?;
        }
        entry.dn.clone_from(&new_dn);
        add_naming_values(&mut entry)?;
        entry.set("modifyTimestamp", vec![now().into_bytes()]);

        let moved: Vec<Arc<Node>> = self.below(&node.key);
        let mut names = vec![(node.key.clone(), new_dn.clone())];
        self.replace(&node, new_key.clone(), entry);
        for below in moved {
            let mut entry = below.entry.clone();
            entry.dn = renamed_above(&entry.dn, &node.key, &new_dn);
            names.push((below.key.clone(), entry.dn.clone()));
            let key = format!("{new_key}{}", &below.key[node.key.len()..]);
            self.replace(&below, key, entry);
        }
        integrity::renamed(self, &names);
        Ok(())
    }

    pub(super) fn delete(&mut self, dn: &str) -> Result<(), ChangeError> {
        let node = Arc::clone(self.get(dn)?);
        if self.has_subordinates(&node.key) {
            return Err(ChangeError::NotLeaf(node.entry.dn.clone()));
        }
        self.by_id.remove(&node.id);
        self.by_key.remove(&node.key);
        integrity::deleted(self, &node.key);
        Ok(())
    }

    /// Puts another entry in a node's place.
    pub(super) fn replace(&mut self, node: &Node, key: String, entry: Entry) {
        self.by_key.remove(&node.key);
        self.place(node.id, key, entry);
    }

    /// Every node, for changes that concern all.
    pub(super) fn nodes(&self) -> Vec<Arc<Node>> {
        self.by_id.values().cloned().collect()
    }

    fn below(&self, key: &str) -> Vec<Arc<Node>> {
        self.by_key
            .range::<str, _>((Bound::Excluded(key), Bound::Unbounded))
            .take_while(|(other, _)| other.starts_with(key))
            .filter_map(|(_, id)| self.by_id.get(id).cloned())
            .collect()
    }

    fn insert(&mut self, key: String, entry: Entry) {
        self.last_id += 1;
        self.place(self.last_id, key, entry);
    }

    fn place(&mut self, id: u64, key: String, mut entry: Entry) {
        for attribute in &mut entry.attributes {
            let base = schema::base(&attribute.name);
            if !schema::is_known(base) && !self.names.contains(&base.to_ascii_lowercase()) {
                self.names.insert(base.to_ascii_lowercase());
            }
            attribute.name = schema::canonical(&attribute.name);
            attribute.values.shrink_to_fit();
            attribute.values.iter_mut().for_each(Vec::shrink_to_fit);
        }
        // Entries stay for long: room to grow would be most of what they take.
        entry.attributes.shrink_to_fit();
        self.changes += 1;
        self.by_key.insert(key.clone(), id);
        let node = Node {
            id,
            key,
            change: self.changes,
            entry,
        };
        self.by_id.insert(id, Arc::new(node));
    }
}

fn key_of(dn: &str) -> Result<String, ChangeError> {
    Dn::key_of(dn).map_err(|_| ChangeError::BadDn(dn.to_owned()))
}

/// Now, as generalized time.
fn now() -> String {
    Utc::now().format("%Y%m%d%H%M%SZ").to_string()
}

fn naming_values(entry: &Entry) -> Result<Vec<(String, Vec<u8>)>, ChangeError> {
    let dn = Dn::parse(&entry.dn).map_err(|_| ChangeError::BadDn(entry.dn.clone()))?;
    let first = dn.rdns.into_iter().next().unwrap_or_default();
    Ok(first
        .into_iter()
        .map(|ava| (schema::canonical(&ava.attribute).into_owned(), ava.value))
        .collect())
}

fn add_naming_values(entry: &mut Entry) -> Result<(), ChangeError> {
    for (name, value) in naming_values(entry)? {
        let syntax = schema::syntax(&name);
        let there = entry
            .values(&name)
            .iter()
            .any(|v| syntax.normal(v) == syntax.normal(&value));
        if !there {
            entry.push(name, value);
        }
    }
    Ok(())
}

fn remove_naming_values(entry: &mut Entry) -> Result<(), ChangeError> {
    for (name, value) in naming_values(entry)? {
        let syntax = schema::syntax(&name);
        let differs = |v: &&Vec<u8>| syntax.normal(v) != syntax.normal(&value);
        let kept = entry
            .values(&name)
            .iter()
            .filter(differs)
            .cloned()
            .collect();
        entry.set(name, kept);
    }
    Ok(())
}

/// A DN below a renamed entry: its own RDNs, and the new name in place of the old.
fn renamed_above(dn: &str, old_key: &str, new_dn: &str) -> String {
    let mut own = Vec::new();
    let mut rest = dn;
    while !rest.is_empty() && Dn::key_of(rest).is_ok_and(|key| key != old_key) {
        let (first, above) = split_first(rest);
        own.push(first);
        rest = above;
    }
    own.push(new_dn);
    own.join(",")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::demo::people::{Organisation, SUFFIX, Troubles};

    fn tree() -> Tree {
        let org = Organisation::new(1, 20).with_troubles(Troubles::none());
        Tree::fill(Vendor::OpenLdap, org.entries()).unwrap()
    }

    fn person(index: u64) -> String {
        Organisation::new(1, 20)
            .with_troubles(Troubles::none())
            .person(index)
            .dn
    }

    fn id(tree: &Tree, dn: &str) -> String {
        tree.get(dn)
            .unwrap()
            .entry
            .text("entryUUID")
            .unwrap()
            .to_owned()
    }

    fn managers(tree: &Tree, dn: &str) -> usize {
        let key = Dn::key_of(dn).unwrap();
        let manages = |node: &&Arc<Node>| {
            node.entry
                .text("manager")
                .is_some_and(|m| Dn::key_of(m).unwrap() == key)
        };
        tree.after(0).filter(manages).count()
    }

    #[test]
    fn a_renamed_person_keeps_the_id_and_references_follow() {
        let mut tree = tree();
        let old = person(0);
        let uuid = id(&tree, &old);
        let new = format!("cn=The\\, Boss,ou=People,{SUFFIX}");
        let led = managers(&tree, &old);
        tree.rename(&old, "cn=The\\, Boss", false, None).unwrap();
        assert_eq!(id(&tree, &new), uuid);
        assert!(tree.get(&old).is_err());
        assert_eq!((managers(&tree, &new), managers(&tree, &old)), (led, 0));
        let group = tree
            .get(&format!("cn=Everyone 1,ou=Groups,{SUFFIX}"))
            .unwrap();
        assert!(group.entry.values("member").contains(&new.into_bytes()));
    }

    #[test]
    fn a_moved_container_takes_everybody_along() {
        let mut tree = tree();
        let before = tree.len();
        tree.rename(
            &format!("ou=People,{SUFFIX}"),
            "ou=Staff",
            true,
            Some(&format!("ou=Groups,{SUFFIX}")),
        )
        .unwrap();
        let moved = person(3).replace("ou=People", "ou=Staff,ou=Groups");
        assert_eq!(tree.get(&moved).unwrap().entry.dn, moved);
        assert_eq!(tree.len(), before);
    }

    #[test]
    fn an_entry_does_not_move_below_itself() {
        let people = format!("ou=People,{SUFFIX}");
        let moved = tree().rename(
            &people,
            "ou=People",
            false,
            Some(&format!("ou=Contractors,{people}")),
        );
        assert!(matches!(moved, Err(ChangeError::NoSuchEntry { .. })));
    }

    #[test]
    fn a_taken_name_is_refused() {
        let mut tree = tree();
        let rdn = split_first(&person(1)).0.to_owned();
        assert!(matches!(
            tree.rename(&person(0), &rdn, true, None),
            Err(ChangeError::AlreadyExists(_))
        ));
        let taken = tree.get(&person(1)).unwrap().entry.clone();
        assert!(matches!(
            tree.add(taken),
            Err(ChangeError::AlreadyExists(_))
        ));
    }

    #[test]
    fn a_deleted_person_leaves_no_reference() {
        let mut tree = tree();
        tree.delete(&person(0)).unwrap();
        assert_eq!(managers(&tree, &person(0)), 0);
        assert!(matches!(
            tree.delete(&person(0)),
            Err(ChangeError::NoSuchEntry { .. })
        ));
    }

    #[test]
    fn an_entry_with_others_below_is_not_deleted() {
        let people = format!("ou=People,{SUFFIX}");
        assert!(matches!(
            tree().delete(&people),
            Err(ChangeError::NotLeaf(_))
        ));
    }

    #[test]
    fn a_new_entry_needs_one_above_and_gets_an_id() {
        let mut tree = tree();
        let hire = |dn: &str| {
            Entry::new(dn)
                .with("objectClass", "inetOrgPerson")
                .with("sn", "New")
        };
        let orphan = tree.add(hire("uid=new,ou=Nowhere,dc=example,dc=org"));
        let Err(ChangeError::NoSuchEntry { matched, .. }) = orphan else {
            unreachable!("it was added")
        };
        assert_eq!(matched, SUFFIX);
        let dn = format!("uid=new,ou=People,{SUFFIX}");
        tree.add(hire(&dn)).unwrap();
        assert_eq!(tree.get(&dn).unwrap().entry.text("uid"), Some("new"));
        assert_eq!(id(&tree, &dn).len(), 36);
    }

    #[test]
    fn a_membership_shows_at_the_member_without_changing_its_time() {
        let mut tree = tree();
        let group = Entry::new(format!("cn=New,ou=Groups,{SUFFIX}"))
            .with("objectClass", "groupOfNames")
            .with("member", person(2));
        let time = |tree: &Tree| {
            tree.get(&person(2))
                .unwrap()
                .entry
                .values("modifyTimestamp")
                .to_vec()
        };
        let before = time(&tree);
        tree.add(group.clone()).unwrap();
        let groups = |tree: &Tree| {
            tree.get(&person(2))
                .unwrap()
                .entry
                .values("memberOf")
                .to_vec()
        };
        assert!(groups(&tree).contains(&group.dn.clone().into_bytes()));
        assert_eq!(time(&tree), before);
        tree.modify(
            &group.dn,
            &[Change::Replace(
                "member".into(),
                vec![person(3).into_bytes()],
            )],
        )
        .unwrap();
        assert!(!groups(&tree).contains(&group.dn.into_bytes()));
    }

    #[test]
    fn values_are_added_and_removed_by_their_meaning() {
        let mut tree = tree();
        let dn = person(4);
        let mail = || vec![b"Second@Example.org".to_vec()];
        tree.modify(&dn, &[Change::Add("rfc822Mailbox".into(), mail())])
            .unwrap();
        let again = tree.modify(
            &dn,
            &[Change::Add(
                "mail".into(),
                vec![b"second@example.org".to_vec()],
            )],
        );
        assert!(matches!(again, Err(ChangeError::ValueExists { .. })));
        tree.modify(&dn, &[Change::Delete("mail".into(), mail())])
            .unwrap();
        let gone = tree.modify(&dn, &[Change::Delete("mail".into(), mail())]);
        assert!(matches!(gone, Err(ChangeError::NoSuchValue { .. })));
    }

    #[test]
    fn the_values_of_the_rdn_stay() {
        let dn = person(4);
        let removed = tree().modify(&dn, &[Change::Delete("uid".into(), Vec::new())]);
        assert_eq!(removed, Err(ChangeError::NotOnRdn(dn)));
    }
}
