//! What makes an assertion value match, without a schema at hand.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::decode;
use crate::dn::Dn;

/// `LDAP_MATCHING_RULE_BIT_AND`.
pub(super) const BIT_AND: &str = "1.2.840.113556.1.4.803";
/// `LDAP_MATCHING_RULE_BIT_OR`.
pub(super) const BIT_OR: &str = "1.2.840.113556.1.4.804";

/// Attributes whose values are DNs (RFC 4519, RFC 4524, RFC 2798, Active Directory).
const DN_ATTRIBUTES: [&str; 13] = [
    "member",
    "memberOf",
    "manager",
    "owner",
    "secretary",
    "seeAlso",
    "roleOccupant",
    "distinguishedName",
    "objectCategory",
    "entryDN",
    "creatorsName",
    "modifiersName",
    "assistant",
];

/// An assertion value, prepared once for all the values it is compared with.
pub(super) struct Matcher<'a> {
    exact: &'a [u8],
    folded: Option<Cow<'a, str>>,
    dn: Option<Dn>,
}

impl<'a> Matcher<'a> {
    pub(super) fn new(attribute: &str, wanted: &'a [u8]) -> Self {
        let text = std::str::from_utf8(wanted).ok();
        let holds_dns = DN_ATTRIBUTES
            .iter()
            .any(|known| known.eq_ignore_ascii_case(attribute));
        Self {
            exact: wanted,
            folded: text.map(fold),
            dn: text
                .filter(|_| holds_dns)
                .and_then(|text| Dn::parse(text).ok()),
        }
    }

    pub(super) fn equals(&self, value: &[u8]) -> bool {
        if value == self.exact {
            return true;
        }
        let (Some(folded), Ok(text)) = (&self.folded, std::str::from_utf8(value)) else {
            return false;
        };
        if fold(text) == *folded {
            return true;
        }
        match &self.dn {
            Some(dn) => Dn::parse(text).is_ok_and(|value| value == *dn),
            None => false,
        }
    }

    /// How a value stands to the assertion value; `None` where the two cannot be ordered.
    pub(super) fn order(&self, value: &[u8]) -> Option<Ordering> {
        if let (Ok(value), Ok(wanted)) = (decode::integer(value), decode::integer(self.exact)) {
            return Some(value.cmp(&wanted));
        }
        if let (Ok(value), Ok(wanted)) = (
            decode::generalized_time(value),
            decode::generalized_time(self.exact),
        ) {
            return Some(value.cmp(&wanted));
        }
        match (&self.folded, std::str::from_utf8(value)) {
            (Some(wanted), Ok(value)) => Some(fold(value).as_ref().cmp(wanted.as_ref())),
            (None, Err(_)) => Some(value.cmp(self.exact)),
            _ => None,
        }
    }
}

/// The parts of a substring assertion, folded.
pub(super) struct Parts<'a> {
    initial: Option<Cow<'a, str>>,
    any: Vec<Cow<'a, str>>,
    last: Option<Cow<'a, str>>,
    readable: bool,
}

impl<'a> Parts<'a> {
    pub(super) fn new(
        initial: Option<&'a [u8]>,
        any: &'a [Vec<u8>],
        last: Option<&'a [u8]>,
    ) -> Self {
        let mut readable = true;
        let mut read = |part: &'a [u8]| match std::str::from_utf8(part) {
            Ok(text) => fold_part(text),
            Err(_) => {
                readable = false;
                Cow::Borrowed("")
            }
        };
        let initial = initial.map(&mut read);
        let any = any.iter().map(|part| read(part)).collect();
        let last = last.map(&mut read);
        Self {
            initial,
            any,
            last,
            readable,
        }
    }

    pub(super) fn match_in(&self, value: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(value) else {
            return false;
        };
        if !self.readable {
            return false;
        }
        let folded = fold(text);
        let mut rest = folded.as_ref();
        if let Some(initial) = &self.initial {
            match rest.strip_prefix(initial.trim_start()) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        for part in &self.any {
            match rest.find(part.as_ref()) {
                Some(found) => rest = &rest[found + part.len()..],
                None => return false,
            }
        }
        self.last
            .as_ref()
            .is_none_or(|last| rest.ends_with(last.trim_end()))
    }
}

/// Lower case, without white space at the ends, inner white space as one space (RFC 4518 sections 2.2 and 2.6.1).
fn fold(text: &str) -> Cow<'_, str> {
    let text = text.trim_matches(' ');
    if text.contains("  ") {
        let mut folded = String::with_capacity(text.len());
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            if !folded.is_empty() {
                folded.push(' ');
            }
            folded.push_str(&lower(word));
        }
        return Cow::Owned(folded);
    }
    lower(text)
}

fn fold_part(text: &str) -> Cow<'_, str> {
    lower(text)
}

fn lower(text: &str) -> Cow<'_, str> {
    if text
        .bytes()
        .any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii())
    {
        Cow::Owned(text.to_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}
