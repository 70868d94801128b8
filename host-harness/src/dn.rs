//! Distinguished names as strings (RFC 4514): reading, comparing, escaping.

use std::fmt::Write;

/// One attribute and value of an RDN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ava {
    /// The attribute type, as written.
    pub attribute: String,
    /// The value, unescaped.
    pub value: Vec<u8>,
}

/// A name: its RDNs, the entry's own first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dn {
    /// Each RDN has one value or, joined by `+`, several.
    pub rdns: Vec<Vec<Ava>>,
}

/// A string that is no DN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a DN: trouble at byte {position}")]
pub struct BadDn {
    /// Byte offset at which it begins.
    pub position: usize,
}

impl Dn {
    /// Reads a DN. The empty string is the root.
    ///
    /// # Errors
    /// Where the string breaks RFC 4514 section 3.
    pub fn parse(text: &str) -> Result<Self, BadDn> {
        let mut reader = Reader {
            bytes: text.as_bytes(),
            at: 0,
        };
        let mut dn = Self::default();
        reader.skip_spaces();
        if reader.peek().is_none() {
            return Ok(dn);
        }
        loop {
            let mut rdn = vec![reader.ava()?];
            while reader.take(b'+') {
                rdn.push(reader.ava()?);
            }
            dn.rdns.push(rdn);
            match reader.peek() {
                None => return Ok(dn),
                Some(b',' | b';') => reader.at += 1,
                Some(_) => return Err(reader.bad()),
            }
        }
    }

    /// A text that is the same for all spellings of one name, and begins with the key of the name above it.
    /// Values are compared as `caseIgnoreMatch` does.
    #[must_use]
    pub fn key(&self) -> String {
        let mut key = String::new();
        for rdn in self.rdns.iter().rev() {
            let mut avas: Vec<String> = rdn.iter().map(ava_key).collect();
            avas.sort_unstable();
            key.push_str(&avas.join("\u{2}"));
            key.push('\u{1}');
        }
        key
    }

    /// The key of a DN given as a string.
    ///
    /// # Errors
    /// As [`Dn::parse`].
    pub fn key_of(text: &str) -> Result<String, BadDn> {
        Self::parse(text).map(|dn| dn.key())
    }
}

/// The key of the name above, given a key.
#[must_use]
pub fn parent_key(key: &str) -> &str {
    let above = key.strip_suffix('\u{1}').unwrap_or(key);
    above.rfind('\u{1}').map_or("", |end| &key[..=end])
}

/// Splits a DN's string after its first RDN.
#[must_use]
pub fn split_first(dn: &str) -> (&str, &str) {
    let mut escaped = false;
    for (at, byte) in dn.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b',' | b';' => return (&dn[..at], dn[at + 1..].trim_start()),
            _ => {}
        }
    }
    (dn, "")
}

/// Escapes a value for a DN's string (RFC 4514 section 2.4).
#[must_use]
pub fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 8);
    let last = value.len().saturating_sub(1);
    for (at, character) in value.char_indices() {
        match character {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => {
                out.push('\\');
                out.push(character);
            }
            '#' if at == 0 => out.push_str("\\#"),
            ' ' if at == 0 || at == last => out.push_str("\\ "),
            '\0'..='\x1f' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\{:02x}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out
}

/// Lower-cases, trims and folds inner spaces, as `caseIgnoreMatch` compares.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().flat_map(char::to_lowercase));
    }
    out
}

