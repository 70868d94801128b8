//! What each transform does to a value. Borrowed text stays borrowed where nothing changes.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

use super::transform::Transform;
use crate::decode::{self, DecodeError};
use crate::dn::Dn;

/// Applies transforms that look at one value by itself, in order.
pub(super) fn each<'v>(
    transforms: &'v [Transform],
    value: Cow<'v, str>,
) -> Result<Cow<'v, str>, DecodeError> {
    transforms
        .iter()
        .try_fold(value, |value, transform| one(transform, value))
}

fn one<'v>(transform: &'v Transform, value: Cow<'v, str>) -> Result<Cow<'v, str>, DecodeError> {
    Ok(match transform {
        Transform::Trim => part_of(value, |text| Some(text.trim())),
        Transform::Lower => lower(value),
        Transform::Upper => upper(value),
        Transform::Title => Cow::Owned(title(&value)),
        Transform::Nfc => match is_nfc_quick(value.chars()) {
            IsNormalized::Yes => value,
            _ => Cow::Owned(value.nfc().collect()),
        },
        Transform::Split(separator, Some(number)) => {
            part_of(value, |text| piece(text, separator, *number))
        }
        Transform::Replace(from, to) if value.contains(from.as_str()) => {
            Cow::Owned(value.replace(from, to))
        }
        Transform::Replace(..) => value,
        Transform::Lookup { pairs, otherwise } => lookup(value, pairs, otherwise.as_deref()),
        Transform::Template(literals) if !value.trim().is_empty() => {
            Cow::Owned(literals.join(&value))
        }
        Transform::Template(_) => value,
        Transform::Uuid => match decode::uuid(&value)? {
            Cow::Borrowed(_) => value,
            Cow::Owned(canonical) => Cow::Owned(canonical),
        },
        Transform::Time => Cow::Owned(decode::rfc3339(decode::generalized_time(value.as_bytes())?)),
        Transform::FileTime => match decode::file_time(value.as_bytes())? {
            Some(time) => Cow::Owned(decode::rfc3339(time)),
            None => Cow::Borrowed(""),
        },
        Transform::Boolean(yes, no) => {
            Cow::Borrowed(if decode::boolean(&value)? { yes } else { no })
        }
        Transform::Integer => Cow::Owned(decode::integer(value.as_bytes())?.to_string()),
        Transform::Rdn(attribute) => {
            let dn = Dn::parse(&value).map_err(|_| DecodeError::Dn)?;
            let found = match attribute {
                Some(attribute) => dn.value_of(attribute),
                None => dn.rdn_value(),
            };
            Cow::Owned(found.unwrap_or_default().into_owned())
        }
        // These see all values, or read bytes: `template` applies them.
        Transform::First
        | Transform::Last
        | Transform::Join(_)
        | Transform::Split(_, None)
        | Transform::Default(_)
        | Transform::Coalesce(_)
        | Transform::Guid
        | Transform::Base64 => value,
    })
}

/// A part of the text without copying it where it is borrowed; nothing where there is no such part.
fn part_of<'v>(value: Cow<'v, str>, part: impl Fn(&str) -> Option<&str>) -> Cow<'v, str> {
    match value {
        Cow::Borrowed(text) => Cow::Borrowed(part(text).unwrap_or_default()),
        Cow::Owned(text) => match part(&text) {
            Some(found) if found.len() == text.len() => Cow::Owned(text),
            found => Cow::Owned(found.unwrap_or_default().to_owned()),
        },
    }
}

fn lower(value: Cow<'_, str>) -> Cow<'_, str> {
    if value
        .bytes()
        .any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii())
    {
        Cow::Owned(value.to_lowercase())
    } else {
        value
    }
}

fn upper(value: Cow<'_, str>) -> Cow<'_, str> {
    if value
        .bytes()
        .any(|byte| byte.is_ascii_lowercase() || !byte.is_ascii())
    {
        Cow::Owned(value.to_uppercase())
    } else {
        value
    }
}

/// A capital at the beginning of each word. An apostrophe begins a word only behind a single letter, as in O'Brien.
fn title(text: &str) -> String {
    let mut titled = String::with_capacity(text.len());
    let mut letters = 0;
    for character in text.chars() {
        if letters == 0 {
            titled.extend(character.to_uppercase());
        } else {
            titled.extend(character.to_lowercase());
        }
        letters = match character {
            '\'' | '’' if letters > 1 => letters,
            _ if character.is_alphanumeric() => letters + 1,
            // A combining mark belongs to the letter before it.
            '\u{300}'..='\u{36f}' => letters,
            _ => 0,
        };
    }
    titled
}

fn piece<'t>(text: &'t str, separator: &str, number: i32) -> Option<&'t str> {
    let place = usize::try_from(number.unsigned_abs())
        .ok()?
        .checked_sub(1)?;
    if number > 0 {
        text.split(separator).nth(place)
    } else {
        text.rsplit(separator).nth(place)
    }
}

fn lookup<'v>(
    value: Cow<'v, str>,
    pairs: &'v [(String, String)],
    otherwise: Option<&'v str>,
) -> Cow<'v, str> {
    let folded = value.trim().to_lowercase();
    match pairs.iter().find(|(from, _)| *from == folded) {
        Some((_, to)) => Cow::Borrowed(to),
        None => otherwise.map_or(value, Cow::Borrowed),
    }
}
