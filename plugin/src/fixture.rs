//! Entries for tests, from LDIF (RFC 2849) or in place.

use crate::attribute::AttributeSet;
use crate::entry::Page;

/// A DN, and attributes with a value each.
type Record = (String, Vec<(String, Vec<u8>)>);

/// A page with one entry, and its attributes.
pub(crate) fn entry(dn: &str, values: &[(&str, &[&[u8]])]) -> (AttributeSet, Page) {
    let attributes: AttributeSet = values.iter().map(|(name, _)| *name).collect();
    let values: Vec<(String, Vec<u8>)> = values
        .iter()
        .flat_map(|(name, values)| {
            values
                .iter()
                .map(|value| ((*name).to_owned(), value.to_vec()))
        })
        .collect();
    let page = page(&attributes, &[(dn.to_owned(), values)]);
    (attributes, page)
}

/// The entries of an LDIF, with the values of these attributes.
pub(crate) fn ldif(text: &str, attributes: &AttributeSet) -> Page {
    let unfolded = text.replace("\n ", "");
    let mut entries: Vec<Record> = Vec::new();
    for record in unfolded.split("\n\n") {
        let mut lines = record
            .lines()
            .filter(|line| {
                !line.starts_with('#') && !line.starts_with("version:") && !line.is_empty()
            })
            .map(line);
        if let Some((first, dn)) = lines.next() {
            assert_eq!(first, "dn", "a record begins with its dn");
            entries.push((String::from_utf8_lossy(&dn).into_owned(), lines.collect()));
        }
    }
    page(attributes, &entries)
}

fn line(line: &str) -> (String, Vec<u8>) {
    let (name, value) = line.split_once(':').unwrap_or((line, ""));
    let value = match value.strip_prefix(':') {
        Some(encoded) => from_base64(encoded.trim()),
        None => value.trim_start_matches(' ').as_bytes().to_vec(),
    };
    (name.to_owned(), value)
}

fn from_base64(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut word, mut bits) = (0_u32, 0);
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            _ => 63,
        };
        word = word << 6 | u32::from(digit);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.extend_from_slice(&(word >> bits).to_le_bytes()[..1]);
        }
    }
    bytes
}

fn page(attributes: &AttributeSet, entries: &[Record]) -> Page {
    let (mut counts, mut ends, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    let mut end = |bytes: &Vec<u8>| ends.push(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    for (dn, values) in entries {
        bytes.extend_from_slice(dn.as_bytes());
        end(&bytes);
        for name in attributes.names() {
            let mut count = 0;
            for (_, value) in values
                .iter()
                .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            {
                bytes.extend_from_slice(value);
                end(&bytes);
                count += 1;
            }
            counts.push(count);
        }
    }
    let entries = u32::try_from(entries.len()).unwrap_or(u32::MAX);
    match Page::new(attributes.len(), entries, counts, ends, bytes) {
        Ok(page) => page,
        Err(problem) => unreachable!("{}", problem.message),
    }
}
