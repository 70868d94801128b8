//! UUIDs (RFC 9562, RFC 4530), canonical: lower case with hyphens.

use std::borrow::Cow;

use super::DecodeError;

/// Places of the hyphens in the canonical form.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// The canonical form of a UUID in text: with or without hyphens wherever they stand (`nsUniqueId` has
/// three), braces or `urn:uuid:` around it, any case. Borrowed where it is canonical already.
///
/// # Errors
/// `bad-value` where it is none.
pub fn uuid(text: &str) -> Result<Cow<'_, str>, DecodeError> {
    if is_canonical(text.as_bytes()) {
        return Ok(Cow::Borrowed(text));
    }
    let mut inner = text.trim();
    if let Some(head) = inner.get(..9)
        && head.eq_ignore_ascii_case("urn:uuid:")
    {
        inner = &inner[9..];
    }
    if let Some(stripped) = inner
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
    {
        inner = stripped;
    }
    let mut bytes = [0; 16];
    let mut digits = 0;
    for byte in inner.bytes().filter(|byte| *byte != b'-') {
        let digit = char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok());
        let (Some(digit), Some(place)) = (digit, bytes.get_mut(digits / 2)) else {
            return Err(DecodeError::Uuid);
        };
        *place = *place << 4 | digit;
        digits += 1;
    }
    if digits == 32 {
        Ok(Cow::Owned(uuid_from_bytes(bytes)))
    } else {
        Err(DecodeError::Uuid)
    }
}

/// The canonical form of 16 bytes in network order, such as RFC 4533's syncUUID.
#[must_use]
pub fn uuid_from_bytes(bytes: [u8; 16]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(36);
    for byte in bytes {
        if HYPHENS.contains(&text.len()) {
            text.push('-');
        }
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// The bytes of a UUID in canonical form; nothing of any other text.
#[must_use]
pub fn uuid_to_bytes(text: &str) -> Option<[u8; 16]> {
    if text.len() != 36 {
        return None;
    }
    let mut bytes = [0; 16];
    let mut digits = 0;
    for (place, byte) in text.bytes().enumerate() {
        let digit = match byte {
            b'-' if HYPHENS.contains(&place) => continue,
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        *bytes.get_mut(digits / 2)? |= if digits % 2 == 0 { digit << 4 } else { digit };
        digits += 1;
    }
    (digits == 32).then_some(bytes)
}

/// The canonical form of Active Directory's `objectGUID`: 16 bytes, the first three groups little-endian.
///
/// # Errors
/// `bad-value` where it has another length.
pub fn guid(value: &[u8]) -> Result<String, DecodeError> {
    let Ok([a, b, c, d, e, f, g, h, rest @ ..]) = <[u8; 16]>::try_from(value) else {
        return Err(DecodeError::Guid {
            length: value.len(),
        });
    };
    let mut bytes = [d, c, b, a, f, e, h, g, 0, 0, 0, 0, 0, 0, 0, 0];
    bytes[8..].copy_from_slice(&rest);
    Ok(uuid_from_bytes(bytes))
}

/// The bytes of the `objectGUID` whose canonical form this is; none where it is no canonical form.
#[must_use]
pub fn guid_bytes(uuid: &str) -> Option<Vec<u8>> {
    let digits: String = uuid.chars().filter(|c| *c != '-').collect();
    let bytes: Option<Vec<u8>> = (0..16)
        .map(|n| u8::from_str_radix(digits.get(n * 2..n * 2 + 2)?, 16).ok())
        .collect();
    let mut bytes = bytes?;
    bytes.get_mut(0..4)?.reverse();
    bytes.get_mut(4..6)?.reverse();
    bytes.get_mut(6..8)?.reverse();
    Some(bytes)
}

fn is_canonical(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(place, byte)| {
            if HYPHENS.contains(&place) {
                *byte == b'-'
            } else {
                matches!(byte, b'0'..=b'9' | b'a'..=b'f')
            }
        })
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::{guid, guid_bytes, uuid, uuid_from_bytes, uuid_to_bytes};
    use crate::decode::DecodeError;

    const CANONICAL: &str = "66446001-1dd2-11b2-8a3f-c0e1a5b0d701";

    #[test]
    fn a_canonical_uuid_is_borrowed() {
        assert!(matches!(uuid(CANONICAL), Ok(Cow::Borrowed(CANONICAL))));
    }

    #[test]
    fn other_forms_become_canonical() {
        for form in [
            "66446001-1DD2-11B2-8A3F-C0E1A5B0D701",
            "664460011dd211b28a3fc0e1a5b0d701",
            "66446001-1dd211b2-8a3fc0e1-a5b0d701",
            "{66446001-1dd2-11b2-8a3f-c0e1a5b0d701}",
            "urn:uuid:66446001-1dd2-11b2-8a3f-c0e1a5b0d701",
            " 66446001-1dd2-11b2-8a3f-c0e1a5b0d701 ",
        ] {
            assert_eq!(uuid(form).as_deref(), Ok(CANONICAL), "{form}");
        }
    }

    #[test]
    fn what_is_no_uuid_is_refused() {
        for form in [
            "",
            "66446001",
            "66446001-1dd2-11b2-8a3f-c0e1a5b0d7011",
            "zz446001-1dd2-11b2-8a3f-c0e1a5b0d701",
            "éé",
        ] {
            assert_eq!(uuid(form), Err(DecodeError::Uuid), "{form}");
        }
    }

    #[test]
    fn the_first_three_groups_of_a_guid_are_little_endian() {
        let bytes = [
            0x01, 0x60, 0x44, 0x66, 0xd2, 0x1d, 0xb2, 0x11, 0x8a, 0x3f, 0xc0, 0xe1, 0xa5, 0xb0,
            0xd7, 0x01,
        ];
        assert_eq!(guid(&bytes).as_deref(), Ok(CANONICAL));
        assert_eq!(guid_bytes(CANONICAL).as_deref(), Some(&bytes[..]));
    }

    #[test]
    fn what_is_no_uuid_has_no_guid() {
        assert_eq!(guid_bytes(&CANONICAL[1..]), None);
        assert_eq!(guid_bytes("é"), None);
    }

    #[test]
    fn a_guid_of_another_length_is_refused() {
        assert_eq!(guid(&[1; 15]), Err(DecodeError::Guid { length: 15 }));
        assert_eq!(guid(b""), Err(DecodeError::Guid { length: 0 }));
    }

    proptest! {
        #[test]
        fn bytes_make_a_canonical_uuid(bytes: [u8; 16]) {
            let text = uuid_from_bytes(bytes);
            prop_assert!(matches!(uuid(&text), Ok(Cow::Borrowed(_))));
            prop_assert_eq!(uuid_to_bytes(&text), Some(bytes));
            prop_assert_eq!(uuid_to_bytes(&text.replace('-', "0")), None);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            let _ = uuid(&text);
            if let Some(bytes) = uuid_to_bytes(&text) {
                prop_assert_eq!(uuid_from_bytes(bytes), text);
            }
        }
    }
}
