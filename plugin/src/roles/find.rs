//! The groups that the rules name.

use crate::filter::Filter;
use crate::ports::Session;
use crate::settings::GroupName;

use super::ask::{Asking, Trouble};
use super::key;

impl<S: Session> Asking<'_, S> {
    /// The DN of the one group with this name, as the server writes it.
    pub(super) fn find(&self, group: &GroupName) -> Result<String, Trouble> {
        let mut found = Vec::new();
        let mut note = |dn: &[u8]| found.push(String::from_utf8_lossy(dn).into_owned());
        match group {
            GroupName::Dn(dn) => self.entry(dn, self.any_group(), &[], |entry| note(entry.dn()))?,
            GroupName::Name(name) => {
                let equal = |attribute: &&str| {
                    Filter::Equal((*attribute).to_owned(), name.as_bytes().to_vec())
                };
                let named = Filter::Or(self.groups().names.iter().map(equal).collect());
                let filter = Filter::And(vec![self.any_group(), named]);
                self.everywhere(&filter, &[], |entry| note(entry.dn()))?;
            }
        }
        found.sort_by_cached_key(|dn| key::name(dn.as_bytes()));
        found.dedup_by_key(|dn| key::name(dn.as_bytes()));
        let unreadable = |cause: String| Err(Trouble::Unreadable(cause));
        match (found.as_slice(), group) {
            ([dn], _) => Ok(dn.clone()),
            ([], GroupName::Dn(_)) => {
                unreadable("there is no group of that DN that the bind account may read".into())
            }
            ([], GroupName::Name(_)) => unreadable(format!(
                "below {} there is no group of that name that the bind account may read",
                self.contexts.join(" and ")
            )),
            ([one, other, ..], _) => {
                unreadable(format!("several groups have that name: {one}; {other}"))
            }
        }
    }
}
