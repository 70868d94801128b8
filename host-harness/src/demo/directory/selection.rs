//! Which attributes of an entry an answer has (RFC 4511 section 4.5.1.8, RFC 3673).

use std::borrow::Cow;

use super::filter::describes;
use super::reply::EntryWriter;
use super::schema;
use super::tree::Node;
use crate::demo::Entry;
use crate::demo::people::SUFFIX;

/// The attributes asked for.
#[derive(Debug)]
pub(super) struct Selection {
    all_user: bool,
    all_operational: bool,
    names: Vec<Cow<'static, str>>,
    types_only: bool,
}

/// Never shown to anybody.
const HIDDEN: &str = "userPassword";

impl Selection {
    pub(super) fn new(requested: &[String], types_only: bool) -> Self {
        let asked = |special: &str| requested.iter().any(|name| name == special);
        Self {
            all_user: requested.is_empty() || asked("*"),
            all_operational: asked("+"),
            names: requested
                .iter()
                .filter(|name| !matches!(name.as_str(), "*" | "+" | "1.1"))
                .map(|name| schema::canonical(name))
                .collect(),
            types_only,
        }
    }

    fn wants(&self, description: &str) -> bool {
        let whole_class = if schema::is_operational(description) {
            self.all_operational
        } else {
            self.all_user
        };
        whole_class || self.wants_by_name(description)
    }

    fn wants_by_name(&self, description: &str) -> bool {
        self.names.iter().any(|name| describes(name, description))
    }

    /// Writes an entry's attributes.
    pub(super) fn write(&self, node: &Node, has_subordinates: bool, to: &mut EntryWriter<'_>) {
        for attribute in &node.entry.attributes {
            if self.wants(&attribute.name) && !attribute.name.eq_ignore_ascii_case(HIDDEN) {
                let values = if self.types_only {
                    &[][..]
                } else {
                    &attribute.values
                };
                to.attribute(&attribute.name, values);
            }
        }
        for (name, value) in self.computed(node, has_subordinates) {
            to.attribute(
                name,
                if self.types_only {
                    &[]
                } else {
                    std::slice::from_ref(&value)
                },
            );
        }
    }

    /// Writes the root DSE's attributes: all but the object class must be asked for by name or with `+`.
    pub(super) fn write_root(&self, entry: &Entry, to: &mut EntryWriter<'_>) {
        for attribute in &entry.attributes {
            let whole_class = if attribute.name == "objectClass" {
                self.all_user
            } else {
                self.all_operational
            };
            if whole_class || self.wants_by_name(&attribute.name) {
                to.attribute(
                    &attribute.name,
                    if self.types_only {
                        &[]
                    } else {
                        &attribute.values
                    },
                );
            }
        }
    }

    /// Operational attributes that follow from the entry and so are not stored.
    fn computed(&self, node: &Node, has_subordinates: bool) -> Vec<(&'static str, Vec<u8>)> {
        if !self.all_operational && !self.names.iter().any(|name| schema::is_operational(name)) {
            return Vec::new();
        }
        let entry = &node.entry;
        let admin = || format!("cn=admin,{SUFFIX}");
        let modified = entry.text("modifyTimestamp").unwrap_or("20240101000000Z");
        let csn = || {
            format!(
                "{}.{:06}Z#000000#000#000000",
                modified.trim_end_matches('Z'),
                node.change % 1_000_000
            )
        };
        let structural = entry
            .values("objectClass")
            .last()
            .cloned()
            .unwrap_or_default();
        let candidates: [(&'static str, Vec<u8>); 7] = [
            ("structuralObjectClass", structural),
            ("entryDN", entry.dn.clone().into_bytes()),
            ("subschemaSubentry", b"cn=Subschema".to_vec()),
            (
                "hasSubordinates",
                if has_subordinates {
                    b"TRUE".to_vec()
                } else {
                    b"FALSE".to_vec()
                },
            ),
            ("creatorsName", admin().into_bytes()),
            ("modifiersName", admin().into_bytes()),
            ("entryCSN", csn().into_bytes()),
        ];
        candidates
            .into_iter()
            .filter(|(name, _)| self.wants(name) && entry.values(name).is_empty())
            .collect()
    }
}
