//! An LDAP entry: a DN and attributes of raw values.

use std::borrow::Cow;

/// An attribute description and its values, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The description, options included (`cn;lang-de`).
    pub name: Cow<'static, str>,
    /// Raw values.
    pub values: Vec<Vec<u8>>,
}

/// An entry. Attributes are unique by name, without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entry {
    /// The DN as a string (RFC 4514).
    pub dn: String,
    /// Attributes, in the order in which they are shown.
    pub attributes: Vec<Attribute>,
}

impl Entry {
    /// An entry without attributes.
    #[must_use]
    pub fn new(dn: impl Into<String>) -> Self {
        Self {
            dn: dn.into(),
            attributes: Vec::new(),
        }
    }

    /// The same entry with one more value.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.push(name, value);
        self
    }

    /// Adds a value after those that the attribute has.
    pub fn push(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Vec<u8>>) {
        let name = name.into();
        match self.attribute_mut(&name) {
            Some(attribute) => attribute.values.push(value.into()),
            None => self.attributes.push(Attribute {
                name,
                values: vec![value.into()],
            }),
        }
    }

    /// Replaces all values; none removes the attribute.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, values: Vec<Vec<u8>>) {
        let name = name.into();
        if values.is_empty() {
            self.attributes
                .retain(|attribute| !attribute.name.eq_ignore_ascii_case(&name));
        } else if let Some(attribute) = self.attribute_mut(&name) {
            attribute.values = values;
        } else {
            self.attributes.push(Attribute { name, values });
        }
    }

    /// The values of an attribute; empty where the entry does not have it.
    #[must_use]
    pub fn values(&self, name: &str) -> &[Vec<u8>] {
        self.attributes
            .iter()
            .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
            .map_or(&[], |attribute| &attribute.values)
    }

    /// The first value, where it is UTF-8.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.values(name).first()?).ok()
    }

    /// The attribute of this name.
    pub fn attribute_mut(&mut self, name: &str) -> Option<&mut Attribute> {
        self.attributes
            .iter_mut()
            .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
    }
}
