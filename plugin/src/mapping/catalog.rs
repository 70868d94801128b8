//! Transforms by name, with their arguments checked.

use super::parse::{Word, source, syntax};
use super::transform::Transform;
use crate::attribute::AttributeSet;
use crate::problem::Problem;

/// The transforms as they are written, each with what it does: for help texts.
pub const TRANSFORMS: [(&str, &str); 22] = [
    ("first", "the first value that is not blank"),
    ("last", "the last value that is not blank"),
    ("join:SEPARATOR", "all values as one"),
    ("trim", "without white space at the ends"),
    ("lower", "lower case"),
    ("upper", "upper case"),
    ("title", "each word with a capital"),
    ("nfc", "Unicode normalisation form C"),
    (
        "split:SEPARATOR[:N]",
        "the N-th piece, counted from 1 or, negative, from the end; without N, all pieces",
    ),
    ("replace:FROM:TO", "each FROM replaced by TO"),
    (
        "lookup:FROM=TO[:FROM=TO...][:*=TO]",
        "TO of the matching FROM; * is for all others",
    ),
    ("default:VALUE", "VALUE where there is none"),
    (
        "coalesce:ATTRIBUTE[:ATTRIBUTE...]",
        "these attributes in turn where there is no value",
    ),
    ("template:TEXT", "TEXT with the value in place of %"),
    ("uuid", "a UUID in canonical form"),
    ("guid", "the bytes of an objectGUID as a UUID"),
    ("time", "generalized time as RFC 3339"),
    ("filetime", "Windows file time as RFC 3339"),
    (
        "boolean[:TRUE:FALSE]",
        "true or false, or these words for them",
    ),
    ("integer", "a whole number"),
    (
        "rdn[:ATTRIBUTE]",
        "of a DN, the value of its RDN, or of the nearest RDN with ATTRIBUTE",
    ),
    ("base64", "the bytes in base64"),
];

/// The transform that `words` (its name, then its arguments) stand for.
pub(super) fn transform(
    words: &[Word],
    attributes: &mut AttributeSet,
) -> Result<Transform, Problem> {
    let Some((first, arguments)) = words.split_first() else {
        return Err(syntax(0, "a transform's name was expected", known()));
    };
    let name = first.text.trim().to_ascii_lowercase();
    let call = Call {
        name: &name,
        at: first.at,
        arguments,
    };
    Ok(match name.as_str() {
        "first" => call.plain(Transform::First)?,
        "last" => call.plain(Transform::Last)?,
        "join" => Transform::Join(call.exactly::<1>()?[0].text.clone()),
        "trim" => call.plain(Transform::Trim)?,
        "lower" => call.plain(Transform::Lower)?,
        "upper" => call.plain(Transform::Upper)?,
        "title" => call.plain(Transform::Title)?,
        "nfc" => call.plain(Transform::Nfc)?,
        "split" => split(&call)?,
        "replace" => {
            let [from, to] = call.exactly::<2>()?;
            Transform::Replace(call.filled(from)?, to.text.clone())
        }
        "lookup" => lookup(&call)?,
        "default" => Transform::Default(call.filled(&call.exactly::<1>()?[0])?),
        "coalesce" => {
            call.at_least_one()?;
            let sources = arguments.iter().map(|word| source(word, attributes));
            Transform::Coalesce(sources.collect::<Result<_, _>>()?)
        }
        "template" => {
            let [text] = call.exactly::<1>()?;
            if !text.text.contains('%') {
                return Err(syntax(
                    text.at,
                    "the text has no % for the value",
                    "Write % where the value goes.",
                ));
            }
            Transform::Template(text.text.split('%').map(str::to_owned).collect())
        }
        "uuid" => call.plain(Transform::Uuid)?,
        "guid" => call.plain(Transform::Guid)?,
        "time" | "generalized-time" | "generalizedtime" => call.plain(Transform::Time)?,
        "filetime" | "file-time" => call.plain(Transform::FileTime)?,
        "boolean" if arguments.is_empty() => {
            Transform::Boolean("true".to_owned(), "false".to_owned())
        }
        "boolean" => {
            let [yes, no] = call.exactly::<2>()?;
            Transform::Boolean(yes.text.clone(), no.text.clone())
        }
        "integer" => call.plain(Transform::Integer)?,
        "rdn" if arguments.is_empty() => Transform::Rdn(None),
        "rdn" => Transform::Rdn(Some(
            call.filled(&call.exactly::<1>()?[0])?.trim().to_owned(),
        )),
        "base64" => call.plain(Transform::Base64)?,
        _ => return Err(unknown(&name, first.at)),
    })
}

