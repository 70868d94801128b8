//! The portal's fields (contract: `portal.field`), and whether a value fits one.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;

use crate::decode;
use crate::problem::Problem;

#[cfg(test)]
mod tests;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Any text.
    Text,
    /// A mail address.
    Email,
    /// A telephone number.
    Phone,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// RFC 3339.
    Timestamp,
    /// BCP 47.
    Language,
    /// IANA time zone name.
    Zone,
    /// Another person's external id.
    Person,
    /// Base64.
    Image,
}

/// One field of the portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Stable id.
    pub id: String,
    /// `requester`, `work`, `address` or `custom`.
    pub tab: String,
    /// Shown.
    pub label: String,
    /// What it holds.
    pub kind: FieldKind,
    /// A person without it is unsynced.
    pub required: bool,
    /// No two people share a value.
    pub unique: bool,
    /// In Unicode scalar values; 0 is no limit.
    pub max_length: u32,
}

impl Field {
    /// A field of the first tab, by its id alone: optional, shared by anybody, of any length.
    pub(crate) fn plain(id: &str, kind: FieldKind) -> Self {
        Self {
            id: id.to_owned(),
            tab: "requester".to_owned(),
            label: id.to_owned(),
            kind,
            required: false,
            unique: false,
            max_length: 0,
        }
    }

    /// The value as the portal takes it: as it is, but for booleans, numbers and times, which become canonical.
    ///
    /// # Errors
    /// `bad-value` where it is not of the field's kind, `too-long` where it is longer than the field.
    pub fn accept<'v>(&self, value: Cow<'v, str>) -> Result<Cow<'v, str>, Problem> {
        let value = self.of_kind(value)?;
        let limit = self.max_length as usize;
        if limit > 0 && value.len() > limit {
            let length = value.chars().count();
            if length > limit {
                return Err(self.problem(
                    "too-long",
                    format!(
                        "{} has {length} characters; the portal takes {limit}",
                        self.label
                    ),
                    "Shorten the value in the directory, or map another attribute or a part of it.",
                ));
            }
        }
        Ok(value)
    }

    /// The problem of a person who has no value for this required field.
    #[must_use]
    pub fn missing(&self) -> Problem {
        self.problem(
            "missing-value",
            format!(
                "{} is required, and the directory has no value for it",
                self.label
            ),
            "Fill the attribute in the directory, map another one, or give the rule a default.",
        )
    }

    fn of_kind<'v>(&self, value: Cow<'v, str>) -> Result<Cow<'v, str>, Problem> {
        let fits = |fits: bool, expected: &str| {
            if fits {
                Ok(())
            } else {
                Err(self.of_another_kind(expected))
            }
        };
        match self.kind {
            FieldKind::Text | FieldKind::Person => {
                fits(!value.contains('\0'), "text without zero characters")?;
            }
            FieldKind::Email => fits(
                is_mail_address(&value),
                "a mail address such as jane@example.com",
            )?,
            // Extensions and remarks come in every form; a person is not lost over one.
            FieldKind::Phone => fits(
                !value.contains(char::is_control),
                "a telephone number on one line",
            )?,
            FieldKind::Boolean => {
                let truth = decode::boolean(&value);
                let truth = truth.map_err(|_| self.of_another_kind("true or false"))?;
                return Ok(Cow::Borrowed(if truth { "true" } else { "false" }));
            }
            FieldKind::Integer => {
                let number = decode::integer(value.as_bytes());
                let number = number.map_err(|_| self.of_another_kind("a whole number"))?;
                return Ok(Cow::Owned(number.to_string()));
            }
            FieldKind::Timestamp => {
                let time = chrono::DateTime::parse_from_rfc3339(value.trim())
                    .map(|time| time.to_utc())
                    .or_else(|_| decode::generalized_time(value.as_bytes()));
                let time = time.map_err(|_| self.of_another_kind("a date and time"))?;
                return Ok(Cow::Owned(decode::rfc3339(time)));
            }
            FieldKind::Language => fits(is_language(&value), "a language tag such as de-CH")?,
            FieldKind::Zone => fits(is_zone(&value), "a time zone name such as Europe/Zurich")?,
            FieldKind::Image => fits(
                value
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)),
                "bytes in base64 (transform base64)",
            )?,
        }
        Ok(value)
    }

    fn of_another_kind(&self, expected: &str) -> Problem {
        self.problem(
            "bad-value",
            format!(
                "{} takes {expected}, which the mapped value is not",
                self.label
            ),
            "Correct the value in the directory, or map another attribute.",
        )
    }

    fn problem(&self, code: &'static str, message: String, remedy: &str) -> Problem {
        Problem::new(code, message, remedy).of_field(&self.id)
    }
}

/// A value of a unique field as the portal compares it: Unicode NFKC, lower case, no white space at the
/// ends. Borrowed where it is so already.
#[must_use]
pub fn unique_key(value: &str) -> Cow<'_, str> {
    if !value.is_ascii() {
        // Lower case can take a text out of its normal form (U+0130).
        let lower = value.nfkc().collect::<String>().to_lowercase();
        let form: String = lower.nfkc().collect();
        return Cow::Owned(form.trim().to_owned());
    }
    let trimmed = value.trim();
    if trimmed.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(trimmed.to_ascii_lowercase())
    } else {
        Cow::Borrowed(trimmed)
    }
}

/// One at sign with something on either side, no white space, no control characters. What is deliverable only mail can tell.
fn is_mail_address(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(local, domain)| {
        let quoted = local.len() > 2 && local.starts_with('"') && local.ends_with('"');
        !local.is_empty()
            && !domain.is_empty()
            && (quoted || !local.contains('@'))
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && !text.contains(|character: char| {
                character.is_control() || character.is_whitespace() || "<>,;".contains(character)
            })
    })
}

/// The shape of a BCP 47 tag.
fn is_language(text: &str) -> bool {
    let mut subtags = text.split('-');
    subtags.next().is_some_and(|first| {
        (1..=8).contains(&first.len()) && first.bytes().all(|byte| byte.is_ascii_alphabetic())
    }) && subtags.all(|subtag| {
        (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// The shape of an IANA time zone name.
fn is_zone(text: &str) -> bool {
    text.split('/').all(|part| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-+".contains(&byte))
    })
}
