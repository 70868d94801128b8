//! Which names and passwords there can be.

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::UNKNOWN;
use crate::Problem;
use crate::ports::Outcome;

const LONGEST_NAME: usize = 100;
/// Characters.
const SHORTEST: usize = 12;
/// Bytes.
const LONGEST: usize = 1_024;

/// A name as it is kept: small letters, without space around it.
pub(super) fn folded(name: &str) -> String {
    name.trim().to_ascii_lowercase()
}

/// Whether a user can be called this. Names are ASCII, so that none looks like another in the log.
pub(super) fn is_name(folded: &str) -> bool {
    folded.len() <= LONGEST_NAME
        && folded != UNKNOWN
        && folded.starts_with(|first: char| first.is_ascii_alphanumeric())
        && folded
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-_@+".contains(&b))
}

/// A name for a new user.
pub(super) fn name(typed: &str) -> Outcome<String> {
    let folded = folded(typed);
    if is_name(&folded) {
        return Ok(folded);
    }
    Err(Problem::new(
        "bad-user-name",
        "A user's name has up to 100 letters of a to z, digits, and any of . - _ @ +, and begins with a letter or a digit",
        "Take what the user is called elsewhere, for example the mail address.",
    )
    .of_field("name"))
}

/// A password as it is hashed: the same characters are the same bytes, on whichever keyboard they were typed.
pub(super) fn normal(typed: &str) -> Zeroizing<String> {
    // With room for all of it: a text that grows leaves copies behind.
    let mut normal = Zeroizing::new(String::with_capacity(typed.len().saturating_mul(4)));
    normal.extend(typed.nfkc());
    normal
}

/// A password that somebody wants to have.
pub(super) fn password(typed: &str, name: &str) -> Outcome<Zeroizing<String>> {
    let refused = |why: &str| {
        Err(Problem::new(
            "weak-password",
            why,
            "Take a pass-phrase of some words, or what a password manager makes.",
        )
        .of_field("password"))
    };
    if typed.len() > LONGEST {
        return refused("A password has at most 1,024 bytes");
    }
    let normal = normal(typed);
    if normal.chars().count() < SHORTEST {
        return refused("A password has at least 12 characters");
    }
    let local = name.split('@').next().unwrap_or(name);
    if [name, local]
        .iter()
        .any(|name| normal.trim().eq_ignore_ascii_case(name))
    {
        return refused("A password is not the user's name");
    }
    Ok(normal)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn names_are_small_ascii_letters_and_nobody_is_called_unknown() {
        for (typed, kept) in [
            (" Ada ", "ada"),
            ("a.b-c_d+1@Example.org", "a.b-c_d+1@example.org"),
            ("0", "0"),
        ] {
            assert_eq!(name(typed).unwrap(), kept);
        }
        let long = "a".repeat(101);
        for typed in [
            "", " ", "unknown", "Unknown", "-a", "a b", "аda", "a\0", &long,
        ] {
            assert_eq!(name(typed).unwrap_err().code, "bad-user-name", "{typed:?}");
        }
        assert!(name(&long[1..]).is_ok());
    }

    #[test]
    fn passwords_have_twelve_characters_and_are_not_the_name() {
        let name = "adalovelace1@example.org";
        for weak in [
            "",
            "eleven char",
            "ééééééééééé",
            "AdaLovelace1@Example.org",
            " adalovelace1 ",
            &"a".repeat(1_025),
        ] {
            assert_eq!(password(weak, name).unwrap_err().code, "weak-password");
        }
        for good in ["twelve chars", "éééééééééééé", &"a".repeat(1_024)] {
            assert!(password(good, name).is_ok(), "{good}");
        }
    }

    #[test]
    fn the_same_characters_are_the_same_password() {
        assert_eq!(normal("e\u{301}ﬁ"), normal("éfi"));
        assert_ne!(normal("E"), normal("e"));
    }

    #[test]
    fn a_refusal_does_not_repeat_the_password() {
        let told = password("s3cret", "ada").unwrap_err();
        assert!(!format!("{told:?}").contains("s3cret"));
    }
}
