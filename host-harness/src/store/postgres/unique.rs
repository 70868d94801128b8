//! Unique values as their index takes them.

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
