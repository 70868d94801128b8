//! Whether an account is disabled: what its values mean, and whether they can be read at all.

use crate::attribute::AttributeSet;
use crate::decode;
use crate::entry::Entry;
use crate::problem::Problem;

/// `ACCOUNTDISABLE` of `userAccountControl`.
const ACCOUNT_DISABLE: i64 = 2;

/// What a value of an attribute means, where its text does not say it.
#[must_use]
pub fn meaning(attribute: &str, value: &[u8]) -> Option<String> {
    if attribute.eq_ignore_ascii_case("accountExpires") {
        let time = decode::file_time(value).ok()?;
        return Some(time.map_or_else(|| "never".to_owned(), decode::rfc3339));
    }
    if attribute.eq_ignore_ascii_case("userAccountControl") {
        let disabled = decode::integer(value).ok()? & ACCOUNT_DISABLE != 0;
        let set = if disabled { "is" } else { "is not" };
        return Some(format!("bit 2, disabled, {set} set"));
    }
    None
}

/// An entry that lacks an attribute which every account has: the bind account may not read it, and nobody can tell whether
/// the person is disabled. `always` are such attributes.
#[must_use]
pub fn unreadable(
    always: &[&str],
    entry: &Entry<'_>,
    attributes: &AttributeSet,
) -> Option<Problem> {
    let name = always.iter().find(|name| {
        let position = attributes.position(name);
        position.is_none_or(|position| entry.values(position).next().is_none())
    })?;
    Some(
        Problem::new(
            "status-unreadable",
            format!("whether the account is disabled cannot be told: {name}, which every account has, cannot be read"),
            format!("Let the bind account read {name}, or say in the settings who is disabled."),
        )
        .of_field("disabled-when"),
    )
}

#[cfg(test)]
mod tests {
    use super::meaning;

    #[test]
    fn numbers_are_told_in_words_and_texts_are_left_alone() {
        for (attribute, value, means) in [
            ("accountExpires", "0", Some("never")),
            ("accountexpires", "9223372036854775807", Some("never")),
            (
                "accountExpires",
                "133536816000000000",
                Some("2024-02-29T12:00:00Z"),
            ),
            ("accountExpires", "soon", None),
            ("userAccountControl", "514", Some("bit 2, disabled, is set")),
            (
                "userAccountControl",
                "512",
                Some("bit 2, disabled, is not set"),
            ),
            ("userAccountControl", "", None),
            ("nsAccountLock", "TRUE", None),
        ] {
            let said = meaning(attribute, value.as_bytes());
            assert_eq!(said.as_deref(), means, "{attribute} {value}");
        }
    }
}