fn ava_key(ava: &Ava) -> String {
    let mut out = ava.attribute.to_ascii_lowercase();
    out.push('=');
    match std::str::from_utf8(&ava.value) {
        Ok(text) => out.push_str(&fold(text).replace(['\u{1}', '\u{2}'], "\u{fffd}")),
        Err(_) => {
            for byte in &ava.value {
                // Writing to a String cannot fail.
                let _ = write!(out, "\u{fffd}{byte:02x}");
            }
        }
    }
    out
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let taken = self.peek() == Some(byte);
        self.at += usize::from(taken);
        taken
    }

    fn bad(&self) -> BadDn {
        BadDn { position: self.at }
    }

    fn skip_spaces(&mut self) {
        while self.take(b' ') {}
    }

    fn ava(&mut self) -> Result<Ava, BadDn> {
        self.skip_spaces();
        let start = self.at;
        while self
            .peek()
            .is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b';'))
        {
            self.at += 1;
        }
        let attribute = String::from_utf8_lossy(&self.bytes[start..self.at]).into_owned();
        self.skip_spaces();
        if attribute.is_empty() || !self.take(b'=') {
            return Err(self.bad());
        }
        self.skip_spaces();
        let value = if self.take(b'#') {
            self.hex_value()?
        } else {
            self.string_value()?
        };
        Ok(Ava { attribute, value })
    }

    fn hex_pair(&mut self) -> Option<u8> {
        let digit = |at: usize| char::from(*self.bytes.get(at)?).to_digit(16);
        let value = digit(self.at)? * 16 + digit(self.at + 1)?;
        self.at += 2;
        u8::try_from(value).ok()
    }

    fn hex_value(&mut self) -> Result<Vec<u8>, BadDn> {
        let mut value = Vec::new();
        while self.peek().is_some_and(|b| b.is_ascii_hexdigit()) {
            value.push(self.hex_pair().ok_or_else(|| self.bad())?);
        }
        self.skip_spaces();
        if value.is_empty() {
            return Err(self.bad());
        }
        Ok(value)
    }

    fn string_value(&mut self) -> Result<Vec<u8>, BadDn> {
        let mut value = Vec::new();
        // Unescaped spaces at the end are no part of the value.
        let mut kept = 0;
        while let Some(byte) = self.peek() {
            match byte {
                b',' | b';' | b'+' => break,
                b'"' | b'<' | b'>' | 0 => return Err(self.bad()),
                b'\\' => {
                    self.at += 1;
                    if let Some(escaped) = self.hex_pair() {
                        value.push(escaped);
                    } else {
                        let special = self.peek().filter(|b| b" \"#+,;<=>\\".contains(b));
                        value.push(special.ok_or_else(|| self.bad())?);
                        self.at += 1;
                    }
                    kept = value.len();
                }
                _ => {
                    value.push(byte);
                    self.at += 1;
                    if byte != b' ' {
                        kept = value.len();
                    }
                }
            }
        }
        value.truncate(kept);
        Ok(value)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_name_have_one_key() {
        let key = Dn::key_of("cn=M\u{fc}ller\\, J,ou=People,dc=example").unwrap();
        for other in [
            "CN=m\u{dc}LLER\\2C  j , OU=people;dc=EXAMPLE",
            "cn=M\\c3\\bcller\\2c J,ou=People,dc=example",
        ] {
            assert_eq!(Dn::key_of(other).unwrap(), key);
        }
    }

    #[test]
    fn different_names_have_different_keys() {
        let key = Dn::key_of("cn=a,ou=People,dc=example").unwrap();
        for other in [
            "cn=a\\,ou=People,dc=example",
            "cn=a,dc=example",
            "cn=a+ou=People,dc=example",
        ] {
            assert_ne!(Dn::key_of(other).unwrap(), key);
        }
    }

    #[test]
    fn values_of_one_rdn_stand_in_any_order() {
        assert_eq!(
            Dn::key_of("cn=a+uid=b,dc=x").unwrap(),
            Dn::key_of("UID=b + cn=a,dc=x").unwrap()
        );
    }

    #[test]
    fn broken_names_are_refused_with_the_position() {
        for (text, position) in [
            ("cn", 2),
            ("cn=a,", 5),
            ("=a", 0),
            ("cn=a\"", 4),
            ("cn=\\zz", 4),
        ] {
            assert_eq!(Dn::parse(text), Err(BadDn { position }), "{text}");
        }
    }

    #[test]
    fn a_key_begins_with_the_key_above() {
        let key = Dn::key_of("cn=a,ou=People,dc=example").unwrap();
        assert_eq!(
            parent_key(&key),
            Dn::key_of("ou=People,dc=example").unwrap()
        );
        assert_eq!(parent_key(&Dn::key_of("dc=example").unwrap()), "");
    }

    proptest! {
        #[test]
        fn an_escaped_value_reads_back(value in "\\PC{0,20}") {
            let dn = Dn::parse(&format!("cn={},dc=x", escape(&value))).unwrap();
            prop_assert_eq!(&dn.rdns[0][0].value, value.as_bytes());
            prop_assert_eq!(dn.rdns.len(), 2);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
            let _ = Dn::parse(&text);
        }

        #[test]
        fn the_first_rdn_is_split_off(value in "[ -~]{0,12}") {
            let rdn = format!("cn={}", escape(&value));
            let dn = format!("{rdn},ou=People,dc=x");
            prop_assert_eq!(split_first(&dn), (rdn.as_str(), "ou=People,dc=x"));
        }
    }
}
