//! Texts as PostgreSQL can keep them: without U+0000.
//!
//! U+0000 becomes U+0001 U+0002, and U+0001 becomes U+0001 U+0003. Different texts stay different and keep their order,
//! byte by byte. In the text of a JSON value the same is done to its escapes, so that what a statement takes out of JSON is
//! the same text as in a column of its own.

use std::borrow::Cow;

const MARK: char = '\u{1}';
const NUL: char = '\u{2}';
const ONE: char = '\u{3}';

const JSON_NUL: &str = r"\u0000";
const JSON_MARK: &str = r"\u0001";
const JSON_KEPT_NUL: &str = r"\u0001\u0002";
const JSON_KEPT_ONE: &str = r"\u0001\u0003";

/// A text as it is kept.
pub(super) fn keep(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b > 1) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\0' => kept.extend([MARK, NUL]),
            MARK => kept.extend([MARK, ONE]),
            c => kept.push(c),
        }
    }
    Cow::Owned(kept)
}

/// A text that is given away, as it is kept.
pub(in crate::store) fn kept(text: String) -> String {
    match keep(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(kept) => kept,
    }
}

/// The text that was kept.
pub(in crate::store) fn given(kept: String) -> String {
    if !kept.contains(MARK) {
        return kept;
    }
    let mut text = String::with_capacity(kept.len());
    let mut chars = kept.chars();
    while let Some(c) = chars.next() {
        match c {
            MARK => match chars.next() {
                Some(NUL) => text.push('\0'),
                Some(ONE) => text.push(MARK),
                other => text.extend([Some(MARK), other].into_iter().flatten()),
            },
            c => text.push(c),
        }
    }
    text
}

/// The text of a JSON value as it is kept.
pub(in crate::store) fn kept_json(json: String) -> String {
    if !json.contains(r"\u000") {
        return json;
    }
    replace_escapes(&json, |rest| {
        if rest.starts_with(JSON_NUL) {
            Some((JSON_NUL.len(), JSON_KEPT_NUL))
        } else if rest.starts_with(JSON_MARK) {
            Some((JSON_MARK.len(), JSON_KEPT_ONE))
        } else {
            None
        }
    })
}

/// The text of the JSON value that was kept.
pub(super) fn given_json(kept: String) -> String {
    if !kept.contains(JSON_MARK) {
        return kept;
    }
    replace_escapes(&kept, |rest| {
        if rest.starts_with(JSON_KEPT_NUL) {
            Some((JSON_KEPT_NUL.len(), JSON_NUL))
        } else if rest.starts_with(JSON_KEPT_ONE) {
            Some((JSON_KEPT_ONE.len(), JSON_MARK))
        } else {
            None
        }
    })
}

/// Copies a JSON text, with other escapes where `other` says so; it sees the text from each escape on.
fn replace_escapes(json: &str, other: impl Fn(&str) -> Option<(usize, &'static str)>) -> String {
    let mut text = String::with_capacity(json.len() + 16);
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        text.push_str(before);
        let (length, put) = match other(escape) {
            Some(found) => found,
            // A backslash and the character behind it, which in JSON is ASCII: a second backslash is no escape's beginning.
            None => {
                let length = escape.len().min(2);
                (length, &escape[..length])
            }
        };
        text.push_str(put);
        rest = &escape[length..];
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::values::json;

    /// Texts in which the characters that matter are not rare.
    fn texts() -> impl Strategy<Value = String> {
        proptest::collection::vec(
            prop_oneof![
                Just('\0'),
                Just('\u{1}'),
                Just('\u{2}'),
                Just('\u{3}'),
                Just('\\'),
                Just('u'),
                Just('0'),
                any::<char>()
            ],
            0..12,
        )
        .prop_map(|chars| chars.into_iter().collect())
    }

    proptest! {
        #[test]
        fn a_kept_text_comes_back_and_holds_no_nul(text in texts()) {
            let stored = kept(text.clone());
            prop_assert!(!stored.contains('\0'));
            prop_assert_eq!(given(stored), text);
        }

        #[test]
        fn kept_texts_have_the_order_of_the_texts(a in texts(), b in texts()) {
            prop_assert_eq!(keep(&a).cmp(&keep(&b)), a.cmp(&b));
        }

        #[test]
        fn a_text_within_kept_json_is_the_kept_text(text in texts()) {
            let plain = json(&[&text]);
            let stored = kept_json(plain.clone());
            prop_assert_eq!(
                serde_json::from_str::<Vec<String>>(&stored).unwrap(),
                vec![kept(text)]
            );
            prop_assert_eq!(given_json(stored), plain);
        }
    }

    #[test]
    fn what_only_looks_like_an_escape_stays() {
        let written = json(&[r"\u0000", r"\\u0001"]);
        assert_eq!(kept_json(written.clone()), written);
    }
}
