//! Filters back to text (RFC 4515 section 3).

use std::fmt::{self, Display, Formatter, Write as _};

use super::Filter;

impl Display for Filter {
    /// Text that [`Filter::parse`] reads back to the same filter. Bytes that are not UTF-8, control characters and the
    /// characters with a meaning of their own are escaped.
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_char('(')?;
        match self {
            Self::And(operands) => many(out, '&', operands)?,
            Self::Or(operands) => many(out, '|', operands)?,
            Self::Not(operand) => many(out, '!', std::slice::from_ref(operand))?,
            Self::Equal(attribute, value) => {
                write!(out, "{attribute}=")?;
                escaped(out, value)?;
            }
            Self::Substrings {
                attribute,
                initial,
                any,
                last,
            } => {
                write!(out, "{attribute}=")?;
                escaped(out, initial.as_deref().unwrap_or_default())?;
                out.write_char('*')?;
                for part in any {
                    escaped(out, part)?;
                    out.write_char('*')?;
                }
                escaped(out, last.as_deref().unwrap_or_default())?;
            }
            Self::GreaterOrEqual(attribute, value) => {
                write!(out, "{attribute}>=")?;
                escaped(out, value)?;
            }
            Self::LessOrEqual(attribute, value) => {
                write!(out, "{attribute}<=")?;
                escaped(out, value)?;
            }
            Self::Approximate(attribute, value) => {
                write!(out, "{attribute}~=")?;
                escaped(out, value)?;
            }
            Self::Present(attribute) => write!(out, "{attribute}=*")?,
            Self::Extensible {
                attribute,
                rule,
                value,
                dn_attributes,
            } => {
                out.write_str(attribute.as_deref().unwrap_or_default())?;
                if *dn_attributes {
                    out.write_str(":dn")?;
                }
                if let Some(rule) = rule {
                    write!(out, ":{rule}")?;
                }
                out.write_str(":=")?;
                escaped(out, value)?;
            }
        }
        out.write_char(')')
    }
}

fn many(out: &mut Formatter<'_>, operator: char, operands: &[Filter]) -> fmt::Result {
    out.write_char(operator)?;
    operands.iter().try_for_each(|operand| operand.fmt(out))
}

fn escaped(out: &mut Formatter<'_>, value: &[u8]) -> fmt::Result {
    for chunk in value.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '(' | ')' | '*' | '\\' | '\0'..='\x1f' | '\x7f' => {
                    write!(out, "\\{:02x}", u32::from(character))?;
                }
                _ => out.write_char(character)?,
            }
        }
        for byte in chunk.invalid() {
            write!(out, "\\{byte:02x}")?;
        }
    }
    Ok(())
}
