//! A name as a list of RDNs.

use std::borrow::Cow;

/// A distinguished name. Two are equal where they name the same entry: see [`Dn::normalized`].
#[derive(Debug, Clone, Default)]
pub struct Dn {
    pub(super) rdns: Vec<Rdn>,
}

/// A relative distinguished name: one part, or several joined by plus signs.
#[derive(Debug, Clone)]
pub struct Rdn {
    pub(super) parts: Vec<NamePart>,
}

/// An attribute and its value in a name.
#[derive(Debug, Clone)]
pub struct NamePart {
    /// The attribute as written.
    pub attribute: String,
    /// Its value, escapes undone.
    pub value: DnValue,
}

/// A value in a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DnValue {
    /// Text.
    Text(String),
    /// Bytes that are not UTF-8.
    Octets(Vec<u8>),
    /// The BER encoding of something that is not a string, written behind `#`.
    Ber(Vec<u8>),
}

impl Dn {
    /// The RDNs, that of the entry itself first.
    #[must_use]
    pub fn rdns(&self) -> &[Rdn] {
        &self.rdns
    }

    /// The name of no entry but the root DSE.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rdns.is_empty()
    }

    /// The name of the entry above; `None` for the empty name.
    #[must_use]
    pub fn parent(&self) -> Option<Dn> {
        let (_, above) = self.rdns.split_first()?;
        Some(Self {
            rdns: above.to_vec(),
        })
    }

    /// The entry is `base` or stands below it. Everything is below the empty name.
    #[must_use]
    pub fn is_below(&self, base: &Dn) -> bool {
        self.rdns
            .len()
            .checked_sub(base.rdns.len())
            .is_some_and(|deeper| self.rdns[deeper..] == base.rdns[..])
    }

    /// The value of the entry's own RDN; of a multi-valued one, its first part.
    #[must_use]
    pub fn rdn_value(&self) -> Option<Cow<'_, str>> {
        self.rdns
            .first()?
            .parts
            .first()
            .map(|part| part.value.text())
    }

    /// The value of the nearest RDN with this attribute, from the entry upwards.
    #[must_use]
    pub fn value_of(&self, attribute: &str) -> Option<Cow<'_, str>> {
        self.values_of(attribute).next()
    }

    /// The values of all RDNs with this attribute, from the entry upwards.
    pub fn values_of(&self, attribute: &str) -> impl Iterator<Item = Cow<'_, str>> {
        let wanted = super::compare::type_name(attribute).into_owned();
        self.rdns
            .iter()
            .flat_map(|rdn| &rdn.parts)
            .filter(move |part| super::compare::type_name(&part.attribute) == wanted)
            .map(|part| part.value.text())
    }
}

impl Rdn {
    /// Its parts in the order written; more than one where it is multi-valued.
    #[must_use]
    pub fn parts(&self) -> &[NamePart] {
        &self.parts
    }
}

impl DnValue {
    /// The value as text; what is not text as it stands in a name.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Octets(_) | Self::Ber(_) => Cow::Owned(self.to_string()),
        }
    }
}
