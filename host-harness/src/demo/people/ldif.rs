//! LDIF content records (RFC 2849), as `slapadd` reads them.

use std::io::{self, BufWriter, Write};

use super::Organisation;
use crate::demo::Entry;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Writes a whole organisation. Takes constant memory. There is no version line, which `slapadd` takes for an entry.
///
/// # Errors
/// What the writer says.
pub fn write_organisation(org: &Organisation, to: impl Write) -> io::Result<()> {
    let mut to = BufWriter::with_capacity(1 << 18, to);
    let mut record = Vec::with_capacity(1 << 12);
    for entry in org.entries() {
        record.clear();
        append_record(&entry, &mut record);
        to.write_all(&record)?;
    }
    to.flush()
}

/// Appends one record and the empty line after it. Lines are not folded.
pub fn append_record(entry: &Entry, to: &mut Vec<u8>) {
    append_line("dn", entry.dn.as_bytes(), to);
    for attribute in &entry.attributes {
        for value in &attribute.values {
            append_line(&attribute.name, value, to);
        }
    }
    to.push(b'\n');
}

fn append_line(name: &str, value: &[u8], to: &mut Vec<u8>) {
    to.extend_from_slice(name.as_bytes());
    if is_safe(value) {
        to.extend_from_slice(b": ");
        to.extend_from_slice(value);
    } else {
        to.extend_from_slice(b":: ");
        append_base64(value, to);
    }
    to.push(b'\n');
}

/// `SAFE-STRING` of RFC 2849, and no space at the end (its note 8).
fn is_safe(value: &[u8]) -> bool {
    let good_start = !matches!(value.first(), Some(b' ' | b':' | b'<'));
    let good_end = value.last() != Some(&b' ');
    let good = |byte: &u8| byte.is_ascii() && !matches!(byte, 0 | b'\n' | b'\r');
    good_start && good_end && value.iter().all(good)
}

fn append_base64(value: &[u8], to: &mut Vec<u8>) {
    for three in value.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let six = (bits >> (18 - 6 * place)) & 0x3f;
            let filled = place as usize <= three.len();
            to.push(if filled { BASE64[six as usize] } else { b'=' });
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn line(value: &[u8]) -> String {
        let mut to = Vec::new();
        append_line("cn", value, &mut to);
        String::from_utf8(to).unwrap()
    }

    #[test]
    fn plain_values_stand_as_they_are() {
        for value in ["Anna Kowalska", "", "a: b", "#1"] {
            assert_eq!(line(value.as_bytes()), format!("cn: {value}\n"));
        }
    }

    #[test]
    fn values_that_ldif_cannot_hold_are_base64() {
        for (value, encoded) in [
            (&b" Anna"[..], "IEFubmE="),
            (b"Anna ", "QW5uYSA="),
            (b":a", "OmE="),
            (b"<a", "PGE="),
            (b"a\nb", "YQpi"),
            (b"M\xfcller", "TfxsbGVy"),
            (b"\0", "AA=="),
        ] {
            assert_eq!(line(value), format!("cn:: {encoded}\n"));
        }
    }

    #[test]
    fn records_are_separated_by_an_empty_line() {
        let mut to = Vec::new();
        write_organisation(&Organisation::new(1, 3), &mut to).unwrap();
        let text = String::from_utf8_lossy(&to);
        assert!(text.starts_with("dn: dc=example,dc=org\n"));
        assert_eq!(
            text.split_terminator("\n\n").count(),
            Organisation::new(1, 3).entries().count()
        );
    }
}
