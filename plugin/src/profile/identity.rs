//! A person's id, read from an entry.

use std::borrow::Cow;

use crate::attribute::AttributeSet;
use crate::decode::{self, DecodeError};
use crate::entry::Entry;
use crate::problem::Problem;

/// An attribute that identifies an entry for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdAttribute {
    /// Its name.
    pub name: &'static str,
    /// How its value becomes an id.
    pub decoder: IdDecoder,
}

/// How a value becomes an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdDecoder {
    /// A UUID in text, made canonical.
    Uuid,
    /// 16 bytes with the first three groups little-endian (`objectGUID`).
    Guid,
    /// Text as it is, for directories without UUIDs.
    Text,
}

/// Reads the id of entries: the first of a profile's id attributes that an entry has.
#[derive(Debug, Clone)]
pub struct Identity {
    ids: Vec<(IdAttribute, usize)>,
}

impl Identity {
    /// Adds the attributes to those a search asks for.
    pub fn new(ids: &[IdAttribute], attributes: &mut AttributeSet) -> Self {
        Self {
            ids: ids
                .iter()
                .map(|id| (*id, attributes.intern(id.name)))
                .collect(),
        }
    }

    /// The entry's id; borrowed where the directory writes it canonically.
    ///
    /// # Errors
    /// `missing-external-id` where the entry has none of the attributes, `bad-utf8` or `bad-value` where the one
    /// it has cannot be read. There is no falling back from a value that is wrong: the id must not change later.
    pub fn read<'e>(&self, entry: &Entry<'e>) -> Result<Cow<'e, str>, Problem> {
        for (id, position) in &self.ids {
            let mut values = entry
                .values(*position)
                .filter(|value| !decode::is_blank(value));
            let Some(value) = values.next() else { continue };
            let read = if values.next().is_some() {
                return Err(Problem::new(
                    "bad-value",
                    format!("{} has several values; an id has one", id.name),
                    "Correct the entry in the directory.",
                )
                .of_field("external-id"));
            } else {
                id.decoder.read(value)
            };
            return read.map_err(|error| {
                Problem::new(
                    error.code(),
                    format!("{}: {error}", id.name),
                    error.remedy(),
                )
                .of_field("external-id")
            });
        }
        let names: Vec<&str> = self.ids.iter().map(|(id, _)| id.name).collect();
        Err(Problem::new(
            "missing-external-id",
            format!(
                "the entry has no id that stays the same for ever ({})",
                names.join(", ")
            ),
            "Let the bind account read this attribute, and check that the directory keeps it.",
        )
        .of_field("external-id"))
    }
}

impl IdDecoder {
    /// The values that read as this id, as directories write them.
    pub(super) fn written(self, external_id: &str) -> Vec<Vec<u8>> {
        let uuid = decode::uuid(external_id).ok();
        match (self, uuid) {
            (Self::Text, _) => vec![external_id.as_bytes().to_vec()],
            (Self::Guid, Some(id)) => decode::guid_bytes(&id).into_iter().collect(),
            (Self::Uuid, Some(id)) => vec![id.as_bytes().to_vec(), three_hyphens(&id).into_bytes()],
            (Self::Guid | Self::Uuid, None) => Vec::new(),
        }
    }

    fn read(self, value: &[u8]) -> Result<Cow<'_, str>, DecodeError> {
        match self {
            Self::Uuid => decode::uuid(decode::utf8(value)?),
            Self::Guid => decode::guid(value).map(Cow::Owned),
            Self::Text => decode::utf8(value).map(|text| Cow::Borrowed(text.trim())),
        }
    }
}

/// As 389-DS writes its ids: 8-8-8-8.
fn three_hyphens(uuid: &str) -> String {
    let digits: String = uuid.chars().filter(|c| *c != '-').collect();
    let groups: Vec<_> = (0..4)
        .filter_map(|n| digits.get(n * 8..n * 8 + 8))
        .collect();
    groups.join("-")
}
