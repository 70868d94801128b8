//! A filter as a tree.

use crate::attribute::AttributeSet;

/// A filter as a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// All of them; none is *true* (RFC 4526).
    And(Vec<Filter>),
    /// Any of them; none is *false* (RFC 4526).
    Or(Vec<Filter>),
    /// Not this one.
    Not(Box<Filter>),
    /// Attribute and value.
    Equal(String, Vec<u8>),
    /// Attribute, then initial, any and final parts.
    Substrings {
        /// Attribute description.
        attribute: String,
        /// Before the first star.
        initial: Option<Vec<u8>>,
        /// Between stars.
        any: Vec<Vec<u8>>,
        /// After the last star.
        last: Option<Vec<u8>>,
    },
    /// Attribute and value.
    GreaterOrEqual(String, Vec<u8>),
    /// Attribute and value.
    LessOrEqual(String, Vec<u8>),
    /// Attribute and value.
    Approximate(String, Vec<u8>),
    /// Attribute.
    Present(String),
    /// RFC 4515 section 3, `extensible`.
    Extensible {
        /// Attribute description.
        attribute: Option<String>,
        /// Matching rule.
        rule: Option<String>,
        /// Assertion value.
        value: Vec<u8>,
        /// `:dn`.
        dn_attributes: bool,
    },
}

impl Filter {
    /// The filters directly below this one; none for an assertion.
    #[must_use]
    pub fn operands(&self) -> &[Filter] {
        match self {
            Self::And(operands) | Self::Or(operands) => operands,
            Self::Not(operand) => std::slice::from_ref(operand),
            _ => &[],
        }
    }

    /// The attribute of an assertion.
    #[must_use]
    pub fn attribute(&self) -> Option<&str> {
        match self {
            Self::And(_) | Self::Or(_) | Self::Not(_) => None,
            Self::Equal(attribute, _)
            | Self::GreaterOrEqual(attribute, _)
            | Self::LessOrEqual(attribute, _)
            | Self::Approximate(attribute, _)
            | Self::Present(attribute)
            | Self::Substrings { attribute, .. } => Some(attribute),
            Self::Extensible { attribute, .. } => attribute.as_deref(),
        }
    }

    /// The assertion is about the values in the entry's name too (`:dn`).
    #[must_use]
    pub fn is_about_name(&self) -> bool {
        matches!(
            self,
            Self::Extensible {
                dn_attributes: true,
                ..
            }
        )
    }

    /// The assertions in the order of the text.
    #[must_use]
    pub fn assertions(&self) -> Vec<&Self> {
        let mut assertions = Vec::new();
        let mut open = vec![self];
        while let Some(filter) = open.pop() {
            match filter {
                Self::And(_) | Self::Or(_) | Self::Not(_) => {
                    open.extend(filter.operands().iter().rev());
                }
                assertion => assertions.push(assertion),
            }
        }
        assertions
    }

    /// Every attribute that the filter names, once, in the order of the text.
    #[must_use]
    pub fn attributes(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for name in self.assertions().into_iter().filter_map(Self::attribute) {
            if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                names.push(name);
            }
        }
        names
    }

    /// Adds the attributes that the filter names to those a search asks for, so that it can be evaluated on the entries.
    pub fn intern(&self, attributes: &mut AttributeSet) {
        for name in self.attributes() {
            attributes.intern(name);
        }
    }
}
