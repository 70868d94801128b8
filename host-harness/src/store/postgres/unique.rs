//! Unique values as their index takes them.

use sha2::{Digest, Sha256};

/// Bytes of a value that is its own key; the statements say the same.
const LONGEST: usize = 1024;

/// The part of a statement that makes the key of a unique value: the value, or its digest where it is too long for an index.
/// No kept text begins with U+0001 and has anything but U+0002 or U+0003 behind it.
macro_rules! key_of {
    ($value:literal) => {
        concat!(
            "(CASE WHEN octet_length(",
            $value,
            ") <= 1024 THEN ",
            $value,
            " ELSE chr(1) || chr(4) || encode(sha256(convert_to(",
            $value,
            ", 'UTF8')), 'hex') END)"
        )
    };
}
pub(super) use key_of;

/// The same of a kept value in this program.
pub(in crate::store) fn unique_key(kept: String) -> String {
    if kept.len() <= LONGEST {
        return kept;
    }
    Sha256::digest(&kept)
        .iter()
        .fold("\u{1}\u{4}".to_owned(), |key, byte| {
            format!("{key}{byte:02x}")
        })
}
