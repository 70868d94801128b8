//! LDAP filters (RFC 4511 section 4.5.1.7, text form RFC 4515).

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
