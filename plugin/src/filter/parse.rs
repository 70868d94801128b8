//! Filters from text (RFC 4515 section 3).

use super::Filter;
use crate::problem::Problem;

/// How deep filters may nest. Deeper ones are refused here, before a server or a stack has to.
const DEPTH_LIMIT: usize = 64;

impl Filter {
    /// Reads a filter. White space between filters is accepted, as most servers and tools do.
    ///
    /// # Errors
    /// `filter-syntax`, with the byte position at which the trouble begins.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let mut parser = Parser { text, at: 0 };
        parser.skip_space();
        if parser.peek().is_none() {
            return Err(parser.wrong(
                "the filter is empty",
                "Write a filter, for example (objectClass=inetOrgPerson).",
            ));
        }
        if parser.peek() != Some(b'(') {
            let remedy = if text.trim().ends_with(')') {
                "Begin the filter with an opening parenthesis, for example (objectClass=inetOrgPerson).".to_owned()
            } else {
                format!("Write it in parentheses: ({}).", text.trim())
            };
            return Err(parser.wrong("a filter begins with an opening parenthesis", remedy));
        }
        let filter = parser.filter(0)?;
        parser.skip_space();
        match parser.peek() {
            None => Ok(filter),
            Some(b')') => Err(parser.wrong(
                "there is a closing parenthesis too many",
                "Remove it, or add the opening parenthesis that it belongs to.",
            )),
            Some(_) => Err(parser.wrong(
                "there is text after the end of the filter",
                "Join several filters into one: (&(first)(second)) for both, (|(first)(second)) for either.",
            )),
        }
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
    fn filter(&mut self, depth: usize) -> Result<Filter, Problem> {
        if depth >= DEPTH_LIMIT {
            return Err(self.wrong(
                format!("the filter nests deeper than {DEPTH_LIMIT} levels"),
                "Simplify it: operands of the same operator can stand side by side.",
            ));
        }
        let opened = self.at;
        self.at += 1;
        self.skip_space();
        let filter = match self.peek() {
            Some(b'&') => {
                self.at += 1;
                Filter::And(self.list(depth)?)
            }
            Some(b'|') => {
                self.at += 1;
                Filter::Or(self.list(depth)?)
            }
            Some(b'!') => {
                self.at += 1;
                Filter::Not(Box::new(self.negated(depth)?))
            }
            Some(b'(') => {
                return Err(self.wrong(
                    "two opening parentheses stand side by side without an operator",
                    "Put &, | or ! between them, or remove one with its closing partner.",
                ));
            }
            Some(b')') => {
                return Err(self.wrong(
                    "these parentheses are empty",
                    "Write an assertion between them, for example (mail=*), or remove them.",
                ));
            }
            _ => self.assertion()?,
        };
        if self.peek() == Some(b')') {
            self.at += 1;
            Ok(filter)
        } else if self.peek().is_none() {
            Err(self.wrong(
                format!(
                    "the parenthesis opened at position {opened} is never closed: the filter ends too early"
                ),
                "Add the missing closing parenthesis.",
            ))
        } else {
            Err(self.wrong(
                "a closing parenthesis was expected here",
                "Close the filter before this, or put each operand in parentheses of its own.",
            ))
        }
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Filter>, Problem> {
        let mut operands = Vec::new();
        loop {
            self.skip_space();
            if self.peek() != Some(b'(') {
                return Ok(operands);
            }
            operands.push(self.filter(depth + 1)?);
        }
    }

    fn negated(&mut self, depth: usize) -> Result<Filter, Problem> {
        self.skip_space();
        if self.peek() != Some(b'(') {
            return Err(self.wrong(
                "what ! negates stands in parentheses of its own",
                "Write (!(attribute=value)).",
            ));
        }
        let operand = self.filter(depth + 1)?;
        self.skip_space();
        if self.peek() == Some(b'(') {
            return Err(self.wrong(
                "! negates one filter only",
                "Write (!(|(first)(second))) for neither of two.",
            ));
        }
        Ok(operand)
    }

    fn assertion(&mut self) -> Result<Filter, Problem> {
        let start = self.at;
        let attribute = self.description()?;
        match (self.peek(), self.byte(1)) {
            (Some(b'='), _) => {
                self.at += 1;
                if attribute.is_empty() {
                    self.at = start;
                    return Err(self.no_attribute());
                }
                self.equality(attribute)
            }
            (Some(b'~' | b'>' | b'<'), Some(b'=')) => {
                if attribute.is_empty() {
                    return Err(self.no_attribute());
                }
                let operator = self.peek();
                self.at += 2;
                let value = self.value(false)?;
                let attribute = attribute.to_owned();
                Ok(match operator {
                    Some(b'~') => Filter::Approximate(attribute, value),
                    Some(b'>') => Filter::GreaterOrEqual(attribute, value),
                    _ => Filter::LessOrEqual(attribute, value),
                })
            }
            (Some(b':'), _) => self.extensible(attribute),
            (Some(b'>' | b'<'), _) => Err(self.wrong(
                "LDAP has no operator for strictly greater or less",
                "Use >= or <=; for strictly greater, (!(attribute<=value)).",
            )),
            (Some(b'!'), _) => Err(self.wrong(
                "LDAP has no operator !=",
                "Write (!(attribute=value)).",
            )),
            (Some(b' ' | b'\t'), _) if !attribute.is_empty() => Err(self.wrong(
                "there is a space in or after the attribute's name",
                "Remove it: (attribute=value).",
            )),
            (None, _) => Err(self.wrong(
                "the filter ends in the middle of an assertion",
                "Complete it: (attribute=value).",
            )),
            (Some(b')'), _) => Err(self.wrong(
                format!("\"{attribute}\" is not followed by an operator and a value"),
                format!("Write ({attribute}=*) for people who have the attribute, or ({attribute}=value)."),
            )),
            _ if attribute.is_empty() => Err(self.no_attribute()),
            _ => Err(self.wrong(
                "this character cannot stand in an attribute's name",
                "Use letters, digits and hyphens, then =, >=, <=, ~= or := and the value.",
            )),
        }
    }

    fn equality(&mut self, attribute: &str) -> Result<Filter, Problem> {
        let attribute = attribute.to_owned();
        let initial = self.value(true)?;
        if self.peek() != Some(b'*') {
            return Ok(Filter::Equal(attribute, initial));
        }
        let mut parts = vec![initial];
        while self.peek() == Some(b'*') {
            let star = self.at;
            self.at += 1;
            let part = self.value(true)?;
            if part.is_empty() && self.peek() == Some(b'*') {
                self.at = star;
                return Err(self.wrong(
                    "two stars stand side by side",
                    "Use one star; write a star that is meant literally as \\2a.",
                ));
            }
            parts.push(part);
        }
        let last = parts.pop().filter(|part| !part.is_empty());
        let any = parts.split_off(1);
        let initial = parts.pop().filter(|part| !part.is_empty());
        if initial.is_none() && any.is_empty() && last.is_none() {
            Ok(Filter::Present(attribute))
        } else {
            Ok(Filter::Substrings {
                attribute,
                initial,
                any,
                last,
            })
        }
    }

    /// `[attribute][:dn][:rule]:=value`, from the first colon on.
    fn extensible(&mut self, attribute: &str) -> Result<Filter, Problem> {
        let start = self.at;
        let mut dn_attributes = false;
        let mut rule = None;
        loop {
            self.at += 1;
            if self.peek() == Some(b'=') {
                self.at += 1;
                break;
            }
            let begin = self.at;
            let word = self.description()?;
            let followed = self.peek() == Some(b':');
            if word.eq_ignore_ascii_case("dn") && !dn_attributes && rule.is_none() && followed {
                dn_attributes = true;
            } else if !word.is_empty() && rule.is_none() && followed && !word.contains(';') {
                rule = Some(word.to_owned());
            } else {
                self.at = if followed { begin } else { self.at };
                return Err(self.wrong(
                    "a matching rule is written as attribute:rule:=value",
                    "For a bit test, for example: (userAccountControl:1.2.840.113556.1.4.803:=2).",
                ));
            }
        }
        if attribute.is_empty() && rule.is_none() {
            self.at = start;
            return Err(self.wrong(
                "an extensible match names an attribute, a matching rule, or both",
                "Write (attribute:rule:=value).",
            ));
        }
        let value = self.value(false)?;
        Ok(Filter::Extensible {
            attribute: (!attribute.is_empty()).then(|| attribute.to_owned()),
            rule,
            value,
            dn_attributes,
        })
    }

    /// An attribute description or object identifier, perhaps empty. Underscores are outside of
    /// RFC 4512 and taken all the same: several servers have such attributes.
    fn description(&mut self) -> Result<&'t str, Problem> {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || b"-._;".contains(&byte))
        {
            self.at += 1;
        }
        let word = &self.text[start..self.at];
        if word.starts_with(['-', ';', '_', '.'])
            || word.ends_with([';', '.'])
            || word.contains(";;")
        {
            self.at = start;
            return Err(self.wrong(
                format!("\"{word}\" is not an attribute's name"),
                "Use a name such as mail or givenName, with options after a semicolon.",
            ));
        }
        Ok(word)
    }

