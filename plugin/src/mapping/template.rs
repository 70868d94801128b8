//! The parts of a source and their evaluation.

use std::borrow::Cow;

use super::parse::syntax;
use super::transform::{Source, Transform};
use crate::decode::{self, DecodeError};
use crate::entry::Entry;
use crate::problem::Problem;

/// A source, compiled.
#[derive(Debug, Clone)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

/// A piece of a source.
#[derive(Debug, Clone)]
pub(super) enum Piece {
    /// Text as it stands.
    Literal(String),
    /// Values of attributes.
    Part(Part),
}

/// `{attribute,attribute|transform|...}`, compiled: `each` works on single values, `rest` on all of them.
#[derive(Debug, Clone)]
pub(super) struct Part {
    sources: Vec<Source>,
    names: Vec<String>,
    /// Reads the bytes, where it is not UTF-8 that is read.
    bytes: Option<Transform>,
    each: Vec<Transform>,
    rest: Vec<Transform>,
}

/// Why a part failed: the attribute and the trouble with its value.
#[derive(Debug)]
pub(super) struct Failure<'m> {
    pub(super) attribute: &'m str,
    pub(super) error: DecodeError,
}

type Values<'e> = Vec<Cow<'e, str>>;

impl Template {
    pub(super) fn new(pieces: Vec<Piece>) -> Self {
        Self { pieces }
    }

    /// The one part that is the whole source.
    pub(super) fn only_part_mut(&mut self) -> Option<&mut Part> {
        match self.pieces.as_mut_slice() {
            [Piece::Part(part)] => Some(part),
            _ => None,
        }
    }

    /// The position of the one attribute that is the whole source, of whose values the first is taken as it is.
    pub(super) fn only_attribute(&self) -> Option<usize> {
        let [Piece::Part(part)] = self.pieces.as_slice() else {
            return None;
        };
        let first = |transform: &Transform| *transform == Transform::First;
        let as_it_is = part.bytes.is_none() && part.each.is_empty() && part.rest.iter().all(first);
        match part.sources.as_slice() {
            [Source::Attribute(position)] if as_it_is => Some(*position),
            _ => None,
        }
    }

    /// The text that is the whole source.
    pub(super) fn only_literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [Piece::Literal(literal)] => Some(literal),
            _ => None,
        }
    }

    /// The source's value; `None` where no part has one. Text that is only literal is a value. Where a part
    /// is empty, white space that separated it from the others falls away at the ends.
    pub(super) fn evaluate<'e>(
        &'e self,
        entry: &Entry<'e>,
    ) -> Result<Option<Cow<'e, str>>, Failure<'e>> {
        match self.pieces.as_slice() {
            [Piece::Part(part)] => part.evaluate(entry),
            [Piece::Literal(literal)] => Ok(Some(Cow::Borrowed(literal))),
            pieces => {
                let mut text = String::new();
                let (mut filled, mut empty) = (false, false);
                for piece in pieces {
                    match piece {
                        Piece::Literal(literal) => text.push_str(literal),
                        Piece::Part(part) => match part.evaluate(entry)? {
                            Some(value) => {
                                text.push_str(&value);
                                filled = true;
                            }
                            None => empty = true,
                        },
                    }
                }
                if empty && text.trim().len() < text.len() {
                    text = text.trim().to_owned();
                }
                Ok(filled.then_some(Cow::Owned(text)))
            }
        }
    }

    /// The raw values that the source reads, printable.
    pub(super) fn raw(&self, entry: &Entry<'_>) -> Vec<String> {
        let parts = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Part(part) => Some(part),
            Piece::Literal(_) => None,
        });
        parts
            .flat_map(|part| part.raw_values(entry))
            .map(|value| decode::printable(value).into_owned())
            .collect()
    }

    /// What the source's value is made of, unaltered: the value that a part takes, or all of them where it takes
    /// them all, behind each other with `; ` between.
    pub(super) fn exact(&self, entry: &Entry<'_>) -> String {
        let mut text = String::new();
        for piece in &self.pieces {
            let Piece::Part(part) = piece else { continue };
            for value in part.used_values(entry) {
                if !text.is_empty() {
                    text.push_str("; ");
                }
                text.push_str(&decode::exact(value));
            }
        }
        text
    }
}

