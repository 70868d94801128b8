//! How a kind of directory keeps groups.

/// What groups are like: which entries they are, what they are called, and how a member is told.
#[derive(Debug)]
pub struct Groups {
    /// Object classes, any of which makes an entry a group.
    pub classes: &'static [&'static str],
    /// Attributes by which an administrator may name one.
    pub names: &'static [&'static str],
    /// Where membership is read.
    pub membership: Membership,
    /// Every account has a primary group, which does not list it (`primaryGroupID`, `objectSid`).
    pub primary: bool,
    /// Searches meet references to other parts of the directory, which hold none of its groups.
    pub partitioned: bool,
    /// Object classes whose groups are never without a value of an attribute: where it is missing, it cannot be read.
    pub never_empty: &'static [(&'static str, &'static str)],
}

/// Where membership is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// At the group.
    Group {
        /// Attributes that hold DNs of members, people and groups.
        members: &'static [&'static str],
        /// An attribute that holds user names (RFC 2307), and the person's that it is compared with.
        users: Option<(&'static str, &'static str)>,
        /// The attribute by which members point back, to hold an empty group against.
        back: Option<&'static str>,
    },
    /// At the person, by an attribute that holds the DNs of all groups, those around others among them; and the groups' own,
    /// to hold a group without anybody against.
    Person {
        /// Of the person, and of groups in groups.
        groups: &'static str,
        /// Of the group.
        members: &'static str,
    },
}

/// Groups by RFC 4519, RFC 2307 and its successor's draft.
pub(super) const STANDARD: Groups = Groups {
    classes: &[
        "groupOfNames",
        "groupOfUniqueNames",
        "groupOfMembers",
        "posixGroup",
        "group",
    ],
    names: &["cn"],
    membership: Membership::Group {
        members: &["member", "uniqueMember"],
        users: Some(("memberUid", "uid")),
        back: None,
    },
    primary: false,
    partitioned: false,
    never_empty: &[
        ("groupOfNames", "member"),
        ("groupOfUniqueNames", "uniqueMember"),
    ],
};
