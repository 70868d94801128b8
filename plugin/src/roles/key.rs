//! Names and ids as they are compared.

use crate::dn::Dn;

/// A DN as it is compared (RFC 4514, RFC 4518); none for bytes that are no DN.
pub(super) fn name(value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value).ok()?;
    if is_plain(text) {
        return Some(text.to_ascii_lowercase());
    }
    Some(Dn::parse(text).ok()?.normalized())
}

/// A member's name without the bit string that may follow it (RFC 4517 section 3.3.21).
pub(super) fn member(value: &[u8]) -> &[u8] {
    let Some(before) = value.strip_suffix(b"'B") else {
        return value;
    };
    let bits = before.iter().rev().take_while(|bit| b"01".contains(bit));
    let end = before.len() - bits.count();
    before[..end].strip_suffix(b"#'").unwrap_or(value)
}

/// A user name as it is compared; none for what is no text.
pub(super) fn user(value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value).ok()?;
    Some(text.trim().to_lowercase())
}

/// The security identifier of a primary group: the account's own with the group's number in the place of the last
/// (MS-DTYP section 2.4.2.2). None for what is no identifier or number.
pub(super) fn primary_group(sid: &[u8], group: &[u8]) -> Option<Vec<u8>> {
    let numbers = usize::from(*sid.get(1)?);
    if numbers == 0 || sid.len() != 8 + 4 * numbers {
        return None;
    }
    let group = std::str::from_utf8(group).ok()?.trim();
    let group: u32 = group.parse().ok()?;
    let mut of_group = sid[..sid.len() - 4].to_vec();
    of_group.extend_from_slice(&group.to_le_bytes());
    Some(of_group)
}

/// Nearly every name is compared by its letters in lower case and nothing else. These are quick to tell.
fn is_plain(text: &str) -> bool {
    text.split(',').all(|rdn| {
        let Some((attribute, value)) = rdn.split_once('=') else {
            return false;
        };
        let usual = ["cn", "ou", "dc", "uid", "o"];
        usual
            .iter()
            .any(|name| attribute.eq_ignore_ascii_case(name))
            && !value.is_empty()
            && !value.starts_with(' ')
            && !value.ends_with(' ')
            && !value.contains("  ")
            && value
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b" -._@()'/&".contains(&byte))
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_plain_name_is_compared_as_any_other(
            text in "(cn|CN|Ou|dc|uid|o|l|userid)=[a-zA-Z .'=-]{0,6}(,(cn|dc)= ?[A-Z0-9@#]{0,3} ?){0,2}",
        ) {
            let slow = Dn::parse(&text).ok().map(|dn| dn.normalized());
            prop_assert_eq!(name(text.as_bytes()), slow);
        }
    }

    #[test]
    fn spellings_of_one_name_are_the_same_and_what_is_no_name_is_none() {
        let plain = name(b"cn=Service Desk,dc=example").unwrap();
        for other in [
            "CN=service desk,DC=EXAMPLE",
            "cn = Service  Desk , dc=example",
            "commonName=Service\\20Desk,dc=example",
        ] {
            assert_eq!(name(other.as_bytes()).unwrap(), plain, "{other}");
        }
        assert_ne!(name(b"cn=Service,dc=example").unwrap(), plain);
        assert_eq!(name(b"no name"), None);
        assert_eq!(name(b"cn=\xff"), None);
    }

    #[test]
    fn a_bit_string_behind_a_name_is_left_out_and_nothing_else_is() {
        assert_eq!(member(b"cn=a,dc=x#'0101'B"), b"cn=a,dc=x");
        for whole in [&b"cn=a,dc=x"[..], b"cn='B", b"cn=a#'2'B"] {
            assert_eq!(member(whole), whole);
        }
    }

    #[test]
    fn a_primary_group_is_of_the_accounts_own_domain() {
        let sid = |last: u32| {
            let mut sid = vec![1, 2, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0];
            sid.extend_from_slice(&last.to_le_bytes());
            sid
        };
        assert_eq!(primary_group(&sid(1104), b"513"), Some(sid(513)));
        assert_eq!(primary_group(&sid(1104), b"-1"), None);
        assert_eq!(primary_group(&sid(1104)[..15], b"513"), None);
        assert_eq!(primary_group(b"", b"513"), None);
    }
}
