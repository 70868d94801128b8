//! Which of several that may have been there a change is a change of: `ETag` and `If-Match` (RFC 9110, sections 8.8.3 and 13.1.1).

use axum::extract::FromRequestParts;
use axum::http::header::{ETAG, IF_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::refusal::{Answer, Refusal};
use super::scope::Api;
use super::sent::unreadable;

/// What whoever asks for a change has looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// `*`: it does not matter.
    Whatever,
    /// One of these.
    These(Vec<String>),
}

impl Seen {
    /// What a form was made of, as it says itself.
    pub(super) fn of_form(expected: Option<&str>) -> Self {
        expected.map_or(Self::Whatever, |tag| Self::These(vec![tag.to_owned()]))
    }

    /// The tags, where it matters.
    pub(super) fn these(self) -> Option<Vec<String>> {
        match self {
            Self::Whatever => None,
            Self::These(tags) => Some(tags),
        }
    }

    fn read(headers: &HeaderMap) -> Answer<Self> {
        let mut tags = Vec::new();
        let mut told = false;
        for value in headers.get_all(IF_MATCH) {
            told = true;
            let text = value.to_str().map_err(|_| not_a_tag())?.trim();
            if text == "*" {
                return Ok(Self::Whatever);
            }
            tags.extend(listed(text).ok_or_else(not_a_tag)?);
        }
        if told {
            Ok(Self::These(tags))
        } else {
            Err(Refusal::new(
                "if-match-missing",
                "The request does not say what it is a change of",
                "Get what is there, and send its ETag as If-Match; or `*`, to change it whatever it is.",
            ))
        }
    }
}

impl FromRequestParts<Api> for Seen {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Refusal> {
        Self::read(&parts.headers)
    }
}

/// The header that tells a tag.
pub(super) fn etag(tag: &str) -> (HeaderName, String) {
    (ETAG, format!("\"{tag}\""))
}

/// What tells this from others of its kind.
pub(super) fn of<T: Serialize>(what: &T) -> Answer<String> {
    let bytes = serde_json::to_vec(what).map_err(|_| {
        Refusal::new(
            "internal",
            "What is there cannot be told from others",
            "Report this; it is a fault in the host.",
        )
    })?;
    let digest = Sha256::digest(&bytes);
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The strong tags of a list; none where it is no list of tags. A weak one is of no use here: it does not say which bytes were seen.
fn listed(text: &str) -> Option<Vec<String>> {
    let mut tags = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return Some(tags);
        }
        let (weak, quoted) = match rest.strip_prefix("W/") {
            Some(quoted) => (true, quoted),
            None => (false, rest),
        };
        let (tag, after) = quoted.strip_prefix('"')?.split_once('"')?;
        if !weak {
            tags.push(tag.to_owned());
        }
        rest = after.trim_start_matches([' ', '\t']);
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
    }
}

fn not_a_tag() -> Refusal {
    unreadable("If-Match is no list of tags in quotes")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn seen(values: &[&str]) -> Result<Seen, String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IF_MATCH, value.parse().unwrap());
        }
        Seen::read(&headers).map_err(|refused| refused.code().to_owned())
    }

    #[test]
    fn what_was_looked_at_is_one_tag_or_several_or_whatever() {
        let these = |tags: &[&str]| {
            let tags = tags.iter().map(|&tag| tag.to_owned());
            Ok(Seen::These(tags.collect()))
        };
        assert_eq!(seen(&["\"a\""]), these(&["a"]));
        assert_eq!(seen(&["\"\""]), these(&[""]));
        assert_eq!(seen(&["\"a\", \"b\""]), these(&["a", "b"]));
        assert_eq!(
            seen(&["\"a\" ,, \"b,c\"", "\"d\""]),
            these(&["a", "b,c", "d"])
        );
        assert_eq!(seen(&["*"]), Ok(Seen::Whatever));
        // A weak tag names nothing that could be changed, and a strong one beside it does.
        assert_eq!(seen(&["W/\"a\""]), these(&[]));
        assert_eq!(seen(&["W/\"a\", \"b\""]), these(&["b"]));
    }

    #[test]
    fn what_is_no_list_of_tags_is_refused() {
        assert_eq!(seen(&[]).unwrap_err(), "if-match-missing");
        for text in [
            "a",
            "\"a",
            "a\"",
            "\"a\" \"b\"",
            "\"a\"b",
            "W/a",
            "\"a\", b",
        ] {
            assert_eq!(seen(&[text]).unwrap_err(), "bad-request", "{text}");
        }
    }

    #[test]
    fn a_tag_is_the_same_for_the_same_and_other_for_others() {
        let tag = |what: &[u32]| of(&what).unwrap();
        assert_eq!(tag(&[1, 2]), tag(&[1, 2]));
        assert_ne!(tag(&[1, 2]), tag(&[2, 1]));
        assert_eq!(tag(&[]).len(), 64);
    }
}
