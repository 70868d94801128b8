//! One spelling of a name for hashing, without reading names into parts where they are plain.

use super::Dn;

/// Attributes whose short name they are themselves. Names are made of little else.
const SHORT: [&str; 6] = ["cn", "ou", "dc", "uid", "o", "l"];

/// [`Dn::normalized`] of a text, in `room`; nothing where the text is no name, or the empty one.
pub fn key<'r>(text: &str, room: &'r mut String) -> Option<&'r str> {
    room.clear();
    if !plain(text, room) {
        room.clear();
        room.push_str(&Dn::parse(text).ok()?.normalized());
    }
    (!room.is_empty()).then_some(room)
}

/// Writes the name in lower case, if that is all there is to it: parts of one attribute with a well-known short name
/// each, and values of letters, digits, a few signs, and single spaces between them.
fn plain(text: &str, room: &mut String) -> bool {
    if text.is_empty() {
        return false;
    }
    for (place, part) in text.split(',').enumerate() {
        let Some((attribute, value)) = part.split_once('=') else {
            return false;
        };
        let Some(short) = SHORT
            .iter()
            .find(|short| attribute.eq_ignore_ascii_case(short))
        else {
            return false;
        };
        let mut before = b' ';
        for byte in value.bytes() {
            let sign = b"-_.@'/&()".contains(&byte) || byte == b' ' && before != b' ';
            if !sign && !byte.is_ascii_alphanumeric() {
                return false;
            }
            before = byte;
        }
        // Nothing at all, or a space at the end.
        if before == b' ' {
            return false;
        }
        if place > 0 {
            room.push(',');
        }
        room.push_str(short);
        room.push('=');
        let start = room.len();
        room.push_str(value);
        room[start..].make_ascii_lowercase();
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_name_have_one_key_and_other_names_others() {
        let key = |text: &str| key(text, &mut String::new()).map(str::to_owned);
        let one = key("uid=Ada,ou=People,dc=example,dc=com");
        assert_eq!(one.as_deref(), Some("uid=ada,ou=people,dc=example,dc=com"));
        for same in [
            "UID=ada, OU=people,DC=Example,DC=com",
            "userId=ada,ou=\\50eople,dc=example,dc=com",
            "0.9.2342.19200300.100.1.1=ada,ou=People ,dc=example,dc=com",
        ] {
            assert_eq!(key(same), one, "{same}");
        }
        assert_ne!(key("uid=Ada L,ou=People,dc=example,dc=com"), one);
        assert_eq!(key("ada"), None);
        assert_eq!(key(""), None);
    }

    proptest! {
        #[test]
        fn the_short_way_gives_what_the_long_one_gives(
            text in "(?i)(cn|ou|dc|uid|commonName)=[a-z0-9_.@'/&() #+<>;\\\\\"=ä-]{1,9}(,(ou|dc|x)=[a-z -]{1,6}){0,2}",
        ) {
            let mut room = String::new();
            let short = plain(&text, &mut room);
            if short {
                prop_assert_eq!(room, Dn::parse(&text).map(|dn| dn.normalized()).unwrap_or_default());
            }
        }
    }
}
