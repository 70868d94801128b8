//! How the portal compares the values of unique fields.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// The form in which two values of a unique field are the same: Unicode NFKC, lower case, without
/// white space at the ends. Empty where nothing remains, and then nobody holds it.
#[must_use]
pub fn normalise(value: &str) -> Cow<'_, str> {
    if value.is_ascii() {
        let trimmed = value.trim();
        if trimmed.bytes().any(|b| b.is_ascii_uppercase()) {
            return Cow::Owned(trimmed.to_ascii_lowercase());
        }
        return Cow::Borrowed(trimmed);
    }
    let lower: String = value.nfkc().collect::<String>().to_lowercase();
    // Lower case can take a text out of its normal form (U+0130).
    let form: String = lower.nfkc().collect();
    Cow::Owned(form.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_width_and_outer_space_do_not_matter() {
        assert_eq!(normalise(" Ada@Example.ORG\t"), "ada@example.org");
        assert_eq!(normalise("\u{ff21}da"), "ada");
        assert_eq!(normalise("\u{a0}ÄDA"), "äda");
        assert_eq!(normalise("A\u{308}da"), "äda");
    }

    #[test]
    fn inner_space_and_different_letters_matter() {
        assert_ne!(normalise("a b"), normalise("ab"));
        assert_ne!(normalise("ada"), normalise("äda"));
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(value in any::<String>()) {
            let once = normalise(&value).into_owned();
            prop_assert_eq!(normalise(&once).into_owned(), once.clone());
        }
    }
}
