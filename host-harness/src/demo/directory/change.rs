//! Changes to an entry's attributes, and why a change is refused.

use ldap3_proto::LdapResultCode;

use super::schema;
use crate::demo::Entry;

/// One change to one attribute (RFC 4511 section 4.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Adds values.
    Add(String, Vec<Vec<u8>>),
    /// Removes values, or the attribute where none is named.
    Delete(String, Vec<Vec<u8>>),
    /// Puts these values in place of all; none removes the attribute.
    Replace(String, Vec<Vec<u8>>),
}

/// Why an entry could not be changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// The string is no DN.
    #[error("{0:?} is not a DN")]
    BadDn(String),
    /// There is no such entry.
    #[error("there is no entry {dn:?}")]
    NoSuchEntry {
        /// The entry that was asked for, or the one above a new one.
        dn: String,
        /// The nearest entry above it that there is.
        matched: String,
    },
    /// The name is taken.
    #[error("there is an entry {0:?} already")]
    AlreadyExists(String),
    /// Entries below would be left without one above.
    #[error("{0:?} has entries below it")]
    NotLeaf(String),
    /// The value is not there.
    #[error("{dn:?} does not have this {attribute:?}")]
    NoSuchValue {
        /// The entry.
        dn: String,
        /// The attribute.
        attribute: String,
    },
    /// The value is there already.
    #[error("{dn:?} has this {attribute:?} already")]
    ValueExists {
        /// The entry.
        dn: String,
        /// The attribute.
        attribute: String,
    },
    /// The name would not stand in the entry.
    #[error("{0:?} needs the values of its RDN")]
    NotOnRdn(String),
}

impl ChangeError {
    /// RFC 4511 section 4.1.9.
    #[must_use]
    pub const fn code(&self) -> LdapResultCode {
        match self {
            Self::BadDn(_) => LdapResultCode::InvalidDNSyntax,
            Self::NoSuchEntry { .. } => LdapResultCode::NoSuchObject,
            Self::AlreadyExists(_) => LdapResultCode::EntryAlreadyExists,
            Self::NotLeaf(_) => LdapResultCode::NotAllowedOnNonLeaf,
            Self::NoSuchValue { .. } => LdapResultCode::NoSuchAttribute,
            Self::ValueExists { .. } => LdapResultCode::AttributeOrValueExists,
            Self::NotOnRdn(_) => LdapResultCode::NotALlowedOnRDN,
        }
    }
}

impl Change {
    /// The attribute concerned.
    #[must_use]
    pub fn attribute(&self) -> &str {
        match self {
            Self::Add(name, _) | Self::Delete(name, _) | Self::Replace(name, _) => name,
        }
    }

    /// Makes the change; values are compared as the attribute's are.
    pub(super) fn apply(&self, entry: &mut Entry) -> Result<(), ChangeError> {
        let name = schema::canonical(self.attribute());
        let syntax = schema::syntax(&name);
        let holds = |values: &[Vec<u8>], wanted: &[u8]| {
            let wanted = syntax.normal(wanted);
            values.iter().any(|value| syntax.normal(value) == wanted)
        };
        let dn = entry.dn.clone();
        let attribute = name.clone().into_owned();
        match self {
            Change::Add(_, values) => {
                for value in values {
                    if holds(entry.values(&name), value) {
                        return Err(ChangeError::ValueExists { dn, attribute });
                    }
                    entry.push(name.clone(), value.clone());
                }
            }
            Change::Delete(_, values) => {
                let there = entry.values(&name);
                if there.is_empty() || !values.iter().all(|value| holds(there, value)) {
                    return Err(ChangeError::NoSuchValue { dn, attribute });
                }
                let kept = |value: &&Vec<u8>| !values.is_empty() && !holds(values, value);
                let kept = there.iter().filter(kept).cloned().collect();
                entry.set(name, kept);
            }
            Change::Replace(_, values) => entry.set(name, values.clone()),
        }
        Ok(())
    }
}
