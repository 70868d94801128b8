//! Names back to text (RFC 4514 section 2).

use std::fmt::{self, Display, Formatter, Write as _};

use super::{Dn, DnValue, Rdn};

impl Display for Dn {
    /// Text that [`Dn::parse`] reads back to the same name.
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for (place, rdn) in self.rdns.iter().enumerate() {
            if place > 0 {
                out.write_char(',')?;
            }
            rdn.fmt(out)?;
        }
        Ok(())
    }
}

impl Display for Rdn {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for (place, part) in self.parts.iter().enumerate() {
            if place > 0 {
                out.write_char('+')?;
            }
            write!(out, "{}={}", part.attribute, part.value)?;
        }
        Ok(())
    }
}

impl Display for DnValue {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => escaped(out, text),
            Self::Octets(octets) => octets
                .iter()
                .try_for_each(|byte| write!(out, "\\{byte:02x}")),
            Self::Ber(bytes) => {
                out.write_char('#')?;
                bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
            }
        }
    }
}

/// Writes a value with the escapes that RFC 4514 section 2.4 asks for, and control characters in hexadecimal.
pub(super) fn escaped(out: &mut impl fmt::Write, text: &str) -> fmt::Result {
    let last = text.chars().count().saturating_sub(1);
    for (place, character) in text.chars().enumerate() {
        match character {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => write!(out, "\\{character}")?,
            ' ' if place == 0 || place == last => out.write_str("\\ ")?,
            '#' if place == 0 => out.write_str("\\#")?,
            '\0'..='\x1f' | '\x7f' => write!(out, "\\{:02x}", u32::from(character))?,
            _ => out.write_char(character)?,
        }
    }
    Ok(())
}