impl Part {
    /// Takes each transform with its position.
    pub(super) fn new(
        sources: Vec<Source>,
        names: Vec<String>,
        transforms: Vec<(Transform, usize)>,
    ) -> Result<Self, Problem> {
        let mut part = Self {
            sources,
            names,
            bytes: None,
            each: Vec::new(),
            rest: Vec::new(),
        };
        for (transform, at) in transforms {
            let picks = matches!(transform, Transform::First | Transform::Last);
            if transform.reads_bytes() {
                let only_picked = part
                    .rest
                    .iter()
                    .all(|before| matches!(before, Transform::First | Transform::Last));
                if part.bytes.is_some() || !part.each.is_empty() || !only_picked {
                    return Err(syntax(
                        at,
                        "this transform reads bytes, but text comes to it",
                        "Put it first, directly behind the attribute.",
                    ));
                }
                part.bytes = Some(transform);
            } else if part.rest.is_empty() && !transform.sees_all() {
                part.each.push(transform);
            } else if !(picks && part.rest.last() == Some(&transform)) {
                part.rest.push(transform);
            }
        }
        Ok(part)
    }

    /// The part reads bytes as base64 where it says nothing else: what a picture needs.
    pub(super) fn read_as_base64(&mut self) {
        if self.bytes.is_none() && self.each.is_empty() && self.rest.is_empty() {
            self.bytes = Some(Transform::Base64);
        }
    }

