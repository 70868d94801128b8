//! Booleans and integers.

use super::DecodeError;

/// A boolean (RFC 4517 section 3.3.3), in any case, and the words that directories use in its place.
///
/// # Errors
/// `bad-value` for anything else.
pub fn boolean(text: &str) -> Result<bool, DecodeError> {
    let text = text.trim();
    let is_one_of = |words: [&str; 5]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if is_one_of(["TRUE", "yes", "on", "y", "1"]) {
        Ok(true)
    } else if is_one_of(["FALSE", "no", "off", "n", "0"]) {
        Ok(false)
    } else {
        Err(DecodeError::Boolean)
    }
}

/// An integer (RFC 4517 section 3.3.16) of at most 64 bits.
///
/// # Errors
/// `bad-value` for anything else.
pub fn integer(value: &[u8]) -> Result<i64, DecodeError> {
    std::str::from_utf8(value)
        .ok()
        .map(str::trim)
        .filter(|text| !text.starts_with('+'))
        .and_then(|text| text.parse().ok())
        .ok_or(DecodeError::Integer)
}

#[cfg(test)]
mod tests {
    use super::{boolean, integer};
    use crate::decode::DecodeError;

    #[test]
    fn booleans_are_read_in_any_case() {
        assert_eq!(boolean("TRUE"), Ok(true));
        assert_eq!(boolean(" true "), Ok(true));
        assert_eq!(boolean("False"), Ok(false));
        assert_eq!(boolean("0"), Ok(false));
    }

    #[test]
    fn other_words_are_no_booleans() {
        for text in ["", "maybe", "2", "truthy"] {
            assert_eq!(boolean(text), Err(DecodeError::Boolean), "{text}");
        }
    }

    #[test]
    fn integers_are_read_up_to_64_bits() {
        assert_eq!(integer(b"-42"), Ok(-42));
        assert_eq!(integer(b"9223372036854775807"), Ok(i64::MAX));
    }

    #[test]
    fn other_values_are_no_integers() {
        for value in [&b""[..], b"1.5", b"+1", b"9223372036854775808", b"\xff"] {
            assert_eq!(integer(value), Err(DecodeError::Integer));
        }
    }
}
