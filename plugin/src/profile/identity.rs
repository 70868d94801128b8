//! A person's id, read from an entry.

use std::borrow::Cow;

use crate::attribute::AttributeSet;
use crate::decode::{self, DecodeError};
use crate::entry::Entry;
use crate::filter::Filter;
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

/// The attributes by which the people of one directory are known: the first that an entry has says who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ids(Vec<(Cow<'static, str>, IdDecoder)>);

/// Attributes of the profiles, by which people of any directory can be known.
const KNOWN: [(&str, IdDecoder); 4] = [
    ("entryUUID", IdDecoder::Uuid),
    ("nsUniqueId", IdDecoder::Uuid),
    ("ipaUniqueID", IdDecoder::Uuid),
    ("objectGUID", IdDecoder::Guid),
];

impl Ids {
    /// A profile's own, or the one attribute that somebody chose.
    pub(super) fn new(own: &[IdAttribute], chosen: &str) -> Self {
        if chosen.is_empty() {
            let own = own.iter().map(|id| (Cow::Borrowed(id.name), id.decoder));
            return Self(own.collect());
        }
        let known = KNOWN
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(chosen));
        let one = match known {
            Some((name, decoder)) => (Cow::Borrowed(name), decoder),
            None => (Cow::Owned(chosen.to_owned()), IdDecoder::Text),
        };
        Self(vec![one])
    }

    /// Whether the attribute keeps its values for ever by itself.
    #[must_use]
    pub fn keeps(attribute: &str) -> bool {
        KNOWN
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case(attribute))
    }

    /// The attributes' names, best first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_ref())
    }

    /// Whoever has this external id, in any of the ways that directories write it. Empty where no entry can have it.
    #[must_use]
    pub fn having(&self, external_id: &str) -> Vec<Filter> {
        self.0
            .iter()
            .flat_map(|(name, decoder)| {
                let values = decoder.written(external_id).into_iter();
                values.map(|value| Filter::Equal(name.clone().into_owned(), value))
            })
            .collect()
    }

    /// Reads ids of entries that give these attributes.
    #[must_use]
    pub fn identity(&self, attributes: &mut AttributeSet) -> Identity {
        let place = |(name, decoder): &(Cow<'static, str>, IdDecoder)| {
            (name.clone(), *decoder, attributes.intern(name))
        };
        Identity {
            ids: self.0.iter().map(place).collect(),
        }
    }
}

/// Reads the id of entries: the first of the id attributes that an entry has.
#[derive(Debug, Clone)]
pub struct Identity {
    ids: Vec<(Cow<'static, str>, IdDecoder, usize)>,
}

impl Identity {
    /// The entry's id; borrowed where the directory writes it canonically.
    ///
    /// # Errors
    /// `missing-external-id` where the entry has none of the attributes, `bad-utf8` or `bad-value` where the one
    /// it has cannot be read. There is no falling back from a value that is wrong: the id must not change later.
    pub fn read<'e>(&self, entry: &Entry<'e>) -> Result<Cow<'e, str>, Problem> {
        for (name, decoder, position) in &self.ids {
            let mut values = entry
                .values(*position)
                .filter(|value| !decode::is_blank(value));
            let Some(value) = values.next() else { continue };
            let read = if values.next().is_some() {
                return Err(Problem::new(
                    "bad-value",
                    format!("{name} has several values; an id has one"),
                    "Correct the entry in the directory.",
                )
                .of_field("external-id"));
            } else {
                decoder.read(value)
            };
            return read.map_err(|error| {
                Problem::new(error.code(), format!("{name}: {error}"), error.remedy())
                    .of_field("external-id")
            });
        }
        let names: Vec<&str> = self.ids.iter().map(|(name, ..)| name.as_ref()).collect();
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