    /// An assertion value up to a closing parenthesis or, where stars have a meaning, to a star, with its
    /// escapes undone.
    fn value(&mut self, stars: bool) -> Result<Vec<u8>, Problem> {
        let mut value = Vec::new();
        while let Some(byte) = self.peek() {
            match byte {
                b')' => break,
                b'*' if !stars => {
                    return Err(self.wrong(
                        "a star has no meaning with this operator",
                        "Use = for a match with stars, or write the star as \\2a.",
                    ));
                }
                b'*' => break,
                b'(' => {
                    return Err(self.wrong(
                        "an opening parenthesis stands in a value",
                        "Write it as \\28 if it is meant literally; otherwise close the filter before it.",
                    ));
                }
                0 => {
                    return Err(
                        self.wrong("a zero character stands in a value", "Write it as \\00.")
                    );
                }
                b'\\' => {
                    let digits = (self.byte(1).and_then(nibble), self.byte(2).and_then(nibble));
                    let (Some(high), Some(low)) = digits else {
                        return Err(self.wrong(
                            "a backslash is followed by two hexadecimal digits",
                            "Write \\28 for (, \\29 for ), \\2a for *, \\5c for a backslash; a comma needs none.",
                        ));
                    };
                    value.push(high << 4 | low);
                    self.at += 3;
                }
                _ => {
                    value.push(byte);
                    self.at += 1;
                }
            }
        }
        Ok(value)
    }

    fn no_attribute(&self) -> Problem {
        self.wrong(
            "an attribute's name was expected here",
            "Write (attribute=value), for example (mail=*).",
        )
    }

    fn wrong(&self, message: impl Into<String>, remedy: impl Into<String>) -> Problem {
        let message = format!("{} (position {})", message.into(), self.at);
        Problem::new("filter-syntax", message, remedy).at(self.at)
    }

    fn peek(&self) -> Option<u8> {
        self.byte(0)
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }
}

fn nibble(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}
