//! Names from text (RFC 4514 section 3).

use super::{Dn, DnValue, NamePart, Rdn};
use crate::problem::Problem;

/// More RDNs than any directory has; more are refused before they cost anything.
const RDN_LIMIT: usize = 256;

impl Dn {
    /// Reads a name. White space around separators is accepted, as RFC 2253 section 4 did. The empty text is the empty name.
    ///
    /// # Errors
    /// `bad-dn`, with the byte position at which the trouble begins.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let mut parser = Parser { text, at: 0 };
        parser.skip_space();
        let mut rdns = Vec::new();
        if parser.peek().is_none() {
            return Ok(Self { rdns });
        }
        loop {
            if rdns.len() == RDN_LIMIT {
                return Err(parser.wrong(
                    format!("the name has more than {RDN_LIMIT} parts"),
                    "Use the name of an entry of the directory.",
                ));
            }
            rdns.push(parser.rdn()?);
            match parser.peek() {
                None => return Ok(Self { rdns }),
                Some(_) => parser.at += 1,
            }
        }
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl Parser<'_> {
    /// Ends at a comma or at the end of the text.
    fn rdn(&mut self) -> Result<Rdn, Problem> {
        let mut parts = Vec::with_capacity(1);
        loop {
            let attribute = self.attribute()?;
            let value = if self.peek() == Some(b'#') {
                self.encoded()?
            } else {
                self.string()?
            };
            parts.push(NamePart { attribute, value });
            if self.peek() != Some(b'+') {
                return Ok(Rdn { parts });
            }
            self.at += 1;
        }
    }

    /// Ends behind the equals sign and white space.
    fn attribute(&mut self) -> Result<String, Problem> {
        self.skip_space();
        let start = self.at;
        while self
            .peek()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        {
            self.at += 1;
        }
        let name = self.text[start..self.at].to_owned();
        self.skip_space();
        match self.peek() {
            Some(b'=') if !name.is_empty() => {
                self.at += 1;
                self.skip_space();
                Ok(name)
            }
            Some(b'=') => Err(self.wrong(
                "an attribute's name was expected before the equals sign",
                "Write attribute=value, for example ou=people.",
            )),
            None if name.is_empty() => Err(self.wrong(
                "the name ends behind a separator",
                "Remove the comma or plus sign at the end, or complete the name.",
            )),
            _ => {
                self.at = start;
                Err(self.wrong(
                    "attribute=value was expected here",
                    "Separate the parts by commas, and write a comma or plus sign inside a value as \\, or \\+.",
                ))
            }
        }
    }

    /// `#` and the hexadecimal BER encoding.
    fn encoded(&mut self) -> Result<DnValue, Problem> {
        let start = self.at;
        self.at += 1;
        let mut bytes = Vec::new();
        while let Some(byte) = self.hex_pair() {
            bytes.push(byte);
            self.at += 2;
        }
        self.skip_space();
        if bytes.is_empty() || !matches!(self.peek(), None | Some(b',' | b'+')) {
            return Err(self.wrong(
                "# is followed by pairs of hexadecimal digits",
                "Write a # that is meant literally as \\#.",
            ));
        }
        match string_in_ber(&bytes) {
            Some(content) => Ok(from_octets(content.to_vec())),
            None if bytes.len() < 2 => {
                self.at = start;
                Err(self.wrong(
                    "the value behind # is not a BER encoding",
                    "Write a # that is meant literally as \\#.",
                ))
            }
            None => Ok(DnValue::Ber(bytes)),
        }
    }

    fn string(&mut self) -> Result<DnValue, Problem> {
        let mut octets = Vec::new();
        // White space at the end counts only where it is escaped.
        let mut kept = 0;
        while let Some(byte) = self.peek() {
            match byte {
                b',' | b'+' => break,
                b'\\' => {
                    self.at += 1;
                    if let Some(byte) = self.hex_pair() {
                        octets.push(byte);
                        self.at += 2;
                    } else if let Some(byte) =
                        self.peek().filter(|byte| b" \"#+,;<=>\\".contains(byte))
                    {
                        octets.push(byte);
                        self.at += 1;
                    } else {
                        self.at -= 1;
                        return Err(self.wrong(
                            "a backslash is followed by a special character or two hexadecimal digits",
                            "Write a backslash that is meant literally as \\\\.",
                        ));
                    }
                    kept = octets.len();
                }
                b'"' | b';' => {
                    let shown = char::from(byte);
                    return Err(self.wrong(
                        format!("the character {shown} stands in a value without a backslash"),
                        format!("Write it as \\{shown}; separate the parts of the name by commas."),
                    ));
                }
                0 => {
                    return Err(
                        self.wrong("a zero character stands in a value", "Write it as \\00.")
                    );
                }
                _ => {
                    octets.push(byte);
                    self.at += 1;
                    if byte != b' ' {
                        kept = octets.len();
                    }
                }
            }
        }
        octets.truncate(kept);
        Ok(from_octets(octets))
    }

    fn hex_pair(&self) -> Option<u8> {
        let digits = self.text.as_bytes().get(self.at..self.at + 2)?;
        let digit = |byte: u8| {
            char::from(byte)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        };
        Some(digit(digits[0])? << 4 | digit(digits[1])?)
    }

    fn wrong(&self, message: impl Into<String>, remedy: impl Into<String>) -> Problem {
        let message = format!("{} (position {})", message.into(), self.at);
        Problem::new("bad-dn", message, remedy).at(self.at)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }
}

fn from_octets(octets: Vec<u8>) -> DnValue {
    String::from_utf8(octets)
        .map_or_else(|error| DnValue::Octets(error.into_bytes()), DnValue::Text)
}

/// The content of a BER string: octet, UTF-8, numeric, printable, teletex or IA5.
fn string_in_ber(bytes: &[u8]) -> Option<&[u8]> {
    let (tag, rest) = bytes.split_first()?;
    if !matches!(tag, 0x04 | 0x0c | 0x12 | 0x13 | 0x14 | 0x16) {
        return None;
    }
    let (first, rest) = rest.split_first()?;
    let (length, content) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let size = usize::from(first & 0x7f);
        if size == 0 || size > 4 {
            return None;
        }
        let (length, content) = rest.split_at_checked(size)?;
        (
            length
                .iter()
                .fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
            content,
        )
    };
    (length == content.len()).then_some(content)
}
