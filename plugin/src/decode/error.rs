//! What can be wrong with a value.

use crate::problem::Problem;

/// Why a value could not be read. Never holds the value itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Bytes that are not UTF-8.
    #[error("the value is not UTF-8 from byte {at} on")]
    Utf8 {
        /// Offset of the first wrong byte.
        at: usize,
    },
    /// Not a UUID in any usual form.
    #[error("the value is not a UUID")]
    Uuid,
    /// Not 16 bytes.
    #[error("the value is {length} bytes long; a GUID has 16")]
    Guid {
        /// What it is.
        length: usize,
    },
    /// Not generalized time.
    #[error("the value is not a time such as 20240229120000Z")]
    GeneralizedTime,
    /// Not a file time.
    #[error("the value is not a Windows file time (100 ns steps since 1601)")]
    FileTime,
    /// Neither true nor false.
    #[error("the value is neither TRUE nor FALSE")]
    Boolean,
    /// Not an integer, or over 64 bits.
    #[error("the value is not a whole number of at most 64 bits")]
    Integer,
    /// Not a DN.
    #[error("the value is not a DN")]
    Dn,
}

impl DecodeError {
    /// The stable code: `bad-utf8` or `bad-value`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Utf8 { .. } => "bad-utf8",
            _ => "bad-value",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Utf8 { .. } => {
                "Correct the value in the directory: it was probably written in another character set, such as Latin-1."
            }
            Self::Uuid | Self::Guid { .. } => {
                "Choose an attribute that holds a UUID, or another transform."
            }
            Self::GeneralizedTime | Self::FileTime => {
                "Correct the value in the directory, or choose the transform that fits the attribute's syntax."
            }
            Self::Boolean => {
                "Correct the value in the directory, or turn it into TRUE or FALSE with lookup."
            }
            Self::Integer => "Correct the value in the directory, or choose another attribute.",
            Self::Dn => {
                "Choose an attribute that holds a DN, such as manager, or leave the transform rdn out."
            }
        }
    }
}

impl From<DecodeError> for Problem {
    fn from(error: DecodeError) -> Self {
        Self::new(error.code(), error.to_string(), error.remedy())
    }
}
