//! References that follow a change, as OpenLDAP's `refint` and `memberof` overlays keep them.

use std::collections::HashMap;
use std::sync::Arc;

use super::tree::Tree;
use crate::demo::Entry;
use crate::demo::dn::Dn;

/// Attributes whose values are the names of entries that may be renamed or deleted.
const REFERENCES: [&str; 4] = ["manager", "member", "uniqueMember", "memberOf"];

/// The members of a group; nobody for any other entry.
pub(super) fn members(entry: &Entry) -> Vec<Vec<u8>> {
    entry.values("member").to_vec()
}

/// Shows at each entry which groups it came into or fell out of. Its modification time stays, as in OpenLDAP.
pub(super) fn members_changed(tree: &mut Tree, group: &str, before: &[Vec<u8>], after: &[Vec<u8>]) {
    let key_of = |value: &Vec<u8>| Dn::key_of(std::str::from_utf8(value).ok()?).ok();
    let mut steps: HashMap<String, i8> = HashMap::new();
    for key in after.iter().filter_map(key_of) {
        *steps.entry(key).or_default() += 1;
    }
    for key in before.iter().filter_map(key_of) {
        *steps.entry(key).or_default() -= 1;
    }
    for (key, step) in steps.into_iter().filter(|(_, step)| *step != 0) {
        let Some(node) = tree.by_key(&key).map(Arc::clone) else {
            continue;
        };
        let mut entry = node.entry.clone();
        let mut groups = entry.values("memberOf").to_vec();
        groups.retain(|value| value.as_slice() != group.as_bytes());
        if step > 0 {
            groups.push(group.as_bytes().to_vec());
        }
        entry.set("memberOf", groups);
        tree.replace(&node, key, entry);
    }
}

/// Puts new names in place of old ones wherever they are referred to. Each pair is an old key and the new DN.
pub(super) fn renamed(tree: &mut Tree, names: &[(String, String)]) {
    let names: HashMap<&str, &str> = names
        .iter()
        .map(|(key, dn)| (key.as_str(), dn.as_str()))
        .collect();
    rewrite(tree, |key| names.get(key).map(|dn| Some((*dn).to_owned())));
}

/// Removes every reference to an entry that is gone.
pub(super) fn deleted(tree: &mut Tree, gone: &str) {
    rewrite(tree, |key| (key == gone).then_some(None));
}

/// `change` says of a key what becomes of values that name it: `None` nothing, `Some(None)` they go.
fn rewrite(tree: &mut Tree, change: impl Fn(&str) -> Option<Option<String>>) {
    for node in tree.nodes() {
        let mut changed: Option<Entry> = None;
        for name in REFERENCES {
            let values = node.entry.values(name);
            let fate =
                |value: &Vec<u8>| change(&Dn::key_of(std::str::from_utf8(value).ok()?).ok()?);
            let fates: Vec<_> = values.iter().map(fate).collect();
            if fates.iter().all(Option::is_none) {
                continue;
            }
            let kept = values
                .iter()
                .zip(fates)
                .filter_map(|(value, fate)| match fate {
                    None => Some(value.clone()),
                    Some(new) => new.map(String::into_bytes),
                });
            changed
                .get_or_insert_with(|| node.entry.clone())
                .set(name, kept.collect());
        }
        if let Some(entry) = changed {
            tree.replace(&node, node.key.clone(), entry);
        }
    }
}
