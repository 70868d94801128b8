//! Sources from text: literals and parts, with the position of what is wrong.

use super::catalog;
use super::template::{Part, Piece, Template};
use super::transform::Source;
use crate::attribute::AttributeSet;
use crate::problem::Problem;

/// A word of a part, escapes undone, and where it stands.
#[derive(Debug)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) at: usize,
}

/// Reads a source. Its attributes are added to `attributes`.
pub(super) fn template(source: &str, attributes: &mut AttributeSet) -> Result<Template, Problem> {
    let mut reader = Reader { source, at: 0 };
    let mut pieces = Vec::new();
    while let Some(next) = reader.peek() {
        match next {
            '{' => pieces.push(Piece::Part(part(&mut reader, attributes)?)),
            '}' => {
                return Err(syntax(
                    reader.at,
                    "there is a closing brace without an opening one",
                    "Remove it, or write it as \\}.",
                ));
            }
            _ => pieces.push(Piece::Literal(reader.word(&['{', '}'])?.text)),
        }
    }
    if pieces.is_empty() {
        return Err(syntax(
            0,
            "the source is empty",
            "Write a source such as {mail|first|trim|lower}, or remove the rule.",
        ));
    }
    Ok(Template::new(pieces))
}

/// A `template-syntax` problem.
pub(super) fn syntax(at: usize, message: impl Into<String>, remedy: impl Into<String>) -> Problem {
    let message = format!("{} (position {at})", message.into());
    Problem::new("template-syntax", message, remedy).at(at)
}

/// One attribute's name, checked and interned.
pub(super) fn source(word: &Word, attributes: &mut AttributeSet) -> Result<Source, Problem> {
    let name = word.text.trim();
    let at = word.at + (word.text.len() - word.text.trim_start().len());
    if name.is_empty() {
        return Err(syntax(
            at,
            "an attribute's name was expected here",
            "Write the name of a directory attribute, for example {mail}.",
        ));
    }
    let fits = name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._;".contains(&byte));
    if !fits {
        return Err(syntax(
            at,
            format!("\"{name}\" is not an attribute's name"),
            "Use letters, digits and hyphens, as in givenName; literal text stands outside of the braces.",
        ));
    }
    Ok(if name.eq_ignore_ascii_case("dn") {
        Source::Dn
    } else {
        Source::Attribute(attributes.intern(name))
    })
}

/// A part, from its opening brace to behind its closing one.
fn part(reader: &mut Reader<'_>, attributes: &mut AttributeSet) -> Result<Part, Problem> {
    let opened = reader.at;
    reader.at += 1;
    let unclosed = || {
        syntax(
            opened,
            "this brace is never closed",
            "Add the closing brace, or write the opening one as \\{.",
        )
    };
    let mut sources = Vec::new();
    let mut names = Vec::new();
    loop {
        let word = reader.word(&[',', '|', ':', '{', '}'])?;
        let end = reader.peek().ok_or_else(unclosed)?;
        let source = source(&word, attributes)?;
        sources.push(source);
        names.push(word.text.trim().to_owned());
        match end {
            ',' => reader.at += 1,
            '|' | '}' => break,
            ':' => {
                return Err(syntax(
                    reader.at,
                    "an attribute takes no argument",
                    "Put | before a transform: {attribute|transform:argument}.",
                ));
            }
            _ => return Err(nested(reader.at)),
        }
    }
    let mut transforms = Vec::new();
    while reader.peek() == Some('|') {
        reader.at += 1;
        let mut words = Vec::new();
        loop {
            words.push(reader.word(&[':', '|', '{', '}'])?);
            match reader.peek().ok_or_else(unclosed)? {
                ':' => reader.at += 1,
                '|' | '}' => break,
                _ => return Err(nested(reader.at)),
            }
        }
        let at = words[0].at;
        transforms.push((catalog::transform(&words, attributes)?, at));
    }
    reader.at += 1;
    Part::new(sources, names, transforms)
}

fn nested(at: usize) -> Problem {
    syntax(
        at,
        "a brace opens inside of braces",
        "Close the part before it, or write the brace as \\{.",
    )
}

struct Reader<'t> {
    source: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.source[self.at..].chars().next()
    }

    /// Text up to one of these characters, or to the end.
    fn word(&mut self, ends: &[char]) -> Result<Word, Problem> {
        let start = self.at;
        let mut text = String::new();
        while let Some(next) = self.peek().filter(|next| !ends.contains(next)) {
            self.at += next.len_utf8();
            if next != '\\' {
                text.push(next);
                continue;
            }
            match self.peek() {
                Some(escaped) if "{}|:,\\".contains(escaped) => {
                    text.push(escaped);
                    self.at += 1;
                }
                _ => {
                    return Err(syntax(
                        self.at - 1,
                        "a backslash makes one of { } | : , \\ literal, and nothing else",
                        "Write a backslash that is meant literally as \\\\.",
                    ));
                }
            }
        }
        Ok(Word { text, at: start })
    }
}