struct Call<'w> {
    name: &'w str,
    at: usize,
    arguments: &'w [Word],
}

impl<'w> Call<'w> {
    fn plain(&self, transform: Transform) -> Result<Transform, Problem> {
        match self.arguments.first() {
            None => Ok(transform),
            Some(surplus) => Err(syntax(
                surplus.at,
                format!("{} takes no argument", self.name),
                format!("Write {} alone, and a literal colon as \\:.", self.name),
            )),
        }
    }

    fn exactly<const N: usize>(&self) -> Result<&'w [Word; N], Problem> {
        self.arguments.try_into().map_err(|_| {
            let at = self.arguments.get(N).map_or(self.at, |surplus| surplus.at);
            let takes = if N == 1 {
                "1 argument".to_owned()
            } else {
                format!("{N} arguments")
            };
            syntax(
                at,
                format!("{} takes {takes}, not {}", self.name, self.arguments.len()),
                format!("Write {}; a literal colon is \\:.", usage(self.name)),
            )
        })
    }

    fn at_least_one(&self) -> Result<(), Problem> {
        if self.arguments.is_empty() {
            return Err(syntax(
                self.at,
                format!("{} takes at least 1 argument", self.name),
                format!("Write {}.", usage(self.name)),
            ));
        }
        Ok(())
    }

    fn filled(&self, word: &Word) -> Result<String, Problem> {
        if word.text.is_empty() {
            return Err(syntax(
                word.at,
                format!("this argument of {} is empty", self.name),
                format!("Write {}.", usage(self.name)),
            ));
        }
        Ok(word.text.clone())
    }
}

fn split(call: &Call<'_>) -> Result<Transform, Problem> {
    let (separator, index) = match call.arguments {
        [separator] => (separator, None),
        _ => {
            let [separator, index] = call.exactly::<2>()?;
            let number = index.text.trim().parse().ok().filter(|number| *number != 0);
            let number = number.ok_or_else(|| {
                syntax(
                    index.at,
                    "the piece's number is not a whole number other than 0",
                    "Count from 1, or from the end with -1.",
                )
            })?;
            (separator, Some(number))
        }
    };
    Ok(Transform::Split(call.filled(separator)?, index))
}

fn lookup(call: &Call<'_>) -> Result<Transform, Problem> {
    call.at_least_one()?;
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut otherwise = None;
    for word in call.arguments {
        let Some((from, to)) = word.text.split_once('=') else {
            return Err(syntax(
                word.at,
                "a pair of lookup is written FROM=TO",
                format!("Write {}.", usage("lookup")),
            ));
        };
        let from = from.trim().to_lowercase();
        let repeated = if from == "*" {
            otherwise.replace(to.to_owned()).is_some()
        } else {
            let repeated = pairs.iter().any(|(known, _)| *known == from);
            pairs.push((from, to.to_owned()));
            repeated
        };
        if repeated {
            return Err(syntax(
                word.at,
                "lookup has two pairs for the same value (case does not matter)",
                "Remove one of them.",
            ));
        }
    }
    Ok(Transform::Lookup { pairs, otherwise })
}

fn unknown(name: &str, at: usize) -> Problem {
    let near = TRANSFORMS
        .iter()
        .map(|(usage, _)| bare(usage))
        .find(|known| known.starts_with(name) || name.starts_with(known));
    let remedy = match near.filter(|_| !name.is_empty()) {
        Some(near) => format!("Did you mean {near}? {}", known()),
        None => known(),
    };
    let message = format!("there is no transform \"{name}\" (position {at})");
    Problem::new("unknown-transform", message, remedy).at(at)
}

fn known() -> String {
    let names: Vec<&str> = TRANSFORMS.iter().map(|(usage, _)| bare(usage)).collect();
    format!("The transforms are: {}.", names.join(", "))
}

fn usage(name: &str) -> &'static str {
    TRANSFORMS
        .iter()
        .map(|(usage, _)| *usage)
        .find(|usage| bare(usage) == name)
        .unwrap_or("the transform's name")
}

fn bare(usage: &str) -> &str {
    usage.split([':', '[']).next().unwrap_or(usage)
}