    fn evaluate<'e>(&'e self, entry: &Entry<'e>) -> Result<Option<Cow<'e, str>>, Failure<'e>> {
        let Some((name, source)) = self.source_with_value(entry) else {
            return if self.rest.is_empty() {
                Ok(None)
            } else {
                let name = self.names.first().map_or("", String::as_str);
                self.finish(name, Vec::new(), entry)
            };
        };
        let fail = |error| Failure {
            attribute: name,
            error,
        };
        // The usual case needs one value only, and no list: the first that the transforms leave something of.
        let picked = matches!(self.rest.first(), Some(Transform::First));
        if self.rest.is_empty() || picked {
            for raw in values(source, entry).filter(|value| !decode::is_blank(value)) {
                let value = self.read(raw).map_err(fail)?;
                let value = super::apply::each(&self.each, value).map_err(fail)?;
                if value.trim().is_empty() {
                    continue;
                }
                if !picked {
                    return Ok(Some(value));
                }
                let rest = &self.rest[1..];
                if !rest.iter().any(Transform::sees_all) {
                    let value = super::apply::each(rest, value).map_err(fail)?;
                    return Ok(Some(value).filter(|value| !value.trim().is_empty()));
                }
                return self.finish(name, vec![value], entry);
            }
            return self.finish(name, Vec::new(), entry);
        }
        let mut all = Vec::new();
        for raw in values(source, entry).filter(|value| !decode::is_blank(value)) {
            let value = self.read(raw).map_err(fail)?;
            all.push(super::apply::each(&self.each, value).map_err(fail)?);
        }
        self.finish(name, all, entry)
    }

    /// Applies the transforms that see all values, and takes the first value left.
    fn finish<'e>(
        &'e self,
        name: &'e str,
        mut values: Values<'e>,
        entry: &Entry<'e>,
    ) -> Result<Option<Cow<'e, str>>, Failure<'e>> {
        let fail = |error| Failure {
            attribute: name,
            error,
        };
        for transform in &self.rest {
            values.retain(|value| !value.trim().is_empty());
            match transform {
                Transform::First => values.truncate(1),
                Transform::Last => {
                    values.drain(..values.len().saturating_sub(1));
                }
                Transform::Join(separator) if values.len() > 1 => {
                    values = vec![Cow::Owned(values.join(separator.as_str()))];
                }
                Transform::Join(_) => {}
                Transform::Split(separator, None) => {
                    let pieces = values.iter().flat_map(|value| {
                        value
                            .split(separator.as_str())
                            .map(|piece| Cow::Owned(piece.to_owned()))
                    });
                    values = pieces.collect();
                }
                Transform::Default(value) if values.is_empty() => values.push(Cow::Borrowed(value)),
                Transform::Default(_) => {}
                Transform::Coalesce(sources) if values.is_empty() => {
                    let found = sources.iter().find(|source| has_value(source, entry));
                    for raw in found
                        .into_iter()
                        .flat_map(|source| self::values(source, entry))
                    {
                        values.push(Cow::Borrowed(decode::utf8(raw).map_err(fail)?));
                    }
                }
                Transform::Coalesce(_) => {}
                single => {
                    let single = std::slice::from_ref(single);
                    values = values
                        .into_iter()
                        .map(|value| super::apply::each(single, value))
                        .collect::<Result<_, _>>()
                        .map_err(fail)?;
                }
            }
        }
        Ok(values.into_iter().find(|value| !value.trim().is_empty()))
    }

    fn read<'e>(&self, raw: &'e [u8]) -> Result<Cow<'e, str>, DecodeError> {
        match self.bytes {
            None => decode::utf8(raw).map(Cow::Borrowed),
            Some(Transform::Guid) => decode::guid(raw).map(Cow::Owned),
            Some(_) => Ok(Cow::Owned(decode::base64(raw))),
        }
    }

    fn source_with_value(&self, entry: &Entry<'_>) -> Option<(&str, &Source)> {
        let named = self.names.iter().map(String::as_str).zip(&self.sources);
        named
            .into_iter()
            .find(|(_, source)| has_value(source, entry))
    }

    /// Of the raw values, the one that the transforms pick, where they pick one.
    fn used_values<'e>(&self, entry: &Entry<'e>) -> Vec<&'e [u8]> {
        let raw = self.raw_values(entry);
        let fails = |value: &&[u8]| self.each_of(value).is_err();
        let counts = |value: &&[u8]| {
            !decode::is_blank(value)
                && self
                    .each_of(value)
                    .map_or(true, |text| !text.trim().is_empty())
        };
        let picked = match self.rest.first() {
            None | Some(Transform::First) => raw.iter().copied().find(counts),
            // All are read, and the first that cannot be ends it.
            Some(Transform::Last) => raw
                .iter()
                .copied()
                .find(|value| counts(value) && fails(value))
                .or_else(|| raw.iter().copied().rfind(counts)),
            Some(_) => None,
        };
        picked.map_or(raw, |value| vec![value])
    }

    fn each_of<'e>(&'e self, value: &'e [u8]) -> Result<Cow<'e, str>, DecodeError> {
        super::apply::each(&self.each, self.read(value)?)
    }

    fn raw_values<'e>(&self, entry: &Entry<'e>) -> Vec<&'e [u8]> {
        let mut raw: Vec<&[u8]> = self
            .source_with_value(entry)
            .into_iter()
            .flat_map(|(_, source)| values(source, entry))
            .collect();
        for transform in &self.rest {
            if let Transform::Coalesce(sources) = transform
                && raw.is_empty()
                && let Some(source) = sources.iter().find(|source| has_value(source, entry))
            {
                raw.extend(values(source, entry));
            }
        }
        raw
    }
}

fn has_value(source: &Source, entry: &Entry<'_>) -> bool {
    values(source, entry).any(|value| !decode::is_blank(value))
}

fn values<'e>(source: &Source, entry: &Entry<'e>) -> impl Iterator<Item = &'e [u8]> + use<'e> {
    let (dn, attribute) = match source {
        Source::Dn => (Some(entry.dn()), usize::MAX),
        Source::Attribute(position) => (None, *position),
    };
    dn.into_iter().chain(entry.values(attribute))
}
