//! The portal's fields (contract: `portal.field`), and whether a value fits one.

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Any text.
    Text,
    /// A mail address.
    Email,
    /// A telephone number.
    Phone,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// RFC 3339.
    Timestamp,
    /// BCP 47.
    Language,
    /// IANA time zone name.
    Zone,
    /// Another person's external id.
    Person,
    /// Base64.
    Image,
}

/// One field of the portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Stable id.
    pub id: String,
    /// `requester`, `work`, `address` or `custom`.
    pub tab: String,
    /// Shown.
    pub label: String,
    /// What it holds.
    pub kind: FieldKind,
    /// A person without it is unsynced.
    pub required: bool,
    /// No two people share a value.
    pub unique: bool,
    /// In Unicode scalar values; 0 is no limit.
    pub max_length: u32,
}
