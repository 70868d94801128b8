//! Text: strict UTF-8, and printable forms for people.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::DecodeError;

/// Longest printable form of one value in bytes, for previews.
const PRINTABLE_LIMIT: usize = 256;

/// The value as text.
///
/// # Errors
/// `bad-utf8` where it is none, with the offset of the first wrong byte.
pub fn utf8(value: &[u8]) -> Result<&str, DecodeError> {
    std::str::from_utf8(value).map_err(|error| DecodeError::Utf8 {
        at: error.valid_up_to(),
    })
}

/// Nothing, or white space only.
#[must_use]
pub fn is_blank(value: &[u8]) -> bool {
    match value.first() {
        None => true,
        Some(byte) if byte.is_ascii_graphic() => false,
        Some(_) => std::str::from_utf8(value).is_ok_and(|text| text.trim().is_empty()),
    }
}

/// The value for people to look at: text as it is, with control characters made visible; other bytes in
/// hexadecimal behind `0x`. Long values are cut, with their length.
#[must_use]
pub fn printable(value: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(value) {
        Ok(text) if text.len() <= PRINTABLE_LIMIT && !text.contains(char::is_control) => {
            Cow::Borrowed(text)
        }
        Ok(text) => {
            let mut shown = String::new();
            for character in text.chars() {
                if shown.len() >= PRINTABLE_LIMIT {
                    return Cow::Owned(cut(shown, value.len()));
                }
                if character.is_control() {
                    shown.extend(character.escape_default());
                } else {
                    shown.push(character);
                }
            }
            Cow::Owned(shown)
        }
        Err(_) => {
            let mut shown = String::from("0x");
            for byte in value {
                if shown.len() >= PRINTABLE_LIMIT {
                    return Cow::Owned(cut(shown, value.len()));
                }
                let _infallible = write!(shown, "{byte:02x}");
            }
            Cow::Owned(shown)
        }
    }
}

/// The value as it is, for reports that must not alter it: text unchanged; bytes that are no text in hexadecimal
/// behind `0x`.
#[must_use]
pub fn exact(value: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(value) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            let mut shown = String::with_capacity(2 + 2 * value.len());
            shown.push_str("0x");
            for byte in value {
                let _infallible = write!(shown, "{byte:02x}");
            }
            Cow::Owned(shown)
        }
    }
}

fn cut(mut shown: String, length: usize) -> String {
    let _infallible = write!(shown, "… ({length} bytes)");
    shown
}

#[cfg(test)]
mod tests {
    use super::{exact, is_blank, printable, utf8};
    use crate::decode::DecodeError;

    #[test]
    fn utf8_is_read_as_it_is() {
        assert_eq!(utf8("Zoë 山".as_bytes()), Ok("Zoë 山"));
    }

    #[test]
    fn latin1_is_refused_with_its_place() {
        assert_eq!(utf8(b"Zo\xeb"), Err(DecodeError::Utf8 { at: 2 }));
    }

    #[test]
    fn white_space_alone_is_blank() {
        assert!(is_blank(b""));
        assert!(is_blank(b" \t"));
        assert!(is_blank("\u{a0}\u{3000}".as_bytes()));
    }

    #[test]
    fn anything_else_is_not_blank() {
        assert!(!is_blank(b" x"));
        assert!(!is_blank(b"\xff"));
        assert!(!is_blank(b"0"));
    }

    #[test]
    fn bytes_that_are_not_text_are_shown_in_hexadecimal() {
        assert_eq!(printable(b"plain"), "plain");
        assert_eq!(printable(b"Zo\xeb"), "0x5a6feb");
        assert_eq!(printable(b"a\nb\x1b"), "a\\nb\\u{1b}");
    }

    #[test]
    fn the_exact_form_alters_no_text_and_cuts_nothing() {
        let long = "é\n\t; ".repeat(1000);
        assert_eq!(exact(long.as_bytes()), long);
        assert_eq!(exact(b"Zo\xeb\n"), "0x5a6feb0a");
        assert_eq!(exact(&[0xff; 5000]).len(), 10_002);
    }

    #[test]
    fn long_values_are_cut_with_their_length() {
        let shown = printable(&[0xff; 5000]).into_owned();
        assert!(shown.len() < 300 && shown.ends_with("… (5000 bytes)"));
        assert!(printable("é".repeat(1000).as_bytes()).ends_with("… (2000 bytes)"));
    }
}
