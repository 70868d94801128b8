//! The closed list of transforms. A new one is a variant here, a line in `catalog` and an arm in `apply`.

/// What is done to the values of an attribute, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transform {
    /// The first value that is not blank.
    First,
    /// The last value that is not blank.
    Last,
    /// All values as one, with this between them.
    Join(String),
    /// Without white space at the ends.
    Trim,
    /// Lower case.
    Lower,
    /// Upper case.
    Upper,
    /// Each word with a capital.
    Title,
    /// Unicode normalisation form C.
    Nfc,
    /// Cut at each separator; one piece of it, counted from 1 or, negative, from the end, or all as values of their own.
    Split(String, Option<i32>),
    /// Each occurrence of the first replaced by the second.
    Replace(String, String),
    /// The second of the pair whose first is the value, whatever its case; `otherwise` for a value that is in no pair,
    /// which without it stays as it is.
    Lookup {
        /// From (in lower case) and to.
        pairs: Vec<(String, String)>,
        /// For all other values.
        otherwise: Option<String>,
    },
    /// This where there is no value.
    Default(String),
    /// The values of the first of these attributes that has any, where there is no value.
    Coalesce(Vec<Source>),
    /// This text with the value in place of each `%`.
    Template(Vec<String>),
    /// A UUID in canonical form.
    Uuid,
    /// The 16 bytes of an `objectGUID` as a UUID.
    Guid,
    /// Generalized time as RFC 3339.
    Time,
    /// Windows file time as RFC 3339; *never* is no value.
    FileTime,
    /// `true` or `false`, or these words for them.
    Boolean(String, String),
    /// A whole number, canonical.
    Integer,
    /// Of a DN, the value of the RDN, or of the nearest RDN with this attribute.
    Rdn(Option<String>),
    /// The bytes in base64.
    Base64,
}

/// Where values come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The entry's DN.
    Dn,
    /// The attribute at this position.
    Attribute(usize),
}

impl Transform {
    /// It reads bytes, and so comes before all that read text.
    pub(super) fn reads_bytes(&self) -> bool {
        matches!(self, Self::Guid | Self::Base64)
    }

    /// It looks at all values, not at each one by itself.
    pub(super) fn sees_all(&self) -> bool {
        matches!(
            self,
            Self::First
                | Self::Last
                | Self::Join(_)
                | Self::Default(_)
                | Self::Coalesce(_)
                | Self::Split(_, None)
        )
    }
}
