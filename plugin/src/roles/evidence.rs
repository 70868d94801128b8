//! What a person's entry must give for the person's groups to be told.

use crate::attribute::AttributeSet;
use crate::profile::{Groups, Membership};

/// Positions of attributes in a search.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Evidence {
    /// The names of the groups that the person is in.
    pub(super) groups: Option<usize>,
    /// The user name.
    pub(super) user: Option<usize>,
    /// The account's security identifier, and the number of its primary group.
    pub(super) primary: Option<(usize, usize)>,
}

impl Evidence {
    /// Adds what is needed in a directory with such groups to the attributes of a search for people.
    pub(crate) fn of(groups: &Groups, attributes: &mut AttributeSet) -> Self {
        let (at_person, user) = match groups.membership {
            Membership::Person { groups, .. } => (Some(groups), None),
            Membership::Group { users, .. } => (None, users.map(|(_, user)| user)),
        };
        Self {
            groups: at_person.map(|name| attributes.intern(name)),
            user: user.map(|name| attributes.intern(name)),
            primary: groups.primary.then(|| {
                (
                    attributes.intern("objectSid"),
                    attributes.intern("primaryGroupID"),
                )
            }),
        }
    }
}
